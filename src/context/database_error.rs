//! Leads a database error back to the line somebody wrote (design D7).
//!
//! The engine names a byte of the statement it was sent. That statement usually holds the model's compiled SQL
//! as a whole: a position inside it goes through the model's source map to the model's file, or to the macro
//! that printed it. Any other position goes through the map of the statement, to the macro that wrote it.

use super::run_scope::NodeScope;
use super::session::SqlError;
use crate::diag::Diagnostic;
use crate::jinja::{Error, Origin, SourceMap};

impl NodeScope {
    /// Makes the error for a refused statement; `map` tells where the statement's text came from.
    pub(super) fn database_error(&self, refused: &SqlError, map: Option<&SourceMap>) -> Error {
        let mut diagnostic = refused.error.to_diagnostic();
        if let Some(excerpt) = &refused.error.excerpt {
            diagnostic = diagnostic.note(format!("the database points here:\n{excerpt}"));
        }
        match self.origin(refused, map) {
            Some(origin) => Error::from(at(diagnostic, &origin)),
            None => Error::from(diagnostic),
        }
    }

    fn origin(&self, refused: &SqlError, map: Option<&SourceMap>) -> Option<Origin> {
        let position = refused.error.position?;
        if let Some((code, own)) = self.compiled_map() {
            let code = code.trim();
            let inside = refused
                .sql
                .match_indices(code)
                .map(|(start, _)| start)
                .find(|start| !code.is_empty() && (*start..start + code.len()).contains(&position));
            if let Some(start) = inside {
                let lead = self.compiled_map().map_or(0, |(whole, _)| whole.len() - whole.trim_start().len());
                return own.lookup(position - start + lead);
            }
        }
        map?.lookup(position)
    }
}

fn at(mut diagnostic: Diagnostic, origin: &Origin) -> Diagnostic {
    diagnostic.span = Some(origin.span);
    diagnostic.trace.clone_from(&origin.frames);
    diagnostic
}
