//! Encryption: which servers are trusted in which mode, and who a client's certificate is.

use std::path::{Path, PathBuf};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use serde_json::{Value, json};
use tidegate::adapter::{Cell, DbError, Fetch};

use super::{Server, Setup, cells};

/// Who signs certificates.
pub(crate) struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    fn new(name: &str) -> Self {
        let mut about = CertificateParams::default();
        about.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        about.distinguished_name.push(DnType::CommonName, name);
        Self(CertifiedIssuer::self_signed(about, KeyPair::generate().unwrap()).unwrap())
    }

    /// Writes `server.crt`, `server.key` and `trusted.pem` where a server finds them.
    pub(crate) fn write_server(&self, host: &str, data: &Path) {
        // A name without a dot in front is one of today's; with it, it stands where it stood long ago.
        let hosts = if host.starts_with('=') { vec![] } else { vec![host.to_owned()] };
        let (certificate, key) = self.sign(host.trim_start_matches('='), hosts);
        write(&data.join("server.crt"), &certificate);
        write(&data.join("server.key"), &key);
        write(&data.join("trusted.pem"), &self.0.pem());
    }

    /// Writes a client's certificate and key; returns their paths.
    fn write_client(&self, user: &str, folder: &Path) -> (PathBuf, PathBuf) {
        let (certificate, key) = self.sign(user, vec![]);
        let files = (folder.join(format!("{user}.crt")), folder.join(format!("{user}.key")));
        write(&files.0, &certificate);
        write(&files.1, &key);
        files
    }

    fn write(&self, file: &Path) -> PathBuf {
        write(file, &self.0.pem());
        file.to_owned()
    }

    fn sign(&self, name: &str, hosts: Vec<String>) -> (String, String) {
        let mut about = CertificateParams::new(hosts).unwrap();
        about.distinguished_name.push(DnType::CommonName, name);
        let key = KeyPair::generate().unwrap();
        (about.signed_by(&key, &self.0).unwrap().pem(), key.serialize_pem())
    }
}

fn write(file: &Path, text: &str) {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::write(file, text).unwrap();
    std::fs::set_permissions(file, std::fs::Permissions::from_mode(0o600)).unwrap();
}

/// Whether the session is encrypted, and who the server takes us for.
fn seen(server: &Server, more: Value) -> Result<Vec<Cell>, DbError> {
    let sql = "select ssl, client_dn from pg_stat_ssl where pid = pg_backend_pid()";
    server
        .connect(more)
        .and_then(|mut session| session.execute(sql, Fetch::All))
        .map(|rows| cells(rows).remove(0))
}

#[track_caller]
fn refused(server: &Server, more: Value, want: &str) {
    let error = seen(server, more).unwrap_err();
    assert!(error.message.contains(want), "{}", error.message);
}

#[test]
fn modes_check_what_they_promise() {
    let (authority, stranger) = (Authority::new("ours"), Authority::new("theirs"));
    let server = Server::with(&Setup { certificate: Some((&authority, "localhost")), ..Setup::default() });
    let ours = authority.write(&server.path("ours.pem"));
    let theirs = stranger.write(&server.path("theirs.pem"));
    let encrypted = |mode: &str| seen(&server, json!({"sslmode": mode})).unwrap()[0] == Cell::Bool(true);
    assert!(!encrypted("disable") && !encrypted("allow"));
    assert!(encrypted("prefer") && encrypted("require"));

    let with =
        |mode: &str, host: &str, root: &Path| json!({"sslmode": mode, "host": host, "sslrootcert": root});
    assert!(seen(&server, with("verify-ca", "127.0.0.1", &ours)).is_ok(), "the name does not matter");
    assert!(seen(&server, with("verify-full", "localhost", &ours)).is_ok());
    refused(&server, with("verify-full", "127.0.0.1", &ours), "not valid for name \"127.0.0.1\"");
    for mode in ["verify-ca", "verify-full", "require"] {
        refused(&server, with(mode, "localhost", &theirs), "invalid peer certificate: UnknownIssuer");
    }
    let fallen_back = seen(&server, with("prefer", "localhost", &theirs)).unwrap();
    assert_eq!(fallen_back[0], Cell::Bool(false), "`prefer` goes on without");
    let absent = server.path("absent.pem");
    refused(&server, with("verify-ca", "localhost", &absent), "absent.pem\" does not exist");
    assert!(seen(&server, with("require", "localhost", &absent)).is_ok());
}

#[test]
fn names_stand_where_they_stood_long_ago_and_servers_may_have_no_encryption() {
    let authority = Authority::new("ours");
    let server = Server::with(&Setup { certificate: Some((&authority, "=localhost")), ..Setup::default() });
    let ours = authority.write(&server.path("ours.pem"));
    let with = |host: &str| json!({"sslmode": "verify-full", "host": host, "sslrootcert": ours});
    assert!(seen(&server, with("localhost")).is_ok(), "the common name counts");
    refused(&server, with("127.0.0.1"), "not valid for name \"127.0.0.1\"");
    drop(server);

    let server = Server::start();
    assert_eq!(seen(&server, json!({"sslmode": "prefer"})).unwrap()[0], Cell::Bool(false));
    for mode in ["require", "verify-full"] {
        refused(
            &server,
            json!({"sslmode": mode, "sslrootcert": ours_of(&server)}),
            "server does not support SSL, but SSL was required",
        );
    }
}

fn ours_of(server: &Server) -> PathBuf {
    Authority::new("any").write(&server.path("any.pem"))
}

#[test]
fn a_client_can_be_asked_for_a_certificate() {
    let (authority, stranger) = (Authority::new("ours"), Authority::new("theirs"));
    let server = Server::with(&Setup {
        certificate: Some((&authority, "localhost")),
        access: "hostssl all tide 127.0.0.1/32 cert\nhost all other 127.0.0.1/32 scram-sha-256",
        ..Setup::default()
    });
    let folder = server.path("");
    let with =
        |files: &(PathBuf, PathBuf)| json!({"sslmode": "require", "sslcert": files.0, "sslkey": files.1});
    let own = authority.write_client("tide", &folder);
    assert_eq!(seen(&server, with(&own)).unwrap(), [Cell::Bool(true), Cell::text("/CN=tide")]);

    refused(&server, json!({"sslmode": "require"}), "connection requires a valid client certificate");
    refused(&server, with(&stranger.write_client("tide", &server.path("data"))), "UnknownCA");
    refused(&server, with(&authority.write_client("somebody", &folder)), "certificate authentication failed");
    refused(&server, with(&(own.0.clone(), server.path("absent.key"))), "absent.key");
    std::fs::set_permissions(&own.1, std::os::unix::fs::PermissionsExt::from_mode(0o644)).unwrap();
    refused(&server, with(&own), "tide.key\" has group or world access");
}
