//! Which warnings are errors and which are not shown: `--warn-error` and `--warn-error-options`.
//!
//! Rules, as dbt's: a name beats the group `Deprecations`, which beats `all`; at one rank `silence` beats
//! `warn`, which beats `error`.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::Event;
use super::diagnosed::UNNAMED_DEPRECATION;

/// dbt's events of level warn, with their codes: what `--warn-error-options` is used for.
const WARNINGS: &[(&str, &str)] = &[
    ("AdapterDeprecationWarning", "D005"),
    ("AdapterEventWarning", "E003"),
    ("ArgumentsPropertyInGenericTestDeprecation", "D038"),
    ("BehaviorChangeEvent", "D000"),
    ("CatalogGenerationError", "E040"),
    ("CollectFreshnessReturnSignature", "D012"),
    ("ConfigDataPathDeprecation", "D004"),
    ("ConfigLogPathDeprecation", "D010"),
    ("ConfigSourcePathDeprecation", "D003"),
    ("ConfigTargetPathDeprecation", "D011"),
    ("ConstraintNotEnforced", "E048"),
    ("ConstraintNotSupported", "E049"),
    ("CustomKeyInConfigDeprecation", "D026"),
    ("CustomKeyInObjectDeprecation", "D027"),
    ("CustomOutputPathInSourceFreshnessDeprecation", "D029"),
    ("CustomTopLevelKeyDeprecation", "D025"),
    ("DeprecatedModel", "I065"),
    ("DeprecatedReference", "I067"),
    ("DeprecationsSummary", "D028"),
    ("DepsScrubbedPackageName", "M035"),
    ("DepsUnpinned", "M029"),
    ("DuplicateNameDistinctNodeTypesDeprecation", "D040"),
    ("DuplicateYAMLKeysDeprecation", "D024"),
    ("EnvironmentVariableNamespaceDeprecation", "D036"),
    ("EnvironmentVariableRenamed", "D009"),
    ("ExposureNameDeprecation", "D007"),
    ("FreshnessConfigProblem", "I073"),
    ("GenericJSONSchemaValidationDeprecation", "D022"),
    ("GetMetaKeyWarning", "D041"),
    ("InternalDeprecation", "D008"),
    ("InvalidConcurrentBatchesConfig", "I075"),
    ("InvalidMacroAnnotation", "I076"),
    ("InvalidValueForField", "I008"),
    ("JinjaLogWarning", "I061"),
    ("LogFreshnessResult", "Q018"),
    ("LogTestResult", "Q007"),
    ("MFCumulativeTypeParamsDeprecation", "D019"),
    ("MFTimespineWithoutYamlConfigurationDeprecation", "D018"),
    ("MacroNotFoundForPatch", "I059"),
    ("MetricAttributesRenamed", "D006"),
    ("MicrobatchMacroOutsideOfBatchesDeprecation", "D020"),
    ("MicrobatchModelNoEventTimeInputs", "I074"),
    ("MissingArgumentsPropertyInGenericTestDeprecation", "D039"),
    ("MissingPlusPrefixDeprecation", "D037"),
    ("ModelParamUsageDeprecation", "D032"),
    ("ModulesItertoolsUsageDeprecation", "D034"),
    ("NoNodeForYamlKey", "I058"),
    ("NoNodesForSelectionCriteria", "M030"),
    ("NoNodesSelected", "Q038"),
    ("NodeNotFoundOrDisabled", "I060"),
    ("NothingToDo", "Q035"),
    ("PackageInstallPathDeprecation", "D002"),
    ("PackageMaterializationOverrideDeprecation", "D016"),
    ("PackageNodeDependsOnRootProjectNode", "I077"),
    ("PackageRedirectDeprecation", "D001"),
    ("ProjectFlagsMovedDeprecation", "D013"),
    ("PropertyMovedToConfigDeprecation", "D030"),
    ("ResourceNamesWithSpacesDeprecation", "D015"),
    ("RunResultWarning", "Z021"),
    ("RunResultWarningMessage", "Z046"),
    ("SeedExceedsLimitAndPathChanged", "I054"),
    ("SeedExceedsLimitChecksumChanged", "I055"),
    ("SeedExceedsLimitSamePath", "I053"),
    ("SeedIncreased", "I052"),
    ("SemanticValidationFailure", "I070"),
    ("SnapshotTimestampWarning", "Q043"),
    ("SourceFreshnessProjectHooksNotRun", "D017"),
    ("SourceOverrideDeprecation", "D035"),
    ("SpacesInResourceNameDeprecation", "D014"),
    ("TestsConfigDeprecation", "D012"),
    ("UnexpectedJinjaBlockDeprecation", "D023"),
    ("UnsupportedConstraintMaterialization", "I068"),
    ("UnusedResourceConfigPath", "I051"),
    ("UnusedTables", "I056"),
    ("UnversionedBreakingChange", "I071"),
    ("UpcomingReferenceDeprecation", "I066"),
    ("ValidationWarning", "I009"),
    ("WEOIncludeExcludeDeprecation", "D031"),
    ("WarnStateTargetEqual", "I072"),
    ("WrongResourceSchemaFile", "I057"),
];

