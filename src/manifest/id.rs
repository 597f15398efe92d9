//! Identity: unique ids and resource types. Ids are made here and nowhere else (`artifacts.md` section 6).

use std::borrow::Borrow;
use std::fmt;
use std::sync::Arc;

use serde::{Serialize, Serializer};

/// The id of a resource in artifacts and logs, for example `model.shop.orders`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct UniqueId(Arc<str>);

impl UniqueId {
    /// Makes the usual id `type.package.name`.
    pub fn new(resource: ResourceType, package: &str, name: &str) -> Self {
        Self(format!("{resource}.{package}.{name}").into())
    }

    /// Makes the id of one version of a model: `model.package.name.vN`.
    pub fn versioned(package: &str, name: &str, version: &str) -> Self {
        Self(format!("{}.{package}.{name}.v{version}", ResourceType::Model).into())
    }

    /// Makes the id of a source table: `source.package.source.table`.
    pub fn source(package: &str, source: &str, table: &str) -> Self {
        Self(format!("{}.{package}.{source}.{table}", ResourceType::Source).into())
    }

    /// Makes the id of a generic test: `test.package.name.hash`.
    pub fn generic_test(package: &str, name: &str, hash: &str) -> Self {
        Self(format!("{}.{package}.{name}.{hash}", ResourceType::Test).into())
    }

    /// Makes the id of a unit test: `unit_test.package.model.name`.
    pub fn unit_test(package: &str, model: &str, name: &str) -> Self {
        Self(format!("{}.{package}.{model}.{name}", ResourceType::UnitTest).into())
    }

    /// Takes an id read from an artifact.
    pub fn from_artifact(text: &str) -> Self {
        Self(text.into())
    }

    /// Returns the text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Returns an id without kind and package, as people call the thing: `orders` for `model.shop.orders`.
pub fn short_id(id: &str) -> &str {
    id.splitn(3, '.').nth(2).unwrap_or(id)
}

impl fmt::Display for UniqueId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Borrow<str> for UniqueId {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl Serialize for UniqueId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

macro_rules! resource_types {
    ($($(#[$doc:meta])* $name:ident = $text:literal;)*) => {
        /// What kind of thing a resource is; prints as dbt spells it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum ResourceType {
            $($(#[$doc])* $name,)*
        }

        impl ResourceType {
            /// All kinds.
            pub const ALL: &'static [ResourceType] = &[$(ResourceType::$name),*];

            /// Returns dbt's spelling.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(ResourceType::$name => $text,)*
                }
            }
        }
    };
}

resource_types! {
    /// A `select` that becomes a relation.
    Model = "model";
    /// A CSV file that becomes a table.
    Seed = "seed";
    /// A table that keeps history.
    Snapshot = "snapshot";
    /// A query whose rows are failures.
    Test = "test";
    /// A query that is only compiled.
    Analysis = "analysis";
    /// A hook of the project.
    Operation = "operation";
    /// A query given on the command line.
    SqlOperation = "sql_operation";
    /// A table that others fill.
    Source = "source";
    /// A use of the data outside the project.
    Exposure = "exposure";
    /// A metric.
    Metric = "metric";
    /// A semantic model.
    SemanticModel = "semantic_model";
    /// A saved query.
    SavedQuery = "saved_query";
    /// A test of a model's logic on given rows.
    UnitTest = "unit_test";
    /// A user-defined function.
    Function = "function";
    /// A macro.
    Macro = "macro";
    /// A documentation block.
    Doc = "doc";
    /// An owner of models.
    Group = "group";
}

impl ResourceType {
    /// Reads dbt's spelling.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.as_str() == text)
    }

    /// Tells whether `ref()` can name it.
    pub fn is_refable(self) -> bool {
        matches!(self, Self::Model | Self::Seed | Self::Snapshot)
    }
}

impl fmt::Display for ResourceType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for ResourceType {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}
