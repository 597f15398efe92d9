//! Models that grow by batches of event time, and samples of event time.

use serde_json::json;

use super::Shop;

/// The first three days of the year; the last batch is made whole.
const THREE_DAYS: &[&str] = &["--event-time-start", "2024-01-01", "--event-time-end", "2024-01-03 06:00:00"];

fn shop() -> Shop {
    let shop = Shop::copy("microbatch");
    shop.run(&["seed"], 0);
    shop
}

impl Shop {
    /// Runs with the flags of three days.
    #[track_caller]
    fn run_three_days(&self, arguments: &[&str], code: i32) -> String {
        self.run(&[arguments, THREE_DAYS].concat(), code)
    }

    /// Returns the first days of the batches in a list of a result's batches.
    fn batches(&self, model: &str, list: &str) -> Vec<String> {
        let results = self.results();
        let result = results.iter().find(|r| r["unique_id"].as_str().unwrap().ends_with(model)).unwrap();
        let batches = result["batch_results"][list].as_array().unwrap();
        batches.iter().map(|batch| batch[0].as_str().unwrap()[..10].to_owned()).collect()
    }

    fn compiled(&self, file: &str) -> String {
        self.read(&format!("target/compiled/shop/models/{file}"))
    }
}

#[test]
fn a_first_run_builds_batch_after_batch() {
    let shop = shop();
    let shown = shop.run_three_days(&["run", "-s", "daily", "--threads", "1"], 0);
    for line in [
        "1 of 1 START sql microbatch model main.daily ...",
        "Batch 1 of 3 START batch 2024-01-01 of main.daily ...",
        "Batch 3 of 3 OK created batch 2024-01-03 of main.daily ...",
        "1 of 1 OK created sql microbatch model main.daily ...",
        "Finished running 1 incremental model in",
    ] {
        assert!(shown.contains(line), "{line}\n{shown}");
    }
    assert_eq!(
        shop.rows("select id, batch, batch_start, batch_end, adds_rows from daily order by id"),
        [
            "1 20240101 2024-01-01 00:00:00+00:00 2024-01-02 00:00:00+00:00 false",
            "2 20240101 2024-01-01 00:00:00+00:00 2024-01-02 00:00:00+00:00 false",
            "3 20240102 2024-01-02 00:00:00+00:00 2024-01-03 00:00:00+00:00 true",
            "4 20240102 2024-01-02 00:00:00+00:00 2024-01-03 00:00:00+00:00 true",
            "5 20240103 2024-01-03 00:00:00+00:00 2024-01-04 00:00:00+00:00 true",
        ]
    );
    assert_eq!(shop.rows("from began"), ["20240101"], "the pre-hook runs with the first batch only");
    assert_eq!(shop.rows("from ended"), ["20240103"], "the post-hook runs with the last batch only");
    let result = &shop.results()[0];
    assert_eq!((&result["status"], &result["message"]), (&json!("success"), &json!("SUCCESS")));
    assert_eq!((&result["compiled"], &result["failures"]), (&json!(false), &json!(0)));
    assert_eq!(
        result["batch_results"],
        json!({
            "successful": [
                ["2024-01-01T00:00:00+00:00", "2024-01-02T00:00:00+00:00"],
                ["2024-01-02T00:00:00+00:00", "2024-01-03T00:00:00+00:00"],
                ["2024-01-03T00:00:00+00:00", "2024-01-04T00:00:00+00:00"],
            ],
            "failed": [],
        })
    );
}

