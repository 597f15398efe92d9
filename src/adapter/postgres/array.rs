//! Arrays, which dbt's result table holds as JSON text.
//!
//! Input: the server's text of an array (`{1,NULL,"a b"}`, nested to any depth, with bounds or without) and the form of
//! what is in it. Output: what Python's `json.dumps` makes of the driver's list. Called by `types`.

use super::json;
use super::value::{Form, scalar};
use crate::adapter::Cell;
use crate::adapter::python_text::{datetime_str, offset_str};
use crate::python::{json_float, push_json_text};

/// Writes an array as JSON; `None` if the text is no array.
pub(super) fn json(text: &str, form: Form) -> Option<String> {
    let start = text.find('{')?;
    let mut reader = Reader { rest: &text[start..], form, out: String::new() };
    reader.value()?;
    reader.rest.is_empty().then_some(reader.out)
}

struct Reader<'t> {
    rest: &'t str,
    form: Form,
    out: String,
}

impl Reader<'_> {
    fn value(&mut self) -> Option<()> {
        if let Some(rest) = self.rest.strip_prefix('{') {
            self.rest = rest;
            return self.items();
        }
        if let Some(rest) = self.rest.strip_prefix('"') {
            self.rest = rest;
            let text = self.quoted()?;
            self.push(&text);
            return Some(());
        }
        let end = self.rest.find([',', '}'])?;
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        if word.eq_ignore_ascii_case("null") {
            self.out.push_str("null");
        } else {
            self.push(word);
        }
        Some(())
    }

    fn items(&mut self) -> Option<()> {
        self.out.push('[');
        if let Some(rest) = self.rest.strip_prefix('}') {
            self.rest = rest;
            self.out.push(']');
            return Some(());
        }
        loop {
            self.value()?;
            let mut letters = self.rest.chars();
            let next = letters.next()?;
            self.rest = letters.as_str();
            match next {
                ',' => self.out.push_str(", "),
                '}' => {
                    self.out.push(']');
                    return Some(());
                }
                _ => return None,
            }
        }
    }

    fn quoted(&mut self) -> Option<String> {
        let mut out = String::new();
        let mut letters = self.rest.chars();
        loop {
            match letters.next()? {
                '"' => break,
                '\\' => out.push(letters.next()?),
                letter => out.push(letter),
            }
        }
        self.rest = letters.as_str();
        Some(out)
    }

    /// Writes an element; exact numbers become inexact ones, as JSON in Python has no others.
    fn push(&mut self, text: &str) {
        let out = &mut self.out;
        if let (Form::Json, Some(value)) = (self.form, json::dumps(text)) {
            out.push_str(&value);
            return;
        }
        match scalar(text, self.form).unwrap_or_else(|| Cell::text(text)) {
            Cell::Null => out.push_str("null"),
            Cell::Bool(flag) => out.push_str(if flag { "true" } else { "false" }),
            Cell::Int(number) => out.push_str(&number.to_string()),
            Cell::BigInt(digits) => out.push_str(&digits),
            Cell::Decimal(digits) => {
                out.push_str(&digits.parse().map_or_else(|_| digits.to_string(), json_float));
            }
            Cell::Float(number) => out.push_str(&json_float(number)),
            Cell::Text(text) => push_json_text(out, &text),
            Cell::Date(day) => push_json_text(out, &day.to_string()),
            Cell::Timestamp(at) => push_json_text(out, &datetime_str(at, 'T')),
            Cell::TimestampTz(at) => {
                let offset = offset_str(at.offset().seconds());
                push_json_text(out, &format!("{}{offset}", datetime_str(at.datetime(), 'T')));
            }
        }
    }
}
