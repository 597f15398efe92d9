//! Jinja2's globals: `range`, `dict`, `namespace`, `cycler`, `joiner`, `lipsum`.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};

use crate::hash::IndexMap;

use super::args::Args;
use super::call::{Call, function};
use super::error::Error;
use super::eval::pairs;
use super::methods::{entries, from_keys};
use super::value::{Dict, Instance, Py, Range, Value, as_int, dict, object, py_repr};

/// The longest range, as Jinja2's sandbox allows.
const LONGEST_RANGE: usize = 100_000;

static GLOBALS: LazyLock<[(&str, Value); 6]> = LazyLock::new(|| {
    [
        ("range", function("range", |call| range(&mut call.args))),
        ("dict", object(DictType)),
        ("namespace", function("namespace", |call| namespace(&mut call.args))),
        ("cycler", function("cycler", |call| cycler(&mut call.args))),
        ("joiner", function("joiner", |call| joiner(&mut call.args))),
        ("lipsum", function("lipsum", |call| lipsum(&mut call.args))),
    ]
});

/// Returns a global of Jinja2 itself; the scope of a render comes first.
pub(crate) fn lookup(name: &str) -> Option<Value> {
    GLOBALS.iter().find(|(known, _)| *known == name).map(|(_, value)| value.clone())
}

fn range(args: &mut Args) -> Result<Value, Error> {
    let numbers = args
        .rest()
        .iter()
        .map(|value| as_int(value).ok_or_else(|| Error::runtime("`range` needs integers")))
        .collect::<Result<Vec<_>, _>>()?;
    args.finish()?;
    let range = match *numbers.as_slice() {
        [stop] => Range { start: 0, stop, step: 1 },
        [from, to] => Range { start: from, stop: to, step: 1 },
        [_, _, 0] => return Err(Error::runtime("the step of a range must not be zero")),
        [from, to, step] => Range { start: from, stop: to, step },
        _ => return Err(Error::runtime("`range` takes 1 to 3 arguments")),
    };
    if range.len() > LONGEST_RANGE {
        return Err(Error::runtime(format!("a range must not be longer than {LONGEST_RANGE}")));
    }
    Ok(Value::from_object(Py::Range(range)))
}

/// The `dict` type: makes dicts, and has `fromkeys`.
struct DictType;

impl Instance for DictType {
    fn type_name(&self) -> &'static str {
        "type"
    }

    fn repr(&self) -> String {
        "<class 'dict'>".to_owned()
    }

    fn callable(&self) -> bool {
        true
    }

    fn call(&self, call: &mut Call<'_>) -> Option<Result<Value, Error>> {
        Some(make_dict(&mut call.args))
    }

    fn has_method(&self, name: &str) -> bool {
        name == "fromkeys"
    }

    fn call_method(&self, name: &str, call: &mut Call<'_>) -> Option<Result<Value, Error>> {
        (name == "fromkeys").then(|| from_keys(&mut call.args))
    }
}

fn make_dict(args: &mut Args) -> Result<Value, Error> {
    let made = dict::<Value, Value>([]);
    let source = if args.positional.is_empty() { None } else { args.optional("mapping") };
    let named = std::mem::take(&mut args.named);
    args.finish()?;
    if let Some(made) = Dict::of(&made) {
        for (key, value) in source.map_or(Ok(Vec::new()), |source| entries(&source))? {
            made.insert(key, value)?;
        }
        for (name, value) in named {
            made.insert(Value::from(name), value)?;
        }
    }
    Ok(made)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// An object whose attributes templates set.
struct Namespace(Mutex<IndexMap<String, Value>>);

fn namespace(args: &mut Args) -> Result<Value, Error> {
    let mut attributes = IndexMap::default();
    if !args.positional.is_empty() {
        let source = args.required("mapping")?;
        for (key, value) in pairs(&source).map_or_else(|| entries(&source), Ok)? {
            attributes.insert(super::value::py_str(&key), value);
        }
    }
    for (name, value) in std::mem::take(&mut args.named) {
        attributes.insert(name.to_string(), value);
    }
    args.finish()?;
    Ok(object(Namespace(Mutex::new(attributes))))
}

impl Instance for Namespace {
    fn type_name(&self) -> &'static str {
        "Namespace"
    }

    fn attr(&self, name: &str) -> Result<Option<Value>, Error> {
        Ok(lock(&self.0).get(name).cloned())
    }

    fn item(&self, key: &Value) -> Result<Option<Value>, Error> {
        Ok(key.as_str().and_then(|name| lock(&self.0).get(name).cloned()))
    }

    fn set_attr(&self, name: &str, value: Value) -> bool {
        lock(&self.0).insert(name.to_owned(), value);
        true
    }

    fn repr(&self) -> String {
        let pairs: Vec<_> = lock(&self.0).iter().map(|(k, v)| (k.as_str().into(), v.clone())).collect();
        format!("<Namespace {}>", py_repr(&dict::<Value, Value>(pairs)))
    }
}

