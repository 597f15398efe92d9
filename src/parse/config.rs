//! Layers of settings → one resolved configuration, by dbt's order and merge rules (`project.md` section 2).
//!
//! Order: dbt's defaults, the package's tree in `dbt_project.yml`, the property file, `config()` calls of
//! the file, the root project's tree (for packages). What the values may be is checked by `config_check`.
//! Called for every resource that has a configuration.

use std::borrow::Cow;
use std::sync::Arc;

use crate::diag::{Code, Diagnostic, Span};
use crate::manifest::{ConfigPlaces, Json, JsonMap, ResourceType, defaults};

use super::config_check;

/// One key with its value and the place a message about it points at.
#[derive(Clone, Debug)]
pub(super) struct Setting {
    pub(super) key: Arc<str>,
    pub(super) value: Json,
    pub(super) span: Option<Span>,
    /// What was written, where rendering made something else of it.
    pub(super) written: Option<Json>,
}

/// Settings given at one place; keys differ. Clones share them until one is changed.
#[derive(Clone, Debug, Default)]
pub(super) struct Layer(Arc<Vec<Setting>>);

impl Layer {
    /// Sets a key: an equal key keeps its position.
    pub(super) fn set(&mut self, key: impl Into<Arc<str>>, value: Json, span: Option<Span>) {
        let key = key.into();
        let settings = Arc::make_mut(&mut self.0);
        match settings.iter_mut().find(|setting| setting.key == key) {
            Some(known) => (known.value, known.span, known.written) = (value, span, None),
            None => settings.push(Setting { key, value, span, written: None }),
        }
    }

    /// Keeps what was written for a key, before it was rendered.
    pub(super) fn keep_written(&mut self, key: &str, written: Option<Json>) {
        let Some(at) = self.0.iter().position(|setting| &*setting.key == key) else { return };
        if self.0[at].written != written {
            Arc::make_mut(&mut self.0)[at].written = written;
        }
    }

    /// Does so for several keys.
    pub(super) fn keep_all_written(&mut self, written: Vec<(String, Json)>) {
        for (key, text) in written {
            self.keep_written(&key, Some(text));
        }
    }

    pub(super) fn get(&self, key: &str) -> Option<&Setting> {
        self.0.iter().find(|setting| &*setting.key == key)
    }

    pub(super) fn remove(&mut self, key: &str) -> Option<Setting> {
        let at = self.0.iter().position(|setting| &*setting.key == key)?;
        Some(Arc::make_mut(&mut self.0).remove(at))
    }

    pub(super) fn iter(&self) -> std::slice::Iter<'_, Setting> {
        self.0.iter()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Puts another layer over this one, key by key.
    pub(super) fn update(&mut self, over: &Layer) {
        for setting in over.iter() {
            self.set(Arc::clone(&setting.key), setting.value.clone(), setting.span);
            self.keep_written(&setting.key, setting.written.clone());
        }
    }

    /// Returns the layer with the spelling of hook keys that configs use, `pre-hook`.
    fn with_hook_names(&self) -> Cow<'_, Self> {
        let mut layer = Cow::Borrowed(self);
        for (from, to) in [("pre_hook", "pre-hook"), ("post_hook", "post-hook")] {
            if let Some(setting) = layer.get(from).is_some().then(|| layer.to_mut().remove(from)).flatten() {
                layer.to_mut().set(to, setting.value, setting.span);
            }
        }
        layer
    }
}

/// How a later value joins an earlier one.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Merge {
    Clobber,
    Append,
    Update,
    Grants,
}

/// Sources have no appended tags, exposures nothing that is joined, and only what becomes a relation has hooks, quoting
/// and the like.
fn merge_rule(resource: ResourceType, key: &str) -> Merge {
    match key {
        "meta" | "tags" if resource == ResourceType::Exposure => Merge::Clobber,
        "meta" => Merge::Update,
        "tags" if resource != ResourceType::Source => Merge::Append,
        _ if !config_check::is_node(resource) => Merge::Clobber,
        "pre-hook" | "post-hook" | "packages" => Merge::Append,
        "quoting" | "column_types" | "docs" | "contract" => Merge::Update,
        "grants" => Merge::Grants,
        _ => Merge::Clobber,
    }
}

