//! `"..." % values`, `"{}".format(values)` and format specifications.

use super::args::Args;
use super::call::Call;
use super::error::Error;
use super::eval::{get_item, pairs};
use super::value::{Dict, Py, Value, View, as_float, as_int, int, is_int, py_repr, py_str, type_name, view};
use crate::python::float_repr;

/// The widest field: more is a mistake that would eat all memory.
const WIDEST: usize = 1 << 20;

pub(crate) fn checked_width(width: usize) -> Result<usize, Error> {
    if width > WIDEST { Err(Error::runtime("the width is too large")) } else { Ok(width) }
}

/// A format specification: `[[fill]align][sign][#][0][width][,][.precision][type]`.
#[derive(Clone, Default)]
struct Spec {
    fill: Option<char>,
    align: Option<char>,
    sign: Option<char>,
    alternate: bool,
    width: usize,
    grouping: Option<char>,
    precision: Option<usize>,
    kind: Option<char>,
}

impl Spec {
    fn parse(text: &str) -> Result<Self, Error> {
        let mut spec = Spec::default();
        let mut chars: Vec<char> = text.chars().collect();
        chars.reverse();
        let is_align = |c: Option<&char>| matches!(c, Some('<' | '>' | '^' | '='));
        if chars.len() >= 2 && is_align(chars.get(chars.len() - 2)) {
            spec.fill = chars.pop();
            spec.align = chars.pop();
        } else if is_align(chars.last()) {
            spec.align = chars.pop();
        }
        spec.sign = chars.pop_if(|c| matches!(c, '+' | '-' | ' '));
        spec.alternate = chars.pop_if(|c| *c == '#').is_some();
        if chars.pop_if(|c| *c == '0').is_some() && spec.align.is_none() {
            spec.fill = spec.fill.or(Some('0'));
            spec.align = Some('=');
        }
        spec.width = checked_width(digits(&mut chars).unwrap_or(0))?;
        spec.grouping = chars.pop_if(|c| matches!(c, ',' | '_'));
        if chars.pop_if(|c| *c == '.').is_some() {
            let precision =
                digits(&mut chars).ok_or_else(|| Error::runtime("format specifier missing precision"))?;
            spec.precision = Some(checked_width(precision)?);
        }
        spec.kind = chars.pop();
        if chars.is_empty() {
            Ok(spec)
        } else {
            Err(Error::runtime(format!("invalid format specifier `{text}`")))
        }
    }

    fn pad(&self, sign: &str, body: &str, default: char) -> String {
        let missing = self.width.saturating_sub(sign.chars().count() + body.chars().count());
        let fill = |n: usize| std::iter::repeat_n(self.fill.unwrap_or(' '), n).collect::<String>();
        match self.align.unwrap_or(default) {
            '<' => format!("{sign}{body}{}", fill(missing)),
            '^' => format!("{}{sign}{body}{}", fill(missing / 2), fill(missing - missing / 2)),
            '=' => format!("{sign}{}{body}", fill(missing)),
            _ => format!("{}{sign}{body}", fill(missing)),
        }
    }

    fn number(&self, negative: bool, body: &str, prefix: &str) -> String {
        let sign = match (negative, self.sign) {
            (true, _) => "-",
            (false, Some('+')) => "+",
            (false, Some(' ')) => " ",
            _ => "",
        };
        let body = match self.grouping {
            Some(separator) => {
                let every = if matches!(self.kind, Some('x' | 'X' | 'o' | 'b')) { 4 } else { 3 };
                let zeros = self.fill == Some('0') && self.align == Some('=');
                let width = if zeros { self.width.saturating_sub(sign.len() + prefix.len()) } else { 0 };
                group(body, separator, every, width)
            }
            None => body.to_owned(),
        };
        self.pad(&format!("{sign}{prefix}"), &body, '>')
    }
}

fn digits(chars: &mut Vec<char>) -> Option<usize> {
    let mut text = String::new();
    while let Some(c) = chars.pop_if(|c| c.is_ascii_digit()) {
        text.push(c);
    }
    text.parse().ok()
}

