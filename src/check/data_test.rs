//! The verdict of a data test (`resources.md` section 6): failures, thresholds and severity → status, message.

use crate::artifacts::Status;
use crate::manifest::{Config, Severity};

/// The one row that a test query answers with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answer {
    /// What `fail_calc` counted.
    pub failures: i64,
    /// Whether `warn_if` holds.
    pub should_warn: bool,
    /// Whether `error_if` holds.
    pub should_error: bool,
}

/// What a data test found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// `pass`, `warn` or `fail`.
    pub status: Status,
    /// Why it is not a pass.
    pub message: Option<String>,
    /// The number of failures; 0 for a pass.
    pub failures: i64,
}

/// Judges a test. A test of severity `warn` never fails, unless `warnings_are_errors` (`--warn-error`).
pub fn judge(answer: Answer, config: &Config, warnings_are_errors: bool) -> Verdict {
    let found = format!("Got {} result{}", answer.failures, if answer.failures == 1 { "" } else { "s" });
    let condition = |key: &str| config.text(key).unwrap_or("!= 0").to_owned();
    let fails = answer.should_error && config.severity() == Severity::Error;
    if fails || (answer.should_warn && warnings_are_errors) {
        let key = if fails { "error_if" } else { "warn_if" };
        let message = Some(format!("{found}, configured to fail if {}", condition(key)));
        return Verdict { status: Status::Fail, message, failures: answer.failures };
    }
    if answer.should_warn {
        let message = Some(format!("{found}, configured to warn if {}", condition("warn_if")));
        return Verdict { status: Status::Warn, message, failures: answer.failures };
    }
    Verdict { status: Status::Pass, message: None, failures: 0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[track_caller]
    fn check(severity: &str, (should_warn, should_error): (bool, bool), want: (Status, &str, i64)) {
        let config = json!({"severity": severity, "warn_if": "> 1", "error_if": ">5"});
        let config = Config::new(config.as_object().cloned().unwrap_or_default());
        let got = judge(Answer { failures: 7, should_warn, should_error }, &config, false);
        assert_eq!((got.status, got.message.as_deref().unwrap_or(""), got.failures), want);
    }

    #[test]
    fn thresholds_and_severity_decide() {
        check("ERROR", (true, true), (Status::Fail, "Got 7 results, configured to fail if >5", 7));
        check("error", (true, false), (Status::Warn, "Got 7 results, configured to warn if > 1", 7));
        check("warn", (true, true), (Status::Warn, "Got 7 results, configured to warn if > 1", 7));
        check("warn", (false, true), (Status::Pass, "", 0));
        check("ERROR", (false, false), (Status::Pass, "", 0));
    }

    #[test]
    fn warnings_can_be_made_errors() {
        let config = Config::default();
        let answer = Answer { failures: 1, should_warn: true, should_error: false };
        let got = judge(answer, &config, true);
        assert_eq!(got.status, Status::Fail);
        assert_eq!(got.message.as_deref(), Some("Got 1 result, configured to fail if != 0"));
    }
}
