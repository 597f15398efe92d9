//! `lint`: find what is likely not meant in the SQL of models.

use serde_json::{Value, json};

use crate::cli::args::flag_table::{self, FAIL_ON, FINDINGS_OUTPUT};
use crate::cli::args::{Chapter, Spec, Verb};
use crate::cli::pipeline::{Examined, as_sarif, lint_nodes, load_selected};
use crate::cli::{CliError, Outcome, Ui};
use crate::diag::render::{json as render_json, sarif};
use crate::event::{Diagnosed, Note, PrintEvent};
use crate::lint::{Finding, Rule};
use crate::manifest::short_id;
use crate::plan::Command;

/// What the command line takes.
pub(super) const SPEC: Spec = Spec {
    verb: Verb::Lint,
    words: &["lint"],
    alias: None,
    which: "lint",
    chapter: Chapter::Look,
    about: "Find what is likely not meant in the SQL of models",
    details: "Rules that understand the query, with the place in the template. Exit code 1 when a finding is as bad as --fail-on says.",
    flags: &[flag_table::SELECTING, flag_table::TYPING, &[FINDINGS_OUTPUT, FAIL_ON]],
    positional: None,
};

pub(super) fn run(ui: &Ui) -> Result<Outcome, CliError> {
    let Some((loaded, selected)) = load_selected(ui, Command::Build)? else { return Ok(Outcome::Success) };
    let found = lint_nodes(ui, &loaded, &selected)?;
    match ui.flags.text(FINDINGS_OUTPUT.id) {
        Some("json") => ui.events.send(PrintEvent { msg: format!("{:#}", as_json(ui, &found)) }),
        Some("sarif") => {
            let rules = Rule::ALL.map(|rule| sarif::RuleFacts {
                id: rule.name(),
                about: rule.about(),
                usual: rule.usual(),
            });
            let all = found.report.findings.iter().map(|finding| &finding.diagnostic);
            let log = as_sarif(ui, &loaded, &rules, all.chain(&found.report.wrong));
            ui.events.send(PrintEvent { msg: format!("{log:#}") });
        }
        _ => tell(ui, &found),
    }
    let fails =
        |finding: &Finding| finding.diagnostic.is_error() || ui.flags.text(FAIL_ON.id) == Some("warn");
    Ok(if found.report.findings.iter().any(fails) { Outcome::Failure } else { Outcome::Success })
}

/// For people: every finding, then what could not be looked at, then the totals.
fn tell(ui: &Ui, found: &Examined) {
    let findings = found.report.findings.iter().map(|finding| &finding.diagnostic);
    for diagnostic in found.report.wrong.iter().chain(findings) {
        ui.events.send(Diagnosed::in_full(diagnostic.clone(), &ui.sources));
    }
    let unread =
        found.report.unread.iter().map(|(id, reason)| format!("\n  {}: {reason}", short_id(id.as_str())));
    let unread: String = unread.collect();
    if !unread.is_empty() {
        ui.events.send(Note { msg: format!("Not looked at:{unread}") });
    }
    let errors = found.report.findings.iter().filter(|finding| finding.diagnostic.is_error()).count();
    let msg = format!(
        "Looked at {} models and snapshots in {:.2}s: {errors} errors, {} warnings, {} not looked at",
        found.models,
        found.took.as_secs_f64(),
        found.report.findings.len() - errors,
        found.report.unread.len(),
    );
    ui.events.send(Note { msg });
}

/// Everything for scripts and editors.
fn as_json(ui: &Ui, found: &Examined) -> Value {
    let findings = found.report.findings.iter().map(|finding| {
        let mut object = render_json::render(&finding.diagnostic, &ui.sources);
        object["unique_id"] = json!(finding.id.as_str());
        object
    });
    let wrong = found.report.wrong.iter().map(|diagnostic| render_json::render(diagnostic, &ui.sources));
    let unread =
        found.report.unread.iter().map(|(id, reason)| json!({"unique_id": id.as_str(), "reason": reason}));
    json!({
        "models": found.models,
        "seconds": found.took.as_secs_f64(),
        "findings": findings.collect::<Vec<_>>(),
        "warnings": wrong.collect::<Vec<_>>(),
        "not_read": unread.collect::<Vec<_>>(),
    })
}