fn group(body: &str, separator: char, every: usize, width: usize) -> String {
    let (whole, rest) =
        body.find(|c: char| !c.is_ascii_alphanumeric()).map_or((body, ""), |at| body.split_at(at));
    let mut whole: Vec<char> = whole.chars().collect();
    let grouped = |len: usize| len + len.saturating_sub(1) / every;
    while grouped(whole.len()) + rest.len() < width {
        whole.insert(0, '0');
    }
    let mut out = String::new();
    for (i, c) in whole.iter().enumerate() {
        if i > 0 && (whole.len() - i).is_multiple_of(every) {
            out.push(separator);
        }
        out.push(*c);
    }
    out.push_str(rest);
    out
}

/// Formats a value by a specification, as `format(value, spec)` does.
pub(crate) fn format_value(value: &Value, spec: &str) -> Result<String, Error> {
    if spec.is_empty() {
        return Ok(py_str(value));
    }
    if let View::Py(Py::Instance(instance)) = view(value)
        && let Some(text) = instance.format(spec)
    {
        return Ok(text);
    }
    let parsed = Spec::parse(spec)?;
    let wrong = || {
        let (spec, name) = (spec.to_owned(), type_name(value));
        Error::runtime(format!("format `{spec}` does not fit a value of type `{name}`"))
    };
    match view(value) {
        View::Str(text) => match parsed.kind {
            None | Some('s') if parsed.sign.is_none() => {
                let cut: String = text.chars().take(parsed.precision.unwrap_or(usize::MAX)).collect();
                Ok(parsed.pad("", &cut, '<'))
            }
            _ => Err(wrong()),
        },
        View::Bool(_) if parsed.kind.is_none() => Ok(parsed.pad("", &py_str(value), '>')),
        View::Int(i) => integer(i, &parsed).ok_or_else(wrong),
        View::Bool(b) => integer(i128::from(b), &parsed).ok_or_else(wrong),
        View::Float(f) => float(f, &parsed).ok_or_else(wrong),
        View::Py(Py::Instance(_)) => Ok(parsed.pad("", &py_str(value), '<')),
        _ => Err(wrong()),
    }
}

#[expect(clippy::cast_precision_loss, reason = "Python's float formats of an int round as well")]
fn integer(i: i128, spec: &Spec) -> Option<String> {
    let magnitude = i.unsigned_abs();
    let (body, prefix) = match spec.kind {
        None | Some('d' | 'n') => (magnitude.to_string(), ""),
        Some('x') => (format!("{magnitude:x}"), "0x"),
        Some('X') => (format!("{magnitude:X}"), "0X"),
        Some('o') => (format!("{magnitude:o}"), "0o"),
        Some('b') => (format!("{magnitude:b}"), "0b"),
        Some('c') => {
            let c = u32::try_from(i).ok().and_then(char::from_u32)?;
            return Some(spec.pad("", &c.to_string(), '<'));
        }
        Some('e' | 'E' | 'f' | 'F' | 'g' | 'G' | '%') => return float(i as f64, spec),
        Some(_) => return None,
    };
    if spec.precision.is_some() {
        return None;
    }
    Some(spec.number(i < 0, &body, if spec.alternate { prefix } else { "" }))
}

fn float(f: f64, spec: &Spec) -> Option<String> {
    let magnitude = f.abs();
    let negative = f.is_sign_negative() && !f.is_nan();
    if !f.is_finite() {
        let name = if f.is_nan() { "nan" } else { "inf" };
        let upper = matches!(spec.kind, Some('E' | 'F' | 'G'));
        return Some(spec.number(negative, &if upper { name.to_uppercase() } else { name.to_owned() }, ""));
    }
    let precision = spec.precision.unwrap_or(6);
    let body = match spec.kind {
        Some('f' | 'F') => format!("{magnitude:.precision$}"),
        Some('%') => format!("{:.precision$}%", magnitude * 100.0),
        Some('e') => exponential(magnitude, precision),
        Some('E') => exponential(magnitude, precision).to_uppercase(),
        Some('g' | 'n') => general(magnitude, precision, spec.alternate),
        Some('G') => general(magnitude, precision, spec.alternate).to_uppercase(),
        None => match spec.precision {
            None => float_repr(magnitude),
            Some(precision) => {
                let text = general(magnitude, precision, false);
                let bare = !text.contains(['.', 'e']);
                if bare { format!("{text}.0") } else { text }
            }
        },
        Some(_) => return None,
    };
    Some(spec.number(negative, &body, ""))
}

