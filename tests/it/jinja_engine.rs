//! The Jinja engine from Rust: places of errors, macro call stacks, source maps, tolerance while parsing,
//! Rust functions and objects, blocks of files.

use std::collections::HashMap;
use std::sync::Arc;

use tidegate::diag::{Code, Diagnostic, FileId, Sources};
use tidegate::jinja::{
    Args, BlockKind, Call, Engine, Error, Instance, Rendered, Scope, UndefinedMode, Value, blocks, dict,
    downcast, function, list, none, object, py_repr, return_function,
};

struct Names {
    values: HashMap<&'static str, Value>,
    mode: UndefinedMode,
}

impl Scope for Names {
    fn get(&self, name: &str) -> Option<Value> {
        self.values.get(name).cloned()
    }

    fn undefined(&self) -> UndefinedMode {
        self.mode
    }

    fn names(&self) -> Vec<Arc<str>> {
        let mut names: Vec<Arc<str>> = self.values.keys().map(|name| (*name).into()).collect();
        names.sort();
        names
    }
}

/// Files, and macros made of them that see each other, as a project has them.
struct Project {
    sources: Sources,
    engine: Engine,
    values: HashMap<&'static str, Value>,
    mode: UndefinedMode,
}

impl Project {
    fn new() -> Self {
        let values = HashMap::from([("return", return_function())]);
        Self { sources: Sources::new(), engine: Engine::new(), values, mode: UndefinedMode::Strict }
    }

    fn file(&self, path: &str, text: &str) -> FileId {
        self.sources.add(path, text)
    }

    /// Adds the macros of a file to the globals, each compiled alone.
    fn macros(mut self, path: &str, text: &str) -> Self {
        let file = self.file(path, text);
        let (found, problems) = blocks(text, file);
        assert!(problems.is_empty(), "{problems:?}");
        for block in found {
            let template = self.engine.compile(file, text, block.full).unwrap();
            for made in self.engine.macros(&template) {
                self.values.insert(String::from(&*made.name).leak(), made.value);
            }
        }
        self
    }

    fn with(mut self, name: &'static str, value: impl Into<Value>) -> Self {
        self.values.insert(name, value.into());
        self
    }

    fn capturing(mut self) -> Self {
        self.mode = UndefinedMode::Capture;
        self
    }

    fn scope(&self) -> Arc<dyn Scope> {
        Arc::new(Names { values: self.values.clone(), mode: self.mode })
    }

    fn render(&self, text: &str) -> Result<Rendered, Error> {
        let file = self.file("model.sql", text);
        let template = self.engine.compile(file, text, 0..text.len())?;
        self.engine.render(&template, &self.scope())
    }

    /// Renders, and says what went wrong: code, place, message, and the stack with places.
    fn failure(&self, text: &str) -> String {
        let error = self.render(text).expect_err("the template fails");
        let outer = error.outermost_span();
        let error = error.frame("model", None);
        let mut out = vec![format!("{}: {}", error.code(), error.message())];
        out.push(error.span().and_then(|span| self.sources.locate(span)).unwrap_or_default());
        for frame in error.trace() {
            let at = frame.span.and_then(|span| self.sources.locate(span)).unwrap_or_default();
            out.push(format!("{} at {at}", frame.name));
        }
        assert_eq!(error.trace().last().and_then(|frame| frame.span), outer);
        out.join("\n")
    }

    fn text(&self, template: &str) -> String {
        self.render(template).unwrap().text
    }
}

#[test]
fn errors_name_the_expression() {
    let project = Project::new();
    let excerpt = |text: &str| {
        let error = project.render(text).err().unwrap();
        project.sources.excerpt(error.span().unwrap())
    };
    assert_eq!(excerpt("é {{ 1 + nothing.x }}"), "nothing.x");
    assert_eq!(excerpt("{{ [1, 2 / 0] }}"), "2 / 0");
    assert_eq!(excerpt("{% set x = 'a' | round %}"), "round");
    assert_eq!(excerpt("{% for x in 5 %}{% endfor %}"), "5");
    assert_eq!(excerpt("{% do [1].nope() %}"), "[1].nope()");
    assert_eq!(excerpt("a\r\nb {{ 1 / 0 }}"), "1 / 0");
    assert_eq!(excerpt("{% do (1).x.y %}"), "(1).x.y");
    assert_eq!(excerpt("{{ 'a' | nope }}"), "nope");
    assert_eq!(excerpt("{% if true %}x"), "{% if true %}");
    assert_eq!(excerpt("{{ a b }}"), "b");
}

