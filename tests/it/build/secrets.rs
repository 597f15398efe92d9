//! Secrets in every place that may hold one, commands that succeed and that fail, and a search for the secrets in all that comes out:
//! console, log, artifacts, documentation, what other systems are told.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::Shop;
use crate::cli::Call;
use crate::opened;

/// Signs that some format writes otherwise, and letters.
const SIGNS: &[char] = &[
    'a', 'b', 'Z', '0', '7', '\'', '"', '\\', '%', '/', '+', '=', '&', '?', '$', '(', ')', '[', '.', '*',
    '^', '|', ' ', ':', '#', '{', '<', 'é', '密', '😀', '-', '_', '~', ',', ';', '`', '!',
];

/// A project with secrets, and what was seen of what it does.
struct Vault {
    shop: Shop,
    secrets: Vec<(String, String)>,
    seen: Vec<(String, Vec<u8>)>,
}

impl Vault {
    fn new(seed: u64) -> Self {
        let mut rng = fastrand::Rng::with_seed(seed);
        let mut secret = || -> String {
            let signs = (0..rng.usize(8..20)).map(|_| *rng.choice(SIGNS).unwrap());
            format!("s{}e", signs.collect::<String>())
        };
        let mut secrets: Vec<(String, String)> = ["TOKEN", "PASSWORD", "FOLDER", "GIT", "KEY"]
            .map(|name| (format!("DBT_ENV_SECRET_{name}"), secret()))
            .into();
        // One secret is part of another.
        secrets.push(("DBT_ENV_SECRET_LONG".to_owned(), format!("{}-and-more", secrets[0].1)));
        secrets.push((
            "DBT_ENV_SECRET_LINES".to_owned(),
            format!("-----BEGIN KEY-----\n{}\nabcdefghijkl\n", secret()),
        ));
        let vault = Self { shop: Shop::copy("outcomes"), secrets, seen: Vec::new() };
        vault.shop.write("profiles.yml", &vault.profiles());
        std::fs::create_dir_all(vault.shop.path("macros")).unwrap();
        vault.shop.write(
            "macros/tell.sql",
            "{% macro tell() %}{% do log(var('DBT_ENV_SECRET_VAR'), info=true) %}{% do print(var('DBT_ENV_SECRET_VAR')) %}
             {% do exceptions.raise_compiler_error('no: ' ~ var('DBT_ENV_SECRET_VAR')) %}{% endmacro %}",
        );
        vault
    }

    fn secret(&self, name: &str) -> &str {
        &self.secrets.iter().find(|(known, _)| known.ends_with(name)).unwrap().1
    }

    /// Targets that work and targets that do not. What stands plainly in the file is no less a secret.
    fn profiles(&self) -> String {
        let plain = |text: &str| serde_json::Value::from(text).to_string();
        let env = |name: &str| format!("{{{{ env_var('DBT_ENV_SECRET_{name}') }}}}");
        let (token, password) = (env("TOKEN"), env("PASSWORD"));
        let quoted = plain(self.secret("KEY"));
        let targets = [
            (
                "dev",
                format!(
                    "secrets: [{{type: http, name: web, bearer_token: \"{token}\"}}], path: warehouse.duckdb"
                ),
            ),
            ("type", format!("secrets: [{{type: nosuch, key_id: \"{token}\", secret: {quoted}}}]")),
            (
                "broken",
                format!("secrets: [{{type: http, bearer_token: {quoted}, provider: \"not one, )\"}}]"),
            ),
            ("option", format!("secrets: [{{type: http, nosuch: {quoted}}}]")),
            (
                "attach",
                format!(
                    "attach: [{{path: \"postgres:host=127.0.0.1 port=1 password='{password}'\", alias: p}}]"
                ),
            ),
            (
                "plain",
                "attach: [{path: 'postgres:host=127.0.0.1 port=1 password=plain-and-simple', alias: p}]"
                    .to_owned(),
            ),
            ("url", "attach: [{path: 'postgres://me:plain-and-simple@127.0.0.1:1/x', alias: p}]".to_owned()),
            ("folder", format!("path: \"/nowhere/{}/x.duckdb\"", env("FOLDER"))),
            ("motherduck", "path: 'md:shop?motherduck_token=plain-and-simple'".to_owned()),
            (
                "setting",
                format!("settings: {{s3_secret_access_key: {quoted}, motherduck_token: plain-and-simple}}"),
            ),
            ("config", format!("config_options: {{nosuch_token: {quoted}}}")),
            (
                "postgres",
                format!("host: 127.0.0.1, port: 1, user: u, dbname: d, schema: s, password: \"{password}\""),
            ),
            (
                "number",
                "host: 127.0.0.1, port: 1, user: u, dbname: d, schema: s, password: 8675309123".to_owned(),
            ),
            (
                "file",
                format!(
                    "host: 127.0.0.1, port: 1, user: u, dbname: d, schema: s, password: x, sslmode: verify-full, sslrootcert: \"/nowhere/{}\"",
                    env("FOLDER")
                ),
            ),
        ];
        let output = |(name, keys): &(&str, String)| {
            let engine = if keys.contains("dbname") { "postgres" } else { "duckdb" };
            format!("    {name}: {{type: {engine}, threads: 2, {keys}}}\n")
        };
        format!("shop:\n  target: dev\n  outputs:\n{}", targets.iter().map(output).collect::<String>())
    }