fn exponential(f: f64, precision: usize) -> String {
    let text = format!("{f:.precision$e}");
    let Some((mantissa, exponent)) = text.split_once('e') else { return text };
    let exponent: i32 = exponent.parse().unwrap_or(0);
    format!("{mantissa}e{}{:02}", if exponent < 0 { '-' } else { '+' }, exponent.abs())
}

fn general(f: f64, precision: usize, keep_zeros: bool) -> String {
    let precision = precision.max(1);
    let rounded = format!("{f:.*e}", precision - 1);
    let exponent: i32 = rounded.split_once('e').and_then(|(_, e)| e.parse().ok()).unwrap_or(0);
    let limit = i32::try_from(precision).unwrap_or(i32::MAX);
    let trim = |text: &str| {
        if keep_zeros || !text.contains('.') {
            return text.to_owned();
        }
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    };
    if exponent < -4 || exponent >= limit {
        let text = exponential(f, precision - 1);
        let (mantissa, tail) = text.split_once('e').unwrap_or((&text, "+00"));
        return format!("{}e{tail}", trim(mantissa));
    }
    let decimals = usize::try_from(limit - 1 - exponent).unwrap_or(0);
    trim(&format!("{f:.decimals$}"))
}

/// `str.format`.
pub(crate) fn str_format(template: &str, args: &Args, call: &mut Call<'_>) -> Result<String, Error> {
    let mut automatic = 0;
    expand(template, args, call, &mut automatic, 2)
}

fn expand(
    template: &str,
    args: &Args,
    call: &mut Call<'_>,
    automatic: &mut usize,
    depth: u8,
) -> Result<String, Error> {
    let Some(depth) = depth.checked_sub(1) else {
        return Err(Error::runtime("a format field is nested too deeply"));
    };
    let mut out = String::with_capacity(template.len());
    let mut rest = template;
    while let Some(at) = rest.find(['{', '}']) {
        out.push_str(&rest[..at]);
        let brace = &rest[at..=at];
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix(brace) {
            out.push_str(brace);
            rest = after;
            continue;
        }
        if brace == "}" {
            return Err(Error::runtime("single `}` encountered in format string"));
        }
        let end =
            field_end(rest).ok_or_else(|| Error::runtime("expected `}` before end of format string"))?;
        let field = &rest[..end];
        rest = &rest[end + 1..];
        let (field, spec) = split_spec(field);
        let spec =
            if spec.contains('{') { expand(spec, args, call, automatic, depth)? } else { spec.to_owned() };
        let (path, conversion) = field.split_once('!').unwrap_or((field, ""));
        let value = lookup(path, args, call, automatic)?;
        let value = match conversion {
            "" => value,
            "r" | "a" => Value::from(py_repr(&value)),
            "s" => Value::from(py_str(&value)),
            other => return Err(Error::runtime(format!("unknown conversion `!{other}`"))),
        };
        out.push_str(&format_value(&value, &spec)?);
    }
    out.push_str(rest);
    Ok(out)
}

fn field_end(text: &str) -> Option<usize> {
    let mut depth = 0_usize;
    for (at, c) in text.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => return Some(at),
            '}' => depth -= 1,
            _ => {}
        }
    }
    None
}

