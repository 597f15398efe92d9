//! `map`, `select`, `reject` and their kin.

use super::attribute::Getter;
use super::{generator, input, lookup};
use crate::jinja::args::Args;
use crate::jinja::call::Call;
use crate::jinja::error::Error;
use crate::jinja::front::{no_filter, no_test};
use crate::jinja::ir::Builtin;
use crate::jinja::tests;
use crate::jinja::value::{Value, collect, py_str, truth};

/// Calls a filter or test with an input and further arguments.
fn apply(call: &mut Call<'_>, function: Builtin, item: &Value, rest: &Args) -> Result<Value, Error> {
    let mut args = rest.clone();
    args.positional.insert(0, item.clone());
    function(&mut Call { args, state: call.state, site: call.site, this: None })
}

fn rest(call: &mut Call<'_>) -> Args {
    let positional = call.args.rest();
    Args::new(positional, std::mem::take(&mut call.args.named))
}

/// Takes the items to go through; nothing false has any, whatever its type.
fn items(call: &mut Call<'_>) -> Result<Vec<Value>, Error> {
    let given = input(call)?;
    if truth(&given) { collect(&given) } else { Ok(Vec::new()) }
}

pub(super) fn map(call: &mut Call<'_>) -> Result<Value, Error> {
    let items = items(call)?;
    if let Some(attribute) = call.args.keyword("attribute") {
        let default = call.args.keyword("default");
        call.args.finish()?;
        let getter = Getter::new(Some(&attribute), default, false);
        let got = items.iter().map(|item| getter.get(call.state, item));
        return got.collect::<Result<Vec<_>, _>>().map(generator);
    }
    let name = py_str(&call.args.optional("filter").ok_or_else(|| Error::runtime("`map` needs a filter"))?);
    let function = lookup(&name).ok_or_else(|| Error::runtime(no_filter(&name)))?;
    let rest = rest(call);
    let mut out = Vec::with_capacity(items.len());
    for item in &items {
        out.push(apply(call, function, item, &rest)?);
    }
    Ok(generator(out))
}

/// Keeps the items for which a test gives `wanted`; with `by_attribute` the test is on an attribute.
fn pick(call: &mut Call<'_>, wanted: bool, by_attribute: bool) -> Result<Value, Error> {
    let items = items(call)?;
    let getter = if by_attribute {
        let attribute = call.args.optional("attribute");
        let attribute = attribute.ok_or_else(|| Error::runtime("the name of an attribute is missing"))?;
        Getter::new(Some(&attribute), None, false)
    } else {
        Getter::new(None, None, false)
    };
    let test = match call.args.optional("test").map(|name| py_str(&name)) {
        Some(name) => Some(tests::lookup(&name).ok_or_else(|| Error::runtime(no_test(&name)))?),
        None => None,
    };
    let rest = rest(call);
    let mut out = Vec::new();
    for item in items {
        let value = getter.get(call.state, &item)?;
        let passed = match test {
            Some(test) => truth(&apply(call, test, &value, &rest)?),
            None => truth(&value),
        };
        if passed == wanted {
            out.push(item);
        }
    }
    Ok(generator(out))
}

pub(super) fn select(call: &mut Call<'_>) -> Result<Value, Error> {
    pick(call, true, false)
}

pub(super) fn reject(call: &mut Call<'_>) -> Result<Value, Error> {
    pick(call, false, false)
}

pub(super) fn selectattr(call: &mut Call<'_>) -> Result<Value, Error> {
    pick(call, true, true)
}

pub(super) fn rejectattr(call: &mut Call<'_>) -> Result<Value, Error> {
    pick(call, false, true)
}
