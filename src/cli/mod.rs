//! The command line: arguments in, events and an exit code out.
//!
//! [`main`] reads the arguments, settles the flags, opens console and log, runs one command, and makes the exit
//! code: 0 for success, 1 when something failed, 2 when the command could not come to its end. Commands are in
//! `commands`, one file each; what people see is made in `ui`. Nothing below this module prints.

pub mod args;
mod background;
mod commands;
mod error;
mod interrupt;
mod pipeline;
mod profile_setup;
mod project_file;
mod prompt;
mod resources;
pub mod ui;
mod version;

use std::ffi::OsString;
use std::fmt::Write as _;
use std::io::{IsTerminal as _, Write as _};
use std::process::ExitCode;
use std::time::Instant;

use jiff::Timestamp;

pub use background::Background;
pub use error::{CliError, Outcome};
pub use version::{ADAPTERS, DBT_VERSION, OWN_VERSION};

use crate::adapter::Patience;
use crate::artifacts::{Invocation, timestamp};
use crate::diag::{Code, Diagnostic, Sources};
use crate::event::{
    CommandCompleted, Diagnosed, EventSink, Level, MainEncounteredError, MainReportArgs, MainReportVersion,
    Note, Problems, ResourceReport,
};
use crate::plan::Resumption;
use crate::project::{self, Env};
use crate::run::CancelToken;
use args::{Flags, LowArgs, Parsed, Program, Section, Source, Surroundings, UsageError};
use project_file::ProjectFile;
use resources::Resources;

/// What a command works with.
#[derive(Debug)]
pub struct Ui {
    /// All settings.
    pub flags: Flags,
    /// The facts that every artifact shows.
    pub invocation: Invocation,
    /// Where events go.
    pub events: EventSink,
    /// All texts read, for diagnostics.
    pub sources: Sources,
    /// Set by Ctrl-C.
    pub cancel: CancelToken,
    /// The world outside.
    pub around: Surroundings,
    /// Its variables, as templates may read them.
    pub env: Env,
    /// What was typed.
    pub typed: LowArgs,
    /// What is left of an earlier run, for `retry`.
    pub resumed: Option<Resumption>,
    /// What is written meanwhile.
    pub background: Background,
}

impl Ui {
    /// Sends a warning. Errors when `--warn-error` or its options make it an error.
    pub fn warn(&self, diagnostic: Diagnostic) -> Result<(), CliError> {
        self.events.warn(Diagnosed::new(diagnostic, &self.sources))?;
        Ok(())
    }

    /// Returns what the flags say about where the project is and how it is read.
    pub fn project_options(&self) -> project::Options {
        let places = self.flags.places();
        let mut options = project::Options::new(self.around.cwd.clone(), self.env.clone());
        options.project_dir = Some(places.project_dir);
        options.profiles_dir = places.profiles_dir_given.then_some(places.profiles_dir);
        options.profile = places.profile;
        options.target = places.target;
        options.threads = places.threads;
        options.target_path = places.target_path;
        options.log_path = self.flags.logging().file_folder;
        options.vars.clone_from(&self.flags.vars_text);
        options.version_check = Some(places.version_check);
        options
    }

    /// Sends warnings; errors, if any, are returned together.
    pub fn tell(&self, found: Vec<Diagnostic>) -> Result<(), CliError> {
        let (errors, warnings): (Vec<_>, Vec<_>) = found.into_iter().partition(Diagnostic::is_error);
        for warning in warnings {
            self.warn(warning)?;
        }
        if errors.is_empty() { Ok(()) } else { Err(errors.into()) }
    }

    /// Returns how long to wait for what others hold.
    pub fn patience(&self) -> Patience {
        Patience::new(self.flags.building().lock_timeout, self.events.clone())
    }

    /// Returns the error that there is no project here.
    pub fn no_project(&self) -> Diagnostic {
        let folder = self.flags.places().project_dir;
        let message = format!("no dbt_project.yml found at expected path {}", folder.join("dbt_project.yml"));
        Diagnostic::error(Code::PROJECT, None, message)
            .help("start the command in a project's folder, or name it with `--project-dir`")
            .help("`init NAME` makes a new project")
    }
}

/// Runs the program. The first argument is the name it was started by.
pub fn main(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let mut words = arguments.into_iter().map(|word| word.to_string_lossy().into_owned());
    let program = Program::from_argument(&words.next().unwrap_or_default());
    let words: Vec<String> = words.collect();
    // Tools ask for the version all the time: nothing is to be done before.
    if let Some("--version" | "-v" | "-V") = words.first().map(String::as_str) {
        return print(&version::text());
    }
    let low = match args::parse(&program, &words) {
        Ok(Parsed::Run(low)) => low,
        Ok(Parsed::Version) => return print(&version::text()),
        Ok(Parsed::Text(text)) => return print(&text),
        Ok(Parsed::Help(text)) => return print(&styled(&text, std::io::stdout().is_terminal())),
        Ok(Parsed::NoCommand(text)) => return complain(&styled(&text, std::io::stderr().is_terminal())),
        Err(error) => return refuse(&error),
    };
    match open(&low) {
        Ok(ui) => execute(ui),
        Err(error) => refuse(&error),
    }
}

fn print(text: &str) -> ExitCode {
    // A reader that went away wants no more: that is no error.
    let _ = std::io::stdout().write_all(text.as_bytes());
    ExitCode::from(error::SUCCESS)
}

