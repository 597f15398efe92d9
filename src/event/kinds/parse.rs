//! From the project's files to the nodes selected.

use super::super::define::events;
use crate::event::Level::{Debug, Info, Warn};

events! {
    /// The adapter of the profile. `adapter_version` begins with `=`.
    AdapterRegistered("E034") { adapter_name: String, adapter_version: String }
        level |_| Info,
        text |e, _| format!("Registered adapter: {}{}", e.adapter_name, e.adapter_version);

    /// What the command line says that changes how files are read. dbt decides by it whether to parse all anew; tools
    /// look for `vars` in it.
    StateCheckVarsHash("I025") { checksum: String, vars: String, profile: String, target: String, version: String }
        level |_| Debug,
        text |e, _| format!(
            "checksum: {}, vars: {}, profile: {}, target: {}, version: {}",
            e.checksum, e.vars, e.profile, e.target, e.version
        );

    /// `--no-partial-parse`.
    PartialParsingNotEnabled("I028") {}
        level |_| Debug,
        text |_, _| "Partial parsing not enabled".to_owned();

    /// A template uses `modules.itertools`.
    ModulesItertoolsUsageDeprecation("D034") {}
        level |_| Warn,
        text |_, style| format!(
            "{}Usage of itertools modules is deprecated: use the built-in functions instead",
            style.warning_tag(Some("ModulesItertoolsUsageDeprecation"))
        );

    /// Where the timings of parsing were written.
    ParsePerfInfoPath("I010") { path: String }
        level |_| Info,
        text |e, _| format!("Performance info: {}", e.path);

    /// What the project holds, for example `6 models, 1 seed`.
    FoundStats("W006") { stat_line: String }
        level |_| Info,
        text |e, _| format!("Found {}", e.stat_line);

    /// A `ref` without a version, of a model that has a version newer than its latest one.
    UnpinnedRefNewVersionAvailable("I064") {
        ref_node_name: String,
        ref_node_package: String,
        ref_node_version: String,
        ref_max_version: String,
    }
        level |_| Info,
        text |e, _| format!(
            "`{0}` is referred to without a version, and means {0}.v{1}; it will mean {0}.v{2} once that is its latest \
             version. Pin it with ref('{3}', '{0}', v='{1}'), or try ref('{3}', '{0}', v='{2}')",
            e.ref_node_name, e.ref_node_version, e.ref_max_version, e.ref_node_package
        ),
        in_node;

    /// `log(.., info=True)` of a template.
    JinjaLogInfo("I062") { msg: String }
        level |_| Info,
        text |e, _| e.msg.clone(),
        in_node;

    /// `log(..)` of a template.
    JinjaLogDebug("I063") { msg: String }
        level |_| Debug,
        text |e, _| e.msg.clone(),
        in_node;

    /// `exceptions.warn(..)` of a template.
    JinjaLogWarning("I061") { msg: String }
        level |_| Warn,
        text |e, style| format!("{}{}", style.warning_tag(None), e.msg),
        in_node;

    /// The selector of `selectors.yml` that holds when nothing is asked for.
    DefaultSelector("Q023") { name: String }
        level |_| Info,
        text |e, _| format!("Using default selector {}", e.name);

    /// One criterion of the selection matched nothing.
    NoNodesForSelectionCriteria("M030") { spec_raw: String }
        level |_| Warn,
        text |e, _| format!("The selection criterion '{}' does not match any enabled nodes", e.spec_raw);

    /// Nothing to list.
    NoNodesSelected("Q038") {}
        level |_| Warn,
        text |_, _| "No nodes selected!".to_owned();

    /// Nothing to run.
    NothingToDo("Q035") {}
        level |_| Warn,
        text |_, _| "Nothing to do. Try checking your model configs and model specification args".to_owned();
}
