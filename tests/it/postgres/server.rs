//! A Postgres server in a temporary folder, for one test: started, stopped, killed, started again.
//!
//! The programs are those of the machine: in `$PG_BINDIR`, in `.deps`, in Debian's usual place or on the PATH; `make
//! test` sees to it that they are there. What `initdb` makes is the same each time, so it is made once and copied.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Map, Value, json};
use tidegate::adapter::{Adapter, Connection, DbError, Fetch, Patience, Profile, ResultTable};

use super::tls::Authority;

pub(crate) const PASSWORD: &str = "se'cret";

/// A server that ends with the test.
pub(crate) struct Server {
    folder: tempfile::TempDir,
    settings: Vec<String>,
    pub(crate) port: u16,
    process: Child,
}

/// What a server can have that is not usual.
#[derive(Default)]
pub(crate) struct Setup<'a> {
    /// Who signs the server's certificate, and the host it is for; without it there is no encryption.
    pub(crate) certificate: Option<(&'a Authority, &'a str)>,
    /// The lines of `pg_hba.conf`; empty for SCRAM everywhere.
    pub(crate) access: &'a str,
    /// Settings, as `name=value`.
    pub(crate) settings: &'a [&'a str],
    /// Whether there is a Unix socket in the server's folder.
    pub(crate) socket: bool,
}

/// Postgres refuses to be root.
fn is_root() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|id| id.stdout.trim_ascii() == b"0")
}

fn unprivileged(program: &Path) -> Command {
    if !is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid", "nobody", "--regid", "nogroup", "--clear-groups"]).arg(program);
    command
}

fn hand_over(folder: &Path) {
    if is_root() {
        run(Command::new("chown").args(["-R", "nobody:nogroup"]).arg(folder));
    }
}

fn run(command: &mut Command) {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// The folder with `initdb` and `postgres`.
fn programs() -> PathBuf {
    let given = std::env::var_os("PG_BINDIR").map(PathBuf::from);
    let fetched = Path::new(env!("CARGO_MANIFEST_DIR")).join(".deps/postgres/bin");
    let debian = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut installed: Vec<PathBuf> = debian.map(|version| version.path().join("bin")).collect();
    installed.sort();
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut places = given
        .into_iter()
        .chain(installed.into_iter().rev())
        .chain(std::env::split_paths(&path))
        .chain([fetched]);
    places
        .find(|folder| folder.join("initdb").exists() && folder.join("postgres").exists())
        .expect("Postgres is installed; `make test` installs it")
}

/// A folder where only the owner may look, as Postgres wants it.
fn new_folder() -> tempfile::TempDir {
    tempfile::Builder::new().prefix("tidegate-pg-").tempdir().unwrap()
}

/// What `initdb` makes, made once by whoever comes first.
fn pristine(programs: &Path) -> PathBuf {
    let version = Command::new(programs.join("postgres")).arg("--version").output().unwrap().stdout;
    let version =
        String::from_utf8(version).unwrap().replace(|letter: char| !letter.is_ascii_alphanumeric(), "_");
    let kept = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("pristine_{version}"));
    if kept.exists() {
        return kept;
    }
    let folder = new_folder();
    std::fs::write(folder.path().join("password"), PASSWORD).unwrap();
    hand_over(folder.path());
    run(unprivileged(&programs.join("initdb"))
        .args(["-A", "scram-sha-256", "-U", "tide", "--no-sync", "-E", "UTF8", "--no-locale"])
        .args(["--pwfile=password", "-D", "data"])
        .current_dir(folder.path()));
    let own = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    run(Command::new("cp").arg("-R").arg(folder.path().join("data")).arg(own.path()));
    // Somebody else may have been faster.
    let _ = std::fs::rename(own.path().join("data"), &kept);
    kept
}

impl Server {
    /// Starts a server with nothing unusual.
    pub(crate) fn start() -> Self {
        Self::with(&Setup::default())
    }

    pub(crate) fn with(setup: &Setup<'_>) -> Self {
        let (programs, folder) = (programs(), new_folder());
        let data = folder.path().join("data");
        run(Command::new("cp").arg("-R").arg(pristine(&programs)).arg(&data));
        run(Command::new("chmod").args(["-R", "go-rwx"]).arg(&data));
        let mut settings: Vec<String> = setup.settings.iter().map(|setting| (*setting).to_owned()).collect();
        if let Some((authority, host)) = &setup.certificate {
            authority.write_server(host, &data);
            settings.extend(["ssl=on".to_owned(), "ssl_ca_file=trusted.pem".to_owned()]);
        }
        if !setup.access.is_empty() {
            std::fs::write(data.join("pg_hba.conf"), setup.access).unwrap();
        }
        settings.push(format!("unix_socket_directories={}", if setup.socket { ".." } else { "" }));
        run(Command::new("chmod").args(["-R", "go-rwx"]).arg(&data));
        hand_over(folder.path());
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let process = launch(folder.path(), port, &settings);
        let mut server = Self { folder, settings, port, process };
        server.wait_until_ready();
        server
    }

