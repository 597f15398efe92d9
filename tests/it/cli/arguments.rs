//! Wrong command lines: the message, the advice, and exit code 2.

use std::fmt::Write as _;

use super::{Call, project};

#[test]
fn wrong_command_lines_say_what_is_wrong_and_what_to_do() {
    let folder = project("name: shop\n");
    let lines: &[&[&str]] = &[
        &["rnu"],
        &["run", "--nope"],
        &["run", "--full-refersh"],
        &["run", "--select"],
        &["ls", "--select", "a", "--output", "yaml"],
        &["ls", "--output", "json", "extra"],
        &["run-operation"],
        &["run-operation", "m", "--args", "[1]"],
        &["run", "--vars", "{a: "],
        &["run", "--threads", "many"],
        &["--target", "x", "run", "--target", "y"],
        &["compile", "--select", "a", "--inline", "select 1"],
        &["run", "--warn-error", "--warn-error-options", "{error: all}"],
        &["run", "--warn-error-options", "{error: [NothingTodo]}"],
        &["run", "--project-dir", "/does/not/exist"],
    ];
    let mut report = String::new();
    for line in lines {
        let ended = Call::new(folder.path(), line).run();
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(2), ""), "{line:?}");
        let _ = write!(report, "$ tidegate {}\n{}\n", line.join(" "), ended.stderr);
    }
    insta::assert_snapshot!(report);
}

#[test]
fn a_wrong_variable_is_a_wrong_command_line() {
    let folder = project("name: shop\n");
    let ended = Call::new(folder.path(), &["run"]).env("DBT_FAIL_FAST", "perhaps").run();
    assert_eq!(ended.code, Some(2));
    assert_eq!(
        ended.stderr,
        "Error: `perhaps` is no value for `DBT_FAIL_FAST`: `true` or `false` is wanted\n"
    );
}

#[test]
fn old_spellings_are_told_and_warn_error_makes_them_errors() {
    let folder = project("name: shop\n");
    let told = Call::new(folder.path(), &["clean"]).env("DBT_NO_PRINT", "1").run();
    assert_eq!(told.code, Some(0), "{}", told.stdout);
    assert!(
        told.stdout.contains(
            "[WARNING][EnvironmentVariableRenamed]: The environment variable `DBT_NO_PRINT` has been renamed"
        ),
        "{}",
        told.stdout
    );
    let refused = Call::new(folder.path(), &["--warn-error", "clean"]).env("DBT_NO_PRINT", "1").run();
    assert_eq!(refused.code, Some(2));
    assert!(refused.stdout.contains("Encountered an error:\n"), "{}", refused.stdout);
}

#[test]
fn a_flag_of_another_command_is_told_so() {
    let folder = super::project("name: shop\n");
    let ended = super::Call::new(folder.path(), &["snapshot", "--fail-fast", "--output", "json"]).run();
    assert_eq!(ended.code, Some(2));
    assert!(ended.stderr.contains("there is no flag `--output` here"), "{}", ended.stderr);
    assert!(ended.stderr.contains("`show`") && ended.stderr.contains(" have it"), "{}", ended.stderr);
}
