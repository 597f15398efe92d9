//! What a server says no with, read into [`DbError`].
//!
//! Input: the fields of an `ErrorResponse` and the SQL that was sent. Output: message with `DETAIL` and `HINT` below it,
//! byte position, the excerpt that dbt's driver prints, and the kind, by the class of the SQLSTATE.

use std::io;

use crate::adapter::{Advice, DbError, DbErrorKind, Lacking};

/// How many characters of a line an excerpt shows at most.
const EXCERPT_WIDTH: usize = 120;

/// How the hint begins in which the server says what may be meant.
const ADVICE: &str = "\nHINT:  Perhaps you meant to reference";

/// The fields of an error that matter here.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct ServerError {
    /// The SQLSTATE.
    pub(super) state: String,
    pub(super) message: String,
    pub(super) detail: Option<String>,
    pub(super) hint: Option<String>,
    /// Where the server was: in a `copy` it names the row and the column.
    pub(super) context: String,
    /// The place in the SQL, in characters from 1.
    pub(super) position: Option<usize>,
}

impl ServerError {
    /// Makes the error of a statement that `sql` was the text of.
    pub(super) fn into_error(self, sql: &str) -> DbError {
        let kind = kind(&self.state);
        let missing = missing(&self.state, &self.message);
        let mut message = self.message;
        for (heading, text) in [("DETAIL", self.detail), ("HINT", self.hint)] {
            if let Some(text) = text {
                message.push_str(&format!("\n{heading}:  {text}"));
            }
        }
        let mut error = DbError::new(kind, message);
        error.missing = missing;
        let advice = error.message.find(ADVICE);
        error.advice = advice.map(|start| Box::new(Advice::cut(&mut error.message, start)));
        if let Some((row, column)) = copied_row(&self.context) {
            error.row = Some(row);
            let column = column.map(|name| format!(", column `{name}`")).unwrap_or_default();
            error = error.help(format!("the value stands in row {row}{column}"));
        }
        let place =
            self.position.and_then(|at| sql.char_indices().map(|(byte, _)| byte).nth(at.checked_sub(1)?));
        error.position = place;
        error.excerpt = place.map(|at| excerpt(sql, at));
        error
    }
}

/// Reads `COPY seed, line 3, column b: "x"`: each row is sent as one line.
fn copied_row(context: &str) -> Option<(u64, Option<&str>)> {
    let rest = context.strip_prefix("COPY ")?;
    let (_, rest) = rest.split_once(", line ")?;
    let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    let column = rest[digits..].strip_prefix(", column ");
    let name = column.and_then(|text| Some(text.split_once(": ")?.0));
    Some((rest[..digits].parse().ok()?, name))
}

/// Sorts a SQLSTATE.
fn kind(state: &str) -> DbErrorKind {
    match state {
        "55P03" => DbErrorKind::Lock,
        "40001" | "40P01" => DbErrorKind::Conflict,
        "57P01" | "57P02" | "57P03" => DbErrorKind::Connection,
        _ => match state.get(..2) {
            Some("08" | "28" | "3D") => DbErrorKind::Connection,
            Some("53" | "58") => DbErrorKind::Resource,
            _ => DbErrorKind::Statement,
        },
    }
}

/// Reads what the statement names and the server does not know: `relation "x" does not exist`, `function f(integer) does
/// not exist`, `column t.x does not exist`.
fn missing(state: &str, message: &str) -> Option<(Lacking, String)> {
    let what = match state {
        "42703" => Lacking::Column,
        "42P01" | "3F000" => Lacking::Relation,
        "42883" | "42704" => Lacking::Other,
        _ => return None,
    };
    let (kind, rest) = message.split_once(' ')?;
    if kind == "operator" {
        // There is one, for other types.
        return None;
    }
    let quoted = rest.strip_prefix('"').and_then(|rest| rest.split('"').next());
    let name = quoted.unwrap_or_else(|| rest.split([' ', '(']).next().unwrap_or_default());
    Some((what, name.rsplit('.').next().unwrap_or_default().to_owned()))
}

