//! A relation: the name of something in a database, and how it is written in SQL.
//!
//! Input: parts and policies. Output: SQL text. Invariant: printing a relation is the only way its name gets into SQL; a
//! part that is included and not quoted is written as it is. Facts: dbt's `api.Relation`. Used by `adapter` (cache),
//! `parse` (`relation_name`) and `context` (`ref`, `source`, `this`).

use std::fmt::{self, Write};
use std::sync::Arc;

use serde_json::json;

use super::{Json, JsonMap};
use crate::sql::{Dialect, Ident};

/// What a relation is in the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RelationType {
    /// A table.
    Table,
    /// A view.
    View,
    /// The CTE of an ephemeral model.
    Cte,
    /// A materialized view.
    MaterializedView,
    /// An ephemeral model.
    Ephemeral,
    /// Something dbt knows nothing more of.
    External,
    /// A table that points to another.
    PointerTable,
    /// A function.
    Function,
}

impl RelationType {
    /// All types, in dbt's order.
    pub const ALL: [Self; 8] = [
        Self::Table,
        Self::View,
        Self::Cte,
        Self::MaterializedView,
        Self::Ephemeral,
        Self::External,
        Self::PointerTable,
        Self::Function,
    ];

    /// Returns the word templates use, for example `materialized_view`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Table => "table",
            Self::View => "view",
            Self::Cte => "cte",
            Self::MaterializedView => "materialized_view",
            Self::Ephemeral => "ephemeral",
            Self::External => "external",
            Self::PointerTable => "pointer_table",
            Self::Function => "function",
        }
    }

    /// Finds a type by its word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|ty| ty.as_str() == word)
    }
}

impl fmt::Display for RelationType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A yes or no for each part of a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Policy {
    /// For the database.
    pub database: bool,
    /// For the schema.
    pub schema: bool,
    /// For the identifier.
    pub identifier: bool,
}

impl Policy {
    /// Yes for every part.
    pub const ALL: Self = Self { database: true, schema: true, identifier: true };

    /// Returns the policy with the parts that are given.
    #[must_use]
    pub fn with(self, database: Option<bool>, schema: Option<bool>, identifier: Option<bool>) -> Self {
        Self {
            database: database.unwrap_or(self.database),
            schema: schema.unwrap_or(self.schema),
            identifier: identifier.unwrap_or(self.identifier),
        }
    }

    fn to_json(self) -> Json {
        json!({"database": self.database, "schema": self.schema, "identifier": self.identifier})
    }
}

impl Default for Policy {
    fn default() -> Self {
        Self::ALL
    }
}

/// Which rows of a relation a sample or a batch sees: from `start` on, before `end`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventTimeFilter {
    /// The column, quoted if its properties ask for it.
    pub field: Arc<str>,
    /// First moment, as text of a SQL literal.
    pub start: Option<Arc<str>>,
    /// First moment after the last, as text of a SQL literal.
    pub end: Option<Arc<str>>,
}

impl EventTimeFilter {
    fn to_json(&self) -> Json {
        json!({"field_name": self.field, "start": self.start, "end": self.end})
    }

    fn condition(&self) -> Option<String> {
        let field = &self.field;
        match (&self.start, &self.end) {
            (Some(start), Some(end)) => Some(format!("{field} >= '{start}' and {field} < '{end}'")),
            (Some(start), None) => Some(format!("{field} >= '{start}'")),
            (None, Some(end)) => Some(format!("{field} < '{end}'")),
            (None, None) => None,
        }
    }
}

