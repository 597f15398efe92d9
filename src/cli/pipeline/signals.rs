//! Telling other systems of a run: OpenLineage events and OpenTelemetry traces, for whoever asks for them.

use jiff::Timestamp;

use crate::artifacts::RunResult;
use crate::cli::args::flag_table::{OPENLINEAGE, OPENLINEAGE_FILE, OPENTELEMETRY};
use crate::cli::{CliError, Ui};
use crate::diag::Diagnostic;
use crate::event::{Diagnosed, Level};
use crate::files;
use crate::http::Roots;
use crate::plan::Command;
use crate::signal::openlineage::{Asked, Lineage, LineageFacts, Settings};
use crate::signal::{Trace, TraceSettings};

use super::load::Loaded;

/// Who is told of a run.
pub(super) struct Signals {
    roots: Option<Roots>,
    lineage: Option<Lineage>,
    trace: Option<TraceSettings>,
}

impl Signals {
    /// Reads what is asked for, and tells that the command begins. Errors, before anything is run, when it is not said
    /// where to.
    pub(super) fn begin(ui: &Ui, loaded: &Loaded, command: Command) -> Result<Self, CliError> {
        let variables = |name: &str| ui.around.var(name);
        let flags = &ui.flags;
        let cwd = &ui.around.cwd;
        let asked = Asked {
            send: flags.switch(OPENLINEAGE.id),
            file: flags.text(OPENLINEAGE_FILE.id).map(|path| files::absolute(cwd, path)),
            cwd: cwd.clone(),
            home: ui.around.home.clone(),
        };
        let wants_trace = flags.switch(OPENTELEMETRY.id);
        let settings = match command {
            Command::Run | Command::Build | Command::Test | Command::Seed | Command::Snapshot => {
                Settings::read(&asked, &variables, &ui.sources)?
            }
            Command::Clone | Command::Compile | Command::Show | Command::Freshness | Command::List => None,
        };
        let trace = if wants_trace { TraceSettings::read(&variables)? } else { None };
        let asks = settings.is_some() || trace.is_some();
        let roots = if asks { Some(Roots::named_by(variables)?) } else { None };
        let facts = LineageFacts {
            which: flags.spec.which,
            project: &loaded.workspace.project.name,
            profile: &loaded.workspace.profile.target(),
            target: &loaded.target(""),
            invocation: &ui.invocation,
        };
        let lineage = match (settings, &roots) {
            (Some(settings), Some(roots)) => {
                Some(Lineage::begin(settings, roots, &loaded.parsed.manifest, &facts)?)
            }
            _ => None,
        };
        Ok(Self { roots, lineage, trace })
    }

    /// Returns who is told of each node.
    pub(super) fn lineage(&self) -> Option<&Lineage> {
        self.lineage.as_ref()
    }

    /// Tells that the command ends. What was not delivered is a warning that no policy makes an error.
    pub(super) fn end(self, ui: &Ui, loaded: &Loaded, results: &[RunResult], success: bool) {
        let mut undelivered = self.lineage.map(|lineage| lineage.end(success)).unwrap_or_default();
        if let (Some(settings), Some(roots)) = (self.trace, &self.roots) {
            let trace = Trace {
                which: ui.flags.spec.which,
                project: &loaded.workspace.project.name,
                engine: loaded.workspace.profile.connection.kind().as_str(),
                invocation: &ui.invocation,
                ended: Timestamp::now(),
                results,
                manifest: &loaded.parsed.manifest,
            };
            undelivered.extend(trace.send(settings, roots).unwrap_or_else(|problem| vec![problem]));
        }
        undelivered.into_iter().for_each(|problem: Diagnostic| {
            ui.events.send_at(Level::Warn, Diagnosed::new(problem, &ui.sources));
        });
    }
}