/// Gives its values in turn.
struct Cycler {
    items: Vec<Value>,
    at: AtomicUsize,
}

fn cycler(args: &mut Args) -> Result<Value, Error> {
    let items = args.rest();
    args.finish()?;
    if items.is_empty() {
        return Err(Error::runtime("`cycler` needs at least one value"));
    }
    Ok(object(Cycler { items, at: AtomicUsize::new(0) }))
}

impl Cycler {
    fn current(&self) -> Value {
        self.items[self.at.load(Ordering::Relaxed) % self.items.len()].clone()
    }
}

impl Instance for Cycler {
    fn type_name(&self) -> &'static str {
        "Cycler"
    }

    fn attr(&self, name: &str) -> Result<Option<Value>, Error> {
        Ok((name == "current").then(|| self.current()))
    }

    fn has_method(&self, name: &str) -> bool {
        matches!(name, "next" | "reset")
    }

    fn call_method(&self, name: &str, call: &mut Call<'_>) -> Option<Result<Value, Error>> {
        if !self.has_method(name) {
            return None;
        }
        let value = if name == "next" {
            let value = self.current();
            self.at.fetch_add(1, Ordering::Relaxed);
            value
        } else {
            self.at.store(0, Ordering::Relaxed);
            super::value::none()
        };
        Some(call.args.finish().map(|()| value))
    }
}

/// Gives nothing the first time, its separator afterwards.
struct Joiner {
    separator: Value,
    used: AtomicBool,
}

fn joiner(args: &mut Args) -> Result<Value, Error> {
    let separator = args.optional("sep").unwrap_or_else(|| Value::from(", "));
    args.finish()?;
    Ok(object(Joiner { separator, used: AtomicBool::new(false) }))
}

impl Instance for Joiner {
    fn type_name(&self) -> &'static str {
        "Joiner"
    }

    fn callable(&self) -> bool {
        true
    }

    fn call(&self, call: &mut Call<'_>) -> Option<Result<Value, Error>> {
        let used = self.used.swap(true, Ordering::Relaxed);
        let value = if used { self.separator.clone() } else { Value::from("") };
        Some(call.args.finish().map(|()| value))
    }
}

/// `lipsum(n=5, html=True, min=20, max=100)`: filler text, the same every time.
fn lipsum(args: &mut Args) -> Result<Value, Error> {
    let mut count = |name: &str, default: i64| {
        args.optional_int(name).map(|n| usize::try_from(n.unwrap_or(default)).unwrap_or(0).min(1000))
    };
    let paragraphs = count("n", 5)?;
    let html = args.optional_bool("html").unwrap_or(true);
    let least = args.optional_int("min")?.unwrap_or(20);
    let _most = args.optional_int("max")?;
    args.finish()?;
    let words = "lorem ipsum dolor sit amet consectetuer adipiscing elit sed do eiusmod tempor".split(' ');
    let words: Vec<&str> = words.cycle().take(usize::try_from(least).unwrap_or(0).min(1000)).collect();
    let text = super::methods::capitalized(&words.join(" ")) + ".";
    let text = if html { format!("<p>{text}</p>") } else { text };
    Ok(Value::from(vec![text; paragraphs].join(if html { "\n" } else { "\n\n" })))
}
