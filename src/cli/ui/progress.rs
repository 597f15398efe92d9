//! The live display on a terminal: what runs now, how far it is, what went wrong; at the end a table.
//!
//! Lines that only say that something began or went well are left to the bar; everything else is printed
//! above it. The display is drawn on stdout, so its order against printed lines holds.

use std::collections::BTreeMap;
use std::io::{Write as _, stdout};

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::summary::Summary;
use crate::diag::Scrubber;
use crate::event::{Envelope, Event, Level, Listener, NodeInfo, Stats, Style};

/// The live display.
pub(super) struct Progress {
    bars: MultiProgress,
    total: Option<ProgressBar>,
    running: BTreeMap<String, ProgressBar>,
    stats: Stats,
    summary: Summary,
    style: Style,
    secrets: Scrubber,
    blank_before: bool,
}

impl Progress {
    /// Makes the display for a terminal on stdout.
    pub(super) fn new(style: Style, secrets: Scrubber) -> Self {
        let bars = MultiProgress::with_draw_target(ProgressDrawTarget::stdout_with_hz(15));
        Self {
            bars,
            total: None,
            running: BTreeMap::new(),
            stats: Stats::default(),
            summary: Summary::default(),
            style,
            secrets,
            blank_before: false,
        }
    }

    fn print(&mut self, text: &str) {
        let text = super::text::shown(text, &self.secrets);
        // Several empty lines in a row say no more than one.
        if text.is_empty() && self.blank_before {
            return;
        }
        self.blank_before = text.is_empty();
        // A terminal that went away is no reason to stop the run.
        self.bars.suspend(|| writeln!(stdout(), "{text}")).unwrap_or_default();
    }

    fn show(&mut self, node: &NodeInfo, what: &str) {
        let line = self.bars.add(ProgressBar::new_spinner());
        line.set_style(running_style());
        line.set_message(what.to_owned());
        self.running.insert(node.facts.unique_id.clone(), line);
    }

    fn hide(&mut self, node: &NodeInfo) {
        if let Some(line) = self.running.remove(&node.facts.unique_id) {
            line.finish_and_clear();
            self.bars.remove(&line);
        }
    }

    fn start(&mut self, node: &NodeInfo, what: &str, total: usize) {
        let bar = self.total.get_or_insert_with(|| {
            let bar = self.bars.add(ProgressBar::new(0));
            bar.set_style(total_style());
            bar
        });
        bar.set_length(u64::try_from(total).unwrap_or_default());
        self.show(node, what);
        self.refresh();
    }

    fn finish(&mut self, node: &NodeInfo, status: &str) {
        self.hide(node);
        self.stats.add(status);
        self.refresh();
    }

    fn refresh(&self) {
        let Some(bar) = &self.total else { return };
        let Stats { error, noop, pass, skip, warn, total } = self.stats;
        bar.set_position(u64::try_from(total).unwrap_or_default());
        let mut parts = vec![format!("{} ok", pass + noop)];
        let counts = [(warn, "warned", "33"), (error, "failed", "31"), (skip, "skipped", "33")];
        for (count, word, color) in counts.into_iter().filter(|(count, ..)| *count > 0) {
            let text = format!("{count} {word}");
            parts.push(if self.style.color { format!("\x1b[{color}m{text}\x1b[0m") } else { text });
        }
        bar.set_message(parts.join(", "));
    }

    fn clear(&mut self) {
        for (_, line) in std::mem::take(&mut self.running) {
            line.finish_and_clear();
        }
        if let Some(bar) = self.total.take() {
            bar.finish_and_clear();
        }
    }

    /// Takes what the bars show; returns whether the event is also to be printed.
    fn take(&mut self, event: &Event, level: Level) -> bool {
        match event {
            Event::LogStartLine(e) => self.start(&e.node_info, &e.description, e.total),
            Event::LogHookStartLine(e) => self.show(&e.node_info, &format!("hook {}", e.statement)),
            Event::LogHookEndLine(e) => {
                self.hide(&e.node_info);
                return e.status != "success";
            }
            Event::LogModelResult(e) => self.finish(&e.node_info, build_status(&e.status)),
            Event::LogSeedResult(e) => self.finish(&e.node_info, build_status(&e.status)),
            Event::LogSnapshotResult(e) => self.finish(&e.node_info, build_status(&e.status)),
            Event::LogFunctionResult(e) => self.finish(&e.node_info, build_status(&e.status)),
            Event::LogNodeResult(e) => self.finish(&e.node_info, build_status(&e.status)),
            Event::LogTestResult(e) => self.finish(&e.node_info, &e.status),
            Event::LogFreshnessResult(e) => self.finish(&e.node_info, &e.status),
            Event::LogNodeNoOpResult(e) => self.finish(&e.node_info, "no-op"),
            Event::SkippingDetails(e) => self.finish(&e.node_info, "skipped"),
            Event::FinishedRunningStats(_) => {
                self.clear();
                return true;
            }
            _ => return level >= Level::Info,
        }
        level >= Level::Warn || matches!(event, Event::LogModelResult(e) if e.status.contains("PARTIAL"))
    }
}

