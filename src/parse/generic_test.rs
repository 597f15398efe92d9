//! A test definition of a property file → an instance: which test, with which arguments and configuration,
//! under which names (`resources.md` section 5). Pure; `test_nodes` makes the node of it.

use std::sync::Arc;

use crate::diag::{Code, Diagnostic, Span};
use crate::project::rendered_plain;
use crate::yaml::{Entry, Map, Value, Yaml};

use super::config::Layer;
use super::generic_name::{self, TestNames};
use super::python::{repr_of, str_of};
use super::render::{RenderText, is_jinja};

/// Keys that configure a test and may stand beside its arguments, in dbt's order.
const CONFIG_KEYS: [&str; 14] = [
    "severity",
    "tags",
    "enabled",
    "where",
    "limit",
    "warn_if",
    "error_if",
    "fail_calc",
    "store_failures",
    "store_failures_as",
    "meta",
    "database",
    "schema",
    "alias",
];

/// What a test is attached to.
#[derive(Clone, Copy, Debug)]
pub(super) enum Target<'a> {
    /// A model, seed or snapshot; models may have a version.
    Node { name: &'a str, version: Option<&'a Yaml> },
    /// A table of a source.
    Source { source: &'a str, table: &'a str },
}

impl Target<'_> {
    /// Returns the name that the names of its tests contain.
    fn label(&self) -> String {
        match self {
            Self::Node { name, version: Some(v) } => format!("{name}_v{}", str_of(v)),
            Self::Node { name, version: None } => (*name).to_owned(),
            Self::Source { source, table } => format!("{source}_{table}"),
        }
    }

    /// Returns the value of the argument `model`.
    fn model_argument(&self) -> String {
        let call = match self {
            Self::Node { name, version: Some(v) } => format!("ref('{name}', version='{}')", str_of(v)),
            Self::Node { name, version: None } => format!("ref('{name}')"),
            Self::Source { source, table } => format!("source('{source}', '{table}')"),
        };
        format!("{{{{ get_where_subquery({call}) }}}}")
    }
}

/// How definitions are read.
pub(super) struct Rules<'a> {
    /// Renders texts of the configuration.
    pub(super) render: &'a RenderText<'a>,
    /// `require_generic_test_arguments_property`: arguments are looked for under `arguments`.
    pub(super) arguments_key: bool,
}

/// The configuration of an instance.
#[derive(Clone, Debug, Default)]
pub(super) struct TestConfig {
    pub(super) layer: Layer,
    /// The arguments of the `config()` call in the code of the instance.
    code: Vec<String>,
}

/// An instance of a generic test.
#[derive(Clone, Debug)]
pub(super) struct Instance {
    /// The test's name without package.
    pub(super) test: String,
    /// The package, if given.
    pub(super) namespace: Option<String>,
    /// The arguments, `model` included.
    pub(super) args: Map,
    pub(super) config: TestConfig,
    pub(super) description: String,
    pub(super) names: TestNames,
    /// The definition.
    pub(super) span: Span,
    /// The name of the test in the definition.
    pub(super) name_span: Span,
    /// Where the arguments stand.
    pub(super) arguments: ArgumentsPlace,
    /// Keys of the configuration that stand beside `config`, with their places.
    pub(super) loose_config: Vec<(String, Span)>,
}

/// Where the arguments of a test stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ArgumentsPlace {
    /// Where they belong, or there are none.
    Good,
    /// Beside `config`, though they belong under `arguments`.
    Beside,
    /// Under `arguments`, which is an argument by itself as long as the project does not ask for more.
    Under,
}

fn fail(span: Span, message: impl Into<String>) -> Box<Diagnostic> {
    Box::new(Diagnostic::error(Code::GENERIC_TEST, span, message))
}

