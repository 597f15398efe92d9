//! The config trees of `dbt_project.yml` (`models:`, `seeds:`, ...): which configs apply to a resource,
//! level by level from the root down, by the resource's fqn.
//!
//! Input are the rendered and the unrendered mapping of one key; both are kept for each config, since
//! artifacts show `unrendered_config`. The tree is indexed once, so that ten thousand look-ups cost hash
//! look-ups only. How levels merge is decided elsewhere (`parse`).

use std::sync::Arc;

use crate::diag::{Code, Diagnostic, Span};
use crate::hash::HashMap;
use crate::manifest::ResourceType;
use crate::yaml::{Map, Yaml};

/// One config of one level.
#[derive(Clone, Debug)]
pub struct ConfigEntry {
    /// The key without `+`.
    pub key: Arc<str>,
    /// Where the key stands.
    pub key_span: Span,
    /// The value after Jinja.
    pub value: Yaml,
    /// The value as written.
    pub raw: Yaml,
}

/// One level of a tree: its configs and the levels below.
#[derive(Clone, Debug)]
pub struct Level {
    /// Numbers the level within its tree. Resources with the same deepest level have the same configs.
    pub id: usize,
    /// The configs set at this level, in the order of the file.
    pub configs: Vec<ConfigEntry>,
    key_span: Option<Span>,
    children: HashMap<Arc<str>, Level>,
    /// The children's names in the order of the file.
    order: Vec<Arc<str>>,
}

/// The configs of one resource type in one project.
#[derive(Clone, Debug)]
pub struct ConfigTree {
    root: Level,
}

/// A level that sets configs for nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnusedPath {
    /// The path below the resource type's key, for example `["shop", "staging"]`; empty for the root.
    pub path: Vec<String>,
    /// Where the last key of the path stands; nothing for the root.
    pub span: Option<Span>,
}

impl ConfigTree {
    /// Indexes a tree. `raw` is the same mapping before Jinja; without it the rendered values stand in.
    pub fn new(rendered: Option<&Map>, raw: Option<&Map>) -> Self {
        let mut levels = 0;
        let empty = Map::default();
        Self { root: Level::new(rendered.unwrap_or(&empty), raw, None, &mut levels) }
    }

    /// Returns the levels that apply to a resource, from the root down. A level that sets nothing is among
    /// them, with no configs.
    pub fn levels<'t, S: AsRef<str>>(&'t self, fqn: &[S]) -> Vec<&'t Level> {
        let mut levels = Vec::with_capacity(fqn.len() + 1);
        let mut level = &self.root;
        levels.push(level);
        for name in fqn {
            let Some(child) = level.children.get(name.as_ref()) else { break };
            level = child;
            levels.push(level);
        }
        levels
    }

    /// Returns the paths that set configs but lead to none of the resources.
    pub fn unused<'f>(&self, fqns: impl IntoIterator<Item = &'f [String]>) -> Vec<UnusedPath> {
        let mut used = vec![false; self.root.count()];
        for fqn in fqns {
            for level in self.levels(fqn) {
                used[level.id] = true;
            }
        }
        let mut found = Vec::new();
        self.root.collect_unused(&used, &mut Vec::new(), &mut found);
        found
    }
}

impl Level {
    fn new(rendered: &Map, raw: Option<&Map>, key_span: Option<Span>, levels: &mut usize) -> Self {
        let id = *levels;
        *levels += 1;
        let mut level =
            Self { id, configs: Vec::new(), key_span, children: HashMap::default(), order: Vec::new() };
        for entry in rendered {
            let raw = raw.and_then(|raw| raw.get(&entry.key));
            if let Some(key) = entry.key.strip_prefix('+') {
                level.add_config(key.trim(), entry.key_span, &entry.value, raw);
            } else if let Some(map) = entry.value.as_map() {
                let raw = raw.and_then(Yaml::as_map);
                let child = Level::new(map, raw, Some(entry.key_span), levels);
                level.order.push(Arc::clone(&entry.key));
                level.children.insert(Arc::clone(&entry.key), child);
            } else {
                level.add_config(&entry.key, entry.key_span, &entry.value, raw);
            }
        }
        level
    }