fn styled(text: &clap::builder::StyledStr, on_terminal: bool) -> String {
    if on_terminal && std::env::var_os("NO_COLOR").is_none() {
        text.ansi().to_string()
    } else {
        text.to_string()
    }
}

fn complain(text: &str) -> ExitCode {
    let _ = std::io::stderr().write_all(text.as_bytes());
    ExitCode::from(error::UNABLE)
}

/// Tells what is wrong with the command line, in the shape that tools know.
fn refuse(error: &UsageError) -> ExitCode {
    let mut text = format!("Error: {}\n", error.message);
    for line in &error.help {
        let _ = writeln!(text, "  help: {line}");
    }
    complain(&text)
}

/// Settles the flags, and opens console and log.
fn open(low: &LowArgs) -> Result<Ui, UsageError> {
    let around = Surroundings::of_process().map_err(|error| {
        UsageError::new(format!("the folder where this was started cannot be used: {error}"))
    })?;
    open_in(low, around)
}

/// The same for a program that was started elsewhere.
fn open_in(low: &LowArgs, mut around: Surroundings) -> Result<Ui, UsageError> {
    let project_dir = args::project_dir(low, &around)?;
    let project = ProjectFile::peek(&project_dir);
    let mut flags = args::resolve(low, &around, &project.flags())?;
    args::spread_engine_variables(&mut around);
    let env: Env = around.env.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
    let invocation = Invocation {
        id: uuid::Uuid::new_v4().to_string(),
        started_at: Timestamp::now(),
        dbt_version: DBT_VERSION.to_owned(),
        env: env.custom(),
    };
    let logging = flags.logging();
    let log_folder = match &logging.file_folder {
        Some(folder) => Some(folder.clone()),
        // Without a project there is no place for a log.
        None => project.exists().then(|| project.log_folder(&project_dir)),
    };
    flags.log_goes_to(log_folder.as_deref());
    let scrubber = project::scrubber(&env, flags.mapping("vars"));
    let seen = (ui::Terminal::of_process(&around), &scrubber);
    let events = ui::open(&logging, flags.policy.clone(), log_folder.as_deref(), &invocation, seen);
    let (sources, cancel, typed) = (Sources::new(), CancelToken::new(), low.clone());
    let background = Background::default();
    Ok(Ui { flags, invocation, events, sources, cancel, around, env, typed, resumed: None, background })
}

/// Runs the command and closes the log.
fn execute(mut ui: Ui) -> ExitCode {
    // `retry` continues as another command.
    let (started, command, which) = (Instant::now(), ui.flags.spec.name(), ui.flags.which);
    let end = greet(&ui).and_then(|()| {
        interrupt::listen(&ui.cancel, ui.flags.verb());
        enter_project(&ui)?;
        commands::run(&mut ui)
    });
    let unwritten = ui.background.join();
    let end = end.and_then(|outcome| if unwritten.is_empty() { Ok(outcome) } else { Err(unwritten.into()) });
    let code = error::code(&end);
    if let Err(error) = end {
        let problems = Problems { diagnostics: error.into_diagnostics(), sources: ui.sources.clone() };
        ui.events.send(MainEncounteredError { exc: problems });
    }
    farewell(&ui, (&command, which), (started.elapsed().as_secs_f64(), code == error::SUCCESS));
    ui.events.close();
    ExitCode::from(code)
}

/// Sends what every invocation ends with.
fn farewell(ui: &Ui, (command, which): (&str, &str), (elapsed, success): (f64, bool)) {
    if let Some(summary) = ui.events.deprecations() {
        ui.events.send(summary);
    }
    if let Some(taken) = Resources::of_process() {
        let report = ResourceReport {
            command_name: which.to_owned(),
            command_success: success,
            command_wall_clock_time: elapsed,
            process_in_blocks: taken.blocks_read.to_string(),
            process_kernel_time: taken.kernel,
            process_mem_max_rss: taken.peak.to_string(),
            process_out_blocks: taken.blocks_written.to_string(),
            process_user_time: taken.user,
        };
        let shown = ui.flags.switch(args::flag_table::SHOW_RESOURCE_REPORT.id);
        ui.events.send_at(if shown { Level::Info } else { Level::Debug }, report);
    }
    let command = format!("dbt {command}");
    ui.events.send(CommandCompleted { command, completed_at: timestamp(Timestamp::now()), elapsed, success });
}

/// Sends what every invocation begins with, and the warnings that the flags gave.
fn greet(ui: &Ui) -> Result<(), CliError> {
    ui.events.send(MainReportVersion { log_version: 3, version: format!("={DBT_VERSION}") });
    ui.events.debug(|| MainReportArgs { args: ui.flags.as_report() });
    for flag in args::flag_table::GLOBAL.iter().filter(|flag| flag.section == Section::NoEffect) {
        if ui.flags.source(flag.id) == Source::CommandLine {
            let msg = format!("`--{}` has no effect: {}", flag.long, flag.help);
            ui.events.send_at(Level::Debug, Note { msg });
        }
    }
    for notice in ui.flags.notices.clone() {
        ui.warn(notice)?;
    }
    Ok(())
}

/// Relative paths of a project, such as that of a database file, count from its folder.
fn enter_project(ui: &Ui) -> Result<(), CliError> {
    let folder = ui.flags.places().project_dir;
    if ui.flags.verb() == args::Verb::Init {
        return Ok(());
    }
    std::env::set_current_dir(&folder).map_err(|error| {
        Diagnostic::error(Code::IO, None, format!("the folder `{folder}` cannot be entered: {error}")).into()
    })
}
