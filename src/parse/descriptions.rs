//! Descriptions: their Jinja, which is mostly `{{ doc('x') }}`, rendered; and the docs blocks they use.
//!
//! A text with nothing but `doc` calls is put together here; any other goes through the template engine, and the
//! blocks it uses are those it shows as they are.
//! Called by `mod` for everything enabled, as dbt does.

use std::fmt::Display;
use std::sync::Arc;

use crate::context::{ParseScope, Shared};
use crate::diag::{Code, Diagnostic, Span, suggest};
use crate::hash::HashMap;
use crate::jinja::{Error, Scope, UndefinedMode, Value, function};
use crate::manifest::{ColumnProperties, Doc, UniqueId};

use super::columns::SharedColumns;
use super::render::is_jinja;

/// All docs blocks, by name.
pub(super) struct Docs {
    by_name: HashMap<String, Vec<Arc<Doc>>>,
    root: String,
}

impl Docs {
    /// Indexes docs blocks. `root` is the root project.
    pub(super) fn new<'a>(docs: impl Iterator<Item = &'a Arc<Doc>>, root: &str) -> Self {
        let mut by_name: HashMap<String, Vec<Arc<Doc>>> = HashMap::default();
        for doc in docs {
            by_name.entry(doc.name.clone()).or_default().push(Arc::clone(doc));
        }
        Self { by_name, root: root.to_owned() }
    }

    /// Finds a block: in the package named, or in the root project, then in `from`, then anywhere.
    fn find(&self, from: &str, package: Option<&str>, name: &str) -> Option<&Arc<Doc>> {
        let all = self.by_name.get(name)?;
        let of = |wanted: &str| all.iter().find(|doc| *doc.package_name == *wanted);
        match package {
            Some(package) => of(package),
            None => of(&self.root).or_else(|| of(from)).or_else(|| all.first()),
        }
    }

    fn missing(&self, who: &dyn Display, package: Option<&str>, name: &str) -> Error {
        let package = package.map(|package| format!(" in package `{package}`")).unwrap_or_default();
        let names = self.by_name.keys().map(String::as_str);
        Error::new(
            Code::UNKNOWN_DOC,
            format!("{who} uses the docs block `{name}`{package}, which does not exist"),
        )
        .help::<String>(suggest(name, names))
        .help("docs blocks stand in `.md` files: `{% docs name %}...{% enddocs %}`")
    }
}

/// A rendered description.
#[derive(Debug)]
pub(super) struct Described {
    pub(super) text: Arc<str>,
    pub(super) blocks: Vec<UniqueId>,
}

/// Renders descriptions of one package.
pub(super) struct Describer<'a> {
    pub(super) docs: &'a Arc<Docs>,
    pub(super) shared: &'a Arc<Shared>,
    pub(super) package: &'a Arc<str>,
}

impl Describer<'_> {
    /// Renders a description; nothing where it stays as it is. `who` is what it describes, for messages; `span` is
    /// where it stands.
    pub(super) fn render(
        &self,
        text: &str,
        span: Option<Span>,
        who: &dyn Display,
    ) -> Result<Option<Described>, Box<Diagnostic>> {
        if !is_jinja(text) {
            return Ok(None);
        }
        let rendered = match split(text) {
            Some(parts) => self.join(parts, who),
            None => self.engine(text, who),
        };
        // The text of a description is no file: its place in the file is that of the whole.
        let led = |error: Error| Box::new(error.into_diagnostic().focused(&self.shared.sources, span));
        rendered.map(Some).map_err(led)
    }

    /// Renders the description of a column of `owner`, which is only copied where that changes it.
    pub(super) fn column(
        &self,
        shown: &mut Arc<ColumnProperties>,
        span: Option<Span>,
        owner: &str,
        shared: &SharedColumns,
    ) -> Result<(), Box<Diagnostic>> {
        let who = format_args!("column `{}` of {owner}", shown.name);
        if let Some(Described { text, blocks }) = self.render(&shown.description, span, &who)? {
            let own = Arc::make_mut(shown);
            (own.description, own.doc_blocks) = (text, blocks);
            shared.share(shown);
        }
        Ok(())
    }

    fn join(&self, parts: Vec<Part<'_>>, who: &dyn Display) -> Result<Described, Error> {
        let find = |package: Option<&str>, name: &str| {
            let doc = self.docs.find(self.package, package, name);
            doc.ok_or_else(|| self.docs.missing(who, package, name))
        };
        // Thousands of columns share a block.
        if let [Part::Text(""), Part::Doc { package, name }, Part::Text("")] = parts.as_slice() {
            let doc = find(*package, name)?;
            let blocks = vec![doc.unique_id.clone()];
            return Ok(Described { text: Arc::clone(&doc.block_contents), blocks });
        }
        let (mut joined, mut blocks) = (String::new(), Vec::new());
        for part in parts {
            match part {
                Part::Text(text) => joined.push_str(text),
                Part::Doc { package, name } => {
                    let doc = find(package, name)?;
                    joined.push_str(&doc.block_contents);
                    blocks.push(doc.unique_id.clone());
                }
            }
        }
        Ok(Described { text: joined.into(), blocks })
    }

    fn engine(&self, text: &str, who: &dyn Display) -> Result<Described, Error> {
        let names = ParseScope::new(Arc::clone(self.shared), self.package, None);
        let scope = Arc::new(DescriptionScope {
            names,
            docs: Arc::clone(self.docs),
            package: Arc::clone(self.package),
            who: who.to_string(),
        });
        let scope: Arc<dyn Scope> = scope;
        Ok(Described { text: self.shared.render_text(text, &scope)?.into(), blocks: self.shown_blocks(text) })
    }

    /// The blocks that a description shows as they are: dbt counts only expressions that are a call of `doc`.
    fn shown_blocks(&self, text: &str) -> Vec<UniqueId> {
        let expressions = text.split("{{").skip(1).filter_map(|rest| Some(rest.split_once("}}")?.0));
        let calls = expressions.filter_map(|inner| doc_call(inner.trim_matches('-')));
        calls
            .filter_map(|(package, name)| self.docs.find(self.package, package, name))
            .map(|doc| doc.unique_id.clone())
            .collect()
    }
}