    /// Adds a config; `tags` and `+tags` at one level are the same key, and the later one counts.
    fn add_config(&mut self, key: &str, key_span: Span, value: &Yaml, raw: Option<&Yaml>) {
        let raw = raw.unwrap_or(value).clone();
        let entry = ConfigEntry { key: key.into(), key_span, value: value.clone(), raw };
        match self.configs.iter_mut().find(|known| *known.key == *key) {
            Some(known) => *known = entry,
            None => self.configs.push(entry),
        }
    }

    fn count(&self) -> usize {
        1 + self.order.iter().filter_map(|name| self.children.get(name)).map(Level::count).sum::<usize>()
    }

    fn collect_unused(&self, used: &[bool], path: &mut Vec<String>, found: &mut Vec<UnusedPath>) {
        if !self.configs.is_empty() && !used[self.id] {
            found.push(UnusedPath { path: path.clone(), span: self.key_span });
        }
        for name in &self.order {
            if let Some(child) = self.children.get(name) {
                path.push(name.to_string());
                child.collect_unused(used, path, found);
                path.pop();
            }
        }
    }
}

/// The config trees of one project.
#[derive(Clone, Debug)]
pub struct ConfigTrees {
    trees: Vec<(&'static str, ConfigTree)>,
    /// `exposures:` as rendered.
    exposures: Map,
}

/// The keys of config trees, as messages name them, with the spellings in the file.
const KEYS: &[(&str, &[&str])] = &[
    ("models", &["models"]),
    ("seeds", &["seeds"]),
    ("snapshots", &["snapshots"]),
    ("sources", &["sources"]),
    ("data_tests", &["data_tests", "tests"]),
    ("unit_tests", &["unit_tests"]),
    ("metrics", &["metrics"]),
    ("semantic_models", &["semantic-models"]),
    ("saved_queries", &["saved-queries"]),
    ("exposures", &["exposures"]),
    ("functions", &["functions"]),
];

impl ConfigTrees {
    /// Indexes all trees of a project.
    pub(super) fn new(rendered: &Map, raw: &Map) -> Self {
        let tree = |spellings: &[&str]| {
            let key = spellings.iter().find(|key| rendered.contains(key)).copied().unwrap_or_default();
            let map = |of: &'_ Map| of.get(key).and_then(Yaml::as_map).cloned();
            ConfigTree::new(map(rendered).as_ref(), map(raw).as_ref())
        };
        let exposures = rendered.get("exposures").and_then(Yaml::as_map).cloned().unwrap_or_default();
        Self { trees: KEYS.iter().map(|(name, spellings)| (*name, tree(spellings))).collect(), exposures }
    }

    /// Returns the tree that configures resources of a type. Analyses, hooks and all else without a tree of
    /// their own take `models`.
    pub fn of(&self, resource: ResourceType) -> &ConfigTree {
        let name = match resource {
            ResourceType::Seed => "seeds",
            ResourceType::Snapshot => "snapshots",
            ResourceType::Source => "sources",
            ResourceType::Test => "data_tests",
            ResourceType::UnitTest => "unit_tests",
            ResourceType::Metric => "metrics",
            ResourceType::SemanticModel => "semantic_models",
            ResourceType::SavedQuery => "saved_queries",
            ResourceType::Exposure => "exposures",
            ResourceType::Function => "functions",
            _ => "models",
        };
        let found = self.trees.iter().find(|(key, _)| *key == name);
        // `models` is the first of `KEYS`.
        &found.unwrap_or(&self.trees[0]).1
    }

    /// Returns what `exposures:` says under a key of its own, without `+`: dbt adds `tags` and `meta` that stand there to
    /// those of every exposure, besides reading the tree.
    pub fn of_all_exposures(&self, key: &str) -> Option<&Yaml> {
        self.exposures.get(key)
    }