#[test]
fn positions_are_offsets_of_the_file() {
    let project = Project::new();
    let text = "line one\n{{ nothing.x }}\n";
    let file = project.file("part.sql", text);
    let template = project.engine.compile(file, text, 9..text.len()).unwrap();
    let error = project.engine.render(&template, &project.scope()).err().unwrap();
    assert_eq!(project.sources.locate(error.span().unwrap()).unwrap(), "part.sql:2:4");
    let expression = project.engine.compile_expr(file, "nothing.x", 12).unwrap();
    let error = project.engine.eval_expr(&expression, &project.scope()).err().unwrap();
    assert_eq!(project.sources.locate(error.span().unwrap()).unwrap(), "part.sql:2:4");
    assert!(project.engine.compile_expr(file, "1 }} {{ 2", 0).is_err());
    let bad = project.engine.compile_expr(file, "a b", 9).err().unwrap();
    assert_eq!(project.sources.locate(bad.span().unwrap()).unwrap(), "part.sql:2:3");
}

#[test]
fn the_macro_call_stack_is_told() {
    let project = Project::new().macros(
        "macros/m.sql",
        "{% macro outer(x) %}\n  {{ inner(x) }}\n{% endmacro %}\n{% macro inner(x) %}{{ 1 / x }}{% endmacro %}\n",
    );
    assert_eq!(
        project.failure("select\n{{ outer(0) }}"),
        "jinja-runtime: division by zero\n\
         macros/m.sql:4:24\n\
         macro `inner` at macros/m.sql:4:24\n\
         macro `outer` at macros/m.sql:2:6\n\
         model at model.sql:2:4"
    );
    assert_eq!(
        project.failure("{{ outr(1) }}"),
        "jinja-undefined: `outr` is undefined\nmodel.sql:1:4\nmodel at model.sql:1:4"
    );
}

#[test]
fn an_undefined_name_comes_with_the_nearest_known_one() {
    let project = Project::new().with("orders_total", 1);
    let diagnostic = project.render("{{ order_total.x }}").err().unwrap().into_diagnostic();
    assert_eq!(diagnostic.help, ["did you mean `orders_total`?"]);
}

#[test]
fn a_rust_function_raises_its_own_diagnostic() {
    let raise = function("raise", |call| {
        let message = call.args.required_str("message")?;
        call.args.finish()?;
        Err(Diagnostic::error(Code::RAISED, None, &*message).help("fix it").into())
    });
    let project = Project::new().with("raise", raise).macros(
        "m.sql",
        "{% macro check(x) %}{% if not x %}\n{{ raise('x is missing') }}{% endif %}{% endmacro %}",
    );
    assert_eq!(
        project.failure("\n{{ check(none) }}"),
        "raised: x is missing\nm.sql:2:4\nmacro `check` at m.sql:2:4\nmodel at model.sql:2:4"
    );
    assert_eq!(project.render("{{ raise() }}").err().unwrap().message(), "missing argument `message`");
    assert_eq!(
        project.render("{{ raise('a', 'b') }}").err().unwrap().message(),
        "takes at most 1 positional arguments, got 2"
    );
    assert_eq!(project.render("{{ raise('a', x=1) }}").err().unwrap().message(), "unexpected argument `x`");
}

#[test]
fn macros_of_a_file_do_not_see_each_other_but_through_the_globals() {
    let project = Project::new()
        .macros(
            "a.sql",
            "{% macro name() %}package{% endmacro %}{% macro show() %}{{ name() }}{% endmacro %}",
        )
        .macros("b.sql", "{% macro name() %}root{% endmacro %}");
    assert_eq!(project.text("{{ show() }}"), "root");
}

