//! Where a node really begins and ends. The parser says where a node starts (before its anchor and tag)
//! and where the *next token* starts; people want the node itself marked.

/// What stands in front of a node's content.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Head<'a> {
    /// The name after `&`.
    pub anchor: Option<&'a str>,
    /// The tag with its `!`.
    pub tag: Option<&'a str>,
    /// The byte at which the content starts.
    pub content: usize,
}

/// How a scalar was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    /// Without quotes.
    Plain,
    /// `'..'` or `".."`.
    Quoted,
    /// `|` or `>`.
    Block,
}

/// Reads anchor and tag in front of a node, in either order.
pub(super) fn head(text: &str, start: usize) -> Head<'_> {
    let mut head = Head { content: start, ..Head::default() };
    loop {
        let rest = text.get(head.content..).unwrap_or_default();
        let verbatim = rest.starts_with("!<").then(|| rest.find('>').map(|close| close + 1)).flatten();
        let word = || rest.find([' ', '\t', '\n', '\r', ',']);
        let word_end = verbatim.or_else(word).unwrap_or(rest.len());
        match rest.as_bytes().first() {
            Some(b'&') if head.anchor.is_none() => head.anchor = Some(&rest[1..word_end]),
            Some(b'!') if head.tag.is_none() => head.tag = Some(&rest[..word_end]),
            _ => return head,
        }
        head.content = skip_blank(text, head.content + word_end);
    }
}

/// Returns the name of the alias that starts here, if one does.
pub(super) fn alias(text: &str, start: usize) -> Option<&str> {
    let rest = text.get(start..)?.strip_prefix('*')?;
    let end = rest.find(|c: char| !c.is_alphanumeric() && c != '-' && c != '_').unwrap_or(rest.len());
    Some(&rest[..end])
}

/// Skips white space and comments.
fn skip_blank(text: &str, mut at: usize) -> usize {
    loop {
        let rest = text.get(at..).unwrap_or_default();
        let trimmed = rest.trim_start();
        at += rest.len() - trimmed.len();
        if !trimmed.starts_with('#') {
            return at;
        }
        at += trimmed.find('\n').unwrap_or(trimmed.len());
    }
}

/// Returns the end of a scalar whose content starts at `start` and whose next token starts at `limit`.
pub(super) fn scalar_end(text: &str, start: usize, limit: usize, (value, style): (&str, Style)) -> usize {
    let region = text.get(start..limit.max(start)).unwrap_or_default();
    match style {
        Style::Plain if region.starts_with(value) => start + value.len(),
        Style::Quoted => start + quoted_len(region),
        Style::Plain | Style::Block => {
            let last = value.split_whitespace().next_back().unwrap_or_default();
            match region.rfind(last) {
                Some(at) if !last.is_empty() => start + at + last.len(),
                _ => start + region.trim_end().len(),
            }
        }
    }
}

/// Returns the length of a quoted scalar with both quotes.
fn quoted_len(region: &str) -> usize {
    let bytes = region.as_bytes();
    let Some(&quote) = bytes.first() else { return 0 };
    let mut at = 1;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' if quote == b'"' => at += 1,
            b'\'' if quote == b'\'' && bytes.get(at + 1) == Some(&b'\'') => at += 1,
            byte if byte == quote => return at + 1,
            _ => {}
        }
        at += 1;
    }
    bytes.len()
}

/// Returns the end of a list or mapping whose content starts at `start` and whose last child ends at
/// `after`: behind the bracket in flow style, the child's end otherwise.
pub(super) fn collection_end(text: &str, start: usize, after: usize) -> usize {
    let closing = match text.as_bytes().get(start) {
        Some(b'[') => b']',
        Some(b'{') => b'}',
        _ => return after,
    };
    let mut at = after.max(start + 1);
    loop {
        at = skip_blank(text, at);
        match text.as_bytes().get(at) {
            Some(byte) if *byte == closing => return at + 1,
            Some(b',' | b':') => at += 1,
            _ => return after.max(start + 1),
        }
    }
}
