//! Methods of `list` and `tuple`.

use super::{Answer, done};
use crate::jinja::args::Args;
use crate::jinja::call::Call;
use crate::jinja::error::Error;
use crate::jinja::value::{
    List, Value, as_int, check_count, collect, list, none, py_eq, py_repr, size, total_order, truth,
};

pub(super) const NAMES: &[&str] =
    &["append", "clear", "copy", "count", "extend", "index", "insert", "pop", "remove", "reverse", "sort"];

pub(super) fn call(this: &List, name: &str, call: &mut Call<'_>) -> Answer {
    let args = &mut call.args;
    match name {
        "append" => {
            let item = args.required("object")?;
            args.finish()?;
            this.push(item);
        }
        "extend" => {
            let items = collect(&args.required("iterable")?)?;
            args.finish()?;
            this.edit(|list| {
                check_count(list.len() + items.len())?;
                list.extend(items);
                Ok::<(), Error>(())
            })?;
        }
        "insert" => {
            let at = integer(&args.required("index")?)?;
            let item = args.required("object")?;
            args.finish()?;
            this.edit(|list| {
                let at = clamp(at, list.len());
                list.insert(at, item);
            });
        }
        "pop" => return pop(this, args).map(Some),
        "remove" => {
            let item = args.required("value")?;
            args.finish()?;
            let at = position(&this.snapshot(), &item)
                .ok_or_else(|| Error::runtime("list.remove(x): x not in list"))?;
            this.edit(|list| {
                if at < list.len() {
                    list.remove(at);
                }
            });
        }
        "clear" => {
            args.finish()?;
            this.edit(Vec::clear);
        }
        "reverse" => {
            args.finish()?;
            this.edit(|list| list.reverse());
        }
        "copy" => return done(args, list(this.snapshot())),
        "sort" => {
            sort(this, call)?;
        }
        _ => return call_tuple(&this.snapshot(), name, args),
    }
    Ok(Some(none()))
}

pub(super) fn call_tuple(items: &[Value], name: &str, args: &mut Args) -> Answer {
    match name {
        "count" => {
            let item = args.required("value")?;
            done(args, size(items.iter().filter(|other| py_eq(other, &item)).count()))
        }
        "index" => {
            let item = args.required("value")?;
            let bound = |value: Option<Value>, default: usize| match value {
                Some(value) => integer(&value).map(|i| clamp(i, items.len())),
                None => Ok(default),
            };
            let start = bound(args.optional("start"), 0)?;
            let stop = bound(args.optional("stop"), items.len())?;
            args.finish()?;
            let window = items.get(start..stop).unwrap_or_default();
            let at = position(window, &item)
                .ok_or_else(|| Error::runtime(format!("{} is not in the list", py_repr(&item))))?;
            Ok(Some(size(start + at)))
        }
        _ => Ok(None),
    }
}

fn pop(this: &List, args: &mut Args) -> Result<Value, Error> {
    let at = args.optional("index").map_or(Ok(-1), |value| integer(&value))?;
    args.finish()?;
    this.edit(|list| {
        if list.is_empty() {
            return Err(Error::runtime("pop from empty list"));
        }
        let index = if at < 0 { at + list.len() as i128 } else { at };
        match usize::try_from(index) {
            Ok(index) if index < list.len() => Ok(list.remove(index)),
            _ => Err(Error::runtime("pop index out of range")),
        }
    })
}

fn sort(this: &List, call: &mut Call<'_>) -> Result<(), Error> {
    let key = call.args.keyword("key").filter(|key| !key.is_none());
    let reverse = call.args.keyword("reverse").is_some_and(|value| truth(&value));
    call.args.finish()?;
    let mut keyed = Vec::with_capacity(this.len());
    for item in this.snapshot() {
        let by = match &key {
            Some(key) => call.call(key, [item.clone()])?,
            None => item.clone(),
        };
        keyed.push((by, item));
    }
    total_order(&mut keyed, reverse)?;
    this.edit(|list| *list = keyed.into_iter().map(|(_, item)| item).collect());
    Ok(())
}

fn position(items: &[Value], item: &Value) -> Option<usize> {
    items.iter().position(|other| py_eq(other, item))
}

fn integer(value: &Value) -> Result<i128, Error> {
    as_int(value).ok_or_else(|| Error::runtime("an index must be an integer"))
}

/// Turns an index that may be negative or too large into a place between elements.
fn clamp(index: i128, len: usize) -> usize {
    let index = if index < 0 { index + len as i128 } else { index };
    usize::try_from(index.max(0)).unwrap_or(len).min(len)
}