#[test]
fn return_gives_values_of_any_type() {
    let project = Project::new().macros(
        "m.sql",
        "{% macro find(xs) %}dropped{% for x in xs %}{% if x > 1 %}{{ return({'x': x}) }}{% endif %}{% endfor %}none{% endmacro %}
         {% macro apply() %}[{{ caller() }}]{% endmacro %}",
    );
    assert_eq!(project.text("{{ find([1, 2]).x + 1 }} {{ find([1]) }}"), "3 droppednone");
    assert_eq!(project.text("a{{ find([5]) }}b"), "a{'x': 5}b");
    assert_eq!(project.text("{% call apply() %}x{% endcall %}"), "[x]");
    assert_eq!(project.text("text {{ return('whole') }} more"), "whole");
}

#[test]
fn typed_arguments_and_tests_and_materializations_are_macros() {
    let project = Project::new().macros(
        "m.sql",
        "{% macro typed(a: str, b: list[int] = [1], c: Dict[str, Any] = {'x': 1}) %}{{ a }}{{ b }}{{ c }}{% endmacro %}
         {% test positive(model, column_name) %}select {{ column_name }} from {{ model }}{% endtest %}
         {% data_test other(model) %}{{ model }}{% enddata_test %}
         {% materialization thing, adapter='duckdb', supported_languages=['sql', 'python'] -%} made {%- endmaterialization %}
         {% materialization thing, default %}default{% endmaterialization %}",
    );
    assert_eq!(project.text("{{ typed('q') }}"), "q[1]{'x': 1}");
    assert_eq!(project.text("{{ test_positive('t', column_name='c') }}"), "select c from t");
    assert_eq!(project.text("{{ test_other(1) }}"), "1");
    assert_eq!(
        project.text("{{ materialization_thing_duckdb() }} {{ materialization_thing_default() }}"),
        "made default"
    );
}

#[test]
fn blocks_are_cut_out_of_files() {
    let text = "{# {% macro hidden() %} #}{% raw %}{% macro raw() %}{% endraw %}\n\
                {% macro one(a, b='{% endmacro %}') -%}body{%- endmacro %}\n\
                {% if true %}{{ '{% docs x %}' }}{% endif %}\n\
                {% materialization m, adapter=\"x\", supported_languages=['sql', 'python'] %}M{% endmaterialization %}\n\
                {% docs d %}# {% if %} free {{ text }}{% enddocs %}\n\
                {% snapshot s %}select 1{% endsnapshot %}{% test t(model) %}T{% endtest %}";
    let sources = Sources::new();
    let (found, problems) = blocks(text, sources.add("f.sql", text));
    let told: Vec<_> = problems.iter().map(|problem| &*problem.message).collect();
    assert_eq!(told, ["Found unexpected 'if' block tag.", "Found unexpected 'endif' block tag."]);
    assert!(!problems.iter().any(Diagnostic::is_error));
    let shown: Vec<_> = found
        .iter()
        .map(|b| {
            (
                b.kind,
                b.macro_name(),
                &text[b.body.clone()],
                &text[b.arguments.clone()],
                &text[b.name_range.clone()],
            )
        })
        .collect();
    assert_eq!(
        shown,
        [
            (BlockKind::Macro, "one".to_owned(), "body", "(a, b='{% endmacro %}')", "one"),
            (
                BlockKind::Materialization,
                "materialization_m_x".to_owned(),
                "M",
                ", adapter=\"x\", supported_languages=['sql', 'python']",
                "m"
            ),
            (BlockKind::Docs, "d".to_owned(), "# {% if %} free {{ text }}", "", "d"),
            (BlockKind::Snapshot, "s".to_owned(), "select 1", "", "s"),
            (BlockKind::Test, "test_t".to_owned(), "T", "(model)", "t"),
        ]
    );
    assert_eq!(&text[found[0].full.clone()], "{% macro one(a, b='{% endmacro %}') -%}body{%- endmacro %}");
    assert_eq!(found[1].languages, ["sql", "python"]);
}

/// Between blocks and around them stands what is no Jinja at all; dbt never reads it.
#[test]
fn what_stands_between_blocks_need_not_be_jinja() {
    let text = "{% ##### don't ##### %}\n{% macro one() %}1{% endmacro %}\n{{ a ? b ] }}{% -%}\n{% macro two() %}2{% endmacro %}";
    let sources = Sources::new();
    let (found, problems) = blocks(text, sources.add("f.sql", text));
    assert!(problems.is_empty(), "{problems:?}");
    assert_eq!(found.iter().map(|block| &*block.name).collect::<Vec<_>>(), ["one", "two"]);
}

