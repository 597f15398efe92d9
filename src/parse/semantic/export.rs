//! Where an export of a saved query is written: its own config over that of the query, names by the
//! `generate_*_name` macros. Called by `read`.

use std::sync::Arc;

use super::fields::EXPORT_TYPES;
use crate::diag::{Code as DiagCode, Diagnostic};
use crate::manifest::{Checksum, Json, JsonMap, Language, NodeKind, ResourceType, SemanticEntry};
use crate::parse::names::{Names, Part};
use crate::parse::node::{Code, Identity, unconfigured};
use crate::parse::resolve::start;

/// Completes an export: an object with `name` and `config`.
pub(super) fn export(given: &Json, query: &SemanticEntry, names: &Names) -> Result<Json, Box<Diagnostic>> {
    let name = given.get("name").and_then(Json::as_str).unwrap_or_default();
    let written = given.get("config").and_then(Json::as_object).cloned().unwrap_or_default();
    let mut config: JsonMap = query.config.values().clone();
    config.extend(written.clone());
    let export_as = config.get("export_as").and_then(Json::as_str);
    if !export_as.is_some_and(|kind| EXPORT_TYPES.contains(&kind)) {
        let is = export_as.map_or_else(|| "is not given".to_owned(), |kind| format!("is `{kind}`"));
        let message = format!(
            "`export_as` of the export `{name}` of saved query `{}` {is}: it must be `table` or `view`",
            query.name
        );
        return Err(Box::new(Diagnostic::error(DiagCode::CONFIG, start(query.span), message)));
    }
    let text = |key: &str| config.get(key).and_then(Json::as_str).filter(|text| !text.is_empty());
    let stand_in = unconfigured(
        Identity {
            resource: ResourceType::SavedQuery,
            package: Arc::clone(&query.package_name),
            name: name.to_owned(),
            path: query.path.clone(),
            original_file_path: query.original_file_path.clone(),
            fqn: query.fqn.clone(),
        },
        Code {
            text: Arc::from(""),
            checksum: Checksum { name: "none".to_owned(), checksum: String::new() },
            language: Language::Sql,
            file: query.file,
            span: query.span,
        },
        NodeKind::Analysis,
        query.created_at,
    );
    // dbt asks its macros without a custom schema: the schema of an export is taken as it is given.
    let schema = match text("schema_name").or_else(|| text("schema")) {
        Some(schema) => schema.to_owned(),
        None => names.part(Part::Schema, None, &stand_in)?,
    };
    let alias = match text("alias") {
        Some(alias) => alias.to_owned(),
        None => names.part(Part::Alias, None, &stand_in)?,
    };
    let database = names.part(Part::Database, text("database"), &stand_in)?;
    let shown = serde_json::json!({
        "export_as": config.get("export_as").cloned().unwrap_or_default(),
        "schema_name": schema,
        "alias": alias,
        "database": database,
    });
    Ok(serde_json::json!({"name": name, "config": shown, "unrendered_config": written}))
}