/// The names a description sees: variables, the target, and `doc`.
struct DescriptionScope {
    names: ParseScope,
    docs: Arc<Docs>,
    package: Arc<str>,
    who: String,
}

impl Scope for DescriptionScope {
    fn get(&self, name: &str) -> Option<Value> {
        match name {
            "doc" => Some(doc_function(self)),
            "ref" | "source" | "config" | "this" | "model" | "graph" | "adapter" | "execute" => None,
            other => self.names.get(other),
        }
    }

    fn undefined(&self) -> UndefinedMode {
        UndefinedMode::Strict
    }

    fn names(&self) -> Vec<Arc<str>> {
        vec!["doc".into(), "var".into(), "env_var".into(), "target".into()]
    }
}

fn doc_function(scope: &DescriptionScope) -> Value {
    let (docs, package, who) = (Arc::clone(&scope.docs), Arc::clone(&scope.package), scope.who.clone());
    function("doc", move |call| {
        let first = call.args.required_str("name")?;
        let second = call.args.optional_str("name")?;
        let (wanted, name) = match &second {
            Some(name) => (Some(&*first), name),
            None => (None, &first),
        };
        let doc = docs.find(&package, wanted, name).ok_or_else(|| docs.missing(&who, wanted, name))?;
        Ok(Value::from(&*doc.block_contents))
    })
}

#[derive(Debug, PartialEq)]
enum Part<'a> {
    Text(&'a str),
    Doc { package: Option<&'a str>, name: &'a str },
}

/// Takes a text apart that holds nothing but `doc` calls; `None` for any other.
fn split(text: &str) -> Option<Vec<Part<'_>>> {
    let mut parts = Vec::new();
    // A final newline goes, as in every template.
    let mut rest = text.strip_suffix('\n').unwrap_or(text);
    if rest.contains("{%") || rest.contains("{#") || rest.contains('\r') {
        return None;
    }
    while let Some((before, after)) = rest.split_once("{{") {
        let (inner, after) = after.split_once("}}")?;
        parts.push(Part::Text(before));
        let (package, name) = doc_call(inner)?;
        parts.push(Part::Doc { package, name });
        rest = after;
    }
    parts.push(Part::Text(rest));
    Some(parts)
}

/// Reads `doc('name')` or `doc('package', 'name')`: package and name. `None` for any other expression.
fn doc_call(inner: &str) -> Option<(Option<&str>, &str)> {
    let call = inner.trim().strip_prefix("doc")?.trim().strip_prefix('(')?.strip_suffix(')')?;
    let mut names = call.split(',').map(quoted);
    match (names.next()??, names.next(), names.next()) {
        (name, None, None) => Some((None, name)),
        (package, Some(name), None) => Some((Some(package), name?)),
        _ => None,
    }
}

fn quoted(text: &str) -> Option<&str> {
    let text = text.trim();
    let inner = ['\'', '"'].into_iter().find_map(|q| text.strip_prefix(q)?.strip_suffix(q))?;
    (!inner.contains(['\'', '"', '\\'])).then_some(inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, want: Option<&[Part<'_>]>) {
        assert_eq!(split(text).as_deref(), want);
    }

    #[test]
    fn doc_calls_are_read_without_the_engine() {
        let doc = |package, name| Part::Doc { package, name };
        check("{{ doc('a') }}", Some(&[Part::Text(""), doc(None, "a"), Part::Text("")]));
        assert_eq!(doc_call("doc('a').format(b='c')"), None);
        check("x {{doc(\"p\", 'a')}} y\n", Some(&[Part::Text("x "), doc(Some("p"), "a"), Part::Text(" y")]));
    }

    #[test]
    fn anything_else_needs_the_engine() {
        for text in [
            "{{ var('a') }}",
            "{% if x %}{% endif %}",
            "{{ doc(x) }}",
            "{{ doc('a') | upper }}",
            "{{- doc('a') }}",
        ] {
            check(text, None);
        }
    }
}
