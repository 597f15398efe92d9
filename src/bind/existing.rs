//! What the real warehouse is known to hold, so that what the project does not define is not called missing.

use std::path::Path;

use super::statement::{attach_file, detach, existing_columns, existing_names};
use crate::adapter::{Fetch, QueryResult, duckdb};
use crate::context::SharedSession;
use crate::hash::{HashMap, HashSet};

/// Names and types.
pub(super) type Columns = Vec<(String, String)>;

/// The warehouse beside the scratch database.
pub(super) enum Existing {
    /// There is none yet.
    Nothing,
    /// DuckDB's, as it was when the check began.
    Known(Contents),
    /// The scratch place is within it, so that the engine finds what there is.
    Here,
    /// It could not be looked at, for this reason.
    Unknown(String),
}

/// Names of a warehouse, in small letters.
pub(super) struct Contents {
    columns: HashMap<(String, String), Columns>,
    others: HashSet<String>,
}

/// The name under which it is attached for a moment.
const ALIAS: &str = "__tidegate_warehouse";

impl Existing {
    /// Looks at the database file of a profile, which is opened only for reading.
    pub(super) fn read(profile: &duckdb::Profile, session: &SharedSession) -> Self {
        if profile.is_memory() || (profile.is_file() && !Path::new(&profile.path).exists()) {
            return Self::Nothing;
        }
        if !profile.is_file() {
            return Self::Unknown(format!("`{}` is not here", profile.main_database()));
        }
        session.with(|session| {
            let mut ask = |sql: &str| session.execute(sql, false, Fetch::All);
            let read = ask(&attach_file(&profile.path, ALIAS)).and_then(|_| {
                let (columns, others) = (ask(&existing_columns(ALIAS))?, ask(&existing_names(ALIAS))?);
                ask(&detach(ALIAS))?;
                Ok(Contents::new(&columns, &others))
            });
            read.map_or_else(|refused| Self::Unknown(first_line(&refused.error.message)), Self::Known)
        })
    }

    /// Returns the columns of a relation, if they are known.
    pub(super) fn columns(&self, schema: &str, name: &str) -> Option<&Columns> {
        let Self::Known(contents) = self else { return None };
        contents.columns.get(&(schema.to_lowercase(), name.to_lowercase()))
    }

    /// Says why the columns of a source are not known, if its description has not all of their types.
    pub(super) fn without_columns(&self) -> String {
        let lacks = match self {
            Self::Unknown(why) => format!("the warehouse cannot be read ({why})"),
            Self::Nothing => "there is no warehouse yet".to_owned(),
            Self::Known(_) | Self::Here => "the warehouse does not have it".to_owned(),
        };
        format!("{lacks}, and it is described without a `data_type` for every column")
    }

    /// Tells whether a function, type or sequence of that name is there.
    pub(super) fn has(&self, name: &str) -> bool {
        matches!(self, Self::Known(contents) if contents.others.contains(&name.to_lowercase()))
    }
}

impl Contents {
    fn new(columns: &QueryResult, others: &QueryResult) -> Self {
        let others = rows(others).into_iter().map(|[name, ..]| name.to_lowercase()).collect();
        Self { columns: by_relation(columns), others }
    }
}

/// Sorts columns by schema and relation, in small letters.
pub(super) fn by_relation(columns: &QueryResult) -> HashMap<(String, String), Columns> {
    let mut found: HashMap<(String, String), Columns> = HashMap::default();
    for [schema, relation, column, ty] in rows(columns) {
        let key = (schema.to_lowercase(), relation.to_lowercase());
        found.entry(key).or_default().push((column, ty));
    }
    found
}

/// Reads the first texts of each row.
fn rows(result: &QueryResult) -> Vec<[String; 4]> {
    let rows = result.table.iter().flat_map(|table| &table.rows);
    let text = |row: &Vec<crate::adapter::Cell>, at: usize| {
        row.get(at).and_then(|cell| cell.as_str()).unwrap_or_default().to_owned()
    };
    rows.map(|row| [0, 1, 2, 3].map(|at| text(row, at))).collect()
}

fn first_line(message: &str) -> String {
    message.lines().next().unwrap_or_default().to_owned()
}
