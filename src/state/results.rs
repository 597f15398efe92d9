//! `run_results.json` and `sources.json` of an earlier run: what `retry`, `result:` and `source_status:` ask of them.

use crate::hash::HashMap;

use camino::Utf8Path;
use jiff::Timestamp;
use jiff::civil::DateTime;

use super::read::{read_json, schema_version};
use crate::artifacts::{BatchResults, OtherRun};
use crate::diag::{Code, Diagnostic};
use crate::manifest::{Json, JsonMap, UniqueId, Window, wall_time};

/// The oldest version that dbt reads.
const OLDEST: u32 = 4;

/// What an earlier run did.
#[derive(Clone, Debug, Default)]
pub struct PreviousResults {
    /// Its id.
    pub invocation_id: Option<String>,
    /// Its settings, by dbt's names.
    pub args: JsonMap,
    /// What became of each node.
    pub results: Vec<PreviousResult>,
    /// When it started (when it ended, for files that do not tell), in UTC.
    pub started_at: Option<DateTime>,
    /// Nodes that it was publishing when it was killed, and how to find out whether it did.
    pub doubtful: HashMap<UniqueId, String>,
}

/// What became of one node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PreviousResult {
    /// The node.
    pub unique_id: UniqueId,
    /// How it ended, as dbt spells it.
    pub status: String,
    /// Its batches, if it was built in batches.
    pub batches: Option<PreviousBatches>,
}

/// What became of the batches of a microbatch model.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PreviousBatches {
    /// Built.
    pub successful: Vec<Window>,
    /// Failed, or not run.
    pub failed: Vec<Window>,
}

impl PreviousResults {
    /// Reads the file of a folder; `None` if there is none. Errors when it is not one of run results.
    pub fn find(folder: &Utf8Path) -> Result<Option<Self>, Box<Diagnostic>> {
        let path = folder.join("run_results.json");
        let Some(file) = read_json(&path)? else { return Ok(None) };
        if schema_version(&file, "run-results").is_none_or(|version| version < OLDEST) {
            return Err(no_artifact(&path, "run results"));
        }
        let started = ["invocation_started_at", "generated_at"];
        let started_at = started.iter().find_map(|key| instant(file.get("metadata")?.get(key)?));
        let results = file.get("results").and_then(Json::as_array).into_iter().flatten();
        let id = file.pointer("/metadata/invocation_id").and_then(Json::as_str);
        Ok(Some(Self {
            invocation_id: id.map(str::to_owned),
            args: file.get("args").and_then(Json::as_object).cloned().unwrap_or_default(),
            results: results.filter_map(PreviousResult::read).collect(),
            started_at,
            doubtful: HashMap::default(),
        }))
    }

    /// Takes what the journal of a run tells that came to no results: what did not end was skipped.
    pub fn of_journal(run: &OtherRun) -> Self {
        let result = |id: &str, status: &str, batches: Option<&BatchResults>| PreviousResult {
            unique_id: UniqueId::from_artifact(id),
            status: status.to_owned(),
            batches: batches.map(PreviousBatches::of),
        };
        let ended = run.ended.iter().map(|it| result(&it.unique_id, &it.status, it.batch_results.as_ref()));
        let left = run.left().map(|id| result(id, "skipped", None));
        let doubtful = run.began.doubtful.iter();
        Self {
            invocation_id: Some(run.began.invocation_id.clone()),
            args: run.began.args.clone(),
            results: ended.chain(left).collect(),
            started_at: instant(&run.began.at.as_str().into()),
            doubtful: doubtful.map(|(id, trace)| (UniqueId::from_artifact(id), trace.clone())).collect(),
        }
    }

    /// Tells whether this is a later run than another one, and not the same.
    pub fn is_later_than(&self, other: &Self) -> bool {
        self.invocation_id != other.invocation_id && self.started_at > other.started_at
    }
}

impl PreviousBatches {
    fn of(batches: &BatchResults) -> Self {
        let read = |windows: &[(String, String)]| {
            let time = |text: &String| instant(&text.as_str().into());
            windows
                .iter()
                .filter_map(|(start, end)| Some(Window { start: time(start)?, end: time(end)? }))
                .collect()
        };
        Self { successful: read(&batches.successful), failed: read(&batches.failed) }
    }
}

impl PreviousResult {
    fn read(result: &Json) -> Option<Self> {
        let text = |key: &str| result.get(key).and_then(Json::as_str);
        let batches = result.get("batch_results").filter(|batches| batches.is_object());
        Some(Self {
            unique_id: UniqueId::from_artifact(text("unique_id")?),
            status: text("status")?.to_owned(),
            batches: batches.map(|batches| PreviousBatches {
                successful: windows(batches.get("successful")),
                failed: windows(batches.get("failed")),
            }),
        })
    }
}

fn windows(pairs: Option<&Json>) -> Vec<Window> {
    let time = |value: Option<&Json>| instant(value?);
    let window = |pair: &Json| Some(Window { start: time(pair.get(0))?, end: time(pair.get(1))? });
    pairs.and_then(Json::as_array).into_iter().flatten().filter_map(window).collect()
}

