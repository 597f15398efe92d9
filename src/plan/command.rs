//! What the commands that handle nodes have in common, and in what they differ (`selection.md` section 6).

use super::step::{Action, Blocking};
use crate::diag::{Code, Diagnostic, suggest};
use crate::manifest::{Node, ResourceType};

/// A command that handles selected nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Command {
    /// Builds models.
    Run,
    /// Builds and tests everything.
    Build,
    /// Tests.
    Test,
    /// Loads seeds.
    Seed,
    /// Takes snapshots.
    Snapshot,
    /// Makes copies of what another run built.
    Clone,
    /// Renders to SQL.
    Compile,
    /// Renders to SQL and shows rows.
    Show,
    /// Tells how old sources are.
    Freshness,
    /// Lists.
    List,
}

use ResourceType::{
    Analysis, Exposure, Function, Metric, Model, Operation, SavedQuery, Seed, SemanticModel, Snapshot,
    Source, SqlOperation, Test, UnitTest,
};

impl Command {
    /// Returns the types it handles when none are asked for.
    pub fn default_types(self) -> &'static [ResourceType] {
        match self {
            Self::Run => &[Model],
            Self::Build => &[Model, Seed, Snapshot, Test, UnitTest, SavedQuery, Exposure, Function],
            Self::Test => &[Test, UnitTest],
            Self::Seed => &[Seed],
            Self::Snapshot => &[Snapshot],
            Self::Clone => &[Model, Seed, Snapshot],
            Self::Freshness => &[Source],
            Self::Compile | Self::Show => {
                &[Model, Test, Snapshot, Analysis, Operation, Seed, SqlOperation, Function]
            }
            Self::List => &[
                Model,
                Snapshot,
                Seed,
                Test,
                Source,
                Exposure,
                Metric,
                SavedQuery,
                SemanticModel,
                UnitTest,
                Function,
            ],
        }
    }

    /// Returns what `all` stands for in `--resource-type`.
    fn all_types(self) -> Vec<ResourceType> {
        let more: &[ResourceType] = if self == Self::List { &[Analysis] } else { &[] };
        self.default_types().iter().chain(more).copied().collect()
    }

    /// Returns the types it handles under `--resource-type` and `--exclude-resource-type`. Errors if a name is
    /// not one of a resource type.
    pub fn types(self, asked: &[String], excluded: &[String]) -> Result<Vec<ResourceType>, Box<Diagnostic>> {
        let mut types: Vec<ResourceType> = Vec::new();
        for name in asked {
            match name.as_str() {
                "all" => types.extend(self.all_types()),
                "default" => types.extend(self.default_types()),
                other => types.push(parse(other)?),
            }
        }
        if asked.is_empty() {
            types.extend(self.default_types());
        }
        for name in excluded {
            let kind = parse(name)?;
            types.retain(|found| *found != kind);
        }
        if matches!(self, Self::Test | Self::Clone) {
            types.retain(|found| self.default_types().contains(found));
        }
        types.sort_unstable();
        types.dedup();
        Ok(types)
    }

    /// Tells whether `on-run-start` and `on-run-end` run.
    pub fn runs_hooks(self) -> bool {
        matches!(self, Self::Run | Self::Build | Self::Test | Self::Seed | Self::Snapshot | Self::Freshness)
    }

    /// Tells whether the schemas of what is selected are made and listed first.
    pub fn makes_schemas(self) -> bool {
        self.runs_hooks() || self == Self::Clone
    }

    /// Tells whether a node waits for the nodes it depends on.
    pub fn keeps_order(self) -> bool {
        self != Self::Clone
    }

    /// Tells what keeps later nodes from running.
    pub fn blocking(self) -> Blocking {
        if self == Self::Build { Blocking::ErrorsAndFailures } else { Blocking::Errors }
    }

    /// Tells whether it publishes new versions of relations, so that gates hold.
    pub fn publishes(self) -> bool {
        matches!(self, Self::Run | Self::Build | Self::Seed | Self::Snapshot)
    }

    /// Tells whether tests come before what depends on the tested, and unit tests before their model.
    pub fn tests_first(self) -> bool {
        self == Self::Build
    }

    /// Tells what is done with a resource; `node` is `None` for one that is no node (exposures, unit tests).
    pub(super) fn action(self, node: Option<&Node>, kind: Option<ResourceType>) -> Action {
        if matches!(self, Self::Compile | Self::Show | Self::List) {
            return Action::Compile;
        }
        match (node, kind) {
            (Some(_), _) if self == Self::Clone => Action::Clone,
            (Some(_), Some(Test)) => Action::Test,
            (Some(node), _) if node.is_ephemeral() => Action::Compile,
            (Some(_), _) => Action::Build,
            (None, Some(UnitTest)) => Action::UnitTest,
            (None, Some(Source)) if self == Self::Freshness => Action::Measure,
            (None, _) => Action::NoOp,
        }
    }
}

fn parse(name: &str) -> Result<ResourceType, Box<Diagnostic>> {
    ResourceType::parse(name).ok_or_else(|| {
        let known = ResourceType::ALL.iter().map(|kind| kind.as_str());
        let message = format!("`{name}` is not a resource type");
        Box::new(Diagnostic::error(Code::USAGE, None, message).help::<String>(suggest(name, known)))
    })
}
