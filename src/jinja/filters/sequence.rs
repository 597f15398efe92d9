//! Filters on sequences.

use std::sync::atomic::{AtomicU64, Ordering};

use super::attribute::{Getter, positive};
use super::{generator, input};
use crate::jinja::call::Call;
use crate::jinja::error::Error;
use crate::jinja::eval::pairs;
use crate::jinja::value::{
    Py, Undefined, Value, View, check_count, check_length, collect, int, is_undefined, iterate,
    lazy_iterator, len, list, py_str, size, tuple, type_name, view, write_str,
};

pub(super) fn length(call: &mut Call<'_>) -> Result<Value, Error> {
    let value = input(call)?;
    call.args.finish()?;
    len(&value).map(size)
}

pub(super) fn to_list(call: &mut Call<'_>) -> Result<Value, Error> {
    let value = input(call)?;
    call.args.finish()?;
    collect(&value).map(list)
}

fn nothing(call: &Call<'_>, hint: &str) -> Value {
    Undefined::because("", hint, call.state.captures())
}

pub(super) fn first(call: &mut Call<'_>) -> Result<Value, Error> {
    let value = input(call)?;
    call.args.finish()?;
    iterate(&value)?
        .next()
        .unwrap_or_else(|| Ok(nothing(call, "there is no first item: the sequence is empty")))
}

pub(super) fn last(call: &mut Call<'_>) -> Result<Value, Error> {
    let value = input(call)?;
    call.args.finish()?;
    if let View::Py(Py::Iter(_)) = view(&value) {
        return Err(Error::runtime(format!("`{}` object is not reversible", type_name(&value))));
    }
    let items = collect(&value)?;
    Ok(items.last().cloned().unwrap_or_else(|| nothing(call, "there is no last item: the sequence is empty")))
}

pub(super) fn join(call: &mut Call<'_>) -> Result<Value, Error> {
    let value = input(call)?;
    let separator = call.args.optional("d").map(|d| py_str(&d)).unwrap_or_default();
    let attribute = call.args.optional("attribute");
    call.args.finish()?;
    let getter = Getter::new(attribute.as_ref(), None, false);
    let mut out = String::new();
    let mut cursor = iterate(&value)?;
    let mut first = true;
    while let Some(item) = cursor.next() {
        if !first {
            out.push_str(&separator);
        }
        first = false;
        write_str(&mut out, &getter.get(call.state, &item?)?);
        check_length(out.len())?;
    }
    Ok(Value::from(out))
}

pub(super) fn reverse(call: &mut Call<'_>) -> Result<Value, Error> {
    let value = input(call)?;
    call.args.finish()?;
    if let View::Str(text) = view(&value) {
        return Ok(Value::from(text.chars().rev().collect::<String>()));
    }
    let mut items = collect(&value)?;
    items.reverse();
    let name = match view(&value) {
        View::Py(Py::List(_)) => "list_reverseiterator",
        View::Py(Py::Tuple(_)) => "reversed",
        View::Py(Py::Range(_)) => "range_iterator",
        View::Py(Py::Dict(_)) => "dict_reversekeyiterator",
        _ => return Ok(list(items)),
    };
    let mut items = items.into_iter();
    Ok(lazy_iterator(name, move || items.next().map(Ok)))
}

pub(super) fn items(call: &mut Call<'_>) -> Result<Value, Error> {
    let value = input(call)?;
    call.args.finish()?;
    if is_undefined(&value) {
        return Ok(generator(Vec::new()));
    }
    let pairs = pairs(&value).ok_or_else(|| Error::runtime("`items` needs a mapping"))?;
    Ok(generator(pairs.into_iter().map(|(k, v)| tuple([k, v])).collect()))
}

pub(super) fn batch(call: &mut Call<'_>) -> Result<Value, Error> {
    let items = collect(&input(call)?)?;
    let count = positive(call, "linecount")?;
    let fill = call.args.optional("fill_with").filter(|fill| !fill.is_none());
    call.args.finish()?;
    check_count(if fill.is_some() { count } else { 0 })?;
    let batches = items.chunks(count).map(|chunk| {
        let mut row = chunk.to_vec();
        if let Some(fill) = &fill {
            row.resize(count, fill.clone());
        }
        list(row)
    });
    Ok(generator(batches.collect()))
}

pub(super) fn slice(call: &mut Call<'_>) -> Result<Value, Error> {
    let items = collect(&input(call)?)?;
    let slices = positive(call, "slices")?;
    check_count(slices)?;
    let fill = call.args.optional("fill_with").filter(|fill| !fill.is_none());
    call.args.finish()?;
    let (each, longer) = (items.len() / slices, items.len() % slices);
    let mut columns = Vec::with_capacity(slices.min(items.len() + 1));
    let mut start = 0;
    for i in 0..slices {
        let end = start + each + usize::from(i < longer);
        let mut column = items[start..end].to_vec();
        if let Some(fill) = fill.as_ref().filter(|_| i >= longer) {
            column.push(fill.clone());
        }
        columns.push(list(column));
        start = end;
    }
    Ok(generator(columns))
}

pub(super) fn random(call: &mut Call<'_>) -> Result<Value, Error> {
    static STATE: AtomicU64 = AtomicU64::new(0x9e37_79b9_7f4a_7c15);
    let items = collect(&input(call)?)?;
    call.args.finish()?;
    if items.is_empty() {
        return Ok(nothing(call, "there is no random item: the sequence is empty"));
    }
    let clock = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    let mut bits =
        STATE.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed) ^ u64::from(clock.subsec_nanos());
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    let at = usize::try_from((bits ^ (bits >> 31)) % items.len() as u64).unwrap_or(0);
    Ok(items.get(at).cloned().unwrap_or_else(|| int(0)))
}
