//! What can only be checked when everything is known: names and relations that collide, groups, access,
//! snapshots, names with spaces, deprecated models, unused config paths. Called by `mod`.

use std::sync::Arc;

use crate::diag::{Code, Diagnostic, Span, suggest};
use crate::hash::HashMap;
use crate::manifest::{
    Disabled, Json, Manifest, Node, NodeKind, RefCall, ResourceType, SemanticEntry, version_text,
};
use crate::project::{ProjectFlags, Workspace};

use super::functions;
use super::resolve::start;
use super::semantic::{check_semantics, check_time_spine};

/// Checks a manifest. With `debug`, each of many like problems is told.
pub(super) fn check(manifest: &Manifest, workspace: &Workspace, debug: bool, problems: &mut Vec<Diagnostic>) {
    unique_names(manifest, &workspace.flags, problems);
    unique_relations(manifest, problems);
    groups(manifest, problems);
    spaces(manifest, (&workspace.flags, debug), problems);
    for node in manifest.nodes.values() {
        match node.kind {
            NodeKind::Model { .. } => {
                public_ephemeral(node, problems);
            }
            NodeKind::Snapshot => snapshot(node, problems),
            _ => {}
        }
    }
    problems.extend(manifest.functions.values().filter_map(|node| functions::defaults_come_last(node)));
    deprecated(manifest, problems);
    check_time_spine(manifest, problems);
    check_semantics(manifest, &|name| workspace.flags.behavior(name), problems);
    problems.extend(unused_paths(manifest, workspace));
}

fn refable(manifest: &Manifest) -> impl Iterator<Item = &Arc<Node>> {
    manifest.nodes.values().filter(|node| node.resource_type().is_refable())
}

/// One package has each name once among what `ref` can mean; versions of a model count as one.
fn unique_names(manifest: &Manifest, flags: &ProjectFlags, problems: &mut Vec<Diagnostic>) {
    let mut seen: HashMap<(&str, &str), &Arc<Node>> = HashMap::default();
    for node in refable(manifest).filter(|node| !node.is_ephemeral()) {
        let key = (&*node.package_name, node.name.as_str());
        let Some(first) = seen.get(&key) else {
            seen.insert(key, node);
            continue;
        };
        let (versioned, first_versioned) = (node.version().is_some(), first.version().is_some());
        if versioned && first_versioned {
            continue;
        }
        let (name, place) = (&node.name, start(node.span));
        let message = if versioned == first_versioned {
            format!("{} and {} are both called `{name}`", first.resource_type(), node.resource_type())
        } else {
            format!("`{name}` is the name of a model with versions and of one without")
        };
        let strict = versioned != first_versioned || flags.behavior("require_unique_project_resource_names");
        let problem = if strict {
            Diagnostic::error(Code::DUPLICATE_NAME, place, message)
        } else {
            Diagnostic::warning(Code::DUPLICATE_NAME, place, message)
                .known_as("DuplicateNameDistinctNodeTypesDeprecation")
        };
        let help = format!("rename one of them: `ref('{name}')` should have one meaning");
        problems.push(problem.label(start(first.span), "the other one").help(help));
    }
}

fn unique_relations(manifest: &Manifest, problems: &mut Vec<Diagnostic>) {
    let mut seen: HashMap<&str, &Arc<Node>> = HashMap::default();
    for node in refable(manifest).filter(|node| !node.is_ephemeral()) {
        let Some(relation) = node.relation_name.as_deref() else { continue };
        match seen.get(relation) {
            Some(first) => problems.push(
                Diagnostic::error(
                    Code::DUPLICATE_RELATION,
                    start(node.span),
                    format!(
                        "dbt found two resources with the database representation \"{}\": `{}` and `{}`",
                        relation.replace('"', ""),
                        first.unique_id,
                        node.unique_id
                    ),
                )
                .label(start(first.span), "also builds it")
                .help("no two can have identical database representations: give one of them another `alias` or `schema`"),
            ),
            None => {
                seen.insert(relation, node);
            }
        }
    }
}

fn groups(manifest: &Manifest, problems: &mut Vec<Diagnostic>) {
    let known: Vec<&str> = manifest.groups.values().map(|group| group.name.as_str()).collect();
    let exists = |package: &str, name: &str| {
        manifest.groups.values().any(|group| group.name == name && *group.package_name == *package)
    };
    let of_package = |package: &str| {
        let own = manifest.groups.values().filter(|group| *group.package_name == *package);
        let mut names: Vec<String> = own.map(|group| format!("'{}'", group.name)).collect();
        names.sort_unstable();
        names.join(", ")
    };
    // A test has the group of its model, which is checked there.
    let nodes = manifest.nodes.values().filter(|node| !matches!(node.kind, NodeKind::GenericTest(_)));
    let place = |node: &Node| node.place_of("group");
    let nodes =
        nodes.map(|node| (node.resource_type(), &node.name, &node.package_name, &node.group, place(node)));
    let entries = semantic_entries(manifest);
    let entries = entries.map(|(kind, one)| (kind, &one.name, &one.package_name, &one.group, one.span));
    for (kind, name, package, group, span) in nodes.chain(entries) {
        let Some(group) = group.as_deref().filter(|group| !exists(package, group)) else { continue };
        problems.push(
            Diagnostic::error(
                Code::INVALID_RESOURCE,
                start(span),
                format!("{kind} `{name}` belongs to the group `{group}`, which does not exist"),
            )
            .note(format!("Invalid group '{group}', expected one of [{}]", of_package(package)))
            .help::<String>(suggest(group, known.iter().copied()))
            .help("groups are declared under `groups:` in a property file"),
        );
    }
}

