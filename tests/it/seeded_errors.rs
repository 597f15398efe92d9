//! Mistakes in three layers (`tests/fixtures/seeded_errors`): each is told at the file and line that its signs mark, with the
//! name that is likely meant.

use std::collections::BTreeMap;
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
    /// The name to suggest, and the only engine that knows it.
    suggested: Option<(String, Option<String>)>,
}

/// What is told of a mistake.
struct Told {
    place: Place,
    /// All that is said beside the place.
    text: String,
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
    let suggested =
        title.split_once("(suggests ").and_then(|(_, rest)| rest.split(')').next()).map(|words| {
            let (name, engine) =
                words.split_once(" on ").map_or((words, None), |(name, on)| (name, Some(on)));
            (name.to_owned(), engine.map(str::to_owned))
        });
    Mistake { title: title.to_owned(), files, place, missed: title.contains("(missed"), suggested }
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
    /// How many names are to be suggested, and how many are.
    suggestions: (usize, usize),
    /// What differs from what the data say.
    surprises: String,
}

impl Score {
    fn count(&mut self, mistake: &Mistake, told: &[Told], engine: &str) {
        self.all += 1;
        let (file, line, _) = &mistake.place;
        let places: Vec<&Place> = told.iter().map(|told| &told.place).collect();
        let hit = places.iter().any(|place| (&place.0, &place.1) == (file, line));
        self.lines += usize::from(hit);
        self.columns += usize::from(places.contains(&&mistake.place));
        if hit == mistake.missed {
            let _ = writeln!(self.surprises, "{}: {:?} but {places:?}", mistake.title, mistake.place);
        }
        let Some((name, only)) = &mistake.suggested else { return };
        let is_told = told.iter().any(|told| told.text.contains(&format!("did you mean `{name}`?")));
        let is_due = only.as_ref().is_none_or(|only| only == engine);
        self.suggestions.0 += usize::from(is_due);
        self.suggestions.1 += usize::from(is_told && is_due);
        if is_told != is_due {
            let texts: Vec<&str> = told.iter().map(|told| told.text.as_str()).collect();
            let _ = writeln!(self.surprises, "{}: `{name}` in {texts:#?}", mistake.title);
        }
    }

    #[track_caller]
    fn check(&self, layer: &str) {
        let Self { all, lines, columns, suggestions: (due, suggested), surprises } = self;
        let figures =
            format!("{layer}: {lines} of {all} lines, {columns} columns, {suggested} of {due} names");
        assert!(surprises.is_empty(), "{figures}\n{surprises}");
        assert!(lines * 100 >= all * 95 && suggested * 100 >= due * 95, "{figures}");
    }
}

/// Runs a command on a project for each mistake, two at a time.
fn one_by_one(layer: &str, command: &[&str]) {
    let all = mistakes(layer, &|_, text| text.to_owned());
    let told: Vec<Vec<Told>> = std::thread::scope(|scope| {
        let run = |mistake: &Mistake| {
            let folder = tempfile::tempdir().unwrap();
            project(folder.path(), &json!({"type": "duckdb", "path": "shop.duckdb"}), &[mistake]);
            let command = if mistake.title.ends_with("[build]") { &["build"][..] } else { command };
            let Ended { stdout, stderr, .. } = Call::new(folder.path(), command).run();
            let text = stdout + &stderr;
            let first = places(&text).into_iter().next();
            first.map(|place| Told { place, text }).into_iter().collect::<Vec<Told>>()
        };
        let (first, second) = all.split_at(all.len() / 2);
        let other = scope.spawn(move || second.iter().map(run).collect::<Vec<_>>());
        let mut told: Vec<_> = first.iter().map(run).collect();
        told.extend(other.join().unwrap());
        told
    });
    let mut score = Score::default();
    all.iter().zip(&told).for_each(|(mistake, told)| score.count(mistake, told, "duckdb"));
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
    let mut told: BTreeMap<Place, String> = BTreeMap::new();
    for command in ["seed", "run", "test"] {
        let ended = Call::new(folder.path(), &[command]).run();
        let results = fs::read(folder.path().join("target/run_results.json"));
        let results: Value =
            serde_json::from_slice(&results.unwrap_or_else(|_| panic!("{}", ended.stdout))).unwrap();
        let failed = results["results"].as_array().unwrap().iter().filter(|it| it["status"] == "error");
        let messages = failed.map(|result| result["message"].as_str().unwrap_or_default());
        told.extend(messages.filter_map(|text| Some((places(text).into_iter().next()?, text.to_owned()))));
    }
    let mut score = Score::default();
    for mistake in mine {
        let here = |(place, _): &(&Place, &String)| mistake.files.iter().any(|(file, _)| *file == place.0);
        let told = told.iter().filter(here);
        let told: Vec<Told> =
            told.map(|(place, text)| Told { place: place.clone(), text: text.clone() }).collect();
        score.count(mistake, &told, engine);
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
