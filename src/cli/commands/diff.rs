//! `diff`: what changed since an earlier state for those who read the models.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::cli::args::flag_table::{DIFF_OUTPUT, FULL_REFRESH, INTROSPECT};
use crate::cli::args::{Chapter, Spec, Verb};
use crate::cli::pipeline::{Compared, compare_with_state};
use crate::cli::{CliError, Outcome, Ui};
use crate::diff::{NodeChange, Presence, Reader, Verdict};
use crate::event::PrintEvent;
use crate::manifest::short_id;

/// What the command line takes.
pub(super) const SPEC: Spec = Spec {
    verb: Verb::Diff,
    words: &["diff"],
    alias: None,
    which: "diff",
    chapter: Chapter::Look,
    about: "Tell what changed since an earlier state, and who uses it",
    details: "Takes --state. Compares compiled SQL by its meaning: each changed model is cosmetic, additive or breaking. When in doubt it is breaking.",
    flags: &[&[DIFF_OUTPUT, FULL_REFRESH, INTROSPECT]],
    positional: None,
};

pub(super) fn run(ui: &Ui) -> Result<Outcome, CliError> {
    let compared = compare_with_state(ui)?;
    let msg = match ui.flags.text(DIFF_OUTPUT.id) {
        Some("json") => format!("{:#}", as_json(&compared)),
        Some("markdown") => as_markdown(&compared),
        _ => as_text(&compared),
    };
    ui.events.send(PrintEvent { msg });
    Ok(Outcome::Success)
}

/// Breaking changes first.
fn ordered(compared: &Compared) -> Vec<&(NodeChange, Vec<Reader>)> {
    let mut all: Vec<_> = compared.changes.iter().collect();
    all.sort_by_key(|(changed, _)| (std::cmp::Reverse(changed.change.verdict), &changed.id));
    all
}

fn reader_text(reader: &Reader) -> String {
    let kind = if reader.id.starts_with("exposure.") { "exposure " } else { "" };
    let columns =
        if reader.columns.is_empty() { String::new() } else { format!(" ({})", reader.columns.join(", ")) };
    let doubt = if reader.certain { "" } else { ", perhaps" };
    format!("{kind}{}{columns}{doubt}", short_id(&reader.id))
}

/// What is said of a change, a line each.
fn lines(changed: &NodeChange) -> Vec<String> {
    let mut lines = changed.change.reasons.clone();
    match changed.presence {
        Presence::New => lines.push("it is new".to_owned()),
        Presence::Gone | Presence::Both => {}
    }
    if !changed.change.added.is_empty() {
        lines.push(format!("columns are new: {}", changed.change.added.join(", ")));
    }
    lines
}

fn summary(compared: &Compared) -> String {
    let count =
        |verdict| compared.changes.iter().filter(|(changed, _)| changed.change.verdict == verdict).count();
    let [breaking, additive, cosmetic] = [Verdict::Breaking, Verdict::Additive, Verdict::Cosmetic].map(count);
    format!("{breaking} breaking, {additive} additive, {cosmetic} cosmetic; {} the same", compared.same)
}

fn as_text(compared: &Compared) -> String {
    let mut text = String::new();
    for (changed, readers) in ordered(compared) {
        let _ = writeln!(text, "{:9} {}", changed.change.verdict.as_str(), short_id(changed.id.as_str()));
        for line in lines(changed) {
            let _ = writeln!(text, "          {line}");
        }
        if !readers.is_empty() {
            let readers: Vec<String> = readers.iter().map(reader_text).collect();
            let _ = writeln!(text, "          used by {}", readers.join("; "));
        }
    }
    text + &summary(compared)
}

fn as_markdown(compared: &Compared) -> String {
    let mut text = format!("**{}**\n", summary(compared));
    if !compared.changes.is_empty() {
        text.push_str("\n| model | change | what | used by |\n|---|---|---|---|\n");
    }
    let cell = |text: &str| text.replace('|', "\\|").replace('\n', " ");
    for (changed, readers) in ordered(compared) {
        let readers: Vec<String> = readers.iter().map(reader_text).collect();
        let _ = writeln!(
            text,
            "| `{}` | {} | {} | {} |",
            short_id(changed.id.as_str()),
            changed.change.verdict.as_str(),
            cell(&lines(changed).join("; ")),
            cell(&readers.join("; ")),
        );
    }
    text.truncate(text.trim_end().len());
    text
}

fn as_json(compared: &Compared) -> Value {
    let presence = |presence| match presence {
        Presence::New => "new",
        Presence::Gone => "gone",
        Presence::Both => "both",
    };
    let reader = |reader: &Reader| json!({"unique_id": reader.id, "columns": reader.columns, "certain": reader.certain});
    let changes = ordered(compared).into_iter().map(|(changed, readers)| {
        let change = &changed.change;
        json!({
            "unique_id": changed.id.as_str(),
            "presence": presence(changed.presence),
            "verdict": change.verdict.as_str(),
            "added": change.added,
            "removed": change.removed,
            "changed": change.changed,
            "reasons": change.reasons,
            "used_by": readers.iter().map(reader).collect::<Vec<_>>(),
        })
    });
    json!({"changes": changes.collect::<Vec<_>>(), "same": compared.same})
}
