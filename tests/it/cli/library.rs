//! DuckDB's library is loaded when a database is opened, so a program without it does all that needs none.

use std::fs;
use std::process::Command;

use super::{Ended, project};

const PROFILES: &str = "shop: {target: dev, outputs: {dev: {type: duckdb, path: shop.duckdb}}}\n";

#[test]
fn a_program_without_its_library_reads_projects_and_says_what_a_build_lacks() {
    let folder = project("name: shop\nprofile: shop\n");
    fs::write(folder.path().join("profiles.yml"), PROFILES).unwrap();
    fs::create_dir(folder.path().join("models")).unwrap();
    fs::write(folder.path().join("models/one.sql"), "select 1 as id").unwrap();
    // Where it is looked for, seen from the program: here nothing is.
    let place = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let bin = place.path().join("deep/bin");
    fs::create_dir_all(&bin).unwrap();
    let program = bin.join("tidegate");
    fs::hard_link(env!("CARGO_BIN_EXE_tidegate"), &program).unwrap();
    let run = |arguments: &[&str]| {
        let mut command = Command::new(&program);
        command.args(arguments).current_dir(folder.path()).env_clear().env("HOME", folder.path());
        Ended::of(command.output().unwrap())
    };

    for arguments in [&["--version"][..], &["--help"], &["parse"], &["compile"], &["ls"]] {
        let ended = run(arguments);
        assert_eq!(ended.code, Some(0), "{arguments:?}\n{}{}", ended.stdout, ended.stderr);
    }
    let built = run(&["build"]);
    assert_eq!(built.code, Some(2), "{}{}", built.stdout, built.stderr);
    let text = built.stdout + &built.stderr;
    assert!(text.contains("error[connection]: the DuckDB library cannot be loaded: "), "{text}");
    assert!(text.contains("libduckdb.") && text.contains("profiles.yml:1:"), "{text}");
    assert!(text.contains("= help: put `libduckdb` of DuckDB's release page beside the program"), "{text}");
}
