//! `modules.itertools`, with the functions dbt exports.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use crate::jinja::call::{Call, function};
use crate::jinja::error::Error;
use crate::jinja::value::{
    BinaryOp, Cursor, Value, as_int, binary, collect, dict, int, iterate, lazy_iterator, none, truth, tuple,
};

/// The most elements that the combining functions make at once: they are made ahead of their use.
const MOST: usize = 1 << 20;

/// `modules.itertools`.
pub(super) fn module() -> Value {
    dict([
        ("accumulate", function("accumulate", accumulate)),
        (
            "chain",
            super::class::Class {
                name: "itertools.chain",
                make: Some(|call| chain(&call.args.rest())),
                methods: &[("from_iterable", |call| {
                    let parts = collect(&call.args.required("iterable")?)?;
                    call.args.finish()?;
                    chain(&parts)
                })],
                constants: super::class::no_constants,
            }
            .value(),
        ),
        ("combinations", function("combinations", |call| choose(call, "combinations"))),
        (
            "combinations_with_replacement",
            function("combinations_with_replacement", |call| choose(call, "combinations_with_replacement")),
        ),
        ("compress", function("compress", compress)),
        ("count", function("count", count)),
        ("cycle", function("cycle", cycle)),
        ("islice", function("islice", islice)),
        ("permutations", function("permutations", |call| choose(call, "permutations"))),
        ("product", function("product", product)),
        ("repeat", function("repeat", repeat)),
        ("starmap", function("starmap", starmap)),
        ("tee", function("tee", tee)),
        ("zip_longest", function("zip_longest", zip_longest)),
    ])
}

fn made(type_name: &'static str, items: Vec<Value>) -> Value {
    let mut items = items.into_iter();
    lazy_iterator(type_name, move || items.next().map(Ok))
}

fn accumulate(call: &mut Call<'_>) -> Result<Value, Error> {
    let items = collect(&call.args.required("iterable")?)?;
    let with = call.args.optional("func").filter(|f| !f.is_none());
    let mut total = call.args.keyword("initial").filter(|value| !value.is_none());
    call.args.finish()?;
    let mut out: Vec<Value> = total.iter().cloned().collect();
    for item in items {
        let next = match (&total, &with) {
            (None, _) => item,
            (Some(total), None) => binary(BinaryOp::Add, total, &item)?,
            (Some(total), Some(with)) => call.call(with, [total.clone(), item])?,
        };
        out.push(next.clone());
        total = Some(next);
    }
    Ok(made("itertools.accumulate", out))
}

fn chain(parts: &[Value]) -> Result<Value, Error> {
    let mut parts: VecDeque<Cursor> = parts.iter().map(iterate).collect::<Result<_, _>>()?;
    Ok(lazy_iterator("itertools.chain", move || {
        while let Some(part) = parts.front_mut() {
            if let Some(item) = part.next() {
                return Some(item);
            }
            parts.pop_front();
        }
        None
    }))
}

fn too_many() -> Error {
    Error::runtime(format!("more than {MOST} elements"))
}

fn choose(call: &mut Call<'_>, how: &'static str) -> Result<Value, Error> {
    let items = collect(&call.args.required("iterable")?)?;
    let all = i64::try_from(items.len()).unwrap_or(i64::MAX);
    let length = call.args.optional_int("r")?.unwrap_or(all);
    call.args.finish()?;
    let length = usize::try_from(length).map_err(|_| Error::runtime("r must not be negative"))?;
    let mut out = Vec::new();
    pick(&items, how, length, &mut Vec::new(), &mut out)?;
    let type_name = match how {
        "combinations" => "itertools.combinations",
        "permutations" => "itertools.permutations",
        _ => "itertools.combinations_with_replacement",
    };
    Ok(made(type_name, out))
}

/// Adds all choices that begin with the places already picked.
fn pick(
    items: &[Value],
    how: &str,
    left: usize,
    picked: &mut Vec<usize>,
    out: &mut Vec<Value>,
) -> Result<(), Error> {
    if left == 0 {
        if out.len() >= MOST {
            return Err(too_many());
        }
        out.push(tuple(picked.iter().map(|i| items[*i].clone()).collect::<Vec<_>>()));
        return Ok(());
    }
    if picked.len() > items.len() && how != "combinations_with_replacement" || left > 64 {
        return Ok(());
    }
    let start = match (how, picked.last()) {
        ("combinations", Some(last)) => last + 1,
        ("combinations_with_replacement", Some(last)) => *last,
        _ => 0,
    };
    for i in start..items.len() {
        if how == "permutations" && picked.contains(&i) {
            continue;
        }
        picked.push(i);
        pick(items, how, left - 1, picked, out)?;
        picked.pop();
    }
    Ok(())
}

fn compress(call: &mut Call<'_>) -> Result<Value, Error> {
    let mut data = iterate(&call.args.required("data")?)?;
    let mut selectors = iterate(&call.args.required("selectors")?)?;
    call.args.finish()?;
    Ok(lazy_iterator("itertools.compress", move || {
        loop {
            let (item, wanted) = (data.next()?, selectors.next()?);
            match wanted {
                Ok(wanted) if truth(&wanted) => return Some(item),
                Ok(_) => {}
                Err(error) => return Some(Err(error)),
            }
        }
    }))
}

