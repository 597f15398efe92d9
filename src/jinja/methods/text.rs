//! Methods of `str`, except splitting and stripping.

use super::{Answer, done, split};
use crate::jinja::args::Args;
use crate::jinja::call::Call;
use crate::jinja::error::Error;
use crate::jinja::format;
use crate::jinja::value::{
    Py, Value, View, as_int, check_length, collect, dict, int, replaced, size, type_name, view,
};

pub(super) const NAMES: &[&str] = &[
    "capitalize",
    "casefold",
    "center",
    "count",
    "encode",
    "endswith",
    "expandtabs",
    "find",
    "format",
    "format_map",
    "index",
    "isalnum",
    "isalpha",
    "isascii",
    "isdecimal",
    "isdigit",
    "isidentifier",
    "islower",
    "isnumeric",
    "isprintable",
    "isspace",
    "istitle",
    "isupper",
    "join",
    "ljust",
    "lower",
    "lstrip",
    "maketrans",
    "partition",
    "removeprefix",
    "removesuffix",
    "replace",
    "rfind",
    "rindex",
    "rjust",
    "rpartition",
    "rsplit",
    "rstrip",
    "split",
    "splitlines",
    "startswith",
    "strip",
    "swapcase",
    "title",
    "translate",
    "upper",
    "zfill",
];

pub(super) fn call(this: &str, name: &str, call: &mut Call<'_>) -> Answer {
    match name {
        "format" => {
            let args = std::mem::take(&mut call.args);
            return format::str_format(this, &args, call).map(|text| Some(Value::from(text)));
        }
        "format_map" => {
            let mapping = call.args.required("mapping")?;
            let named = crate::jinja::eval::pairs(&mapping).unwrap_or_default();
            let named = named.into_iter().filter_map(|(k, v)| Some((k.to_str()?, v))).collect();
            let args = Args::new(Vec::new(), named);
            return format::str_format(this, &args, call).map(|text| Some(Value::from(text)));
        }
        _ => {}
    }
    let args = &mut call.args;
    match name {
        "lower" => done(args, this.to_lowercase()),
        "upper" => done(args, this.to_uppercase()),
        "casefold" => done(args, this.to_lowercase().replace('ß', "ss")),
        "capitalize" => done(args, capitalize(this)),
        "title" => done(args, title(this)),
        "swapcase" => done(args, this.chars().flat_map(swap_case).collect::<String>()),
        "center" | "ljust" | "rjust" => justify(this, name, args),
        "zfill" => {
            let width = width(args)?;
            done(args, zfill(this, width))
        }
        "replace" => replace(this, args),
        "join" => join(this, args),
        "startswith" | "endswith" => affix(this, name == "startswith", args),
        "find" | "rfind" | "index" | "rindex" | "count" => search(this, name, args),
        "removeprefix" => {
            let prefix = args.required_str("prefix")?;
            done(args, this.strip_prefix(&*prefix).unwrap_or(this))
        }
        "removesuffix" => {
            let suffix = args.required_str("suffix")?;
            done(args, this.strip_suffix(&*suffix).unwrap_or(this))
        }
        "expandtabs" => {
            let size = args.optional_int("tabsize")?.unwrap_or(8);
            let size = format::checked_width(usize::try_from(size).unwrap_or(0))?;
            let expanded = expand_tabs(this, size)?;
            done(args, expanded)
        }
        "translate" => translate(this, &args.required("table")?).map(|text| Some(Value::from(text))),
        "maketrans" => make_table(args).map(Some),
        // Bytes are of no use to templates; the text stands for them, for example in `x.encode().hex()`.
        "encode" => Ok(Some(Value::from_bytes(this.as_bytes().to_vec()))),
        _ => match is(this, name) {
            Some(answer) => done(args, answer),
            None => split::call(this, name, args),
        },
    }
}

