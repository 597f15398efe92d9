//! What only models have: versions, contracts, constraints, deprecation (`resources.md` sections 3 and 4).
//! Called by `mod` around the common configuration of a node.

use std::sync::Arc;

use crate::adapter::datetime_str;
use crate::diag::{Code, Diagnostic, Span};
use crate::manifest::{Config, Json, Node, NodeKind, UniqueId, wall_time};
use crate::yaml::{Value, Yaml};

use super::config::Layer;
use super::contract::{self, enforces_constraints, is_type};
use super::properties::{Properties, Version};
use super::python::str_of;
use super::static_ref::{self, Reference};

/// Makes the kind of a model that has no entry.
pub(super) fn kind() -> NodeKind {
    NodeKind::Model {
        access: "protected".to_owned(),
        constraints: Vec::new(),
        version: None,
        latest_version: None,
        deprecation_date: None,
        primary_key: Vec::new(),
        time_spine: None,
    }
}

/// Makes a model a version: its name, id and fqn change, which configuration then depends on.
pub(super) fn make_version(node: &mut Node, properties: &Properties, version: &Version) {
    let text = version.text();
    node.name.clone_from(&properties.name);
    node.unique_id = UniqueId::versioned(&node.package_name, &properties.name, &text);
    if let Some(last) = node.fqn.last_mut() {
        last.clone_from(&properties.name);
    }
    node.fqn.push(format!("v{text}"));
    if let NodeKind::Model { version: own, latest_version, .. } = &mut node.kind {
        *own = Some(version.v.to_json());
        *latest_version = properties.latest().map(Yaml::to_json);
    }
}

/// Joins the configuration of a model and of one version as dbt does: mappings deeply, lists the version's
/// before the model's, all else the version's.
pub(super) fn join_configs(model: &Layer, version: &Layer) -> Layer {
    let mut joined = model.clone();
    for setting in version.iter() {
        let earlier = joined.get(&setting.key).map(|earlier| earlier.value.clone());
        let value = deep_merge(earlier, &setting.value);
        joined.set(Arc::clone(&setting.key), value, setting.span);
        joined.keep_written(&setting.key, setting.written.clone());
    }
    joined
}

/// Puts a value over an earlier one as dbt does: mappings key by key, lists joined.
pub(super) fn deep_merge(earlier: Option<Json>, update: &Json) -> Json {
    match (earlier, update) {
        (Some(Json::Object(mut earlier)), Json::Object(update)) => {
            for (key, value) in update {
                let merged = deep_merge(earlier.get(key).cloned(), value);
                earlier.insert(key.clone(), merged);
            }
            Json::Object(earlier)
        }
        (Some(Json::Array(earlier)), Json::Array(update)) => {
            Json::Array(update.iter().cloned().chain(earlier).collect())
        }
        (_, update) => update.clone(),
    }
}

/// Adds what an entry says of a model beyond its configuration, and checks its contract.
pub(super) fn describe(
    node: &mut Node,
    properties: &Properties,
    version: Option<&Version>,
    problems: &mut Vec<Diagnostic>,
) {
    let own = version.map(|version| &version.constraints).filter(|constraints| !constraints.is_empty());
    let listed = own.unwrap_or(&properties.constraints).clone();
    let date = version.map_or(&properties.deprecation_date, |version| &version.deprecation_date);
    let date = date.as_ref().and_then(|date| {
        let read = iso_date(date);
        if read.is_none() {
            let message = format!("`deprecation_date` of `{}` is no date", properties.name);
            problems.push(
                Diagnostic::error(Code::INVALID_RESOURCE, date.span, message)
                    .help("write it as `2030-12-31`"),
            );
        }
        read
    });
    if let NodeKind::Model { constraints, deprecation_date, time_spine, .. } = &mut node.kind {
        constraints.clone_from(&listed);
        *deprecation_date = date;
        *time_spine = properties.time_spine.clone().filter(|_| version.is_none());
    }
    let place = version.map_or(properties.name_span, |version| version.v.span);
    check_keys(node, &listed, place, problems);
    // dbt adds the tables that foreign keys point to once for each time it applies an entry.
    for _ in 0..if version.is_some() { 2 } else { 1 } {
        add_foreign(node, &listed, place, problems);
    }
    if node.contract.enforced {
        check_contract(node, &listed, place, problems);
        let materialized = node.config.text("materialized").unwrap_or("view");
        node.contract.checksum = Some(contract::checksum(&node.columns, materialized, &listed));
    }
}

fn check_keys(node: &Node, constraints: &[Json], place: Span, problems: &mut Vec<Diagnostic>) {
    let has_key = |list: &[Json]| list.iter().any(|constraint| is_type(constraint, "primary_key"));
    let columns: Vec<String> =
        node.columns.values().filter(|c| has_key(&c.constraints)).map(|c| format!("'{}'", c.name)).collect();
    if columns.len() > 1 {
        let (count, names) = (columns.len(), columns.join(", "));
        let message = format!(
            "Found {count} columns ([{names}]) with primary key constraints defined in `{}`",
            node.name
        );
        problems.push(
            Diagnostic::error(Code::INVALID_RESOURCE, place, message)
                .help("a key of several columns is a constraint of the model, with `columns: [...]`"),
        );
    }
    if !columns.is_empty() && has_key(constraints) {
        let message = format!(
            "Primary key constraints defined at the model level and the columns level of `{}`",
            node.name
        );
        problems.push(Diagnostic::error(Code::INVALID_RESOURCE, place, message).help("keep one of them"));
    }
}