fn listed(value: &Json) -> Vec<Json> {
    match value {
        Json::Array(items) => items.clone(),
        other => vec![other.clone()],
    }
}

/// Adds one more `config()` call of a file to the earlier ones.
pub(super) fn add_call(calls: &mut Layer, call: &Layer, problems: &mut Vec<Diagnostic>) {
    if calls.is_empty() {
        calls.update(call);
        return;
    }
    for Setting { key, value, span, .. } in call.iter() {
        let earlier = calls.get(key).map(|setting| setting.value.clone());
        let joined = match &**key {
            "pre-hook" | "pre_hook" | "post-hook" | "post_hook" | "tags" | "packages" => {
                let mut items = earlier.as_ref().map(listed).unwrap_or_default();
                items.extend(listed(value));
                Json::Array(items)
            }
            "quoting" | "column_types" | "meta" | "docs" | "contract" | "snapshot_meta_column_names" => {
                let Some(update) = value.as_object() else {
                    problems.push(config_check::wrong(key, "a mapping", value, *span));
                    continue;
                };
                let mut map = earlier.and_then(|e| e.as_object().cloned()).unwrap_or_default();
                map.extend(update.clone());
                Json::Object(map)
            }
            "grants" => {
                let Some(update) = value.as_object() else {
                    problems.push(config_check::wrong(key, "a mapping", value, *span));
                    continue;
                };
                let earlier = earlier.and_then(|e| e.as_object().cloned()).unwrap_or_default();
                Json::Object(join_grants(&earlier, update, true))
            }
            _ => value.clone(),
        };
        calls.set(Arc::clone(key), joined, *span);
    }
}

/// A privilege replaces the earlier list; with a leading `+` it extends it. Calls keep the `+`, since
/// more layers lie below them.
fn join_grants(earlier: &JsonMap, update: &JsonMap, keep_plus: bool) -> JsonMap {
    let mut joined: JsonMap =
        earlier.iter().map(|(key, value)| (key.clone(), Json::Array(listed(value)))).collect();
    for (key, value) in update {
        let name = if keep_plus { key.as_str() } else { key.trim_start_matches('+') };
        match joined.get_mut(name).and_then(Json::as_array_mut) {
            Some(items) if key.starts_with('+') => items.extend(listed(value)),
            _ => {
                joined.insert(name.to_owned(), Json::Array(listed(value)));
            }
        }
    }
    joined
}

/// Returns grants with a list for each privilege; what are no grants stays as it is.
pub(super) fn listed_grants(grants: &Json) -> Json {
    grants
        .as_object()
        .map_or_else(|| grants.clone(), |grants| join_grants(grants, &JsonMap::new(), true).into())
}

/// A configuration while its layers are being joined.
#[derive(Clone, Debug)]
pub(super) struct Merged {
    resource: ResourceType,
    /// All keys: dbt's in dbt's order, then others as they came.
    pub(super) values: JsonMap,
    pub(super) places: Places,
}

impl Merged {
    fn new(resource: ResourceType, places: Places) -> Self {
        Self { resource, values: defaults(resource).clone(), places }
    }

    /// Returns the place where a key was last set.
    pub(super) fn place(&self, key: &str) -> Option<Span> {
        self.places.of(key)
    }

    fn apply(&mut self, layer: &Layer, problems: &mut Vec<Diagnostic>) {
        for Setting { key, value, span, .. } in layer.with_hook_names().iter() {
            let joined = match (merge_rule(self.resource, key), self.values.get(&**key)) {
                (Merge::Append, Some(earlier)) => {
                    let mut items = listed(earlier);
                    items.extend(listed(value));
                    Json::Array(items)
                }
                (Merge::Update, Some(Json::Object(earlier))) => {
                    let Json::Object(update) = value else {
                        problems.push(config_check::wrong(key, "a mapping", value, *span));
                        continue;
                    };
                    let mut map = earlier.clone();
                    map.extend(update.clone());
                    Json::Object(map)
                }
                (Merge::Grants, Some(Json::Object(earlier))) => {
                    let Some(update) = value.as_object() else {
                        problems.push(config_check::wrong(key, "a mapping", value, *span));
                        continue;
                    };
                    Json::Object(join_grants(earlier, update, false))
                }
                _ => value.clone(),
            };
            self.values.insert(key.to_string(), joined);
        }
    }
}

