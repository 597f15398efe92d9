//! `exposures:` and `groups:` of property files. Called by `mod`.

use std::sync::Arc;

use camino::Utf8Path;

use crate::diag::{Code, Diagnostic, suggest};
use crate::manifest::{
    Config, DependsOn, Exposure, Group, Json, JsonMap, RefCall, ResourceType, SourceCall, UniqueId,
};
use crate::yaml::{Map, Yaml};

use super::columns::Reader;
use super::config::{self, Layer, Layers};
use super::discover::fqn_prefix;
use super::properties::{RawEntry, config_layer};
use super::static_ref::{self, Reference};
use super::trees::Trees;

pub(super) const TYPES: [&str; 5] = ["dashboard", "notebook", "analysis", "ml", "application"];
pub(super) const MATURITIES: [&str; 3] = ["low", "medium", "high"];

/// Reads an exposure.
pub(super) fn exposure(
    entry: &RawEntry,
    trees: &Trees<'_>,
    created_at: f64,
    problems: &mut Vec<Diagnostic>,
) -> Option<Exposure> {
    let (given, span) = (entry.rendered.as_map()?, entry.rendered.span);
    let own = config_layer(given.get("config"), problems);
    let mut reader = Reader { given, span, problems };
    let name = reader.name("exposure")?;
    check_name(&name, given, reader.problems);
    let exposure_type = one_of(given, "type", &TYPES, &name, reader.problems).unwrap_or_default();
    if !given.contains("type") {
        let message = format!("exposure `{name}` needs a `type`");
        let help = format!("types: {}", TYPES.join(", "));
        reader.problems.push(Diagnostic::error(Code::MISSING_KEY, span, message).help(help));
    }
    let maturity = one_of(given, "maturity", &MATURITIES, &name, reader.problems);
    let owner = owner(given, entry, &name, reader.problems);
    let (label, url) = (reader.text("label"), reader.text("url"));
    let description = reader.text("description").unwrap_or_default();
    let (own_tags, own_meta) = (reader.tags("tags"), reader.mapping("meta"));
    let mut fqn = fqn_prefix(&entry.file.package, Utf8Path::new(&entry.file.path));
    fqn.push(name.clone());
    let (calls, package) = (Layer::default(), &entry.file.package);
    let tree = trees.layers(ResourceType::Exposure, package, &fqn);
    let layers = Layers { own: &tree.own, properties: Some(&own), calls: &calls, root: &tree.root };
    let resolved = config::resolve(ResourceType::Exposure, layers, problems);
    let raw = trees.raw_layers(ResourceType::Exposure, package, &fqn);
    let unrendered_config = config::unrendered(Layers { own: &raw.own, root: &raw.root, ..layers }, false);
    let mut values = JsonMap::clone(&resolved.said.values);
    let of_all = |key: &str| trees.project(package).configs.of_all_exposures(key).map(Yaml::to_json);
    let mut tags = config::texts(of_all("tags").as_ref());
    tags.extend(own_tags.into_iter().chain(config::texts(values.get("tags"))));
    tags.sort_unstable();
    tags.dedup();
    let mut meta = of_all("meta").and_then(|meta| meta.as_object().cloned()).unwrap_or_default();
    meta.extend(own_meta);
    meta.extend(values.get("meta").and_then(Json::as_object).cloned().unwrap_or_default());
    values.insert("tags".to_owned(), Json::from(tags.clone()));
    values.insert("meta".to_owned(), Json::Object(meta.clone()));
    let (refs, sources, metrics) = depends_on(given, problems);
    Some(Exposure {
        unique_id: UniqueId::new(ResourceType::Exposure, package, &name),
        name,
        package_name: Arc::clone(package),
        path: entry.file.path.clone(),
        original_file_path: entry.file.original_path.clone(),
        fqn,
        exposure_type,
        owner,
        description,
        label,
        maturity,
        meta,
        tags,
        config: Config::new(values),
        unrendered_config,
        url,
        depends_on: DependsOn::default(),
        refs,
        sources,
        metrics,
        created_at,
        file: entry.file.file,
        span,
    })
}

fn check_name(name: &str, given: &Map, problems: &mut Vec<Diagnostic>) {
    let fits = !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-'));
    if !fits {
        let place = given.get("name").map(|value| value.span);
        problems.push(
            Diagnostic::warning(
                Code::DEPRECATED,
                place,
                format!("Starting in v1.3, the 'name' of an exposure should contain only letters, numbers, and underscores. `{name}` does not follow this pattern"),
            )
            .help("put the name for people under `label`")
            .known_as("ExposureNameDeprecation"),
        );
    }
}

