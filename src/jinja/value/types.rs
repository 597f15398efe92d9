//! The objects with an identity: list, tuple, dict, set, undefined, range, iterators, bound methods.

use std::cell::RefCell;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use minijinja::value::{Enumerator, Object, ObjectRepr};

use super::iter::Step;
use super::{Instance, Key, Value, collect, int, py_str};
use crate::hash::{IndexMap, IndexSet};
use crate::jinja::error::Error;
use crate::jinja::eval::Macro;

/// Everything that is no plain number, text, boolean or none.
pub(crate) enum Py {
    List(List),
    Tuple(Box<[Value]>),
    Dict(Dict),
    Set(Set),
    Undefined(Undefined),
    Range(Range),
    Iter(Iter),
    DictView(DictView),
    Macro(Macro),
    Method(Method),
    Instance(Arc<dyn Instance>),
}

thread_local! {
    /// Elements of dropped collections, and whether some frame further up drops them.
    static BURIED: RefCell<(Vec<Value>, bool)> = const { RefCell::new((Vec::new(), false)) };
}

/// Drops the elements of a collection one after another: nested a hundred thousand deep they would
/// overflow the stack if each dropped the next.
fn bury(items: Vec<Value>) {
    if !items.iter().any(|item| item.as_object().is_some()) {
        return;
    }
    let first = BURIED.try_with(|buried| {
        let mut buried = buried.borrow_mut();
        buried.0.extend(items);
        !std::mem::replace(&mut buried.1, true)
    });
    if first != Ok(true) {
        return;
    }
    loop {
        let next = BURIED.try_with(|buried| {
            let mut buried = buried.borrow_mut();
            let next = buried.0.pop();
            buried.1 = next.is_some();
            next
        });
        match next {
            Ok(Some(item)) => drop(item),
            _ => return,
        }
    }
}

