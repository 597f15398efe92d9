//! Messages, codes, levels and payloads against what dbt Core 1.11.16 was seen to write.

use serde_json::{Value, json};

use super::*;

const PLAIN: Style = Style { color: false, width: 80 };
const COLORED: Style = Style { color: true, width: 80 };

fn node() -> NodeInfo {
    let facts = NodeFacts {
        unique_id: "model.shop.stg".into(),
        resource_type: "model".into(),
        name: "stg".into(),
        path: "stg.sql".into(),
        materialized: "view".into(),
        checksum: "ab".into(),
        relation: NodeRelation {
            alias: "stg".into(),
            database: "shop".into(),
            relation_name: "\"shop\".\"main\".\"stg\"".into(),
            schema: "main".into(),
        },
        ..NodeFacts::default()
    };
    let started_at = "2026-01-02T00:09:23.558918Z".parse().unwrap();
    NodeInfo { started_at: Some(started_at), ..NodeInfo::new(facts).with_status("started") }
}

#[track_caller]
fn check(event: impl Into<Event>, head: (&str, &str, Level), message: &str) {
    let event = event.into();
    assert_eq!((event.name(), event.code(), event.level()), head);
    assert_eq!(event.message(&PLAIN), message);
}

fn model(status: &str) -> LogModelResult {
    LogModelResult {
        description: "sql view model main.stg".into(),
        execution_time: 0.076_173_544,
        index: 3,
        node_info: node(),
        status: status.into(),
        total: 15,
    }
}

fn test(status: &str, num_failures: i64) -> LogTestResult {
    LogTestResult {
        attached_node: String::new(),
        execution_time: 0.13,
        index: 9,
        name: "av".into(),
        node_info: node(),
        num_failures,
        num_models: 15,
        status: status.into(),
    }
}

#[test]
fn lines_of_nodes_are_dbts() {
    let start =
        LogStartLine { description: "seed file main.raw".into(), index: 1, node_info: node(), total: 15 };
    check(
        start,
        ("LogStartLine", "Q011", Level::Info),
        "1 of 15 START seed file main.raw ............................................... [RUN]",
    );
    check(
        model("OK"),
        ("LogModelResult", "Q012", Level::Info),
        "3 of 15 OK created sql view model main.stg ..................................... [OK in 0.08s]",
    );
    check(
        model("error"),
        ("LogModelResult", "Q012", Level::Error),
        "3 of 15 ERROR creating sql view model main.stg ................................. [ERROR in 0.08s]",
    );
    let seed = LogSeedResult {
        execution_time: 0.1,
        index: 1,
        node_info: node(),
        relation: "raw".into(),
        result_message: "INSERT 3".into(),
        schema: "main".into(),
        status: "success".into(),
        total: 15,
    };
    check(
        seed,
        ("LogSeedResult", "Q016", Level::Info),
        "1 of 15 OK loaded seed file main.raw ........................................... [INSERT 3 in 0.10s]",
    );
    let skipped = SkippingDetails {
        because: None,
        index: 14,
        node_info: node(),
        node_name: "child_of_bad".into(),
        resource_type: "model".into(),
        schema: "main".into(),
        total: 15,
    };
    check(
        skipped,
        ("SkippingDetails", "Q034", Level::Info),
        "14 of 15 SKIP relation main.child_of_bad ....................................... [SKIP]",
    );
}

#[test]
fn lines_of_tests_are_dbts_and_their_level_is_the_verdict() {
    let line =
        "9 of 15 FAIL 1 av .............................................................. [FAIL 1 in 0.13s]";
    check(test("fail", 1), ("LogTestResult", "Q007", Level::Error), line);
    let line =
        "9 of 15 WARN 2 av .............................................................. [WARN 2 in 0.13s]";
    check(test("warn", 2), ("LogTestResult", "Q007", Level::Warn), line);
    let line =
        "9 of 15 PASS av ................................................................ [PASS in 0.13s]";
    check(test("pass", 0), ("LogTestResult", "Q007", Level::Info), line);
}

#[test]
fn colours_are_dbts() {
    let line = Event::from(test("fail", 1)).message(&COLORED);
    assert!(line.ends_with(" [\x1b[31mFAIL 1\x1b[0m in 0.13s]"), "{line}");
    let line = Event::from(model("OK")).message(&COLORED);
    assert!(line.ends_with(" [\x1b[32mOK\x1b[0m in 0.08s]"), "{line}");
}

#[test]
fn the_end_of_a_run_is_dbts() {
    let stats = Stats { error: 3, noop: 1, pass: 10, skip: 2, total: 17, warn: 1 };
    check(
        StatsLine { stats },
        ("StatsLine", "Z023", Level::Info),
        "Done. PASS=10 WARN=1 ERROR=3 SKIP=2 NO-OP=1 TOTAL=17",
    );
    let summary = |num_errors, num_warnings| EndOfRunSummary {
        keyboard_interrupt: false,
        num_errors,
        num_partial_success: 0,
        num_warnings,
    };
    let head = ("EndOfRunSummary", "Z030", Level::Info);
    check(summary(3, 1), head, "Completed with 3 errors, 0 partial successes, and 1 warning:");
    check(summary(0, 2), head, "Completed with 2 warnings:");
    check(summary(0, 0), head, "Completed successfully");
    check(
        FinishedRunningStats {
            execution: " in 0 hours 0 minutes and 1.28 seconds".into(),
            execution_time: 1.281_260_7,
            stat_line: "1 seed, 3 view models".into(),
        },
        ("FinishedRunningStats", "E047", Level::Info),
        "Finished running 1 seed, 3 view models in 0 hours 0 minutes and 1.28 seconds (1.28s).",
    );
    check(
        CheckNodeTestFailure { node_info: node(), relation_name: "\"a\".\"b\"".into() },
        ("CheckNodeTestFailure", "Z027", Level::Info),
        "  See test failures:\n  ---------------------\n  select * from \"a\".\"b\"\n  ---------------------",
    );
}

