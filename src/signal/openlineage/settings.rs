//! Where events go, by the variables and the file that OpenLineage's own clients read.
//!
//! A flag of ours decides whether anything is sent at all; then `OPENLINEAGE_CONFIG`, `openlineage.yml` here or in
//! `~/.openlineage`, or `OPENLINEAGE_URL` say where to.

use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};

use crate::diag::{Code, Diagnostic, Sources};
use crate::files;
use crate::signal::{Place, Variables};
use crate::yaml::{self, Yaml};

/// The client's default of how long a server may take, in seconds.
const TIMEOUT: f64 = 5.0;

/// The client's default of where events are posted below the server's address.
const ENDPOINT: &str = "api/v1/lineage";

/// What the user asks for, by flags.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    /// To send events where the variables or the file say.
    pub send: bool,
    /// To add them to this file.
    pub file: Option<Utf8PathBuf>,
    /// Where the command was started.
    pub cwd: Utf8PathBuf,
    /// The user's folder.
    pub home: Option<Utf8PathBuf>,
}

/// How events are made and where they go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The places.
    pub places: Vec<Place>,
    /// The namespace of jobs.
    pub namespace: String,
    /// The name of the command's job, unless it follows from the project's.
    pub job_name: Option<String>,
    /// The run that started this one: namespace and name of its job, its id.
    pub parent: Option<[String; 3]>,
}

impl Settings {
    /// Reads them; `None` when nothing is to be sent. Errors when the user asks for events and it is not said where
    /// they go, or in a way that only other clients know.
    pub fn read(
        asked: &Asked,
        variables: &Variables<'_>,
        sources: &Sources,
    ) -> Result<Option<Self>, Diagnostic> {
        let disabled =
            variables("OPENLINEAGE_DISABLED").is_some_and(|it| it.trim().eq_ignore_ascii_case("true"));
        if disabled || !asked.send && asked.file.is_none() {
            return Ok(None);
        }
        let mut places: Vec<Place> = asked.file.iter().cloned().map(Place::File).collect();
        if asked.send {
            let configured = match config_file(asked, variables) {
                Some(path) => transport(&path, asked, sources)?,
                None => None,
            };
            places.push(configured.or_else(|| by_variables(variables)).ok_or_else(nowhere)?);
        }
        let parent = variables("OPENLINEAGE_PARENT_ID").and_then(|text| {
            let mut parts = text.split('/').map(str::to_owned);
            Some([parts.next()?, parts.next()?, parts.next()?])
        });
        Ok(Some(Self {
            places,
            namespace: variables("OPENLINEAGE_NAMESPACE").unwrap_or("dbt").to_owned(),
            job_name: variables("OPENLINEAGE_DBT_JOB_NAME").map(str::to_owned),
            parent,
        }))
    }
}

fn nowhere() -> Diagnostic {
    Diagnostic::error(Code::USAGE, None, "`--openlineage`: nothing says where events go")
        .help("set OPENLINEAGE_URL, or `transport` in openlineage.yml, or use `--openlineage-file`")
}

fn by_variables(variables: &Variables<'_>) -> Option<Place> {
    let url = variables("OPENLINEAGE_URL").filter(|url| !url.is_empty())?;
    let key = variables("OPENLINEAGE_API_KEY").filter(|key| !key.is_empty());
    Some(http(url, variables("OPENLINEAGE_ENDPOINT"), key, TIMEOUT))
}

fn http(url: &str, endpoint: Option<&str>, key: Option<&str>, seconds: f64) -> Place {
    let endpoint = endpoint.unwrap_or(ENDPOINT).trim_start_matches('/');
    Place::Http {
        url: format!("{}/{endpoint}", url.trim_end_matches('/')),
        headers: key.map(|key| ("authorization".to_owned(), format!("Bearer {key}"))).into_iter().collect(),
        timeout: Duration::try_from_secs_f64(seconds).unwrap_or(Duration::from_secs(5)),
    }
}

fn config_file(asked: &Asked, variables: &Variables<'_>) -> Option<Utf8PathBuf> {
    let named = variables("OPENLINEAGE_CONFIG").map(|path| files::absolute(&asked.cwd, path));
    let here = asked.cwd.join("openlineage.yml");
    let home = asked.home.as_ref().map(|home| home.join(".openlineage/openlineage.yml"));
    named.into_iter().chain([here]).chain(home).find(|path| path.is_file())
}

/// Reads `transport` of the file.
fn transport(path: &Utf8Path, asked: &Asked, sources: &Sources) -> Result<Option<Place>, Diagnostic> {
    let file = files::read_source(sources, path, path)?;
    let (tree, found) = yaml::parse(sources, file);
    if let Some(problem) = found.into_iter().find(Diagnostic::is_error) {
        return Err(problem);
    }
    let Some(transport) = tree.as_ref().and_then(|tree| tree.get("transport")) else { return Ok(None) };
    let text = |key: &str| transport.get(key).and_then(Yaml::as_str);
    match text("type").unwrap_or_default() {
        "http" | "async_http" => {
            let missing = || problem(transport, "`transport` of type `http` has no `url`");
            let url = text("url").ok_or_else(missing)?;
            let auth = transport.get("auth");
            let key =
                auth.and_then(|auth| ["apiKey", "apikey", "api_key"].iter().find_map(|key| auth.get(key)));
            if auth.is_some() && key.is_none() {
                return Err(problem(transport, "only an `apiKey` is known for `auth`"));
            }
            let seconds = transport.get("timeout").and_then(Yaml::scalar_text).and_then(|it| it.parse().ok());
            Ok(Some(http(url, text("endpoint"), key.and_then(Yaml::as_str), seconds.unwrap_or(TIMEOUT))))
        }
        "file" => {
            let missing = || problem(transport, "`transport` of type `file` has no `log_file_path`");
            let path = text("log_file_path").ok_or_else(missing)?;
            Ok(Some(Place::File(files::absolute(&asked.cwd, path))))
        }
        other => {
            let message = format!("`transport` of type `{other}` is not known");
            Err(problem(transport, &message).help("`http` and `file` are"))
        }
    }
}

fn problem(at: &Yaml, message: &str) -> Diagnostic {
    Diagnostic::error(Code::CONFIG, at.span, message)
}
