//! Locks on relations that are about to be replaced together, so that readers of several neither wait long nor are caught in
//! a deadlock.
//!
//! Input: the relations, in an open transaction. Output: all locks. Who reads one of them and waits for another that is
//! locked already would wait for us as we wait for them. So each lock is waited for a moment only, less than after which
//! the server looks for deadlocks (`deadlock_timeout`); if that was in vain all are let go, and it is tried again. Called by
//! `session`.

use serde_json::json;

use super::literal::fill;
use crate::adapter::{Cell, Claim, DbError};

const LOCK: &str = include_str!("../../../templates/locks/postgres/swap.sql");

/// How long a lock is waited for at a time.
const MOMENT: &str = "200ms";

/// Begins what can be taken back.
pub(super) const TRY: &str = "SAVEPOINT tidegate_swap";

/// Takes it back.
pub(super) const UNDO: &str = "ROLLBACK TO SAVEPOINT tidegate_swap";

/// Keeps it.
pub(super) const KEEP: &str = "RELEASE SAVEPOINT tidegate_swap";

/// Returns the statements that lock relations, those which are not there excepted.
pub(super) fn lock_sql(relations: &[Claim<'_>]) -> Result<String, DbError> {
    let names: Vec<_> = relations.iter().map(|relation| json!([relation.schema, relation.name])).collect();
    fill(LOCK, &[Cell::text(json!(names).to_string()), Cell::text(MOMENT)])
}

/// Says what is waited for.
pub(super) fn being_read(relations: &[Claim<'_>]) -> String {
    let names: Vec<String> = relations.iter().map(|it| format!("`{}.{}`", it.schema, it.name)).collect();
    format!("others read {}, so that the new versions cannot be published yet", names.join(" or "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_values() {
        let sql = lock_sql(&[Claim { schema: "s'x", name: "$$ a", part: None }]).unwrap();
        assert!(sql.contains(r#"'[["s''x","$$ a"]]'"#), "{sql}");
    }
}
