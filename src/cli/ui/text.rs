//! Log lines as text: short for people, long for looking into a run.

use crate::artifacts::Invocation;
use crate::diag::Scrubber;
use crate::event::{Envelope, Event, Style};

/// Returns `12:00:00  message` (UTC); asked-for output stands alone.
pub(super) fn short(envelope: &Envelope, style: &Style, secrets: &Scrubber) -> String {
    let message = envelope.event.message(style);
    let message = shown(&message, secrets);
    if envelope.event.is_output() {
        return message;
    }
    clock(envelope) + &message
}

/// Returns a text as terminals and logs may have it: without secrets, and without signs that a terminal obeys. Names of files, models
/// and columns come from whoever wrote them. Colours stay, since macros print them too.
pub(super) fn shown(text: &str, secrets: &Scrubber) -> String {
    let text = secrets.scrub(text);
    // Nearly no text has such signs, which its bytes tell sooner than its characters: those above ASCII begin with 0xc2.
    if !text.bytes().any(|byte| matches!(byte, 0..=0x8 | 0xb..=0x1f | 0x7f | 0xc2)) {
        return text.into_owned();
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = &*text;
    while let Some(at) = rest.find(|c: char| c.is_control() && !matches!(c, '\n' | '\t')) {
        let (before, from) = rest.split_at(at);
        out.push_str(before);
        let mut behind = from.chars();
        let sign = behind.next().unwrap_or_default();
        let color = from.strip_prefix("\x1b[").and_then(|codes| {
            let end = codes.find(|c: char| !(c.is_ascii_digit() || c == ';'))?;
            codes[end..].starts_with('m').then_some("\x1b[".len() + end + 1)
        });
        let length = color.unwrap_or(sign.len_utf8());
        match u32::from(sign) {
            _ if color.is_some() || from.starts_with("\r\n") => out.push_str(&from[..length]),
            code @ 0..0x20 => out.extend(char::from_u32(0x2400 + code)),
            0x7f => out.push('\u{2421}'),
            _ => out.push(char::REPLACEMENT_CHARACTER),
        }
        rest = &from[length..];
    }
    out + rest
}

/// Returns what a short line begins with.
pub(super) fn clock(envelope: &Envelope) -> String {
    envelope.at.strftime("%H:%M:%S  ").to_string()
}

/// Returns `12:00:00.000000 [info ] [MainThread]: message` (UTC); an invocation begins with a ruler.
pub(super) fn long(
    envelope: &Envelope,
    style: &Style,
    secrets: &Scrubber,
    invocation: &Invocation,
) -> String {
    let message = envelope.event.message(style);
    let message = shown(&message, secrets);
    let clock = envelope.at.strftime("%H:%M:%S.%6f").to_string();
    let head = if matches!(envelope.event, Event::MainReportVersion(_)) {
        let ruler = "=".repeat(30);
        format!("\n\n{ruler} {clock} | {} {ruler}\n", invocation.id)
    } else {
        String::new()
    };
    format!("{head}{clock} [{:<5}] [{:<10.10}]: {message}", envelope.level, envelope.thread)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terminals_are_told_nothing_but_colours() {
        let check = |text: &str, want: &str| assert_eq!(shown(text, &Scrubber::default()), want);
        check("plain\ttext\r\nand é", "plain\ttext\r\nand é");
        check("\x1b[1;31mred\x1b[0m", "\x1b[1;31mred\x1b[0m");
        check("a\x1b]0;title\x07b\x1b[2Jc\rd\x7f\u{9b}e\x1b[", "a␛]0;title␇b␛[2Jc␍d␡\u{fffd}e␛[");
    }
}
