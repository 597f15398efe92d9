//! What a run is likely to take, from what nodes took before; and taking down what they take now.

use std::fmt::Write as _;
use std::time::Duration;

use camino::Utf8PathBuf;

use crate::artifacts::RunResult;
use crate::cli::Ui;
use crate::event::Note;
use crate::manifest::Manifest;
use crate::plan::{Action, Forecast, Plan, Step, UNKNOWN_COST};
use crate::state::Durations;

use super::load::Loaded;

/// A run as it can be foreseen.
pub(super) struct Outlook {
    path: Utf8PathBuf,
    durations: Durations,
    forecast: Forecast,
}

impl Outlook {
    /// Looks ahead with what earlier runs left in the target folder, if anything.
    pub(super) fn read(loaded: &Loaded, plan: &Plan) -> Self {
        let path = loaded.target("durations.json");
        let durations = Durations::read(&path);
        let forecast = Forecast::new(plan, |step| durations.of(&step.id));
        Self { path, durations, forecast }
    }

    /// Returns how urgent each step is.
    pub(super) fn urgency(&self) -> Vec<u64> {
        self.forecast.urgency()
    }

    /// Shows the critical path and the time the run is likely to take.
    pub(super) fn explain(&self, ui: &Ui, plan: &Plan, threads: usize) {
        let seconds = |time: Duration| format!("{:.2}s", time.as_secs_f64());
        let path = self.forecast.critical_path(plan);
        let known = plan.steps.iter().filter(|step| self.durations.of(&step.id).is_some()).count();
        let mut msg = format!(
            "Likely to take {} at least with {threads} threads ({known} of {} steps took noticeable time before). \
             Critical path, {} steps:",
            seconds(self.forecast.total(threads)),
            plan.steps.len(),
            path.len(),
        );
        for (step, cost) in path {
            let _ = write!(msg, "\n  {:>9}  {}", seconds(cost), step.id);
        }
        ui.events.send(Note { msg });
    }

    /// Takes down what the nodes took. That this cannot be written is no reason to fail.
    pub(super) fn learn(&mut self, ui: &Ui, loaded: &Loaded, plan: &Plan, results: &[RunResult]) {
        // What is only compiled says nothing of what it takes to build.
        let builds = |step: &&Step| matches!(step.action, Action::Build | Action::Test | Action::UnitTest);
        if !plan.steps.iter().any(|step| builds(&step)) {
            return;
        }
        let manifest: &Manifest = &loaded.parsed.manifest;
        let known = |id: &str| manifest.nodes.contains_key(id) || manifest.unit_tests.contains_key(id);
        // Twice what counts as unknown: below that, knowing changes nothing.
        if self.durations.learn(results, UNKNOWN_COST * 2, known)
            && let Err(error) = self.durations.write(&self.path)
        {
            ui.events.debug(|| Note { msg: error.to_string() });
        }
    }
}
