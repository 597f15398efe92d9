//! Rows of a catalog query → entries of nodes and sources. Pure; called by `query`.

use crate::hash::HashMap;

use crate::hash::IndexMap;

use crate::artifacts::{Catalog, CatalogColumn, CatalogStat, CatalogTable, TableMetadata};
use crate::diag::{Code, Diagnostic};
use crate::manifest::{Json, JsonMap, UniqueId};

/// Database, schema and name of a relation, in lower case: how rows and resources find each other.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Key {
    database: Option<String>,
    schema: String,
    name: String,
}

impl Key {
    pub(super) fn new(database: Option<&str>, schema: &str, name: &str) -> Self {
        let database = database.filter(|database| !database.is_empty());
        Self {
            database: database.map(str::to_lowercase),
            schema: schema.to_lowercase(),
            name: name.to_lowercase(),
        }
    }
}

/// Who wants to know of a relation: the node that builds it, and the sources that read it.
#[derive(Clone, Debug, Default)]
pub(super) struct Wanted {
    pub(super) node: Option<UniqueId>,
    pub(super) sources: Vec<UniqueId>,
}

/// Database, schema and name, to the letter.
type Place<'r> = (Option<&'r str>, &'r str, &'r str);

/// Groups rows, one a column, by relation, and hands each to the resources that want it; others are dropped.
///
/// Errors when a row lacks a column that every catalog query has, or when a source matches two relations.
pub(super) fn group(rows: &[JsonMap], wanted: &HashMap<Key, Wanted>) -> Result<Catalog, Diagnostic> {
    // Rows are of one relation when their names are the same to the letter.
    let mut tables: IndexMap<Place<'_>, (TableMetadata, Vec<&JsonMap>)> = IndexMap::default();
    for row in rows {
        let schema = required(row, "table_schema")?;
        let name = required(row, "table_name")?;
        let place = (text(row, "table_database"), schema, name);
        let table = tables.entry(place).or_insert_with(|| (table_metadata(row, place), Vec::new()));
        table.1.push(row);
    }
    let mut catalog = Catalog::default();
    for ((database, schema, name), (metadata, rows)) in tables {
        let Some(who) = wanted.get(&Key::new(database, schema, name)) else { continue };
        let columns = columns(&rows)?;
        let stats = rows.first().map(|row| stats(row)).unwrap_or_default();
        let table = |unique_id: &UniqueId| CatalogTable {
            metadata: metadata.clone(),
            columns: columns.clone(),
            stats: stats.clone(),
            unique_id: unique_id.clone(),
        };
        if let Some(id) = &who.node {
            catalog.nodes.insert(id.clone(), table(id));
        }
        for id in &who.sources {
            if let Some(other) = catalog.sources.insert(id.clone(), table(id)) {
                return Err(ambiguous(id, &other.metadata, &metadata));
            }
        }
    }
    Ok(catalog)
}

fn ambiguous(id: &UniqueId, first: &TableMetadata, second: &TableMetadata) -> Diagnostic {
    let place = |table: &TableMetadata| {
        let database = table.database.as_deref().unwrap_or_default();
        format!("`{database}.{}.{}`", table.schema, table.name)
    };
    let message = format!("`{id}` matches two relations: {} and {}", place(first), place(second));
    Diagnostic::error(Code::INVALID_RESOURCE, None, message)
        .help("their names differ only in case; rename or drop one of them")
}

fn text<'r>(row: &'r JsonMap, key: &str) -> Option<&'r str> {
    row.get(key).and_then(Json::as_str)
}

fn required<'r>(row: &'r JsonMap, key: &str) -> Result<&'r str, Diagnostic> {
    text(row, key).ok_or_else(|| {
        let found: Vec<_> = row.keys().map(|key| format!("`{key}`")).collect();
        let message = format!("the catalog query answers without `{key}`");
        Diagnostic::error(Code::INVALID_RESOURCE, None, message)
            .note(format!("its columns are {}", found.join(", ")))
            .help("a macro `get_catalog` or `get_catalog_relations` of the project may replace the built-in one")
    })
}

fn table_metadata(row: &JsonMap, (database, schema, name): Place<'_>) -> TableMetadata {
    let owned = |key: &str| text(row, key).map(str::to_owned);
    TableMetadata {
        kind: owned("table_type").unwrap_or_default(),
        schema: schema.to_owned(),
        name: name.to_owned(),
        database: database.map(str::to_owned),
        comment: owned("table_comment"),
        owner: owned("table_owner"),
    }
}

