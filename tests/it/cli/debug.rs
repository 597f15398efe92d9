//! `debug`: what it tells at each stage, in dbt's lines.

use std::fs;

use super::{Call, project, without_times};

const PROFILES: &str = "shop: {target: dev, outputs: {dev: {type: duckdb, path: shop.duckdb}}}\n";

fn debug(folder: &std::path::Path, more: &[&str]) -> (Option<i32>, String) {
    let ended = Call::new(folder, &[&["debug"], more].concat()).run();
    (ended.code, without_times(&ended.stdout))
}

#[test]
fn what_works_is_told_in_the_lines_that_scripts_read() {
    let folder = project("name: shop\nprofile: shop\n");
    fs::write(folder.path().join("profiles.yml"), PROFILES).unwrap();
    let (code, text) = debug(folder.path(), &[]);
    assert_eq!(code, Some(0), "{text}");
    for line in [
        "adapter type: duckdb",
        "adapter version: 1.11.1",
        "Configuration:",
        "profiles.yml file [OK found and valid]",
        "dbt_project.yml file [OK found and valid]",
        "Required dependencies:",
        "Connection:",
        "config_options: None",
        "Connection test: [OK connection ok]",
        "All checks passed!",
    ] {
        assert!(text.lines().any(|told| told == line), "{line}\n{text}");
    }
    assert!(text.lines().any(|line| line.starts_with("- git [")), "{text}");
}

#[test]
fn without_a_project_no_stage_hides_it() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("profiles.yml"), PROFILES).unwrap();
    let (code, text) = debug(folder.path(), &[]);
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains("dbt_project.yml file [ERROR not found]"), "{text}");
    let (code, text) = debug(folder.path(), &["--connection"]);
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains("Project loading failed for the following reason:"), "{text}");
}

#[test]
fn without_a_usable_profile_nothing_is_connected_to() {
    let folder = project("name: shop\nprofile: shop\n");
    fs::write(folder.path().join("profiles.yml"), "shop: {target: dev}\n").unwrap();
    let (code, text) = debug(folder.path(), &[]);
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains("profiles.yml file [ERROR invalid]"), "{text}");
    assert!(text.contains("Connection test skipped since no profile was found"), "{text}");
}

#[test]
fn a_file_of_which_nothing_can_be_read_ends_it() {
    let missing = "shop: {target: dev, outputs: {dev: {type: duckdb, path: \"{{ env_var('NO_PATH') }}\"}}}\n";
    let fine = "name: shop\nprofile: shop\n";
    for (project_file, profiles, heading) in [
        (fine, missing, "Parsing Error"),
        (fine, "shop: {outputs: [1\n", "Runtime Error"),
        ("name: shop\nvars: {x: [1\n", PROFILES, "Runtime Error"),
    ] {
        let folder = project(project_file);
        fs::write(folder.path().join("profiles.yml"), profiles).unwrap();
        let (code, text) = debug(folder.path(), &[]);
        assert_eq!(code, Some(2), "{text}");
        assert!(text.contains(&format!("Encountered an error:\n{heading}\n")), "{text}");
    }
}

#[test]
fn the_database_that_stands_in_needs_no_run_before() {
    let folder = project("name: shop\n");
    let (code, text) = debug(folder.path(), &[]);
    assert_eq!(code, Some(0), "{text}");
}
