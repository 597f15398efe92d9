//! The package hub: which packages there are, and what it says of each.
//!
//! Input: a package's name. Output: its versions with what they list and where their archives are. Every
//! page is asked for once in an invocation.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::Deserialize;

use super::DepsError;
use super::http::{Http, HttpError, at_once, not_downloaded};
use crate::diag::{Code, Diagnostic, Sources};
use crate::event::{
    Diagnosed, EventSink, RegistryIndexProgressGETRequest, RegistryIndexProgressGETResponse,
    RegistryProgressGETRequest, RegistryProgressGETResponse,
};
use crate::hash::IndexMap;
use crate::manifest::Json;
use crate::project::env::Env;

/// The public hub; `DBT_PACKAGE_HUB_URL` names another.
const PUBLIC: &str = "https://hub.getdbt.com/";

/// What the hub says of a package.
#[derive(Debug)]
pub(super) struct Page {
    /// Where it was read.
    pub(super) url: String,
    /// The versions in the order of the hub.
    pub(super) versions: IndexMap<String, Release>,
    /// The name of the package that takes its place.
    moved_to: Option<String>,
}

/// One version of a package.
#[derive(Debug, Deserialize)]
pub(super) struct Release {
    /// The name of its project.
    pub(super) name: String,
    /// What it lists itself, as in `packages.yml`.
    #[serde(default)]
    pub(super) packages: Json,
    /// Where its archive is.
    pub(super) downloads: Downloads,
    #[serde(default)]
    require_dbt_version: Json,
}

/// Where archives are.
#[derive(Debug, Deserialize)]
pub(super) struct Downloads {
    /// The URL of a `.tar.gz`.
    pub(super) tarball: String,
}

impl Release {
    /// Returns the conditions that it sets on dbt.
    pub(super) fn requires_dbt(&self) -> Vec<String> {
        match &self.require_dbt_version {
            Json::String(one) if one.is_empty() => Vec::new(),
            Json::String(one) => vec![one.clone()],
            Json::Array(items) => items.iter().filter_map(Json::as_str).map(str::to_owned).collect(),
            _ => Vec::new(),
        }
    }
}

/// The hub, with all pages read so far.
pub(super) struct Hub {
    base: String,
    index: Option<BTreeSet<String>>,
    pages: BTreeMap<String, Result<Arc<Page>, HttpError>>,
    /// Packages whose new name was told.
    moved: BTreeSet<String>,
    events: EventSink,
    sources: Sources,
}

impl Hub {
    /// Makes the hub that the environment names.
    pub(super) fn new(env: &Env, events: &EventSink, sources: &Sources) -> Self {
        let base = env.raw("DBT_PACKAGE_HUB_URL").filter(|url| !url.is_empty()).unwrap_or(PUBLIC);
        // dbt glues its paths to the URL as it is; a missing slash is all that can be meant.
        let base = if base.ends_with('/') { base.to_owned() } else { format!("{base}/") };
        Self {
            base,
            index: None,
            pages: BTreeMap::new(),
            moved: BTreeSet::new(),
            events: events.clone(),
            sources: sources.clone(),
        }
    }

    fn url(&self, name: &str) -> String {
        format!("{}api/v1/{name}.json", self.base)
    }

    /// Returns the names of all packages.
    pub(super) fn index(&mut self, http: &Http) -> Result<&BTreeSet<String>, Box<Diagnostic>> {
        if self.index.is_none() {
            let url = self.url("index");
            let names = http.retry(|| {
                self.events.debug(|| RegistryIndexProgressGETRequest { url: url.clone() });
                let page = http.page(&url, |resp_code| {
                    self.events.debug(|| RegistryIndexProgressGETResponse { resp_code, url: url.clone() });
                })?;
                serde_json::from_value(page)
                    .map_err(|error| HttpError::malformed(&url, format!("not a list of names: {error}")))
            });
            let names: BTreeSet<String> =
                names.map_err(|error| not_downloaded(&error, "the list of the package hub"))?;
            self.index = Some(names);
        }
        Ok(self.index.get_or_insert_default())
    }

    /// Asks for the pages of several packages at once. What fails is told when the page is used.
    pub(super) fn fetch(&mut self, http: &Http, packages: BTreeSet<&str>) {
        let known = |name: &str| self.index.as_ref().is_some_and(|index| index.contains(name));
        let missing = packages.into_iter().filter(|name| known(name) && !self.pages.contains_key(*name));
        let missing: Vec<String> = missing.map(str::to_owned).collect();
        let pages = at_once(&missing, |name| self.ask(http, name));
        self.pages.extend(missing.into_iter().zip(pages));
    }

    /// Returns what the hub says of a package. Warns when another one takes its place.
    pub(super) fn page(&mut self, http: &Http, package: &str) -> Result<Arc<Page>, DepsError> {
        let page = match self.pages.get(package) {
            Some(page) => page.clone(),
            None => self.ask(http, package),
        };
        self.pages.insert(package.to_owned(), page.clone());
        let page = page.map_err(|error| not_downloaded(&error, &format!("package `{package}`")))?;
        if let Some(new) = page.moved_to.as_ref().filter(|_| self.moved.insert(package.to_owned())) {
            let message = format!("the package `{package}` is deprecated in favor of `{new}`");
            let warning = Diagnostic::warning(Code::DEPRECATED, None, message)
                .help(format!("list `{new}` instead"))
                .known_as("PackageRedirectDeprecation");
            self.events.warn(Diagnosed::new(warning, &self.sources))?;
        }
        Ok(page)
    }

    fn ask(&self, http: &Http, package: &str) -> Result<Arc<Page>, HttpError> {
        let url = self.url(package);
        let page = http.retry(|| {
            self.events.debug(|| RegistryProgressGETRequest { url: url.clone() });
            let page = http.page(&url, |resp_code| {
                self.events.debug(|| RegistryProgressGETResponse { resp_code, url: url.clone() });
            })?;
            read_page(&url, page)
        });
        page.map(Arc::new)
    }
}

#[derive(Deserialize)]
struct RawPage {
    name: String,
    #[serde(default)]
    namespace: String,
    versions: IndexMap<String, Json>,
    #[serde(default)]
    redirectnamespace: Option<String>,
    #[serde(default)]
    redirectname: Option<String>,
}

/// Reads a page. A version that lacks what is needed is left out, as long as others have it.
fn read_page(url: &str, page: Json) -> Result<Page, HttpError> {
    let raw: RawPage = serde_json::from_value(page)
        .map_err(|error| HttpError::malformed(url, format!("no page of a package: {error}")))?;
    let mut versions = IndexMap::default();
    let mut broken = None;
    for (version, release) in raw.versions {
        match serde_json::from_value(release) {
            Ok(release) => drop(versions.insert(version, release)),
            Err(error) => broken = Some(format!("version {version} is not complete: {error}")),
        }
    }
    if let Some(reason) = broken.filter(|_| versions.is_empty()) {
        return Err(HttpError::malformed(url, reason));
    }
    let set = |text: Option<String>| text.filter(|text| !text.is_empty());
    let moved_to = match (set(raw.redirectnamespace), set(raw.redirectname)) {
        (None, None) => None,
        (namespace, name) => {
            Some(format!("{}/{}", namespace.unwrap_or(raw.namespace), name.unwrap_or(raw.name)))
        }
    };
    Ok(Page { url: url.to_owned(), versions, moved_to })
}