fn split_spec(field: &str) -> (&str, &str) {
    let bracket = field.find('[').unwrap_or(field.len());
    match field.find(':') {
        Some(colon) if colon < bracket => (&field[..colon], &field[colon + 1..]),
        Some(_) => {
            let after = field.rfind(']').unwrap_or(0);
            field[after..]
                .find(':')
                .map_or((field, ""), |at| (&field[..after + at], &field[after + at + 1..]))
        }
        None => (field, ""),
    }
}

fn lookup(path: &str, args: &Args, call: &mut Call<'_>, automatic: &mut usize) -> Result<Value, Error> {
    let end = path.find(['.', '[']).unwrap_or(path.len());
    let (first, mut rest) = path.split_at(end);
    let index = if first.is_empty() {
        *automatic += 1;
        Some(*automatic - 1)
    } else {
        first.parse::<usize>().ok()
    };
    let found = match index {
        Some(index) => args.positional.get(index).cloned(),
        None => args.named.iter().find(|(name, _)| **name == *first).map(|(_, value)| value.clone()),
    };
    let mut value =
        found.ok_or_else(|| Error::runtime(format!("format has no argument for `{{{path}}}`")))?;
    while !rest.is_empty() {
        if let Some(after) = rest.strip_prefix('.') {
            let end = after.find(['.', '[']).unwrap_or(after.len());
            value = call.attr(&value, &after[..end])?;
            rest = &after[end..];
        } else {
            let Some((key, after)) = rest[1..].split_once(']') else {
                return Err(Error::runtime("missing `]` in format string"));
            };
            let key = key.parse::<i64>().map_or_else(|_| Value::from(key), Value::from);
            value = get_item(call.state, &value, &key)?;
            rest = after;
        }
    }
    Ok(value)
}

/// `template % values`.
pub(crate) fn percent(template: &str, values: &Value) -> Result<String, Error> {
    let items = match view(values) {
        View::Py(Py::Tuple(items)) => items.to_vec(),
        _ => vec![values.clone()],
    };
    let mut next = items.into_iter();
    let mut take = || next.next().ok_or_else(|| Error::runtime("not enough arguments for format string"));
    let mut named = false;
    let mut out = String::with_capacity(template.len());
    let mut chars = template.chars().peekable();
    while let Some(c) = chars.next() {
        if c != '%' {
            out.push(c);
            continue;
        }
        let mut key = None;
        if chars.next_if_eq(&'(').is_some() {
            key = Some(chars.by_ref().take_while(|c| *c != ')').collect::<String>());
            named = true;
        }
        let mut spec = Spec::default();
        let mut zero = false;
        while let Some(flag) = chars.next_if(|c| matches!(c, '-' | '+' | ' ' | '#' | '0')) {
            match flag {
                '-' => spec.align = Some('<'),
                '#' => spec.alternate = true,
                '0' => zero = true,
                sign => spec.sign = spec.sign.filter(|s| *s == '+').or(Some(sign)),
            }
        }
        let mut amount = |chars: &mut std::iter::Peekable<std::str::Chars<'_>>| {
            if chars.next_if_eq(&'*').is_some() {
                let value = take()?;
                let value = as_int(&value).ok_or_else(|| Error::runtime("`*` wants an integer"))?;
                return checked_width(usize::try_from(value).unwrap_or(0));
            }
            let mut digits = String::new();
            while let Some(digit) = chars.next_if(char::is_ascii_digit) {
                digits.push(digit);
            }
            checked_width(digits.parse().unwrap_or(0))
        };
        spec.width = amount(&mut chars)?;
        if chars.next_if_eq(&'.').is_some() {
            spec.precision = Some(amount(&mut chars)?);
        }
        while chars.next_if(|c| matches!(c, 'l' | 'h' | 'L')).is_some() {}
        let kind = chars.next().ok_or_else(|| Error::runtime("incomplete format"))?;
        if kind == '%' {
            out.push('%');
            continue;
        }
        if zero && spec.align.is_none() {
            spec.align = Some('=');
            spec.fill = Some('0');
        }
        let value = match &key {
            Some(key) => by_key(values, key)?,
            None => take()?,
        };
        out.push_str(&conversion(&value, kind, spec)?);
    }
    let mapping = pairs(values).is_some() || super::value::List::of(values).is_some();
    if !named && !mapping && next.next().is_some() {
        return Err(Error::runtime("not all arguments converted during string formatting"));
    }
    Ok(out)
}

