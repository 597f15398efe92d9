//! The connection settings of a profile, completed as libpq completes them: dbt's driver is built on it.
//!
//! Input: a [`Profile`], the `PG*` variables and the home folder. Output: [`Settings`]. Invariant: what the profile
//! says wins; files are looked at when a connection is opened. Called by `server`.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::profile::{Password, Profile, SslMode};
use crate::adapter::{DbError, DbErrorKind};

/// Where libpq's Unix sockets are when nobody says where.
const SOCKET_FOLDERS: [&str; 2] = ["/var/run/postgresql", "/tmp"];

/// Bundles of the certificates a system trusts, by distribution.
const SYSTEM_CERTIFICATES: [&str; 4] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
];

/// Whether the proof of the password is tied to the encrypted connection, so that nobody can stand in between.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Binding {
    Disable,
    /// If the server can.
    #[default]
    Prefer,
    Require,
}

/// One server to try.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// What the profile calls it; a certificate must be for this name.
    pub(super) host: String,
    /// Where it is, if not where its name leads.
    pub(super) address: Option<String>,
    pub(super) port: u16,
}

impl Place {
    /// Returns the file of the Unix socket, where the host is a folder.
    pub(super) fn socket(&self) -> Option<PathBuf> {
        let is_folder = self.host.starts_with('/') && self.address.is_none();
        is_folder.then(|| Path::new(&self.host).join(format!(".s.PGSQL.{}", self.port)))
    }
}

/// The files that encryption needs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Certificates {
    /// The trusted authorities; without any the server's certificate is not checked.
    pub(super) root: Option<PathBuf>,
    /// The client's certificate and its key.
    pub(super) client: Option<(PathBuf, PathBuf)>,
}

/// Everything a connection is opened with.
#[derive(Clone, Debug)]
pub(super) struct Settings {
    pub(super) places: Vec<Place>,
    pub(super) user: String,
    pub(super) database: String,
    /// That of the profile or the environment; empty where only the password file can have it.
    pub(super) password: Password,
    pub(super) password_file: Option<PathBuf>,
    pub(super) sslmode: SslMode,
    pub(super) certificates: Certificates,
    pub(super) binding: Binding,
    /// What the server is told at the start, besides user and database.
    pub(super) startup: Vec<(&'static str, String)>,
    pub(super) role: Option<String>,
    pub(super) connect_timeout: Option<Duration>,
    pub(super) keepalives_idle: Option<Duration>,
}

/// What libpq looks at outside of the profile.
pub(super) struct Surroundings<'a> {
    /// A variable of the environment.
    pub(super) variable: &'a dyn Fn(&str) -> Option<String>,
    pub(super) home: Option<PathBuf>,
}

impl Surroundings<'_> {
    fn variable(&self, name: &str) -> Option<String> {
        (self.variable)(name).filter(|value| !value.is_empty())
    }

    /// A file of libpq's folder in the home folder.
    fn own_file(&self, name: &str) -> Option<PathBuf> {
        self.home.as_ref().map(|home| home.join(".postgresql").join(name))
    }
}

impl Settings {
    /// Completes a profile. Errors where a variable holds what it cannot hold.
    pub(super) fn resolve(profile: &Profile, around: &Surroundings<'_>) -> Result<Self, DbError> {
        let sslmode = match (profile.sslmode, around.variable("PGSSLMODE")) {
            (Some(mode), _) => mode,
            (None, None) => SslMode::default(),
            (None, Some(word)) => one_of("PGSSLMODE", &word, &SslMode::ALL)?,
        };
        let bindings =
            [("disable", Binding::Disable), ("prefer", Binding::Prefer), ("require", Binding::Require)];
        let binding = match around.variable("PGCHANNELBINDING") {
            Some(word) => one_of("PGCHANNELBINDING", &word, &bindings)?,
            None => Binding::default(),
        };
        let password = match around.variable("PGPASSWORD") {
            Some(password) if profile.password.is_empty() => Password::new(password),
            _ => profile.password.clone(),
        };
        let own_password_file = || around.home.as_ref().map(|home| home.join(".pgpass"));
        Ok(Self {
            places: places(profile, around),
            user: profile.user.clone(),
            database: profile.database.clone(),
            password,
            password_file: around.variable("PGPASSFILE").map(PathBuf::from).or_else(own_password_file),
            sslmode,
            certificates: certificates(profile, sslmode, around)?,
            binding,
            startup: startup(profile, around),
            role: profile.role.clone().filter(|role| !role.is_empty()),
            connect_timeout: profile.connect_timeout,
            keepalives_idle: profile.keepalives_idle,
        })
    }
}

