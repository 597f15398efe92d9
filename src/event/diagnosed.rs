//! Diagnostics as events: warnings found while reading the project, and the errors that end a command.

use serde::{Serialize, Serializer};

use super::policy::code_of;
use super::{Describe, Level, Style};
use crate::diag::{Code, Diagnostic, Severity, Sources, render::human, render::json};

/// Diagnostics together with the texts they point into.
#[derive(Clone, Debug)]
pub struct Problems {
    /// What is wrong.
    pub diagnostics: Vec<Diagnostic>,
    /// The texts of the spans.
    pub sources: Sources,
}

impl Problems {
    /// Renders all, separated by empty lines, below the class of the first.
    pub fn text(&self, color: bool) -> String {
        let texts: Vec<_> = self.diagnostics.iter().map(|d| human::render(d, &self.sources, color)).collect();
        let class = self.diagnostics.first().map_or("", Diagnostic::class);
        format!("{class}\n{}", texts.join("\n\n"))
    }
}

impl Serialize for Problems {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text(false))
    }
}

/// A diagnostic that does not end the command by itself.
///
/// Its name and code are those of the dbt event that tells the same, so that `--warn-error-options` can
/// name it; what dbt does not know is called `ValidationWarning`.
#[derive(Clone, Debug)]
pub struct Diagnosed {
    /// The diagnostic.
    pub diagnostic: Box<Diagnostic>,
    /// The texts of the spans.
    pub sources: Sources,
    name: &'static str,
    /// Whether a warning is told as an error is, with its code.
    in_full: bool,
}

impl Diagnosed {
    /// Pairs a diagnostic with its texts. The name is [`Diagnostic::known_as`], or follows from the code.
    pub fn new(diagnostic: Diagnostic, sources: &Sources) -> Self {
        let name =
            if diagnostic.known_as.is_empty() { dbt_name(diagnostic.code) } else { diagnostic.known_as };
        Self { diagnostic: Box::new(diagnostic), sources: sources.clone(), name, in_full: false }
    }

    /// The same for what a command was asked to find: a warning, too, is led by its code.
    pub fn in_full(diagnostic: Diagnostic, sources: &Sources) -> Self {
        Self { in_full: true, ..Self::new(diagnostic, sources) }
    }
}

/// What deprecations are called that dbt has no name for. They differ from each other: none hides the next.
pub(super) const UNNAMED_DEPRECATION: &str = "GenericJSONSchemaValidationDeprecation";

/// Warnings that dbt writes without a tag: what it says of them begins their line.
const UNTAGGED: [&str; 2] = ["FreshnessConfigProblem", "InvalidMacroAnnotation"];

/// Returns the dbt event that tells what a diagnostic of this code tells.
fn dbt_name(code: Code) -> &'static str {
    match code {
        Code::UNUSED_CONFIG_PATH => "UnusedResourceConfigPath",
        Code::UNUSED_PATCH => "NoNodeForYamlKey",
        Code::UNKNOWN_REF | Code::UNKNOWN_SOURCE | Code::DISABLED_REF => "NodeNotFoundOrDisabled",
        Code::EMPTY_SELECTION => "NoNodesForSelectionCriteria",
        Code::YAML_DUPLICATE_KEY => "DuplicateYAMLKeysDeprecation",
        Code::UNKNOWN_KEY => "CustomKeyInObjectDeprecation",
        Code::DEPRECATED => UNNAMED_DEPRECATION,
        _ => "ValidationWarning",
    }
}

impl Describe for Diagnosed {
    fn name(&self) -> &str {
        self.name
    }

    fn code(&self) -> &str {
        code_of(self.name)
    }

    fn level(&self) -> Level {
        match self.diagnostic.severity {
            Severity::Warning => Level::Warn,
            Severity::Error => Level::Error,
        }
    }

    fn message(&self, style: &Style) -> String {
        let Diagnosed { diagnostic, sources, .. } = self;
        if diagnostic.is_error() || self.in_full {
            return human::render(diagnostic, sources, style.color);
        }
        // dbt's tag with the name that `--warn-error-options` takes, the sentence, then the excerpt without its own title line.
        let tag =
            if UNTAGGED.contains(&self.name) { String::new() } else { style.warning_tag(Some(self.name)) };
        let body = human::render_body(diagnostic, sources, style.color);
        let gap = if body.is_empty() { "" } else { "\n" };
        format!("{tag}{}{gap}{body}", diagnostic.message)
    }
}

impl Serialize for Diagnosed {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        json::render(&self.diagnostic, &self.sources).serialize(serializer)
    }
}