#[test]
fn each_batch_has_files_of_its_own_and_reads_its_window() {
    let shop = shop();
    shop.run_three_days(&["run", "-s", "daily", "yearly"], 0);
    let daily = shop.compiled("daily/daily_2024-01-02.sql");
    let from = "from (select * from __dbt__cte__stg where happened_at >= '2024-01-02 00:00:00+00:00' \
                and happened_at < '2024-01-03 00:00:00+00:00')";
    assert!(daily.contains(from), "{daily}");
    // The properties of the source quote its column.
    let yearly = shop.compiled("yearly/yearly_2024.sql");
    let from = "from (select * from \"warehouse\".\"main\".\"raw_events\" where \"happened_at\" >= '2024-01-01 00:00:00+00:00' \
                and \"happened_at\" < '2025-01-01 00:00:00+00:00')";
    assert!(yearly.contains(from), "{yearly}");
    let executed = shop.read("target/run/shop/models/daily/daily_2024-01-03.sql");
    assert!(executed.contains("delete from \"warehouse\".\"main\".\"daily\""), "{executed}");
    assert!(!shop.path("target/compiled/shop/models/daily.sql").exists());
}

#[test]
fn a_later_run_replaces_the_rows_of_its_windows() {
    let shop = shop();
    shop.run_three_days(&["run", "-s", "daily", "monthly"], 0);
    let seed = shop.read("seeds/raw_events.csv").replace(",11\n", ",21\n").replace(",13\n", ",23\n");
    shop.write("seeds/raw_events.csv", &format!("{seed}9,2024-01-02 01:00:00,18\n"));
    let second = ["--event-time-start", "2024-01-02 05:00:00", "--event-time-end", "2024-01-03"];
    shop.run(&["seed"], 0);
    shop.run(&[&["run", "-s", "daily", "summary"], &second[..]].concat(), 0);
    let rows = "select id, amount from daily order by id";
    // The whole second day is new, the first one is as it was.
    assert_eq!(shop.rows(rows), ["1 10", "2 11", "3 12", "4 23", "5 14", "9 18"]);
    assert_eq!(shop.rows("from summary"), ["6"], "`.render()` reads all rows");
    assert_eq!(shop.rows("select events, amount from monthly"), ["5 60"]);
    shop.run(&[&["run", "-s", "daily", "--full-refresh"], &second[..]].concat(), 0);
    assert_eq!(shop.rows(rows), ["3 12", "4 23", "9 18"], "a full refresh begins anew");
    assert_eq!(shop.rows("select distinct adds_rows from daily"), ["false"]);
}

#[test]
fn without_asked_times_batches_reach_from_begin_to_now_and_then_look_back() {
    let shop = shop();
    let this_year = jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).year();
    let years = |from: i16| (from..=this_year).map(|year| format!("{year}-01-01")).collect::<Vec<_>>();
    shop.run(&["run", "-s", "yearly"], 0);
    assert_eq!(shop.batches("yearly", "successful"), years(2024));
    assert_eq!(shop.rows("select count(*) from yearly"), ["8"]);
    shop.run(&["run", "-s", "yearly"], 0);
    assert_eq!(shop.batches("yearly", "successful"), years(this_year - 1));
    assert_eq!(shop.rows("select count(*) from yearly"), ["8"]);
}

#[test]
fn a_failed_batch_leaves_the_others_standing() {
    let shop = shop();
    let broken = ["run", "-s", "daily+", "--vars", "{broken: ['20240102']}"];
    let shown = shop.run_three_days(&broken, 1);
    assert_eq!(shop.statuses(), ["daily partial success", "monthly skipped", "summary skipped"]);
    assert_eq!(shop.batches("daily", "successful"), ["2024-01-01", "2024-01-03"]);
    assert_eq!(shop.batches("daily", "failed"), ["2024-01-02"]);
    assert_eq!(shop.rows("select id from daily order by id"), ["1", "2", "5"]);
    for line in [
        "Batch 2 of 3 ERROR creating batch 2024-01-02 of main.daily ...",
        "Batch 3 of 3 OK created batch 2024-01-03 of main.daily ...",
        "1 of 3 PARTIALLY created sql microbatch model main.daily ...",
        "[PARTIAL SUCCESS (2/3) in ",
        "Completed with 1 partial success and 0 warnings",
        "first seen in batch 2024-01-02",
        "Done. PASS=0 WARN=0 ERROR=1 SKIP=2 NO-OP=0 TOTAL=3",
    ] {
        assert!(shown.contains(line), "{line}\n{shown}");
    }
    assert_eq!(shown.matches("models/daily.sql:3:").count(), 2, "where it happens and in the end\n{shown}");
}