#[test]
fn broken_blocks_are_reported_where_they_begin() {
    let problem = |text: &str| {
        let sources = Sources::new();
        let (_, problems) = blocks(text, sources.add("f.sql", text));
        problems
            .iter()
            .map(|p| format!("{} {}", sources.locate(p.span.unwrap()).unwrap(), p.message))
            .collect::<Vec<_>>()
            .join("; ")
    };
    assert_eq!(problem("a\n{% macro m() %}x"), "f.sql:2:1 `m` has no end");
    assert_eq!(
        problem("{% macro m() %}\n{% macro n() %}{% endmacro %}"),
        "f.sql:2:1 `macro` starts inside of `m`"
    );
    assert_eq!(problem("\n{% endsnapshot %}"), "f.sql:2:1 Found unexpected 'endsnapshot' block tag.");
    assert_eq!(problem("{% docs %}x{% enddocs %}"), "f.sql:1:1 the `docs` block has no name");
    assert_eq!(problem("{# open"), "f.sql:1:1 the comment has no end");
    assert_eq!(problem("{% macro m() "), "f.sql:1:1 the tag has no end");
    assert_eq!(problem("{{ 'open }}"), "f.sql:1:4 the string has no end");
}

#[test]
fn parsing_tolerates_what_is_undefined() {
    let project = Project::new().capturing();
    assert_eq!(
        project.text("{{ a.b.c }}{{ a['x'].y(1)(2) }}{{ a() }}{{ a.b(c=d.e) | default('x') }}|"),
        "x|"
    );
    assert_eq!(project.text("{% for x in a.b() %}{% endfor %}{% if a.b %}y{% else %}n{% endif %}"), "n");
    assert_eq!(project.text("{% call a.b(1) %}never{% endcall %}{% do a.append(1) %}ok"), "ok");
    assert_eq!(project.text("{{ [].missing.deeper() }}{{ {}.x.y }}{{ a[1:2] }}|"), "|");
    assert_eq!(project.render("{{ a.b + 1 }}").err().unwrap().message(), "`b` is undefined");
}

/// Finds where the first occurrence of `part` in the output came from.
fn origin(project: &Project, rendered: &Rendered, part: &str) -> String {
    let at = rendered.text.find(part).unwrap_or_else(|| panic!("{part:?} in {:?}", rendered.text));
    let origin = rendered.map.lookup(at).unwrap();
    let mut out = vec![project.sources.locate(origin.span).unwrap()];
    for frame in &origin.frames {
        out.push(format!("{} at {}", frame.name, project.sources.locate(frame.span.unwrap()).unwrap()));
    }
    out.join(", ")
}

#[test]
fn the_source_map_leads_back_to_the_template() {
    let project = Project::new().macros(
        "m.sql",
        "{% macro outer() %}\nfrom_outer {{ inner('val') }}\n{% endmacro %}{% macro inner(x) %}in_inner {{ x }}{% endmacro %}",
    );
    let rendered = project
        .render("select é,\n  {{ 'printed' }} more\n{{ outer() }}{# c #}tail{% if true -%}\n  inside\n{%- endif %}")
        .unwrap();
    let check = |part: &str, wanted: &str| assert_eq!(origin(&project, &rendered, part), wanted, "{part}");
    check("select", "model.sql:1:1");
    check("é", "model.sql:1:8");
    check("printed", "model.sql:2:6");
    check("more", "model.sql:2:19");
    check("tail", "model.sql:3:21");
    check("inside", "model.sql:4:3");
    check("from_outer", "m.sql:2:1, macro `outer` at m.sql:2:1");
    check("in_inner", "m.sql:3:35, macro `inner` at m.sql:3:35, macro `outer` at m.sql:2:15");
    check("val", "m.sql:3:47, macro `inner` at m.sql:3:47, macro `outer` at m.sql:2:15");
    assert!(rendered.map.lookup(rendered.text.len()).is_none());
}

