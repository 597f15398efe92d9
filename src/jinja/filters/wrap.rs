//! `truncate` and `wordwrap`.

use super::input;
use super::text::integer;
use crate::jinja::call::Call;
use crate::jinja::error::Error;
use crate::jinja::format::checked_width;
use crate::jinja::methods::lines;
use crate::jinja::value::{Value, py_str};

pub(super) fn truncate(call: &mut Call<'_>) -> Result<Value, Error> {
    let text = py_str(&input(call)?);
    let length = integer(call, "length", 255)?;
    let kill_words = call.args.optional_bool("killwords").unwrap_or(false);
    let end = call.args.optional("end").map_or_else(|| "...".to_owned(), |end| py_str(&end));
    let leeway = integer(call, "leeway", 5)?;
    call.args.finish()?;
    let count = text.chars().count() as i128;
    let end_len = end.chars().count() as i128;
    if length < end_len {
        return Err(Error::runtime(format!("`truncate` needs a length of at least {end_len}, got {length}")));
    }
    if count <= length + leeway {
        return Ok(Value::from(text));
    }
    let kept = usize::try_from(length - end_len).unwrap_or(0);
    let head: String = text.chars().take(kept).collect();
    let head =
        if kill_words { &head } else { head.rsplit_once(' ').map_or(head.as_str(), |(before, _)| before) };
    Ok(Value::from(format!("{head}{end}")))
}

/// What `wordwrap` was asked for.
struct Wrap {
    width: usize,
    break_long: bool,
    break_hyphens: bool,
}

pub(super) fn wordwrap(call: &mut Call<'_>) -> Result<Value, Error> {
    let text = py_str(&input(call)?);
    let width = integer(call, "width", 79)?;
    let break_long = call.args.optional_bool("break_long_words").unwrap_or(true);
    let newline = call.args.optional_str("wrapstring")?.unwrap_or_else(|| "\n".into());
    let break_hyphens = call.args.optional_bool("break_on_hyphens").unwrap_or(true);
    call.args.finish()?;
    let width = usize::try_from(width).ok().filter(|w| *w > 0);
    let width = checked_width(width.ok_or_else(|| Error::runtime("the width must be positive"))?)?;
    let wrap = Wrap { width, break_long, break_hyphens };
    let wrapped: Vec<String> =
        lines(&text, false).into_iter().map(|line| wrap.line(line).join(&newline)).collect();
    Ok(Value::from(wrapped.join(&newline)))
}

impl Wrap {
    /// Wraps one line as Python's `textwrap` does, keeping the space inside of lines.
    fn line(&self, line: &str) -> Vec<String> {
        let mut chunks = self.chunks(line);
        chunks.reverse();
        let mut out: Vec<String> = Vec::new();
        while !chunks.is_empty() {
            if !out.is_empty() && chunks.last().is_some_and(|chunk| chunk.trim().is_empty()) {
                chunks.pop();
            }
            let mut current: Vec<String> = Vec::new();
            let mut len = 0;
            while let Some(chunk) = chunks.pop() {
                let size = chunk.chars().count();
                if len + size <= self.width {
                    len += size;
                    current.push(chunk);
                    continue;
                }
                chunks.push(chunk);
                break;
            }
            self.long_chunk(&mut chunks, &mut current, len);
            if current.last().is_some_and(|chunk| chunk.trim().is_empty()) {
                current.pop();
            }
            if !current.is_empty() {
                out.push(current.concat());
            }
        }
        out
    }

    /// Puts a chunk wider than a line somewhere: cut at the width, or whole on its own line.
    fn long_chunk(&self, chunks: &mut Vec<String>, current: &mut Vec<String>, len: usize) {
        let Some(chunk) = chunks.last().filter(|chunk| chunk.chars().count() > self.width).cloned() else {
            return;
        };
        if self.break_long {
            let space = (self.width - len).max(usize::from(current.is_empty()));
            let mut at = space;
            if self.break_hyphens {
                let head: Vec<char> = chunk.chars().take(space).collect();
                let hyphen = head.iter().rposition(|c| *c == '-');
                if let Some(hyphen) = hyphen.filter(|h| *h > 0 && head[..*h].iter().any(|c| *c != '-')) {
                    at = hyphen + 1;
                }
            }
            let cut = chunk.char_indices().nth(at).map_or(chunk.len(), |(byte, _)| byte);
            chunks.pop();
            if cut < chunk.len() {
                chunks.push(chunk[cut..].to_owned());
            }
            current.push(chunk[..cut].to_owned());
        } else if current.is_empty() {
            current.extend(chunks.pop());
        }
    }

    /// Cuts a line into words and the spaces between them; hyphens end a chunk.
    fn chunks(&self, line: &str) -> Vec<String> {
        let mut out: Vec<String> = Vec::new();
        let chars: Vec<char> = line.chars().collect();
        let mut current = String::new();
        for (i, c) in chars.iter().enumerate() {
            let boundary =
                current.chars().last().is_some_and(|last| last.is_whitespace() != c.is_whitespace());
            if boundary {
                out.push(std::mem::take(&mut current));
            }
            current.push(*c);
            let letter = |at: Option<&char>| at.is_some_and(|c| c.is_alphabetic() || *c == '_');
            let before = i.checked_sub(1).and_then(|j| chars.get(j));
            let two_before = i >= 2 && chars[i - 2..i].iter().all(|c| c.is_alphanumeric() || *c == '_');
            if self.break_hyphens && *c == '-' && letter(before) && two_before && letter(chars.get(i + 1)) {
                out.push(std::mem::take(&mut current));
            }
        }
        if !current.is_empty() {
            out.push(current);
        }
        out
    }
}
