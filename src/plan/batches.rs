//! Which batches of a microbatch model are built.
//!
//! Input: the model, whether its table grows, what the command line asks for, the time. Output: the batches in
//! order of time, at least one. Pure. Called by `run`, since only then is it known whether the table is there.
//! Facts: dbt's microbatch builder.

use jiff::civil::DateTime;

use crate::diag::{Code, Diagnostic};
use crate::manifest::{Batch, BatchSize, Config, Json, Node, Window, wall_time};

/// What decides about the batches, apart from the model.
#[derive(Clone, Copy, Debug)]
pub struct BatchRequest {
    /// Whether the table exists and keeps its rows; else every batch since `begin` is built.
    pub incremental: bool,
    /// Event time the command line asks for.
    pub asked: Option<Window>,
    /// When the invocation started, in UTC: no batch begins later.
    pub now: DateTime,
}

/// Why there are no batches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum NoBatches {
    /// A configuration is missing or has no meaning.
    Config(&'static str),
    /// A border lies outside of the years that can be counted.
    BeyondTime,
}

/// Returns the batches of a model. Errors when a configured value is missing or the calendar ends.
pub fn batches(model: &Node, request: BatchRequest) -> Result<Vec<Batch>, Diagnostic> {
    line_up(&model.config, request).map_err(|reason| told(model, reason))
}

/// Returns batches of an earlier run that are built again, in order of time. Errors when the model has no size of
/// batches any more.
pub fn again(model: &Node, windows: &[Window]) -> Result<Vec<Batch>, Diagnostic> {
    let size = size(&model.config).map_err(|reason| told(model, reason))?;
    let mut windows = windows.to_vec();
    windows.sort_unstable();
    Ok(windows.into_iter().map(|window| Batch { size, window }).collect())
}

fn told(model: &Node, reason: NoBatches) -> Diagnostic {
    match reason {
        NoBatches::Config(key) => {
            let message = format!("microbatch model `{}` needs the config `{key}`", model.name);
            Diagnostic::error(Code::CONFIG, model.place_of(key), message)
        }
        NoBatches::BeyondTime => {
            let message = format!("a batch of `{}` would lie outside of the years 1 to 9999", model.name);
            Diagnostic::error(Code::CONFIG, model.place_of("lookback"), message)
                .help("check `begin`, `lookback` and the event times asked for")
        }
    }
}

fn size(config: &Config) -> Result<BatchSize, NoBatches> {
    config.text("batch_size").and_then(BatchSize::parse).ok_or(NoBatches::Config("batch_size"))
}

