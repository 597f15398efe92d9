//! DuckDB's keys of a profile: what dbt-duckdb makes of the same mappings.

use serde_json::{Map, Value, json};
use tidegate::adapter::{Profile, ProfileError, duckdb};

fn read(output: &Value) -> Result<duckdb::Profile, ProfileError> {
    duckdb::Profile::from_output(output.as_object().unwrap())
}

#[track_caller]
fn database(output: &Value, want: &str) {
    assert_eq!(read(output).unwrap().database, want, "{output}");
}

#[track_caller]
fn error(output: &Value, key: &str, part: &str) {
    let error = read(output).unwrap_err();
    assert_eq!(error.key, key, "{output}: {error}");
    assert!(error.message.contains(part), "{output}: {error}");
}

#[test]
fn the_database_is_named_after_the_file() {
    database(&json!({}), "memory");
    database(&json!({"path": "a/my.db.duckdb"}), "my");
    database(&json!({"path": ".hidden.duckdb"}), "hidden");
    database(&json!({"path": "s3://bucket/x.duckdb"}), "x");
    database(&json!({"path": "x.db?a=b"}), "x");
    database(&json!({"path": "md:"}), "my_db");
    database(&json!({"path": "md:sales?motherduck_token=t"}), "sales");
    database(&json!({"path": "ducklake:meta.ducklake"}), "meta");
    database(&json!({"path": "x.db", "database": "x"}), "x");
    database(&json!({"path": "x.db", "database": "y", "attach": [{"path": "z.db", "alias": "y"}]}), "y");
    error(&json!({"path": "x.db", "database": "y"}), "database", "opens the database `x`");
    error(&json!({"path": "/"}), "path", "names no file");
}

#[test]
fn attach_becomes_statements() {
    let profile = read(&json!({"attach": [
        {"path": "z.db"},
        {"path": "it's.db", "alias": "q", "type": "sqlite", "read_only": true, "secret": "s"},
        {"path": "md:foo?x=1", "alias": "m"},
        {"path": "ducklake:meta.db", "is_ducklake": null},
        {"path": "p", "alias": "lake", "is_ducklake": true, "options": {
            "type": "postgres", "schema": "x", "read_only": true, "flag": true, "n": 3, "no": false, "q": "'a'", "none": null,
        }},
    ]}))
    .unwrap();
    assert_eq!(
        profile.attach,
        [
            "ATTACH IF NOT EXISTS 'z.db'",
            "ATTACH IF NOT EXISTS 'it''s.db' AS q (TYPE sqlite, SECRET s, READ_ONLY)",
            "ATTACH IF NOT EXISTS 'md:foo' AS m",
            "ATTACH IF NOT EXISTS 'ducklake:meta.db'",
            "ATTACH IF NOT EXISTS 'p' AS lake (TYPE postgres, READ_ONLY, SCHEMA 'x', FLAG, N 3, Q 'a')",
        ]
    );
    assert!(profile.is_ducklake("lake") && profile.is_ducklake("meta") && !profile.is_ducklake("q"));
    assert!(profile.is_motherduck());
}

#[test]
fn secrets_become_statements() {
    let profile = read(&json!({"use_credential_provider": "aws", "secrets": [
        {"type": "s3", "key_id": "a'b", "scope": ["s3://a", "s3://b"]},
        {"name": "foo", "type": "gcs", "persistent": true, "provider": "credential_chain",
         "extra_http_headers": {"a": "b"}, "n": 3, "l": ["a"], "nul": null},
    ]}))
    .unwrap();
    assert_eq!(
        profile.secrets,
        [
            "CREATE OR REPLACE SECRET _dbt_secret_1 (\n    type s3,\n    key_id 'a''b',\n    scope 's3://a',\n    scope 's3://b'\n)",
            "CREATE OR REPLACE PERSISTENT SECRET foo (\n    type gcs,\n    provider credential_chain,\n    extra_http_headers map {'a': 'b'},\n    n '3',\n    l array ['a']\n)",
            "CREATE OR REPLACE SECRET _dbt_secret_3 (\n    type s3,\n    provider credential_chain\n)",
        ]
    );
}

#[test]
fn wrong_keys_and_types_are_named() {
    error(&json!({"schema": 1}), "schema", "must be a string, not `1`");
    error(&json!({"path": null}), "path", "must be a string");
    error(&json!({"keep_open": null}), "keep_open", "must be true or false");
    error(&json!({"extensions": "httpfs"}), "extensions", "must be a list");
    error(&json!({"extensions": ["a", {"name": "b"}]}), "extensions[1]", "has no `repo`");
    error(&json!({"settings": [1]}), "settings", "must be a mapping");
    error(&json!({"attach": [{"alias": "a"}]}), "attach[0]", "has no `path`");
    error(
        &json!({"attach": [{"path": "a", "read_onyl": true}]}),
        "attach[0].read_onyl",
        "has no key `read_onyl`",
    );
    error(
        &json!({"attach": [{"path": "a", "read_only": "yes"}]}),
        "attach[0].read_only",
        "must be true or false",
    );
    error(
        &json!({"attach": [{"path": "p", "type": "sqlite", "options": {"type": "x"}}]}),
        "attach[0].options.type",
        "repeats an option",
    );
    error(&json!({"secrets": [{"key_id": "x"}]}), "secrets[0]", "has no `type`");
    error(&json!({"retries": {"attempts": 3}}), "retries.attempts", "has no key");
    error(&json!({"use_credential_provider": "gcp"}), "use_credential_provider", "must be `aws`");
    error(
        &json!({"motherduck_token": "a", "settings": {"motherduck_token": "b"}}),
        "motherduck_token",
        "twice",
    );
    error(&json!({"remote": {"host": "h"}}), "remote", "not supported");
    let unknown = Profile::from_output(json!({"type": "oracle"}).as_object().unwrap()).unwrap_err();
    assert_eq!((unknown.key.as_str(), unknown.message.as_str()), ("type", "no adapter for type `oracle`"));
    let nearly = read(&json!({"attach": [{"path": "a", "read_onyl": true}]})).unwrap_err();
    assert_eq!(nearly.help.as_deref(), Some("did you mean `read_only`?"));
}

#[test]
fn unknown_keys_are_allowed_and_python_ones_are_mentioned() {
    let profile =
        read(&json!({"foo": 1, "plugins": [{"module": "excel"}], "filesystems": [], "module_paths": null}))
            .unwrap();
    assert_eq!(profile.unsupported(), ["`plugins` needs Python and is ignored"]);
}

#[test]
fn target_shows_the_connection_keys() {
    let output = json!({"type": "duckdb", "path": "x.db", "settings": {"a": true}, "password": "secret", "extensions": ["inet"]});
    let profile = Profile::from_output(output.as_object().unwrap()).unwrap();
    let want: Map<String, Value> = json!({
        "database": "x", "schema": "main", "path": "x.db", "config_options": null, "extensions": ["inet"],
        "settings": {"a": true}, "external_root": ".", "use_credential_provider": null, "attach": null,
        "filesystems": null, "remote": null, "plugins": null, "disable_transactions": false,
    })
    .as_object()
    .unwrap()
    .clone();
    assert_eq!(profile.connection_keys(), want);
    assert_eq!((profile.database(), profile.schema()), ("x", "main"));
}
