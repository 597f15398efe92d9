//! `check`: find the mistakes of models and tests without building anything.

use serde_json::{Value, json};

use crate::bind::Verdict;
use crate::cli::args::flag_table::{self, FINDINGS_OUTPUT, FULL_REFRESH};
use crate::cli::args::{Chapter, Spec, Verb};
use crate::cli::pipeline::{Checked, as_sarif, check_nodes, load_selected, tell_checked};
use crate::cli::{CliError, Outcome, Ui};
use crate::diag::render::json as render_json;
use crate::event::PrintEvent;
use crate::manifest::UniqueId;
use crate::plan::Command;

/// What the command line takes.
pub(super) const SPEC: Spec = Spec {
    verb: Verb::Check,
    words: &["check"],
    alias: None,
    which: "check",
    chapter: Chapter::Look,
    about: "Find mistakes in models and tests without touching data",
    details: "The database itself binds every query, in a place where relations have columns and no rows. Exit code 1 when something is wrong.",
    flags: &[flag_table::SELECTING, flag_table::TYPING, &[FINDINGS_OUTPUT, FULL_REFRESH]],
    positional: None,
};

pub(super) fn run(ui: &Ui) -> Result<Outcome, CliError> {
    let Some((loaded, selected)) = load_selected(ui, Command::Build)? else { return Ok(Outcome::Success) };
    let checked = check_nodes(ui, &loaded, &selected, None)?;
    match ui.flags.text(FINDINGS_OUTPUT.id) {
        Some("json") => ui.events.send(PrintEvent { msg: format!("{:#}", as_json(ui, &checked)) }),
        Some("sarif") => {
            let warnings = checked.findings.unchecked().filter_map(|(_, why)| why.warning.as_deref());
            let all = checked.findings.errors().map(|(_, found)| found).chain(warnings);
            ui.events.send(PrintEvent { msg: format!("{:#}", as_sarif(ui, &loaded, &[], all)) });
        }
        _ => tell_checked(ui, &loaded, &checked)?,
    }
    Ok(if checked.findings.errors().next().is_some() { Outcome::Failure } else { Outcome::Success })
}

/// Everything for scripts and editors.
fn as_json(ui: &Ui, checked: &Checked) -> Value {
    let problem = |id: &UniqueId, diagnostic| {
        let mut object = render_json::render(diagnostic, &ui.sources);
        object["unique_id"] = json!(id.as_str());
        object
    };
    let errors: Vec<Value> = checked.findings.errors().map(|(id, found)| problem(id, found)).collect();
    let warnings = checked.findings.unchecked();
    let warnings: Vec<Value> =
        warnings.filter_map(|(id, why)| Some(problem(id, why.warning.as_deref()?))).collect();
    let unchecked = checked.findings.unchecked().map(|(id, why)| {
        let origin = why.origin.as_ref().map(UniqueId::as_str);
        json!({"unique_id": id.as_str(), "reason": why.reason, "origin": origin})
    });
    let sound = checked.findings.0.iter().filter(|(_, verdict)| matches!(verdict, Verdict::Sound));
    json!({
        "place": checked.place,
        "seconds": checked.took.as_secs_f64(),
        "errors": errors,
        "warnings": warnings,
        "sound": sound.map(|(id, _)| id.as_str()).collect::<Vec<_>>(),
        "not_checked": unchecked.collect::<Vec<_>>(),
    })
}
