//! Console and log file: formats, levels, secrets.

use std::fs;

use serde_json::Value;

use super::{Call, project, without_times};

fn lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn an_error_stands_below_the_class_that_dbt_counts_it_in() {
    let folder = project("name: shop\n");
    fs::create_dir(folder.path().join("models")).unwrap();
    fs::write(folder.path().join("models/a.sql"), "select 1 as id").unwrap();
    for (arguments, heading) in [
        (["ls", "-s", "result:error"], "Internal Error"),
        (["ls", "-s", "source_status:fresher"], "Internal Error"),
        (["ls", "-s", "state:modified"], "Runtime Error"),
    ] {
        let ended = Call::new(folder.path(), &[&arguments[..], &["--state", "models"]].concat()).run();
        let text = without_times(&ended.stdout);
        assert_eq!(ended.code, Some(2), "{text}");
        assert!(text.contains(&format!("Encountered an error:\n{heading}\n")), "{text}");
    }
    for (file, heading) in [("packages.yml", "Runtime Error"), ("models/broken.yml", "Parsing Error")] {
        let folder = project("name: shop\n");
        fs::create_dir(folder.path().join("models")).unwrap();
        fs::write(folder.path().join(file), "models: [1\n").unwrap();
        let text = without_times(&Call::new(folder.path(), &["parse"]).run().stdout);
        assert!(text.contains(&format!("Encountered an error:\n{heading}\n")), "{text}");
    }
}

#[test]
fn json_lines_have_dbts_shape() {
    let folder = project("name: shop\n");
    let call =
        Call::new(folder.path(), &["--log-format", "json", "clean"]).env("DBT_ENV_CUSTOM_ENV_job", "7");
    let ended = call.run();
    let first = ended.stdout.lines().next().unwrap();
    assert!(
        first.starts_with(r#"{"data": {"log_version": 3, "version": "=1.11.16"}, "info": {"category": "", "#)
    );
    let events = lines(&ended.stdout);
    let info = &events[0]["info"];
    assert_eq!(info["name"], "MainReportVersion");
    assert_eq!(
        (&info["code"], &info["level"], &info["thread"]),
        (&"A001".into(), &"info".into(), &"MainThread".into())
    );
    assert_eq!(info["extra"]["job"], "7");
    assert_eq!(info["msg"], "Running with dbt=1.11.16");
    let names: Vec<&str> = events.iter().map(|event| event["info"]["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["MainReportVersion", "CheckCleanPath", "ConfirmCleanPath", "FinishedCleanPaths"]);
}

#[test]
fn the_log_file_tells_everything_of_each_invocation() {
    let folder = project("name: shop\nlog-path: journal\n");
    Call::new(folder.path(), &["clean", "--quiet"]).run();
    Call::new(folder.path(), &["clean", "--quiet"]).run();
    let log = fs::read_to_string(folder.path().join("journal/dbt.log")).unwrap();
    assert_eq!(log.matches("============================== ").count(), 2, "{log}");
    assert!(log.contains(" [info ] [MainThread]: Running with dbt=1.11.16\n"), "{log}");
    assert!(
        log.contains(" [debug] [MainThread]: running dbt with arguments {'cache_selected_only': 'False'"),
        "{log}"
    );
    assert!(log.contains(" [debug] [MainThread]: Command `dbt clean` succeeded at "), "{log}");
}

#[test]
fn quiet_shows_errors_only_and_level_none_nothing() {
    let folder = project("name: shop\n");
    assert_eq!(Call::new(folder.path(), &["clean", "-q"]).run().stdout, "");
    fs::remove_file(folder.path().join("dbt_project.yml")).unwrap();
    assert!(Call::new(folder.path(), &["clean", "-q"]).run().stdout.contains("Encountered an error:"));
    let silent = Call::new(folder.path(), &["clean", "--log-level", "none"]).run();
    assert_eq!((silent.stdout.as_str(), silent.code), ("", Some(2)));
}

#[test]
fn secrets_are_starred_wherever_they_would_show() {
    let folder = project("name: shop\nclean-targets: [hush_hush]\n");
    for format in ["text", "json", "debug"] {
        let call =
            Call::new(folder.path(), &["clean", "--log-format", format]).env("DBT_ENV_SECRET_X", "hush_hush");
        let shown = call.run().stdout;
        assert!(shown.contains("*****") && !shown.contains("hush_hush"), "{shown}");
    }
    let log = fs::read_to_string(folder.path().join("logs/dbt.log")).unwrap();
    assert!(!log.contains("hush_hush"), "{log}");
}

#[test]
fn flags_of_the_project_hold() {
    let folder = project("name: shop\nflags: {log_format: json, log_level_file: none}\n");
    let ended = Call::new(folder.path(), &["clean"]).run();
    assert_eq!(lines(&ended.stdout).len(), 4);
    assert!(!folder.path().join("logs").exists());
    let ended = Call::new(folder.path(), &["clean"]).env("DBT_LOG_FORMAT", "text").run();
    assert!(ended.stdout.contains("  Running with dbt="), "{}", ended.stdout);
}

#[test]
fn colours_are_written_where_somebody_insists() {
    let folder = project("name: shop\nclean-targets: [models]\n");
    let call = |arguments: &[&str]| Call::new(folder.path(), arguments).run().stdout;
    assert!(!call(&["clean"]).contains('\x1b'));
    assert!(call(&["clean", "--use-colors"]).contains('\x1b'));
    let forbidden =
        Call::new(folder.path(), &["clean"]).env("CLICOLOR_FORCE", "1").env("NO_COLOR", "1").run();
    assert!(!forbidden.stdout.contains('\x1b'), "{}", forbidden.stdout);
}
