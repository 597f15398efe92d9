//! Variables: `--vars`, `vars:` of the project and of its packages, and which of them counts.

use std::fmt::Write as _;
use std::sync::Arc;

use serde_json::Value as Json;

use crate::diag::{Code, Diagnostic, Scrubber, Sources};
use crate::yaml::{self, Map, Yaml};

use super::env::{Env, is_secret};

/// The variables that the resources of one package see. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Vars {
    cli: Arc<Map>,
    package: Arc<str>,
    /// `vars` of the root project.
    root: Arc<Map>,
    /// `vars` of the package, when it is not the root project.
    own: Option<Arc<Map>>,
}

impl Vars {
    /// Makes the variables of files that see the command line's only: `dbt_project.yml`, `profiles.yml`,
    /// `packages.yml`, `selectors.yml`.
    pub fn of_cli(cli: Arc<Map>) -> Self {
        Self { cli, ..Self::default() }
    }

    /// Makes the variables of the resources of `package`; `own` are those of the package itself when it is
    /// not the root project.
    pub fn of_package(cli: Arc<Map>, package: Arc<str>, root: Arc<Map>, own: Option<Arc<Map>>) -> Self {
        Self { cli, package, root, own }
    }

    /// Returns a variable: from the command line, else the root project's for this package, else the root
    /// project's, else the package's own. String values are as written, not rendered.
    pub fn get(&self, name: &str) -> Option<&Yaml> {
        self.layers().find_map(|layer| layer.get(name))
    }

    /// The mappings to ask, in order.
    fn layers(&self) -> impl Iterator<Item = &Map> {
        let projects = std::iter::once(&*self.root).chain(self.own.as_deref());
        let scoped_first = |map| self.scoped(map).into_iter().chain(std::iter::once(map));
        std::iter::once(&*self.cli).chain(projects.flat_map(scoped_first))
    }

    /// The part of a project's variables that is for this package only.
    fn scoped<'m>(&self, map: &'m Map) -> Option<&'m Map> {
        map.get(&self.package).and_then(Yaml::as_map)
    }

    /// Returns the names of all variables, for suggestions.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.layers().flat_map(|layer| layer.iter().map(|entry| &*entry.key))
    }

    /// Returns dbt's text for a variable that nobody set; `who` is the node's name, or `<Configuration>`.
    pub fn missing(&self, name: &str, who: &str) -> String {
        let mut text = format!("Required var '{name}' not found in config:\nVars supplied to {who} = ");
        let mut known: Vec<(&str, &Yaml)> = Vec::new();
        for layer in self.layers() {
            for entry in layer {
                if !known.iter().any(|(key, _)| *key == &*entry.key) {
                    known.push((&entry.key, &entry.value));
                }
            }
        }
        known.sort_by_key(|(key, _)| *key);
        if known.is_empty() {
            text.push_str("{}");
            return text;
        }
        text.push('{');
        for (at, (key, value)) in known.iter().enumerate() {
            let comma = if at == 0 { "" } else { "," };
            let value = if is_secret(key) { "\"*****\"".to_owned() } else { value.to_json().to_string() };
            let _ = write!(text, "{comma}\n    \"{key}\": {value}");
        }
        text.push_str("\n}");
        text
    }
}

/// Reads the text of a command line option that must be a YAML mapping, for example `--vars`.
pub fn parse_cli_map(sources: &Sources, option: &str, text: &str) -> Result<Map, Vec<Diagnostic>> {
    let (tree, mut found) = yaml::parse_text(sources, option, text);
    let Some(tree) = tree else {
        for problem in &mut found {
            problem.code = Code::USAGE;
        }
        return Err(found);
    };
    tree.as_map().cloned().ok_or_else(|| {
        let message = format!("`{option}` must be a YAML mapping, but is {}", tree.kind());
        let help = format!("write {option} '{{name: value}}'");
        vec![Diagnostic::error(Code::USAGE, tree.span, message).help(help)]
    })
}

/// Returns what hides the secrets of the environment and of `--vars`: the texts and numbers whose names make them secrets.
pub fn scrubber<N: AsRef<str>>(env: &Env, vars: impl IntoIterator<Item = (N, Json)>) -> Scrubber {
    let secret = vars.into_iter().filter(|(name, _)| is_secret(name.as_ref()));
    env.scrubber().and(secret.filter_map(|(_, value)| match value {
        Json::String(text) => Some(text),
        Json::Number(number) => Some(number.to_string()),
        Json::Null | Json::Bool(_) | Json::Array(_) | Json::Object(_) => None,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(text: &str) -> Arc<Map> {
        Arc::new(parse_cli_map(&Sources::new(), "--vars", text).unwrap())
    }

    #[track_caller]
    fn check(vars: &Vars, want: &str) {
        assert_eq!(vars.get("x").and_then(Yaml::as_str), Some(want).filter(|want| !want.is_empty()));
    }

    #[test]
    fn the_nearest_to_the_user_wins() {
        let own = || Some(map("{x: own, p: {x: own scoped}}"));
        let vars = |cli: &str, root: &str| Vars::of_package(map(cli), "p".into(), map(root), own());
        check(&vars("{x: cli}", "{x: root, p: {x: root scoped}}"), "cli");
        check(&vars("{}", "{x: root, p: {x: root scoped}}"), "root scoped");
        check(&vars("{}", "{x: root, q: {x: other}}"), "root");
        check(&vars("{}", "{p: not a mapping}"), "own scoped");
        check(&Vars::of_package(map("{}"), "p".into(), map("{}"), Some(map("{x: own}"))), "own");
        check(&Vars::of_package(map("{}"), "p".into(), map("{q: {x: other}}"), None), "");
        check(&Vars::of_cli(map("{x: cli}")), "cli");
    }

    #[test]
    fn missing_lists_what_there_is() {
        let vars = Vars::of_cli(map("{b: [1], a: x, DBT_ENV_SECRET_K: s}"));
        assert_eq!(
            vars.missing("y", "orders"),
            "Required var 'y' not found in config:\nVars supplied to orders = {\n    \"DBT_ENV_SECRET_K\": \"*****\",\
             \n    \"a\": \"x\",\n    \"b\": [1]\n}"
        );
        assert_eq!(
            Vars::default().missing("y", "<Configuration>"),
            "Required var 'y' not found in config:\nVars supplied to <Configuration> = {}"
        );
    }

    #[test]
    fn the_option_must_be_a_mapping() {
        let message =
            |text: &str| parse_cli_map(&Sources::new(), "--vars", text).unwrap_err()[0].message.clone();
        assert_eq!(message("a"), "`--vars` must be a YAML mapping, but is text");
        assert_eq!(message(""), "`--vars` must be a YAML mapping, but is nothing");
        assert_eq!(message("{a: ]}"), "this bracket is not closed properly");
    }
}
