//! Colours and widths: all that text needs to know of where it is shown.

/// How a message is turned into text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    /// Whether ANSI colours are written.
    pub color: bool,
    /// The width that node lines are padded to with dots (`--printer-width`).
    pub width: usize,
}

impl Default for Style {
    fn default() -> Self {
        Self { color: false, width: 80 }
    }
}

/// Where a node stands in its run: `i of n`, both from 1.
#[derive(Clone, Copy, Debug)]
pub(super) struct Progress {
    pub(super) index: usize,
    pub(super) total: usize,
}

impl Style {
    /// Paints green.
    pub fn green(&self, text: &str) -> String {
        self.paint("32", text)
    }

    /// Paints yellow.
    pub fn yellow(&self, text: &str) -> String {
        self.paint("33", text)
    }

    /// Paints red.
    pub fn red(&self, text: &str) -> String {
        self.paint("31", text)
    }

    fn paint(&self, code: &str, text: &str) -> String {
        if self.color { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }

    /// Returns dbt's tag of a warning, with the name of the event when there is one.
    pub fn warning_tag(&self, name: Option<&str>) -> String {
        let tag = format!("[{}]", self.yellow("WARNING"));
        name.map_or_else(|| format!("{tag}: "), |name| format!("{tag}[{name}]: "))
    }

    /// Returns `1 of 9 OK created ..... [OK in 0.08s]`: text padded with dots to the width, then the status.
    ///
    /// Seconds are left out when `took` is `None`, the position when there is none.
    pub(super) fn line(
        &self,
        at: impl Into<Option<Progress>>,
        text: &str,
        status: &str,
        took: Option<f64>,
    ) -> String {
        let padded = self.padded(at.into(), text);
        Self::with_status(&padded, status, took)
    }

    /// As [`Self::line`], but a text that is too long is cut to the width.
    pub(super) fn cut_line(
        &self,
        at: impl Into<Option<Progress>>,
        text: &str,
        status: &str,
        took: Option<f64>,
    ) -> String {
        let mut padded = self.padded(at.into(), text);
        let limit = self.width.saturating_sub(3);
        if padded.chars().count() > limit {
            padded = padded.chars().take(limit).chain("...".chars()).collect();
        }
        Self::with_status(&padded, status, took)
    }

    fn padded(&self, at: Option<Progress>, text: &str) -> String {
        let mut line = match at {
            Some(at) => format!("{} of {} {text} ", at.index, at.total),
            None => format!("{text} "),
        };
        let missing = self.width.saturating_sub(line.chars().count());
        line.extend(std::iter::repeat_n('.', missing));
        line
    }

    fn with_status(padded: &str, status: &str, took: Option<f64>) -> String {
        match took {
            Some(seconds) => format!("{padded} [{status} in {seconds:.2}s]"),
            None => format!("{padded} [{status}]"),
        }
    }
}

/// Returns `1 error`, `2 errors`.
pub(super) fn plural(count: usize, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_hook_statements_are_cut_and_short_ones_padded() {
        let style = Style { color: false, width: 20 };
        let at = Progress { index: 1, total: 1 };
        assert_eq!(
            style.cut_line(at, "START hook: shop.on-run-start.0", "RUN", None),
            "1 of 1 START hook... [RUN]"
        );
        let wide = Style { color: false, width: 30 };
        assert_eq!(wide.line(at, "OK x", "OK", Some(0.081)), "1 of 1 OK x .................. [OK in 0.08s]");
    }
}