fn columns(rows: &[&JsonMap]) -> Result<IndexMap<String, CatalogColumn>, Diagnostic> {
    let mut columns = IndexMap::default();
    columns.reserve(rows.len());
    for row in rows {
        let name = required(row, "column_name")?.to_owned();
        let index = match row.get("column_index") {
            Some(Json::String(text)) => text.parse().unwrap_or(0),
            Some(number) => number.as_i64().unwrap_or(0),
            None => 0,
        };
        let column = CatalogColumn {
            data_type: text(row, "column_type").unwrap_or_default().to_owned(),
            index,
            name: name.clone(),
            comment: text(row, "column_comment").map(str::to_owned),
        };
        columns.insert(name, column);
    }
    Ok(columns)
}

/// Reads `stats:ID:label`, `:value`, `:description`, `:include`; figures that say so are left out.
fn stats(row: &JsonMap) -> IndexMap<String, CatalogStat> {
    let mut stats = IndexMap::default();
    let labels = row.iter().filter_map(|(key, label)| {
        Some((key.strip_prefix("stats:")?.strip_suffix(":label")?, label.as_str()?))
    });
    for (id, label) in labels {
        let part = |name: &str| row.get(&format!("stats:{id}:{name}"));
        let include = part("include").is_some_and(|include| include.as_bool().unwrap_or(true));
        let Some(value) = part("value").filter(|value| include && !value.is_null()) else { continue };
        let description = part("description").and_then(Json::as_str).map(str::to_owned);
        let stat = CatalogStat {
            id: id.to_owned(),
            label: label.to_owned(),
            value: value.clone(),
            include,
            description,
        };
        stats.insert(id.to_owned(), stat);
    }
    let has_stats = CatalogStat {
        id: "has_stats".to_owned(),
        label: "Has Stats?".to_owned(),
        value: Json::from(!stats.is_empty()),
        include: false,
        description: Some("Indicates whether there are statistics for this table".to_owned()),
    };
    stats.insert(has_stats.id.clone(), has_stats);
    stats
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn row(name: &str, column: &str, index: i64) -> JsonMap {
        let row = json!({
            "table_database": "db", "table_schema": "Main", "table_name": name, "table_type": "BASE TABLE",
            "table_comment": null, "column_name": column, "column_index": index, "column_type": "INTEGER",
            "column_comment": "c", "table_owner": null,
            "stats:rows:label": "Rows", "stats:rows:value": 3, "stats:rows:include": true,
            "stats:rows:description": "how many", "stats:size:label": "Size", "stats:size:value": 1,
            "stats:size:include": false,
        });
        row.as_object().cloned().unwrap_or_default()
    }

    fn wanted(sources: &[&str]) -> HashMap<Key, Wanted> {
        let who = Wanted {
            node: Some(UniqueId::from_artifact("model.shop.orders")),
            sources: sources.iter().map(|id| UniqueId::from_artifact(id)).collect(),
        };
        HashMap::from_iter([(Key::new(Some("DB"), "main", "ORDERS"), who)])
    }

    #[test]
    fn rows_find_their_resources_in_any_case() {
        let rows = [row("Orders", "id", 1), row("Orders", "at", 2), row("other", "id", 1)];
        let catalog = group(&rows, &wanted(&["source.shop.raw.orders"])).unwrap();
        assert_eq!(catalog.nodes.len(), 1);
        assert_eq!(catalog.sources.len(), 1);
        let table = &catalog.nodes[0];
        assert_eq!(table.metadata.name, "Orders");
        assert_eq!(table.columns.keys().collect::<Vec<_>>(), ["id", "at"]);
        assert_eq!(table.columns["at"].index, 2);
        assert_eq!(table.stats.keys().collect::<Vec<_>>(), ["rows", "has_stats"]);
        assert_eq!(table.stats["has_stats"].value, json!(true));
    }

    #[test]
    fn a_source_with_two_relations_is_an_error() {
        let rows = [row("Orders", "id", 1), row("orders", "id", 1)];
        let problem = group(&rows, &wanted(&["source.shop.raw.orders"])).unwrap_err();
        assert!(problem.message.contains("matches two relations"), "{}", problem.message);
    }

    #[test]
    fn a_query_without_a_column_is_an_error() {
        let mut broken = row("orders", "id", 1);
        broken.shift_remove("table_name");
        let problem = group(&[broken], &wanted(&[])).unwrap_err();
        assert_eq!(problem.message, "the catalog query answers without `table_name`");
    }
}