/// All batches are whole, since the end is moved to the next border between batches. Only when the end lies
/// before the start is there a single batch without time in it, as in dbt.
fn line_up(config: &Config, request: BatchRequest) -> Result<Vec<Batch>, NoBatches> {
    let size = size(config)?;
    let end = request.asked.map_or(request.now, |asked| asked.end);
    let end = size.ceiling(end).ok_or(NoBatches::BeyondTime)?;
    let start = match (request.asked, request.incremental) {
        (Some(asked), _) => size.truncate(asked.start),
        (None, false) => {
            let begin = config.text("begin").and_then(wall_time).ok_or(NoBatches::Config("begin"))?;
            size.truncate(begin)
        }
        (None, true) => {
            // The end is a border, so that the current batch lies before it too.
            let lookback = config.get("lookback").and_then(Json::as_i64).unwrap_or(1);
            let back = lookback.saturating_add(1).saturating_neg();
            size.offset(end, back).ok_or(NoBatches::BeyondTime)?
        }
    };
    let mut batches = Vec::new();
    let mut at = start;
    loop {
        let next = size.offset(at, 1).ok_or(NoBatches::BeyondTime)?;
        let last = next >= end;
        let window = Window { start: at, end: if last { end } else { next } };
        batches.push(Batch { size, window });
        if last {
            return Ok(batches);
        }
        at = next;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime {
        wall_time(text).expect("a time")
    }

    fn config(size: &str, lookback: i64) -> Config {
        let json =
            serde_json::json!({"batch_size": size, "begin": "2024-01-15T10:20:00", "lookback": lookback});
        Config::new(json.as_object().cloned().expect("an object"))
    }

    fn request(incremental: bool, now: &str) -> BatchRequest {
        BatchRequest { incremental, asked: None, now: at(now) }
    }

    fn asked(start: &str, end: &str) -> BatchRequest {
        BatchRequest { asked: Some(Window { start: at(start), end: at(end) }), ..request(true, "2030-01-01") }
    }

    /// Shows batches by their labels, and the end of the last one.
    #[track_caller]
    fn check(config: &Config, request: BatchRequest, labels: &str, end: &str) {
        let batches = line_up(config, request).expect("batches");
        let found: Vec<String> = batches.iter().map(Batch::label).collect();
        assert_eq!(found.join(" "), labels);
        assert_eq!(batches.last().map(|batch| batch.window.end), Some(at(end)));
    }

    #[test]
    fn a_first_run_begins_at_the_beginning() {
        let first = request(false, "2024-01-17 14:57");
        check(&config("day", 1), first, "2024-01-15 2024-01-16 2024-01-17", "2024-01-18");
        check(&config("month", 1), first, "2024-01", "2024-02-01");
        check(&config("year", 1), first, "2024", "2025-01-01");
        let hours = "2024-01-15T10 2024-01-15T11 2024-01-15T12";
        check(&config("hour", 1), request(false, "2024-01-15 13:00"), hours, "2024-01-15 13:00");
    }

    #[test]
    fn later_runs_look_back() {
        let later = request(true, "2024-03-02 14:57");
        check(&config("day", 0), later, "2024-03-02", "2024-03-03");
        check(&config("day", 2), later, "2024-02-29 2024-03-01 2024-03-02", "2024-03-03");
        check(&config("month", 1), later, "2024-02 2024-03", "2024-04-01");
        // On the border itself the batch that just ended is the current one.
        check(&config("day", 1), request(true, "2024-03-02"), "2024-02-29 2024-03-01", "2024-03-02");
    }

    #[test]
    fn asked_times_are_widened_to_whole_batches() {
        let days = "2024-05-01 2024-05-02";
        check(&config("day", 9), asked("2024-05-01 06:00", "2024-05-02 00:00:00.000001"), days, "2024-05-03");
        check(&config("day", 9), asked("2024-05-01", "2024-05-03"), days, "2024-05-03");
        check(&config("year", 9), asked("2023-12-31", "2024-01-01 00:00:01"), "2023 2024", "2025-01-01");
    }

    #[test]
    fn a_begin_in_the_future_gives_one_batch_without_time() {
        check(&config("day", 1), request(false, "2023-06-01 05:00"), "2024-01-15", "2023-06-02");
    }

    #[test]
    fn batches_meet_from_start_to_end() {
        let sizes = BatchSize::ALL.map(BatchSize::as_str);
        for (step, size) in sizes.into_iter().cycle().take(200).enumerate() {
            let by = i64::try_from(step).expect("small") * 97;
            let now = BatchSize::Hour.shift(at("2024-01-20 07:13:02.5"), by).expect("a time");
            let request = BatchRequest { incremental: false, asked: None, now };
            let batches = line_up(&config(size, 1), request).expect("batches");
            let first = batches.first().expect("a batch").window;
            assert!(first.start <= at("2024-01-15T10:20:00") && at("2024-01-15T10:20:00") < first.end);
            assert!(batches.windows(2).all(|pair| pair[0].window.end == pair[1].window.start));
            let last = batches.last().expect("a batch").window;
            assert!(last.start <= now && now <= last.end, "{size} {now}");
            assert!(batches.iter().all(|batch| batch.window.start < batch.window.end));
        }
    }

    #[test]
    fn what_is_missing_is_told() {
        let none = Config::default();
        assert_eq!(line_up(&none, request(true, "2024-01-01")), Err(NoBatches::Config("batch_size")));
        let huge = config("year", 99_999);
        assert_eq!(line_up(&huge, request(true, "2024-01-01 01:00")), Err(NoBatches::BeyondTime));
    }
}
