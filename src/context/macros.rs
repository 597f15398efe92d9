//! All macros by package, and dbt's three ways of finding one: by bare name, by package, by dispatch
//! (`jinja.md` section 4 "Macro lookup", `project.md` section 9).

use std::sync::Arc;

use crate::diag::Span;
use crate::hash::HashMap;
use crate::jinja::Value;
use crate::manifest::UniqueId;

/// The package name under which Tidegate's own macros answer, whatever engine they are for.
pub const INTERNAL: &str = "dbt";

/// One callable macro.
#[derive(Clone, Debug)]
pub struct MacroEntry {
    /// Its id in the manifest.
    pub id: UniqueId,
    /// The callable.
    pub value: Value,
    /// Its whole block: tells which macro runs.
    pub span: Span,
}

/// No macro answers a dispatch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DispatchError {
    /// The name asked for.
    pub name: String,
    /// The namespace asked for.
    pub namespace: Option<String>,
    /// What was looked for, in order.
    pub searched: Vec<String>,
}

type ByName = HashMap<Arc<str>, MacroEntry>;

/// Every macro of an invocation. Built once by `parse`, then only read.
#[derive(Debug, Default)]
pub struct MacroTable {
    packages: HashMap<Arc<str>, ByName>,
    /// Tidegate's own, the engine's variants over the defaults.
    internal: ByName,
    root: Arc<str>,
    /// `dispatch:` of the root project: namespace → packages in order.
    search_orders: HashMap<String, Vec<String>>,
    /// Prefixes tried in each package: the engine's name, then `default`.
    prefixes: Vec<String>,
    /// Block → id, to tell which macros a node calls.
    ids: HashMap<Span, UniqueId>,
}

impl MacroTable {
    /// Makes an empty table. `engine` is the adapter's type, for example `duckdb`.
    pub fn new(root: &str, engine: &str, search_orders: HashMap<String, Vec<String>>) -> Self {
        Self {
            root: root.into(),
            search_orders,
            prefixes: vec![engine.to_owned(), "default".to_owned()],
            ..Self::default()
        }
    }

    /// Adds a macro of a project or package; returns the earlier one of the same name, if any.
    pub fn add(&mut self, package: &str, name: &str, entry: MacroEntry) -> Option<MacroEntry> {
        self.ids.insert(entry.span, entry.id.clone());
        self.packages.entry(package.into()).or_default().insert(name.into(), entry)
    }

    /// Adds one of Tidegate's own macros. An engine's package is added after the defaults and wins.
    pub fn add_internal(&mut self, name: &str, entry: MacroEntry) {
        self.ids.insert(entry.span, entry.id.clone());
        self.internal.insert(name.into(), entry);
    }

    /// Finds what a bare name means to a node of package `from`: its own package, the root project,
    /// Tidegate's own.
    pub fn bare(&self, from: &str, name: &str) -> Option<&MacroEntry> {
        let of_root = || if *from == *self.root { None } else { self.of(&self.root, name) };
        self.of(from, name).or_else(of_root).or_else(|| self.internal.get(name))
    }

    /// Finds `package.name`; the package `dbt` means Tidegate's own macros.
    pub fn qualified(&self, package: &str, name: &str) -> Option<&MacroEntry> {
        if package == INTERNAL { self.internal.get(name) } else { self.of(package, name) }
    }

    /// Tells whether the project or a package has a macro of this name, which then hides Tidegate's own.
    pub fn is_replaced(&self, name: &str) -> bool {
        self.packages.values().any(|macros| macros.contains_key(name))
    }

    /// Finds a macro for somebody outside of every package, as `run-operation` is: the root project's, else any
    /// package's, else Tidegate's own.
    pub fn anywhere(&self, name: &str) -> Option<&MacroEntry> {
        let mut packages: Vec<_> = self.packages.keys().collect();
        packages.sort();
        let in_packages = || packages.iter().find_map(|package| self.of(package, name));
        self.of(&self.root, name).or_else(in_packages).or_else(|| self.internal.get(name))
    }

