//! What can be written at a place of a property file: keys that its entries may have, and values.
//!
//! Input: a place. Output: keys as the parser knows them; names of models, columns, tests, materializations; whatever a closed
//! set of values has. Called by `completion`.

use lsp_types::CompletionItemKind;

use super::completion::{Offer, Offers, columns, config_values, first_line, node_names};
use super::mentions::Namer;
use super::snapshot::{Asked, World};
use super::yaml_place::{Place, Wanted, place};
use crate::manifest::{ResourceType, UniqueId};
use crate::parse;
use crate::project::PROJECT_FILE;

/// Offers what fits at a byte of a YAML file.
pub(super) fn offers(world: &World, asked: &Asked, offset: usize) -> Option<Offers> {
    if asked.path.file_name() == Some(PROJECT_FILE) {
        return None;
    }
    let text = asked.text.as_str();
    let place = place(text, offset)?;
    let path: Vec<&str> = place.path.iter().map(String::as_str).collect();
    // `to: ref('..`
    let line = text[..offset].rsplit('\n').next().unwrap_or_default();
    let opened = line.rsplit_once("ref('").or_else(|| line.rsplit_once("ref(\""));
    if let Some((_, typed)) = opened.filter(|(_, typed)| !typed.contains(['\'', '"', ')'])) {
        return Some((offset - typed.len()..offset, node_names(world)));
    }
    let namer = Namer::of_file(&world.snapshot, &asked.path);
    let of_place = OfPlace { world, namer, place: &place, path: &path };
    let offers = match &place.wanted {
        Wanted::Item if is_tests(&path) => of_place.tests(),
        Wanted::Item if path.last() == Some(&"depends_on") => refs(world),
        Wanted::Item | Wanted::Key => of_place.keys(),
        Wanted::Value(key) => of_place.values(key),
    };
    Some((place.word.start..offset, offers))
}

/// Calls of `ref`.
fn refs(world: &World) -> Vec<Offer> {
    let call = |offer: Offer| Offer { label: format!("ref('{}')", offer.label), ..offer };
    node_names(world).into_iter().map(call).collect()
}

fn is_tests(path: &[&str]) -> bool {
    path.len() > 1 && matches!(path.last(), Some(&("tests" | "data_tests")))
}

struct OfPlace<'a> {
    world: &'a World,
    namer: Namer<'a>,
    place: &'a Place,
    path: &'a [&'a str],
}

impl OfPlace<'_> {
    /// Keys that are not there yet.
    fn keys(&self) -> Vec<Offer> {
        let there = |key: &str| self.place.siblings.iter().any(|(sibling, _)| sibling == key);
        // Arguments of a test are what its macro takes.
        if self.path.len() > 2 && is_tests(&self.path[..self.path.len() - 1]) {
            return self.arguments(self.path[self.path.len() - 1]);
        }
        let keys = parse::property_keys(self.path).into_iter().filter(|key| !there(key));
        keys.map(|key| Offer { label: format!("{key}:"), ..Offer::new("", CompletionItemKind::PROPERTY, "") })
            .collect()
    }

    /// The tests that a model or column can have: those with a macro.
    fn tests(&self) -> Vec<Offer> {
        let manifest = self.world.snapshot.manifest();
        let mut offers: Vec<Offer> = Vec::new();
        for found in manifest.macros.values() {
            let Some(name) = found.name.strip_prefix("test_") else { continue };
            let is_bare = self.namer.test_macro(name).as_ref() == Some(&found.unique_id);
            let label = if is_bare { name.to_owned() } else { format!("{}.{name}", found.package_name) };
            offers.push(Offer::new(label, CompletionItemKind::FUNCTION, first_line(&found.description)));
        }
        offers.sort_by(|a, b| a.label.cmp(&b.label));
        offers
    }

    /// Parameters of a test's macro.
    fn arguments(&self, test: &str) -> Vec<Offer> {
        let macros = &self.world.snapshot.manifest().macros;
        let Some(found) = self.namer.test_macro(test).and_then(|id| macros.get(&id)) else {
            return Vec::new();
        };
        let head = super::hover::head(found);
        let listed =
            head.split_once('(').and_then(|(_, rest)| rest.rsplit_once(')')).map_or("", |(list, _)| list);
        let names = listed.split(',').filter_map(|part| part.split('=').next()).map(str::trim);
        let names = names.filter(|name| !matches!(*name, "" | "model" | "column_name"));
        let offer = |name: &str| Offer::new(format!("{name}:"), CompletionItemKind::PROPERTY, "argument");
        names
            .map(offer)
            .chain(["arguments:", "config:"].map(|key| Offer::new(key, CompletionItemKind::PROPERTY, "")))
            .collect()
    }

    fn values(&self, key: &str) -> Vec<Offer> {
        match (self.path, key) {
            (["models"], "name") | (["unit_tests"], "model") => self.names(ResourceType::Model),
            (["seeds"], "name") => self.names(ResourceType::Seed),
            (["snapshots"], "name") => self.names(ResourceType::Snapshot),
            ([.., "columns"], "name") => self.column_names(),
            ([.., "config"], key) => {
                let resource = parse::configured(self.path).unwrap_or(ResourceType::Model);
                config_values(self.world, self.namer.package, resource, key)
            }
            ([.., "given"], "input") | (_, "to") => refs(self.world),
            (_, "field") => self.target().map(|id| columns(self.world, &id)).unwrap_or_default(),
            _ => {
                let values = parse::property_values(self.path, key).iter();
                values.map(|value| Offer::new(*value, CompletionItemKind::ENUM_MEMBER, "")).collect()
            }
        }
    }

    /// Names of resources of a kind.
    fn names(&self, kind: ResourceType) -> Vec<Offer> {
        let nodes = self.world.snapshot.manifest().nodes.values();
        let own =
            nodes.filter(|node| node.resource_type() == kind && *node.package_name == *self.namer.package);
        let mut names: Vec<&str> = own.map(|node| node.name.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        names.into_iter().map(|name| Offer::new(name, CompletionItemKind::CLASS, kind.as_str())).collect()
    }

    /// Columns of the model or table around.
    fn column_names(&self) -> Vec<Offer> {
        let names: Vec<&str> = self.place.names.iter().flatten().map(String::as_str).collect();
        let id: Option<UniqueId> = match (self.path, names.as_slice()) {
            (["sources", "tables", ..], [source, table, ..]) => self.namer.source(source, table),
            ([_, "columns"], [name, ..]) => self.namer.node(Some(self.namer.package), name, None),
            _ => None,
        };
        id.map(|id| columns(self.world, &id)).unwrap_or_default()
    }

    /// What `to`, beside the key that is typed, names.
    fn target(&self) -> Option<UniqueId> {
        let (_, to) = self.place.siblings.iter().find(|(key, _)| key == "to")?;
        self.namer.relation_in(to)
    }
}