/// Warnings that dbt only tells: they become errors only when they are named, or when the project asks for all.
const ONLY_TOLD: &[&str] =
    &["FreshnessConfigProblem", "MicrobatchModelNoEventTimeInputs", "SemanticValidationFailure"];

/// The group of all deprecations.
const DEPRECATIONS: &str = "Deprecations";

/// Returns dbt's code of a warning; empty for a name dbt does not know.
pub(super) fn code_of(name: &str) -> &'static str {
    WARNINGS.iter().find(|(known, _)| *known == name).map_or("", |(_, code)| code)
}

/// Tells whether a code is that of a deprecation.
///
/// Names with spaces have such a code each, but what is deprecated is told once, by how many there are.
pub(super) fn is_deprecation(code: &str) -> bool {
    code != code_of("SpacesInResourceNameDeprecation") && code.starts_with('D')
}

/// What to do with a warning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Show it.
    Warn,
    /// End the command with it, exit code 2.
    Error,
    /// Do not show it.
    Silence,
}

/// What is wrong with the options.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    /// A name that no event has.
    #[error("`{name}` is no event that can warn")]
    UnknownEvent {
        /// The name.
        name: String,
        /// A name that is near.
        near: Option<String>,
    },
    /// `error` is a text other than `all` and `*`.
    #[error("`error` must be `all`, `*` or a list of event names, not `{0}`")]
    BadError(String),
    /// A value that is no list of names.
    #[error("`{0}` must be a list of event names")]
    NoList(&'static str),
    /// A key that does not exist.
    #[error("unknown key `{0}`; the keys are `error`, `warn` and `silence`")]
    UnknownKey(String),
    /// Both the new and the old spelling of a key.
    #[error("Only `{1}` or `{0}` can be specified")]
    BothSpellings(&'static str, &'static str),
    /// `warn` without anything that it could be an exception of.
    #[error("`warn` needs `error: all`, or `Deprecations` in `error` or `silence`")]
    WarnAlone,
}

/// Tells for each warning what becomes of it.
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own, none excludes another")]
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WarnPolicy {
    all: bool,
    error_all: bool,
    error: BTreeSet<String>,
    warn: BTreeSet<String>,
    silence: BTreeSet<String>,
    every_place: bool,
    handles_all: bool,
}

impl WarnPolicy {
    /// Makes every warning an error (`--warn-error`).
    pub fn strict() -> Self {
        Self { all: true, ..Self::default() }
    }

    /// Reads the mapping of `--warn-error-options`, in its present or its old spelling.
    pub fn from_options(options: &Map<String, Value>) -> Result<Self, PolicyError> {
        let known = ["error", "include", "warn", "exclude", "silence"];
        if let Some(key) = options.keys().find(|key| !known.contains(&key.as_str())) {
            return Err(PolicyError::UnknownKey(key.clone()));
        }
        let mut policy = Self::default();
        match either(options, "error", "include")? {
            Some(Value::String(word)) if word == "all" || word == "*" => policy.error_all = true,
            Some(Value::String(word)) => return Err(PolicyError::BadError(word.clone())),
            value => policy.error = names("error", value)?,
        }
        policy.warn = names("warn", either(options, "warn", "exclude")?)?;
        policy.silence = names("silence", options.get("silence"))?;
        let deprecations = policy.error.contains(DEPRECATIONS) || policy.silence.contains(DEPRECATIONS);
        if policy.warn.is_empty() || policy.error_all || deprecations {
            Ok(policy)
        } else {
            Err(PolicyError::WarnAlone)
        }
    }

    /// Shows each place of a deprecation, not the first only (`--show-all-deprecations`).
    #[must_use]
    pub fn every_place(mut self, wanted: bool) -> Self {
        self.every_place = wanted;
        self
    }

    /// Treats what dbt only tells like every other warning (`require_all_warnings_handled_by_warn_error`).
    #[must_use]
    pub fn handles_all(mut self, wanted: bool) -> Self {
        self.handles_all = wanted;
        self
    }

    /// Tells whether the `count`th deprecation of this name is shown, counted from 1.
    pub(super) fn shows(&self, name: &str, count: usize) -> bool {
        self.every_place || count == 1 || name == UNNAMED_DEPRECATION
    }

