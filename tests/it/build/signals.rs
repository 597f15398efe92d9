//! What other systems are told of a run, to a file and to a collector on loopback; and that nobody is told unasked.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use super::Shop;
use crate::cli::{Call, Ended};

/// A server that takes every post.
struct Collector {
    url: String,
    posts: Arc<Mutex<Vec<Post>>>,
}

#[derive(Clone)]
struct Post {
    path: String,
    headers: BTreeMap<String, String>,
    body: Value,
}

impl Collector {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://127.0.0.1:{}", listener.local_addr().unwrap().port());
        let posts: Arc<Mutex<Vec<Post>>> = Arc::default();
        let seen = Arc::clone(&posts);
        std::thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                let mut lines = BufReader::new(stream.try_clone().unwrap());
                let mut line = || {
                    let mut text = String::new();
                    lines.read_line(&mut text).unwrap();
                    text.trim_end().to_owned()
                };
                let path = line().split(' ').nth(1).unwrap().to_owned();
                let headers = std::iter::from_fn(|| Some(line()).filter(|line| !line.is_empty()));
                let headers: BTreeMap<String, String> = headers
                    .filter_map(|line| {
                        let (name, value) = line.split_once(':')?;
                        Some((name.to_lowercase(), value.trim().to_owned()))
                    })
                    .collect();
                let mut body = vec![0; headers["content-length"].parse().unwrap()];
                lines.read_exact(&mut body).unwrap();
                seen.lock().unwrap().push(Post {
                    path,
                    headers,
                    body: serde_json::from_slice(&body).unwrap(),
                });
                let _ =
                    stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
            }
        });
        Self { url, posts }
    }

    fn posts(&self) -> Vec<Post> {
        self.posts.lock().unwrap().clone()
    }
}

fn call(shop: &Shop, arguments: &[&str], variables: &[(&str, &str)]) -> Ended {
    let call = Call::new(&shop.path(""), arguments);
    variables.iter().fold(call, |call, (name, value)| call.env(name, value)).run()
}