fn invalid(message: impl Into<String>) -> DbError {
    DbError::new(DbErrorKind::Connection, message)
}

fn one_of<T: Copy>(variable: &str, word: &str, known: &[(&str, T)]) -> Result<T, DbError> {
    let found = known.iter().find(|(name, _)| *name == word).map(|(_, value)| *value);
    let names = known.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
    found.ok_or_else(|| {
        invalid(format!("the variable {variable} cannot be `{word}`")).help(format!("it is one of {names}"))
    })
}

/// Several hosts, with commas between them, are tried one after the other.
fn places(profile: &Profile, around: &Surroundings<'_>) -> Vec<Place> {
    let usual = || {
        let is_there = |folder: &&&str| Path::new(folder).join(format!(".s.PGSQL.{}", profile.port)).exists();
        (*SOCKET_FOLDERS.iter().find(is_there).unwrap_or(&SOCKET_FOLDERS[0])).to_owned()
    };
    let hosts = Some(profile.host.clone()).filter(|host| !host.is_empty());
    let hosts = hosts.or_else(|| around.variable("PGHOST")).unwrap_or_else(usual);
    let addresses = around.variable("PGHOSTADDR").unwrap_or_default();
    let mut addresses = addresses.split(',').map(str::trim);
    let place = |host: &str| Place {
        host: host.trim().to_owned(),
        address: addresses.next().filter(|address| !address.is_empty()).map(str::to_owned),
        port: profile.port,
    };
    hosts.split(',').map(place).collect()
}

fn startup(profile: &Profile, around: &Surroundings<'_>) -> Vec<(&'static str, String)> {
    let named = profile.application_name.clone().filter(|name| !name.is_empty());
    let search_path = profile.search_path.as_ref();
    let options = search_path.map(|path| format!("-c search_path={}", path.replace(' ', "\\ ")));
    let own = [
        ("application_name", named.or_else(|| around.variable("PGAPPNAME"))),
        ("options", options.or_else(|| around.variable("PGOPTIONS"))),
        ("TimeZone", around.variable("PGTZ")),
        ("geqo", around.variable("PGGEQO")),
    ];
    // Texts and dates come in one form only, whatever the server prefers: dbt's driver sees to that as well.
    let fixed = [("client_encoding", "UTF8".to_owned()), ("DateStyle", "ISO".to_owned())];
    let own = own.into_iter().filter_map(|(name, value)| Some((name, value?)));
    fixed.into_iter().chain(own).collect()
}

fn certificates(
    profile: &Profile,
    mode: SslMode,
    around: &Surroundings<'_>,
) -> Result<Certificates, DbError> {
    let given = |own: &Option<String>, variable: &str| {
        own.clone().filter(|file| !file.is_empty()).or_else(|| around.variable(variable)).map(PathBuf::from)
    };
    let is_there = |file: &PathBuf| file.exists();
    let certificate =
        given(&profile.sslcert, "PGSSLCERT").or_else(|| around.own_file("postgresql.crt").filter(is_there));
    let key = given(&profile.sslkey, "PGSSLKEY").or_else(|| around.own_file("postgresql.key"));
    let root = match given(&profile.sslrootcert, "PGSSLROOTCERT") {
        Some(word) if word == Path::new("system") => Some(system_certificates(mode, around)?),
        other => other.or_else(|| around.own_file("root.crt")),
    };
    // The same file decides in every mode: `require` with a known authority checks as `verify-ca` does.
    let checks = matches!(mode, SslMode::VerifyCa | SslMode::VerifyFull);
    let root = match root {
        Some(file) if checks && !file.exists() => {
            let message = format!("root certificate file \"{}\" does not exist", file.display());
            return Err(invalid(message)
                .help("name a PEM file with the authority's certificates as `sslrootcert` in the profile"));
        }
        None if checks => {
            return Err(invalid("there are no certificates to check the server's against")
                .help("name a PEM file with those of the authority as `sslrootcert` in the profile"));
        }
        other => other.filter(is_there),
    };
    Ok(Certificates { root, client: certificate.zip(key) })
}

