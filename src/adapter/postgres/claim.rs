//! The claim on a relation: while a node of this run builds it, no node of another run does.
//!
//! Input: the relation's name. Output: the statement that makes the claim and tells what is there, and who has it if that
//! did not work. It is an advisory lock that ends with the transaction, so that nothing is left behind by a process
//! that was killed, nor by a pooler that gives each transaction another session. Called by `session`.

use sha2::{Digest as _, Sha256};

use super::literal::fill;
use crate::adapter::{Cell, Claim, Claimed, DbError, DbErrorKind, QueryResult};
use crate::sql::{Ident, Postgres};

const CLAIM: &str = include_str!("../../../templates/locks/postgres/claim.sql");
const HOLDER: &str = include_str!("../../../templates/locks/postgres/holder.sql");

/// What relations are called that exist only while a model is built: the new version, and the old one.
const BESIDE: [&str; 2] = ["__dbt_tmp", "__dbt_backup"];

/// The longest name, in bytes.
const LONGEST: usize = 63;

/// A claim, and the number of its lock.
#[derive(Clone, Debug)]
pub(super) struct ClaimLock {
    relation: String,
    /// The relation and what may be beside it, as SQL.
    names: [String; 3],
    key: u64,
}

impl ClaimLock {
    pub(super) fn of(claim: Claim<'_>) -> Self {
        let Claim { schema, name, part } = claim;
        let digest = Sha256::digest(["tidegate", schema, name, part.unwrap_or_default()].join("\0"));
        let key = digest[..8].iter().fold(0, |key, byte| key << 8 | u64::from(*byte));
        let quoted =
            |name: &str| format!("{}.{}", Ident::new(schema, &Postgres), Ident::new(name, &Postgres));
        let [new, old] = BESIDE.map(|ending| {
            let room = name.floor_char_boundary(LONGEST - ending.len());
            quoted(&format!("{}{ending}", &name[..room]))
        });
        Self { relation: format!("{schema}.{name}"), names: [quoted(name), new, old], key }
    }

    /// Returns what tells whether the claim is ours, and what is there.
    pub(super) fn sql(&self) -> Result<String, DbError> {
        let names = self.names.iter().map(|name| Cell::text(name.as_str()));
        let values: Vec<Cell> = [Cell::Int(self.key.cast_signed())].into_iter().chain(names).collect();
        fill(CLAIM, &values)
    }

    /// Returns the question for who has it; the server keeps both halves of the number apart.
    pub(super) fn holder_sql(&self) -> Result<String, DbError> {
        let half = |shift: u32| Cell::Int((self.key >> shift & u64::from(u32::MAX)).cast_signed());
        fill(HOLDER, &[half(32), half(0)])
    }

    /// Says who has it.
    pub(super) fn held(&self, holder: Option<QueryResult>) -> String {
        let table = holder.and_then(|answer| answer.table).unwrap_or_default();
        let row = table.rows.into_iter().next().unwrap_or_default();
        let who = match row.as_slice() {
            [Cell::Int(process), Cell::Text(name), Cell::Text(place), Cell::Text(since)] => {
                let name = if name.is_empty() { String::new() } else { format!(" (`{name}`)") };
                format!(": server process {process}{name} from {place}, since {since}")
            }
            _ => String::new(),
        };
        format!("`{}` is being built by another run{who}", self.relation)
    }
}

/// Returns what was there when a claim was granted; `None` if it was not.
pub(super) fn granted(answer: &QueryResult) -> Option<Claimed> {
    match answer.table.as_ref()?.rows.first()?.as_slice() {
        [Cell::Bool(true), Cell::Bool(none), beside @ ..] => {
            Some(Claimed { relation: !none, beside: beside.iter().any(|none| *none == Cell::Bool(false)) })
        }
        _ => None,
    }
}

/// Makes the error for a claim that others did not give up in time.
pub(super) fn refused(held: String, waited: Option<String>) -> DbError {
    let error = DbError::new(DbErrorKind::Lock, held);
    error.help(waited.unwrap_or_else(|| "leave `--lock-timeout` away to wait for it".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_relation_has_one_number() {
        let on = |name, part| ClaimLock::of(Claim { schema: "shop", name, part });
        let claim = on("orders", None);
        assert_eq!(claim.key, on("orders", None).key);
        assert_ne!(claim.key, on("order", None).key);
        assert_ne!(claim.key, on("orders", Some("2024-01-01")).key);
        let sql = claim.sql().unwrap();
        assert!(sql.starts_with("select pg_try_advisory_xact_lock("), "{sql}");
        assert!(sql.contains("to_regclass('\"shop\".\"orders__dbt_backup\"')"), "{sql}");
        assert!(!claim.holder_sql().unwrap().contains("%s"));
        let long = "ä".repeat(40);
        assert!(on(&long, None).names[1].len() <= "\"shop\".\"\"".len() + LONGEST);
    }
}
