//! Where events go, by the variables and the file that OpenLineage's own clients read.
//!
//! A flag of ours decides whether anything is sent at all; then `OPENLINEAGE_CONFIG`, `openlineage.yml` here or in
//! `~/.openlineage`, what `OPENLINEAGE__TRANSPORT__*` add to that file, or `OPENLINEAGE_URL` say where to.

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
            let tree = match config_file(asked, variables) {
                Some(path) => read_tree(&path, sources)?,
                None => None,
            };
            let transport =
                Transport { tree: tree.as_ref().and_then(|tree| tree.get("transport")), variables };
            let configured = transport.place(&asked.cwd)?;
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

fn read_tree(path: &Utf8Path, sources: &Sources) -> Result<Option<Yaml>, Diagnostic> {
    let file = files::read_source(sources, path, path)?;
    // It may hold an `apiKey`.
    sources.guard(file);
    let (tree, found) = yaml::parse(sources, file);
    found.into_iter().find(Diagnostic::is_error).map_or(Ok(tree), Err)
}

/// `transport` of the file, and the variables that say what the file does not.
struct Transport<'a, 'v> {
    tree: Option<&'a Yaml>,
    variables: &'a Variables<'v>,
}

impl Transport<'_, '_> {
    /// Returns where it goes; `None` when nothing gives its type.
    fn place(&self, cwd: &Utf8Path) -> Result<Option<Place>, Diagnostic> {
        let Some(kind) = self.text(&["type"]) else { return Ok(None) };
        match kind.as_str() {
            "http" | "async_http" => {
                let missing = || self.problem("`transport` of type `http` has no `url`");
                let url = self.text(&["url"]).ok_or_else(missing)?;
                let key = ["apiKey", "apikey", "api_key"].iter().find_map(|key| self.text(&["auth", key]));
                if key.is_none() && self.text(&["auth", "type"]).is_some() {
                    return Err(self.problem("only an `apiKey` is known for `auth`"));
                }
                let seconds = self.text(&["timeout"]).and_then(|it| it.parse().ok()).unwrap_or(TIMEOUT);
                Ok(Some(http(&url, self.text(&["endpoint"]).as_deref(), key.as_deref(), seconds)))
            }
            "file" => {
                let missing = || self.problem("`transport` of type `file` has no `log_file_path`");
                let path = self.text(&["log_file_path"]).ok_or_else(missing)?;
                Ok(Some(Place::File(files::absolute(cwd, &path))))
            }
            other => {
                let message = format!("`transport` of type `{other}` is not known");
                Err(self.problem(&message).help("`http` and `file` are"))
            }
        }
    }

    /// Looks a setting up. A variable holds the setting itself or, as JSON, a mapping that it is in: the outermost wins,
    /// as in the clients of OpenLineage.
    fn text(&self, keys: &[&str]) -> Option<String> {
        let inner = self.tree.and_then(|tree| keys.iter().try_fold(tree, |tree, key| tree.get(key)));
        inner
            .and_then(Yaml::scalar_text)
            .or_else(|| (0..=keys.len()).find_map(|depth| self.variable(&keys[..depth], &keys[depth..])))
    }

    fn variable(&self, outer: &[&str], inner: &[&str]) -> Option<String> {
        let mut name = "OPENLINEAGE__TRANSPORT".to_owned();
        outer.iter().for_each(|key| name.extend(["__", &key.to_uppercase()]));
        let text = (self.variables)(&name)?;
        let value = serde_json::from_str(text).unwrap_or_else(|_| serde_json::Value::from(text));
        match inner.iter().try_fold(&value, |value, key| value.get(key))? {
            serde_json::Value::String(text) => Some(text.clone()),
            value if value.is_object() || value.is_array() => None,
            value => Some(value.to_string()),
        }
    }

    fn problem(&self, message: &str) -> Diagnostic {
        Diagnostic::error(Code::CONFIG, self.tree.map(|tree| tree.span), message)
    }
}