/// Reads a definition. `column` is the column under test, quoted if it must be.
pub(super) fn read(
    definition: &Yaml,
    target: Target<'_>,
    column: Option<&str>,
    rules: &Rules<'_>,
) -> Result<Instance, Box<Diagnostic>> {
    let (name, name_span, mut args) = split(definition)?;
    if let Some(column) = column {
        put(&mut args, "column_name", Yaml::text(definition.span, column));
    }
    let (arguments, loose_config) = take_arguments(&mut args, rules.arguments_key);
    if let Some(entry) = args.entry("model") {
        return Err(Box::new(
            Diagnostic::error(
                Code::GENERIC_TEST,
                entry.key_span,
                "a test cannot be given the argument `model`",
            )
            .help("the model is what the test is attached to"),
        ));
    }
    put(&mut args, "model", Yaml::text(definition.span, target.model_argument()));
    let (namespace, test) = parse_name(&name, name_span)?;
    let mut config = read_config(&mut args, rules)?;
    let description = match args.remove("description") {
        Some(entry) => entry.value.expect_str("description")?.to_owned(),
        None => String::new(),
    };
    let names = match args.remove("name") {
        Some(entry) => {
            let name = entry.value.expect_str("name")?.to_owned();
            TestNames { short: name.clone(), full: name }
        }
        None => {
            let kind = match target {
                Target::Source { .. } => format!("source_{test}"),
                Target::Node { .. } => test.clone(),
            };
            let kind = match &namespace {
                Some(namespace) => format!("{namespace}_{kind}"),
                None => kind,
            };
            generic_name::names(&kind, &target.label(), &args)
        }
    };
    if names.short != names.full && config.layer.get("alias").is_none() {
        config.layer.set("alias", names.short.clone().into(), None);
        config.code.push(format!("alias=\"{}\"", names.short));
    }
    let span = definition.span;
    Ok(Instance {
        test,
        namespace,
        args,
        config,
        description,
        names,
        span,
        name_span,
        arguments,
        loose_config,
    })
}

fn put(map: &mut Map, key: &str, value: Yaml) {
    map.insert(Entry { key: key.into(), key_span: value.span, typed_key: None, value });
}

/// Takes a definition apart: `unique`, `{unique: {..}}` or `{test_name: unique, ..}`.
fn split(definition: &Yaml) -> Result<(String, Span, Map), Box<Diagnostic>> {
    if let Some(name) = definition.as_str() {
        return Ok((name.to_owned(), definition.span, Map::default()));
    }
    let Some(map) = definition.as_map() else {
        return Err(fail(
            definition.span,
            format!("a test must be a name or a mapping, but is {}", definition.kind()),
        ));
    };
    if map.contains("test_name") {
        let mut args = map.clone();
        let name = args.remove("test_name").map(|entry| entry.value);
        let Some(name) = name else { return Err(fail(definition.span, "a test needs a name")) };
        return Ok((name.expect_str("test_name")?.to_owned(), name.span, args));
    }
    let mut entries = map.iter();
    let (Some(entry), None) = (entries.next(), entries.next()) else {
        let keys: Vec<String> = map.keys().map(|key| format!("`{key}`")).collect();
        return Err(Box::new(
            Diagnostic::error(
                Code::GENERIC_TEST,
                definition.span,
                format!(
                    "a test must be one name with its arguments, but has {} keys: {}",
                    map.len(),
                    keys.join(", ")
                ),
            )
            .help("indent the arguments below the name of the test"),
        ));
    };
    let args = match &entry.value.value {
        Value::Map(args) => args.clone(),
        _ => {
            let message =
                format!("the arguments of `{}` must be a mapping, but are {}", entry.key, entry.value.kind());
            return Err(fail(entry.value.span, message));
        }
    };
    Ok((entry.key.to_string(), entry.key_span, args))
}

/// Moves what stands under `arguments` beside the rest. Returns what stands at the wrong place.
fn take_arguments(args: &mut Map, arguments_key: bool) -> (ArgumentsPlace, Vec<(String, Span)>) {
    if !arguments_key {
        let place =
            if args.get("arguments").is_some() { ArgumentsPlace::Under } else { ArgumentsPlace::Good };
        return (place, Vec::new());
    }
    let arguments = args.remove("arguments").map(|entry| entry.value);
    let loose_config = args
        .iter()
        .filter(|entry| CONFIG_KEYS.contains(&&*entry.key))
        .map(|entry| (entry.key.to_string(), entry.key_span))
        .collect();
    let expected = |key: &str| {
        matches!(key, "config" | "column_name" | "description" | "name") || CONFIG_KEYS.contains(&key)
    };
    let empty = arguments.as_ref().is_none_or(Yaml::is_falsy);
    let beside = empty && args.keys().any(|key| !expected(key));
    if let Some(Value::Map(arguments)) = arguments.map(|value| value.value) {
        for entry in arguments {
            args.insert(entry);
        }
    }
    (if beside { ArgumentsPlace::Beside } else { ArgumentsPlace::Good }, loose_config)
}

/// Splits `package.test`. Only the start of the text counts, as in dbt.
fn parse_name(name: &str, span: Span) -> Result<(Option<String>, String), Box<Diagnostic>> {
    let word = |text: &str| -> usize {
        let starts = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
        if !starts {
            return 0;
        }
        text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(text.len())
    };
    let first = word(name);
    if first == 0 {
        return Err(fail(span, format!("`{name}` is no name of a test")));
    }
    if let Some(rest) = name[first..].strip_prefix('.') {
        let second = word(rest);
        if second > 0 {
            return Ok((Some(name[..first].to_owned()), rest[..second].to_owned()));
        }
    }
    Ok((None, name[..first].to_owned()))
}

