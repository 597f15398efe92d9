//! Queries that nobody would write by hand: answers come, however deep or wide they are.

use std::fmt::Write as _;
use std::path::Path;

use serde_json::json;

use super::editor::Editor;
use super::protocol::{offered, places};
use super::session::at;
use crate::cli::copy_folder;

const MODEL: &str = "models/endless.sql";

/// Asks for what names a column that a model of some SQL may name, and what can be typed in that SQL at its `^`. Returns the
/// places in that model, and whether the column is offered.
#[track_caller]
fn asked(sql: &str) -> (Vec<String>, bool) {
    let (before, after) = sql.split_once('^').unwrap();
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().canonicalize().unwrap().join("shop");
    copy_folder(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/lsp"), &root);
    std::fs::write(root.join(MODEL), [before, after].concat()).unwrap();
    let mut editor = Editor::start(&root, &[]);
    let uri = format!("file://{}", root.display());
    editor.ask("initialize", json!({"processId": null, "rootUri": uri, "capabilities": {}}));

    let mut params = at(&editor, "models/staging/stg_orders.sql", "as order^_id");
    params["context"] = json!({"includeDeclaration": false});
    let answer = editor.ask("textDocument/references", params);
    let mut places = places(&editor, &answer["result"]);
    assert!(places.iter().any(|place| place.starts_with("models/orders.sql:")), "{places:?}");
    places.retain(|place| place.starts_with(MODEL));

    let params = at(&editor, MODEL, &format!("{}^", &before[before.rfind('\n').unwrap_or(0)..]));
    let answer = editor.ask("textDocument/completion", params);
    let offers = offered(&editor, MODEL, &answer["result"]);
    (places, offers.iter().any(|offer| offer.contains("order_id")))
}

/// CTEs that each read the one before.
fn chain(ctes: usize, reading: &dyn Fn(usize) -> String) -> String {
    let mut sql = "with c0 as (select * from {{ ref('stg_orders') }})".to_owned();
    for n in 1..=ctes {
        let _ = write!(sql, ",\nc{n} as (select * from {})", reading(n - 1));
    }
    format!("{sql}\nselect order_id, ^ from c{ctes}")
}

#[test]
fn ctes_that_read_another_twice_do_not_double_the_work() {
    let twice = |n: usize| format!("c{n} as a semi join c{n} as b using (order_id)");
    let (_, is_offered) = asked(&chain(60, &twice));
    assert!(is_offered);
}

#[test]
fn long_chains_of_ctes_are_followed_and_longer_ones_given_up() {
    let one = |n: usize| format!("c{n}");
    assert_eq!(asked(&chain(100, &one)), (vec![format!("{MODEL}:102:8 `order_id`")], true));
    assert_eq!(asked(&chain(1000, &one)), (Vec::new(), false));
}

#[test]
fn deep_queries_are_followed_and_deeper_ones_given_up() {
    let nested = |depth: usize| {
        let (open, closed) = ("(select * from ".repeat(depth), ") as it".repeat(depth));
        format!("select order_id, ^ from {open}{{{{ ref('stg_orders') }}}}{closed}")
    };
    assert_eq!(asked(&nested(100)), (vec![format!("{MODEL}:1:8 `order_id`")], true));
    assert_eq!(asked(&nested(5000)), (Vec::new(), false));
}
