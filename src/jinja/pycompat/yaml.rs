//! `toyaml` and `fromyaml`: YAML text as `yaml.safe_dump` writes it, and values as `SafeLoader` reads them.

use std::fmt::Write as _;

use super::datetime::{date_value, datetime_value, offset_datetime_value};
use crate::diag::Sources;
use crate::jinja::error::Error;
use crate::jinja::value::{Py, Value, View, compare, dict, int, list, none, py_str, type_name, view};
use crate::python::float_repr;
use crate::yaml::{self, Timestamp, Yaml};

/// Lines longer than this are folded at a space.
const WIDTH: usize = 80;

/// Reads YAML text; none when it is broken.
pub(super) fn read_yaml(text: &str) -> Option<Value> {
    let (root, problems) = yaml::parse_text(&Sources::new(), "fromyaml", text);
    if problems.iter().any(crate::diag::Diagnostic::is_error) {
        return None;
    }
    Some(root.as_ref().map_or_else(none, yaml_value))
}

/// Gives a YAML value to templates as Python has it: dates are date objects.
pub fn yaml_value(node: &Yaml) -> Value {
    plain(&node.value)
}

fn plain(value: &yaml::Value) -> Value {
    match value {
        yaml::Value::Null => none(),
        yaml::Value::Bool(b) => Value::from(*b),
        yaml::Value::Int(i) => int(*i),
        yaml::Value::Float(f) => Value::from(*f),
        yaml::Value::Str(text) => Value::from(&**text),
        yaml::Value::Time(at) => time(*at),
        yaml::Value::Seq(items) => list(items.iter().map(yaml_value).collect::<Vec<_>>()),
        yaml::Value::Map(map) => dict(map.iter().map(|entry| {
            let key = entry.typed_key.as_deref().map_or_else(|| Value::from(&*entry.key), plain);
            (key, yaml_value(&entry.value))
        })),
    }
}

fn time(at: Timestamp) -> Value {
    let Some((hour, minute, second, micros, offset)) = at.time() else { return date_value(at.date()) };
    let small = |n: u8| i8::try_from(n).unwrap_or(0);
    let nanos = i32::try_from(micros * 1000).unwrap_or(0);
    let wall = at.date().at(small(hour), small(minute), small(second), nanos);
    match offset {
        Some(minutes) => offset_datetime_value(wall, minutes * 60),
        None => datetime_value(wall),
    }
}

/// How to write YAML.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct YamlStyle {
    /// Whether keys are sorted, or stay in their order.
    pub(crate) sort_keys: bool,
    /// Whether a list below a key is indented by two, or begins below the key.
    pub(crate) indent_lists: bool,
}

/// Writes a value as YAML.
///
/// # Errors
/// When the value holds something YAML cannot.
pub(crate) fn yaml_text(value: &Value, style: YamlStyle) -> Result<String, Error> {
    let mut writer = Writer { out: String::new(), style };
    let open_ended = writer.node(value, 0, Place::Root, 0)?;
    writer.out.push('\n');
    if open_ended {
        writer.out.push_str("...\n");
    }
    Ok(writer.out)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Root,
    /// After `key:`.
    Mapping,
    /// After `- `.
    Sequence,
}

struct Writer {
    out: String,
    style: YamlStyle,
}

impl Writer {
    fn column(&self) -> usize {
        self.out.rsplit('\n').next().unwrap_or_default().chars().count()
    }

    fn new_line(&mut self, indent: usize) {
        self.out.push('\n');
        self.out.push_str(&" ".repeat(indent));
    }

    /// Writes a node; tells whether it is a plain scalar.
    fn node(&mut self, value: &Value, indent: usize, place: Place, depth: usize) -> Result<bool, Error> {
        if depth > 100 {
            return Err(Error::runtime("the value is nested too deeply for YAML"));
        }
        let items = match view(value) {
            View::Py(Py::List(list)) => list.snapshot(),
            View::Py(Py::Tuple(items)) => items.to_vec(),
            View::Py(Py::Dict(dict)) => {
                return self.mapping(dict.snapshot(), indent, place, depth).map(|()| false);
            }
            _ => {
                if place == Place::Mapping {
                    self.out.push(' ');
                }
                return self.scalar(value, indent, false);
            }
        };
        if items.is_empty() {
            self.out.push_str(if place == Place::Mapping { " []" } else { "[]" });
            return Ok(false);
        }
        let flat = place == Place::Mapping && !self.style.indent_lists;
        let indent = if flat { indent.saturating_sub(2) } else { indent };
        for (i, item) in items.iter().enumerate() {
            if i > 0 || place == Place::Mapping {
                self.new_line(indent);
            }
            self.out.push_str("- ");
            self.node(item, indent + 2, Place::Sequence, depth + 1)?;
        }
        Ok(false)
    }

    fn mapping(
        &mut self,
        mut pairs: Vec<(Value, Value)>,
        indent: usize,
        place: Place,
        depth: usize,
    ) -> Result<(), Error> {
        if pairs.is_empty() {
            self.out.push_str(if place == Place::Mapping { " {}" } else { "{}" });
            return Ok(());
        }
        if self.style.sort_keys {
            pairs.sort_by(|(a, _), (b, _)| compare(a, b).ok().flatten().unwrap_or(std::cmp::Ordering::Equal));
        }
        for (i, (key, value)) in pairs.iter().enumerate() {
            if i > 0 || place == Place::Mapping {
                self.new_line(indent);
            }
            self.scalar(key, indent, true)?;
            self.out.push(':');
            self.node(value, indent + 2, Place::Mapping, depth + 1)?;
        }
        Ok(())
    }