/// Takes the configuration out of the arguments, rendered.
fn read_config(args: &mut Map, rules: &Rules<'_>) -> Result<TestConfig, Box<Diagnostic>> {
    let mut inner = match args.remove("config") {
        Some(entry) if entry.value.is_null() => None,
        Some(entry) => Some(entry.value.expect_map("config")?.clone()),
        None => None,
    };
    let mut config = TestConfig::default();
    for key in CONFIG_KEYS {
        let mut entry = args.remove(key);
        let given = entry.as_ref().is_some_and(|entry| !entry.value.is_falsy());
        if let Some(inner) = &mut inner {
            if let (true, Some(other)) = (given, inner.entry(key)) {
                let place = entry.as_ref().map_or(other.key_span, |entry| entry.key_span);
                return Err(Box::new(
                    Diagnostic::error(
                        Code::GENERIC_TEST,
                        place,
                        format!("Test cannot have the same key at the top-level and in config: `{key}`"),
                    )
                    .label(other.key_span, "also here")
                    .help("keep the one under `config`"),
                ));
            }
            if !given {
                entry = inner.remove(key);
            }
        }
        if let Some(entry) = entry {
            set_rendered(&mut config, &entry, rules)?;
        }
    }
    for entry in inner.into_iter().flatten() {
        set_rendered(&mut config, &entry, rules)?;
    }
    Ok(config)
}

fn set_rendered(config: &mut TestConfig, entry: &Entry, rules: &Rules<'_>) -> Result<(), Box<Diagnostic>> {
    let value = match entry.value.as_str() {
        Some(text) if is_jinja(text) => {
            (rules.render)(text, entry.value.span).map_err(|mut problem| {
                // dbt's words, which tools look for.
                problem.message =
                    format!("Invalid generic test configuration: `{}`: {}", entry.key, problem.message);
                problem
            })?
        }
        Some(text) => Yaml::text(entry.value.span, rendered_plain(text)),
        None => entry.value.clone(),
    };
    if !value.is_null() {
        config.layer.set(Arc::clone(&entry.key), value.to_json(), Some(entry.value.span));
        config.code.push(format!("{}={}", entry.key, repr_argument(&value)));
    }
    Ok(())
}

/// Shows a value as an argument of the `config()` call in the code of the instance.
fn repr_argument(value: &Yaml) -> String {
    match value.as_str() {
        Some(text) => format!("\"{}\"", text.replace('"', "\\\"")),
        None => repr_of(value),
    }
}

/// Returns an argument as dbt renders it: a text that is nothing but a call is taken for an expression.
pub(super) fn as_expression(text: &str) -> std::borrow::Cow<'_, str> {
    let trimmed = text.trim();
    let is_call = ["env_var", "ref", "var", "source", "doc"].iter().any(|name| {
        let rest = trimmed.strip_prefix(name).map(str::trim_start);
        rest.is_some_and(|rest| rest.starts_with('(') && rest.ends_with(')') && rest.len() > 2)
    });
    // The pattern dbt looks for does not cross lines.
    if is_call && !trimmed.contains('\n') { format!("{{{{ {text} }}}}").into() } else { text.into() }
}

impl Instance {
    /// Returns the name of the macro, with its package if given.
    pub(super) fn macro_name(&self) -> String {
        match &self.namespace {
            Some(namespace) => format!("{namespace}.test_{}", self.test),
            None => format!("test_{}", self.test),
        }
    }

    /// Returns the code of the instance.
    pub(super) fn raw_code(&self) -> String {
        let mut code = format!("{{{{ {}(**_dbt_generic_test_kwargs) }}}}", self.macro_name());
        if !self.config.code.is_empty() {
            code.push_str(&format!("{{{{ config({}) }}}}", self.config.code.join(",")));
        }
        code
    }

