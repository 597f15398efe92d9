//! What was asked for, as a tree: criteria combined by union, intersection and difference.
//!
//! Made by `grammar` (command line) and `selectors_yml`; resolved by `resolve`.

use crate::diag::Span;
use crate::manifest::Json;

/// How tests come along with the nodes they test (`selection.md` section 3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Indirect {
    /// If any parent is selected.
    #[default]
    Eager,
    /// If every parent is selected.
    Cautious,
    /// If every parent is selected or upstream of something selected.
    Buildable,
    /// Never.
    Empty,
}

impl Indirect {
    /// Reads dbt's spelling.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "eager" => Some(Self::Eager),
            "cautious" => Some(Self::Cautious),
            "buildable" => Some(Self::Buildable),
            "empty" => Some(Self::Empty),
            _ => None,
        }
    }
}

macro_rules! methods {
    ($($(#[$doc:meta])* $name:ident = $text:literal;)*) => {
        /// By what a criterion selects (`selection.md` section 2).
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Method {
            $($(#[$doc])* $name,)*
        }

        impl Method {
            /// All methods.
            pub const ALL: &'static [Method] = &[$(Method::$name),*];

            /// Returns dbt's spelling.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Method::$name => $text,)*
                }
            }
        }
    };
}

methods! {
    /// Name, or leading part of the qualified name.
    Fqn = "fqn";
    /// Tag.
    Tag = "tag";
    /// Owning group.
    Group = "group";
    /// Who may ref it.
    Access = "access";
    /// Source or source table.
    Source = "source";
    /// File, property file or folder.
    Path = "path";
    /// File name.
    File = "file";
    /// Package.
    Package = "package";
    /// Value of a config.
    Config = "config";
    /// Name of the generic test.
    TestName = "test_name";
    /// Kind of test.
    TestType = "test_type";
    /// Kind of resource.
    ResourceType = "resource_type";
    /// Difference from an earlier manifest.
    State = "state";
    /// Exposure.
    Exposure = "exposure";
    /// Metric.
    Metric = "metric";
    /// Status in an earlier run.
    Result = "result";
    /// Freshness compared with an earlier measurement.
    SourceStatus = "source_status";
    /// Version of a model.
    Version = "version";
    /// Semantic model.
    SemanticModel = "semantic_model";
    /// Saved query.
    SavedQuery = "saved_query";
    /// Unit test.
    UnitTest = "unit_test";
    /// Column of a node, and what it goes into.
    Column = "column";
}

impl Method {
    /// Reads dbt's spelling.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|method| method.as_str() == text)
    }
}

/// How far relatives are taken along: `None` for all the way.
pub type Depth = Option<usize>;

/// One criterion: what it matches, and which relatives come along.
#[derive(Clone, Debug, PartialEq)]
pub struct Criterion {
    /// By what.
    pub method: Method,
    /// What follows the method: `["materialized"]` for `config.materialized`.
    pub arguments: Vec<String>,
    /// What is sought: text, or any plain value in `selectors.yml`.
    pub value: Json,
    /// `@`: descendants, and all they need.
    pub childrens_parents: bool,
    /// `+` in front.
    pub parents: Option<Depth>,
    /// `+` behind.
    pub children: Option<Depth>,
    /// How tests come along.
    pub indirect: Indirect,
    /// Where it was written.
    pub span: Option<Span>,
}

impl Criterion {
    /// Returns the value as text, as Python's `str` would.
    pub fn text(&self) -> String {
        match &self.value {
            Json::String(text) => text.clone(),
            Json::Bool(true) => "True".to_owned(),
            Json::Bool(false) => "False".to_owned(),
            Json::Null => "None".to_owned(),
            other => other.to_string(),
        }
    }
}

/// What was written for a group that should match something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// The words.
    pub text: String,
    /// Their place.
    pub span: Option<Span>,
}

/// Parts that are combined.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Parts {
    /// The parts; for a difference the first one minus the others.
    pub parts: Vec<Spec>,
    /// How tests that the parts held back come along after all.
    pub indirect: Indirect,
    /// Set if the user is to be told when nothing matches.
    pub written: Option<Written>,
}

/// A selection.
#[derive(Clone, Debug, PartialEq)]
pub enum Spec {
    /// All there is: what is meant when nothing was asked for.
    Everything,
    /// One criterion.
    Criterion(Box<Criterion>),
    /// What any part selects.
    Union(Parts),
    /// What every part selects.
    Intersection(Parts),
    /// What the first part selects and no other.
    Difference(Parts),
}

impl Spec {
    /// Tells whether a method occurs in it.
    pub fn mentions(&self, method: Method) -> bool {
        match self {
            Self::Everything => false,
            Self::Criterion(criterion) => criterion.method == method,
            Self::Union(parts) | Self::Intersection(parts) | Self::Difference(parts) => {
                parts.parts.iter().any(|part| part.mentions(method))
            }
        }
    }
}
