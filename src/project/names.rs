//! Names of projects: which are allowed.

use crate::diag::{Code, Diagnostic, Span};

/// Names that templates already use for something else (`project.md` section 1).
const RESERVED: &[&str] = &[
    "_sql_results",
    "adapter",
    "api",
    "column",
    "config",
    "context",
    "database",
    "env",
    "env_var",
    "exceptions",
    "execute",
    "flags",
    "fromjson",
    "fromyaml",
    "graph",
    "invocation_id",
    "load_agate_table",
    "load_result",
    "log",
    "model",
    "modules",
    "post_hooks",
    "pre_hooks",
    "ref",
    "render",
    "return",
    "run_started_at",
    "schema",
    "source",
    "sql",
    "sql_now",
    "store_result",
    "store_raw_result",
    "target",
    "this",
    "tojson",
    "toyaml",
    "try_or_compiler_error",
    "var",
    "write",
];

/// Checks the name of a project: a letter or underscore, then letters, digits and underscores, and not a
/// word that templates use.
pub(super) fn check_project(name: &str, span: Span) -> Result<(), Box<Diagnostic>> {
    let starts_well = name.chars().next().is_some_and(|c| c.is_alphabetic() || c == '_');
    if !starts_well || !name.chars().all(|c| c.is_alphanumeric() || c == '_') {
        let message = format!("`{name}` cannot be a project name");
        let error = Diagnostic::error(Code::PROJECT, span, message);
        return Err(Box::new(
            error.help(format!("use letters, digits and underscores, for example `{}`", like(name))),
        ));
    }
    if RESERVED.contains(&name) {
        let message = format!("`{name}` cannot be a project name: templates use the word for something else");
        return Err(Box::new(Diagnostic::error(Code::PROJECT, span, message)));
    }
    Ok(())
}

/// The nearest allowed name.
fn like(name: &str) -> String {
    let clean: String = name.chars().map(|c| if c.is_alphanumeric() { c } else { '_' }).collect();
    match clean.chars().next() {
        Some(first) if first.is_alphabetic() || first == '_' => clean,
        Some(_) => format!("_{clean}"),
        None => "my_project".to_owned(),
    }
}

/// Tells whether text is a version as `version:` wants it: semantic, or two numbers.
pub(super) fn is_project_version(text: &str) -> bool {
    super::version::Version::parse(text).is_some()
        || super::version::Version::parse(&format!("{text}.0")).is_some()
}
