//! A query as DuckDB's own parser writes it: without the shorthands that other parsers do not read.
//!
//! Input: any query in DuckDB's SQL. Output: the same in a plainer form (`from t` becomes `select * from t`, `x: a` becomes
//! `a as x`, a list comprehension becomes calls). Nothing is executed and no table is looked at. Called by `lineage`.

use duckdb::Connection;

use super::library;

/// DuckDB's parser and printer.
#[derive(Debug, Default)]
pub struct Canonical {
    connection: Option<Connection>,
}

impl Canonical {
    /// Returns a query in the plainer form. Errors with the engine's words on what it cannot read or write.
    pub fn query(&mut self, sql: &str) -> Result<String, String> {
        let connection = match &self.connection {
            Some(connection) => connection,
            None => {
                library::load().map_err(|error| error.to_string())?;
                let opened = Connection::open_in_memory().map_err(|error| error.to_string())?;
                self.connection.insert(opened)
            }
        };
        let tree: String = connection
            .query_row("SELECT json_serialize_sql(CAST(? AS VARCHAR))", [sql], |row| row.get(0))
            .map_err(|error| error.to_string())?;
        let parsed: serde_json::Value = serde_json::from_str(&tree).map_err(|error| error.to_string())?;
        if parsed["error"].as_bool() == Some(true) {
            let message = parsed["error_message"].as_str().unwrap_or("it cannot be read");
            return Err(message.lines().next().unwrap_or_default().to_owned());
        }
        connection
            .query_row("SELECT json_deserialize_sql(CAST(? AS JSON))", [&tree], |row| row.get(0))
            .map_err(|error| error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shorthands_are_written_out() {
        let mut canonical = Canonical::default();
        assert_eq!(canonical.query("from t").unwrap(), "SELECT * FROM t");
        assert_eq!(canonical.query("select x: a + 1 from t").unwrap(), "SELECT (a + 1) AS x FROM t");
        assert!(canonical.query("drop table t").is_err());
        assert!(canonical.query("select from where").is_err());
    }
}