#[test]
fn without_its_first_batch_a_model_fails_as_a_whole() {
    let shop = shop();
    let shown = shop.run_three_days(&["run", "-s", "daily", "--vars", "{broken: ['20240101']}"], 1);
    assert_eq!(shop.statuses(), ["daily error"]);
    assert_eq!(shop.results()[0]["message"], "ERROR");
    assert_eq!(shop.batches("daily", "failed"), ["2024-01-01", "2024-01-02", "2024-01-03"]);
    assert!(shown.contains("Batch 2 of 3 SKIP batch 2024-01-02 of main.daily ..."), "{shown}");
    assert!(!shown.contains("START batch 2024-01-02"), "{shown}");
    assert_eq!(shop.relations(), ["table main.raw_events"], "what the pre-hook did is rolled back");
}

#[test]
fn batches_in_the_middle_run_at_the_same_time_unless_the_model_reads_itself() {
    let shop = shop();
    let hourly = |options: &str, tail: &str| {
        format!(
            "{{{{ config(materialized='incremental', incremental_strategy='microbatch', event_time='happened_at',
                 batch_size='hour', begin='2024-01-01'{options}) }}}}
             select id, happened_at, '{{{{ model.batch.id if model.batch }}}}' as batch
             from {{{{ ref('raw_events') }}}} {tail}"
        )
    };
    let concurrent = |text: &str| {
        shop.write("models/hourly.sql", text);
        let shown = shop.run_three_days(&["--debug", "run", "-s", "hourly", "--threads", "4"], 0);
        assert_eq!(shop.batches("hourly", "successful").len(), 54);
        assert_eq!(
            shop.rows("select id, batch from hourly order by id"),
            ["1 20240101T00", "2 20240101T23", "3 20240102T00", "4 20240102T12"]
        );
        let events: Vec<&str> = shown.lines().filter(|line| line.contains(" is being run ")).collect();
        assert!(events[0].ends_with("sequentially") && events[53].ends_with("sequentially"), "{events:?}");
        events.iter().filter(|line| line.ends_with("concurrently")).count()
    };
    assert_eq!(concurrent(&hourly("", "")), 52);
    assert_eq!(concurrent(&hourly("", "where '{{ this }}' <> ''")), 0);
    assert_eq!(concurrent(&hourly(", concurrent_batches=true", "where '{{ this }}' <> ''")), 52);
    assert_eq!(concurrent(&hourly(", concurrent_batches=false", "")), 0);
}

#[test]
fn a_sample_limits_what_models_and_snapshots_read() {
    let shop = shop();
    let sample = "{start: '2024-01-02 12:00:00', end: '2024-01-03 12:00:00'}";
    shop.run(&["run", "-s", "copied", "daily", "yearly", "--sample", sample], 0);
    shop.run(&["build", "-s", "kept", "--sample", sample], 0);
    assert_eq!(shop.rows("select id from copied order by id"), ["4", "5"]);
    assert_eq!(shop.rows("select id from kept order by id"), ["4", "5"]);
    assert_eq!(shop.rows("select id, batch from daily order by id"), ["4 20240102", "5 20240103"]);
    let daily = shop.compiled("daily/daily_2024-01-03.sql");
    let window =
        "where happened_at >= '2024-01-03 00:00:00+00:00' and happened_at < '2024-01-03 12:00:00+00:00'";
    assert!(daily.contains(window), "the window of the batch, cut by the sample\n{daily}");
    let shown = "SampleWindow(start=datetime.datetime(2024, 1, 2, 12, 0, tzinfo=<UTC>), \
                 end=datetime.datetime(2024, 1, 3, 12, 0, tzinfo=<UTC>))";
    assert_eq!(shop.rows("select distinct sample from copied"), [shown]);
    shop.run(&["run", "-s", "copied", "--sample", "3 hours"], 0);
    assert_eq!(shop.rows("select count(*) from copied"), ["0"]);
    let file: serde_json::Value = serde_json::from_str(&shop.read("target/run_results.json")).unwrap();
    let end = file["args"]["sample"]["end"].as_str().unwrap();
    assert!(end.ends_with("+00:00"), "{end}");
}