#[test]
fn the_source_map_follows_text_through_variables_and_macros() {
    let long = "a column that is long enough to be followed, since only long texts are remembered";
    let project = Project::new().macros(
        "m.sql",
        &format!(
            "{{% macro body() %}}\n  {long}\n{{% endmacro %}}\
             {{% macro via() %}}{{% set sql %}}{{{{ body() }}}}{{% endset %}}{{{{ return(sql) }}}}{{% endmacro %}}\
             {{% macro wrap() %}}<{{{{ caller() }}}}>{{% endmacro %}}"
        ),
    );
    let rendered = project.render("{{ via() }}").unwrap();
    assert!(origin(&project, &rendered, "column").starts_with("m.sql:2:5, macro `body`"));
    let rendered = project.render("{% set x = via() %}x {{ x | trim }}").unwrap();
    assert!(origin(&project, &rendered, "column").starts_with("m.sql:2:5"));
    let rendered = project.render(&format!("{{% call wrap() %}}\n{long}{{% endcall %}}")).unwrap();
    assert_eq!(
        origin(&project, &rendered, "column"),
        "model.sql:2:3, macro `caller` at model.sql:2:3, macro `wrap` at m.sql:3:122"
    );
    let sliced = rendered.map.slice(1, rendered.text.len());
    assert_eq!(sliced.lookup(3).unwrap().span, rendered.map.lookup(4).unwrap().span);
}

#[test]
fn a_source_map_can_be_put_together() {
    let project = Project::new();
    let first = project.render("first").unwrap();
    let second = project.render("\nsecond").unwrap();
    let mut map = first.map.clone();
    map.push_unknown(4);
    map.push(&second.map);
    assert_eq!(map.lookup(0), first.map.lookup(0));
    assert_eq!(map.lookup(6), None);
    assert_eq!(map.lookup(10), second.map.lookup(1));
    assert_eq!(map.lookup(16), None);
}

/// A Rust object with everything a template can use of it.
struct Point {
    x: i64,
}

impl Instance for Point {
    fn type_name(&self) -> &'static str {
        "Point"
    }

    fn attr(&self, name: &str) -> Result<Option<Value>, Error> {
        match name {
            "x" => Ok(Some(Value::from(self.x))),
            "broken" => Err(Error::runtime("cannot be computed")),
            _ => Ok(None),
        }
    }

    fn has_method(&self, name: &str) -> bool {
        name == "moved"
    }

    fn call_method(&self, name: &str, call: &mut Call<'_>) -> Option<Result<Value, Error>> {
        (name == "moved").then(|| {
            let by = call.args.optional_int("by")?.unwrap_or(1);
            call.args.finish()?;
            Ok(object(Point { x: self.x + by }))
        })
    }

    fn repr(&self) -> String {
        format!("<Point {}>", self.x)
    }
}

#[test]
fn rust_objects_have_attributes_and_methods() {
    let project = Project::new().with("p", object(Point { x: 1 }));
    assert_eq!(
        project
            .text("{{ p.x }} {{ p }} {{ [p] }} {{ p.moved(by=4).x }} {{ p['x'] }} {{ p.nope is defined }}"),
        "1 <Point 1> [<Point 1>] 5 1 False"
    );
    assert_eq!(project.text("{% set m = p.moved %}{{ m(2) }} {{ m is callable }} {{ p is callable }} {{ p._secret is defined }}"), "<Point 3> True False False");
    assert_eq!(project.render("{{ p.broken }}").err().unwrap().message(), "cannot be computed");
    assert_eq!(
        project.render("{{ p() }}").err().unwrap().message(),
        "a value of type `Point` cannot be called"
    );
    assert_eq!(
        project.render("{{ p.moved('a') }}").err().unwrap().message(),
        "argument `by` must be an integer, got `str`"
    );
    assert_eq!(downcast::<Point>(&project.values["p"]).unwrap().x, 1);
}

