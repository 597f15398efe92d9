//! Constraints of contracts as DDL text (`macros.md` section 4).

use std::sync::Arc;

use super::super::base::json_of;
use super::super::shared::Shared;
use crate::diag::Code;
use crate::jinja::{Call, Error, Value, list};
use crate::manifest::Json;

pub(super) fn call(shared: &Arc<Shared>, name: &str, call: &mut Call<'_>) -> Option<Result<Value, Error>> {
    Some(match name {
        "render_raw_columns_constraints" => columns(shared, call),
        "render_raw_model_constraints" => model(shared, call),
        _ => return None,
    })
}

fn columns(shared: &Shared, call: &mut Call<'_>) -> Result<Value, Error> {
    let columns = json_of(&call.args.required("raw_columns")?);
    let mut lines = Vec::new();
    for column in columns.as_object().into_iter().flat_map(serde_json::Map::values) {
        let text = |key: &str| column.get(key).and_then(Json::as_str).unwrap_or_default();
        let quoted = column.get("quote").and_then(Json::as_bool).unwrap_or(false);
        let name = if quoted { shared.quote(text("name")) } else { text("name").to_owned() };
        let mut line = format!("{name} {}", text("data_type"));
        for constraint in column.get("constraints").and_then(Json::as_array).into_iter().flatten() {
            if let Some(rendered) = Constraint::read(constraint)?.on_column(shared) {
                line.push(' ');
                line.push_str(&rendered);
            }
        }
        lines.push(Value::from(line.as_str()));
    }
    Ok(list(lines))
}

fn model(shared: &Shared, call: &mut Call<'_>) -> Result<Value, Error> {
    let constraints = json_of(&call.args.required("raw_constraints")?);
    let mut lines = Vec::new();
    for constraint in constraints.as_array().into_iter().flatten() {
        if let Some(rendered) = Constraint::read(constraint)?.on_model(shared) {
            lines.push(Value::from(rendered.as_str()));
        }
    }
    Ok(list(lines))
}

/// A constraint object of a property file.
struct Constraint {
    kind: String,
    name: Option<String>,
    expression: String,
    columns: Vec<String>,
    to: Option<String>,
    to_columns: Vec<String>,
}

impl Constraint {
    fn read(raw: &Json) -> Result<Self, Error> {
        let text = |key: &str| raw.get(key).and_then(Json::as_str).map(str::to_owned);
        let texts = |key: &str| -> Vec<String> {
            let items = raw.get(key).and_then(Json::as_array);
            items.into_iter().flatten().filter_map(Json::as_str).map(str::to_owned).collect()
        };
        let Some(kind) = text("type") else {
            return Err(Error::new(Code::CONTRACT, format!("Could not parse constraint: {raw}"))
                .help("a constraint needs a `type`"));
        };
        let known = ["check", "not_null", "unique", "primary_key", "foreign_key", "custom"];
        if !known.contains(&kind.as_str()) {
            return Err(Error::new(Code::CONTRACT, format!("Could not parse constraint: {raw}"))
                .help(format!("the types are {}", known.join(", "))));
        }
        Ok(Self {
            kind,
            name: text("name"),
            expression: text("expression").unwrap_or_default(),
            columns: texts("columns"),
            to: text("to").filter(|to| !to.is_empty()),
            to_columns: texts("to_columns"),
        })
    }

    /// The target of a foreign key, where the engine wants it without its database.
    fn references(&self, shared: &Shared) -> Option<String> {
        match &self.to {
            Some(to) if !self.to_columns.is_empty() => {
                let to = if shared.dialect.foreign_key_names_database() {
                    to.as_str()
                } else {
                    without_database(to)
                };
                Some(format!("{to} ({})", self.to_columns.join(", ")))
            }
            _ => Some(self.expression.clone()).filter(|expression| !expression.is_empty()),
        }
    }

    fn on_column(&self, shared: &Shared) -> Option<String> {
        let expression = &self.expression;
        let text = match self.kind.as_str() {
            "check" => Some(format!("check ({expression})")).filter(|_| !expression.is_empty()),
            "not_null" => Some(format!("not null {expression}")),
            "unique" => Some(format!("unique {expression}")),
            "primary_key" => Some(format!("primary key {expression}")),
            "foreign_key" => self.references(shared).map(|target| format!("references {target}")),
            _ => Some(expression.clone()).filter(|expression| !expression.is_empty()),
        };
        text.map(|text| text.trim().to_owned())
    }

    fn on_model(&self, shared: &Shared) -> Option<String> {
        let prefix = self.name.as_ref().map(|name| format!("constraint {name} ")).unwrap_or_default();
        let columns = self.columns.join(", ");
        let expression = &self.expression;
        let words = if expression.is_empty() { String::new() } else { format!(" {expression}") };
        match self.kind.as_str() {
            "check" => Some(format!("{prefix}check ({expression})")).filter(|_| !expression.is_empty()),
            "unique" => Some(format!("{prefix}unique{words} ({columns})")),
            "primary_key" => Some(format!("{prefix}primary key{words} ({columns})")),
            "foreign_key" => self
                .references(shared)
                .map(|target| format!("{prefix}foreign key ({columns}) references {target}")),
            "custom" => Some(format!("{prefix}{expression}")).filter(|_| !expression.is_empty()),
            _ => None,
        }
    }
}

/// Cuts the database off a three-part name.
fn without_database(name: &str) -> &str {
    match name.split('.').count() {
        0..=2 => name,
        _ => name.split_once('.').map_or(name, |(_, rest)| rest),
    }
}

#[cfg(test)]
mod tests {
    use super::without_database;

    #[test]
    fn only_three_part_names_have_a_database() {
        assert_eq!(without_database(r#""db"."main"."t""#), r#""main"."t""#);
        assert_eq!(without_database(r#""main"."t""#), r#""main"."t""#);
    }
}
