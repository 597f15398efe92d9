//! What the entries of YAML files name: the resources they describe, their columns and tests, and the variables of a project.
//!
//! Input: the text of a property file or of `dbt_project.yml`. Output: mentions; those in Jinja are found by `mentions`. A
//! text that is no YAML at the moment has none. Called by `mentions`.

use std::ops::Range;

use camino::Utf8Path;

use super::mentions::{Mention, Namer, Symbol};
use crate::diag::Sources;
use crate::manifest::UniqueId;
use crate::project::PROJECT_FILE;
use crate::yaml::{self, Entry, Map, Yaml};

/// Adds the mentions of a file.
pub(super) fn add(namer: &Namer<'_>, path: &Utf8Path, text: &str, found: &mut Vec<Mention>) {
    let (tree, _) = yaml::parse_text(&Sources::new(), path, text);
    let Some(tree) = tree else { return };
    let mut file = File { namer, text, found };
    if path.file_name() == Some(PROJECT_FILE) {
        file.variables(tree.get("vars"));
        return;
    }
    file.calls(&tree);
    for list in tree.as_map().into_iter().flat_map(Map::iter) {
        for entry in list.value.as_seq().into_iter().flatten().filter_map(Yaml::as_map) {
            file.entry(&list.key, entry);
        }
    }
}

struct File<'a> {
    namer: &'a Namer<'a>,
    text: &'a str,
    found: &'a mut Vec<Mention>,
}

