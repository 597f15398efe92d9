//! Who may log in and how: passwords in every way servers ask for them, and where passwords come from.

use std::path::Path;

use serde_json::{Value, json};
use tidegate::adapter::{DbErrorKind, Fetch};

use super::{PASSWORD, Server, Setup, cells};
use crate::cli::{Call, Ended};

const ACCESS: &str = "\
local all all trust
host all tide 127.0.0.1/32 scram-sha-256
host all old 127.0.0.1/32 md5
host all plain 127.0.0.1/32 password
host all anybody 127.0.0.1/32 trust
host all nobody 127.0.0.1/32 reject
";

const USERS: &str = "\
create role anybody login;
create role plain login password 'p''l:a\\in';
set password_encryption = 'md5';
create role old login password 'o:ld';
create role builders;
grant builders to plain;
create schema shop authorization builders;
";

#[test]
fn passwords_are_given_in_the_way_the_server_asks() {
    let server = Server::with(&Setup { access: ACCESS, socket: true, ..Setup::default() });
    server.execute(USERS);
    let connect = |more: Value| server.connect(more);
    for (user, password) in [("tide", PASSWORD), ("old", "o:ld"), ("plain", "p'l:a\\in"), ("anybody", "")] {
        let mut session = connect(json!({"user": user, "password": password})).unwrap();
        let found = session.execute("select current_user", Fetch::All).unwrap();
        assert_eq!(cells(found)[0][0].as_str(), Some(user));
    }
    for user in ["tide", "old", "plain"] {
        let refused = connect(json!({"user": user, "password": "wrong", "retries": 9})).err().unwrap();
        assert_eq!(refused.kind, DbErrorKind::Connection, "and nobody tries a wrong password nine times");
        let port = server.port;
        let want = format!(
            "connection to server at \"127.0.0.1\", port {port} failed: FATAL:  password authentication failed for user \"{user}\""
        );
        assert!(refused.message.starts_with(&want), "{}", refused.message);
        let refused = connect(json!({"user": user, "password": ""})).err().unwrap();
        assert!(refused.message.ends_with("fe_sendauth: no password supplied"), "{}", refused.message);
    }
    let refused = connect(json!({"user": "nobody"})).err().unwrap();
    assert!(refused.message.contains("pg_hba.conf rejects connection"), "{}", refused.message);

    let folder = server.path("");
    let mut session = connect(json!({"host": folder, "role": "builders"})).unwrap();
    let found = session.execute("select current_user, session_user, inet_client_addr() is null", Fetch::All);
    assert_eq!(format!("{:?}", cells(found.unwrap())[0]), r#"[Text("builders"), Text("tide"), Bool(true)]"#);
    let refused = connect(json!({"role": "absent"})).err().unwrap();
    assert!(refused.message.contains("role \"absent\" does not exist"), "{}", refused.message);
    let refused = connect(json!({"host": "/absent"})).err().unwrap();
    assert!(refused.message.contains("on socket \"/absent/.s.PGSQL."), "{}", refused.message);
}

/// Runs `debug` with a profile whose password is not in it.
fn debug(project: &Path, variables: &[(&str, &str)]) -> Ended {
    let call = Call::new(project, &["debug"]);
    variables.iter().fold(call, |call, (name, value)| call.env(name, value)).run()
}

fn password_file(path: &Path, text: &str, mode: u32) -> String {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::write(path, text).unwrap();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn passwords_come_from_where_libpq_finds_them() {
    let server = Server::start();
    let project = server.project("shop", &[], json!({"password": ""}));
    let line = format!("*:{}:postgres:tide:{PASSWORD}\n", server.port);
    assert_eq!(debug(&project, &[]).code, Some(1));
    assert_eq!(debug(&project, &[("PGPASSWORD", PASSWORD)]).code, Some(0));
    let other = password_file(&server.path("passwords"), &line, 0o600);
    assert_eq!(debug(&project, &[("PGPASSFILE", &other)]).code, Some(0));
    // The calls have the project as their home.
    password_file(&project.join(".pgpass"), &line, 0o600);
    assert_eq!(debug(&project, &[]).code, Some(0));
    password_file(&project.join(".pgpass"), &line, 0o644);
    let open = debug(&project, &[]);
    assert!(open.stdout.contains("has group or world access"), "{}", open.stdout);
    password_file(&project.join(".pgpass"), "*:*:*:*:wrong", 0o600);
    let wrong = debug(&project, &[]);
    assert!(wrong.stdout.contains("password retrieved from file"), "{}", wrong.stdout);
    assert_eq!(debug(&project, &[("PGSSLMODE", "require"), ("PGPASSWORD", PASSWORD)]).code, Some(1));
}

#[test]
fn the_password_is_in_no_output() {
    let secret = "hold-this-back-7391";
    let server = Server::start();
    server.execute(&format!("create role quiet login superuser password '{secret}'"));
    let more = json!({"user": "quiet", "password": "{{ env_var('SHOP_PASSWORD') }}"});
    let files = [
        (
            "models/good.sql",
            "select $${{ target | string }}$$ as target, '{{ target.get(\"password\") }}' as password",
        ),
        ("models/bad.sql", "select lost from {{ ref('good') }}"),
        (
            "macros/spy.sql",
            "{% macro spy() %}{% do log(target ~ builtins ~ flags, info=true) %}{% endmacro %}",
        ),
    ];
    let project = server.project("shop", &files, more);
    let run = |arguments: &[&str], password: &str| {
        let ended = Call::new(&project, arguments).env("SHOP_PASSWORD", password).run();
        let text = format!("{}{}", ended.stdout, ended.stderr);
        assert!(!text.contains(secret), "{arguments:?}: {text}");
        text
    };
    for level in ["text", "json"] {
        let loud = ["--log-level", "debug", "--log-format", level];
        for command in [
            &["build"][..],
            &["debug"],
            &["docs", "generate"],
            &["run-operation", "spy"],
            &["show", "--inline", "select lost"],
            &["compile", "--inline", "{{ env_var('ABSENT') }}"],
        ] {
            run(&[&loud, command].concat(), secret);
        }
    }
    assert!(run(&["debug"], "wrong").contains("password authentication failed"));
    // The profile is one line of JSON, so that the place of any mistake in it is beside the password.
    for mistake in [json!({"dbname": "absent"}), json!({"port": "x"}), json!({"password": [secret]})] {
        let mut more = json!({"user": "quiet", "password": secret});
        more.as_object_mut().unwrap().extend(mistake.as_object().unwrap().clone());
        let project = server.project("mistaken", &files, more);
        let ended = Call::new(&project, &["build"]).run();
        let text = format!("{}{}", ended.stdout, ended.stderr);
        assert_ne!(ended.code, Some(0), "{text}");
        assert!(text.contains("profiles.yml:1:") && !text.contains(secret), "{text}");
        std::fs::remove_file(project.join("profiles.yml")).unwrap();
    }
    let mut looked_at = 0;
    for entry in walkdir::WalkDir::new(&project) {
        let entry = entry.unwrap();
        if entry.file_type().is_file() {
            let bytes = std::fs::read(entry.path()).unwrap();
            assert!(
                !bytes.windows(secret.len()).any(|part| part == secret.as_bytes()),
                "{}",
                entry.path().display()
            );
            looked_at += 1;
        }
    }
    assert!(looked_at > 10, "logs and artifacts are there");
    let stored = server.execute("select * from shop.good");
    assert!(!format!("{stored:?}").contains(secret));
}
