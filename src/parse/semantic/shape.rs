//! A mapping + the fields it may have → a JSON object with all of them: checked, completed, in order. Everything wrong
//! is reported at its place. Called by `read`.

use crate::diag::{Code, Diagnostic, Span, suggest};
use crate::manifest::{Json, JsonMap};
use crate::yaml::{Map, Yaml};

use super::fields::GRAINS;
use crate::parse::python;

/// One key of a mapping.
pub(super) struct Field {
    pub(super) key: &'static str,
    pub(super) kind: Kind,
    pub(super) required: bool,
}

/// What a key holds. Where nothing but null stands for a value that is not given, null can be given too.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    Text,
    /// Text or a boolean, as text; a whole number too where there is a column to select by it.
    Spelled {
        whole: bool,
    },
    /// False unless given.
    Flag,
    Whole,
    Number,
    /// One of some words in any case, with the word taken when none is given.
    Word(&'static [&'static str], Option<&'static str>),
    /// Texts; none unless given.
    Texts,
    /// Conditions: a text or several.
    Filter,
    /// A time span: `28 days`.
    Window,
    Object(&'static [Field]),
    Objects(&'static [Field]),
    /// As `Objects`, but null unless given.
    SomeObjects(&'static [Field]),
    /// A text or texts; none unless given.
    Tags,
    /// An object, or only its name.
    Named(&'static [Field]),
    NamedList(&'static [Field]),
    /// `config`, of which only `meta` counts.
    Config,
    /// Any mapping; empty unless given.
    Mapping,
    /// Shown as null, and nobody may give it.
    Hidden,
}

/// Makes a required field.
pub(super) const fn must(key: &'static str, kind: Kind) -> Field {
    Field { key, kind, required: true }
}

/// Makes a field that may be left out.
pub(super) const fn may(key: &'static str, kind: Kind) -> Field {
    Field { key, kind, required: false }
}

/// Brings a mapping into shape. `what` names it in messages: the kind, and the name in backticks.
pub(super) fn object(
    given: &Map,
    span: Span,
    fields: &[Field],
    what: &str,
    problems: &mut Vec<Diagnostic>,
) -> JsonMap {
    let known = || fields.iter().filter(|field| !matches!(field.kind, Kind::Hidden)).map(|field| field.key);
    for entry in given.iter().filter(|entry| known().all(|key| *key != *entry.key)) {
        let message = format!("{what} has no property `{}`", entry.key);
        let list = known().collect::<Vec<_>>().join(", ");
        problems.push(
            Diagnostic::error(Code::INVALID_RESOURCE, entry.key_span, message)
                .help(suggest(&entry.key, known()).unwrap_or_else(|| format!("known: {list}"))),
        );
    }
    let mut shaped = JsonMap::new();
    for field in fields {
        let value = given.get(field.key).filter(|value| !value.is_null() || has_default(field.kind));
        if value.is_none() && field.required {
            let message = format!("{what} needs `{}`", field.key);
            problems.push(Diagnostic::error(Code::MISSING_KEY, span, message));
        }
        let read = value.map_or_else(
            || Ok(absent(field.kind)),
            |value| present(field.key, field.kind, value, what, problems),
        );
        shaped.insert(
            field.key.to_owned(),
            read.unwrap_or_else(|problem| {
                problems.push(*problem);
                absent(field.kind)
            }),
        );
    }
    shaped
}

/// Tells whether something other than null stands for a key that is not given; a list of names is the exception.
fn has_default(kind: Kind) -> bool {
    !absent(kind).is_null() && !matches!(kind, Kind::NamedList(_))
}

/// What stands for a key that is not given.
fn absent(kind: Kind) -> Json {
    match kind {
        Kind::Flag => Json::Bool(false),
        Kind::Word(_, Some(word)) => Json::from(word),
        Kind::Texts | Kind::Tags | Kind::Objects(_) | Kind::NamedList(_) => Json::Array(Vec::new()),
        Kind::Config => serde_json::json!({"meta": {}}),
        Kind::Mapping => Json::Object(JsonMap::new()),
        _ => Json::Null,
    }
}

fn present(
    key: &str,
    kind: Kind,
    value: &Yaml,
    what: &str,
    problems: &mut Vec<Diagnostic>,
) -> Result<Json, Box<Diagnostic>> {
    Ok(match kind {
        Kind::Text => Json::from(value.expect_str(key)?),
        Kind::Spelled { whole } => match value.to_json() {
            Json::Number(number) if !whole || number.is_f64() => return Err(value.unexpected(key, "text")),
            Json::Array(_) | Json::Object(_) => return Err(value.unexpected(key, "text")),
            _ => Json::from(python::str_of(value)),
        },
        Kind::Flag => Json::from(value.expect_bool(key)?),
        Kind::Whole => Json::from(value.expect_int(key)?),
        Kind::Number => {
            value.to_json().as_f64().map(Json::from).ok_or_else(|| value.unexpected(key, "a number"))?
        }
        Kind::Word(words, _) => word(key, words, value)?,
        Kind::Texts => Json::from(value.expect_strs(key)?),
        Kind::Filter => filter(key, value)?,
        Kind::Window => window(key, value)?,
        Kind::Object(fields) => {
            let what = format!("`{key}` of {what}");
            Json::Object(object(value.expect_map(key)?, value.span, fields, &what, problems))
        }
        Kind::Tags => Json::from(value.expect_str_or_strs(key)?),
        Kind::Objects(fields) | Kind::SomeObjects(fields) => list(key, fields, value, what, problems)?,
        Kind::Named(fields) => named(key, fields, value, what, problems)?,
        Kind::NamedList(fields) => {
            let items = value.expect_seq(key)?.iter();
            Json::Array(items.map(|item| named(key, fields, item, what, problems)).collect::<Result<_, _>>()?)
        }
        Kind::Config => {
            let meta = value.expect_map(key)?.get("meta");
            let meta =
                meta.map(|meta| meta.expect_map("meta")).transpose()?.map_or_else(JsonMap::new, Map::to_json);
            serde_json::json!({ "meta": meta })
        }
        Kind::Mapping => Json::Object(value.expect_map(key)?.to_json()),
        Kind::Hidden => Json::Null,
    })
}

fn list(
    key: &str,
    fields: &[Field],
    value: &Yaml,
    what: &str,
    problems: &mut Vec<Diagnostic>,
) -> Result<Json, Box<Diagnostic>> {
    let mut items = Vec::new();
    for item in value.expect_seq(key)? {
        let map = item.as_map().ok_or_else(|| item.unexpected_item(key, "a mapping with a `name`"))?;
        let name = map.get("name").and_then(Yaml::as_str).unwrap_or_default();
        let what = format!("`{name}` in `{key}` of {what}");
        items.push(Json::Object(object(map, item.span, fields, &what, problems)));
    }
    Ok(Json::Array(items))
}

fn named(
    key: &str,
    fields: &[Field],
    value: &Yaml,
    what: &str,
    problems: &mut Vec<Diagnostic>,
) -> Result<Json, Box<Diagnostic>> {
    let what = format!("`{key}` of {what}");
    if value.as_map().is_none() {
        let name = value.as_str().ok_or_else(|| value.unexpected(key, "a name or a mapping"))?;
        let mut shaped: JsonMap =
            fields.iter().map(|field| (field.key.to_owned(), absent(field.kind))).collect();
        shaped.insert("name".to_owned(), Json::from(name));
        return Ok(Json::Object(shaped));
    }
    Ok(Json::Object(object(value.expect_map(key)?, value.span, fields, &what, problems)))
}

/// Reads one of some words, in any case.
pub(super) fn word(key: &str, words: &[&str], value: &Yaml) -> Result<Json, Box<Diagnostic>> {
    let text = value.expect_str(key)?;
    words.iter().find(|word| word.eq_ignore_ascii_case(text)).map(|word| Json::from(*word)).ok_or_else(|| {
        let message = format!("`{text}` is no value for `{key}`");
        let list = format!("known: {}", words.join(", "));
        Box::new(
            Diagnostic::error(Code::INVALID_RESOURCE, value.span, message)
                .help(suggest(text, words.iter().copied()).unwrap_or(list)),
        )
    })
}

fn filter(key: &str, value: &Yaml) -> Result<Json, Box<Diagnostic>> {
    let texts = value.expect_str_or_strs(key)?.into_iter();
    let filters: Vec<Json> = texts.map(|text| serde_json::json!({ "where_sql_template": text })).collect();
    Ok(serde_json::json!({ "where_filters": filters }))
}

/// Reads `28 days` as a count and a grain; the `s` goes where what is left is a grain of the calendar.
fn window(key: &str, value: &Yaml) -> Result<Json, Box<Diagnostic>> {
    let text = value.expect_str(key)?.to_lowercase();
    let wrong = || {
        let message = format!("`{text}` is no time span for `{key}`");
        Box::new(
            Diagnostic::error(Code::INVALID_RESOURCE, value.span, message)
                .help("write a count and a grain: `28 days`"),
        )
    };
    let (count, grain) = text.split_once(' ').filter(|(_, grain)| !grain.contains(' ')).ok_or_else(wrong)?;
    let count = count.parse::<u32>().map_err(|_| wrong())?;
    let grain = grain.strip_suffix('s').filter(|grain| GRAINS.contains(grain)).unwrap_or(grain);
    Ok(serde_json::json!({"count": count, "granularity": grain}))
}
