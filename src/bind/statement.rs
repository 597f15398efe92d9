//! The statements that are sent while checking, made of the texts in `templates/bind`.

use crate::manifest::Relation;
use crate::sql::{DuckDb, Ident, string_literal};

/// Makes a relation of a query as its build would: a view, or a table without rows.
pub(super) fn create(relation: &Relation, sql: &str, as_view: bool) -> String {
    let text = if as_view {
        include_str!("../../templates/bind/view.sql")
    } else {
        include_str!("../../templates/bind/table.sql")
    };
    fill(text, &[("relation", &relation.render()), ("sql", sql)])
}

/// Makes a table of columns and their types.
pub(super) fn create_columns(relation: &Relation, columns: &[(String, String)]) -> String {
    let column = |(name, ty): &(String, String)| format!("{} {ty}", Ident::new(name, relation.dialect));
    let columns: Vec<String> = columns.iter().map(column).collect();
    let text = include_str!("../../templates/bind/columns.sql");
    fill(text, &[("relation", &relation.render()), ("columns", &columns.join(", "))])
}

/// Binds a query of which nothing is kept.
pub(super) fn bind(sql: &str) -> String {
    fill(include_str!("../../templates/bind/query.sql"), &[("sql", sql)])
}

/// Forgets the query that was bound.
pub(super) fn forget() -> &'static str {
    include_str!("../../templates/bind/forget.sql")
}

/// Makes a schema, given as it is written.
pub(super) fn create_schema(schema: &str) -> String {
    fill(include_str!("../../templates/bind/schema.sql"), &[("schema", schema)])
}

/// Makes names without a schema mean those of one, given as it is written.
pub(super) fn use_schema(schema: &str) -> String {
    fill(include_str!("../../templates/bind/use.sql"), &[("schema", schema)])
}

/// Makes an empty database of DuckDB, unless it is there.
pub(super) fn attach_empty(database: &str) -> String {
    let database = Ident::new(database, &DuckDb).to_string();
    fill(include_str!("../../templates/bind/attach_empty.sql"), &[("database", &database)])
}

/// Opens a database file of DuckDB for reading.
pub(super) fn attach_file(file: &str, database: &str) -> String {
    let (file, database) = (string_literal(file), Ident::new(database, &DuckDb).to_string());
    fill(include_str!("../../templates/bind/attach_file.sql"), &[("file", &file), ("database", &database)])
}

/// Closes it.
pub(super) fn detach(database: &str) -> String {
    let database = Ident::new(database, &DuckDb).to_string();
    fill(include_str!("../../templates/bind/detach.sql"), &[("database", &database)])
}

/// Asks DuckDB for all columns in one of its databases: schema, relation, column, type.
pub(super) fn existing_columns(database: &str) -> String {
    let database = string_literal(database);
    fill(include_str!("../../templates/bind/existing_columns.sql"), &[("database", &database)])
}

/// Asks DuckDB for the names of functions, types and sequences in one of its databases.
pub(super) fn existing_names(database: &str) -> String {
    let database = string_literal(database);
    fill(include_str!("../../templates/bind/existing_names.sql"), &[("database", &database)])
}

/// Puts values in the place of `{name}`. The last one may hold anything.
fn fill(text: &str, values: &[(&str, &str)]) -> String {
    values.iter().fold(text.trim_end().to_owned(), |text, (name, value)| {
        text.replacen(&format!("{{{name}}}"), value, 1)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_put_in_as_they_are() {
        let relation = Relation::new(&DuckDb, Some("w"), Some("main"), Some("a b"));
        let sql = create(&relation, "select '{relation}' as sql, {'sql': 1} as s", true);
        assert_eq!(
            sql,
            "create view \"w\".\"main\".\"a b\" as (\nselect '{relation}' as sql, {'sql': 1} as s\n)"
        );
        let columns = [("id".to_owned(), "INTEGER".to_owned()), ("a\"b".to_owned(), "TEXT".to_owned())];
        let sql = create_columns(&relation, &columns);
        assert_eq!(sql, "create table \"w\".\"main\".\"a b\" (\"id\" INTEGER, \"a\"\"b\" TEXT)");
    }
}
