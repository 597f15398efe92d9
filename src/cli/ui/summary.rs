//! The table that closes a run on a terminal: what failed, warned or was skipped, where, and why.

use comfy_table::{ContentArrangement, Table, presets};

use crate::event::{Event, Style};
use crate::manifest::short_id;

/// How many nodes a row of skipped ones names.
const NAMED: usize = 4;

/// Collects rows during a run.
#[derive(Debug, Default)]
pub(super) struct Summary {
    rows: Vec<Row>,
    /// Nodes skipped, by the node whose failure is the reason.
    skipped: Vec<(Option<String>, Vec<String>)>,
}

#[derive(Debug)]
struct Row {
    failed: bool,
    what: String,
    place: String,
    path: String,
    why: String,
}

impl Summary {
    /// Takes what belongs into the table.
    pub(super) fn take(&mut self, event: &Event) {
        match event {
            Event::RunResultFailure(e) => self.add(true, &e.resource_type, &e.node_name, &e.path),
            Event::RunResultWarning(e) => self.add(false, &e.resource_type, &e.node_name, &e.path),
            Event::RunResultError(e) => self.explain(&e.msg),
            Event::RunResultWarningMessage(e) => self.explain(&e.msg),
            Event::SkippingDetails(e) => self.skip(e.because.as_deref(), &e.node_name),
            _ => {}
        }
    }

    fn add(&mut self, failed: bool, kind: &str, name: &str, path: &str) {
        let what = format!("{} {name}", kind.replace('_', " "));
        self.rows.push(Row {
            failed,
            what,
            place: path.to_owned(),
            path: path.to_owned(),
            why: String::new(),
        });
    }

    /// The message that follows a heading: its first telling line, and the line of the file if it names one.
    fn explain(&mut self, message: &str) {
        let Some(row) = self.rows.last_mut().filter(|row| row.why.is_empty()) else { return };
        if let Some(line) = line_in(message, &row.path) {
            row.place = format!("{}:{line}", row.path);
        }
        message
            .lines()
            .map(str::trim)
            .find(|line| !is_heading(line))
            .unwrap_or(message)
            .clone_into(&mut row.why);
    }

    fn skip(&mut self, because: Option<&str>, name: &str) {
        let because = because.map(str::to_owned);
        match self.skipped.iter_mut().find(|(reason, _)| *reason == because) {
            Some((_, names)) => names.push(name.to_owned()),
            None => self.skipped.push((because, vec![name.to_owned()])),
        }
    }

    /// Returns the lines of the table, at most `width` columns wide; none when all went well.
    pub(super) fn table(&self, style: &Style, width: u16) -> Vec<String> {
        if self.rows.is_empty() && self.skipped.is_empty() {
            return Vec::new();
        }
        let mut table = Table::new();
        table.load_style(presets::UTF8_BORDERS_ONLY).set_content_arrangement(ContentArrangement::Dynamic);
        table.set_width(width);
        table.set_header(["", "node", "where", "why"]);
        for row in &self.rows {
            let word = if row.failed { "failed" } else { "warned" };
            table.add_row([word, &row.what, &row.place, &row.why]);
        }
        for (because, names) in &self.skipped {
            let why = because.as_ref().map_or_else(String::new, |id| format!("`{}` failed", short_id(id)));
            table.add_row(["skipped", &listed(names), "", &why]);
        }
        let lines = table.lines().map(|line| colored(&line, style));
        std::iter::once(String::new()).chain(lines).chain([String::new()]).collect()
    }
}

/// Colours the word a row begins with. Done last, since the table measures its cells as they are.
fn colored(line: &str, style: &Style) -> String {
    let word = line.trim_start_matches(['│', ' ']).split(' ').next().unwrap_or_default();
    match word {
        "failed" => line.replacen(word, &style.red(word), 1),
        "warned" | "skipped" => line.replacen(word, &style.yellow(word), 1),
        _ => line.to_owned(),
    }
}

fn listed(names: &[String]) -> String {
    let shown = names.iter().take(NAMED).map(String::as_str).collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(NAMED) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

/// dbt's first line of a message only repeats which node it is: `Runtime Error in model x (models/x.sql)`.
fn is_heading(line: &str) -> bool {
    line.is_empty() || (line.contains(" Error in ") && line.ends_with(')'))
}

/// Finds `path:12` in a message.
fn line_in(message: &str, path: &str) -> Option<usize> {
    let (_, rest) = message.split_once(&format!("{path}:"))?;
    let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{NodeInfo, RunResultError, RunResultFailure, SkippingDetails};

    #[test]
    fn a_failure_shows_its_line_and_first_telling_words() {
        let mut summary = Summary::default();
        let (node_info, path) = (NodeInfo::default(), "models/bad.sql".to_owned());
        let failure = RunResultFailure {
            node_info: node_info.clone(),
            node_name: "bad".into(),
            path,
            resource_type: "model".into(),
        };
        summary.take(&failure.into());
        let msg = "Runtime Error in model bad (models/bad.sql)\n  Binder Error: no `nope`\n  --> models/bad.sql:3:5";
        summary.take(&RunResultError { msg: msg.into(), node_info: None }.into());
        for number in 0..6 {
            let skipped = SkippingDetails {
                because: Some("model.shop.bad".into()),
                index: 1,
                node_info: node_info.clone(),
                node_name: format!("child_{number}"),
                resource_type: "model".into(),
                schema: "main".into(),
                total: 9,
            };
            summary.take(&skipped.into());
        }
        let table = summary.table(&Style::default(), 120).join("\n");
        assert!(table.contains("models/bad.sql:3"), "{table}");
        assert!(table.contains("Binder Error: no `nope`"), "{table}");
        assert!(table.contains("child_3 and 2 more"), "{table}");
        assert!(table.contains("`bad` failed"), "{table}");
    }
}
