//! `list` where there is nothing to list.

use super::{Call, project};

#[test]
fn nothing_to_list_is_an_event_of_its_own() {
    let folder = project("name: shop\nprofile: shop\n");
    let path = folder.path();
    std::fs::write(
        path.join("profiles.yml"),
        "shop: {target: dev, outputs: {dev: {type: duckdb, path: shop.duckdb}}}\n",
    )
    .unwrap();
    std::fs::create_dir(path.join("models")).unwrap();
    std::fs::write(path.join("models/a.sql"), "select 1 as id").unwrap();
    let told = Call::new(path, &["ls", "--select", "b"]).run();
    assert_eq!(told.code, Some(0), "{}", told.stdout);
    assert!(told.stdout.ends_with("No nodes selected!\n"), "{}", told.stdout);
    let options = |event: &str| format!("{{error: [{event}]}}");
    for (event, code) in [("NoNodesSelected", 2), ("NothingToDo", 0)] {
        let line = ["ls", "--select", "b", "--warn-error-options", &options(event)];
        assert_eq!(Call::new(path, &line).run().code, Some(code), "{event}");
    }
}
