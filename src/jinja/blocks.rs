//! Cuts the top-level blocks dbt knows out of a file: macros, tests, materializations, snapshots, docs.
//!
//! Input: the text of a file. Output: [`Block`]s with their places. Comments, raw parts and strings hide
//! what looks like a tag in them. Called by the parser of every kind of file.

use std::ops::Range;

use super::error::Error;
use super::front::adapter_of_materialization;
use super::front::scan::{Piece, Scanner, TokenKind};
use crate::diag::{Code, Diagnostic, FileId, Span};

/// What a block is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum BlockKind {
    /// `{% macro name(args) %}`
    Macro,
    /// `{% test name(args) %}` or `{% data_test name(args) %}`
    Test,
    /// `{% materialization name, default %}`
    Materialization,
    /// `{% snapshot name %}`
    Snapshot,
    /// `{% docs name %}`
    Docs,
}

impl BlockKind {
    fn of(keyword: &str) -> Option<Self> {
        Some(match keyword {
            "macro" => Self::Macro,
            "test" | "data_test" => Self::Test,
            "materialization" => Self::Materialization,
            "snapshot" => Self::Snapshot,
            "docs" => Self::Docs,
            _ => return None,
        })
    }
}

/// A top-level block. All ranges are byte offsets of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// What it is.
    pub kind: BlockKind,
    /// Its name as written: the macro of test `x` is called `test_x`, that of materialization `x` is
    /// called `materialization_x_<adapter>`; see [`Block::macro_name`].
    pub name: String,
    /// For a materialization, the adapter it is for, or `default`.
    pub adapter: Option<String>,
    /// For a materialization, the languages it supports; `sql` unless it says.
    pub languages: Vec<String>,
    /// The tag, its body and its end tag: what dbt calls `macro_sql`.
    pub full: Range<usize>,
    /// What is between the tags.
    pub body: Range<usize>,
    /// What follows the name inside of the opening tag, for example `(a, b=1)`.
    pub arguments: Range<usize>,
    /// The place of the name.
    pub name_range: Range<usize>,
}

impl Block {
    /// Warns of the tags of a block that has no place in its file, such as a macro among snapshots.
    pub fn misplaced(&self, text: &str, file: FileId) -> [Diagnostic; 2] {
        let tag = |range: Range<usize>| {
            let inside = text.get(range.clone()).unwrap_or_default().trim_start_matches(['{', '%', '-', '+']);
            let keyword =
                inside.split_whitespace().next().unwrap_or_default().trim_end_matches(['-', '%', '}']);
            unexpected(keyword, Span::new(file, range.start, range.end))
        };
        [tag(self.full.start..self.body.start), tag(self.body.end..self.full.end)]
    }

    /// Returns the name the block's macro has for Jinja.
    pub fn macro_name(&self) -> String {
        match self.kind {
            BlockKind::Test => format!("test_{}", self.name),
            BlockKind::Materialization => {
                format!("materialization_{}_{}", self.name, self.adapter.as_deref().unwrap_or("default"))
            }
            BlockKind::Macro | BlockKind::Snapshot | BlockKind::Docs => self.name.clone(),
        }
    }
}

/// Warns of a tag between blocks, where it does nothing. The words are dbt's.
fn unexpected(keyword: &str, place: Span) -> Diagnostic {
    let message = format!("Found unexpected '{keyword}' block tag.");
    Diagnostic::warning(Code::DEPRECATED, place, message.clone())
        .known_as("UnexpectedJinjaBlockDeprecation")
        .fact("msg", message)
}

/// Finds the top-level blocks of a file, and all that is wrong with them. Warnings are about tags between the blocks;
/// dbt tells those of macros and snapshots only.
pub fn blocks(text: &str, file: FileId) -> (Vec<Block>, Vec<Diagnostic>) {
    let mut scan =
        BlockScan { scanner: Scanner::of_blocks(text, file), found: Vec::new(), problems: Vec::new() };
    if let Err(error) = scan.run() {
        scan.problems.push(error.into_diagnostic());
    }
    (scan.found, scan.problems)
}

