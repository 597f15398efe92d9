//! The header of a `materialization` tag.

use super::scan::{Scanner, TokenKind};

/// Returns the adapter a materialization tag names (`adapter='x'`), or `default`.
pub(crate) fn adapter_of_materialization(scanner: &Scanner<'_>) -> String {
    let at = (2..scanner.tokens.len()).find(|i| scanner.word(*i) == "adapter" && scanner.word(i + 1) == "=");
    match at.and_then(|at| scanner.tokens.get(at + 2)) {
        Some(token) if token.kind == TokenKind::Str => {
            let quoted = scanner.token_text(*token);
            quoted[1..quoted.len() - 1].to_owned()
        }
        _ => "default".to_owned(),
    }
}