impl File<'_> {
    /// Variables, and those of packages below their names.
    fn variables(&mut self, vars: Option<&Yaml>) {
        for entry in vars.and_then(Yaml::as_map).into_iter().flat_map(Map::iter) {
            let is_package = self.namer.snapshot.workspace.project_named(&entry.key).is_some();
            match entry.value.as_map().filter(|_| is_package) {
                Some(_) => self.variables(Some(&entry.value)),
                None => {
                    let range = self.unquoted(entry.key_span.range());
                    self.found.push(Mention::defining(Symbol::Var(entry.key.to_string()), range));
                }
            }
        }
    }

    /// Values that are calls without braces: `to: ref('x')`.
    fn calls(&mut self, yaml: &Yaml) {
        if let Some(text) = yaml.as_str() {
            let is_call = ["ref", "source", "metric"].iter().any(|name| {
                text.trim_start().strip_prefix(name).is_some_and(|rest| rest.trim_start().starts_with('('))
            });
            let range = yaml.span.range();
            if let Some(written) = self.text.get(range.clone()).filter(|_| is_call) {
                self.namer.in_expression(
                    written.trim_matches(['"']),
                    range.start + usize::from(written.starts_with('"')),
                    self.found,
                );
            }
        }
        yaml.as_seq().into_iter().flatten().for_each(|item| self.calls(item));
        yaml.as_map().into_iter().flat_map(Map::iter).for_each(|entry| self.calls(&entry.value));
    }

    fn entry(&mut self, list: &str, entry: &Map) {
        let Some(name) = entry.get("name") else { return };
        match list {
            "sources" => self.source(name, entry),
            "macros" => {
                let id = name.as_str().and_then(|name| self.namer.own_macro(name));
                self.name(name, id.map(Symbol::Macro));
            }
            "unit_tests" => self.unit_test(entry),
            "models" | "seeds" | "snapshots" | "functions" | "analyses" | "data_tests" => {
                let id = name.as_str().and_then(|name| self.described(list, name));
                self.name(name, id.clone().map(Symbol::Node));
                self.described_relation(id.as_ref(), entry);
                for version in entry.get("versions").and_then(Yaml::as_seq).unwrap_or_default() {
                    self.version(name, version);
                }
            }
            _ => {}
        }
    }

    /// Returns what an entry of this name describes.
    fn described(&self, list: &str, name: &str) -> Option<UniqueId> {
        if let Some(id) = self.namer.node(Some(self.namer.package), name, None) {
            return Some(id);
        }
        let kind = match list {
            "functions" => "function",
            "analyses" => "analysis",
            "data_tests" => "test",
            _ => return None,
        };
        let id = UniqueId::from_artifact(&format!("{kind}.{}.{name}", self.namer.package));
        self.namer.snapshot.manifest().node(&id).map(|node| node.unique_id.clone())
    }

    fn version(&mut self, name: &Yaml, version: &Yaml) {
        let Some(map) = version.as_map() else { return };
        let id = map
            .get("v")
            .and_then(|v| self.namer.node(Some(self.namer.package), name.as_str()?, Some(&v.to_json())));
        if let (Some(v), Some(id)) = (map.get("v"), &id) {
            self.found.push(Mention::of(Symbol::Node(id.clone()), self.unquoted(v.span.range())));
        }
        self.described_relation(id.as_ref(), map);
    }

    fn source(&mut self, name: &Yaml, entry: &Map) {
        for table in entry.get("tables").and_then(Yaml::as_seq).into_iter().flatten().filter_map(Yaml::as_map)
        {
            let Some(table_name) = table.get("name") else { continue };
            let both = name.as_str().zip(table_name.as_str());
            let id = both.and_then(|(source, table)| self.namer.source(source, table));
            self.name(table_name, id.clone().map(Symbol::Source));
            self.described_relation(id.as_ref(), table);
        }
    }

    /// Columns and tests of a node or table.
    fn described_relation(&mut self, id: Option<&UniqueId>, entry: &Map) {
        self.tests(id, entry);
        for column in
            entry.get("columns").and_then(Yaml::as_seq).into_iter().flatten().filter_map(Yaml::as_map)
        {
            if let (Some(name), Some(id)) = (column.get("name"), id) {
                self.name(name, name.as_str().map(|name| column_of(id, name)));
            }
            self.tests(id, column);
        }
        for constraint in entry.get("constraints").and_then(Yaml::as_seq).into_iter().flatten() {
            self.column_values(id, constraint.get("columns"));
        }
    }

    fn tests(&mut self, id: Option<&UniqueId>, entry: &Map) {
        let lists = ["tests", "data_tests"].into_iter().filter_map(|key| entry.get(key));
        for test in lists.filter_map(Yaml::as_seq).flatten() {
            if let Some(name) = test.as_str() {
                let range = self.unquoted(test.span.range());
                self.test_name(name, range);
                continue;
            }
            let Some(map) = test.as_map() else { continue };
            if let Some(name) = map.get("test_name").and_then(|name| Some((name.as_str()?, name.span))) {
                let range = self.unquoted(name.1.range());
                self.test_name(name.0, range);
                self.arguments(id, map);
                continue;
            }
            for Entry { key, key_span, value, .. } in map {
                if self.namer.test_macro(key).is_some() {
                    let range = self.unquoted(key_span.range());
                    self.test_name(key, range);
                    value.as_map().into_iter().for_each(|given| self.arguments(id, given));
                }
            }
        }
    }

    fn test_name(&mut self, name: &str, range: Range<usize>) {
        let id = self.namer.test_macro(name);
        self.found.extend(id.map(|id| Mention::of(Symbol::Macro(id), range)));
    }

    /// Arguments of a test that name columns: of its own relation, or of the one that `to` names.
    fn arguments(&mut self, id: Option<&UniqueId>, given: &Map) {
        if let Some(inner) = given.get("arguments").and_then(Yaml::as_map) {
            self.arguments(id, inner);
        }
        let target = given.get("to").and_then(Yaml::as_str).and_then(|to| self.namer.relation_in(to));
        for Entry { key, value, .. } in given {
            match &**key {
                "field" => self.column_values(target.as_ref(), Some(value)),
                key if key.contains("column") || key == "unique_key" => self.column_values(id, Some(value)),
                _ => {}
            }
        }
    }

    fn column_values(&mut self, id: Option<&UniqueId>, value: Option<&Yaml>) {
        let (Some(id), Some(value)) = (id, value) else { return };
        for item in std::slice::from_ref(value).iter().chain(value.as_seq().unwrap_or_default()) {
            let Some(name) = item.as_str() else { continue };
            let range = self.unquoted(item.span.range());
            self.found.push(Mention::of(column_of(id, name), range));
        }
    }

    fn unit_test(&mut self, entry: &Map) {
        let model = entry.get("model");
        let id = model
            .and_then(Yaml::as_str)
            .and_then(|name| self.namer.node(Some(self.namer.package), name, None));
        if let (Some(model), Some(id)) = (model, &id) {
            let range = self.unquoted(model.span.range());
            self.found.push(Mention::of(Symbol::Node(id.clone()), range));
        }
        self.rows(id.as_ref(), entry.get("expect"));
        for given in entry.get("given").and_then(Yaml::as_seq).unwrap_or_default() {
            let input = given.get("input").and_then(Yaml::as_str);
            let relation = input.and_then(|input| self.namer.relation_in(input));
            self.rows(relation.as_ref(), Some(given));
        }
    }

    /// Rows that are written as mappings name columns.
    fn rows(&mut self, id: Option<&UniqueId>, holder: Option<&Yaml>) {
        let (Some(id), Some(rows)) = (id, holder.and_then(|holder| holder.get("rows"))) else { return };
        for cell in rows.as_seq().into_iter().flatten().filter_map(Yaml::as_map).flat_map(Map::iter) {
            let range = self.unquoted(cell.key_span.range());
            self.found.push(Mention::of(column_of(id, &cell.key), range));
        }
    }

    /// The name by which an entry describes something.
    fn name(&mut self, name: &Yaml, symbol: Option<Symbol>) {
        let range = self.unquoted(name.span.range());
        self.found.extend(symbol.map(|symbol| Mention::defining(symbol, range)));
    }

    /// Leaves quotes out of a range.
    fn unquoted(&self, range: Range<usize>) -> Range<usize> {
        let written = self.text.get(range.clone()).unwrap_or_default();
        let is_quoted = written.len() > 1 && written.starts_with(['"', '\'']);
        if is_quoted { range.start + 1..range.end - 1 } else { range }
    }
}

/// Names a column of a relation.
pub(super) fn column_of(id: &UniqueId, name: &str) -> Symbol {
    Symbol::Column(id.clone(), name.to_lowercase())
}
