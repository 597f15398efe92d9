//! DuckDB's error texts, read into [`DbError`].
//!
//! Input: the message of a failed call; sessions run with `errors_as_json`, so it is `Class Error: {json}` where
//! DuckDB knows more than a sentence. Output: class, message, byte position, and the excerpt DuckDB would print.

use serde_json::{Map, Value};

use super::holder::holder;
use crate::adapter::{Advice, DbError, DbErrorKind, Lacking};

/// How wide a line may be in an excerpt before it is cut, in characters.
const EXCERPT_WIDTH: usize = 120;

/// Reads the error of a call that ran `sql`.
pub(super) fn from_driver(error: &duckdb::Error, sql: &str) -> DbError {
    match error {
        duckdb::Error::DuckDBFailure(_, Some(text)) => from_text(text, sql),
        duckdb::Error::DuckDBFailure(_, None) => DbError::new(DbErrorKind::Statement, "unknown error"),
        other => DbError::new(DbErrorKind::Statement, other.to_string()),
    }
}

/// Reads an error text.
pub(super) fn from_text(text: &str, sql: &str) -> DbError {
    let (class, rest) = match text.split_once(": ") {
        Some((class, rest)) if is_class(class) => (class, rest),
        _ => ("", text),
    };
    let mut error = DbError::new(DbErrorKind::Statement, rest.trim_end());
    class.clone_into(&mut error.class);
    if let Ok(Value::Object(json)) = serde_json::from_str(rest.trim()) {
        if let Some(message) = json.get("exception_message").and_then(|v| v.as_str()) {
            message.trim_end().clone_into(&mut error.message);
        }
        // While a statement is prepared the class stands only in here.
        if let (true, Some(class)) = (class.is_empty(), json.get("exception_type").and_then(|v| v.as_str())) {
            error.class = format!("{class} Error");
        }
        let position = json.get("position").and_then(|v| v.as_str()).and_then(|p| p.parse().ok());
        error.position = position.filter(|at| *at <= sql.len() && sql.is_char_boundary(*at));
        error.excerpt = error.position.map(|at| excerpt(sql, at));
        error.missing = missing(&json);
    }
    error.kind = kind_of(&error.class, &error.message);
    let advice = ADVICE.iter().filter_map(|words| error.message.find(words)).min();
    error.advice = advice.map(|start| Box::new(Advice::cut(&mut error.message, start)));
    error
}

/// How the lines begin in which DuckDB says what may be meant.
const ADVICE: [&str; 4] =
    ["\nDid you mean \"", "\nCandidate bindings:", "\nCandidate tables:", "\nCandidate Entries:"];

/// How DuckDB says that a column is missing where it gives no subtype.
const WITHOUT_COLUMN: [&str; 6] = [
    "does not have a column named",
    "list not found in FROM clause",
    "does not exist on left side of join",
    "does not exist on right side of join",
    "No matching columns found",
    "Could not find key",
];

/// Reads what the statement names and DuckDB does not know.
fn missing(json: &Map<String, Value>) -> Option<(Lacking, String)> {
    let text = |key: &str| json.get(key).and_then(Value::as_str);
    let message = text("exception_message")?.lines().next()?;
    let Some(subtype) = text("error_subtype") else { return missing_in(message) };
    let what = match (subtype, text("type")) {
        ("COLUMN_NOT_FOUND", _) => Lacking::Column,
        ("MISSING_ENTRY", Some("Table" | "View" | "Schema")) => Lacking::Relation,
        ("MISSING_ENTRY", _) => Lacking::Other,
        _ => return None,
    };
    Some((what, text("name")?.to_owned()))
}

/// The same from words alone: the name is the last in quotes, the first where a schema is missing.
fn missing_in(message: &str) -> Option<(Lacking, String)> {
    let mut quoted = message.split('"').skip(1).step_by(2);
    if message.starts_with("Table with name \"") {
        let name = quoted.next()?;
        return Some((Lacking::Relation, name.rsplit('.').next().unwrap_or(name).to_owned()));
    }
    let is_column = WITHOUT_COLUMN.iter().any(|words| message.contains(words));
    is_column.then(|| Some((Lacking::Column, quoted.last()?.to_owned()))).flatten()
}

fn is_class(text: &str) -> bool {
    text.ends_with(" Error") && text.len() < 40 && text.bytes().all(|b| b.is_ascii_alphabetic() || b == b' ')
}

fn kind_of(class: &str, message: &str) -> DbErrorKind {
    match class {
        "INTERRUPT Error" => DbErrorKind::Interrupted,
        // While a statement is prepared the class is missing.
        "" if message == "Interrupted!" => DbErrorKind::Interrupted,
        "IO Error" if message.contains("Could not set lock") => DbErrorKind::Lock,
        "IO Error" if message.contains("No space left") => DbErrorKind::Resource,
        "Out of Memory Error" | "HTTP Error" | "Connection Error" => DbErrorKind::Resource,
        "TransactionContext Error" | "Transaction Error" | "Constraint Error"
            if message.contains("onflict") =>
        {
            DbErrorKind::Conflict
        }
        _ => DbErrorKind::Statement,
    }
}