/// Where each given key was set, the last place last.
#[derive(Clone, Debug, Default)]
pub(super) struct Places(Vec<(Arc<str>, Option<Span>)>);

impl Places {
    /// Returns the place where a key was last set.
    pub(super) fn of(&self, key: &str) -> Option<Span> {
        self.0.iter().rev().find(|(known, _)| &**known == key).and_then(|(_, span)| *span)
    }

    fn given(&self, key: &str) -> bool {
        self.0.iter().any(|(known, _)| &**known == key)
    }
}

/// The layers of one resource, lowest first.
#[derive(Clone, Copy, Debug)]
pub(super) struct Layers<'a> {
    /// The tree of the package's own `dbt_project.yml`, outermost level first.
    pub(super) own: &'a [Layer],
    /// The property file.
    pub(super) properties: Option<&'a Layer>,
    /// `config()` calls, joined by [`add_call`].
    pub(super) calls: &'a Layer,
    /// The tree of the root project, when the package is another one.
    pub(super) root: &'a [Layer],
}

impl Layers<'_> {
    /// Returns where the keys of all layers were set.
    pub(super) fn places(&self) -> Places {
        let layers = self.own.iter().chain(self.properties).chain([self.calls]).chain(self.root);
        let mut places = Places::default();
        for layer in layers {
            places.0.extend(layer.with_hook_names().iter().map(|set| (Arc::clone(&set.key), set.span)));
        }
        places
    }
}

/// What a configuration says; equal ones are shared.
#[derive(Debug)]
pub(super) struct Said {
    /// As shown: dbt's keys in dbt's order, then the others.
    pub(super) values: Arc<JsonMap>,
    /// As the names of the relation are made from: a key that a higher layer set to null is null here,
    /// while dbt goes on showing the lower value.
    pub(super) effective: Arc<JsonMap>,
    /// Tags in the order in which dbt meets them, without repetition.
    pub(super) tags: Vec<String>,
}

/// A resolved configuration.
#[derive(Clone, Debug)]
pub(super) struct Resolved {
    pub(super) said: Arc<Said>,
    pub(super) places: Places,
}

impl Resolved {
    /// Returns a key that the highest layer set to text.
    pub(super) fn effective_text(&self, key: &str) -> Option<&str> {
        self.said.effective.get(key).and_then(Json::as_str)
    }

    /// Returns a key of the final configuration.
    pub(super) fn get(&self, key: &str) -> Option<&Json> {
        self.said.values.get(key)
    }

    /// Returns the place where a key was set.
    pub(super) fn place(&self, key: &str) -> Option<Span> {
        self.places.of(key)
    }

    /// Returns where keys were set, the last place last.
    pub(super) fn places(&self) -> ConfigPlaces {
        self.places.0.iter().filter_map(|(key, span)| Some((Arc::clone(key), (*span)?))).collect()
    }
}

/// Joins the layers of a resource and checks the outcome. Problems are errors; the resource is resolved
/// as if the wrong value had not been given, so that more problems can be found.
pub(super) fn resolve(
    resource: ResourceType,
    layers: Layers<'_>,
    problems: &mut Vec<Diagnostic>,
) -> Resolved {
    let join = |(properties, calls): (bool, bool), places: Places, problems: &mut Vec<Diagnostic>| {
        let mut merged = Merged::new(resource, places);
        for layer in layers.own {
            merged.apply(layer, problems);
        }
        if let Some(layer) = layers.properties.filter(|_| properties) {
            merged.apply(layer, problems);
        }
        if calls {
            merged.apply(layers.calls, problems);
        }
        for layer in layers.root {
            merged.apply(layer, problems);
        }
        config_check::check(resource, &mut merged, problems);
        merged
    };
    let Merged { values: effective, places, .. } = join((true, true), layers.places(), problems);
    let effective = Arc::new(effective);
    let mut values = Arc::clone(&effective);
    let mut tags = Vec::new();
    // dbt resolves three times, each time with more layers, and keeps what a later null would remove.
    let given_null = effective.iter().any(|(key, value)| value.is_null() && places.given(key));
    if given_null || layers.properties.is_some_and(|layer| layer.get("tags").is_some()) {
        let without = |calls| join((false, calls), Places::default(), &mut Vec::new()).values;
        let (first, base) = (without(true), without(false));
        tags = texts(first.get("tags"));
        for (key, value) in Arc::make_mut(&mut values) {
            if value.is_null() {
                let kept = [&first, &base].into_iter().filter_map(|m| m.get(key)).find(|v| !v.is_null());
                if let Some(kept) = kept {
                    *value = kept.clone();
                }
            }
        }
    }
    let mut distinct = Vec::new();
    for tag in tags.into_iter().chain(texts(values.get("tags"))) {
        if !distinct.contains(&tag) {
            distinct.push(tag);
        }
    }
    let values = ordered(resource, values, layers);
    Resolved { said: Arc::new(Said { values, effective, tags: distinct }), places }
}