/// A relation.
#[derive(Clone, Debug)]
pub struct Relation {
    /// The database.
    pub database: Option<Arc<str>>,
    /// The schema.
    pub schema: Option<Arc<str>>,
    /// The name within the schema.
    pub identifier: Option<Arc<str>>,
    /// What it is, where that is known.
    pub ty: Option<RelationType>,
    /// Which parts are quoted.
    pub quote_policy: Policy,
    /// Which parts are written.
    pub include_policy: Policy,
    /// The rules of its engine's SQL.
    pub dialect: &'static dyn Dialect,
    /// How many rows printing it allows; 0 for `--empty`.
    pub limit: Option<u64>,
    /// Which rows printing it allows.
    pub event_time: Option<EventTimeFilter>,
    /// Text that stands for the whole relation: a file or a function call (DuckDB's `external_location`).
    pub external: Option<Arc<str>>,
    /// Set for `information_schema` itself: the view below it, if one was asked for.
    pub information_schema: Option<Option<Arc<str>>>,
    /// Whether this invocation made it; its unquoted parts then match in any case.
    pub dbt_created: bool,
}

impl Relation {
    /// Makes a relation with everything included and quoted.
    pub fn new(
        dialect: &'static dyn Dialect,
        database: Option<&str>,
        schema: Option<&str>,
        identifier: Option<&str>,
    ) -> Self {
        Self {
            database: database.map(Arc::from),
            schema: schema.map(Arc::from),
            identifier: identifier.map(Arc::from),
            ty: None,
            quote_policy: Policy::ALL,
            include_policy: Policy::ALL,
            dialect,
            limit: None,
            event_time: None,
            external: None,
            information_schema: None,
            dbt_created: false,
        }
    }

    /// Returns the name of the CTE an ephemeral model becomes.
    pub fn ephemeral_name(identifier: &str) -> String {
        format!("__dbt__cte__{identifier}")
    }

    /// Makes the relation that stands for an ephemeral model: its CTE, unquoted.
    pub fn ephemeral(dialect: &'static dyn Dialect, identifier: &str) -> Self {
        Self {
            ty: Some(RelationType::Cte),
            quote_policy: Policy::ALL.with(None, None, Some(false)),
            ..Self::new(dialect, None, None, Some(&Self::ephemeral_name(identifier)))
        }
    }

    /// Sets the type.
    #[must_use]
    pub fn with_type(mut self, ty: impl Into<Option<RelationType>>) -> Self {
        self.ty = ty.into();
        self
    }

    /// Sets which parts are quoted.
    #[must_use]
    pub fn with_quoting(mut self, policy: Policy) -> Self {
        self.quote_policy = policy;
        self
    }

    /// Returns the relation with other parts quoted.
    #[must_use]
    pub fn quote(mut self, database: Option<bool>, schema: Option<bool>, identifier: Option<bool>) -> Self {
        self.quote_policy = self.quote_policy.with(database, schema, identifier);
        self
    }

    /// Returns the relation with other parts included.
    #[must_use]
    pub fn include(mut self, database: Option<bool>, schema: Option<bool>, identifier: Option<bool>) -> Self {
        self.include_policy = self.include_policy.with(database, schema, identifier);
        self
    }

    /// Returns the schema the relation is in.
    #[must_use]
    pub fn without_identifier(mut self) -> Self {
        self.identifier = None;
        self.include(None, None, Some(false))
    }

    /// Returns the `information_schema` of the relation's database, or a view of it.
    #[must_use]
    pub fn information_schema(&self, view: Option<&str>) -> Self {
        Self {
            ty: Some(RelationType::View),
            quote_policy: self.quote_policy.with(None, None, Some(false)),
            include_policy: self.include_policy.with(Some(self.database.is_some()), Some(false), Some(true)),
            information_schema: Some(view.map(Arc::from)),
            ..Self::new(self.dialect, self.database.as_deref(), None, Some("INFORMATION_SCHEMA"))
        }
    }

    /// Returns a name in the engine's quotes.
    pub fn quoted(&self, name: &str) -> String {
        Ident::new(name, self.dialect).to_string()
    }

    /// Returns the name alone, without limit and filter.
    pub fn render(&self) -> String {
        if let Some(external) = &self.external {
            return external.to_string();
        }
        let mut out = String::new();
        for (part, include, quote) in [
            (&self.database, self.include_policy.database, self.quote_policy.database),
            (&self.schema, self.include_policy.schema, self.quote_policy.schema),
            (&self.identifier, self.include_policy.identifier, self.quote_policy.identifier),
        ] {
            let Some(name) = part.as_deref().filter(|_| include) else { continue };
            if !out.is_empty() {
                out.push('.');
            }
            if quote {
                // Writing to a string cannot fail.
                let _ = write!(out, "{}", Ident::new(name, self.dialect));
            } else {
                out.push_str(name);
            }
        }
        if let Some(Some(view)) = &self.information_schema {
            out.push('.');
            out.push_str(view);
        }
        out
    }

