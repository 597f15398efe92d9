//! Filters that sort, group or sum.

use std::cmp::Ordering;

use super::attribute::Getter;
use super::{generator, input};
use crate::jinja::call::Call;
use crate::jinja::error::Error;
use crate::jinja::eval::pairs;
use crate::jinja::value::{
    BinaryOp, Instance, Key, Undefined, Value, as_int, binary, collect, compare, int, list, object, py_eq,
    py_repr, py_str, total_order, tuple,
};

pub(super) fn sort(call: &mut Call<'_>) -> Result<Value, Error> {
    let items = collect(&input(call)?)?;
    let reverse = call.args.optional_bool("reverse").unwrap_or(false);
    let case_sensitive = call.args.optional_bool("case_sensitive").unwrap_or(false);
    let attribute = call.args.optional("attribute");
    call.args.finish()?;
    // Several attributes are given as `a,b`.
    let several = attribute.as_ref().and_then(Value::as_str).filter(|text| text.contains(','));
    let getters: Vec<Getter> = match several {
        Some(text) => {
            text.split(',').map(|part| Getter::new(Some(&Value::from(part)), None, !case_sensitive)).collect()
        }
        None => vec![Getter::new(attribute.as_ref(), None, !case_sensitive)],
    };
    let mut keyed = Vec::with_capacity(items.len());
    for item in items {
        let keys =
            getters.iter().map(|getter| getter.get(call.state, &item)).collect::<Result<Vec<_>, _>>()?;
        keyed.push((tuple(keys), item));
    }
    total_order(&mut keyed, reverse)?;
    Ok(list(keyed.into_iter().map(|(_, item)| item).collect::<Vec<_>>()))
}

pub(super) fn dictsort(call: &mut Call<'_>) -> Result<Value, Error> {
    let value = input(call)?;
    let case_sensitive = call.args.optional_bool("case_sensitive").unwrap_or(false);
    let by = call.args.optional("by").map_or_else(|| "key".to_owned(), |by| py_str(&by));
    let reverse = call.args.optional_bool("reverse").unwrap_or(false);
    call.args.finish()?;
    if by != "key" && by != "value" {
        return Err(Error::runtime("`dictsort` sorts by `key` or by `value`"));
    }
    let pairs = pairs(&value).ok_or_else(|| Error::runtime("`dictsort` needs a mapping"))?;
    let getter = Getter::new(None, None, !case_sensitive);
    let mut keyed = Vec::with_capacity(pairs.len());
    for (key, value) in pairs {
        let sorted_by = if by == "key" { &key } else { &value };
        keyed.push((getter.get(call.state, sorted_by)?, tuple([key, value])));
    }
    total_order(&mut keyed, reverse)?;
    Ok(list(keyed.into_iter().map(|(_, pair)| pair).collect::<Vec<_>>()))
}

fn extreme(call: &mut Call<'_>, wanted: Ordering) -> Result<Value, Error> {
    let items = collect(&input(call)?)?;
    let case_sensitive = call.args.optional_bool("case_sensitive").unwrap_or(false);
    let attribute = call.args.optional("attribute");
    call.args.finish()?;
    let getter = Getter::new(attribute.as_ref(), None, !case_sensitive);
    let mut best: Option<(Value, Value)> = None;
    for item in items {
        let key = getter.get(call.state, &item)?;
        let better = match &best {
            Some((best, _)) => compare(&key, best)? == Some(wanted),
            None => true,
        };
        if better {
            best = Some((key, item));
        }
    }
    Ok(best.map_or_else(
        || {
            let hint = "there is no item to take: the sequence is empty";
            Undefined::because("", hint, call.state.captures())
        },
        |(_, item)| item,
    ))
}

pub(super) fn min(call: &mut Call<'_>) -> Result<Value, Error> {
    extreme(call, Ordering::Less)
}

pub(super) fn max(call: &mut Call<'_>) -> Result<Value, Error> {
    extreme(call, Ordering::Greater)
}

pub(super) fn sum(call: &mut Call<'_>) -> Result<Value, Error> {
    let items = collect(&input(call)?)?;
    let attribute = call.args.optional("attribute");
    let start = call.args.optional("start").unwrap_or_else(|| int(0));
    call.args.finish()?;
    if start.as_str().is_some() {
        return Err(Error::runtime("`sum` cannot add texts: use `join`"));
    }
    let getter = Getter::new(attribute.as_ref(), None, false);
    let mut total = start;
    for item in items {
        total = binary(BinaryOp::Add, &total, &getter.get(call.state, &item)?)?;
    }
    Ok(total)
}

pub(super) fn unique(call: &mut Call<'_>) -> Result<Value, Error> {
    let items = collect(&input(call)?)?;
    let case_sensitive = call.args.optional_bool("case_sensitive").unwrap_or(false);
    let attribute = call.args.optional("attribute");
    call.args.finish()?;
    let getter = Getter::new(attribute.as_ref(), None, !case_sensitive);
    let mut seen = crate::hash::IndexSet::default();
    let mut out = Vec::new();
    for item in items {
        if seen.insert(Key::new(getter.get(call.state, &item)?)?) {
            out.push(item);
        }
    }
    Ok(generator(out))
}

pub(super) fn groupby(call: &mut Call<'_>) -> Result<Value, Error> {
    let items = collect(&input(call)?)?;
    let attribute = call.args.required("attribute")?;
    let default = call.args.optional("default").filter(|default| !default.is_none());
    let case_sensitive = call.args.optional_bool("case_sensitive").unwrap_or(false);
    call.args.finish()?;
    let folded = Getter::new(Some(&attribute), default.clone(), !case_sensitive);
    let plain = Getter::new(Some(&attribute), default, false);
    let mut keyed = Vec::with_capacity(items.len());
    for item in items {
        keyed.push((folded.get(call.state, &item)?, item));
    }
    total_order(&mut keyed, false)?;
    let mut groups: Vec<(Value, Vec<Value>)> = Vec::new();
    for (key, item) in keyed {
        match groups.last_mut() {
            Some((last, members)) if py_eq(last, &key) => members.push(item),
            _ => groups.push((key, vec![item])),
        }
    }
    let mut out = Vec::with_capacity(groups.len());
    for (_, members) in groups {
        let grouper = plain.get(call.state, &members[0])?;
        out.push(object(Group { grouper, list: list(members) }));
    }
    Ok(list(out))
}

/// One group: a tuple of two with names.
struct Group {
    grouper: Value,
    list: Value,
}

impl Instance for Group {
    fn type_name(&self) -> &'static str {
        "_GroupTuple"
    }

    fn attr(&self, name: &str) -> Result<Option<Value>, Error> {
        Ok(match name {
            "grouper" => Some(self.grouper.clone()),
            "list" => Some(self.list.clone()),
            _ => None,
        })
    }

    fn item(&self, key: &Value) -> Result<Option<Value>, Error> {
        Ok(match as_int(key) {
            Some(0 | -2) => Some(self.grouper.clone()),
            Some(1 | -1) => Some(self.list.clone()),
            _ => None,
        })
    }

    fn iter(&self) -> Option<Vec<Value>> {
        Some(vec![self.grouper.clone(), self.list.clone()])
    }

    fn len(&self) -> Option<usize> {
        Some(2)
    }

    fn repr(&self) -> String {
        py_repr(&tuple([self.grouper.clone(), self.list.clone()]))
    }
}