fn one_of(
    given: &Map,
    key: &str,
    allowed: &[&str],
    name: &str,
    problems: &mut Vec<Diagnostic>,
) -> Option<String> {
    let value = given.get(key).filter(|value| !value.is_null())?;
    match value.expect_str(key) {
        Ok(text) if allowed.contains(&text) => return Some(text.to_owned()),
        Ok(text) => {
            let message = format!("exposure `{name}` has the unknown {key} `{text}`");
            problems.push(
                Diagnostic::error(Code::INVALID_RESOURCE, value.span, message)
                    .help::<String>(suggest(text, allowed.iter().copied()))
                    .help(format!("known: {}", allowed.join(", "))),
            );
        }
        Err(problem) => problems.push(*problem),
    }
    None
}

/// An owner has a name or an email, and any other key.
fn owner(given: &Map, entry: &RawEntry, name: &str, problems: &mut Vec<Diagnostic>) -> Json {
    let what = entry.section.resource();
    let Some(value) = given.get("owner").filter(|value| !value.is_null()) else {
        let message = format!("{what} `{name}` needs an `owner`");
        problems.push(
            Diagnostic::error(Code::MISSING_KEY, entry.rendered.span, message)
                .help("write `owner: {name: ..., email: ...}`"),
        );
        return Json::Null;
    };
    let map = match value.expect_map("owner") {
        Ok(map) => map,
        Err(problem) => {
            problems.push(*problem);
            return Json::Null;
        }
    };
    let part = |key: &str| map.get(key).map_or(Json::Null, Yaml::to_json);
    let (email, owner_name) = (part("email"), part("name"));
    if email.is_null() && owner_name.is_null() {
        let message = format!("the owner of {what} `{name}` needs a `name` or an `email`");
        problems.push(Diagnostic::error(Code::INVALID_RESOURCE, value.span, message));
    }
    let mut shaped = JsonMap::new();
    shaped.insert("email".to_owned(), email);
    shaped.insert("name".to_owned(), owner_name);
    for entry in map.iter().filter(|entry| !matches!(&*entry.key, "email" | "name")) {
        shaped.insert(entry.key.to_string(), entry.value.to_json());
    }
    Json::Object(shaped)
}

type Dependencies = (Vec<RefCall>, Vec<SourceCall>, Vec<Vec<String>>);

fn depends_on(given: &Map, problems: &mut Vec<Diagnostic>) -> Dependencies {
    let mut found: Dependencies = Default::default();
    let span = given.get("depends_on").map(|value| value.span);
    let Some(span) = span else { return found };
    for item in (Reader { given, span, problems: &mut *problems }).list("depends_on") {
        match item.expect_str("depends_on").and_then(|text| static_ref::parse(text, item.span)) {
            Ok(Reference::Ref(call)) => found.0.push(call),
            Ok(Reference::Source(call)) => found.1.push(call),
            Ok(Reference::Metric(names)) => found.2.push(names),
            Err(problem) => problems.push(*problem),
        }
    }
    found
}

/// Reads a group.
pub(super) fn group(entry: &RawEntry, trees: &Trees<'_>, problems: &mut Vec<Diagnostic>) -> Option<Group> {
    let (given, span) = (entry.rendered.as_map()?, entry.rendered.span);
    let own = config_layer(given.get("config"), problems);
    let mut reader = Reader { given, span, problems };
    let name = reader.name("group")?;
    let description = reader.text("description");
    let owner = owner(given, entry, &name, reader.problems);
    let package = &entry.file.package;
    let mut fqn = fqn_prefix(package, Utf8Path::new(&entry.file.path));
    fqn.push(name.clone());
    let tree = trees.layers(ResourceType::Group, package, &fqn);
    Some(Group {
        unique_id: UniqueId::new(ResourceType::Group, package, &name),
        name,
        resource_type: ResourceType::Group,
        package_name: Arc::clone(package),
        path: entry.file.path.clone(),
        original_file_path: entry.file.original_path.clone(),
        owner,
        description,
        config: group_config(&tree.own, &own, &tree.root),
        span,
    })
}

/// dbt resolves a group's configuration from the tree of models; only `meta` is merged, and hooks fall away.
fn group_config(own: &[Layer], properties: &Layer, root: &[Layer]) -> Json {
    let mut values = JsonMap::new();
    values.insert("meta".to_owned(), Json::Object(JsonMap::new()));
    let is_hook = |key: &str| matches!(key, "pre-hook" | "post-hook" | "pre_hook" | "post_hook");
    for setting in own.iter().chain([properties]).chain(root).flat_map(Layer::iter) {
        if is_hook(&setting.key) {
            continue;
        }
        let joined = match (&*setting.key, values.get("meta"), &setting.value) {
            ("meta", Some(Json::Object(earlier)), Json::Object(update)) => {
                let mut meta = earlier.clone();
                meta.extend(update.clone());
                Json::Object(meta)
            }
            _ => setting.value.clone(),
        };
        values.insert(setting.key.to_string(), joined);
    }
    Json::Object(values)
}