#[test]
fn output_that_was_asked_for_is_dbts() {
    let compiled = |format: &str, is_inline| CompiledNode {
        compiled: "select 1".into(),
        is_inline,
        node_name: "m".into(),
        output_format: format.into(),
        quiet: false,
        unique_id: "model.shop.m".into(),
    };
    let head = ("CompiledNode", "Q042", Level::Info);
    check(compiled("text", false), head, "Compiled node 'm' is:\nselect 1");
    check(compiled("json", false), head, "{\n  \"node\": \"m\",\n  \"compiled\": \"select 1\"\n}");
    check(compiled("json", true), head, "{\n  \"compiled\": \"select 1\"\n}");
    let shown = ShowNode {
        is_inline: false,
        node_name: "m".into(),
        output_format: "json".into(),
        preview: "[{\"id\": 1}]".into(),
        quiet: false,
        unique_id: "model.shop.m".into(),
    };
    let want = "{\n  \"node\": \"m\",\n  \"show\": [\n    {\n      \"id\": 1\n    }\n  ]\n}";
    check(shown, ("ShowNode", "Q041", Level::Info), want);
}

#[test]
fn what_adapters_tell_is_dbts() {
    let key = |name: &str| RefKey { database: "shop".into(), identifier: name.into(), schema: "main".into() };
    let renamed = CacheAction {
        action: "rename_relation".into(),
        ref_key: key("stg__dbt_tmp"),
        ref_key_2: Some(key("stg")),
        ref_list: Vec::new(),
    };
    check(
        renamed,
        ("CacheAction", "E022", Level::Debug),
        "Renaming relation (database=shop, schema=main, identifier=stg__dbt_tmp) to (database=shop, schema=main, \
         identifier=stg)",
    );
    let status = SQLQueryStatus { elapsed: 0.045_565_2, query_id: String::new(), status: "OK".into() };
    check(status, ("SQLQueryStatus", "E017", Level::Debug), "SQL status: OK in 0.046 seconds");
}

#[test]
fn payloads_have_dbts_keys() {
    let event = Event::from(NodeStart { node_info: node() });
    let want = json!({"node_info": {
        "materialized": "view", "meta": {}, "node_checksum": "ab", "node_finished_at": "", "node_name": "stg",
        "node_path": "stg.sql",
        "node_relation": {
            "alias": "stg", "database": "shop", "relation_name": "\"shop\".\"main\".\"stg\"", "schema": "main",
        },
        "node_started_at": "2026-01-02T00:09:23.558918", "node_status": "started", "resource_type": "model",
        "unique_id": "model.shop.stg",
    }});
    assert_eq!(serde_json::to_value(&event).unwrap(), want);
    let keys = |event: Event| {
        let Value::Object(map) = serde_json::to_value(&event).unwrap() else {
            panic!("a payload is an object")
        };
        let mut keys: Vec<String> = map.keys().cloned().collect();
        keys.sort();
        keys.join(" ")
    };
    assert_eq!(keys(model("OK").into()), "description execution_time index node_info status total");
    let want = "attached_node execution_time index name node_info num_failures num_models status";
    assert_eq!(keys(test("pass", 0).into()), want);
    let result = RunResultMsg::default();
    assert_eq!(
        keys(NodeFinished { node_info: node(), run_result: result.clone() }.into()),
        "node_info run_result"
    );
    let Value::Object(result) = serde_json::to_value(&result).unwrap() else {
        panic!("a result is an object")
    };
    let want =
        ["adapter_response", "execution_time", "message", "num_failures", "status", "thread", "timing_info"];
    assert!(result.keys().eq(want), "{result:?}");
}

#[test]
fn deprecations_and_other_diagnostics_go_by_dbts_names() {
    use crate::diag::{Code, Diagnostic, Sources};
    let sources = Sources::new();
    let unused = Diagnostic::warning(Code::UNUSED_CONFIG_PATH, None, "`models.shop.x` matches nothing");
    check(
        Diagnosed::new(unused, &sources),
        ("UnusedResourceConfigPath", "I051", Level::Warn),
        "[WARNING][UnusedResourceConfigPath]: `models.shop.x` matches nothing",
    );
    let old = Diagnostic::warning(Code::DEPRECATED, None, "old").help("use the new");
    let event = Event::from(Diagnosed::new(old.known_as("MissingPlusPrefixDeprecation"), &sources));
    assert_eq!((event.name(), event.code()), ("MissingPlusPrefixDeprecation", "D037"));
    assert!(event.message(&PLAIN).contains("help: use the new"));
}