#[test]
fn rust_calls_back_into_macros() {
    let twice = function("twice", |call| {
        let f = call.args.required("f")?;
        let first = call.call(&f, [Value::from(1)])?;
        let second = call.call(&f, Args::default().with("x", 2))?;
        assert_eq!(call.stack().len(), 1);
        Ok(list([first, second]))
    });
    let project = Project::new().with("twice", twice).macros(
        "m.sql",
        "{% macro f(x) %}f{{ x }}{{ caller is defined }}{% endmacro %}{% macro go() %}{{ twice(f) }}{% endmacro %}",
    );
    assert_eq!(project.text("{{ go() }}"), "['f1False', 'f2False']");
    let file = project.file("x", "");
    let site = tidegate::diag::Span::new(file, 0, 0);
    let args = Args::from([Value::from(7)]);
    let value = project.engine.call(&project.values["f"], args, &project.scope(), site).unwrap();
    assert_eq!(py_repr(&value), "'f7False'");
}

#[test]
fn values_made_in_rust_are_mutable() {
    let project = Project::new().with("d", dict([("xs", list([Value::from(1)]))])).with("n", none());
    assert_eq!(
        project.text("{% do d.xs.append(2) %}{% do d.update({'y': n}) %}{{ d }}"),
        "{'xs': [1, 2], 'y': None}"
    );
}

#[test]
fn a_template_says_which_globals_it_reads() {
    let project = Project::new();
    let text = "{% set own = 1 %}{{ own }}{{ ref('x') }}{% for i in xs %}{{ i }}{{ config(a=b) }}{% endfor %}{% macro m(p) %}{{ p }}{{ q }}{% endmacro %}";
    let template = project.engine.compile(project.file("t", text), text, 0..text.len()).unwrap();
    let names: Vec<&str> = template.names().iter().map(|name| &**name).collect();
    assert_eq!(names, ["b", "config", "q", "ref", "xs"]);
}

#[test]
fn nothing_overflows_the_stack() {
    let project = Project::new().macros("m.sql", "{% macro m(n) %}{{ m(n + 1) }}{% endmacro %}{% macro ok(n) %}{{ ok(n - 1) if n else 'end' }}{% endmacro %}");
    let message = |text: &str| project.render(text).err().map(|e| e.message().to_owned()).unwrap_or_default();
    assert_eq!(message("{{ m(0) }}"), "maximum recursion depth exceeded");
    assert_eq!(project.text("{{ ok(100) }}"), "end");
    assert!(
        message(&format!("{{{{ {}1{} }}}}", "(".repeat(5000), ")".repeat(5000)))
            .contains("nested too deeply")
    );
    assert!(message(&format!("{{{{ {}1 }}}}", "not ".repeat(5000))).contains("nested too deeply"));
    assert!(message(&format!("{{{{ {}1 }}}}", "- ".repeat(5000))).contains("nested too deeply"));
    assert!(message(&format!("{{{{ 1{} }}}}", " + 1".repeat(5000))).contains("nested too deeply"));
    assert_eq!(project.text(&format!("{{{{ 1{} }}}}", " + 1".repeat(900))), "901");
    assert!(message(&format!("{{{{ x{} }}}}", ".a".repeat(5000))).contains("nested too deeply"));
    assert!(message(&"{% if true %}".repeat(2000)).contains("nested too deeply"));
    assert!(
        message(&format!("{{% if a %}}{}{{% endif %}}", "{% elif a %}".repeat(2000)))
            .contains("too many branches")
    );
    assert_eq!(
        message(
            "{% set l = [] %}{% for i in range(100000) %}{% set l = [l] %}{% endfor %}{{ l | string | length > 0 }}"
        ),
        ""
    );
    let nested =
        "{% set ns = namespace(l=[]) %}{% for i in range(90000) %}{% set ns.l = [ns.l] %}{% endfor %}";
    assert_eq!(message(&format!("{nested}{{{{ ns.l == ns.l }}}}{{{{ ns.l | string | length }}}}")), "");
}

#[test]
fn include_and_its_kin_say_what_to_do_instead() {
    let project = Project::new();
    for tag in ["include 'x'", "import 'x' as y", "from 'x' import y", "extends 'x'"] {
        let diagnostic = project.render(&format!("{{% {tag} %}}")).err().unwrap().into_diagnostic();
        assert!(diagnostic.message.contains("needs other template files"), "{}", diagnostic.message);
        assert_eq!(diagnostic.help.len(), 1);
    }
}