    /// Compares with the parts that are given.
    ///
    /// `Ok(true)` for the same letters, `Err(ApproximateMatch)` for the same letters but for their case.
    pub fn matches(
        &self,
        database: Option<&str>,
        schema: Option<&str>,
        identifier: Option<&str>,
    ) -> Result<bool, ApproximateMatch> {
        let parts = [
            (&self.database, database, self.quote_policy.database),
            (&self.schema, schema, self.quote_policy.schema),
            (&self.identifier, identifier, self.quote_policy.identifier),
        ];
        let mut exact = true;
        for (have, want, quoted) in parts {
            let Some(want) = want else { continue };
            let have = have.as_deref().unwrap_or_default();
            let bare = |s: &str| s.trim_matches(self.dialect.quote_char()).to_lowercase();
            if bare(have) != bare(want) {
                return Ok(false);
            }
            exact &=
                have == want || (self.dbt_created && !quoted && have.to_lowercase() == want.to_lowercase());
        }
        if exact {
            return Ok(true);
        }
        let target = Self::new(self.dialect, database, schema, identifier);
        Err(ApproximateMatch { searched: target.render(), found: self.render() })
    }

    /// Tells whether the engine renames relations of this type, so that a new one can replace it.
    pub fn can_be_renamed(&self) -> bool {
        self.ty.is_some_and(|ty| self.dialect.renames().contains(&ty.as_str()))
    }

    /// Tells whether the engine replaces relations of this type in one step.
    pub fn can_be_replaced(&self) -> bool {
        self.ty.is_some_and(|ty| self.dialect.replaces().contains(&ty.as_str()))
    }

    /// Returns the relation as a mapping, as `to_dict()` shows it in templates; what is not set is null.
    pub fn to_json(&self) -> JsonMap {
        let mut map = JsonMap::new();
        let mut path = JsonMap::new();
        for (key, part) in
            [("database", &self.database), ("schema", &self.schema), ("identifier", &self.identifier)]
        {
            path.insert(key.to_owned(), part.as_deref().map_or(Json::Null, Json::from));
        }
        map.insert("path".to_owned(), Json::Object(path));
        map.insert("type".to_owned(), self.ty.map_or(Json::Null, |ty| Json::from(ty.as_str())));
        map.insert("quote_character".to_owned(), Json::from(self.dialect.quote_char().to_string()));
        map.insert("include_policy".to_owned(), self.include_policy.to_json());
        map.insert("quote_policy".to_owned(), self.quote_policy.to_json());
        map.insert("dbt_created".to_owned(), Json::from(self.dbt_created));
        map.insert("limit".to_owned(), self.limit.map_or(Json::Null, Json::from));
        map.insert(
            "event_time_filter".to_owned(),
            self.event_time.as_ref().map_or(Json::Null, EventTimeFilter::to_json),
        );
        map.insert("require_alias".to_owned(), Json::from(self.dialect.subquery_needs_alias()));
        map.insert("catalog".to_owned(), Json::Null);
        map.insert("renameable_relations".to_owned(), Json::from(self.dialect.renames()));
        map.insert("replaceable_relations".to_owned(), Json::from(self.dialect.replaces()));
        map.insert("external".to_owned(), self.external.as_deref().map_or(Json::Null, Json::from));
        map
    }

    fn subquery_alias(&self, what: &str) -> String {
        if self.dialect.subquery_needs_alias() {
            format!(" _dbt_{what}_subq_{}", self.identifier.as_deref().unwrap_or("None"))
        } else {
            String::new()
        }
    }
}

