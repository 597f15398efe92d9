//! `list` where there is nothing to list, or more to say.

use super::{Call, project};

fn shop(more: &str) -> tempfile::TempDir {
    let folder = project(&format!("name: shop\nprofile: shop\n{more}"));
    let path = folder.path();
    std::fs::write(
        path.join("profiles.yml"),
        "shop: {target: dev, outputs: {dev: {type: duckdb, path: shop.duckdb}}}\n",
    )
    .unwrap();
    std::fs::create_dir(path.join("models")).unwrap();
    std::fs::write(path.join("models/a.sql"), "select 1 as id").unwrap();
    folder
}

#[test]
fn nothing_to_list_is_an_event_of_its_own() {
    let folder = shop("");
    let path = folder.path();
    let told = Call::new(path, &["ls", "--select", "b"]).run();
    assert_eq!(told.code, Some(0), "{}", told.stdout);
    assert!(told.stdout.ends_with("No nodes selected!\n"), "{}", told.stdout);
    let options = |event: &str| format!("{{error: [{event}]}}");
    for (event, code) in [("NoNodesSelected", 2), ("NothingToDo", 0)] {
        let line = ["ls", "--select", "b", "--warn-error-options", &options(event)];
        assert_eq!(Call::new(path, &line).run().code, Some(code), "{event}");
    }
}

#[test]
fn a_list_stands_apart_from_the_warning_before_it() {
    let folder = shop("models: {shop: {lost: {+enabled: true}}}\n");
    let told = Call::new(folder.path(), &["list"]).run();
    assert_eq!(told.code, Some(0), "{}", told.stdout);
    let lines: Vec<&str> = told.stdout.lines().collect();
    let listed = lines.iter().position(|line| *line == "shop.a").unwrap();
    assert!(told.stdout.contains("[WARNING]"), "{}", told.stdout);
    assert!(lines[listed - 1].trim_end().len() == "12:00:00".len(), "{}", told.stdout);
    let alone = Call::new(folder.path(), &["-q", "ls"]).run();
    assert_eq!(alone.stdout, "shop.a\n");
}