/// Answers the `is...` methods.
fn is(this: &str, name: &str) -> Option<bool> {
    let all = |test: fn(char) -> bool| !this.is_empty() && this.chars().all(test);
    let cased = || this.chars().any(|c| c.is_lowercase() || c.is_uppercase());
    Some(match name {
        "isalnum" => all(char::is_alphanumeric),
        "isalpha" => all(char::is_alphabetic),
        "isascii" => this.is_ascii(),
        "isdecimal" => {
            all(|c| c.is_ascii_digit() || (c.is_numeric() && c.to_digit(36).is_none() && is_decimal(c)))
        }
        "isdigit" => all(|c| c.is_ascii_digit() || is_decimal(c) || "⁰¹²³⁴⁵⁶⁷⁸⁹₀₁₂₃₄₅₆₇₈₉".contains(c)),
        "isnumeric" => all(char::is_numeric),
        "isspace" => all(char::is_whitespace),
        "islower" => cased() && !this.chars().any(char::is_uppercase),
        "isupper" => cased() && !this.chars().any(char::is_lowercase),
        "istitle" => cased() && title(this) == this,
        "isprintable" => !this.chars().any(char::is_control),
        "isidentifier" => {
            let name = crate::jinja::front::scan::identifier(this);
            name > 0 && name == this.len()
        }
        _ => return None,
    })
}

/// Decimal digits of other scripts come in runs of ten that start at a multiple of 16 or end in 6.
fn is_decimal(c: char) -> bool {
    matches!(c as u32, 0x660..=0x669 | 0x6f0..=0x6f9 | 0x966..=0x96f | 0x9e6..=0x9ef | 0xff10..=0xff19)
}

pub(crate) fn capitalize(text: &str) -> String {
    let mut chars = text.chars();
    match chars.next() {
        Some(first) => first.to_uppercase().chain(chars.flat_map(char::to_lowercase)).collect(),
        None => String::new(),
    }
}

/// `str.title`: a letter after anything that is no letter is upper case.
pub(crate) fn title(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut inside = false;
    for c in text.chars() {
        if inside {
            out.extend(c.to_lowercase());
        } else {
            out.extend(c.to_uppercase());
        }
        inside = c.is_lowercase() || c.is_uppercase();
    }
    out
}

fn swap_case(c: char) -> Vec<char> {
    if c.is_uppercase() { c.to_lowercase().collect() } else { c.to_uppercase().collect() }
}

fn width(args: &mut Args) -> Result<usize, Error> {
    let value = args.required("width")?;
    let width = as_int(&value).ok_or_else(|| Error::runtime("a width must be an integer"))?;
    format::checked_width(usize::try_from(width.max(0)).unwrap_or(usize::MAX))
}

fn justify(this: &str, name: &str, args: &mut Args) -> Answer {
    let width = width(args)?;
    let fill = args.optional_str("fillchar")?.and_then(|fill| fill.chars().next()).unwrap_or(' ');
    args.finish()?;
    let missing = width.saturating_sub(this.chars().count());
    let left = match name {
        "ljust" => 0,
        "rjust" => missing,
        _ => missing / 2 + (missing & width & 1),
    };
    let pad = |n: usize| std::iter::repeat_n(fill, n).collect::<String>();
    Ok(Some(Value::from(format!("{}{this}{}", pad(left), pad(missing - left)))))
}

fn zfill(this: &str, width: usize) -> String {
    let missing = width.saturating_sub(this.chars().count());
    let (sign, rest) = match this.strip_prefix(['+', '-']) {
        Some(rest) => (&this[..1], rest),
        None => ("", this),
    };
    format!("{sign}{}{rest}", "0".repeat(missing))
}

fn replace(this: &str, args: &mut Args) -> Answer {
    let old = args.required_str("old")?;
    let new = args.required_str("new")?;
    let count = args.optional_int("count")?.unwrap_or(-1);
    let made = replaced(this, &old, &new, usize::try_from(count).ok())?;
    done(args, made)
}

fn join(this: &str, args: &mut Args) -> Answer {
    let items = collect(&args.required("iterable")?)?;
    let mut out = String::new();
    for (i, item) in items.iter().enumerate() {
        if i > 0 {
            out.push_str(this);
        }
        match view(item) {
            View::Str(text) => {
                check_length(out.len() + text.len())?;
                out.push_str(text);
            }
            View::Py(Py::Undefined(undefined)) => return Err(undefined.error()),
            _ => {
                let name = type_name(item);
                return Err(Error::runtime(format!("join needs text, but item {i} is of type `{name}`")));
            }
        }
    }
    done(args, out)
}