    /// Returns every name that [`MacroTable::anywhere`] finds, for suggestions.
    pub fn names_anywhere(&self) -> Vec<Arc<str>> {
        let mut packages: Vec<_> = self.packages.iter().collect();
        packages.sort_by_key(|(package, _)| Arc::clone(package));
        let names = packages.into_iter().flat_map(|(_, macros)| macros.keys());
        names.chain(self.internal.keys()).cloned().collect()
    }

    /// Tells whether a name is a package with macros.
    pub fn is_package(&self, name: &str) -> bool {
        name == INTERNAL || self.packages.contains_key(name)
    }

    /// Returns the names of a package's macros, for suggestions.
    pub fn names_in(&self, package: &str) -> Vec<Arc<str>> {
        let of = if package == INTERNAL { Some(&self.internal) } else { self.packages.get(package) };
        of.map(|macros| macros.keys().cloned().collect()).unwrap_or_default()
    }

    /// Returns every name that a bare call could mean, for suggestions.
    pub fn bare_names(&self, from: &str) -> Vec<Arc<str>> {
        let own = self.packages.get(from).into_iter().chain(self.packages.get(&*self.root));
        own.flat_map(HashMap::keys).chain(self.internal.keys()).cloned().collect()
    }

    /// Answers `adapter.dispatch(name, namespace)` for a node of package `from`. Without `from` a dispatch that names
    /// no namespace searches all packages: so dbt does while it parses generic tests.
    pub fn dispatch(
        &self,
        from: Option<&str>,
        name: &str,
        namespace: Option<&str>,
    ) -> Result<&MacroEntry, DispatchError> {
        let packages = self.search_packages(namespace);
        let names: Vec<String> = self.prefixes.iter().map(|prefix| format!("{prefix}__{name}")).collect();
        let places = packages.iter().flat_map(|package| names.iter().map(move |name| (*package, name)));
        let find = |(package, name): (Option<&str>, &String)| match (package, from) {
            (Some(package), _) => self.qualified(package, name),
            (None, Some(from)) => self.bare(from, name),
            (None, None) => self.anywhere(name),
        };
        places.clone().find_map(find).ok_or_else(|| DispatchError {
            name: name.to_owned(),
            namespace: namespace.map(str::to_owned),
            searched: places
                .map(|(package, name)| {
                    [package.unwrap_or_default(), name].join(if package.is_some() { "." } else { "" })
                })
                .collect(),
        })
    }

    fn search_packages<'a>(&'a self, namespace: Option<&'a str>) -> Vec<Option<&'a str>> {
        let Some(namespace) = namespace else { return vec![None] };
        if let Some(order) = self.search_orders.get(namespace) {
            return order.iter().map(|package| Some(package.as_str())).collect();
        }
        if namespace == INTERNAL || self.packages.contains_key(namespace) {
            return vec![Some(&self.root), Some(namespace)];
        }
        vec![None]
    }

    /// Finds the macro of a materialization: the root project's before packages' before Tidegate's own, and
    /// in each the engine's before the default. Packages may replace a built-in one only when
    /// `packages_override` (the behaviour flag that forbids it is on by default).
    pub fn materialization(&self, name: &str, packages_override: bool) -> Option<&MacroEntry> {
        let names: Vec<String> =
            self.prefixes.iter().map(|prefix| format!("materialization_{name}_{prefix}")).collect();
        let in_package = |package: &str| names.iter().find_map(|name| self.of(package, name));
        if let Some(entry) = in_package(&self.root) {
            return Some(entry);
        }
        let built_in = names.iter().find_map(|name| self.internal.get(name.as_str()));
        if built_in.is_some() && !packages_override {
            return built_in;
        }
        let mut packages: Vec<_> = self.packages.keys().filter(|package| **package != self.root).collect();
        packages.sort();
        packages.into_iter().find_map(|package| in_package(package)).or(built_in)
    }

