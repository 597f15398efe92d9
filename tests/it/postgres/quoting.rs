//! The names of `build::quoting` on Postgres, where a name has at most 63 bytes.

use serde_json::Value;

use super::Server;
use crate::build::quoting::{build, is_whole, write_project};

#[test]
fn no_name_and_no_text_ends_its_quotes() {
    let server = Server::start();
    let folder = server.path("project");
    let mut output = server.output(serde_json::json!({}));
    output.insert("threads".to_owned(), 2.into());
    write_project(&folder, &Value::Object(output));
    is_whole(&build(&folder));
    let kept = server.text(
        "select string_agg(table_schema, ' ') from information_schema.tables where table_name = 'keep'",
    );
    assert!(!kept.is_empty(), "the table is gone");
}