impl fmt::Display for Relation {
    /// Writes the relation as SQL reads from it: its name, or a subquery when rows are limited or filtered.
    ///
    /// The filter goes around the limit, as in dbt.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = self.render();
        if self.ty == Some(RelationType::Function) {
            return f.write_str(&out);
        }
        out = match self.limit {
            None => out,
            Some(0) => format!("(select * from {out} where false limit 0){}", self.subquery_alias("limit")),
            Some(n) => format!("(select * from {out} limit {n}){}", self.subquery_alias("limit")),
        };
        if let Some(condition) = self.event_time.as_ref().and_then(EventTimeFilter::condition) {
            out = format!("(select * from {out} where {condition}){}", self.subquery_alias("et_filter"));
        }
        f.write_str(&out)
    }
}

impl PartialEq for Relation {
    fn eq(&self, other: &Self) -> bool {
        self.to_json() == other.to_json()
            && self.event_time == other.event_time
            && self.information_schema == other.information_schema
    }
}

impl Eq for Relation {}

/// A relation was found whose name differs only in the case of its letters.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("searched for {searched}, found {found}, which differs only in the case of its letters")]
pub struct ApproximateMatch {
    /// What was searched for, as SQL.
    pub searched: String,
    /// What was found, as SQL.
    pub found: String,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sql::{DuckDb, Postgres};

    fn orders(dialect: &'static dyn Dialect) -> Relation {
        Relation::new(dialect, Some("db"), Some("main"), Some("Orders"))
    }

    #[track_caller]
    fn check(relation: &Relation, want: &str) {
        assert_eq!(relation.to_string(), want);
    }

    #[test]
    fn policies_decide_what_is_written() {
        check(&orders(&DuckDb), r#""db"."main"."Orders""#);
        check(&orders(&DuckDb).include(Some(false), None, None), r#""main"."Orders""#);
        check(&orders(&DuckDb).quote(None, Some(false), Some(false)), r#""db".main.Orders"#);
        check(&orders(&DuckDb).without_identifier(), r#""db"."main""#);
        check(&orders(&DuckDb).information_schema(None), r#""db".INFORMATION_SCHEMA"#);
        check(&orders(&DuckDb).information_schema(Some("columns")), r#""db".INFORMATION_SCHEMA.columns"#);
        check(&Relation::ephemeral(&DuckDb, "stg"), "__dbt__cte__stg");
        check(&Relation::new(&DuckDb, None, None, None), "");
    }

    #[test]
    fn limits_and_filters_become_subqueries() {
        let filter = EventTimeFilter {
            field: "at".into(),
            start: Some("2024-01-01".into()),
            end: Some("2024-01-02".into()),
        };
        let empty = Relation { limit: Some(0), ..orders(&Postgres) };
        check(&empty, r#"(select * from "db"."main"."Orders" where false limit 0) _dbt_limit_subq_Orders"#);
        let sample = Relation { limit: Some(5), event_time: Some(filter.clone()), ..orders(&DuckDb) };
        check(
            &sample,
            r#"(select * from (select * from "db"."main"."Orders" limit 5) where at >= '2024-01-01' and at < '2024-01-02')"#,
        );
        assert_eq!(sample.render(), r#""db"."main"."Orders""#);
        let since =
            Relation { event_time: Some(EventTimeFilter { end: None, ..filter }), ..orders(&Postgres) };
        check(
            &since,
            r#"(select * from "db"."main"."Orders" where at >= '2024-01-01') _dbt_et_filter_subq_Orders"#,
        );
    }

    #[test]
    fn matching_is_exact_or_says_so() {
        let orders = orders(&DuckDb);
        assert_eq!(orders.matches(Some("db"), Some("main"), Some("Orders")), Ok(true));
        assert_eq!(orders.matches(None, None, Some("Orders")), Ok(true));
        assert_eq!(orders.matches(None, None, Some("customers")), Ok(false));
        assert!(orders.matches(None, None, Some("orders")).is_err());
        let own = Relation { dbt_created: true, ..orders }.quote(None, None, Some(false));
        assert_eq!(own.matches(None, None, Some("orders")), Ok(true));
    }
}