    /// Returns the package whose materialization `entry` stands in for the built-in one of that name, if one does.
    pub fn replaced_by<'e>(&self, name: &str, entry: &'e MacroEntry) -> Option<&'e str> {
        let package = entry.id.as_str().split('.').nth(1)?;
        let mut names = self.prefixes.iter().map(|prefix| format!("materialization_{name}_{prefix}"));
        let built_in = names.any(|name| self.internal.contains_key(name.as_str()));
        (built_in && *package != *self.root && self.packages.contains_key(package)).then_some(package)
    }

    /// Tells whether a macro is one of Tidegate's own.
    pub fn is_internal(&self, entry: &MacroEntry) -> bool {
        !self.packages.contains_key(entry.id.as_str().split('.').nth(1).unwrap_or_default())
    }

    /// Returns the id of the macro with a block.
    pub fn id_of(&self, block: Span) -> Option<&UniqueId> {
        self.ids.get(&block)
    }

    /// Returns what `dispatch` puts in front of names, in order: the engine's name, then `default`.
    pub fn prefixes(&self) -> impl Iterator<Item = &str> {
        self.prefixes.iter().map(String::as_str)
    }

    /// Returns the root project's name.
    pub fn root(&self) -> &str {
        &self.root
    }

    fn of(&self, package: &str, name: &str) -> Option<&MacroEntry> {
        self.packages.get(package)?.get(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> MacroTable {
        let file = crate::diag::Sources::new().add("m.sql", "");
        let orders = HashMap::from_iter([("utils".to_owned(), vec!["shop".to_owned(), "utils".to_owned()])]);
        let mut table = MacroTable::new("shop", "duckdb", orders);
        let entry = |package: &str, name: &str| MacroEntry {
            id: UniqueId::from_artifact(&format!("macro.{package}.{name}")),
            value: Value::from(name),
            span: Span::new(file, 0, 0),
        };
        for (package, name) in [
            ("shop", "default__star"),
            ("shop", "materialization_table_default"),
            ("utils", "star"),
            ("utils", "duckdb__star"),
            ("utils", "default__star"),
            ("utils", "duckdb__pivot"),
            ("utils", "materialization_view_duckdb"),
            ("utils", "materialization_lake_default"),
        ] {
            table.add(package, name, entry(package, name));
        }
        for name in ["duckdb__length", "default__length", "materialization_view_default", "star"] {
            table.add_internal(name, entry("dbt", name));
        }
        table
    }

    #[track_caller]
    fn check(found: Option<&MacroEntry>, want: &str) {
        assert_eq!(found.map(|entry| entry.id.as_str()).unwrap_or_default(), want);
    }

    #[test]
    fn dispatch_searches_packages_before_prefixes() {
        let table = table();
        check(table.dispatch(Some("shop"), "star", Some("utils")).ok(), "macro.shop.default__star");
        check(table.dispatch(Some("shop"), "pivot", Some("utils")).ok(), "macro.utils.duckdb__pivot");
        check(table.dispatch(Some("shop"), "length", Some("dbt")).ok(), "macro.dbt.duckdb__length");
        check(table.dispatch(Some("utils"), "pivot", None).ok(), "macro.utils.duckdb__pivot");
    }

    #[test]
    fn from_outside_every_package_is_searched() {
        let table = table();
        check(table.anywhere("duckdb__pivot"), "macro.utils.duckdb__pivot");
        check(table.anywhere("default__star"), "macro.shop.default__star");
        check(table.anywhere("star"), "macro.utils.star");
        check(table.anywhere("duckdb__length"), "macro.dbt.duckdb__length");
        check(table.anywhere("nope"), "");
    }

    #[test]
    fn a_failed_dispatch_names_what_it_searched() {
        let error = table().dispatch(Some("shop"), "nope", Some("utils")).expect_err("no such macro");
        assert_eq!(
            error.searched,
            ["shop.duckdb__nope", "shop.default__nope", "utils.duckdb__nope", "utils.default__nope"]
        );
    }

    #[test]
    fn the_root_project_replaces_materializations_and_packages_do_not() {
        let table = table();
        check(table.materialization("table", false), "macro.shop.materialization_table_default");
        check(table.materialization("view", false), "macro.dbt.materialization_view_default");
        check(table.materialization("view", true), "macro.utils.materialization_view_duckdb");
        check(table.materialization("lake", false), "macro.utils.materialization_lake_default");
        check(table.materialization("nope", false), "");
    }
}