impl Drop for Py {
    fn drop(&mut self) {
        match self {
            Py::List(list) => bury(std::mem::take(&mut *lock(&list.0))),
            Py::Tuple(items) => bury(std::mem::take(items).into_vec()),
            Py::Dict(dict) => bury(std::mem::take(&mut *lock(&dict.0)).into_values().collect()),
            _ => {}
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A mutable list.
#[derive(Default)]
pub struct List(Mutex<Vec<Value>>);

impl List {
    /// Returns the elements as they are now.
    pub fn snapshot(&self) -> Vec<Value> {
        lock(&self.0).clone()
    }

    /// Returns the number of elements.
    pub fn len(&self) -> usize {
        lock(&self.0).len()
    }

    /// Tells whether the list has no element.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns an element.
    pub fn get(&self, index: usize) -> Option<Value> {
        lock(&self.0).get(index).cloned()
    }

    /// Adds an element at the end.
    pub fn push(&self, value: Value) {
        lock(&self.0).push(value);
    }

    /// Works on the elements; `f` must not run template code.
    pub(crate) fn edit<T>(&self, f: impl FnOnce(&mut Vec<Value>) -> T) -> T {
        f(&mut lock(&self.0))
    }
}

/// A mutable dict that keeps the order of insertion. Any hashable value can be a key.
#[derive(Default)]
pub struct Dict(Mutex<IndexMap<Key, Value>>);

impl Dict {
    /// Returns the pairs as they are now.
    pub fn snapshot(&self) -> Vec<(Value, Value)> {
        lock(&self.0).iter().map(|(k, v)| (k.value().clone(), v.clone())).collect()
    }

    /// Returns the keys as they are now.
    pub fn keys(&self) -> Vec<Value> {
        lock(&self.0).keys().map(|k| k.value().clone()).collect()
    }

    /// Returns the values as they are now.
    pub fn values(&self) -> Vec<Value> {
        lock(&self.0).values().cloned().collect()
    }

    /// Returns the number of pairs.
    pub fn len(&self) -> usize {
        lock(&self.0).len()
    }

    /// Tells whether the dict has no pair.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the value of a text key.
    pub fn get(&self, key: &str) -> Option<Value> {
        lock(&self.0).get(key).cloned()
    }

    /// Returns the value of any key.
    ///
    /// # Errors
    /// When the key is not hashable.
    pub fn get_value(&self, key: &Value) -> Result<Option<Value>, Error> {
        if let Some(key) = key.as_str() {
            return Ok(self.get(key));
        }
        let key = Key::new(key.clone())?;
        Ok(lock(&self.0).get(&key).cloned())
    }

    /// Sets the value of a key, which keeps its place if it is there already.
    ///
    /// # Errors
    /// When the key is not hashable.
    pub fn insert(&self, key: Value, value: Value) -> Result<(), Error> {
        let key = Key::new(key)?;
        lock(&self.0).insert(key, value);
        Ok(())
    }

    /// Works on the pairs; `f` must not run template code.
    pub(crate) fn edit<T>(&self, f: impl FnOnce(&mut IndexMap<Key, Value>) -> T) -> T {
        f(&mut lock(&self.0))
    }
}

/// A mutable set. It keeps the order of insertion, where Python's order is arbitrary.
#[derive(Default)]
pub struct Set(Mutex<IndexSet<Key>>);

impl Set {
    /// Returns the elements as they are now.
    pub fn snapshot(&self) -> Vec<Value> {
        lock(&self.0).iter().map(|k| k.value().clone()).collect()
    }

    /// Returns the number of elements.
    pub fn len(&self) -> usize {
        lock(&self.0).len()
    }

    /// Tells whether the set has no element.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub(crate) fn edit<T>(&self, f: impl FnOnce(&mut IndexSet<Key>) -> T) -> T {
        f(&mut lock(&self.0))
    }
}

/// A name or attribute that is not there.
#[derive(Clone)]
pub(crate) struct Undefined {
    /// The name that was asked for; empty when there is none.
    pub(crate) name: Arc<str>,
    /// What to say instead of the standard message.
    pub(crate) hint: Option<String>,
    /// The value that was asked for an attribute or item, whose names may be meant.
    pub(crate) among: Option<Value>,
    /// Whether attributes, items and calls give another undefined (parsing) or fail (running).
    pub(crate) capture: bool,
}

impl Undefined {
    /// Makes one that explains itself.
    pub(crate) fn because(name: &str, hint: impl Into<String>, capture: bool) -> Value {
        Self { name: name.into(), hint: Some(hint.into()), among: None, capture }.into_value()
    }

    /// Makes the error of using this undefined.
    pub(crate) fn error(&self) -> Error {
        Error::undefined(match &self.hint {
            Some(hint) => hint.clone(),
            None if self.name.is_empty() => "the value is undefined".to_owned(),
            None => format!("`{}` is undefined", self.name),
        })
    }

    pub(crate) fn into_value(self) -> Value {
        Value::from_object(Py::Undefined(self))
    }
}

/// `range(start, stop, step)`.
#[derive(Clone, Copy)]
pub(crate) struct Range {
    pub(crate) start: i128,
    pub(crate) stop: i128,
    pub(crate) step: i128,
}

impl Range {
    pub(crate) fn len(self) -> usize {
        let (low, high, step) = if self.step > 0 {
            (self.start, self.stop, self.step)
        } else {
            (self.stop, self.start, -self.step)
        };
        let count = if high > low { (high - low - 1) / step + 1 } else { 0 };
        usize::try_from(count).unwrap_or(usize::MAX)
    }

    pub(crate) fn at(self, index: usize) -> Option<i128> {
        (index < self.len()).then(|| self.start + self.step * index as i128)
    }

    pub(crate) fn index_of(self, wanted: i128) -> Option<usize> {
        let steps = (wanted - self.start) / self.step;
        let index = usize::try_from(steps).ok()?;
        (self.at(index)? == wanted).then_some(index)
    }
}

/// A generator: gives each element once.
pub(crate) struct Iter {
    /// The Python type, for messages and printing.
    pub(crate) type_name: &'static str,
    pub(crate) step: Mutex<Box<Step>>,
}

impl Iter {
    pub(crate) fn next(&self) -> Option<Result<Value, Error>> {
        (lock(&self.step))()
    }
}

/// Which part of a dict a view shows.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum ViewKind {
    Keys,
    Values,
    Items,
}

/// `d.keys()`, `d.values()`, `d.items()`: live.
pub(crate) struct DictView {
    pub(crate) dict: Value,
    pub(crate) kind: ViewKind,
}

impl DictView {
    pub(crate) fn snapshot(&self) -> Vec<Value> {
        let Some(Py::Dict(dict)) = self.dict.downcast_object_ref::<Py>() else { return Vec::new() };
        match self.kind {
            ViewKind::Keys => dict.keys(),
            ViewKind::Values => dict.values(),
            ViewKind::Items => dict.snapshot().into_iter().map(|(k, v)| tuple(vec![k, v])).collect(),
        }
    }
}

/// A method taken from its object, `xs.append` without the call.
pub(crate) struct Method {
    pub(crate) receiver: Value,
    pub(crate) name: Arc<str>,
}

/// Makes a list.
pub fn list(items: impl Into<Vec<Value>>) -> Value {
    Value::from_object(Py::List(List(Mutex::new(items.into()))))
}

/// Makes a tuple.
pub fn tuple(items: impl Into<Vec<Value>>) -> Value {
    Value::from_object(Py::Tuple(items.into().into_boxed_slice()))
}

/// Makes a dict; a later pair wins. Pairs whose key is not hashable are left out.
pub fn dict<K: Into<Value>, V: Into<Value>>(pairs: impl IntoIterator<Item = (K, V)>) -> Value {
    let map = pairs.into_iter().filter_map(|(k, v)| Some((Key::new(k.into()).ok()?, v.into()))).collect();
    Value::from_object(Py::Dict(Dict(Mutex::new(map))))
}

/// Makes a set.
///
/// # Errors
/// When an element is not hashable.
pub fn set(items: impl IntoIterator<Item = Value>) -> Result<Value, Error> {
    let keys = items.into_iter().map(Key::new).collect::<Result<IndexSet<_>, _>>()?;
    Ok(Value::from_object(Py::Set(Set(Mutex::new(keys)))))
}

impl List {
    /// Returns the list behind a value.
    pub fn of(value: &Value) -> Option<&List> {
        match value.downcast_object_ref::<Py>() {
            Some(Py::List(list)) => Some(list),
            _ => None,
        }
    }
}

impl Dict {
    /// Returns the dict behind a value.
    pub fn of(value: &Value) -> Option<&Dict> {
        match value.downcast_object_ref::<Py>() {
            Some(Py::Dict(dict)) => Some(dict),
            _ => None,
        }
    }
}

impl Set {
    /// Returns the set behind a value.
    pub fn of(value: &Value) -> Option<&Set> {
        match value.downcast_object_ref::<Py>() {
            Some(Py::Set(set)) => Some(set),
            _ => None,
        }
    }
}

impl Py {
    pub(crate) fn type_name(&self) -> &'static str {
        match self {
            Py::List(_) => "list",
            Py::Tuple(_) => "tuple",
            Py::Dict(_) => "dict",
            Py::Set(_) => "set",
            Py::Undefined(_) => "Undefined",
            Py::Range(_) => "range",
            Py::Iter(iter) => iter.type_name,
            Py::DictView(view) => match view.kind {
                ViewKind::Keys => "dict_keys",
                ViewKind::Values => "dict_values",
                ViewKind::Items => "dict_items",
            },
            Py::Macro(_) => "macro",
            Py::Method(_) => "method",
            Py::Instance(instance) => instance.type_name(),
        }
    }

