//! Which block tags are open, so that a missing end is reported where the block begins.

use std::ops::Range;

use super::scan::Scanner;
use crate::diag::{Code, Diagnostic, Span, suggest};
use crate::jinja::error::Error;

/// How many `elif` one `if` can have, and how deep blocks can be nested: the parser recurses over both.
const MOST_BRANCHES: usize = 500;

/// What a misspelled tag may have meant.
const TAGS: [&str; 12] =
    ["if", "elif", "else", "endif", "for", "endfor", "set", "do", "macro", "endmacro", "call", "endcall"];

/// The blocks that are open.
#[derive(Default)]
pub(super) struct TagStack(Vec<(String, Span, usize)>);

impl TagStack {
    /// Looks at a block tag.
    pub(super) fn see(&mut self, scanner: &Scanner<'_>, range: Range<usize>) -> Result<(), Error> {
        let keyword = scanner.word(0);
        let span = scanner.span(range);
        match keyword {
            "for" | "if" | "macro" | "call" | "filter" | "with" | "block" | "autoescape" | "test"
            | "data_test" | "materialization" => self.open(keyword, span),
            "set" if is_block_set(scanner) => self.open(keyword, span),
            "elif" | "else" => self.branch(keyword, span),
            _ => match keyword.strip_prefix("end") {
                Some(opened) => self.close(opened, keyword, span),
                None => known(keyword, span),
            },
        }
    }

    fn open(&mut self, keyword: &str, span: Span) -> Result<(), Error> {
        if self.0.len() >= MOST_BRANCHES {
            return Err(Error::syntax(span, "blocks are nested too deeply"));
        }
        self.0.push((keyword.to_owned(), span, 0));
        Ok(())
    }

    fn branch(&mut self, keyword: &str, span: Span) -> Result<(), Error> {
        match self.0.last_mut() {
            Some((opened, _, branches)) if opened == "if" || (opened == "for" && keyword == "else") => {
                *branches += 1;
                if *branches > MOST_BRANCHES {
                    return Err(Error::syntax(span, "the `if` has too many branches"));
                }
                Ok(())
            }
            Some((opened, at, _)) => Err(misplaced(keyword, span, opened, *at)),
            None => Err(Error::syntax(span, format!("`{keyword}` outside of a block"))),
        }
    }

    fn close(&mut self, opened: &str, keyword: &str, span: Span) -> Result<(), Error> {
        match self.0.pop() {
            Some((name, ..)) if name == opened => Ok(()),
            Some((name, at, _)) => Err(misplaced(keyword, span, &name, at)),
            None => Err(Error::syntax(span, format!("`{keyword}` closes nothing"))),
        }
    }

    /// Checks that all blocks were closed.
    pub(super) fn finish(self) -> Result<(), Error> {
        match self.0.into_iter().next_back() {
            None => Ok(()),
            Some((name, span, _)) => Err(Error::syntax(span, format!("the `{name}` block has no end"))
                .help(format!("close it with `{{% end{name} %}}`"))),
        }
    }
}

fn misplaced(keyword: &str, span: Span, opened: &str, at: Span) -> Error {
    let message = format!("unexpected `{keyword}`, expected `end{opened}`");
    Diagnostic::error(Code::JINJA_SYNTAX, span, message).label(at, format!("this `{opened}` is open")).into()
}

fn known(keyword: &str, span: Span) -> Result<(), Error> {
    match keyword {
        "set" | "do" | "break" | "continue" | "include" | "import" | "from" | "extends" => Ok(()),
        "" => Err(Error::syntax(span, "the tag has no name")),
        _ => Err(Error::syntax(span, format!("unknown tag `{keyword}`"))
            .help::<String>(suggest(keyword, TAGS.iter().copied()))),
    }
}

fn is_block_set(scanner: &Scanner<'_>) -> bool {
    let mut depth = 0_i32;
    !(0..scanner.tokens.len()).any(|i| {
        match scanner.word(i) {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" => depth -= 1,
            _ => {}
        }
        depth == 0 && scanner.word(i) == "="
    })
}
