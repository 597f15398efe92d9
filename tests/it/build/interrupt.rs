//! Runs that are stopped from outside: nothing half-built stays, and the next run works.

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::Shop;

/// Starts a run of two models that would take hours, and waits until both are at work.
fn start_slow(shop: &Shop) -> Child {
    // Which of the ready models go first must not depend on how fast this machine built them.
    let _ = std::fs::remove_file(shop.path("target/durations.json"));
    start(shop, &["run", "--threads", "2", "--vars", "{mode: slow}"], 2)
}

/// Starts a run, and waits until so many statements are at work that would take hours.
fn start(shop: &Shop, arguments: &[&str], at_work: usize) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tidegate"));
    command.args(arguments).current_dir(shop.path(""));
    command.env_clear().env("HOME", shop.path("")).stdin(Stdio::null());
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let from = Instant::now();
    let statement = "from range(2000000)";
    while shop_log(shop).matches(statement).count() < at_work {
        assert!(from.elapsed() < Duration::from_mins(1), "{}", shop_log(shop));
        std::thread::sleep(Duration::from_millis(20));
    }
    // The statement is logged just before it is sent.
    std::thread::sleep(Duration::from_millis(300));
    child
}

/// What the log file says of the newest invocation.
fn shop_log(shop: &Shop) -> String {
    let log = std::fs::read_to_string(shop.path("logs/dbt.log")).unwrap_or_default();
    log.rsplit("==============================").next().unwrap_or_default().to_owned()
}

fn built() -> (Shop, Vec<String>) {
    let shop = Shop::copy("slow");
    shop.run(&["run"], 0);
    let relations = shop.relations();
    (shop, relations)
}

#[track_caller]
fn assert_untouched(shop: &Shop, relations: &[String]) {
    assert_eq!(shop.relations(), relations);
    for model in ["slow_table", "slow_incremental", "after_slow"] {
        assert_eq!(shop.rows(&format!("from main.{model}")), ["7"], "{model}");
    }
}

#[test]
fn a_killed_run_leaves_what_was_there() {
    let (shop, relations) = built();
    let mut child = start_slow(&shop);
    child.kill().unwrap();
    child.wait().unwrap();
    assert_untouched(&shop, &relations);
    shop.run(&["run", "--full-refresh"], 0);
    assert_untouched(&shop, &relations);
}

#[cfg(unix)]
#[test]
fn ctrl_c_interrupts_statements_marks_the_rest_and_writes_results() {
    let (shop, relations) = built();
    let child = start_slow(&shop);
    let sent = Instant::now();
    let kill = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(kill.success());
    let output = child.wait_with_output().unwrap();
    assert!(sent.elapsed() < Duration::from_secs(30), "the statements would take hours");
    assert_eq!(output.status.code(), Some(1));
    let stdout = String::from_utf8(output.stdout).unwrap();
    assert!(stdout.contains("Exited because of keyboard interrupt"), "{stdout}");
    assert!(String::from_utf8(output.stderr).unwrap().contains("stopping: running statements"));
    assert_eq!(
        shop.statuses(),
        [
            "after_slow skipped",
            "quick success",
            "slow_incremental skipped",
            "slow_table skipped",
            "slow_view skipped",
        ]
    );
    for result in shop.results().iter().filter(|one| one["status"] == "skipped") {
        assert_eq!(result["message"], "Skipping due to an interrupt");
    }
    assert_untouched(&shop, &relations);
    shop.run(&["run"], 0);
}

#[cfg(unix)]
#[test]
fn ctrl_c_keeps_the_batches_that_were_built() {
    let shop = Shop::copy("microbatch");
    shop.write(
        "models/hourly.sql",
        "{{ config(materialized='incremental', incremental_strategy='microbatch', event_time='happened_at',
             batch_size='hour', begin='2024-01-01') }}
         {% set at = model.batch.event_time_start if model.batch else run_started_at %}
         select timestamp '{{ at.strftime('%Y-%m-%d %H:00:00') }}' as happened_at, count(*) as n
         from range({{ 2000000 if at.hour >= 3 else 1000 }}) a, range({{ 2000000 if at.hour >= 3 else 10 }}) b",
    );
    let times = ["--event-time-start", "2024-01-01", "--event-time-end", "2024-01-01 12:00:00"];
    let arguments = [&["run", "-s", "hourly", "--threads", "2"], &times[..]].concat();
    let child = start(&shop, &arguments, 2);
    let kill = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(kill.success());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let stdout = String::from_utf8(output.stdout).unwrap();
    assert!(stdout.contains("[PARTIAL SUCCESS (3/12) in "), "{stdout}");
    assert_eq!(shop.statuses(), ["hourly partial success"]);
    let batches = &shop.results()[0]["batch_results"];
    let count = |list: &str| batches[list].as_array().unwrap().len();
    assert_eq!((count("successful"), count("failed")), (3, 9), "batches that were not begun can be retried");
    assert_eq!(
        shop.rows("select hour(happened_at), n from hourly order by 1"),
        ["0 10000", "1 10000", "2 10000"]
    );
}