    pub(crate) fn len(&self) -> Option<usize> {
        match self {
            Py::List(list) => Some(list.len()),
            Py::Tuple(items) => Some(items.len()),
            Py::Dict(dict) => Some(dict.len()),
            Py::Set(set) => Some(set.len()),
            Py::Undefined(_) => Some(0),
            Py::Range(range) => Some(range.len()),
            Py::DictView(view) => view.dict.downcast_object_ref::<Py>().and_then(Py::len),
            Py::Instance(instance) => instance.len(),
            Py::Iter(_) | Py::Macro(_) | Py::Method(_) => None,
        }
    }

    fn truth(&self) -> bool {
        match self {
            Py::Undefined(_) => false,
            Py::Instance(instance) => instance.truth(),
            other => other.len() != Some(0),
        }
    }
}

impl fmt::Debug for Py {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<{}>", self.type_name())
    }
}

/// What minijinja sees of our objects: enough to serialize, iterate and print them.
impl Object for Py {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        match &**self {
            Py::List(_) | Py::Tuple(_) => ObjectRepr::Seq,
            Py::Dict(_) => ObjectRepr::Map,
            Py::Set(_) | Py::Range(_) | Py::DictView(_) => ObjectRepr::Iterable,
            _ => ObjectRepr::Plain,
        }
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        match &**self {
            Py::List(list) => list.get(key.as_usize()?),
            Py::Tuple(items) => items.get(key.as_usize()?).cloned(),
            Py::Dict(dict) => dict.get_value(key).ok().flatten(),
            Py::Range(range) => range.at(key.as_usize()?).map(int),
            _ => None,
        }
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        match &**self {
            Py::Dict(dict) => Enumerator::Values(dict.keys()),
            Py::List(_) | Py::Tuple(_) | Py::Set(_) | Py::Range(_) | Py::DictView(_) => {
                collect(&Value::from_dyn_object(self.clone()))
                    .map_or(Enumerator::NonEnumerable, Enumerator::Values)
            }
            _ => Enumerator::NonEnumerable,
        }
    }

    fn is_true(self: &Arc<Self>) -> bool {
        self.truth()
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&py_str(&Value::from_dyn_object(self.clone())))
    }
}