#[test]
fn empty_limits_ephemeral_models_too() {
    let shop = shop();
    shop.run_three_days(&["run", "--empty", "-s", "daily", "copied"], 0);
    assert_eq!(shop.rows("select count(*) from daily"), ["0"]);
    let daily = shop.compiled("daily/daily_2024-01-01.sql");
    let from =
        "from (select * from (select * from __dbt__cte__stg where false limit 0) where happened_at >= ";
    assert!(daily.contains(from), "{daily}");
}

#[test]
fn a_strategy_of_the_project_gets_batches_only_when_asked() {
    let shop = shop();
    std::fs::create_dir(shop.path("macros")).unwrap();
    shop.write(
        "macros/strategy.sql",
        "{% macro get_incremental_microbatch_sql(arg_dict) %}
           insert into {{ arg_dict['target_relation'] }} select * from {{ arg_dict['temp_relation'] }}
         {% endmacro %}",
    );
    let shown = shop.run_three_days(&["run", "-s", "yearly"], 0);
    assert!(shown.contains("MicrobatchMacroOutsideOfBatchesDeprecation"), "{shown}");
    assert!(shown.contains("OK created sql incremental model main.yearly"), "{shown}");
    assert_eq!(shop.rows("select count(*) from yearly"), ["8"]);
    let project = shop.read("dbt_project.yml");
    let flag = "flags: {require_batched_execution_for_custom_microbatch_strategy: true}\n";
    shop.write("dbt_project.yml", &format!("{project}{flag}"));
    let shown = shop.run_three_days(&["run", "-s", "yearly"], 0);
    assert!(!shown.contains("Deprecation"), "{shown}");
    assert!(shown.contains("Batch 1 of 1 OK created batch 2024 of main.yearly"), "{shown}");
    assert_eq!(shop.rows("select count(*) from yearly"), ["15"], "the project's strategy only adds rows");
}

#[test]
fn a_model_without_event_time_above_it_is_told() {
    let shop = shop();
    shop.write(
        "models/lonely.sql",
        "{{ config(materialized='incremental', incremental_strategy='microbatch', event_time='happened_at',
             batch_size='day', begin='2024-01-01') }}
         select * from {{ ref('summary') }}",
    );
    let shown = shop.run(&["parse", "--warn-error"], 0);
    assert!(shown.contains("microbatch model `lonely` reads nothing that has an `event_time`"), "{shown}");
    shop.write(
        "models/lonely.sql",
        "{{ config(materialized='incremental', incremental_strategy='microbatch') }} select 1",
    );
    let shown = shop.run(&["parse"], 2);
    for key in ["event_time", "begin", "batch_size"] {
        assert!(shown.contains(&format!("`{key}`")), "{key}\n{shown}");
    }
}

#[test]
fn times_that_mean_nothing_are_refused() {
    let shop = Shop::copy("microbatch");
    for (arguments, wrong) in [
        (vec!["--sample", "3 weeks"], "`weeks` is none of hour, day, month, year"),
        (vec!["--sample", "{start: '2024-01-01'}"], "it needs a time as `end`"),
        (vec!["--event-time-start", "2024-01-01"], "`--event-time-end` must also be present"),
        (vec!["--event-time-start", "2024-01-02", "--event-time-end", "2024-01-02"], "must be less than"),
    ] {
        let ended = shop.call(&[&["run"], &arguments[..]].concat());
        assert_eq!(ended.code, Some(2));
        assert!(ended.stderr.contains(wrong), "{}", ended.stderr);
    }
}
