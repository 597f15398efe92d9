//! The same project gives the same artifacts, byte for byte, apart from times and ids (design D6).

use std::sync::LazyLock;

use super::Shop;

/// The artifacts of a project, without times and ids.
fn artifacts(shop: &Shop) -> Vec<(&'static str, String)> {
    static VARYING: LazyLock<[(fancy_regex::Regex, &str); 3]> = LazyLock::new(|| {
        let regex = |text: &str| fancy_regex::Regex::new(text).unwrap();
        [
            (regex(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)?"), "TIME"),
            (regex(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}"), "ID"),
            (regex(r#""(created_at|execution_time|elapsed_time)": [0-9.e+-]+"#), "\"$1\": SECONDS"),
        ]
    });
    let names =
        ["manifest.json", "run_results.json", "catalog.json", "graph_summary.json", "semantic_manifest.json"];
    let read = |name: &'static str| {
        let text = shop.read(&format!("target/{name}"));
        let scrub = |text: String, (regex, with): &(fancy_regex::Regex, &str)| {
            regex.replace_all(&text, *with).into_owned()
        };
        (name, VARYING.iter().fold(text, scrub))
    };
    names.into_iter().map(read).collect()
}

#[test]
fn artifacts_of_one_project_are_the_same_each_time() {
    let shop = Shop::copy("docs_site");
    let made = || {
        // One worker, since results stand in the order in which nodes were completed.
        shop.run(&["docs", "generate", "--threads", "1", "--write-parquet"], 0);
        let tables = ["nodes", "edges", "columns", "tests"].map(|table| {
            std::fs::read(shop.path("target/parquet").join(format!("{table}.parquet"))).unwrap()
        });
        (artifacts(&shop), tables)
    };
    shop.call(&["build"]);
    let (first, first_tables) = made();
    for _ in 0..2 {
        let (again, tables) = made();
        for ((name, one), (_, other)) in first.iter().zip(&again) {
            assert!(one == other, "{name} differs:\n{}", first_difference(one, other));
        }
        assert!(first_tables == tables, "a table differs");
    }
}

/// Shows where two texts part.
fn first_difference(one: &str, other: &str) -> String {
    let at = one.bytes().zip(other.bytes()).position(|(a, b)| a != b).unwrap_or(0);
    let part = |text: &str| text.chars().skip(at.saturating_sub(60)).take(160).collect::<String>();
    format!("{}\n{}", part(one), part(other))
}
