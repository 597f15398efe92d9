//! What people see when they make a mistake: every folder of `tests/fixtures/mistakes` is a project with one,
//! run by the real program. The file `command` says how, `build` where there is none.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use crate::cli::copy_folder;

/// Lines that every run has and that say nothing of the mistake.
const NOISE: [&str; 6] = [
    "Running with dbt",
    "Registered adapter",
    "No profile found",
    "Concurrency",
    "Finished running",
    "Found ",
];

#[test]
fn every_mistake_is_told_with_its_place_and_what_to_do() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/mistakes");
    let mut names: Vec<String> = fs::read_dir(&root)
        .expect("the fixtures are there")
        .map(|entry| entry.expect("readable").file_name().into_string().expect("UTF-8"))
        .collect();
    names.sort();
    assert!(names.len() >= 45, "{} mistakes", names.len());
    // Two processes at a time: each has its own project and database.
    let told: Vec<String> = std::thread::scope(|scope| {
        let halves: Vec<_> = (0..2)
            .map(|half| {
                let (root, names) = (&root, &names);
                scope.spawn(move || {
                    let mine = names.iter().enumerate().filter(|(at, _)| at % 2 == half);
                    mine.map(|(at, name)| (at, tell(&root.join(name)))).collect::<Vec<_>>()
                })
            })
            .collect();
        let mut all: Vec<_> = halves.into_iter().flat_map(|half| half.join().expect("no panic")).collect();
        all.sort();
        all.into_iter().map(|(_, told)| told).collect()
    });
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_snapshot_path("snapshots/mistakes");
    settings.set_omit_expression(true);
    settings.bind(|| {
        for (name, told) in names.iter().zip(told) {
            insta::assert_snapshot!(name.as_str(), told);
        }
    });
}

/// Runs the program on a copy of a project, and returns exit code and output without times, folders and noise.
fn tell(project: &Path) -> String {
    let folder = TempDir::new().expect("a folder for the copy");
    let copy = folder.path().canonicalize().expect("it exists").join("project");
    copy_folder(project, &copy);
    let command = fs::read_to_string(copy.join("command")).unwrap_or_else(|_| "build".to_owned());
    let (mut code, mut text) = (None, String::new());
    for words in command.trim().split(" && ") {
        let output = Command::new(env!("CARGO_BIN_EXE_tidegate"))
            .args(words_of(words))
            // One worker, so that lines come in one order.
            .args(if words.starts_with("build") { &["--threads", "1"][..] } else { &[] })
            .current_dir(&copy)
            .env("HOME", &copy)
            .env("NO_COLOR", "1")
            .env_remove("DBT_PROFILES_DIR")
            .output()
            .expect("the program starts");
        code = output.status.code();
        text =
            String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    }
    let code = code.expect("no signal ended it");
    let mut told = format!("$ {}\nexit code {code}\n", command.trim());
    let text = text.replace(copy.to_str().expect("UTF-8"), "<project>");
    for line in text.lines().map(without_times).map(without_depth) {
        let noise = NOISE.iter().any(|noise| line.starts_with(noise));
        let second_blank = line.is_empty() && told.ends_with("\n\n");
        if !(noise || second_blank) {
            let _ = writeln!(told, "{line}");
        }
    }
    assert!(!told.contains("panicked"), "{told}");
    told
}

/// Cuts the clock in front of a line and the seconds behind it.
fn without_times(line: &str) -> String {
    let clock = |text: &str| text.len() == 8 && text.bytes().filter(|b| *b == b':').count() == 2;
    let line = match line.get(..8) {
        Some(start) if clock(start) => line[8..].strip_prefix("  ").unwrap_or(&line[8..]),
        _ => line,
    };
    match line.rsplit_once(" in ") {
        Some((before, time)) if time.ends_with("s]") => format!("{before}]"),
        _ => line.to_owned(),
    }
}

/// How deep a recursion got depends on the size of the frames, which differs between builds.
fn without_depth(line: String) -> String {
    match line.trim_start().strip_prefix("... ").and_then(|rest| rest.strip_suffix(" more calls")) {
        Some(count) if count.bytes().all(|b| b.is_ascii_digit()) => line.replace(count, "[N]"),
        _ => line,
    }
}

/// Splits a command line at spaces outside of double quotes.
fn words_of(line: &str) -> Vec<String> {
    line.split('"')
        .enumerate()
        .flat_map(|(at, part)| match at % 2 {
            0 => part.split_whitespace().map(str::to_owned).collect::<Vec<_>>(),
            _ => vec![part.to_owned()],
        })
        .collect()
}