    /// Returns the hash that ends the id.
    pub(super) fn hash(&self) -> String {
        generic_name::hash(&self.names.full, self.namespace.as_deref(), &self.test, &self.args)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::Sources;
    use crate::yaml;

    fn read_text(
        definition: &str,
        target: Target<'_>,
        column: Option<&str>,
    ) -> Result<Instance, Box<Diagnostic>> {
        let (tree, _) = yaml::parse_text(&Sources::new(), "test.yml", definition);
        let render = |text: &str, span: Span| Ok(Yaml::text(span, text));
        read(&tree.unwrap(), target, column, &Rules { render: &render, arguments_key: true })
    }

    const TBL: Target<'static> = Target::Node { name: "tbl", version: None };

    #[track_caller]
    fn check(definition: &str, target: Target<'_>, column: Option<&str>, name: &str, hash: &str) {
        let instance = read_text(definition, target, column).unwrap();
        assert_eq!((instance.names.full.as_str(), instance.hash().as_str()), (name, hash));
    }

    #[test]
    fn names_and_hashes_are_dbts() {
        check("unique", TBL, Some("id"), "unique_tbl_id", "fd299b6e7a");
        check("not_null", TBL, Some("id"), "not_null_tbl_id", "fc7a96432e");
        let relationships = "relationships: {arguments: {to: ref('stg_s'), field: name}}";
        check(relationships, TBL, Some("name"), "relationships_tbl_name__name__ref_stg_s_", "4d27d4b058");
    }

    #[test]
    fn versions_are_part_of_name_and_hash() {
        let (one, _) = yaml::parse_text(&Sources::new(), "v.yml", "1");
        let target = Target::Node { name: "m", version: one.as_ref() };
        check("not_null", target, Some("id"), "not_null_m_v1_id", "7ddaa171e6");
    }

    #[test]
    fn arguments_of_every_type_are_dbts() {
        let m1 = Target::Node { name: "m1", version: None };
        let values = "{accepted_values: {values: [1, 2.5, 'a b', null, true, \"it's\", \"ünï\"], quote: false, \
                      severity: warn, tags: [x1], config: {meta: {k: [1, 'a']}, limit: 5, foo: bar}}}";
        let name = "accepted_values_m1_id__False__1__2_5__a_b__None__True__it_s___n_";
        check(values, m1, Some("id"), name, "2b18d49720");
        let nested = "my_gen: {arg1: 1.0, lst: [[1, 2], {a: b}], other: {k1: v1, k2: [1]}}";
        check(nested, m1, Some("id"), "my_gen_m1_1_0__id___1_2____a_b___v1___1_", "df1a43be9c");
        check(
            "my_gen: {arg1: 1e16, lst: [], other: \"{{ var('cond') }}\"}",
            m1,
            Some("id"),
            "my_gen_m1_1e16__id___var_cond_",
            "0da523f7d8",
        );
        check(
            "{test_name: my_gen, arg1: 2020-01-01, config: {enabled: false}}",
            m1,
            Some("id"),
            "my_gen_m1_2020_01_01__id",
            "6ac5834f09",
        );
    }

    #[test]
    fn packages_and_sources_are_prefixes() {
        let target = Target::Source { source: "src", table: "tbl1" };
        check("table_gen", target, None, "source_table_gen_src_tbl1_", "d88b04d794");
        check("pkg.ptest: {column_name: zz}", target, None, "pkg_source_ptest_src_tbl1_zz", "101631cca9");
    }

    #[test]
    fn long_names_are_shortened_for_files() {
        let long = "accepted_values: {arguments: {values: [aaaaaaaaaaaaaaaaaaaa, bbbbbbbbbbbbbbbbbbbb, cccccccccccc]}}";
        let instance = read_text(long, TBL, Some("id")).unwrap();
        let md5 = crate::digest::md5(&instance.names.full);
        assert_eq!(instance.names.short, format!("accepted_values_tbl_{md5}"));
        assert_eq!(instance.config.layer.get("alias").unwrap().value, instance.names.short);
    }

    #[test]
    fn the_code_repeats_the_configuration() {
        let definition =
            "not_null: {config: {severity: error, where: 'a = \"b\"', tags: [tt], meta: {k: [1, a]}}}";
        let instance = read_text(definition, TBL, Some("id")).unwrap();
        assert_eq!(
            instance.raw_code(),
            "{{ test_not_null(**_dbt_generic_test_kwargs) }}\
             {{ config(severity=\"error\",tags=['tt'],where=\"a = \\\"b\\\"\",meta={'k': [1, 'a']}) }}"
        );
    }

    #[track_caller]
    fn check_error(definition: &str, message: &str) {
        assert_eq!(read_text(definition, TBL, None).unwrap_err().message, message);
    }

    #[test]
    fn mistakes_are_explained() {
        check_error("5", "a test must be a name or a mapping, but is a whole number");
        check_error("{a: {}, b: {}}", "a test must be one name with its arguments, but has 2 keys: `a`, `b`");
        check_error("unique: text", "the arguments of `unique` must be a mapping, but are text");
        check_error("unique: {model: x}", "a test cannot be given the argument `model`");
        check_error(
            "unique: {severity: warn, config: {severity: warn}}",
            "Test cannot have the same key at the top-level and in config: `severity`",
        );
        check_error("9lives", "`9lives` is no name of a test");
    }
}
