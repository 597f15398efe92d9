//! Methods of `set`.

use super::{Answer, done};
use crate::jinja::args::Args;
use crate::jinja::error::Error;
use crate::jinja::value::{Key, Set, Value, collect, none, py_repr, set};

pub(super) const NAMES: &[&str] = &[
    "add",
    "clear",
    "copy",
    "difference",
    "difference_update",
    "discard",
    "intersection",
    "intersection_update",
    "isdisjoint",
    "issubset",
    "issuperset",
    "pop",
    "remove",
    "symmetric_difference",
    "union",
    "update",
];

pub(super) fn call(this: &Set, name: &str, args: &mut Args) -> Answer {
    match name {
        "add" => {
            let key = Key::new(args.required("element")?)?;
            this.edit(|keys| keys.insert(key));
            done(args, none())
        }
        "discard" | "remove" => {
            let element = args.required("element")?;
            let key = Key::new(element.clone())?;
            let removed = this.edit(|keys| keys.shift_remove(&key));
            if !removed && name == "remove" {
                return Err(Error::runtime(format!("the set has no element {}", py_repr(&element))));
            }
            done(args, none())
        }
        "pop" => {
            args.finish()?;
            let first = this.edit(|keys| keys.shift_remove_index(0));
            first.map(|key| Some(key.into_value())).ok_or_else(|| Error::runtime("pop from an empty set"))
        }
        "clear" => {
            this.edit(crate::hash::IndexSet::clear);
            done(args, none())
        }
        "copy" => done(args, set(this.snapshot())?),
        _ => combine(this, name, args),
    }
}

fn combine(this: &Set, name: &str, args: &mut Args) -> Answer {
    if !NAMES.contains(&name) {
        return Ok(None);
    }
    let mut others = Vec::new();
    for other in args.rest() {
        others.push(collect(&other)?);
    }
    let mine = this.snapshot();
    let all = || others.iter().flatten().cloned();
    let result = match name {
        "union" | "update" => set(mine.iter().cloned().chain(all()))?,
        "symmetric_difference" => {
            let theirs = set(all())?;
            let only_mine = mine.iter().filter(|item| !has(&theirs, item)).cloned();
            let here = set(mine.iter().cloned())?;
            set(only_mine.chain(all().filter(|item| !has(&here, item))))?
        }
        "difference" | "difference_update" => {
            let gone = set(all())?;
            set(mine.into_iter().filter(|item| !has(&gone, item)))?
        }
        "intersection" | "intersection_update" => {
            let sets = others.into_iter().map(set).collect::<Result<Vec<_>, _>>()?;
            set(mine.into_iter().filter(|item| sets.iter().all(|other| has(other, item))))?
        }
        "issubset" => {
            let other = set(all())?;
            return Ok(Some(Value::from(mine.iter().all(|item| has(&other, item)))));
        }
        "issuperset" | "isdisjoint" => {
            let here = set(mine)?;
            let wanted = name == "issuperset";
            return Ok(Some(Value::from(all().all(|item| has(&here, &item) == wanted))));
        }
        _ => return Ok(None),
    };
    if !name.ends_with("update") {
        return Ok(Some(result));
    }
    let keys = Set::of(&result).map(Set::snapshot).unwrap_or_default();
    let keys = keys.into_iter().map(Key::new).collect::<Result<_, _>>()?;
    this.edit(|mine| *mine = keys);
    Ok(Some(none()))
}

fn has(container: &Value, item: &Value) -> bool {
    crate::jinja::value::contains(container, item).unwrap_or(false)
}