struct BlockScan<'s> {
    scanner: Scanner<'s>,
    found: Vec<Block>,
    problems: Vec<Diagnostic>,
}

impl BlockScan<'_> {
    fn run(&mut self) -> Result<(), Error> {
        let mut open: Option<(Block, String)> = None;
        while let Some(piece) = self.scanner.next()? {
            let Piece::Block(range) = piece else { continue };
            let keyword = self.scanner.word(0).to_owned();
            match &open {
                Some((_, end)) if keyword == *end => {
                    if let Some((mut block, _)) = open.take() {
                        block.body.end = range.start;
                        block.full.end = range.end;
                        self.found.push(block);
                    }
                }
                Some((block, end)) => self.check_inside(block, end, &keyword, range)?,
                None => open = self.open(&keyword, range)?,
            }
        }
        match open {
            Some((block, end)) => Err(self.unclosed(&block, &end)),
            None => Ok(()),
        }
    }

    /// Looks for a block that starts before the open one has ended.
    fn check_inside(
        &mut self,
        block: &Block,
        end: &str,
        keyword: &str,
        range: Range<usize>,
    ) -> Result<(), Error> {
        let Some(inner) = BlockKind::of(keyword) else { return Ok(()) };
        if block.kind == BlockKind::Docs || (inner == BlockKind::Macro && block.kind != BlockKind::Macro) {
            return Ok(());
        }
        let missing = self.unclosed(block, end).into_diagnostic();
        let message = format!("`{keyword}` starts inside of `{}`", block.name);
        let error = Diagnostic::error(Code::JINJA_SYNTAX, self.scanner.span(range), message);
        Err(error.label(missing.span, format!("this block is open: `{{% {end} %}}` is missing")).into())
    }

    fn unclosed(&self, block: &Block, end: &str) -> Error {
        let span = self.scanner.span(block.full.start..block.name_range.end);
        Error::syntax(span, format!("`{}` has no end", block.name))
            .help(format!("close it with `{{% {end} %}}`"))
    }

    fn open(&mut self, keyword: &str, range: Range<usize>) -> Result<Option<(Block, String)>, Error> {
        let Some(kind) = BlockKind::of(keyword) else {
            self.problems.push(unexpected(keyword, self.scanner.span(range)));
            return Ok(None);
        };
        let name = self.scanner.tokens.get(1).copied().filter(|token| token.kind == TokenKind::Ident);
        let Some(name) = name else {
            let span = self.scanner.span(range);
            return Err(Error::syntax(span, format!("the `{keyword}` block has no name")));
        };
        let last = self.scanner.tokens.last().map_or(name.end, |token| token.end);
        let materialization = kind == BlockKind::Materialization;
        let block = Block {
            kind,
            name: self.scanner.token_text(name).to_owned(),
            adapter: materialization.then(|| adapter_of_materialization(&self.scanner)),
            languages: if materialization { self.languages() } else { Vec::new() },
            full: range.clone(),
            body: range.end..range.end,
            arguments: name.end..last,
            name_range: name.start..name.end,
        };
        Ok(Some((block, format!("end{keyword}"))))
    }

    /// Reads `supported_languages=['sql', 'python']`.
    fn languages(&self) -> Vec<String> {
        let tokens = &self.scanner.tokens;
        let Some(at) = (0..tokens.len()).find(|i| self.scanner.word(*i) == "supported_languages") else {
            return vec!["sql".to_owned()];
        };
        let listed = tokens[at..].iter().skip(3).take_while(|token| self.scanner.token_text(**token) != "]");
        listed
            .filter(|token| token.kind == TokenKind::Str)
            .map(|token| self.scanner.token_text(*token).trim_matches(['\'', '"']).to_owned())
            .collect()
    }
}
