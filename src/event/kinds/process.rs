//! Start and end of an invocation, and files written on the way.

use std::collections::BTreeMap;

use super::super::Problems;
use super::super::define::events;
use crate::event::Level::{Debug, Error, Info, Warn};

events! {
    /// The first line of every invocation. `version` begins with `=`, as dbt's does.
    MainReportVersion("A001") { log_version: u32, version: String }
        level |_| Info,
        text |e, _| format!("Running with dbt{}", e.version);

    /// The flags in force, as text.
    MainReportArgs("A002") { args: BTreeMap<String, String> }
        level |_| Debug,
        text |e, _| {
            let args: Vec<_> = e.args.iter().map(|(key, value)| format!("'{key}': '{value}'")).collect();
            format!("running dbt with arguments {{{}}}", args.join(", "))
        };

    /// The command cannot go on; exit code 2 follows.
    MainEncounteredError("Z002") { exc: Problems }
        level |_| Error,
        text |e, style| format!("Encountered an error:\n{}", e.exc.text(style.color));

    /// The user pressed Ctrl-C.
    MainKeyboardInterrupt("Z001") {}
        level |_| Info,
        text |_, _| "ctrl-c".to_owned();

    /// The last line of an invocation. `completed_at` is an ISO time with `Z`, `elapsed` seconds.
    CommandCompleted("Q039") { command: String, completed_at: String, elapsed: f64, success: bool }
        level |_| Debug,
        text |e, _| {
            let outcome = if e.success { "succeeded" } else { "failed" };
            let clock = e.completed_at.split_once('T').map_or("", |(_, clock)| clock.trim_end_matches('Z'));
            format!("Command `{}` {outcome} at {clock} after {:.2} seconds", e.command, e.elapsed)
        };

    /// What the process took: seconds, KiB of memory, blocks of 512 bytes read and written.
    ResourceReport("Z051") {
        command_name: String,
        command_success: bool,
        command_wall_clock_time: f64,
        process_in_blocks: String,
        process_kernel_time: f64,
        process_mem_max_rss: String,
        process_out_blocks: String,
        process_user_time: f64,
    }
        level |_| Debug,
        text |e, _| format!("Resource report: {}", serde_json::to_string(e).unwrap_or_default());

    /// An artifact is on disk. `artifact_type` is dbt's class name, for example `WritableManifest`.
    ArtifactWritten("P001") { artifact_path: String, artifact_type: String }
        level |_| Debug,
        text |e, _| format!("Wrote artifact {} to {}", e.artifact_type, e.artifact_path);

    /// The state folder is the one that this run writes to.
    WarnStateTargetEqual("I072") { state_path: String }
        level |_| Warn,
        text |e, style| format!(
            "{}The state and target directories are the same: '{}'; this run overwrites what it compares with",
            style.yellow("Warning: "), e.state_path
        );

    /// `clean` looks at a folder.
    CheckCleanPath("Z012") { path: String }
        level |_| Info,
        text |e, _| format!("Checking {}/*", e.path);

    /// `clean` removed a folder.
    ConfirmCleanPath("Z013") { path: String }
        level |_| Info,
        text |e, _| format!("Cleaned {}/*", e.path);

    /// `clean` left a folder alone.
    ProtectedCleanPath("Z014") { path: String }
        level |_| Info,
        text |e, _| format!("ERROR: not cleaning {}/* because it is protected", e.path);

    /// `clean` is done.
    FinishedCleanPaths("Z015") {}
        level |_| Info,
        text |_, _| "Finished cleaning all paths.".to_owned();
}
