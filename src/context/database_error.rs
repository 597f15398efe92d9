//! Leads a database error back to the line somebody wrote (design D7).
//!
//! The engine names a byte of the statement it was sent. That statement usually holds the model's compiled SQL
//! as a whole: a position inside it goes through the model's source map to the model's file, or to the macro
//! that printed it. Any other position goes through the map of the statement, to the macro that wrote it.

use super::run_scope::NodeScope;
use super::session::SqlError;
use crate::diag::{Diagnostic, Frame, Sources, Span};
use crate::jinja::{Error, Origin, SourceMap};
use crate::sql::{Kind, Lexer, Token};

/// How both engines begin what they say of a text that ends too early.
const SYNTAX: &str = "syntax error";

/// The part of the node's own SQL that a position belongs to.
enum InNode {
    /// This byte of it.
    At(usize),
    /// The first word of it that a refusal without a place quotes.
    Named(usize),
    /// Its last byte: only the text around it goes on, and the engine wants more.
    End(usize),
}

impl NodeScope {
    /// Makes the error for a refused statement; `map` tells where the statement's text came from.
    pub(super) fn database_error(&self, refused: &SqlError, map: Option<&SourceMap>) -> Error {
        let sources = &self.run().shared.sources;
        let (help, error) = self.advised(&refused.error);
        let diagnostic = error.to_diagnostic().help::<String>(help);
        let found = match refused.error.position {
            Some(position) => {
                let own = self.own_origin(|code| in_node(refused, code, position));
                own.or_else(|| Some((map?.lookup(position)?, "")))
            }
            None => self.own_origin(|code| named_in(&refused.error.message, code)),
        };
        if found.is_none() && refused.error.position.is_none() {
            return Error::from(diagnostic);
        }
        let mut diagnostic = match found {
            Some((origin, note)) => {
                Diagnostic { span: Some(sources.word(origin.span)), trace: origin.frames, ..diagnostic }
                    .at(note)
            }
            None => diagnostic,
        };
        if let Some(excerpt) = &refused.error.excerpt
            && !diagnostic.span.is_some_and(|span| shows(excerpt, span, sources))
        {
            diagnostic = diagnostic.note(format!("the database points here:\n{excerpt}"));
        }
        Error::elsewhere(diagnostic)
    }

    /// The origin of a place in the node's own SQL, with the node at the end of the stack.
    fn own_origin(&self, find: impl FnOnce(&str) -> Option<InNode>) -> Option<(Origin, &'static str)> {
        let (code, map) = self.compiled_map()?;
        let lead = code.len() - code.trim_start().len();
        let (at, note) = match find(code.trim())? {
            InNode::At(at) => (at, ""),
            InNode::Named(at) => (at, "the database names this, and no place"),
            InNode::End(at) => (at, "the SQL ends here, and the database expects more"),
        };
        let mut origin = map.lookup(at + lead)?;
        let node = self.node()?;
        let name = if origin.site.file == node.file || self.run().shared.sources.is_inner(origin.site) {
            format!("{} `{}`", node.resource_type(), node.name)
        } else {
            "an ephemeral model".to_owned()
        };
        let site = Some(origin.site).filter(|site| !self.run().shared.sources.is_inner(*site));
        origin.frames.push(Frame { name, span: site });
        Some((origin, note))
    }
}

fn in_node(refused: &SqlError, code: &str, position: usize) -> Option<InNode> {
    if code.is_empty() {
        return None;
    }
    let starts = || refused.sql.match_indices(code).map(|(start, _)| start);
    if let Some(start) = starts().find(|start| (*start..start + code.len()).contains(&position)) {
        return Some(InNode::At(position - start));
    }
    let ends_before = |start: &usize| {
        let between = refused.sql.get(start + code.len()..position);
        between.is_some_and(|between| between.trim().is_empty())
    };
    let cut_short = refused.error.message.starts_with(SYNTAX) && starts().any(|start| ends_before(&start));
    let last = code.char_indices().next_back().map_or(0, |(at, _)| at);
    cut_short.then_some(InNode::End(last))
}

/// Finds what the first line of a message has in quotes, the last of it first: a name, or a text.
fn named_in(message: &str, code: &str) -> Option<InNode> {
    let line = message.lines().next()?;
    let quoted = |sign: char| line.split(sign).skip(1).step_by(2).collect::<Vec<_>>();
    let (names, texts) = (quoted('"'), quoted('\''));
    let is_it = |token: &Token, wanted: &str| {
        let text = &code[token.range.clone()];
        match token.kind {
            Kind::Word | Kind::Quoted => text.trim_matches('"').eq_ignore_ascii_case(wanted),
            Kind::String => text.trim_matches('\'') == wanted,
            _ => false,
        }
    };
    let mut wanted = names.iter().rev().chain(texts.iter().rev()).filter(|text| !text.is_empty());
    wanted
        .find_map(|wanted| Lexer::new(code).find(|token| is_it(token, wanted)))
        .map(|token| InNode::Named(token.range.start))
}

/// Tells whether the line of a place shows the same as the engine's picture, so that one of them is enough.
fn shows(excerpt: &str, span: Span, sources: &Sources) -> bool {
    let Some(source) = sources.get(span.file).filter(|source| !source.inner) else { return false };
    let drawn = excerpt.lines().next().and_then(|line| line.split_once(": ")).map(|(_, sql)| sql.trim());
    let start = (span.start as usize).min(source.text.len());
    let before = source.text.get(..start).and_then(|text| text.rsplit('\n').next()).unwrap_or_default();
    let after = source.text.get(start..).and_then(|text| text.lines().next()).unwrap_or_default();
    drawn == Some(format!("{before}{after}").trim())
}
