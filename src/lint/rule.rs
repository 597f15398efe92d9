//! The rules: what each is called, and how bad it is unless somebody says otherwise.

use crate::diag::{Code, Severity};

/// One rule. Each has a file of its name in `rules`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Rule {
    /// A common table expression that nothing reads.
    UnusedCte,
    /// A mart that hands on whatever columns a source has.
    StarFromSource,
    /// A join that pairs every row with every row.
    JoinWithoutCondition,
    /// A `union` of queries that have no row in common.
    UnionWithoutAll,
    /// An incremental filter that depends on when it runs.
    FilterByClock,
    /// A relation of the project that is named without `ref` or `source`.
    HardCodedRelation,
    /// A key that is joined by and not tested for uniqueness.
    UntestedKey,
}

impl Rule {
    /// All rules, in the order of the documentation.
    pub const ALL: [Self; 7] = [
        Self::UnusedCte,
        Self::StarFromSource,
        Self::JoinWithoutCondition,
        Self::UnionWithoutAll,
        Self::FilterByClock,
        Self::HardCodedRelation,
        Self::UntestedKey,
    ];

    /// Returns the rule of a name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|rule| rule.name() == name)
    }

    /// Returns its name, for example `unused-cte`.
    pub fn name(self) -> &'static str {
        self.code().as_str()
    }

    /// Returns the code of its findings, which is its name.
    pub fn code(self) -> Code {
        match self {
            Self::UnusedCte => Code::UNUSED_CTE,
            Self::StarFromSource => Code::STAR_FROM_SOURCE,
            Self::JoinWithoutCondition => Code::JOIN_WITHOUT_CONDITION,
            Self::UnionWithoutAll => Code::UNION_WITHOUT_ALL,
            Self::FilterByClock => Code::FILTER_BY_CLOCK,
            Self::HardCodedRelation => Code::HARD_CODED_RELATION,
            Self::UntestedKey => Code::UNTESTED_KEY,
        }
    }

    /// Says in one sentence what it finds.
    pub fn about(self) -> &'static str {
        match self {
            Self::UnusedCte => "A common table expression is defined and nothing reads it",
            Self::StarFromSource => "A mart hands on whatever columns a source has, through stars",
            Self::JoinWithoutCondition => "A join has no condition that compares the two sides",
            Self::UnionWithoutAll => "`union` looks for duplicates where there are none",
            Self::FilterByClock => "Which rows an incremental model adds depends on when it runs",
            Self::HardCodedRelation => "A relation of the project is named without `ref` or `source`",
            Self::UntestedKey => "A key that joins rely on has no test for uniqueness",
        }
    }

    /// How bad it is unless somebody says otherwise. A hard-coded relation is an error: it is missing in the graph, so that
    /// the model may be built before what it reads.
    pub fn usual(self) -> Severity {
        match self {
            Self::HardCodedRelation => Severity::Error,
            _ => Severity::Warning,
        }
    }
}
