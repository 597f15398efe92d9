//! `run-operation`: a macro on its own.

use std::time::Instant;

use jiff::Timestamp;

use crate::artifacts::{Phase, RunResult, Status, Timing};
use crate::cli::{CliError, Outcome, Ui};
use crate::diag::{Code, Diagnostic, suggest};
use crate::event::RunningOperationCaughtError;
use crate::jinja::{Args, Error, from_json};
use crate::manifest::JsonMap;

use super::execute::write_results;
use super::load::load;
use super::scope::open;

/// Calls a macro by name, or by package and name, with named arguments. What it did is committed only if
/// the macro commits; its value is dropped.
pub(in crate::cli) fn run_operation(ui: &Ui, name: &str, args: &JsonMap) -> Result<Outcome, CliError> {
    let loaded = load(ui)?;
    let macros = &loaded.parsed.shared.macros;
    let found = match name.split_once('.') {
        Some((package, name)) => macros.qualified(package, name),
        None => macros.anywhere(name),
    };
    let Some(entry) = found.cloned() else {
        let known = macros.names_anywhere();
        let message = format!("dbt could not find a macro with the name '{name}' in any package");
        return Err(Diagnostic::error(Code::UNKNOWN_MACRO, None, message)
            .help::<String>(suggest(name, known.iter().map(|name| &**name)))
            .into());
    };
    let ready = Timestamp::now();
    let warehouse = open(ui, &loaded, Vec::new())?;
    let scope = warehouse.macro_scope(&loaded);
    scope.take_session().map_err(Error::into_diagnostic)?;
    let cleared = warehouse.session.with(crate::context::Session::clear_transaction);
    cleared.map_err(|error| error.to_diagnostic())?;
    let named = args.iter().map(|(name, value)| (name.as_str().into(), from_json(value))).collect();
    let (started, begin) = (Instant::now(), Timestamp::now());
    let engine = &loaded.parsed.shared.engine;
    let called = engine.call(&entry.value, Args::new(Vec::new(), named), &scope.as_scope(), entry.span);
    warehouse.close()?;
    let status = if called.is_ok() { Status::Success } else { Status::Error };
    let mut result = RunResult::new(entry.id, status);
    let done = Timing { name: Phase::Execute, started_at: begin, completed_at: Timestamp::now() };
    result.timing = vec![Timing { name: Phase::Compile, started_at: ready, completed_at: begin }, done];
    (result.compiled, result.failures) = (Some(false), Some(i64::from(status == Status::Error)));
    result.execution_time = started.elapsed().as_secs_f64();
    if let Err(error) = called {
        let diagnostic = error.into_diagnostic();
        let exc = crate::diag::render::human::render(&diagnostic, &ui.sources, false);
        ui.events.send(RunningOperationCaughtError { exc });
    }
    let outcome = if status == Status::Success { Outcome::Success } else { Outcome::Failure };
    write_results(ui, &loaded, &[result], started.elapsed().as_secs_f64())?;
    Ok(outcome)
}
