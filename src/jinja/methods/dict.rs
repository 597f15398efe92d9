//! Methods of `dict`.

use super::{Answer, done};
use crate::jinja::args::Args;
use crate::jinja::error::Error;
use crate::jinja::eval::pairs;
use crate::jinja::value::{Dict, DictView, Key, Py, Value, ViewKind, collect, dict, none, py_repr, tuple};

pub(super) const NAMES: &[&str] = &[
    "clear",
    "copy",
    "fromkeys",
    "get",
    "items",
    "keys",
    "pop",
    "popitem",
    "setdefault",
    "update",
    "values",
];

pub(super) fn call(receiver: &Value, this: &Dict, name: &str, args: &mut Args) -> Answer {
    match name {
        "items" => done(args, live(receiver, ViewKind::Items)),
        "keys" => done(args, live(receiver, ViewKind::Keys)),
        "values" => done(args, live(receiver, ViewKind::Values)),
        "get" => {
            let key = args.required("key")?;
            let default = args.optional("default").unwrap_or_else(none);
            args.finish()?;
            Ok(Some(this.get_value(&key)?.unwrap_or(default)))
        }
        "setdefault" => {
            let key = args.required("key")?;
            let default = args.optional("default").unwrap_or_else(none);
            args.finish()?;
            if let Some(value) = this.get_value(&key)? {
                return Ok(Some(value));
            }
            this.insert(key, default.clone())?;
            Ok(Some(default))
        }
        "pop" => {
            let key = args.required("key")?;
            let default = args.optional("default");
            args.finish()?;
            let hashed = Key::new(key.clone())?;
            let removed = this.edit(|map| map.shift_remove(&hashed));
            match removed.or(default) {
                Some(value) => Ok(Some(value)),
                None => Err(Error::runtime(format!("the dict has no key {}", py_repr(&key)))),
            }
        }
        "popitem" => {
            args.finish()?;
            let last = this.edit(crate::hash::IndexMap::pop);
            let (key, value) = last.ok_or_else(|| Error::runtime("popitem(): dictionary is empty"))?;
            Ok(Some(tuple([key.into_value(), value])))
        }
        "update" => {
            update(this, args)?;
            Ok(Some(none()))
        }
        "copy" => done(args, dict(this.snapshot())),
        "clear" => {
            this.edit(crate::hash::IndexMap::clear);
            done(args, none())
        }
        "fromkeys" => from_keys(args).map(Some),
        _ => Ok(None),
    }
}

fn live(receiver: &Value, kind: ViewKind) -> Value {
    Value::from_object(Py::DictView(DictView { dict: receiver.clone(), kind }))
}

fn update(this: &Dict, args: &mut Args) -> Result<(), Error> {
    for other in args.rest() {
        for (key, value) in entries(&other)? {
            this.insert(key, value)?;
        }
    }
    for (name, value) in std::mem::take(&mut args.named) {
        this.insert(Value::from(name), value)?;
    }
    Ok(())
}

/// Returns the pairs of a mapping or of an iterable of pairs.
pub(crate) fn entries(value: &Value) -> Result<Vec<(Value, Value)>, Error> {
    if let Some(pairs) = pairs(value) {
        return Ok(pairs);
    }
    if let Some(undefined) = crate::jinja::value::as_undefined(value) {
        return Err(undefined.error());
    }
    collect(value)?
        .iter()
        .map(|pair| match collect(pair)?.as_slice() {
            [key, value] => Ok((key.clone(), value.clone())),
            other => Err(Error::runtime(format!("a dict needs pairs, got a sequence of {}", other.len()))),
        })
        .collect()
}

/// `dict.fromkeys(keys, value=None)`.
pub(crate) fn from_keys(args: &mut Args) -> Result<Value, Error> {
    let keys = collect(&args.required("iterable")?)?;
    let value = args.optional("value").unwrap_or_else(none);
    args.finish()?;
    let made = dict::<Value, Value>([]);
    if let Some(made) = Dict::of(&made) {
        for key in keys {
            made.insert(key, value.clone())?;
        }
    }
    Ok(made)
}
