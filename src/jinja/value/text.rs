//! `str()` and `repr()`.

use std::fmt::Write;

use super::{Py, Value, View, ViewKind, view};
use crate::jinja::error::Error;
use crate::jinja::eval::Macro;
use crate::python::float_repr;

/// The longest text that templates make, in bytes: one that doubles in a loop would eat all memory.
const LONGEST: usize = 1 << 28;

/// Refuses a text that would be too long.
pub(crate) fn check_length(bytes: usize) -> Result<(), Error> {
    if bytes <= LONGEST {
        return Ok(());
    }
    Err(Error::runtime(format!("a text would be longer than {} MiB", LONGEST >> 20)))
}

/// Replaces a part of a text as often as it is there, or `count` times.
pub(crate) fn replaced(text: &str, old: &str, new: &str, count: Option<usize>) -> Result<String, Error> {
    // Only where it could be too long are the places counted, each but for its own length.
    if new.len() > old.len() && (text.len() + 1).saturating_mul(new.len()) > LONGEST {
        let places = text.matches(old).take(count.unwrap_or(usize::MAX)).count();
        check_length(text.len().saturating_add(places.saturating_mul(new.len() - old.len())))?;
    }
    Ok(match count {
        Some(count) => text.replacen(old, new, count),
        None => text.replace(old, new),
    })
}

/// Returns what printing a value gives.
pub fn py_str(value: &Value) -> String {
    let mut out = String::new();
    write_str(&mut out, value);
    out
}

/// Returns the text of a value inside of a printed list.
pub fn py_repr(value: &Value) -> String {
    let mut out = String::new();
    Printer { out: &mut out, open: Vec::new() }.repr(value);
    out
}

/// Prints a value to the end of a text.
pub(crate) fn write_str(out: &mut String, value: &Value) {
    match view(value) {
        View::Str(s) => out.push_str(s),
        View::Py(Py::Undefined(_)) => {}
        View::Py(Py::Instance(instance)) => out.push_str(&instance.str()),
        View::Foreign if value.is_undefined() => {}
        _ => Printer { out, open: Vec::new() }.repr(value),
    }
}

/// Prints nested collections; `open` holds those being printed, so that a circle ends.
struct Printer<'a> {
    out: &'a mut String,
    open: Vec<*const Py>,
}

impl Printer<'_> {
    fn repr(&mut self, value: &Value) {
        match view(value) {
            View::None => self.out.push_str("None"),
            View::Bool(true) => self.out.push_str("True"),
            View::Bool(false) => self.out.push_str("False"),
            View::Int(i) => drop(write!(self.out, "{i}")),
            View::Float(f) => self.out.push_str(&float_repr(f)),
            View::Str(s) => quote(self.out, s),
            View::Py(py) => self.object(py),
            View::Foreign => self.foreign(value),
        }
    }

    fn object(&mut self, py: &Py) {
        if self.open.iter().any(|open| std::ptr::eq(*open, py)) || self.open.len() > 100 {
            self.out.push_str(match py {
                Py::Dict(_) => "{...}",
                Py::List(_) => "[...]",
                _ => "...",
            });
            return;
        }
        self.open.push(py);
        self.collection(py);
        self.open.pop();
    }

    fn collection(&mut self, py: &Py) {
        match py {
            Py::List(list) => self.items("[", &list.snapshot(), "]"),
            Py::Tuple(items) if items.len() == 1 => self.items("(", items, ",)"),
            Py::Tuple(items) => self.items("(", items, ")"),
            Py::Set(set) if set.is_empty() => self.out.push_str("set()"),
            Py::Set(set) => self.items("{", &set.snapshot(), "}"),
            Py::Dict(dict) => self.pairs(&dict.snapshot()),
            Py::Undefined(_) => self.out.push_str("Undefined"),
            Py::Range(range) => {
                let _ = write!(self.out, "range({}, {}", range.start, range.stop);
                if range.step != 1 {
                    let _ = write!(self.out, ", {}", range.step);
                }
                self.out.push(')');
            }
            Py::DictView(view) => {
                let name = match view.kind {
                    ViewKind::Keys => "dict_keys([",
                    ViewKind::Values => "dict_values([",
                    ViewKind::Items => "dict_items([",
                };
                self.items(name, &view.snapshot(), "])");
            }
            Py::Iter(iter) => drop(write!(self.out, "<{} object>", iter.type_name)),
            Py::Macro(Macro { code, .. }) => drop(write!(self.out, "<Macro '{}'>", code.name())),
            Py::Method(method) => drop(write!(self.out, "<bound method {}>", method.name)),
            Py::Instance(instance) => self.out.push_str(&instance.repr()),
        }
    }

    fn items(&mut self, open: &str, items: &[Value], close: &str) {
        self.out.push_str(open);
        for (i, item) in items.iter().enumerate() {
            if i > 0 {
                self.out.push_str(", ");
            }
            self.repr(item);
        }
        self.out.push_str(close);
    }

    fn pairs(&mut self, pairs: &[(Value, Value)]) {
        self.out.push('{');
        for (i, (key, value)) in pairs.iter().enumerate() {
            if i > 0 {
                self.out.push_str(", ");
            }
            self.repr(key);
            self.out.push_str(": ");
            self.repr(value);
        }
        self.out.push('}');
    }

    fn foreign(&mut self, value: &Value) {
        use minijinja::value::ValueKind;
        match value.kind() {
            ValueKind::Map => {
                let keys: Vec<Value> = value.try_iter().map(Iterator::collect).unwrap_or_default();
                let pairs: Vec<_> =
                    keys.into_iter().map(|k| (k.clone(), value.get_item(&k).unwrap_or_default())).collect();
                self.pairs(&pairs);
            }
            ValueKind::Seq | ValueKind::Iterable => {
                let items: Vec<Value> = value.try_iter().map(Iterator::collect).unwrap_or_default();
                self.items("[", &items, "]");
            }
            ValueKind::Undefined => self.out.push_str("Undefined"),
            _ => drop(write!(self.out, "{value}")),
        }
    }
}

/// Prints text as Python quotes it: single quotes unless the text has those and no double ones.
fn quote(out: &mut String, text: &str) {
    let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    out.push(quote);
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c == quote => {
                out.push('\\');
                out.push(c);
            }
            c if printable(c) => out.push(c),
            c if (c as u32) < 0x100 => drop(write!(out, "\\x{:02x}", c as u32)),
            c if (c as u32) < 0x1_0000 => drop(write!(out, "\\u{:04x}", c as u32)),
            c => drop(write!(out, "\\U{:08x}", c as u32)),
        }
    }
    out.push(quote);
}

fn printable(c: char) -> bool {
    c == ' '
        || !(c.is_control()
            || c.is_whitespace()
            || matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
                | '\u{e000}'..='\u{f8ff}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{f0000}'..='\u{10ffff}'))
}
