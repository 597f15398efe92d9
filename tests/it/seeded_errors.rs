//! Mistakes in three layers (`tests/fixtures/seeded_errors`): each is told at the file and line that its signs mark.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::cli::{Call, Ended, copy_folder};
use crate::postgres::Server;

/// File, line, column.
type Place = (String, usize, usize);

/// A mistake.
struct Mistake {
    title: String,
    /// The files that it adds, without the signs.
    files: Vec<(String, String)>,
    place: Place,
    /// Whether it is known to be told elsewhere.
    missed: bool,
}

fn fixture(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/seeded_errors").join(name)
}

/// Reads the mistakes of a layer. `rename` gives a file and its text other names, by the number of the mistake.
fn mistakes(layer: &str, rename: &dyn Fn(usize, &str) -> String) -> Vec<Mistake> {
    let text = fs::read_to_string(fixture(layer)).unwrap();
    let parts = text.split("\n=== ").skip(1).enumerate();
    parts.map(|(number, part)| mistake(part, &|text| rename(number, text))).collect()
}

fn mistake(part: &str, rename: &dyn Fn(&str) -> String) -> Mistake {
    let (title, rest) = part.split_once('\n').unwrap();
    let mut files = Vec::new();
    let mut place = None;
    for section in rest.split("--- ").skip(1) {
        let (path, text) = section.split_once('\n').unwrap();
        let (path, text) = (rename(path), rename(text.trim_end()) + "\n");
        if let Some(at) = text.find('«') {
            let before = &text[..at];
            let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
            place = Some((path.clone(), before.matches('\n').count() + 1, column));
        }
        files.push((path, text.replace(['«', '»'], "")));
    }
    let place = place.unwrap_or_else(|| panic!("{title}: no place is marked"));
    Mistake { title: title.to_owned(), files, place, missed: title.contains("(missed") }
}

/// Copies the project with the files of mistakes.
fn project(folder: &Path, output: &Value, mistakes: &[&Mistake]) {
    copy_folder(&fixture("project"), folder);
    let profiles = json!({"shop": {"target": "dev", "outputs": {"dev": output}}});
    fs::write(folder.join("profiles.yml"), profiles.to_string()).unwrap();
    for (path, text) in mistakes.iter().flat_map(|mistake| &mistake.files) {
        fs::create_dir_all(folder.join(path).parent().unwrap()).unwrap();
        fs::write(folder.join(path), text).unwrap();
    }
}

/// Reads `--> models/m.sql:1:2` of a text.
fn places(text: &str) -> Vec<Place> {
    let read = |line: &str| {
        let mut parts = line.trim_start().strip_prefix("--> ")?.rsplitn(3, ':');
        let (column, line) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
        Some((parts.next()?.to_owned(), line, column))
    };
    text.lines().filter_map(read).collect()
}

/// What was told of mistakes, counted.
#[derive(Default)]
struct Score {
    all: usize,
    lines: usize,
    columns: usize,
    /// What differs from what the data say.
    surprises: String,
}

impl Score {
    fn count(&mut self, mistake: &Mistake, told: &[Place]) {
        self.all += 1;
        let (file, line, _) = &mistake.place;
        let hit = told.iter().any(|place| (&place.0, &place.1) == (file, line));
        self.lines += usize::from(hit);
        self.columns += usize::from(told.contains(&mistake.place));
        if hit == mistake.missed {
            let _ = writeln!(self.surprises, "{}: {:?} but {told:?}", mistake.title, mistake.place);
        }
    }

    #[track_caller]
    fn check(&self, layer: &str) {
        let Self { all, lines, columns, surprises } = self;
        assert!(surprises.is_empty(), "{layer}: {lines} of {all} lines, {columns} columns\n{surprises}");
        assert!(lines * 100 >= all * 95, "{lines} of {all} lines");
    }
}

/// Runs a command on a project for each mistake, two at a time.
fn one_by_one(layer: &str, command: &[&str]) {
    let all = mistakes(layer, &|_, text| text.to_owned());
    let told: Vec<Vec<Place>> = std::thread::scope(|scope| {
        let run = |mistake: &Mistake| {
            let folder = tempfile::tempdir().unwrap();
            project(folder.path(), &json!({"type": "duckdb", "path": "shop.duckdb"}), &[mistake]);
            let command = if mistake.title.ends_with("[build]") { &["build"][..] } else { command };
            let Ended { stdout, stderr, .. } = Call::new(folder.path(), command).run();
            places(&(stdout + &stderr)).into_iter().take(1).collect::<Vec<Place>>()
        };
        let (first, second) = all.split_at(all.len() / 2);
        let other = scope.spawn(move || second.iter().map(run).collect::<Vec<_>>());
        let mut told: Vec<_> = first.iter().map(run).collect();
        told.extend(other.join().unwrap());
        told
    });
    let mut score = Score::default();
    all.iter().zip(&told).for_each(|(mistake, told)| score.count(mistake, told));
    score.check(layer);
}

/// Builds all mistakes of SQL in one project; each has files of its own.
fn at_once(engine: &str, output: &Value) {
    let rename = |number: usize, text: &str| {
        let named = text.replace("name: m\n", &format!("name: m_{number}\n"));
        match named.rsplit_once('/') {
            Some((folder, file)) if !named.contains('\n') => {
                let (stem, ending) = file.split_once('.').unwrap();
                let keeps = stem == "inner_model";
                if keeps { named } else { format!("{folder}/{stem}_{number}.{ending}") }
            }
            _ => named,
        }
    };
    let all = mistakes("sql.txt", &rename);
    let mine: Vec<&Mistake> = all
        .iter()
        .filter(|mistake| mistake.title.rsplit('[').next().is_some_and(|engines| engines.contains(engine)))
        .collect();
    let folder = tempfile::tempdir().unwrap();
    project(folder.path(), output, &mine);
    let mut told = BTreeSet::new();
    for command in ["seed", "run", "test"] {
        let ended = Call::new(folder.path(), &[command]).run();
        let results = fs::read(folder.path().join("target/run_results.json"));
        let results: Value =
            serde_json::from_slice(&results.unwrap_or_else(|_| panic!("{}", ended.stdout))).unwrap();
        let failed = results["results"].as_array().unwrap().iter().filter(|it| it["status"] == "error");
        let messages = failed.map(|result| result["message"].as_str().unwrap_or_default());
        told.extend(messages.filter_map(|message| places(message).into_iter().next()));
    }
    let mut score = Score::default();
    for mistake in mine {
        let here = |place: &&Place| mistake.files.iter().any(|(file, _)| *file == place.0);
        let told: Vec<Place> = told.iter().filter(here).cloned().collect();
        score.count(mistake, &told);
    }
    score.check(engine);
}

#[test]
fn mistakes_in_yaml_are_told_at_their_line() {
    one_by_one("yaml.txt", &["parse"]);
}

#[test]
fn mistakes_in_templates_are_told_at_their_line() {
    one_by_one("jinja.txt", &["build", "--select", "m"]);
}

#[test]
fn mistakes_in_sql_are_told_at_their_line_by_duckdb() {
    at_once("duckdb", &json!({"type": "duckdb", "path": "shop.duckdb"}));
}

#[test]
fn mistakes_in_sql_are_told_at_their_line_by_postgres() {
    let server = Server::start();
    at_once("postgres", &Value::Object(server.output(json!({}))));
}