/// Makes the error of a connection that broke.
pub(super) fn broken(error: &io::Error) -> DbError {
    let message = match error.kind() {
        io::ErrorKind::UnexpectedEof => "server closed the connection unexpectedly".to_owned(),
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => "the server did not answer in time".to_owned(),
        _ => error.to_string(),
    };
    DbError::new(DbErrorKind::Connection, message)
}

/// Draws the line with the place, and a caret below it.
fn excerpt(sql: &str, at: usize) -> String {
    let start = sql[..at].rfind('\n').map_or(0, |end| end + 1);
    let end = sql[at..].find('\n').map_or(sql.len(), |length| at + length);
    let number = sql[..at].matches('\n').count() + 1;
    let column = sql[start..at].chars().count();
    let skipped = column.saturating_sub(EXCERPT_WIDTH / 2);
    let line: String = sql[start..end].chars().skip(skipped).take(EXCERPT_WIDTH).collect();
    let heading = if skipped > 0 { format!("LINE {number}: ...") } else { format!("LINE {number}: ") };
    let indent = " ".repeat(heading.chars().count() + column - skipped);
    format!("{heading}{line}\n{indent}^")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(state: &str, position: Option<usize>) -> ServerError {
        let (state, message) = (state.to_owned(), "no".to_owned());
        ServerError { state, message, position, ..ServerError::default() }
    }

    #[test]
    fn the_place_is_counted_in_characters_and_shown() {
        let sql = "select 'ä',\n  lost";
        let found = error("42703", Some(15)).into_error(sql);
        assert_eq!(found.position, Some(15));
        assert_eq!(&sql[15..], "lost");
        assert_eq!(found.excerpt.as_deref(), Some("LINE 2:   lost\n          ^"));
        assert_eq!(error("42703", Some(99)).into_error(sql).position, None);
        assert_eq!(error("42703", Some(0)).into_error(sql).position, None);
    }

    #[test]
    fn detail_and_hint_stand_below_the_message() {
        let found = ServerError { detail: Some("d".into()), hint: Some("h".into()), ..error("23505", None) };
        assert_eq!(found.into_error("").message, "no\nDETAIL:  d\nHINT:  h");
    }

    #[test]
    fn the_row_of_a_copy_is_read_from_the_context() {
        assert_eq!(copied_row("COPY seed, line 3, column b: \"x\""), Some((3, Some("b"))));
        assert_eq!(copied_row("COPY seed, line 12: \"1\t2\""), Some((12, None)));
        assert_eq!(copied_row("SQL function \"f\" statement 1"), None);
    }

    #[test]
    fn what_is_missing_is_read_from_the_message() {
        let check = |state, message, what, want: &str| {
            assert_eq!(missing(state, message), Some((what, want.to_owned())));
        };
        check("42P01", r#"relation "raw.lost" does not exist"#, Lacking::Relation, "lost");
        check("42703", "column o.lost does not exist", Lacking::Column, "lost");
        check("42703", r#"column "lost" does not exist"#, Lacking::Column, "lost");
        check("42883", "function lost(integer, text) does not exist", Lacking::Other, "lost");
        assert_eq!(missing("42601", "syntax error"), None);
        assert_eq!(missing("42883", "operator does not exist: date = integer"), None);
    }

    #[test]
    fn states_are_sorted_by_what_to_do() {
        for (state, want) in [
            ("40P01", DbErrorKind::Conflict),
            ("55P03", DbErrorKind::Lock),
            ("57P01", DbErrorKind::Connection),
            ("28P01", DbErrorKind::Connection),
            ("53100", DbErrorKind::Resource),
            ("42P01", DbErrorKind::Statement),
            ("", DbErrorKind::Statement),
        ] {
            assert_eq!(kind(state), want, "{state}");
        }
    }
}