fn system_certificates(mode: SslMode, around: &Surroundings<'_>) -> Result<PathBuf, DbError> {
    if mode != SslMode::VerifyFull {
        // Anybody can have a certificate of a public authority.
        return Err(invalid("`sslrootcert: system` needs `sslmode: verify-full`"));
    }
    let given = around.variable("SSL_CERT_FILE").map(PathBuf::from);
    let mut known = given.into_iter().chain(SYSTEM_CERTIFICATES.iter().map(PathBuf::from));
    known.find(|file| file.exists()).ok_or_else(|| {
        invalid("the certificates of the system were not found")
            .help("name the file with them in the variable SSL_CERT_FILE, or as `sslrootcert`")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn resolve(more: Value, variables: &[(&str, &str)]) -> Result<Settings, DbError> {
        let mut output =
            json!({"host": "db", "user": "me", "password": "", "port": 5432, "dbname": "d", "schema": "s"});
        if let (Value::Object(output), Value::Object(more)) = (&mut output, more) {
            output.extend(more);
        }
        let profile = Profile::from_output(output.as_object().unwrap()).unwrap();
        let variable = |name: &str| {
            variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        };
        Settings::resolve(&profile, &Surroundings { variable: &variable, home: Some("/home/me".into()) })
    }

    #[test]
    fn the_profile_wins_over_variables_and_these_over_files() {
        let bare = resolve(json!({}), &[]).unwrap();
        assert_eq!((bare.sslmode, bare.binding), (SslMode::Prefer, Binding::Prefer));
        assert_eq!(bare.password_file, Some("/home/me/.pgpass".into()));
        assert!(bare.startup.contains(&("application_name", "dbt".into())));

        let variables = [
            ("PGPASSWORD", "p"),
            ("PGPASSFILE", "/f"),
            ("PGSSLMODE", "require"),
            ("PGOPTIONS", "-c x=1"),
            ("PGAPPNAME", "other"),
            ("PGTZ", "UTC"),
        ];
        let found = resolve(json!({"application_name": ""}), &variables).unwrap();
        assert_eq!((found.password.reveal(), found.sslmode), ("p", SslMode::Require));
        assert_eq!(found.password_file, Some("/f".into()));
        for want in [("options", "-c x=1"), ("application_name", "other"), ("TimeZone", "UTC")] {
            assert!(found.startup.contains(&(want.0, want.1.to_owned())), "{want:?}");
        }
        let profile = json!({"password": "own", "sslmode": "disable", "search_path": "a, b"});
        let found = resolve(profile, &variables).unwrap();
        assert_eq!((found.password.reveal(), found.sslmode), ("own", SslMode::Disable));
        assert!(found.startup.contains(&("options", "-c search_path=a,\\ b".into())));
    }

    #[test]
    fn hosts_are_names_folders_and_lists_of_them() {
        let hosts = |host: &str, variables: &[(&str, &str)]| resolve(json!({"host": host}), variables);
        let two = hosts("a, b", &[("PGHOSTADDR", "10.0.0.1,")]).unwrap().places;
        assert_eq!((two[0].host.as_str(), two[0].address.as_deref()), ("a", Some("10.0.0.1")));
        assert_eq!((two[1].host.as_str(), two[1].address.as_deref()), ("b", None));
        let folder = &hosts("/run/pg/", &[]).unwrap().places[0];
        assert_eq!(folder.socket(), Some("/run/pg/.s.PGSQL.5432".into()));
        assert_eq!(hosts("", &[("PGHOST", "elsewhere")]).unwrap().places[0].host, "elsewhere");
        assert!(hosts("", &[]).unwrap().places[0].socket().is_some());
    }

    #[test]
    fn checks_need_certificates() {
        let refused = |profile: Value| resolve(profile, &[]).unwrap_err().message;
        let message = refused(json!({"sslmode": "verify-ca"}));
        assert_eq!(message, "root certificate file \"/home/me/.postgresql/root.crt\" does not exist");
        assert!(refused(json!({"sslmode": "require", "sslrootcert": "system"})).contains("verify-full"));
        let lax = resolve(json!({"sslmode": "require", "sslrootcert": "/absent"}), &[]).unwrap();
        assert_eq!(lax.certificates, Certificates::default());
        let wrong = resolve(json!({}), &[("PGSSLMODE", "always")]).unwrap_err();
        assert_eq!(wrong.message, "the variable PGSSLMODE cannot be `always`");
    }
}