/// Reads a time of an artifact, in UTC.
fn instant(value: &Json) -> Option<DateTime> {
    let text = value.as_str()?;
    let exact = text.parse::<Timestamp>().ok();
    exact.map(crate::manifest::utc).or_else(|| wall_time(text))
}

/// How new the data of sources was when it was measured.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PreviousFreshness {
    /// The newest row of each source; `None` where it could not be measured.
    pub newest: HashMap<UniqueId, Option<DateTime>>,
}

impl PreviousFreshness {
    /// Reads the `sources.json` of a folder; `None` if there is none. Errors when it is something else.
    pub fn find(folder: &Utf8Path) -> Result<Option<Self>, Box<Diagnostic>> {
        let path = folder.join("sources.json");
        let Some(file) = read_json(&path)? else { return Ok(None) };
        if schema_version(&file, "sources").is_none() {
            return Err(no_artifact(&path, "measured freshness"));
        }
        let results = file.get("results").and_then(Json::as_array).into_iter().flatten();
        let newest = results.filter_map(|result| {
            let id = UniqueId::from_artifact(result.get("unique_id")?.as_str()?);
            Some((id, result.get("max_loaded_at").and_then(instant)))
        });
        Ok(Some(Self { newest: newest.collect() }))
    }

    /// Tells whether a source got new rows since an earlier measurement. One that could not be measured did not.
    pub fn is_fresher(&self, id: &UniqueId, earlier: &Self) -> bool {
        let Some(Some(now)) = self.newest.get(id) else { return false };
        match earlier.newest.get(id) {
            Some(Some(before)) => now > before,
            Some(None) | None => true,
        }
    }
}

fn no_artifact(path: &Utf8Path, what: &str) -> Box<Diagnostic> {
    let error = Diagnostic::error(Code::STATE, None, format!("`{path}` is no file of {what}"));
    Box::new(
        error.help("its `metadata.dbt_schema_version` should name a version that dbt 1.0 or later writes"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(file: &str, kind: &str, rest: &str) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let metadata = format!(
            r#""metadata": {{"dbt_schema_version": "https://schemas.getdbt.com/dbt/{kind}.json", "generated_at": "2024-03-01T10:00:00Z"}}"#
        );
        std::fs::write(folder.path().join(file), format!("{{{metadata}, {rest}}}")).unwrap();
        folder
    }

    #[test]
    fn batches_are_read_in_utc() {
        let batches = r#"{"successful": [["2024-01-01T00:00:00+00:00", "2024-01-02T00:00:00+00:00"]],
            "failed": [["2024-01-02T01:00:00+01:00", "2024-01-03T00:00:00Z"]]}"#;
        let rest = format!(
            r#""args": {{"which": "run"}}, "results": [
            {{"unique_id": "model.p.a", "status": "partial success", "batch_results": {batches}}},
            {{"unique_id": "model.p.b", "status": "success", "batch_results": null}}]"#
        );
        let folder = folder("run_results.json", "run-results/v6", &rest);
        let found = PreviousResults::find(Utf8Path::from_path(folder.path()).unwrap()).unwrap().unwrap();
        let at = |text: &str| wall_time(text).unwrap();
        let day = |day: u8| Window {
            start: at(&format!("2024-01-0{day}")),
            end: at(&format!("2024-01-0{}", day + 1)),
        };
        let batches = found.results[0].batches.clone().unwrap();
        assert_eq!(batches, PreviousBatches { successful: vec![day(1)], failed: vec![day(2)] });
        assert_eq!(found.results[1].batches, None);
        assert_eq!(found.started_at, Some(at("2024-03-01 10:00:00")));
        assert_eq!(found.args.get("which"), Some(&Json::from("run")));
    }

    #[test]
    fn only_what_was_measured_is_fresher() {
        let read = |text: &str| {
            let folder = folder("sources.json", "sources/v3", &format!(r#""results": [{text}]"#));
            PreviousFreshness::find(Utf8Path::from_path(folder.path()).unwrap()).unwrap().unwrap()
        };
        let at = |name: &str, day: u8| {
            format!(r#"{{"unique_id": "source.p.s.{name}", "max_loaded_at": "2024-01-0{day}T00:00:00Z"}}"#)
        };
        let error =
            r#"{"unique_id": "source.p.s.broken", "error": "no such table", "status": "runtime error"}"#;
        let before = read(&[at("same", 1), at("newer", 1)].join(","));
        let now = read(&[at("same", 1), at("newer", 2), at("first", 1), error.to_owned()].join(","));
        let check = |name: &str, want: bool| {
            let id = UniqueId::from_artifact(&format!("source.p.s.{name}"));
            assert_eq!(now.is_fresher(&id, &before), want, "{name}");
        };
        check("same", false);
        check("newer", true);
        check("first", true);
        check("broken", false);
        check("unknown", false);
    }

    #[test]
    fn another_file_is_refused_and_none_is_none() {
        let other = folder("run_results.json", "manifest/v12", r#""results": []"#);
        let path = Utf8Path::from_path(other.path()).unwrap();
        assert!(PreviousResults::find(path).unwrap_err().message.ends_with("is no file of run results"));
        assert!(PreviousFreshness::find(path).unwrap().is_none());
    }
}