    /// Runs a command and keeps what it shows; the exit code must be this.
    #[track_caller]
    fn run(&mut self, arguments: &[&str], code: i32, more: &[(&str, &str)]) {
        let mut call = Call::new(&self.shop.path(""), arguments)
            .env("PATH", &std::env::var("PATH").unwrap_or_default())
            .env("GIT_TERMINAL_PROMPT", "0")
            .env("PGPASSWORD", "plain-and-simple");
        for (name, value) in
            self.secrets.iter().map(|(name, value)| (&**name, &**value)).chain(more.iter().copied())
        {
            call = call.env(name, value);
        }
        let ended = call.run();
        assert_eq!(ended.code, Some(code), "{arguments:?}\n{}{}", ended.stdout, ended.stderr);
        self.seen.push((format!("{arguments:?}"), (ended.stdout + &ended.stderr).into_bytes()));
        self.keep_files(&format!("{arguments:?}"));
    }

    /// Keeps what was written. Later commands write over it.
    fn keep_files(&mut self, because: &str) {
        for folder in ["target", "logs", "dbt_packages", "package-lock.yml", "events.jsonl", "copy.duckdb"] {
            for entry in walkdir::WalkDir::new(self.shop.path(folder)).into_iter().flatten() {
                if entry.file_type().is_file() {
                    self.seen
                        .push((format!("{} after {because}", entry.path().display()), content(entry.path())));
                }
            }
        }
        let _ = std::fs::remove_dir_all(self.shop.path("logs"));
    }

    /// Looks for each secret in each of the ways it may be written.
    fn search(&self) {
        let mut wanted: BTreeMap<String, &str> = BTreeMap::new();
        let plain = ["plain-and-simple", "8675309123"].map(|text| ("plain", text));
        let named = self.secrets.iter().map(|(name, value)| (&**name, value.trim_end()));
        for (name, secret) in named.chain(plain) {
            for line in secret.lines() {
                wanted.insert(line.to_owned(), name);
            }
            wanted.insert(utf8_percent_encode(secret, NON_ALPHANUMERIC).to_string(), name);
            wanted.insert(serde_json::Value::from(secret).to_string().trim_matches('"').to_owned(), name);
            wanted.insert(STANDARD.encode(secret), name);
            wanted.insert(secret.replace('\'', "''"), name);
        }
        assert!(self.seen.len() > 50, "only {} outputs", self.seen.len());
        let mut leaks = Vec::new();
        for (place, bytes) in &self.seen {
            let text = String::from_utf8_lossy(bytes);
            for (secret, name) in &wanted {
                if let Some(at) = text.find(secret.as_str()) {
                    let from = text.floor_char_boundary(at.saturating_sub(120));
                    let line = &text[from..text.floor_char_boundary(at + secret.len() + 20)];
                    leaks.push(format!("{name} in {place}:\n  {line:?}"));
                }
            }
        }
        assert!(leaks.is_empty(), "{} leaks:\n{}", leaks.len(), leaks.join("\n"));
    }
}

/// The text of a file; tables as JSON, since what is in them is packed.
fn content(path: &Path) -> Vec<u8> {
    if path.extension().is_none_or(|extension| extension != "parquet") {
        return std::fs::read(path).unwrap();
    }
    let database = opened::in_memory();
    let sql = format!("select to_json(t)::varchar from read_parquet('{}') t", path.display());
    let mut statement = database.prepare(&sql).unwrap();
    let rows = statement.query_map([], |row| row.get::<_, String>(0)).unwrap();
    rows.map(Result::unwrap).collect::<Vec<_>>().join("\n").into_bytes()
}

/// Takes posts and says no to all of them. Returns its port and what was posted, without the headers, where keys belong.
fn collector() -> (u16, Arc<Mutex<Vec<u8>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let posted: Arc<Mutex<Vec<u8>>> = Arc::default();
    let seen = Arc::clone(&posted);
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let (mut length, mut line) = (0, String::new());
            while reader.read_line(&mut line).is_ok_and(|read| read > 2) {
                let lower = line.to_lowercase();
                if let Some(value) = lower.strip_prefix("content-length:") {
                    length = value.trim().parse().unwrap();
                }
                line.clear();
            }
            let mut body = vec![0; length];
            if reader.read_exact(&mut body).is_ok() {
                seen.lock().unwrap().extend(body);
            }
            let _ = stream.write_all(b"HTTP/1.1 500 No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        }
    });
    (port, posted)
}

