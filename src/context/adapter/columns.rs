//! Methods about columns.

use super::super::column::{column_of, column_value};
use super::super::relation::{relation_arg, relation_value};
use super::super::run_scope::NodeScope;
use crate::jinja::{Call, Error, Value, elements, list, none, py_str};
use crate::manifest::{ColumnInfo, Relation};

pub(super) fn call(scope: &NodeScope, name: &str, call: &mut Call<'_>) -> Option<Result<Value, Error>> {
    Some(match name {
        "get_columns_in_relation" => {
            relation_arg(call, "relation").and_then(|relation| scope.answer_columns(&relation, call))
        }
        "get_columns_in_table" => in_table(scope, call),
        "get_missing_columns" => missing(scope, call).map(values),
        "expand_target_column_types" => expand(scope, call),
        "get_column_schema_from_query" => of_query(scope, call).map(values),
        _ => return None,
    })
}

fn values(columns: Vec<ColumnInfo>) -> Value {
    list(columns.into_iter().map(column_value).collect::<Vec<_>>())
}

impl NodeScope {
    /// Returns the columns of a relation; none when it does not exist.
    pub(super) fn columns_of(
        &self,
        relation: &Relation,
        call: &mut Call<'_>,
    ) -> Result<Vec<ColumnInfo>, Error> {
        let found = self.answer_columns(relation, call)?;
        Ok(elements(&found)?.iter().filter_map(column_of).collect::<Vec<_>>())
    }

    /// Returns what the macro answers, which a project may have replaced.
    fn answer_columns(&self, relation: &Relation, call: &mut Call<'_>) -> Result<Value, Error> {
        let args = vec![relation_value(relation.clone())];
        match self.asking_for(relation, || self.call_macro("get_columns_in_relation", args, call)) {
            Err(error) if missing_relation(&error) => Ok(values(Vec::new())),
            answer => answer,
        }
    }
}

/// DuckDB describes a relation, and refuses when there is none; dbt answers that with no columns.
fn missing_relation(error: &Error) -> bool {
    error.code() == crate::diag::Code::DATABASE && error.message().to_lowercase().contains("does not exist")
}

fn in_table(scope: &NodeScope, call: &mut Call<'_>) -> Result<Value, Error> {
    let schema = call.args.optional_str("schema")?;
    let identifier = call.args.optional_str("identifier")?;
    let shared = &scope.run().shared;
    let database = shared.target.get("database").and_then(|v| v.as_str());
    let relation = Relation::new(shared.dialect, database, schema.as_deref(), identifier.as_deref());
    scope.columns_of(&relation.with_quoting(shared.quoting), call).map(values)
}

fn missing(scope: &NodeScope, call: &mut Call<'_>) -> Result<Vec<ColumnInfo>, Error> {
    let from = relation_arg(call, "from_relation")?;
    let to = relation_arg(call, "to_relation")?;
    let (from, to) = (scope.columns_of(&from, call)?, scope.columns_of(&to, call)?);
    Ok(from.into_iter().filter(|column| to.iter().all(|other| other.name != column.name)).collect::<Vec<_>>())
}

/// Widens text columns of the target to the sizes of the source, where the engine has sizes.
fn expand(scope: &NodeScope, call: &mut Call<'_>) -> Result<Value, Error> {
    let from = relation_arg(call, "from_relation")?;
    let to = relation_arg(call, "to_relation")?;
    if !scope.run().shared.dialect.sizes_text() {
        return Ok(none());
    }
    let (wanted, current) = (scope.columns_of(&from, call)?, scope.columns_of(&to, call)?);
    for column in wanted {
        let Some(present) = current.iter().find(|other| other.name == column.name) else { continue };
        if present.can_expand_to(&column) {
            let size = column.string_size().map_err(|error| Error::runtime(error.to_string()))?;
            let args = vec![
                relation_value(to.clone()),
                Value::from(column.name.as_str()),
                Value::from(ColumnInfo::string_type(size).as_str()),
            ];
            scope.call_macro("alter_column_type", args, call)?;
        }
    }
    Ok(none())
}

/// The columns a query would give, without running it.
fn of_query(scope: &NodeScope, call: &mut Call<'_>) -> Result<Vec<ColumnInfo>, Error> {
    let sql = py_str(&call.args.required("sql")?);
    let dialect = scope.run().shared.dialect;
    if !dialect.describes_queries() {
        // The query is one without rows, made by `get_column_schema_from_query`: its columns tell.
        let columns = scope.rows(&sql, call)?.columns.into_iter();
        return Ok(columns
            .map(|column| ColumnInfo::create(dialect, column.name, &column.type_name))
            .collect());
    }
    let described = scope.rows(&format!("describe ({sql})"), call)?;
    let mut columns = Vec::new();
    for row in &described.rows {
        let text = |at: usize| row.get(at).and_then(|cell| cell.as_str()).unwrap_or_default().to_owned();
        columns.extend(ColumnInfo::new(dialect, text(0), text(1)).flatten());
    }
    Ok(columns)
}