/// Returns the resources of the semantic layer, with what they are.
fn semantic_entries(manifest: &Manifest) -> impl Iterator<Item = (ResourceType, &SemanticEntry)> {
    let metrics = manifest.metrics.values().map(|one| (ResourceType::Metric, &one.entry));
    let models = manifest.semantic_models.values().map(|one| (ResourceType::SemanticModel, &one.entry));
    let queries = manifest.saved_queries.values().map(|one| (ResourceType::SavedQuery, &one.entry));
    metrics.chain(models).chain(queries)
}

/// Names with spaces are errors, or, where the project allows them still, told of once: the first and how many.
fn spaces(manifest: &Manifest, (flags, debug): (&ProjectFlags, bool), problems: &mut Vec<Diagnostic>) {
    let spaced: Vec<_> = manifest.nodes.values().filter(|node| node.name.contains(' ')).collect();
    if flags.behavior("require_resource_names_without_spaces") {
        problems.extend(spaced.iter().map(|node| {
            let (kind, name, path) = (node.resource_type(), &node.name, &node.original_file_path);
            let message = format!("Resource names cannot contain spaces: {kind} `{name}` ({path})");
            Diagnostic::error(Code::INVALID_RESOURCE, start(node.span), message).help("use `_` instead")
        }));
        return;
    }
    for node in spaced.iter().take(if debug { spaced.len() } else { 1 }) {
        let message = format!("Found spaces in the name of `{}`", node.unique_id);
        problems.push(
            Diagnostic::warning(Code::DEPRECATED, start(node.span), message)
                .help("use `_` instead")
                .known_as("SpacesInResourceNameDeprecation"),
        );
    }
    if !spaced.is_empty() {
        let hint = if debug { "" } else { " Run again with `--debug` to see them all." };
        let message = format!(
            "Spaces found in {} resource name(s): this is deprecated, and may lead to errors.{hint}",
            spaced.len()
        );
        problems.push(
            Diagnostic::warning(Code::DEPRECATED, None, message)
                .known_as("ResourceNamesWithSpacesDeprecation"),
        );
    }
}

fn public_ephemeral(node: &Node, problems: &mut Vec<Diagnostic>) {
    let NodeKind::Model { access, .. } = &node.kind else { return };
    if access == "public" && node.is_ephemeral() {
        let message = format!("model `{}` is ephemeral, so it cannot be public", node.name);
        problems.push(Diagnostic::error(Code::ACCESS, start(node.span), message).help(
            "only what is built can be used from elsewhere: materialize it, or set `access: protected`",
        ));
    }
}

fn snapshot(node: &Node, problems: &mut Vec<Diagnostic>) {
    let config = &node.config;
    let is_set = |key: &str| match config.set(key) {
        Some(Json::String(text)) => !text.is_empty(),
        Some(Json::Array(items)) => !items.is_empty(),
        Some(_) => true,
        None => false,
    };
    // The notes are dbt's words, which scripts look for.
    let mut fail = |message: String, words: &str, help: &str| {
        let problem = Diagnostic::error(Code::CONFIG, start(node.span), message);
        let problem = if words.is_empty() { problem } else { problem.note(words) };
        problems.push(if help.is_empty() { problem } else { problem.help(help) });
    };
    let name = &node.name;
    for key in ["strategy", "unique_key"] {
        if !is_set(key) {
            let words = "Snapshots must be configured with a 'strategy' and 'unique_key'.";
            fail(format!("snapshot `{name}` needs the config `{key}`"), words, "");
        }
    }
    match config.text("strategy") {
        Some("check") if !is_set("check_cols") => fail(
            format!("snapshot `{name}` with strategy `check` needs the config `check_cols`"),
            "A snapshot configured with the check strategy must specify a check_cols configuration.",
            "",
        ),
        Some("check") if config.text("check_cols").is_some_and(|text| text != "all") => {
            let given = config.text("check_cols").unwrap_or_default();
            fail(
                format!("`check_cols` of snapshot `{name}` is `{given}`"),
                &format!("Invalid value for 'check_cols': {given}. Expected 'all' or a list of strings."),
                "write `all` or a list of columns",
            );
        }
        Some("timestamp") if !is_set("updated_at") => fail(
            format!("snapshot `{name}` with strategy `timestamp` needs the config `updated_at`"),
            "A snapshot configured with the timestamp strategy must specify an updated_at configuration.",
            "",
        ),
        Some("timestamp") if is_set("check_cols") => fail(
            format!("snapshot `{name}` with strategy `timestamp` cannot have `check_cols`"),
            "A 'timestamp' snapshot should not have 'check_cols'",
            "remove it, or use strategy `check`",
        ),
        _ => {}
    }
    if config.text("materialized") != Some("snapshot") {
        fail(format!("snapshot `{name}` cannot have another materialization"), "", "remove `materialized`");
    }
}