#[test]
fn no_secret_is_in_anything_that_comes_out() {
    let mut vault = Vault::new(std::env::var("TIDEGATE_FUZZ_SEED").map_or(1, |seed| seed.parse().unwrap()));
    let vars = serde_json::json!({"DBT_ENV_SECRET_VAR": vault.secret("KEY")}).to_string();
    every_command(&mut vault, &["--vars", vars.as_str()]);
    for target in ["type", "broken", "option", "attach", "plain", "url", "folder"] {
        vault.run(&["debug", "--target", target], 1, &[]);
    }
    for target in ["attach", "plain", "folder"] {
        vault.run(&["--debug", "run", "--target", target, "--log-format", "json"], 2, &[]);
    }
    for target in ["motherduck", "setting", "config", "postgres", "number", "file"] {
        vault.run(&["--debug", "debug", "--target", target], 1, &[]);
    }
    vault.run(&["build", "--target", "postgres"], 2, &[]);
    packages(&mut vault);
    vault.search();
}

fn every_command(vault: &mut Vault, vars: &[&str]) {
    let (port, posted) = collector();
    let url = format!("http://me:plain-and-simple@127.0.0.1:{port}");
    let key = vault.secret("KEY").to_owned();
    let headers = format!("authorization={}", utf8_percent_encode(&key, NON_ALPHANUMERIC));
    let told = [
        ("OPENLINEAGE_URL", url.as_str()),
        ("OPENLINEAGE_API_KEY", "plain-and-simple"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", url.as_str()),
        ("OTEL_EXPORTER_OTLP_HEADERS", headers.as_str()),
    ];
    let build = [
        "--debug",
        "build",
        "--openlineage",
        "--opentelemetry",
        "--openlineage-file",
        "events.jsonl",
        "--write-parquet",
    ];
    vault.run(&[&build[..], vars].concat(), 1, &told);
    let posted = std::mem::take(&mut *posted.lock().unwrap());
    assert!(!posted.is_empty(), "nothing was told");
    vault.seen.push(("what was told".to_owned(), posted));
    vault.run(&["retry", "--log-format", "json"], 1, &[]);
    for command in ["parse", "ls", "compile"] {
        vault.run(&[&["--debug", command][..], vars].concat(), 0, &[]);
    }
    vault.run(&["docs", "generate", "--static"], 0, &[]);
    vault.run(&["debug"], 0, &[]);
    vault.run(&["show", "--inline", "select 1 as one"], 0, &[]);
    vault.run(&["publish-copy", "copy.duckdb"], 0, &[]);
    for format in ["text", "json", "debug"] {
        vault.run(&[&["run-operation", "tell", "--log-format", format][..], vars].concat(), 1, &[]);
    }
    // Where a secret may not be read it is refused by its name.
    for (file, text) in [
        ("models/leak.sql", "select '{{ env_var('DBT_ENV_SECRET_TOKEN') }}' as leak"),
        ("models/leak.yml", "sources: [{name: crm, schema: \"{{ env_var('DBT_ENV_SECRET_TOKEN') }}\"}]"),
    ] {
        vault.shop.write(file, text);
        vault.run(&["--debug", "compile"], 2, &[]);
        std::fs::remove_file(vault.shop.path(file)).unwrap();
    }
}

fn packages(vault: &mut Vault) {
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let folder: PathBuf = vault.shop.path("nowhere");
    for entry in [
        format!(
            "git: \"http://{{{{ env_var('DBT_ENV_SECRET_GIT') }}}}@127.0.0.1:{closed}/x.git\"\n    revision: main"
        ),
        format!("git: \"http://me:plain-and-simple@127.0.0.1:{closed}/x.git\"\n    revision: main"),
        format!(
            "git: \"{}/{{{{ env_var('DBT_ENV_SECRET_FOLDER') }}}}\"\n    revision: main",
            folder.display()
        ),
        format!(
            "tarball: \"http://127.0.0.1:{closed}/{{{{ env_var('DBT_ENV_SECRET_GIT') }}}}.tgz\"\n    name: x"
        ),
        "local: \"{{ env_var('DBT_ENV_SECRET_FOLDER') }}\"".to_owned(),
    ] {
        vault.shop.write("packages.yml", &format!("packages:\n  - {entry}\n"));
        vault.run(&["--debug", "deps"], 2, &[]);
    }
}