/// Cuts out the part between two character positions that methods take as `start` and `end`; gives also
/// how many characters come before it.
fn window<'s>(this: &'s str, args: &mut Args) -> Result<Option<(&'s str, usize)>, Error> {
    let (start, end) = (args.optional_int("start")?, args.optional_int("end")?);
    args.finish()?;
    if start.is_none() && end.is_none() {
        return Ok(Some((this, 0)));
    }
    let len = this.chars().count();
    let place = |i: i64| {
        let from_end = usize::try_from(i.unsigned_abs()).unwrap_or(len);
        if i < 0 { len.saturating_sub(from_end) } else { from_end }
    };
    let (start, end) = (start.map_or(0, place), end.map_or(len, place).min(len));
    if start > end {
        return Ok(None);
    }
    let byte = |chars: usize| this.char_indices().nth(chars).map_or(this.len(), |(at, _)| at);
    Ok(Some((&this[byte(start)..byte(end)], start)))
}

fn affix(this: &str, at_start: bool, args: &mut Args) -> Answer {
    let wanted = args.required("prefix")?;
    let window = window(this, args)?.map(|(text, _)| text);
    let test = |part: &Value| match (view(part), window) {
        (View::Str(part), Some(text)) if at_start => Ok(text.starts_with(part)),
        (View::Str(part), Some(text)) => Ok(text.ends_with(part)),
        (View::Str(_), None) => Ok(false),
        _ => Err(Error::runtime(format!("needs text or a tuple of texts, got `{}`", type_name(part)))),
    };
    let View::Py(Py::Tuple(parts)) = view(&wanted) else { return test(&wanted).map(|b| Some(b.into())) };
    for part in parts {
        if test(part)? {
            return Ok(Some(Value::from(true)));
        }
    }
    Ok(Some(Value::from(false)))
}

fn search(this: &str, name: &str, args: &mut Args) -> Answer {
    let wanted = args.required_str("sub")?;
    let window = window(this, args)?;
    if name == "count" {
        let count = match window {
            Some((text, _)) if wanted.is_empty() => text.chars().count() + 1,
            Some((text, _)) => text.matches(&*wanted).count(),
            None => 0,
        };
        return Ok(Some(size(count)));
    }
    let found = window.and_then(|(text, before)| {
        let at = if name.starts_with('r') { text.rfind(&*wanted) } else { text.find(&*wanted) };
        at.map(|at| before + text[..at].chars().count())
    });
    match found {
        Some(at) => Ok(Some(size(at))),
        None if name.ends_with("find") => Ok(Some(int(-1))),
        None => Err(Error::runtime("substring not found")),
    }
}

fn expand_tabs(this: &str, size: usize) -> Result<String, Error> {
    let mut out = String::new();
    let mut column = 0;
    for c in this.chars() {
        match c {
            '\t' if size > 0 => {
                let spaces = size - column % size;
                check_length(out.len() + spaces)?;
                out.push_str(&" ".repeat(spaces));
                column += spaces;
            }
            '\t' => {}
            '\n' | '\r' => {
                out.push(c);
                column = 0;
            }
            _ => {
                out.push(c);
                column += 1;
            }
        }
    }
    Ok(out)
}

fn translate(this: &str, table: &Value) -> Result<String, Error> {
    let table =
        crate::jinja::value::Dict::of(table).ok_or_else(|| Error::runtime("a table must be a dict"))?;
    let mut out = String::new();
    for c in this.chars() {
        match table.get_value(&int(i128::from(c as u32)))? {
            None => out.push(c),
            Some(to) => match view(&to) {
                View::Str(text) => out.push_str(text),
                View::Int(code) => out.extend(u32::try_from(code).ok().and_then(char::from_u32)),
                _ => {}
            },
        }
    }
    Ok(out)
}

fn make_table(args: &mut Args) -> Result<Value, Error> {
    let first = args.required("x")?;
    let code = |c: char| int(i128::from(c as u32));
    let single = |key: &Value| match view(key) {
        View::Str(text) => text.chars().next().map_or_else(|| key.clone(), code),
        _ => key.clone(),
    };
    if let Some(pairs) = crate::jinja::eval::pairs(&first) {
        return Ok(dict(pairs.into_iter().map(|(k, v)| (single(&k), v))));
    }
    let from = first.to_str().ok_or_else(|| Error::runtime("a table is made of a dict or of texts"))?;
    let to = args.required_str("y")?;
    let gone = args.optional_str("z")?.unwrap_or_default();
    let pairs = from.chars().zip(to.chars()).map(|(a, b)| (code(a), code(b)));
    Ok(dict(pairs.chain(gone.chars().map(|c| (code(c), crate::jinja::value::none())))))
}
