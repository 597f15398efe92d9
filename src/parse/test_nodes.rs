//! Instances of generic tests → nodes: rendered as dbt renders them while parsing, configured, attached to
//! what they test. Called by `mod` for every entry that lists tests.

use std::sync::{Arc, Mutex, PoisonError};

use camino::Utf8Path;

use crate::context::{Capture, MacroEntry, ParseScope, Shared};
use crate::diag::{Code, Diagnostic, Span, suggest};
use crate::hash::HashMap;
use crate::jinja::{Args, Scope, Template, Value};
use crate::manifest::{
    Checksum, GenericTest, Language, Node, NodeKind, RefCall, ResourceType, SourceCall, TestMetadata,
    UniqueId,
};
use crate::project::rendered_plain;
use crate::yaml::{Value as YamlValue, Yaml};

use super::columns::Column;
use super::config::{self, Layer};
use super::discover::fqn_prefix;
use super::generic_test::{self, ArgumentsPlace, Instance, Rules, Target};
use super::node::{Builder, Code as NodeCode, Draft, Identity, unconfigured};
use super::properties::PropertyFile;
use super::reach::Reach;
use super::render::is_jinja;
use super::written_config;

/// What tests are declared on.
pub(super) struct Declared<'a> {
    pub(super) file: &'a PropertyFile,
    /// The list and the name: `models.orders`.
    pub(super) file_key_name: String,
    pub(super) target: Target<'a>,
    /// The node under test; nothing for sources.
    pub(super) attached: Option<Attached>,
    pub(super) quote_columns: bool,
}

/// The node under test.
#[derive(Clone, Debug)]
pub(super) struct Attached {
    pub(super) id: UniqueId,
    pub(super) group: Option<String>,
}

/// Renders a text of a package's configuration: package, text, place.
pub(super) type RenderText<'a> = dyn Fn(&str, &str, Span) -> Result<Yaml, Box<Diagnostic>> + Sync + 'a;

/// Makes nodes of test definitions.
pub(super) struct TestMaker<'a> {
    pub(super) shared: &'a Arc<Shared>,
    pub(super) builder: &'a Builder<'a>,
    /// Finds the macro of a test for a package, as dbt does: that package, then all others.
    pub(super) find_macro: &'a (dyn Fn(&str, &str) -> Option<MacroEntry> + Sync),
    /// Which macros the code of a test may call.
    pub(super) reach: &'a Reach,
    /// Quotes an identifier as the engine does.
    pub(super) quote: &'a (dyn Fn(&str) -> String + Sync),
    /// Renders texts of the configuration of a package's tests.
    pub(super) render: &'a RenderText<'a>,
    /// `require_generic_test_arguments_property`.
    pub(super) arguments_key: bool,
    /// Compiled code by text: most tests share theirs.
    pub(super) code: &'a Mutex<HashMap<String, Template>>,
    pub(super) created_at: f64,
}

/// A test node with the definition it was made of.
pub(super) struct MadeTest {
    pub(super) node: Arc<Node>,
    pub(super) template: Option<Template>,
    /// The name in the definition, and where the arguments stand.
    pub(super) arguments: (Span, ArgumentsPlace),
    /// Keys of the configuration at a place that dbt gave up.
    pub(super) loose_config: Vec<(String, Span)>,
}