    /// Tells whether deprecations are shown at each place.
    pub(super) fn shows_every_place(&self) -> bool {
        self.every_place
    }

    /// Decides about a warning by its name and code (deprecations have codes that begin with `D`).
    pub fn verdict(&self, name: &str, code: &str) -> Verdict {
        let only_told = !self.handles_all && ONLY_TOLD.contains(&name);
        if self.all && !only_told {
            return Verdict::Error;
        }
        if let Some(verdict) = self.by_name(name) {
            return verdict;
        }
        let group = if is_deprecation(code) { self.by_name(DEPRECATIONS) } else { None };
        match group {
            Some(verdict) => verdict,
            None if self.error_all && !only_told => Verdict::Error,
            None => Verdict::Warn,
        }
    }

    fn by_name(&self, name: &str) -> Option<Verdict> {
        if self.silence.contains(name) {
            Some(Verdict::Silence)
        } else if self.warn.contains(name) {
            Some(Verdict::Warn)
        } else if self.error.contains(name) {
            Some(Verdict::Error)
        } else {
            None
        }
    }

    /// Returns the options as artifacts show them.
    pub fn to_json(&self) -> Value {
        let error = if self.error_all { json!("all") } else { json!(self.error) };
        json!({"error": error, "warn": self.warn, "silence": self.silence})
    }
}

fn either<'a>(
    options: &'a Map<String, Value>,
    new: &'static str,
    old: &'static str,
) -> Result<Option<&'a Value>, PolicyError> {
    match (options.get(new), options.get(old)) {
        (Some(_), Some(_)) => Err(PolicyError::BothSpellings(new, old)),
        (new, old) => Ok(new.or(old)),
    }
}

fn names(key: &'static str, value: Option<&Value>) -> Result<BTreeSet<String>, PolicyError> {
    let list = match value {
        None | Some(Value::Null) => return Ok(BTreeSet::new()),
        Some(Value::Array(list)) => list,
        Some(_) => return Err(PolicyError::NoList(key)),
    };
    list.iter().map(|name| known(key, name)).collect()
}

fn known(key: &'static str, name: &Value) -> Result<String, PolicyError> {
    let name = name.as_str().ok_or(PolicyError::NoList(key))?;
    let mut all =
        WARNINGS.iter().map(|(name, _)| *name).chain([DEPRECATIONS]).chain(Event::NAMES.iter().copied());
    if all.clone().any(|one| one == name) {
        return Ok(name.to_owned());
    }
    let near = crate::diag::suggest(name, &mut all);
    Err(PolicyError::UnknownEvent { name: name.to_owned(), near })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn policy(options: &Value) -> Result<WarnPolicy, PolicyError> {
        WarnPolicy::from_options(options.as_object().unwrap())
    }

    #[test]
    fn names_beat_the_group_and_the_group_beats_all() {
        let policy =
            policy(&json!({"error": "all", "warn": ["Deprecations"], "silence": ["NothingToDo"]})).unwrap();
        assert_eq!(policy.verdict("NoNodesForSelectionCriteria", "M030"), Verdict::Error);
        assert_eq!(policy.verdict("DeprecatedModel", "I065"), Verdict::Error);
        assert_eq!(policy.verdict("MissingPlusPrefixDeprecation", "D037"), Verdict::Warn);
        assert_eq!(policy.verdict("NothingToDo", "Q035"), Verdict::Silence);
    }

    #[test]
    fn what_is_only_told_becomes_an_error_when_the_project_asks_for_all() {
        let verdict = |policy: WarnPolicy| policy.verdict("MicrobatchModelNoEventTimeInputs", "I074");
        assert_eq!(verdict(WarnPolicy::strict()), Verdict::Warn);
        assert_eq!(verdict(WarnPolicy::strict().handles_all(true)), Verdict::Error);
        assert_eq!(verdict(WarnPolicy::default().handles_all(true)), Verdict::Warn);
    }

    #[test]
    fn old_spellings_work_but_not_beside_the_new() {
        let old = policy(&json!({"include": ["NothingToDo"], "exclude": null})).unwrap();
        assert_eq!(old.verdict("NothingToDo", "Q035"), Verdict::Error);
        let both = policy(&json!({"include": "all", "error": "all"}));
        assert_eq!(both, Err(PolicyError::BothSpellings("error", "include")));
    }

    #[test]
    fn warn_alone_and_unknown_names_are_errors() {
        assert_eq!(policy(&json!({"warn": ["NothingToDo"]})), Err(PolicyError::WarnAlone));
        let Err(PolicyError::UnknownEvent { near, .. }) = policy(&json!({"error": ["NothingTodo"]})) else {
            panic!("the name must be refused");
        };
        assert_eq!(near.as_deref(), Some("did you mean `NothingToDo`?"));
    }
}
