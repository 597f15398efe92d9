//! `docs serve`: show the documentation site on this machine until Ctrl-C.

use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use crate::cli::args::flag_table::{BROWSER, HOST, PORT};
use crate::cli::args::{Chapter, Spec, Verb};
use crate::cli::pipeline::load_project;
use crate::cli::{CliError, Outcome, Ui};
use crate::diag::{Code, Diagnostic};
use crate::docs::{serve, write_site};
use crate::event::Note;

/// How often Ctrl-C is looked for.
const PAUSE: Duration = Duration::from_millis(100);

/// What the command line takes.
pub(super) const SPEC: Spec = Spec {
    verb: Verb::DocsServe,
    words: &["docs", "serve"],
    alias: None,
    which: "serve",
    chapter: Chapter::Look,
    about: "Serve the documentation site on this machine",
    details: "The site is renewed, and open pages with it, whenever a build has renewed the artifacts.",
    flags: &[&[HOST, PORT, BROWSER]],
    positional: None,
};

pub(super) fn run(ui: &Ui) -> Result<Outcome, CliError> {
    let target = load_project(ui)?.paths.target;
    let host = ui.flags.text("host").unwrap_or_default();
    let asked = ui.flags.int("port").unwrap_or_default();
    let port = u16::try_from(asked).ok().filter(|port| *port > 0).ok_or_else(|| {
        let message = format!("{asked} is not a port");
        Diagnostic::error(Code::USAGE, None, message).help("ports are numbers from 1 to 65535")
    })?;
    write_site(&target, false)?;
    serve(&target, host, port).map_err(|error| {
        Diagnostic::error(Code::IO, None, error.to_string()).help("another port: `--port`")
    })?;
    let address = match host {
        "127.0.0.1" => format!("http://localhost:{port}"),
        host if host.contains(':') => format!("http://[{host}]:{port}"),
        host => format!("http://{host}:{port}"),
    };
    for msg in [
        format!("Serving docs at {port}"),
        format!("To access from your browser, navigate to: {address}"),
        "Press Ctrl+C to exit.".to_owned(),
    ] {
        ui.events.send(Note { msg });
    }
    if ui.flags.switch("browser") {
        open(&address);
    }
    while !ui.cancel.is_cancelled() {
        thread::sleep(PAUSE);
    }
    Ok(Outcome::Success)
}

/// Opens the user's browser, if there is one: without, the address was told.
fn open(address: &str) {
    let (program, first): (&str, &[&str]) = match std::env::consts::OS {
        "macos" => ("open", &[]),
        "windows" => ("cmd", &["/C", "start", ""]),
        _ => ("xdg-open", &[]),
    };
    let mut command = Command::new(program);
    command.args(first).arg(address).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let _ = command.spawn();
}
