//! The closed set of things that can be wrong. A code is stable: scripts and editors may match on it.

use std::fmt;

/// Names one kind of problem, for example `unknown-ref`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Code(&'static str);

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $text:literal;)*) => {
        impl Code {
            $($(#[$doc])* pub const $name: Code = Code($text);)*

            /// All codes, in the order of their definition.
            pub const ALL: &'static [Code] = &[$(Code::$name),*];
        }
    };
}

codes! {
    /// A file or folder could not be read or written.
    IO = "io";
    /// A file is not UTF-8.
    NOT_UTF8 = "not-utf8";
    /// YAML that does not parse.
    YAML_SYNTAX = "yaml-syntax";
    /// A mapping key given twice.
    YAML_DUPLICATE_KEY = "yaml-duplicate-key";
    /// A YAML value of another type than the key wants.
    YAML_TYPE = "yaml-type";
    /// A required key is missing.
    MISSING_KEY = "missing-key";
    /// A key that means nothing here.
    UNKNOWN_KEY = "unknown-key";
    /// `dbt_project.yml` missing or invalid.
    PROJECT = "project";
    /// `profiles.yml` missing or invalid.
    PROFILE = "profile";
    /// A package that is missing, twice there, or does not fit.
    PACKAGE = "package";
    /// Something that could not be downloaded.
    NETWORK = "network";
    /// The project asks for another dbt version.
    VERSION = "version";
    /// A config of the wrong type or with a value outside its set.
    CONFIG = "config";
    /// A variable that nobody set.
    MISSING_VAR = "missing-var";
    /// An environment variable that is not set.
    MISSING_ENV_VAR = "missing-env-var";
    /// Jinja that does not parse.
    JINJA_SYNTAX = "jinja-syntax";
    /// Jinja that failed while it was rendered.
    JINJA_RUNTIME = "jinja-runtime";
    /// A name that Jinja does not know.
    JINJA_UNDEFINED = "jinja-undefined";
    /// An error raised by the project's own Jinja (`exceptions.raise_compiler_error`).
    RAISED = "raised";
    /// A new version of a relation that its tests did not let through.
    GATE = "gate";
    /// A macro that does not exist.
    UNKNOWN_MACRO = "unknown-macro";
    /// `ref()` of something that does not exist.
    UNKNOWN_REF = "unknown-ref";
    /// `ref()` of something that is disabled.
    DISABLED_REF = "disabled-ref";
    /// `ref()` that several packages could answer.
    AMBIGUOUS_REF = "ambiguous-ref";
    /// `source()` of something that does not exist.
    UNKNOWN_SOURCE = "unknown-source";
    /// A `ref()` that breaks access rules.
    ACCESS = "access";
    /// `doc()` of a block that does not exist.
    UNKNOWN_DOC = "unknown-doc";
    /// A generic test that does not exist or is called wrongly.
    GENERIC_TEST = "generic-test";
    /// Two resources with one name.
    DUPLICATE_NAME = "duplicate-name";
    /// Two resources that build one relation.
    DUPLICATE_RELATION = "duplicate-relation";
    /// One resource described twice.
    DUPLICATE_PATCH = "duplicate-patch";
    /// A property entry that describes nothing.
    UNUSED_PATCH = "unused-patch";
    /// A config path in `dbt_project.yml` that matches nothing.
    UNUSED_CONFIG_PATH = "unused-config-path";
    /// A resource definition that does not hold together.
    INVALID_RESOURCE = "invalid-resource";
    /// Models that depend on each other in a circle.
    CYCLE = "cycle";
    /// A selector that does not parse or names an unknown method.
    SELECTOR = "selector";
    /// A selector that matches nothing.
    EMPTY_SELECTION = "empty-selection";
    /// A file of earlier state that is missing or unreadable.
    STATE = "state";
    /// A contract that the model does not keep.
    CONTRACT = "contract";
    /// The database said no.
    DATABASE = "database";
    /// An answer of the database that is not what was asked for, or that a macro refuses
    /// (`exceptions.raise_database_error`).
    BAD_ANSWER = "bad-answer";
    /// The database could not be reached or opened.
    CONNECTION = "connection";
    /// Somebody else holds the database or the relation, and was waited for in vain.
    LOCKED = "locked";
    /// Transactions got in each other's way.
    CONFLICT = "conflict";
    /// The database ran out of memory, disk or sessions.
    RESOURCE = "resource";
    /// A template that asks the database where that is not possible.
    INTROSPECTION = "introspection";
    /// A Python model that failed, or lacks what it takes to run.
    PYTHON = "python";
    /// A data or unit test that failed.
    TEST_FAILED = "test-failed";
    /// The command line does not hold together.
    USAGE = "usage";
    /// A common table expression that nothing reads (`lint`).
    UNUSED_CTE = "unused-cte";
    /// A mart that hands on whatever columns a source has (`lint`).
    STAR_FROM_SOURCE = "star-from-source";
    /// A join that pairs every row with every row (`lint`).
    JOIN_WITHOUT_CONDITION = "join-without-condition";
    /// A `union` of queries that have no row in common (`lint`).
    UNION_WITHOUT_ALL = "union-without-all";
    /// An incremental filter that depends on when it runs (`lint`).
    FILTER_BY_CLOCK = "filter-by-clock";
    /// A relation of the project that is named without `ref` or `source` (`lint`).
    HARD_CODED_RELATION = "hard-coded-relation";
    /// A key that is joined by and not tested for uniqueness (`lint`).
    UNTESTED_KEY = "untested-key";
    /// Old spelling that still works.
    DEPRECATED = "deprecated";
    /// Something Tidegate does not do yet.
    UNSUPPORTED = "unsupported";
    /// A mistake in Tidegate itself.
    INTERNAL = "internal";
    /// Stopped by the user.
    INTERRUPTED = "interrupted";
}

impl Code {
    /// Returns the text, for example `unknown-ref`.
    pub fn as_str(self) -> &'static str {
        self.0
    }

    /// Tells whether the same may work in a moment, without anybody having changed anything.
    pub fn may_pass(self) -> bool {
        matches!(self, Self::CONNECTION | Self::LOCKED | Self::CONFLICT | Self::RESOURCE)
    }

    /// Tells whether the database said no.
    pub fn is_database(self) -> bool {
        self == Self::DATABASE || self.may_pass()
    }

    /// Returns the class of errors that dbt counts this one in. dbt leads an error that ends a command with it,
    /// and scripts look for that line.
    pub fn class(self) -> &'static str {
        match self {
            Self::YAML_SYNTAX
            | Self::YAML_DUPLICATE_KEY
            | Self::YAML_TYPE
            | Self::MISSING_KEY
            | Self::UNKNOWN_KEY
            | Self::CONFIG
            | Self::MISSING_ENV_VAR
            | Self::ACCESS
            | Self::INVALID_RESOURCE => "Parsing Error",
            Self::DATABASE
            | Self::BAD_ANSWER
            | Self::CONNECTION
            | Self::LOCKED
            | Self::CONFLICT
            | Self::RESOURCE => "Database Error",
            Self::IO
            | Self::NOT_UTF8
            | Self::PROJECT
            | Self::PROFILE
            | Self::PACKAGE
            | Self::NETWORK
            | Self::VERSION
            | Self::SELECTOR
            | Self::EMPTY_SELECTION
            | Self::STATE
            | Self::PYTHON
            | Self::INTROSPECTION
            | Self::USAGE
            | Self::UNSUPPORTED
            | Self::INTERRUPTED => "Runtime Error",
            Self::INTERNAL => "Internal Error",
            _ => "Compilation Error",
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}