/// Tells of models that are past their date, and of those that use them.
fn deprecated(manifest: &Manifest, problems: &mut Vec<Diagnostic>) {
    let dated: HashMap<_, _> = refable(manifest)
        .filter_map(|node| match &node.kind {
            NodeKind::Model { deprecation_date: Some(date), .. } => Some((&node.unique_id, (node, date))),
            _ => None,
        })
        .collect();
    if dated.is_empty() {
        return;
    }
    let now = jiff::Timestamp::now();
    let is_past = |date: &str| date.parse::<jiff::Timestamp>().is_ok_and(|date| date < now);
    for node in refable(manifest) {
        if let Some((_, date)) = dated.get(&node.unique_id).filter(|(_, date)| is_past(date)) {
            let message = format!(
                "Model {} has passed its deprecation date of {date}. This model should be disabled or removed",
                node.search_name()
            );
            let version = node.version().unwrap_or_default();
            let warning = Diagnostic::warning(Code::DEPRECATED, start(node.span), message);
            let warning = warning.fact("model_name", &node.name).fact("model_version", version);
            problems.push(warning.fact("deprecation_date", date.as_str()).known_as("DeprecatedModel"));
        }
        if !matches!(node.kind, NodeKind::Model { .. }) {
            continue;
        }
        for (target, date) in node.depends_on.nodes.iter().filter_map(|id| dated.get(id)) {
            let place = call_of(node, target).unwrap_or_else(|| start(node.span));
            let (tense, known_as) = if is_past(date) {
                ("was deprecated on", "DeprecatedReference")
            } else {
                ("is slated for deprecation on", "UpcomingReferenceDeprecation")
            };
            let message = format!(
                "While compiling '{}': Found a reference to {}, which {tense} '{date}'",
                node.name,
                target.search_name()
            );
            let newer = target.latest_version().filter(|latest| Some(latest) != target.version().as_ref());
            let help =
                newer.map(|latest| format!("a newer version exists: `ref('{}', v={latest})`", target.name));
            let warning = Diagnostic::warning(Code::DEPRECATED, place, message);
            let text = |version: Option<String>| version.unwrap_or_default();
            let warning = warning
                .fact("model_name", &node.name)
                .fact("ref_model_package", &*target.package_name)
                .fact("ref_model_name", &target.name)
                .fact("ref_model_version", text(target.version()))
                .fact("ref_model_latest_version", text(target.latest_version()))
                .fact("ref_model_deprecation_date", date.as_str());
            problems.push(warning.help::<String>(help).known_as(known_as));
        }
    }
}

fn call_of(node: &Node, target: &Node) -> Option<Span> {
    let asked = |call: &&RefCall| call.version.as_ref().map(version_text) == target.version();
    let named = || node.refs.iter().filter(|call| call.name == target.name);
    named().find(asked).or_else(|| named().next()).and_then(|call| call.span)
}

fn unused_paths(manifest: &Manifest, workspace: &Workspace) -> Option<Diagnostic> {
    let mut fqns: HashMap<&str, Vec<Vec<String>>> = HashMap::default();
    for node in manifest.all_nodes() {
        let key = match node.resource_type() {
            ResourceType::Model => "models",
            ResourceType::Seed => "seeds",
            ResourceType::Snapshot => "snapshots",
            ResourceType::Test => "data_tests",
            ResourceType::Function => "functions",
            _ => continue,
        };
        fqns.entry(key).or_default().push(node.fqn.clone());
    }
    fqns.insert("sources", manifest.sources.values().map(|table| table.fqn.clone()).collect());
    fqns.insert("exposures", manifest.exposures.values().map(|exposure| exposure.fqn.clone()).collect());
    fqns.insert("unit_tests", manifest.unit_tests.values().map(|test| test.fqn.clone()).collect());
    fqns.insert("metrics", manifest.metrics.values().map(|metric| metric.entry.fqn.clone()).collect());
    let models = manifest.semantic_models.values().map(|model| model.entry.fqn.clone());
    fqns.insert("semantic_models", models.collect());
    fqns.insert(
        "saved_queries",
        manifest.saved_queries.values().map(|query| query.entry.fqn.clone()).collect(),
    );
    let disabled: Vec<Vec<String>> = manifest
        .disabled
        .values()
        .flatten()
        .map(|disabled| match disabled {
            Disabled::Node(node) => node.fqn.clone(),
            Disabled::Source(table) => table.fqn.clone(),
            Disabled::Exposure(exposure) => exposure.fqn.clone(),
            Disabled::UnitTest(test) => test.fqn.clone(),
            Disabled::Metric(metric) => metric.entry.fqn.clone(),
            Disabled::SemanticModel(model) => model.entry.fqn.clone(),
            Disabled::SavedQuery(query) => query.entry.fqn.clone(),
        })
        .collect();
    workspace.project.configs.unused_warning(&fqns, &disabled)
}
