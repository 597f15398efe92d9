//! All events, a file per phase of an invocation.

mod adapter;
mod deps;
mod node;
mod output;
mod parse;
mod process;
mod summary;

pub use adapter::*;
pub use deps::*;
pub use node::*;
pub use output::*;
pub use parse::*;
pub use process::*;
pub use summary::*;

use super::define::{DescribeDyn, event_enum};
use super::{Diagnosed, Level, Style};

event_enum! {
    // process
    MainReportVersion, MainReportArgs, MainEncounteredError, MainKeyboardInterrupt, CommandCompleted,
    ResourceReport, ArtifactWritten, WarnStateTargetEqual, CheckCleanPath, ConfirmCleanPath, ProtectedCleanPath, FinishedCleanPaths,
    // parse
    AdapterRegistered, StateCheckVarsHash, PartialParsingNotEnabled, ModulesItertoolsUsageDeprecation, ParsePerfInfoPath, FoundStats, UnpinnedRefNewVersionAvailable, JinjaLogInfo, JinjaLogDebug, JinjaLogWarning,
    DefaultSelector, NoNodesForSelectionCriteria, NoNodesSelected, NothingToDo,
    // adapter
    AdapterEventDebug, AdapterEventInfo, AdapterEventWarning, AdapterEventError,
    NewConnection, NewConnectionOpening, ConnectionReused, ConnectionClosed, ConnectionUsed,
    ConnectionLeftOpenInCleanup, ConnectionClosedInCleanup, SQLQuery, SQLQueryStatus, SQLCommit, Rollback,
    ColTypeChange, SchemaCreation, SchemaDrop, CacheAction, CodeExecution, CodeExecutionStatus,
    ConstraintNotEnforced, ConstraintNotSupported, CatalogGenerationError, BuildingCatalog, CatalogWritten,
    WriteCatalogFailure, CannotGenerateDocs,
    // node
    ConcurrencyLine, HooksRunning, LogHookStartLine, LogHookEndLine, LogStartLine, LogModelResult, LogSeedResult,
    LogSnapshotResult, LogTestResult, LogFreshnessResult, CollectFreshnessReturnSignature, LogFunctionResult, LogNodeResult, LogNodeNoOpResult,
    LogStartBatch, LogBatchResult, MicrobatchExecutionDebug, LogCancelLine, NodeStart, NodeCompiling, NodeExecuting, NodeFinished,
    SkippingDetails, LogSkipBecauseError, MarkSkippedChildren, WritingInjectedSQLForNode,
    CatchableExceptionOnRun, GenericExceptionOnRun, DatabaseErrorRunningHook, QueryCancelationUnsupported,
    RunningOperationCaughtError,
    // summary
    FinishedRunningStats, EndRunResult, EndOfRunSummary, RunResultFailure, RunResultWarning, RunResultError,
    RunResultErrorNoMessage, RunResultWarningMessage, SQLCompiledPath, CheckNodeTestFailure, StatsLine,
    DeprecationsSummary,
    // output
    PrintEvent, CompiledNode, ShowNode, ListCmdOut, DebugCmdOut, DebugCmdResult, SeedHeader, CompileComplete,
    FreshnessCheckComplete, Note, Formatting,
    // deps
    GitSparseCheckoutSubdirectory, GitProgressCheckoutRevision, GitProgressPullingNewDependency,
    GitProgressCheckedOutAt, RegistryProgressGETRequest, RegistryProgressGETResponse, DepsNoPackagesFound,
    DepsStartPackageInstall, DepsInstallInfo, DepsUpdateAvailable, DepsUpToDate, DepsListSubdirectory,
    DepsNotifyUpdatesAvailable, RetryExternalCall, RecordRetryException, RegistryIndexProgressGETRequest,
    RegistryIndexProgressGETResponse, DepsSetDownloadDirectory, DepsUnpinned, DepsLockUpdating,
    DepsAddPackage, DepsFoundDuplicatePackage, DepsScrubbedPackageName, EnsureGitInstalled,
    DepsCreatingLocalSymlink,
    // problems
    Diagnosed,
}

impl Event {
    /// Returns dbt's name of the event.
    pub fn name(&self) -> &str {
        self.inner().dyn_name()
    }

    /// Returns dbt's code of the event.
    pub fn code(&self) -> &str {
        self.inner().dyn_code()
    }

    /// Returns how loud the event is by itself.
    pub fn level(&self) -> Level {
        self.inner().dyn_level()
    }

    /// Returns the text shown to people.
    pub fn message(&self, style: &Style) -> String {
        self.inner().dyn_message(style)
    }

    /// Tells whether the payload shows the node that the sending thread works on.
    pub fn in_node(&self) -> bool {
        self.inner().dyn_in_node()
    }

    /// Tells whether this is output that was asked for: shown without a time stamp, even when quiet.
    pub fn is_output(&self) -> bool {
        self.inner().dyn_is_output()
    }

    /// Tells whether the event is noise that only `--log-cache-events` shows.
    pub fn is_cache_event(&self) -> bool {
        matches!(self, Self::CacheAction(_))
    }
}
