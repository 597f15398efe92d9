//! The real binary on small folders: what it prints, what it writes, how it ends.

mod arguments;
mod clean;
mod debug;
mod flags;
mod help;
mod init;
mod library;
mod list;
mod logs;

use std::path::Path;
use std::process::{Command, Output, Stdio};

/// What a run of the binary gave.
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ended {
    fn of(output: Output) -> Self {
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Self { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
    }
}

/// A call of the binary in a folder, with an empty environment, so that the developer's own has no part.
pub(crate) struct Call {
    command: Command,
    stdin: String,
}

impl Call {
    pub(crate) fn new(folder: &Path, arguments: &[&str]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tidegate"));
        command.args(arguments).current_dir(folder).env_clear().env("HOME", folder);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        Self { command, stdin: String::new() }
    }

    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.command.env(name, value);
        self
    }

    pub(crate) fn stdin(mut self, text: &str) -> Self {
        text.clone_into(&mut self.stdin);
        self
    }

    pub(crate) fn run(mut self) -> Ended {
        use std::io::Write as _;
        let mut child = self.command.stdin(Stdio::piped()).spawn().unwrap();
        // A binary that reads nothing may be gone already.
        let _ = child.stdin.take().unwrap().write_all(self.stdin.as_bytes());
        Ended::of(child.wait_with_output().unwrap())
    }
}

/// A folder with a project file of this text.
pub(crate) fn project(text: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("dbt_project.yml"), text).unwrap();
    folder
}

/// Copies what is in a folder into another, which is made where it is missing.
pub(crate) fn copy_folder(from: &Path, to: &Path) {
    for entry in walkdir::WalkDir::new(from) {
        let entry = entry.unwrap();
        let target = to.join(entry.path().strip_prefix(from).unwrap());
        if entry.file_type().is_dir() {
            std::fs::create_dir_all(target).unwrap();
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// Cuts the time off each line of the console.
pub(crate) fn without_times(text: &str) -> String {
    let cut = |line: &str| {
        let time = line.get(..8).is_some_and(|head| {
            head.bytes()
                .enumerate()
                .all(|(at, byte)| if at % 3 == 2 { byte == b':' } else { byte.is_ascii_digit() })
        });
        if time { line[8..].trim_start().to_owned() } else { line.to_owned() }
    };
    text.lines().map(cut).collect::<Vec<_>>().join("\n")
}