fn by_key(values: &Value, key: &str) -> Result<Value, Error> {
    let dict = Dict::of(values).ok_or_else(|| Error::runtime("format requires a mapping"))?;
    dict.get(key).ok_or_else(|| Error::runtime(format!("the mapping has no key `{key}`")))
}

fn conversion(value: &Value, kind: char, mut spec: Spec) -> Result<String, Error> {
    let wrong = || {
        let name = type_name(value);
        Error::runtime(format!("`%{kind}` needs a number, got `{name}`"))
    };
    let text = |text: String, mut spec: Spec| {
        let cut: String = text.chars().take(spec.precision.unwrap_or(usize::MAX)).collect();
        spec.fill = None;
        spec.align = spec.align.filter(|a| *a == '<');
        spec.pad("", &cut, '>')
    };
    match kind {
        's' => return Ok(text(py_str(value), spec)),
        'r' | 'a' => return Ok(text(py_repr(value), spec)),
        'c' if value.as_str().is_some() => return Ok(text(py_str(value), spec)),
        _ => {}
    }
    spec.kind = Some(if matches!(kind, 'i' | 'u') { 'd' } else { kind });
    match kind {
        'd' | 'i' | 'u' | 'x' | 'X' | 'o' | 'c' => {
            let whole = match view(value) {
                View::Float(f) if kind == 'd' || kind == 'i' || kind == 'u' => truncate(f),
                View::Py(Py::Instance(instance)) if matches!(kind, 'd' | 'i' | 'u') => {
                    instance.integer().or_else(|| instance.number().and_then(truncate))
                }
                _ => as_int(value),
            };
            if whole.is_none() && is_int(value) && spec.kind == Some('d') {
                let digits = py_str(value);
                let magnitude = digits.trim_start_matches('-');
                let least = spec.precision.take().unwrap_or(0);
                return Ok(spec.number(magnitude.len() < digits.len(), &format!("{magnitude:0>least$}"), ""));
            }
            let whole = whole.ok_or_else(wrong)?;
            let least = spec.precision.take();
            let mut made = integer(whole, &spec).ok_or_else(wrong)?;
            if let Some(least) = least {
                let digits = format!("{:0>least$}", whole.unsigned_abs());
                made = spec.number(whole < 0, &digits, "");
            }
            Ok(made)
        }
        'e' | 'E' | 'f' | 'F' | 'g' | 'G' => {
            let number = as_float(value).or_else(|| instance_number(value)).ok_or_else(wrong)?;
            float(number, &spec).ok_or_else(wrong)
        }
        other => Err(Error::runtime(format!("unsupported format character `{other}`"))),
    }
}

fn instance_number(value: &Value) -> Option<f64> {
    match view(value) {
        View::Py(Py::Instance(instance)) => instance.number(),
        _ => None,
    }
}

#[expect(clippy::cast_possible_truncation, reason = "truncation is what is wanted, in range")]
#[expect(clippy::cast_precision_loss, reason = "the bound may be off by one rounding")]
pub(crate) fn truncate(f: f64) -> Option<i128> {
    (f.is_finite() && f.abs() < i128::MAX as f64).then_some(f.trunc() as i128)
}

/// Truncates a float to an integer value.
pub(crate) fn truncated(f: f64) -> Result<Value, Error> {
    truncate(f).map(int).ok_or_else(|| Error::runtime("cannot convert float to integer"))
}

/// Collects the arguments of the `format` filter.
pub(crate) fn percent_args(positional: Vec<Value>, named: Vec<(std::sync::Arc<str>, Value)>) -> Value {
    if named.is_empty() {
        super::value::tuple(positional)
    } else {
        super::value::dict(named.into_iter().map(|(k, v)| (Value::from(k), v)))
    }
}