/// The word an adapter answers with is no status of a node.
fn build_status(answer: &str) -> &str {
    match answer {
        "error" | "skipped" => answer,
        answer if answer.contains("PARTIAL SUCCESS") => "partial success",
        _ => "success",
    }
}

fn total_style() -> ProgressStyle {
    let template = "{bar:30.cyan/dim} {pos}/{len}  {msg}  {elapsed}";
    // The template is a constant that the tests draw: it cannot be wrong at run time.
    ProgressStyle::with_template(template)
        .unwrap_or_else(|_| ProgressStyle::default_bar())
        .progress_chars("━╸─")
}

fn running_style() -> ProgressStyle {
    let template = "  {spinner:.cyan} {wide_msg} {elapsed}";
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_spinner())
}

impl Listener for Progress {
    fn level(&self) -> Level {
        Level::Info
    }

    fn on(&mut self, envelope: &Envelope) {
        self.summary.take(&envelope.event);
        let shown = self.take(&envelope.event, envelope.level);
        if let Event::StatsLine(_) = envelope.event {
            for line in self.summary.table(&self.style, console::Term::stdout().size().1) {
                self.print(&line);
            }
        }
        if shown {
            let text = envelope.event.message(&self.style);
            self.print(&text);
        }
    }

    fn draws(&self) -> bool {
        true
    }

    fn tick(&mut self) {
        for bar in self.running.values().chain(&self.total) {
            bar.tick();
        }
    }

    fn close(&mut self) {
        self.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{
        Formatting, LogHookEndLine, LogHookStartLine, LogModelResult, LogStartLine, NodeFacts,
    };

    fn node(name: &str) -> NodeInfo {
        NodeInfo::new(NodeFacts { unique_id: format!("model.shop.{name}"), ..NodeFacts::default() })
    }

    fn ended(status: &str) -> LogModelResult {
        LogModelResult {
            description: "sql view model main.a".into(),
            execution_time: 0.1,
            index: 1,
            node_info: node("a"),
            status: status.into(),
            total: 2,
        }
    }

    /// Hands an event to the display; returns whether it is also printed.
    fn printed(progress: &mut Progress, event: impl Into<Event>) -> bool {
        let event = event.into();
        let level = event.level();
        progress.take(&event, level)
    }

    #[test]
    fn what_goes_well_moves_the_bar_and_what_does_not_is_printed_too() {
        let mut progress = Progress::new(Style::default(), Scrubber::default());
        let start = LogStartLine { description: "a".into(), index: 1, node_info: node("a"), total: 2 };
        assert!(!printed(&mut progress, start.clone()));
        assert_eq!(progress.running.len(), 1);
        assert!(!printed(&mut progress, ended("CREATE VIEW")));
        assert!(progress.running.is_empty());
        assert!(!printed(&mut progress, start));
        assert!(printed(&mut progress, ended("error")));
        assert!(printed(&mut progress, Formatting::blank()));
        assert_eq!(progress.stats, Stats { error: 1, pass: 1, total: 2, ..Stats::default() });
        assert_eq!(progress.total.as_ref().map(ProgressBar::position), Some(2));
    }

    #[test]
    fn hooks_are_shown_but_not_counted() {
        let mut progress = Progress::new(Style::default(), Scrubber::default());
        let (index, total, statement) = (1, 1, "shop.on-run-start.0".to_owned());
        let start = LogHookStartLine { index, node_info: node("h"), statement: statement.clone(), total };
        assert!(!printed(&mut progress, start));
        assert_eq!(progress.running.len(), 1);
        let status = "success".to_owned();
        let end =
            LogHookEndLine { execution_time: 0.1, index, node_info: node("h"), statement, status, total };
        assert!(!printed(&mut progress, end));
        assert_eq!((progress.running.len(), progress.stats.total), (0, 0));
    }
}