fn count(call: &mut Call<'_>) -> Result<Value, Error> {
    let mut at = call.args.optional("start").unwrap_or_else(|| int(0));
    let step = call.args.optional("step").unwrap_or_else(|| int(1));
    call.args.finish()?;
    Ok(lazy_iterator("itertools.count", move || match binary(BinaryOp::Add, &at, &step) {
        Ok(next) => Some(Ok(std::mem::replace(&mut at, next))),
        Err(error) => Some(Err(error)),
    }))
}

fn cycle(call: &mut Call<'_>) -> Result<Value, Error> {
    let items = collect(&call.args.required("iterable")?)?;
    call.args.finish()?;
    let mut at = 0;
    Ok(lazy_iterator("itertools.cycle", move || {
        let item = items.get(at % items.len().max(1))?.clone();
        at += 1;
        Some(Ok(item))
    }))
}

fn islice(call: &mut Call<'_>) -> Result<Value, Error> {
    let mut source = iterate(&call.args.required("iterable")?)?;
    let bounds = call.args.rest();
    call.args.finish()?;
    let bound = |i: usize| -> Result<Option<usize>, Error> {
        let Some(value) = bounds.get(i).filter(|value| !value.is_none()) else { return Ok(None) };
        let place = as_int(value).and_then(|n| usize::try_from(n).ok());
        place.map(Some).ok_or_else(|| Error::runtime("islice takes places that are not negative"))
    };
    let (first, end, step) = match bounds.len() {
        0 | 1 => (0, bound(0)?, 1),
        _ => (bound(0)?.unwrap_or(0), bound(1)?, bound(2)?.unwrap_or(1).max(1)),
    };
    let (mut at, mut wanted) = (0, first);
    Ok(lazy_iterator("itertools.islice", move || {
        if end.is_some_and(|end| wanted >= end) {
            return None;
        }
        while at < wanted {
            source.next()?.err().map_or(Some(()), |_| None)?;
            at += 1;
        }
        at += 1;
        wanted += step;
        source.next()
    }))
}

fn product(call: &mut Call<'_>) -> Result<Value, Error> {
    let repeat = call.args.keyword("repeat").and_then(|n| as_int(&n)).unwrap_or(1);
    let mut pools = call.args.rest().iter().map(collect).collect::<Result<Vec<_>, _>>()?;
    call.args.finish()?;
    pools = std::iter::repeat_n(pools, usize::try_from(repeat.clamp(0, 64)).unwrap_or(1)).flatten().collect();
    let mut rows: Vec<Vec<Value>> = vec![Vec::new()];
    for pool in pools {
        if rows.len().saturating_mul(pool.len()) > MOST {
            return Err(too_many());
        }
        rows = rows
            .iter()
            .flat_map(|row| {
                pool.iter().map(move |item| [row.as_slice(), std::slice::from_ref(item)].concat())
            })
            .collect();
    }
    Ok(made("itertools.product", rows.into_iter().map(tuple).collect()))
}

fn repeat(call: &mut Call<'_>) -> Result<Value, Error> {
    let item = call.args.required("object")?;
    let mut left = call.args.optional_int("times")?;
    call.args.finish()?;
    Ok(lazy_iterator("itertools.repeat", move || {
        if let Some(left) = &mut left {
            if *left <= 0 {
                return None;
            }
            *left -= 1;
        }
        Some(Ok(item.clone()))
    }))
}

fn starmap(call: &mut Call<'_>) -> Result<Value, Error> {
    let with = call.args.required("function")?;
    let rows = collect(&call.args.required("iterable")?)?;
    call.args.finish()?;
    let mut out = Vec::with_capacity(rows.len());
    for row in rows {
        out.push(call.call(&with, collect(&row)?)?);
    }
    Ok(made("itertools.starmap", out))
}

fn tee(call: &mut Call<'_>) -> Result<Value, Error> {
    let source = iterate(&call.args.required("iterable")?)?;
    let copies = call.args.optional_int("n")?.unwrap_or(2);
    call.args.finish()?;
    let shared = Arc::new(Mutex::new((source, Vec::<Value>::new())));
    let copy = || {
        let (shared, mut at) = (Arc::clone(&shared), 0);
        lazy_iterator("itertools._tee", move || {
            let mut guard = shared.lock().unwrap_or_else(PoisonError::into_inner);
            let (source, seen) = &mut *guard;
            if at == seen.len() {
                match source.next()? {
                    Ok(item) => seen.push(item),
                    Err(error) => return Some(Err(error)),
                }
            }
            at += 1;
            seen.get(at - 1).cloned().map(Ok)
        })
    };
    Ok(tuple((0..copies.clamp(0, 1000)).map(|_| copy()).collect::<Vec<_>>()))
}

fn zip_longest(call: &mut Call<'_>) -> Result<Value, Error> {
    let fill = call.args.keyword("fillvalue").unwrap_or_else(none);
    let columns = call.args.rest().iter().map(collect).collect::<Result<Vec<_>, _>>()?;
    call.args.finish()?;
    let rows = columns.iter().map(Vec::len).max().unwrap_or(0);
    let row = |i: usize| columns.iter().map(|c| c.get(i).unwrap_or(&fill).clone()).collect::<Vec<_>>();
    Ok(made("itertools.zip_longest", (0..rows).map(|i| tuple(row(i))).collect()))
}