    /// Waits until the server takes connections; one that lost the race for its port starts again.
    fn wait_until_ready(&mut self) {
        let until = Instant::now() + Duration::from_mins(1);
        while !self.is_ready() {
            assert!(Instant::now() < until, "the server does not start: {}", self.log());
            if self.process.try_wait().unwrap().is_some() {
                self.process = launch(self.folder.path(), self.port, &self.settings);
            }
            std::thread::sleep(Duration::from_millis(30));
        }
    }

    /// Tells whether the server says so in its log, which is written before any test connects.
    fn is_ready(&self) -> bool {
        self.log().contains("database system is ready to accept connections")
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.path("server.log")).unwrap_or_default()
    }

    /// Returns a path in the server's folder, which is there for the test's own files too.
    pub(crate) fn path(&self, relative: &str) -> PathBuf {
        self.folder.path().join(relative)
    }

    /// Returns a profile's output for the server, with some keys changed.
    pub(crate) fn output(&self, more: Value) -> Map<String, Value> {
        let mut output = json!({
            "type": "postgres", "host": "127.0.0.1", "port": self.port, "user": "tide", "password": PASSWORD,
            "dbname": "postgres", "schema": "shop", "threads": 4, "retries": 0,
        });
        let (Value::Object(output), Value::Object(more)) = (&mut output, more) else { unreachable!() };
        output.extend(more);
        output.clone()
    }

    pub(crate) fn adapter(&self, more: Value) -> Arc<dyn Adapter> {
        Profile::from_output(&self.output(more)).unwrap().adapter(Patience::usual())
    }

    pub(crate) fn connect(&self, more: Value) -> Result<Box<dyn Connection>, DbError> {
        self.adapter(more).connect("test")
    }

    /// Runs statements for good, and returns the rows of the last one.
    pub(crate) fn execute(&self, sql: &str) -> ResultTable {
        let mut session = self.connect(json!({"autocommit": true})).unwrap();
        session.execute(sql, Fetch::All).unwrap().table.unwrap_or_default()
    }

    /// Returns the text of the first cell of a query.
    pub(crate) fn text(&self, sql: &str) -> String {
        let table = self.execute(&format!("select ({sql})::text"));
        table.scalar().and_then(|cell| cell.as_str()).unwrap_or_default().to_owned()
    }

    /// Writes a project into the server's folder: its files, and a profile for the server with some keys changed.
    pub(crate) fn project(&self, name: &str, files: &[(&str, &str)], more: Value) -> PathBuf {
        let project = self.path(name);
        std::fs::create_dir_all(&project).unwrap();
        for (file, text) in files {
            let path = project.join(file);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        let settings = project.join("dbt_project.yml");
        if !settings.exists() {
            std::fs::write(settings, "name: shop\nversion: '1.0'\nprofile: shop\n").unwrap();
        }
        let profiles = json!({"shop": {"target": "dev", "outputs": {"dev": self.output(more)}}});
        std::fs::write(project.join("profiles.yml"), profiles.to_string()).unwrap();
        project
    }

    /// Lets files of the server grow to so many bytes, or as large as they like: those that new sessions write.
    pub(crate) fn limit_files(&self, bytes: Option<u64>) {
        let limit = bytes.map_or("unlimited".to_owned(), |bytes| bytes.to_string());
        let process = self.process.id().to_string();
        run(unprivileged(Path::new("prlimit")).args([&format!("--fsize={limit}:"), "--pid", &process]));
    }

    /// Ends the server with a signal: `KILL`, `QUIT` (at once), `INT` (after its statements are rolled back).
    pub(crate) fn stop(&mut self, signal: &str) {
        run(Command::new("kill").args([&format!("-{signal}"), &self.process.id().to_string()]));
        self.process.wait().unwrap();
    }

    /// Starts a server that was stopped.
    pub(crate) fn start_again(&mut self) {
        self.process = launch(self.folder.path(), self.port, &self.settings);
        self.wait_until_ready();
    }
}

fn launch(folder: &Path, port: u16, settings: &[String]) -> Child {
    let log = std::fs::File::create(folder.join("server.log")).unwrap();
    let usual = ["listen_addresses=127.0.0.1", "fsync=off", "timezone=UTC", "max_connections=40"];
    let mut command = unprivileged(&programs().join("postgres"));
    for setting in usual.into_iter().chain(settings.iter().map(String::as_str)) {
        command.args(["-c", setting]);
    }
    let command = command.args(["-D", "data", "-p", &port.to_string()]).current_dir(folder);
    command.env("LC_ALL", "C").stdout(Stdio::null()).stderr(log).spawn().unwrap()
}

impl Drop for Server {
    fn drop(&mut self) {
        // At once, and with its children; a server that was killed alone leaves them until they notice.
        let _ = Command::new("kill").args(["-QUIT", &self.process.id().to_string()]).status();
        let until = Instant::now() + Duration::from_secs(5);
        while matches!(self.process.try_wait(), Ok(None)) && Instant::now() < until {
            std::thread::sleep(Duration::from_millis(10));
        }
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