impl TestMaker<'_> {
    /// Makes the tests of a column.
    pub(super) fn of_column(
        &self,
        declared: &Declared<'_>,
        column: &Column,
        extra_tags: &[String],
        problems: &mut Vec<Diagnostic>,
    ) -> Vec<MadeTest> {
        let quoted = column.shown.quote.unwrap_or(declared.quote_columns);
        let name = if quoted { (self.quote)(&column.shown.name) } else { column.shown.name.to_string() };
        let tags: Vec<String> = extra_tags.iter().chain(&column.test_tags).cloned().collect();
        let make = |test: &Yaml| self.make(declared, test, Some(&name), &tags, problems);
        column.tests.iter().filter_map(make).collect()
    }

    /// Makes the tests of a whole model, seed, snapshot or table.
    pub(super) fn of_table(
        &self,
        declared: &Declared<'_>,
        tests: &[Yaml],
        tags: &[String],
        problems: &mut Vec<Diagnostic>,
    ) -> Vec<MadeTest> {
        tests.iter().filter_map(|test| self.make(declared, test, None, tags, problems)).collect()
    }

    #[expect(clippy::too_many_arguments, reason = "each is needed, and no two belong together")]
    fn make(
        &self,
        declared: &Declared<'_>,
        definition: &Yaml,
        column: Option<&str>,
        tags: &[String],
        problems: &mut Vec<Diagnostic>,
    ) -> Option<MadeTest> {
        let package = &*declared.file.package;
        let render = |text: &str, span: Span| (self.render)(package, text, span);
        let rules = Rules { render: &render, arguments_key: self.arguments_key };
        let instance = match generic_test::read(definition, declared.target, column, &rules) {
            Ok(instance) => instance,
            Err(problem) => {
                problems.push(*problem);
                return None;
            }
        };
        let mut node = self.unconfigured(declared, &instance, column, tags);
        node.unique_id = UniqueId::generic_test(&node.package_name, &node.name, &instance.hash());
        let entry = (self.find_macro)(&node.package_name, &format!("test_{}", instance.test));
        if let Some(entry) = &entry {
            node.depends_on.macros.push(entry.id.clone());
        }
        let node = Arc::new(node);
        let (capture, calls) = self.capture(declared, &instance, entry.as_ref(), &node, problems);
        if entry.is_none() {
            problems.push(self.unknown_test(&instance, package));
        }
        let draft = Draft { node, template: None, capture, calls, literal: None };
        let (mut node, _) = self.builder.finish(draft, None, problems);
        if let Some(attached) = &declared.attached {
            Arc::make_mut(&mut node).group.clone_from(&attached.group);
        }
        Some(MadeTest {
            template: self.compile(&node, problems),
            node,
            arguments: (instance.name_span, instance.arguments),
            loose_config: instance.loose_config,
        })
    }

    fn compile(&self, node: &Node, problems: &mut Vec<Diagnostic>) -> Option<Template> {
        let mut known = self.code.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(template) = known.get(&*node.raw_code) {
            return Some(template.clone());
        }
        let file = self.shared.sources.add_inner("generic test", Arc::clone(&node.raw_code));
        match self.shared.engine.compile(file, &node.raw_code, 0..node.raw_code.len()) {
            Ok(template) => {
                known.insert(node.raw_code.to_string(), template.clone());
                Some(template)
            }
            Err(error) => {
                problems.push(error.into_diagnostic());
                None
            }
        }
    }

    fn unconfigured(
        &self,
        declared: &Declared<'_>,
        instance: &Instance,
        column: Option<&str>,
        tags: &[String],
    ) -> Node {
        let file = declared.file;
        let below: camino::Utf8PathBuf = Utf8Path::new(&file.original_path).components().skip(1).collect();
        let mut fqn = fqn_prefix(&file.package, &below);
        fqn.push(instance.names.full.clone());
        let identity = Identity {
            resource: ResourceType::Test,
            package: Arc::clone(&file.package),
            name: instance.names.full.clone(),
            path: format!("{}.sql", instance.names.short),
            original_file_path: file.original_path.clone(),
            fqn,
        };
        let code = NodeCode {
            text: instance.raw_code().into(),
            checksum: Checksum { name: "none".to_owned(), checksum: String::new() },
            language: Language::Sql,
            file: file.file,
            span: instance.name_span,
        };
        let kind = NodeKind::GenericTest(Box::new(GenericTest {
            column_name: column.map(str::to_owned),
            file_key_name: declared.file_key_name.clone(),
            attached_node: declared.attached.as_ref().map(|attached| attached.id.clone()),
            metadata: TestMetadata {
                name: instance.test.clone(),
                kwargs: instance.args.to_json(),
                namespace: instance.namespace.clone(),
            },
        }));
        let mut node = unconfigured(identity, code, kind, self.created_at);
        let own = config::texts(instance.config.layer.get("tags").map(|setting| &setting.value));
        let mut tags: Vec<String> = tags.iter().cloned().chain(own).collect();
        tags.sort_unstable();
        tags.dedup();
        node.tags = tags;
        node.description.clone_from(&instance.description);
        node
    }

    /// Renders an instance. The two commonest tests are not rendered, since what they do is known; dbt takes
    /// the same short cut, which shows in `config.tags`.
    #[expect(clippy::too_many_arguments, reason = "each is needed, and no two belong together")]
    fn capture(
        &self,
        declared: &Declared<'_>,
        instance: &Instance,
        entry: Option<&MacroEntry>,
        node: &Arc<Node>,
        problems: &mut Vec<Diagnostic>,
    ) -> (Capture, Layer) {
        let mut calls = instance.config.layer.clone();
        let mut capture = Capture::default();
        let known = entry
            .is_some_and(|e| matches!(e.id.as_str(), "macro.dbt.test_not_null" | "macro.dbt.test_unique"));
        if known {
            let span = Some(instance.name_span);
            match declared.target {
                Target::Node { name, version } => {
                    let version = version.map(Yaml::to_json);
                    capture.refs.push(RefCall { name: name.to_owned(), package: None, version, span });
                }
                Target::Source { source, table } => capture.sources.push(SourceCall {
                    source: source.to_owned(),
                    table: table.to_owned(),
                    span,
                }),
            }
            return (capture, calls);
        }
        let scope = ParseScope::of_generic_test(
            Arc::clone(self.shared),
            &node.package_name,
            self.builder.parse_node(node),
        );
        match self.render(instance, entry, &scope) {
            Ok(()) => {}
            Err(problem) => problems.push(*problem),
        }
        let mut capture = scope.take();
        relocate(&mut capture, instance.span, node.file);
        let reach = self.reach.of(entry.map(|entry| &entry.id));
        capture.macros.retain(|id| reach.contains(id));
        // The macro may configure its instances; the code of the instance then repeats its own settings.
        for call in std::mem::take(&mut capture.configs) {
            let layer = config::call_layer(call.values, Some(instance.name_span), problems);
            config::add_call(&mut calls, &layer, problems);
        }
        config::add_call(&mut calls, &instance.config.layer, problems);
        if self.builder.as_written {
            calls.keep_all_written(written_config::arguments(&node.raw_code));
        }
        (capture, calls)
    }

    fn render(
        &self,
        instance: &Instance,
        entry: Option<&MacroEntry>,
        scope: &ParseScope,
    ) -> Result<(), Box<Diagnostic>> {
        let scope: Arc<dyn Scope> = Arc::new(scope.clone());
        let mut args = Args::default();
        for entry in &instance.args {
            let value = if &*entry.key == "column_name" {
                self.plain(&entry.value)
            } else {
                self.argument(&entry.value, &scope)?
            };
            args = args.with(&entry.key, value);
        }
        // What the instance depends on was found by the bare name; what it calls is that of its package.
        let named = instance
            .namespace
            .as_deref()
            .and_then(|package| self.shared.macros.qualified(package, &format!("test_{}", instance.test)));
        let Some(entry) = named.or(entry) else { return Ok(()) };
        let called = self.shared.engine.call(&entry.value, args, &scope, instance.name_span);
        called.map(|_| ()).map_err(|error| {
            let name = format!("test `{}`", instance.names.full);
            Box::new(error.frame(name, Some(instance.name_span)).into_diagnostic())
        })
    }

    /// Renders the texts in an argument natively; a text that looks like a call is one.
    fn argument(&self, value: &Yaml, scope: &Arc<dyn Scope>) -> Result<Value, Box<Diagnostic>> {
        Ok(match &value.value {
            YamlValue::Str(text) => {
                let text = generic_test::as_expression(text);
                if !is_jinja(&text) {
                    return Ok(Value::from(rendered_plain(&text)));
                }
                let rendered = self.shared.render_native(&text, scope);
                rendered.map_err(|error| Box::new(error.or_at(value.span).into_diagnostic()))?
            }
            YamlValue::Seq(items) => {
                let items =
                    items.iter().map(|item| self.argument(item, scope)).collect::<Result<Vec<_>, _>>()?;
                crate::jinja::list(items)
            }
            YamlValue::Map(map) => {
                let pairs = map
                    .iter()
                    .map(|entry| Ok((entry.key.to_string(), self.argument(&entry.value, scope)?)))
                    .collect::<Result<Vec<_>, Box<Diagnostic>>>()?;
                crate::jinja::dict(pairs.iter().map(|(key, value)| (key.as_str(), value.clone())))
            }
            _ => self.plain(value),
        })
    }

    #[expect(clippy::unused_self, reason = "called like its siblings")]
    fn plain(&self, value: &Yaml) -> Value {
        crate::jinja::from_json(&value.to_json())
    }

    fn unknown_test(&self, instance: &Instance, from: &str) -> Diagnostic {
        let message = format!("there is no generic test `{}`", instance.macro_name().replace("test_", ""));
        let macros = &self.shared.macros;
        let known = match &instance.namespace {
            Some(package) => macros.names_in(package),
            None => macros.bare_names(from),
        };
        let tests = known.iter().filter_map(|name| name.strip_prefix("test_"));
        Diagnostic::warning(Code::GENERIC_TEST, instance.name_span, message)
            .help::<String>(suggest(&instance.test, tests))
            .help("define it with `{% test name(model, ...) %}`, or install the package that has it")
    }
}

/// Calls made by the text of an instance lie in no file of the user's: they get the place of the definition.
fn relocate(capture: &mut Capture, span: Span, file: crate::diag::FileId) {
    let place = |known: &mut Option<Span>| {
        if known.is_none_or(|known| known.file != file) {
            *known = Some(span);
        }
    };
    capture.refs.iter_mut().for_each(|call| place(&mut call.span));
    capture.sources.iter_mut().for_each(|call| place(&mut call.span));
}
