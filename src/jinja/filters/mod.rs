//! Jinja2's filters, with dbt's own. The input is the first positional argument.

mod aggregate;
mod attribute;
mod html;
mod number;
mod pretty;
mod select;
mod sequence;
mod text;
mod wrap;

use super::call::Call;
use super::error::Error;
use super::ir::Builtin;
use super::marker::{Mark, mark};
use super::value::{List, Value, lazy_iterator};

pub(crate) use number::integer_literal;

const FILTERS: &[(&str, Builtin)] = &[
    ("abs", number::abs),
    ("as_bool", |call| as_marked(call, Mark::Bool)),
    ("as_native", |call| as_marked(call, Mark::Native)),
    ("as_number", |call| as_marked(call, Mark::Number)),
    ("as_text", |call| as_marked(call, Mark::Text)),
    ("attr", attribute::attr),
    ("batch", sequence::batch),
    ("capitalize", text::capitalize),
    ("center", text::center),
    ("count", sequence::length),
    ("d", attribute::default),
    ("default", attribute::default),
    ("dictsort", aggregate::dictsort),
    ("e", html::escape),
    ("escape", html::escape),
    ("filesizeformat", number::filesizeformat),
    ("first", sequence::first),
    ("float", number::float),
    ("forceescape", html::forceescape),
    ("format", text::format),
    ("groupby", aggregate::groupby),
    ("indent", text::indent),
    ("int", number::int_filter),
    ("is_list", is_list),
    ("items", sequence::items),
    ("join", sequence::join),
    ("last", sequence::last),
    ("length", sequence::length),
    ("list", sequence::to_list),
    ("lower", text::lower),
    ("map", select::map),
    ("max", aggregate::max),
    ("min", aggregate::min),
    ("pprint", pretty::pprint),
    ("random", sequence::random),
    ("reject", select::reject),
    ("rejectattr", select::rejectattr),
    ("replace", text::replace),
    ("reverse", sequence::reverse),
    ("round", number::round),
    ("safe", html::safe),
    ("select", select::select),
    ("selectattr", select::selectattr),
    ("slice", sequence::slice),
    ("sort", aggregate::sort),
    ("string", text::string),
    ("striptags", html::striptags),
    ("sum", aggregate::sum),
    ("title", text::title),
    ("tojson", html::tojson),
    ("trim", text::trim),
    ("truncate", wrap::truncate),
    ("unique", aggregate::unique),
    ("upper", text::upper),
    ("urlencode", html::urlencode),
    ("urlize", html::urlize),
    ("wordcount", text::wordcount),
    ("wordwrap", wrap::wordwrap),
    ("xmlattr", html::xmlattr),
];

/// Returns the filter of a name.
pub(crate) fn lookup(name: &str) -> Option<Builtin> {
    let at = FILTERS.binary_search_by(|(known, _)| known.cmp(&name)).ok()?;
    Some(FILTERS[at].1)
}

/// Returns the names of all filters.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    FILTERS.iter().map(|(name, _)| *name)
}

/// Takes the input of a filter.
fn input(call: &mut Call<'_>) -> Result<Value, Error> {
    call.args.required("value")
}

/// Makes a one-shot iterator of items, as Python's generators are.
pub(crate) fn generator(items: Vec<Value>) -> Value {
    let mut items = items.into_iter();
    lazy_iterator("generator", move || items.next().map(Ok))
}

fn as_marked(call: &mut Call<'_>, how: Mark) -> Result<Value, Error> {
    let value = input(call)?;
    call.args.finish()?;
    Ok(if call.state.native { mark(&value, how) } else { value })
}

fn is_list(call: &mut Call<'_>) -> Result<Value, Error> {
    let value = input(call)?;
    call.args.finish()?;
    Ok(Value::from(List::of(&value).is_some()))
}