    /// Warns about configs in the root project's trees that apply to nothing; `None` when there are none.
    ///
    /// `fqns` holds the fqns of a key's resources (`models` → models), `disabled` those of everything that
    /// is disabled. The wording is dbt's `UnusedResourceConfigPath`.
    pub fn unused_warning(
        &self,
        fqns: &HashMap<&str, Vec<Vec<String>>>,
        disabled: &[Vec<String>],
    ) -> Option<Diagnostic> {
        let mut unused = Vec::new();
        for (name, tree) in &self.trees {
            let own = fqns.get(name).map(Vec::as_slice).unwrap_or_default();
            for path in tree.unused(own.iter().chain(disabled).map(Vec::as_slice)) {
                let names = std::iter::once(*name).chain(path.path.iter().map(String::as_str));
                unused.push((names.collect::<Vec<_>>().join("."), path.span));
            }
        }
        if unused.is_empty() {
            return None;
        }
        let list: Vec<String> = unused.iter().map(|(path, _)| format!("- {path}")).collect();
        let message = format!(
            "Configuration paths exist in your dbt_project.yml file which do not apply to any resources.\n\
             There are {} unused configuration paths:\n{}",
            unused.len(),
            list.join("\n")
        );
        let mut spans = unused.iter().filter_map(|(_, span)| *span);
        let warning = Diagnostic::warning(Code::UNUSED_CONFIG_PATH, spans.next(), message);
        Some(spans.fold(warning, |warning, span| warning.label(span, "")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::Sources;
    use crate::yaml;

    const TREE: &str = "
+materialized: view
tags: [all]
shop:
  +schema: base
  staging:
    +materialized: table
    + meta: {a: 1}
    persist_docs: {relation: true}
    stg_orders:
      enabled: false
  marts: {}
other: text
";

    fn tree(text: &str) -> ConfigTree {
        let (tree, _) = yaml::parse_text(&Sources::new(), "dbt_project.yml", text);
        ConfigTree::new(tree.unwrap().as_map(), None)
    }

    #[track_caller]
    fn check(fqn: &[&str], want: &[&[&str]]) {
        let tree = tree(TREE);
        let levels = tree.levels(fqn);
        let got: Vec<Vec<&str>> =
            levels.iter().map(|l| l.configs.iter().map(|c| &*c.key).collect()).collect();
        assert_eq!(got, want);
    }

    #[test]
    fn descends_while_the_value_is_a_mapping() {
        let root = &["materialized", "tags", "other"][..];
        check(&["dbt_utils", "a"], &[root]);
        check(&["shop", "a"], &[root, &["schema"]]);
        check(
            &["shop", "staging", "stg_orders"],
            &[root, &["schema"], &["materialized", "meta"], &["enabled"]],
        );
        check(&["shop", "marts", "x"], &[root, &["schema"], &[]]);
        check(&["other"], &[root]);
    }

    #[test]
    fn plus_and_plain_spelling_are_one_key() {
        let tree = tree("tags: a\n+tags: b\n");
        let configs = &tree.levels(&["x"])[0].configs;
        assert_eq!(configs.len(), 1);
        assert_eq!(configs[0].value.as_str(), Some("b"));
    }

    #[test]
    fn unused_paths_are_levels_with_configs_that_nothing_passes() {
        let fqn = |text: &str| text.split('.').map(str::to_owned).collect::<Vec<_>>();
        let names = |fqns: &[&str]| -> Vec<String> {
            let fqns: Vec<_> = fqns.iter().map(|text| fqn(text)).collect();
            let unused = tree(TREE).unused(fqns.iter().map(Vec::as_slice));
            unused.iter().map(|unused| unused.path.join(".")).collect()
        };
        assert_eq!(
            names(&[]),
            ["", "shop", "shop.staging", "shop.staging.persist_docs", "shop.staging.stg_orders"]
        );
        let all = ["shop.staging.stg_orders"];
        assert_eq!(names(&all), ["shop.staging.persist_docs"]);
        assert_eq!(names(&["elsewhere.m"]).len(), 4);
    }

    #[test]
    fn the_warning_has_dbts_words() {
        let text = "models:\n  shop:\n    gone:\n      +enabled: true\nseeds:\n  +quote_columns: true\n";
        let (tree, _) = yaml::parse_text(&Sources::new(), "dbt_project.yml", text);
        let tree = tree.unwrap();
        let map = tree.as_map().unwrap();
        let trees = ConfigTrees::new(map, map);
        let fqns = HashMap::from_iter([("models", vec![vec!["shop".to_owned(), "here".to_owned()]])]);
        let warning = trees.unused_warning(&fqns, &[]).unwrap();
        assert_eq!(
            warning.message,
            "Configuration paths exist in your dbt_project.yml file which do not apply to any resources.\n\
             There are 2 unused configuration paths:\n- models.shop.gone\n- seeds"
        );
        let disabled = vec![vec!["shop".to_owned(), "gone".to_owned(), "m".to_owned()]];
        let seeds = HashMap::from_iter([("seeds", vec![vec!["shop".to_owned(), "s".to_owned()]])]);
        assert!(trees.unused_warning(&seeds, &disabled).is_none());
    }
}
