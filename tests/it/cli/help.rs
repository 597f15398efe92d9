//! `--version` and the help.

use std::os::unix::process::CommandExt as _;
use std::process::Command;

use super::Call;

#[test]
fn the_version_has_the_shape_that_tools_read() {
    let folder = tempfile::tempdir().unwrap();
    for flag in ["--version", "-v", "-V"] {
        let ended = Call::new(folder.path(), &[flag]).run();
        assert_eq!(ended.code, Some(0));
        let lines: Vec<&str> = ended.stdout.lines().collect();
        assert_eq!(lines[0], "Core:");
        let installed = lines[1].strip_prefix("  - installed: ").unwrap();
        assert!(installed.starts_with("1.11."), "{installed}");
        assert!(lines[2].starts_with(&format!("  - latest:    {installed}")), "{}", lines[2]);
        assert_eq!(lines[4], "Plugins:");
        assert!(ended.stdout.contains(concat!("Tidegate ", env!("CARGO_PKG_VERSION"))), "{}", ended.stdout);
    }
    let behind = Call::new(folder.path(), &["run", "--version"]).run();
    assert!(behind.stdout.starts_with("Core:"), "{}", behind.stdout);
}

#[test]
fn the_overview_names_every_command() {
    let folder = tempfile::tempdir().unwrap();
    let ended = Call::new(folder.path(), &["-h"]).run();
    assert_eq!(ended.code, Some(0));
    insta::assert_snapshot!("overview", ended.stdout);
    let bare = Call::new(folder.path(), &[]).run();
    assert_eq!((bare.code, bare.stdout.as_str(), bare.stderr), (Some(2), "", ended.stdout));
}

#[test]
fn a_missing_command_is_no_success() {
    let folder = tempfile::tempdir().unwrap();
    for (group, named) in [("source", "freshness"), ("docs", "generate")] {
        let ended = Call::new(folder.path(), &[group]).run();
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(2), ""));
        assert!(ended.stderr.contains(named), "{}", ended.stderr);
        let asked = Call::new(folder.path(), &[group, "--help"]).run();
        assert_eq!((asked.code, asked.stderr.as_str()), (Some(0), ""));
    }
}

#[test]
fn the_help_of_a_command_is_grouped() {
    let folder = tempfile::tempdir().unwrap();
    insta::assert_snapshot!("help_of_build", Call::new(folder.path(), &["build", "-h"]).run().stdout);
    insta::assert_snapshot!("full_help_of_show", Call::new(folder.path(), &["show", "--help"]).run().stdout);
}

#[test]
fn the_program_goes_by_the_name_it_was_started_by() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tidegate"));
    let output = command.arg0("/usr/bin/dbt").arg("--help").output().unwrap();
    let help = String::from_utf8(output.stdout).unwrap();
    assert!(help.starts_with("Usage: dbt [OPTIONS] COMMAND [ARGS]...\n"), "{help}");
}

#[test]
fn shells_learn_commands_and_flags() {
    let folder = tempfile::tempdir().unwrap();
    for (shell, words) in [
        (
            "bash",
            vec![
                "complete -F",
                "tidegate,run-operation",
                "--full-refresh",
                "source,freshness",
                "\"json name path selector\"",
            ],
        ),
        (
            "zsh",
            vec![
                "#compdef tidegate",
                "'--full-refresh[",
                "freshness:",
                ":_files",
                ":(json name path selector)",
            ],
        ),
        ("fish", vec!["complete -c tidegate", "-l full-refresh", "-a \"freshness\"", "selector\\t"]),
        ("powershell", vec!["Register-ArgumentCompleter", "'--full-refresh'", "'tidegate;source;freshness'"]),
    ] {
        let ended = Call::new(folder.path(), &["completions", shell]).run();
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        for word in words {
            let rest = word.replace("tidegate,", "").replace(',', "__");
            let found = ended.stdout.contains(word) || ended.stdout.contains(&rest);
            assert!(found, "{shell}: {word}");
        }
    }
    let ended = Call::new(folder.path(), &["completions", "bsh"]).run();
    assert_eq!(ended.code, Some(2));
    assert!(ended.stderr.contains("did you mean `bash`?"), "{}", ended.stderr);
}