    fn scalar(&mut self, value: &Value, indent: usize, is_key: bool) -> Result<bool, Error> {
        let text = match view(value) {
            View::None => "null".to_owned(),
            View::Bool(b) => b.to_string(),
            View::Int(i) => i.to_string(),
            View::Float(f) => float(f),
            View::Str(text) => return Ok(self.text(text, indent, is_key)),
            View::Py(Py::Instance(instance)) if matches!(instance.type_name(), "date" | "datetime") => {
                py_str(value)
            }
            _ => {
                let name = type_name(value);
                return Err(Error::runtime(format!("a value of type `{name}` cannot be written as YAML")));
            }
        };
        self.out.push_str(&text);
        Ok(true)
    }

    fn text(&mut self, text: &str, indent: usize, is_key: bool) -> bool {
        let style = Style::of(text, is_key);
        let indent = indent.max(if indent == 0 { 2 } else { 0 });
        match style {
            Style::Plain => self.folded(text, indent, is_key),
            Style::Single => {
                self.out.push('\'');
                self.folded(&text.replace('\'', "''"), indent, is_key);
                self.out.push('\'');
            }
            Style::Double => self.double(text),
        }
        style == Style::Plain
    }

    /// Writes text with its line ends doubled, and lines that have become too long broken at a space.
    fn folded(&mut self, text: &str, indent: usize, is_key: bool) {
        let chars: Vec<char> = text.chars().collect();
        for (i, c) in chars.iter().enumerate() {
            let around = |j: usize| chars.get(j).is_some_and(|c| !matches!(c, ' ' | '\n'));
            let single_space = *c == ' ' && i > 0 && around(i - 1) && around(i + 1);
            match c {
                '\n' => {
                    if i == 0 || chars[i - 1] != '\n' {
                        self.out.push('\n');
                    }
                    self.out.push('\n');
                    if chars.get(i + 1) != Some(&'\n') {
                        self.out.push_str(&" ".repeat(indent));
                    }
                }
                ' ' if single_space && !is_key && self.column() > WIDTH => self.new_line(indent),
                c => self.out.push(*c),
            }
        }
    }

    fn double(&mut self, text: &str) {
        self.out.push('"');
        for c in text.chars() {
            match c {
                '"' => self.out.push_str("\\\""),
                '\\' => self.out.push_str("\\\\"),
                '\n' => self.out.push_str("\\n"),
                '\r' => self.out.push_str("\\r"),
                '\t' => self.out.push_str("\\t"),
                '\0' => self.out.push_str("\\0"),
                '\u{7}' => self.out.push_str("\\a"),
                '\u{8}' => self.out.push_str("\\b"),
                '\u{b}' => self.out.push_str("\\v"),
                '\u{c}' => self.out.push_str("\\f"),
                '\u{1b}' => self.out.push_str("\\e"),
                '\u{85}' => self.out.push_str("\\N"),
                '\u{a0}' => self.out.push_str("\\_"),
                '\u{2028}' => self.out.push_str("\\L"),
                '\u{2029}' => self.out.push_str("\\P"),
                ' '..='~' => self.out.push(c),
                c if (c as u32) < 0x100 => drop(write!(self.out, "\\x{:02X}", c as u32)),
                c if (c as u32) < 0x1_0000 => drop(write!(self.out, "\\u{:04X}", c as u32)),
                c => drop(write!(self.out, "\\U{:08X}", c as u32)),
            }
        }
        self.out.push('"');
    }
}

fn float(f: f64) -> String {
    if f.is_nan() {
        return ".nan".to_owned();
    }
    if f.is_infinite() {
        return if f > 0.0 { ".inf" } else { "-.inf" }.to_owned();
    }
    let text = float_repr(f);
    match text.split_once('e') {
        Some((mantissa, exponent)) if !mantissa.contains('.') => format!("{mantissa}.0e{exponent}"),
        _ => text,
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Style {
    Plain,
    Single,
    Double,
}

impl Style {
    fn of(text: &str, is_key: bool) -> Self {
        let special = text.chars().any(|c| !matches!(c, '\n' | ' '..='~'));
        let multiline = text.contains('\n');
        let mixed = text.contains(" \n") || text.contains("\n ");
        if special || mixed || (is_key && multiline) {
            return Self::Double;
        }
        let edge = |c: Option<char>| c.is_none_or(|c| matches!(c, ' ' | '\n'));
        let bordered = edge(text.chars().next()) || edge(text.chars().next_back());
        if bordered || multiline || has_indicator(text) || !reads_as_text(text) {
            return Self::Single;
        }
        Self::Plain
    }
}

fn has_indicator(text: &str) -> bool {
    let first = text.chars().next().unwrap_or(' ');
    let alone = text[first.len_utf8()..].starts_with(' ') || text.len() == first.len_utf8();
    text.starts_with("---")
        || text.starts_with("...")
        || "#,[]{}&*!|>'\"%@`".contains(first)
        || ("?:-".contains(first) && alone)
        || text.contains(": ")
        || text.ends_with(':')
        || text.contains(" #")
}

/// Tells whether the text, written as it is, would be read as text again.
fn reads_as_text(text: &str) -> bool {
    let harmless = text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == ' ')
        && text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.len() > 5;
    if harmless {
        return true;
    }
    if matches!(text, "=" | "<<") {
        return false;
    }
    match read_yaml(text) {
        Some(value) => value.as_str() == Some(text),
        None => true,
    }
}