/// Returns the name DuckDB's Python client gives a class of error, for example `IOException`.
///
/// Profiles list what to try again by these names.
pub(super) fn python_class(class: &str) -> String {
    let words = class.strip_suffix(" Error").unwrap_or(class);
    match words {
        "IO" | "HTTP" => format!("{words}Exception"),
        "TransactionContext" => "TransactionException".to_owned(),
        _ => {
            let mut name = String::new();
            for word in words.split(' ') {
                let mut letters = word.chars();
                name.extend(letters.next().map(|c| c.to_ascii_uppercase()));
                name.push_str(&letters.as_str().to_ascii_lowercase());
            }
            name + "Exception"
        }
    }
}

/// Draws the line of a place and a caret below it, as DuckDB does: `LINE 3: select foo`.
fn excerpt(sql: &str, at: usize) -> String {
    let start = sql[..at].rfind('\n').map_or(0, |n| n + 1);
    let end = sql[at..].find('\n').map_or(sql.len(), |n| at + n);
    let number = sql[..at].bytes().filter(|b| *b == b'\n').count() + 1;
    let line: Vec<char> = sql[start..end].trim_end_matches('\r').chars().collect();
    let column = sql[start..at].chars().count();
    let from = if line.len() <= EXCERPT_WIDTH { 0 } else { column.saturating_sub(EXCERPT_WIDTH / 2) };
    let to = line.len().min(from + EXCERPT_WIDTH);
    let (before, after) = (if from > 0 { "..." } else { "" }, if to < line.len() { "..." } else { "" });
    let shown: String = line[from..to].iter().collect();
    let head = format!("LINE {number}: {before}");
    let pad: String =
        line[from..column.clamp(from, to)].iter().map(|c| if *c == '\t' { '\t' } else { ' ' }).collect();
    format!("{head}{shown}{after}\n{}{pad}^", " ".repeat(head.len()))
}

/// Adds what to do when a database could not be opened.
pub(super) fn explain_open(mut error: DbError, path: &str) -> DbError {
    if error.kind == DbErrorKind::Lock {
        let holder = holder(&error.message).unwrap_or_else(|| "another process".to_owned());
        error.help.push(format!("{holder} has `{path}` open"));
        return error;
    }
    error.kind = DbErrorKind::Connection;
    if error.message.contains("not a valid DuckDB database file") {
        error.help.push(
            "`path` in the profile must name a DuckDB database, or a file that does not exist yet".to_owned(),
        );
    }
    let folder = std::path::Path::new(path).parent().filter(|p| !p.as_os_str().is_empty());
    if let Some(folder) = folder.filter(|folder| !folder.exists() && !path.contains("://")) {
        error.help.push(format!("the folder `{}` does not exist: create it", folder.display()));
    }
    error
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_gives_message_and_place() {
        let text =
            r#"Binder Error: {"exception_type":"Binder","exception_message":"no \"foo\"","position":"13"}"#;
        let sql = "select 'é', foo";
        let error = from_text(text, sql);
        assert_eq!((error.class.as_str(), error.message.as_str()), ("Binder Error", "no \"foo\""));
        assert_eq!(error.position, Some(13));
        assert_eq!(
            error.to_string(),
            "Binder Error: no \"foo\"\n\nLINE 1: select 'é', foo\n                    ^"
        );
    }

    #[test]
    fn what_is_missing_is_read_from_fields_or_words() {
        let check = |json: &str, want: (Lacking, &str)| {
            let found = from_text(&format!("Binder Error: {json}"), "").missing;
            assert_eq!(found, Some((want.0, want.1.to_owned())));
        };
        check(
            r#"{"exception_message":"no","error_subtype":"MISSING_ENTRY","type":"Scalar Function","name":"f"}"#,
            (Lacking::Other, "f"),
        );
        check(
            r#"{"exception_message":"Table with name \"a.b\" does not exist because schema \"a\" does not exist."}"#,
            (Lacking::Relation, "b"),
        );
        check(
            r#"{"exception_message":"Values list \"o\" does not have a column named \"x\""}"#,
            (Lacking::Column, "x"),
        );
        assert_eq!(from_text(r#"Binder Error: {"exception_message":"Ambiguous \"x\""}"#, "").missing, None);
    }

    #[test]
    fn long_lines_are_cut_around_the_place() {
        let sql = format!("select '{}', foo, '{}'", "x".repeat(200), "y".repeat(200));
        let at = sql.find("foo").unwrap();
        let drawn = excerpt(&sql, at);
        let (line, caret) = drawn.split_once('\n').unwrap();
        assert!(line.starts_with("LINE 1: ...") && line.ends_with("y..."), "{line}");
        assert_eq!(line[caret.len() - 1..].get(..3), Some("foo"));
    }

    #[test]
    fn classes_are_named_as_in_python() {
        for (class, want) in [
            ("IO Error", "IOException"),
            ("Out of Memory Error", "OutOfMemoryException"),
            ("Catalog Error", "CatalogException"),
            ("Invalid Input Error", "InvalidInputException"),
            ("INTERRUPT Error", "InterruptException"),
        ] {
            assert_eq!(python_class(class), want);
        }
    }

    #[test]
    fn a_file_that_is_held_is_a_lock() {
        let message = "Could not set lock on file \"/w/a.duckdb\": Conflicting lock is held in /usr/bin/duckdb (PID 42). See also https://x";
        assert_eq!(kind_of("IO Error", message), DbErrorKind::Lock);
        let error = DbError { class: "IO Error".to_owned(), ..DbError::new(DbErrorKind::Lock, message) };
        assert!(explain_open(error, "a.duckdb").help[0].ends_with("has `a.duckdb` open"));
    }
}
