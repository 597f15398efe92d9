//! `--select` and `--exclude` text → [`Spec`] (`selection.md` section 1).
//!
//! A criterion is `[@][N+][method[.argument]:]value[+N]`. Spaces unite, commas intersect. Pure; errors point into
//! the text. Called by `cli` and by `selectors_yml`.

use super::spec::{Criterion, Depth, Indirect, Method, Parts, Spec, Written};
use crate::diag::{Code, Diagnostic, FileId, Span, suggest};
use crate::manifest::Json;

/// Where a text stands, for messages.
#[derive(Clone, Copy, Debug)]
pub enum Origin {
    /// It is the whole text of a source: positions in the text are positions there.
    File(FileId),
    /// It stands somewhere, but not byte by byte.
    Place(Option<Span>),
}

impl Origin {
    fn span(self, start: usize, end: usize) -> Option<Span> {
        match self {
            Self::File(file) => Some(Span::new(file, start, end)),
            Self::Place(span) => span,
        }
    }
}

/// Texts of `--select` and `--exclude`: all values of a flag, joined by spaces. `None` if the flag was not given.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// The text of `--select`.
    pub select: Option<(&'a str, Origin)>,
    /// The text of `--exclude`.
    pub exclude: Option<(&'a str, Origin)>,
}

/// Reads what was asked for on the command line. Errors list every criterion that does not hold together.
pub fn parse(asked: &Asked<'_>, indirect: Indirect) -> Result<Spec, Vec<Diagnostic>> {
    let mut errors = Vec::new();
    let mut read = |text: Option<(&str, Origin)>| {
        let (text, origin) = text?;
        union(text, origin, indirect).map_err(|found| errors.extend(found)).ok()
    };
    let (select, exclude) = (read(asked.select), read(asked.exclude));
    if !errors.is_empty() {
        return Err(errors);
    }
    let included = select.unwrap_or(Spec::Everything);
    Ok(match exclude {
        None => included,
        Some(excluded) => Spec::Difference(Parts { parts: vec![included, excluded], ..Parts::default() }),
    })
}

/// Reads one text as a union of intersections.
fn union(text: &str, origin: Origin, indirect: Indirect) -> Result<Spec, Vec<Diagnostic>> {
    let (mut parts, mut errors) = (Vec::new(), Vec::new());
    for (start, word) in pieces(text, ' ').filter(|(_, word)| !word.is_empty()) {
        let mut both = Vec::new();
        for (offset, part) in pieces(word, ',') {
            let start = start + offset;
            match criterion(part, origin.span(start, start + part.len()), indirect) {
                Ok(criterion) => both.push(Spec::Criterion(Box::new(criterion))),
                Err(error) => errors.push(*error),
            }
        }
        let written = Written { text: word.to_owned(), span: origin.span(start, start + word.len()) };
        parts.push(Spec::Intersection(Parts { parts: both, indirect, written: Some(written) }));
    }
    if errors.is_empty() { Ok(Spec::Union(Parts { parts, indirect, written: None })) } else { Err(errors) }
}

/// Splits a text, with the byte at which each piece starts.
fn pieces(text: &str, at: char) -> impl Iterator<Item = (usize, &str)> {
    text.split(at).scan(0, move |next, piece| {
        let start = *next;
        *next += piece.len() + at.len_utf8();
        Some((start, piece))
    })
}

/// Reads one criterion. `span` is the place of all of it.
pub(super) fn criterion(
    text: &str,
    span: Option<Span>,
    indirect: Indirect,
) -> Result<Criterion, Box<Diagnostic>> {
    let (childrens_parents, rest) = text.strip_prefix('@').map_or((false, text), |rest| (true, rest));
    let (parents, rest) = leading_plus(rest);
    let (method, rest) = leading_method(rest);
    let (value, children) = trailing_plus(rest);
    if childrens_parents && children.is_some() {
        return Err(incompatible(text, span));
    }
    let (method, arguments) = match method {
        Some(written) => method_name(written, span)?,
        None => (default_method(value), Vec::new()),
    };
    let value = Json::from(value);
    Ok(Criterion { method, arguments, value, childrens_parents, parents, children, indirect, span })
}

/// Reads `method.argument.argument`.
pub(super) fn method_name(
    written: &str,
    span: Option<Span>,
) -> Result<(Method, Vec<String>), Box<Diagnostic>> {
    let mut parts = written.split('.').map(str::to_owned);
    let name = parts.next().unwrap_or_default();
    let Some(method) = Method::parse(&name) else {
        let known = || Method::ALL.iter().map(|method| method.as_str());
        let list = || format!("the methods are {}", known().collect::<Vec<_>>().join(", "));
        let message = format!("`{name}` is not a valid method name");
        let help = suggest(&name, known()).unwrap_or_else(list);
        return Err(Box::new(Diagnostic::error(Code::SELECTOR, span, message).help(help)));
    };
    Ok((method, parts.collect()))
}

/// Makes the error for `@x+`.
pub(super) fn incompatible(text: &str, span: Option<Span>) -> Box<Diagnostic> {
    let message = format!("`{text}` has both `@` in front and `+` behind");
    let error = Diagnostic::error(Code::SELECTOR, span, message)
        .help("`@` takes all descendants along already; leave out one of them");
    Box::new(error)
}

/// A path has a `/`, a file a known extension; the rest is a name.
pub(super) fn default_method(value: &str) -> Method {
    let lower = value.to_lowercase();
    if value.contains(std::path::is_separator) {
        Method::Path
    } else if [".sql", ".py", ".csv"].iter().any(|extension| lower.ends_with(extension)) {
        Method::File
    } else {
        Method::Fqn
    }
}

/// Reads digits; none means all the way, and a number too large to be a distance means that too.
fn depth(digits: &str) -> Depth {
    digits.parse().ok()
}

/// Cuts `2+` or `+` off the front.
fn leading_plus(text: &str) -> (Option<Depth>, &str) {
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    match text[digits..].strip_prefix('+') {
        Some(rest) => (Some(depth(&text[..digits])), rest),
        None => (None, text),
    }
}

/// Cuts `+2` or `+` off the end.
fn trailing_plus(text: &str) -> (&str, Option<Depth>) {
    let value = text.trim_end_matches(|c: char| c.is_ascii_digit());
    match value.strip_suffix('+') {
        Some(value) => (value, Some(depth(&text[value.len() + 1..]))),
        None => (text, None),
    }
}

/// Cuts `method:` off the front.
fn leading_method(text: &str) -> (Option<&str>, &str) {
    match text.split_once(':') {
        Some((method, rest))
            if !method.is_empty() && method.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '.') =>
        {
            (Some(method), rest)
        }
        _ => (None, text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::Sources;

    /// Writes a criterion as `@ parents method(arguments)=value children`.
    fn shown(criterion: &Criterion) -> String {
        let depth = |depth: Option<Depth>| match depth {
            None => String::new(),
            Some(None) => "+".to_owned(),
            Some(Some(n)) => format!("{n}+"),
        };
        let at = if criterion.childrens_parents { "@" } else { "" };
        let arguments = criterion.arguments.join(".");
        let (up, down) = (depth(criterion.parents), depth(criterion.children));
        format!("{at}{up} {}({arguments})={} {down}", criterion.method.as_str(), criterion.text())
    }

    #[test]
    fn criteria() {
        let check = |text: &str, want: &str| {
            assert_eq!(shown(&criterion(text, None, Indirect::Eager).unwrap()).trim(), want, "{text}");
        };
        check("orders", "fqn()=orders");
        check("+orders", "+ fqn()=orders");
        check("2+orders+10", "2+ fqn()=orders 10+");
        check("@orders", "@ fqn()=orders");
        check("@1+orders", "@1+ fqn()=orders");
        check("config.materialized:view+", "config(materialized)=view +");
        check("config.meta.owner:a:b", "config(meta.owner)=a:b");
        check("models/a+b/c", "path()=models/a+b/c");
        check("a+b+1", "fqn()=a+b 1+");
        check("a+1+2", "fqn()=a+1 2+");
        check("1+", "1+ fqn()=");
        check("3rd", "fqn()=3rd");
        check("x.SQL", "file()=x.SQL");
        check("seed.csv+", "file()=seed.csv +");
        check("file:x.sql", "file()=x.sql");
        check("", "fqn()=");
    }

    #[test]
    fn errors_point_at_the_criterion() {
        let sources = Sources::new();
        let text = "orders tga:x,@a+ fqn:b";
        let file = sources.add("--select", text);
        let asked = Asked { select: Some((text, Origin::File(file))), exclude: None };
        let errors = parse(&asked, Indirect::Eager).unwrap_err();
        let shown: Vec<(String, String)> =
            errors.iter().map(|e| (e.message.clone(), sources.excerpt(e.span.unwrap()))).collect();
        assert_eq!(
            shown,
            [
                ("`tga` is not a valid method name".to_owned(), "tga:x".to_owned()),
                ("`@a+` has both `@` in front and `+` behind".to_owned(), "@a+".to_owned()),
            ]
        );
        assert_eq!(errors[0].help[0], "did you mean `tag`?");
    }

    #[test]
    fn spaces_unite_and_commas_intersect() {
        let select = Some(("a,b  c", Origin::Place(None)));
        let Spec::Union(all) = parse(&Asked { select, exclude: None }, Indirect::Cautious).unwrap() else {
            panic!("not a union")
        };
        let words: Vec<(usize, String)> = all
            .parts
            .iter()
            .map(|part| match part {
                Spec::Intersection(both) => (both.parts.len(), both.written.clone().unwrap().text),
                other => panic!("not an intersection: {other:?}"),
            })
            .collect();
        assert_eq!(words, [(2, "a,b".to_owned()), (1, "c".to_owned())]);
        let nothing = Asked { select: None, exclude: None };
        assert_eq!(parse(&nothing, Indirect::Eager).unwrap(), Spec::Everything);
    }
}