/// Puts the user's own keys in the order in which dbt's resolutions meet them: first those of both trees,
/// then those of the file, then those of the property file.
fn ordered(resource: ResourceType, values: Arc<JsonMap>, layers: Layers<'_>) -> Arc<JsonMap> {
    let known = defaults(resource);
    if values.len() <= known.len() + 1 {
        return values;
    }
    let mut values = Arc::unwrap_or_clone(values);
    let mut ordered: JsonMap = values.iter().filter(|(key, _)| known.contains_key(*key)).map(pair).collect();
    let met = layers.own.iter().chain(layers.root).chain([layers.calls]).chain(layers.properties);
    // Within a layer the keys that adapters know come first.
    let own = |setting: &&Setting| matches!(&*setting.key, "indexes" | "unlogged");
    let in_order = |layer: &Layer| -> Vec<Setting> {
        let (first, rest): (Vec<&Setting>, Vec<&Setting>) = layer.iter().partition(own);
        first.into_iter().chain(rest).cloned().collect()
    };
    for setting in met.flat_map(in_order) {
        if let Some(value) = values.get(&*setting.key).filter(|_| !ordered.contains_key(&*setting.key)) {
            ordered.insert(setting.key.to_string(), value.clone());
        }
    }
    values.retain(|key, _| !ordered.contains_key(key));
    ordered.extend(values);
    Arc::new(ordered)
}

fn pair((key, value): (&String, &Json)) -> (String, Json) {
    (key.clone(), value.clone())
}

/// Reads a text or a list of texts.
pub(super) fn texts(value: Option<&Json>) -> Vec<String> {
    match value {
        Some(Json::String(text)) => vec![text.clone()],
        Some(Json::Array(items)) => items.iter().filter_map(Json::as_str).map(str::to_owned).collect(),
        _ => Vec::new(),
    }
}

/// Joins the layers as dbt does for state comparison: later keys win, nothing is checked or renamed.
/// `own` and `root` hold the values before they were rendered. The others do so only where `written` asks for it
/// (`state_modified_compare_more_unrendered_values`).
pub(super) fn unrendered(layers: Layers<'_>, written: bool) -> JsonMap {
    let layers = layers.own.iter().chain(layers.properties).chain([layers.calls]).chain(layers.root);
    let value = |setting: &Setting| match setting.written.as_ref().filter(|_| written) {
        Some(text) => text.clone(),
        None => setting.value.clone(),
    };
    layers.flat_map(Layer::iter).map(|setting| (setting.key.to_string(), value(setting))).collect()
}

/// Makes the layer of one `config()` call. Errors when a hook is given in both spellings.
pub(super) fn call_layer(values: JsonMap, span: Option<Span>, problems: &mut Vec<Diagnostic>) -> Layer {
    let mut layer = Layer::default();
    for (key, value) in values {
        layer.set(key, value, span);
    }
    for (from, to) in [("pre_hook", "pre-hook"), ("post_hook", "post-hook")] {
        if layer.get(from).is_none() {
            continue;
        }
        if layer.get(to).is_some() {
            problems.push(
                Diagnostic::error(Code::CONFIG, span, format!("config has both `{from}` and `{to}`"))
                    .help(format!("keep `{to}`")),
            );
        }
        if let Some(setting) = layer.remove(from) {
            layer.set(to, setting.value, setting.span);
        }
    }
    layer
}