fn add_foreign(node: &mut Node, constraints: &[Json], place: Span, problems: &mut Vec<Diagnostic>) {
    let all = node.columns.values().flat_map(|column| &column.constraints).chain(constraints);
    let targets: Vec<String> = all
        .filter(|constraint| is_type(constraint, "foreign_key"))
        .filter_map(|constraint| constraint.get("to").and_then(Json::as_str))
        .filter(|to| !to.is_empty())
        .map(str::to_owned)
        .collect();
    for to in targets {
        match static_ref::parse(&to, place) {
            Ok(Reference::Ref(call)) => node.refs.push(call),
            Ok(Reference::Source(call)) => node.sources.push(call),
            Ok(Reference::Metric(_)) => {
                let message = format!("a foreign key of `{}` cannot point to a metric", node.name);
                problems.push(Diagnostic::error(Code::INVALID_RESOURCE, place, message));
            }
            Err(problem) => problems.push(Diagnostic {
                message: format!(
                    "Invalid 'ref' or 'source' syntax on foreign key constraint 'to' on model {}: {to}.",
                    node.name
                ),
                ..*problem
            }),
        }
    }
}

fn check_contract(node: &Node, constraints: &[Json], place: Span, problems: &mut Vec<Diagnostic>) {
    if node.columns.is_empty() {
        let message = format!(
            "Constraints must be defined in a `yml` schema configuration file: `{}` has an enforced contract, but no columns are described",
            node.name
        );
        problems.push(
            Diagnostic::error(Code::INVALID_RESOURCE, place, message)
                .help("list its columns with their `data_type`"),
        );
    }
    if node.language != crate::manifest::Language::Sql {
        let message = format!(
            "Language Error: Expected 'sql' but found 'python': `{}` cannot have a contract",
            node.name
        );
        problems.push(Diagnostic::error(Code::INVALID_RESOURCE, place, message));
    }
    let materialized = node.config.text("materialized").unwrap_or("view");
    let all = node.columns.values().flat_map(|column| &column.constraints).chain(constraints);
    let wants_warning = |constraint: &Json| constraint.get("warn_unsupported") == Some(&Json::Bool(true));
    if !enforces_constraints(materialized) && all.into_iter().any(wants_warning) {
        let message = format!(
            "Constraint types are not supported for {materialized} materializations and will be ignored: those of `{}`",
            node.name
        );
        problems.push(
            Diagnostic::warning(Code::CONTRACT, place, message)
                .note(format!(
                    "Constraint types are not supported for {materialized} materializations and will be ignored"
                ))
                .help("only tables and incremental models have constraints")
                .help("set `warn_unsupported: false` on a constraint to stop this warning")
                .known_as("UnsupportedConstraintMaterialization"),
        );
    }
}

/// Shows the first date of a microbatch model with its time, as dbt does once it has checked it.
pub(super) fn begin_as_datetime(node: &mut Node) {
    let config = &node.config;
    let Some(begin) = config.text("begin").filter(|_| config.is_microbatch()) else { return };
    let Some(at) = wall_time(begin) else { return };
    let time = begin.find(['T', ' ']).map_or("", |at| &begin[at..]);
    let zone = match time.find(['+', '-', 'Z', 'z']).map(|at| &time[at..]) {
        Some("Z" | "z") => "+00:00",
        other => other.unwrap_or_default(),
    };
    let shown = format!("{}{zone}", datetime_str(at, 'T'));
    let mut values = config.values().clone();
    values.insert("begin".to_owned(), Json::from(shown));
    node.config = Config::new(values);
}

/// Returns a date as ISO text with a zone; a date without one is in the zone of this machine.
fn iso_date(value: &Yaml) -> Option<String> {
    let text = match &value.value {
        Value::Time(time) => time.iso(),
        _ => str_of(value),
    };
    let text = text.trim().replacen(' ', "T", 1);
    if let Ok(zoned) = text.parse::<jiff::Timestamp>() {
        let offset = text.rfind(['+', '-', 'Z']).map_or("Z", |at| &text[at..]);
        let (date, _) = text.split_at(text.len() - offset.len());
        let offset = if offset == "Z" { "+00:00" } else { offset };
        let _ = zoned;
        return Some(format!("{date}{offset}"));
    }
    let local: jiff::civil::DateTime =
        text.parse().or_else(|_| text.parse().map(|date: jiff::civil::Date| date.at(0, 0, 0, 0))).ok()?;
    let zoned = local.to_zoned(jiff::tz::TimeZone::system()).ok()?;
    let seconds = zoned.offset().seconds();
    let (sign, seconds) = if seconds < 0 { ('-', -seconds) } else { ('+', seconds) };
    let date = local.strftime("%Y-%m-%dT%H:%M:%S");
    Some(format!("{date}{sign}{:02}:{:02}", seconds / 3600, seconds / 60 % 60))
}
