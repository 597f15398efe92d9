//! The verdict on the age of a source (`resources.md` section 8): age and thresholds → status.
//!
//! Pure; the times were asked for by `run`.

use crate::artifacts::Status;
use crate::manifest::Json;

/// Judges an age in seconds by the `freshness` of a source. A threshold without count or period is none.
pub fn judge_age(seconds: f64, freshness: &Json) -> Status {
    let exceeded = |key: &str| freshness.get(key).and_then(seconds_of).is_some_and(|limit| seconds > limit);
    if exceeded("error_after") {
        Status::Error
    } else if exceeded("warn_after") {
        Status::Warn
    } else {
        Status::Pass
    }
}

/// Returns the seconds of a threshold such as `{count: 12, period: hour}`.
fn seconds_of(threshold: &Json) -> Option<f64> {
    let period = match threshold.get("period")?.as_str()? {
        "minute" => 60.0,
        "hour" => 3600.0,
        "day" => 86_400.0,
        _ => return None,
    };
    Some(threshold.get("count")?.as_f64()? * period)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_age_is_judged_by_both_thresholds() {
        let both = json!({"warn_after": {"count": 1, "period": "hour"}, "error_after": {"count": 1, "period": "day"}});
        assert_eq!(judge_age(3600.0, &both), Status::Pass);
        assert_eq!(judge_age(3600.1, &both), Status::Warn);
        assert_eq!(judge_age(86_401.0, &both), Status::Error);
        assert_eq!(judge_age(-5.0, &both), Status::Pass);
        let one = json!({"warn_after": {"count": null, "period": null}, "error_after": {"count": 2, "period": "minute"}});
        assert_eq!(judge_age(120.0, &one), Status::Pass);
        assert_eq!(judge_age(121.0, &one), Status::Error);
        assert_eq!(judge_age(1e9, &json!({"warn_after": null, "error_after": null})), Status::Pass);
    }
}