fn events(shop: &Shop, file: &str) -> Vec<Value> {
    shop.read(file).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// `KIND JOB` of each event, sorted by job; of equal jobs the first event goes first.
fn told(events: &[Value]) -> Vec<String> {
    let mut told: Vec<(String, String)> = events
        .iter()
        .map(|event| {
            let job = event["job"]["name"].as_str().unwrap();
            (job.replace("warehouse.main.", ""), event["eventType"].as_str().unwrap().to_owned())
        })
        .collect();
    told.sort_by(|(one, _), (other, _)| one.cmp(other));
    told.into_iter().map(|(job, kind)| format!("{kind} {job}")).collect()
}

#[test]
fn every_node_that_runs_is_told_of_twice() {
    let shop = Shop::copy("outcomes");
    let selected = ["build", "-s", "orders", "warned", "broken", "after_broken", "unique_dirty_id", "dirty"];
    let ended = call(&shop, &[&selected[..], &["--openlineage-file", "events.jsonl"]].concat(), &[]);
    assert_eq!(ended.code, Some(1), "{}", ended.stdout);
    let events = events(&shop, "events.jsonl");
    let jobs = told(&events);
    let pair = |end: &str, job: &str| [format!("START {job}"), format!("{end} {job}")];
    for pair in [
        pair("FAIL", "dbt-run-shop"),
        pair("COMPLETE", "shop.orders.build.seed"),
        pair("COMPLETE", "shop.warned.build.run"),
        pair("FAIL", "shop.broken.build.run"),
        pair("COMPLETE", "test.shop.unique_warned_id.f9ddb217c6"),
    ] {
        assert!(jobs.windows(2).any(|two| two == pair), "{pair:?} in {jobs:#?}");
    }
    assert!(!jobs.iter().any(|job| job.contains("after_broken")), "what is skipped never began: {jobs:#?}");

    let end_of = |job: &str| {
        let of_job = |event: &&Value| event["job"]["name"].as_str().unwrap().contains(job);
        events.iter().rev().find(of_job).unwrap()
    };
    let warned = end_of("shop.warned.build.run");
    let command = end_of("dbt-run-shop")["run"]["runId"].clone();
    assert_eq!(warned["run"]["facets"]["parent"]["run"]["runId"], command);
    assert!(warned["job"]["facets"]["sql"]["query"].as_str().unwrap().contains("from \"warehouse\""));
    let input = &warned["inputs"][0];
    assert_eq!(input["name"], "warehouse.main.orders");
    assert!(input["namespace"].as_str().unwrap().starts_with("duckdb://"), "{input}");
    let fields = &warned["outputs"][0]["facets"]["schema"]["fields"];
    assert_eq!(fields[0], json!({"name": "id"}), "no catalog, no types: {fields}");
    assert_eq!(
        end_of("shop.orders.build.seed")["outputs"][0]["outputFacets"]["outputStatistics"]["rowCount"],
        5
    );
    let broken = end_of("shop.broken.build.run");
    let message = broken["run"]["facets"]["errorMessage"]["message"].as_str().unwrap();
    assert!(message.contains("Could not convert string"), "{message}");
    assert_eq!(broken["outputs"], json!([]));

    let test = end_of("unique_warned_id");
    let assertion = &test["inputs"][0]["inputFacets"]["dataQualityAssertions"]["assertions"][0];
    let name = "unique_warned_id";
    assert_eq!(
        assertion,
        &json!({
            "assertion": "unique", "name": name, "success": false, "column": "id", "severity": "warn",
            "expected": "0", "actual": "1",
        })
    );
    assert_eq!(test["run"]["facets"]["test"]["tests"][0]["status"], "fail");
}

#[test]
fn types_of_columns_are_those_of_the_last_catalog() {
    let shop = Shop::copy("outcomes");
    shop.run(&["build", "-s", "orders", "warned"], 0);
    shop.run(&["docs", "generate"], 0);
    call(&shop, &["run", "-s", "warned", "--openlineage-file", "events.jsonl"], &[]);
    let events = events(&shop, "events.jsonl");
    let end = events.iter().find(|event| event["job"]["name"] == "warehouse.main.shop.warned").unwrap();
    let fields = &end["outputs"][0]["facets"]["schema"]["fields"];
    assert_eq!(fields[0], json!({"name": "id", "type": "INTEGER"}), "{fields}");
}

#[test]
fn columns_come_from_where_the_lineage_file_says_while_it_holds() {
    let shop = Shop::copy("outcomes");
    shop.run(&["build", "-s", "orders", "warned", "after_warned"], 0);
    shop.run(&["docs", "generate"], 0);
    let lineage = |shop: &Shop| {
        let _ = std::fs::remove_file(shop.path("events.jsonl"));
        call(shop, &["run", "-s", "dirty", "--openlineage-file", "events.jsonl"], &[]);
        let events = events(shop, "events.jsonl");
        let end =
            events.iter().rev().find(|event| event["job"]["name"] == "warehouse.main.shop.dirty").unwrap();
        assert_eq!(end["eventType"], "COMPLETE");
        end["outputs"][0]["facets"]["columnLineage"]["fields"]["id"]["inputFields"][0].clone()
    };
    let from = lineage(&shop);
    assert_eq!((&from["name"], &from["field"]), (&json!("warehouse.main.orders"), &json!("id")), "{from}");
    assert_eq!(from["transformations"], json!([{"type": "DIRECT", "subtype": "IDENTITY"}]));
    shop.write("models/dirty.sql", "select 1 as id");
    assert_eq!(lineage(&shop), Value::Null, "the file was read from other code");
}

#[test]
fn events_go_where_the_variables_say_once_the_user_asks() {
    let shop = Shop::copy("outcomes");
    let collector = Collector::start();
    let variables = [
        ("OPENLINEAGE_URL", collector.url.as_str()),
        ("OPENLINEAGE_API_KEY", "key"),
        ("OPENLINEAGE_NAMESPACE", "shops"),
        ("OPENLINEAGE_PARENT_ID", "airflow/dag.task/0190c4a0-0000-7000-8000-000000000000"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url.as_str()),
    ];
    assert_eq!(call(&shop, &["seed"], &variables).code, Some(0));
    assert_eq!(collector.posts().len(), 0, "nobody asked");
    let off = [&variables[..], &[("OPENLINEAGE_DISABLED", "true")]].concat();
    assert_eq!(call(&shop, &["seed", "--openlineage"], &off).code, Some(0));
    assert_eq!(collector.posts().len(), 0, "switched off");

    let ended = call(&shop, &["seed", "--openlineage"], &variables);
    assert_eq!(ended.code, Some(0), "{}", ended.stdout);
    let posts = collector.posts();
    let kinds: Vec<&str> = posts.iter().map(|post| post.body["eventType"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["START", "START", "COMPLETE", "COMPLETE"]);
    for post in &posts {
        assert_eq!(post.path, "/api/v1/lineage");
        assert_eq!(post.headers["authorization"], "Bearer key");
        assert_eq!(post.body["job"]["namespace"], "shops");
    }
    let parent = &posts[0].body["run"]["facets"]["parent"];
    assert_eq!(parent["job"], json!({"namespace": "airflow", "name": "dag.task"}));
}

#[test]
fn the_file_of_the_client_says_where_events_go() {
    let shop = Shop::copy("outcomes");
    let collector = Collector::start();
    let auth = "  auth: {type: api_key, apiKey: other}\n";
    let text = format!("transport:\n  type: http\n  url: {}\n  endpoint: lineage\n{auth}", collector.url);
    shop.write("openlineage.yml", &text);
    assert_eq!(call(&shop, &["seed"], &[("TIDEGATE_OPENLINEAGE", "1")]).code, Some(0));
    let posts = collector.posts();
    assert_eq!((posts.len(), posts[0].path.as_str()), (4, "/lineage"));
    assert_eq!(posts[0].headers["authorization"], "Bearer other");

    shop.write("openlineage.yml", "transport:\n  type: http\n");
    let key = r#"{"type": "api_key", "api_key": "third"}"#;
    let more = [
        ("OPENLINEAGE__TRANSPORT__TYPE", "kafka"),
        ("OPENLINEAGE__TRANSPORT__URL", collector.url.as_str()),
        ("OPENLINEAGE__TRANSPORT__AUTH", key),
        ("OPENLINEAGE_URL", "http://127.0.0.1:1"),
    ];
    assert_eq!(call(&shop, &["seed", "--openlineage"], &more).code, Some(0), "variables add to the file");
    let posts = collector.posts();
    assert_eq!(posts[4].headers["authorization"], "Bearer third");
    assert_eq!((posts.len(), posts[4].path.as_str()), (8, "/api/v1/lineage"));

    shop.write("openlineage.yml", "transport:\n  type: kafka\n");
    let ended = call(&shop, &["seed", "--openlineage"], &[]);
    assert_eq!(ended.code, Some(2));
    assert!(ended.stdout.contains("`transport` of type `kafka` is not known"), "{}", ended.stdout);
    assert!(ended.stdout.contains("openlineage.yml:2"), "{}", ended.stdout);
}

#[test]
fn a_system_that_does_not_answer_changes_nothing() {
    let shop = Shop::copy("outcomes");
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let url = format!("http://{nobody}");
    let variables = [("OPENLINEAGE_URL", url.as_str()), ("OTEL_EXPORTER_OTLP_ENDPOINT", url.as_str())];
    let ended = call(&shop, &["--warn-error", "seed", "--openlineage", "--opentelemetry"], &variables);
    assert_eq!(ended.code, Some(0), "{}", ended.stdout);
    let told = format!("4 of 4 OpenLineage events did not reach `{url}/api/v1/lineage`");
    assert!(ended.stdout.contains(&told), "{}", ended.stdout);
    assert!(ended.stdout.contains("did not reach `"), "{}", ended.stdout);
    let ended = call(&shop, &["seed", "--openlineage"], &[]);
    assert_eq!(ended.code, Some(2));
    assert!(ended.stdout.contains("nothing says where events go"), "{}", ended.stdout);
    let ended = call(&shop, &["seed", "--opentelemetry"], &[]);
    assert_eq!(ended.code, Some(2));
    assert!(ended.stdout.contains("nothing says where traces go"), "{}", ended.stdout);
}

#[test]
fn a_trace_shows_the_command_its_nodes_and_their_phases() {
    let shop = Shop::copy("outcomes");
    let collector = Collector::start();
    let variables = [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url.as_str()),
        ("OTEL_EXPORTER_OTLP_HEADERS", "x-team=data%20shop"),
        ("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment=ci"),
        ("TRACEPARENT", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
    ];
    let selected = ["build", "-s", "orders", "broken", "after_broken", "--opentelemetry"];
    let ended = call(&shop, &selected, &variables);
    assert_eq!(ended.code, Some(1), "{}", ended.stdout);
    let posts = collector.posts();
    assert_eq!(posts.len(), 1);
    assert_eq!((posts[0].path.as_str(), posts[0].headers["x-team"].as_str()), ("/v1/traces", "data shop"));
    let resource = &posts[0].body["resourceSpans"][0];
    assert_eq!(
        resource["resource"]["attributes"],
        json!([
            {"key": "deployment.environment", "value": {"stringValue": "ci"}},
            {"key": "service.name", "value": {"stringValue": "tidegate"}},
        ])
    );
    let spans = resource["scopeSpans"][0]["spans"].as_array().unwrap();
    let named = |name: &str| spans.iter().find(|span| span["name"] == name).unwrap();
    let command = named("build shop");
    assert_eq!(command["parentSpanId"], "b7ad6b7169203331");
    assert_eq!(command["status"]["code"], 2);
    let broken = named("model.shop.broken");
    assert_eq!((&broken["parentSpanId"], &broken["status"]["code"]), (&command["spanId"], &json!(2)));
    assert!(broken["status"]["message"].as_str().unwrap().contains("Could not convert string"));
    assert_eq!(named("seed.shop.orders")["status"]["code"], 1);
    let phases = spans.iter().filter(|span| span["parentSpanId"] == broken["spanId"]);
    assert_eq!(phases.map(|span| span["name"].as_str().unwrap()).collect::<Vec<_>>(), ["compile", "execute"]);
    for span in spans {
        assert_eq!(span["traceId"], "0af7651916cd43dd8448eb211c80319c");
        let time = |key: &str| span[key].as_str().unwrap().parse::<u128>().unwrap();
        assert!(time("startTimeUnixNano") <= time("endTimeUnixNano"));
    }
    assert!(!spans.iter().any(|span| span["name"] == "model.shop.after_broken"), "it never began");
}
