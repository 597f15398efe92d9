//! Macros, docs blocks, exposures, groups and unit tests.

use std::sync::Arc;

use serde::Serialize;

use super::{Config, DependsOn, Json, JsonMap, RefCall, SourceCall, UniqueId};
use crate::diag::{FileId, Span};

/// A macro. Its compiled form is kept by `context`; this is what artifacts show.
#[derive(Clone, Debug)]
pub struct Macro {
    /// Its id.
    pub unique_id: UniqueId,
    /// Its name; `test_x` for generic tests, `materialization_x_adapter` for materializations.
    pub name: String,
    /// The package that defines it.
    pub package_name: Arc<str>,
    /// Path below the package root.
    pub original_file_path: String,
    /// The whole block as written.
    pub macro_sql: Arc<str>,
    /// Macros it calls.
    pub depends_on: Vec<UniqueId>,
    /// Rendered description.
    pub description: String,
    /// Metadata.
    pub meta: JsonMap,
    /// `docs` settings.
    pub docs: Json,
    /// The property file that describes it: `package://path`.
    pub patch_path: Option<String>,
    /// Described arguments.
    pub arguments: Vec<Json>,
    /// When it was parsed: seconds since 1970.
    pub created_at: f64,
    /// Languages of a materialization.
    pub supported_languages: Option<Vec<String>>,
    /// The file.
    pub file: FileId,
    /// The block.
    pub span: Span,
}

/// A documentation block.
#[derive(Clone, Debug, Serialize)]
pub struct Doc {
    /// Its name.
    pub name: String,
    /// Always `doc`.
    pub resource_type: super::ResourceType,
    /// The package that defines it.
    pub package_name: Arc<str>,
    /// Path below its docs path.
    pub path: String,
    /// Path below the package root.
    pub original_file_path: String,
    /// Its id.
    pub unique_id: UniqueId,
    /// The text, stripped.
    pub block_contents: Arc<str>,
    /// The block.
    #[serde(skip)]
    pub span: Span,
}

/// A use of the data outside the project: a dashboard, a notebook, an application.
#[derive(Clone, Debug)]
pub struct Exposure {
    /// Its id.
    pub unique_id: UniqueId,
    /// Its name.
    pub name: String,
    /// The package that defines it.
    pub package_name: Arc<str>,
    /// Path below its resource path.
    pub path: String,
    /// Path below the package root.
    pub original_file_path: String,
    /// Package, folders, name.
    pub fqn: Vec<String>,
    /// `dashboard`, `notebook`, `analysis`, `ml` or `application`.
    pub exposure_type: String,
    /// Who answers for it.
    pub owner: Json,
    /// Rendered description.
    pub description: String,
    /// Name for people.
    pub label: Option<String>,
    /// `low`, `medium` or `high`.
    pub maturity: Option<String>,
    /// Metadata.
    pub meta: JsonMap,
    /// Tags.
    pub tags: Vec<String>,
    /// Resolved configuration.
    pub config: Config,
    /// Configured values before rendering.
    pub unrendered_config: JsonMap,
    /// Where it is.
    pub url: Option<String>,
    /// What it reads.
    pub depends_on: DependsOn,
    /// `ref()` calls.
    pub refs: Vec<RefCall>,
    /// `source()` calls.
    pub sources: Vec<SourceCall>,
    /// `metric()` calls, each as a list of texts.
    pub metrics: Vec<Vec<String>>,
    /// When it was parsed: seconds since 1970.
    pub created_at: f64,
    /// The property file.
    pub file: FileId,
    /// Its entry there.
    pub span: Span,
}

/// An owner of models.
#[derive(Clone, Debug, Serialize)]
pub struct Group {
    /// Its name.
    pub name: String,
    /// Always `group`.
    pub resource_type: super::ResourceType,
    /// The package that defines it.
    pub package_name: Arc<str>,
    /// Path below its resource path.
    pub path: String,
    /// Path below the package root.
    pub original_file_path: String,
    /// Its id.
    pub unique_id: UniqueId,
    /// Who answers for it.
    pub owner: Json,
    /// Description.
    pub description: Option<String>,
    /// Resolved configuration.
    pub config: Json,
    /// Its entry in the property file.
    #[serde(skip)]
    pub span: Span,
}

/// A test of a model's logic on given rows.
#[derive(Clone, Debug)]
pub struct UnitTest {
    /// Its id.
    pub unique_id: UniqueId,
    /// Its name.
    pub name: String,
    /// The model under test, as written.
    pub model: String,
    /// Inputs: objects with input, rows, format, fixture.
    pub given: Vec<Json>,
    /// The expected rows: an object with rows, format, fixture.
    pub expect: Json,
    /// Overridden macros, vars and `env_vars`.
    pub overrides: Option<Json>,
    /// The package that defines it.
    pub package_name: Arc<str>,
    /// Path below its resource path.
    pub path: String,
    /// Path below the package root.
    pub original_file_path: String,
    /// Package, folders, model, name.
    pub fqn: Vec<String>,
    /// Rendered description.
    pub description: String,
    /// The model under test.
    pub depends_on: DependsOn,
    /// Resolved configuration.
    pub config: Config,
    /// Fingerprint of the definition.
    pub checksum: String,
    /// Schema of the model under test.
    pub schema: Option<String>,
    /// When it was parsed: seconds since 1970.
    pub created_at: f64,
    /// Versions it applies to, as given.
    pub versions: Option<Json>,
    /// The version under test.
    pub version: Option<Json>,
    /// The property file.
    pub file: FileId,
    /// Its entry there.
    pub span: Span,
}

impl UnitTest {
    /// Returns the name with the version under test: `counts_orders`, or `counts_orders_v2`.
    pub fn versioned_name(&self) -> String {
        match &self.version {
            Some(version) => format!("{}_v{}", self.name, super::version_text(version)),
            None => self.name.clone(),
        }
    }
}
