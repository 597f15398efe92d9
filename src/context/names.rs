//! Objects whose attributes are the names of something: packages with their macros, `builtins`, `context`.

use std::sync::Arc;

use crate::jinja::{Args, Call, Error, Instance, Value, elements, list, none, object, py_str, tuple};

/// An object whose attributes and items are answered by a function: packages.
pub(super) fn names_object(
    type_name: &'static str,
    find: impl Fn(&str) -> Option<Value> + Send + Sync + 'static,
) -> Value {
    object(Names { type_name, find: Box::new(find), known: None, assign: None })
}

/// The same for names that can be listed, such as `builtins`. `known` may return more than there are.
pub(super) fn listed_names_object(
    type_name: &'static str,
    find: impl Fn(&str) -> Option<Value> + Send + Sync + 'static,
    known: impl Fn() -> Vec<Arc<str>> + Send + Sync + 'static,
) -> Value {
    object(Names { type_name, find: Box::new(find), known: Some(Box::new(known)), assign: None })
}

/// Makes `context`: every name of a scope as a dict, which templates may add to.
pub(super) fn context_object(
    find: impl Fn(&str) -> Option<Value> + Send + Sync + 'static,
    known: impl Fn() -> Vec<Arc<str>> + Send + Sync + 'static,
    assign: impl Fn(&str, Value) + Send + Sync + 'static,
) -> Value {
    let (find, known, assign) = (Box::new(find), Box::new(known), Box::new(assign));
    object(Names { type_name: "context", find, known: Some(known), assign: Some(assign) })
}

type Assign = Box<dyn Fn(&str, Value) + Send + Sync>;
type Find = Box<dyn Fn(&str) -> Option<Value> + Send + Sync>;
type Known = Box<dyn Fn() -> Vec<Arc<str>> + Send + Sync>;

struct Names {
    type_name: &'static str,
    find: Find,
    known: Option<Known>,
    assign: Option<Assign>,
}

impl Names {
    /// The names that are there with their values, sorted; none of an object that cannot be listed.
    fn entries(&self) -> Vec<(Arc<str>, Value)> {
        let mut names = self.known.as_ref().map(|known| known()).unwrap_or_default();
        names.sort_unstable();
        names.dedup();
        names.into_iter().filter_map(|name| (self.find)(&name).map(|value| (name, value))).collect()
    }

    /// What a dict answers.
    fn method(&self, name: &str, call: &mut Call<'_>) -> Result<Value, Error> {
        let key = |(name, _): (Arc<str>, Value)| Value::from(&*name);
        match name {
            "keys" => return Ok(list(self.entries().into_iter().map(key).collect::<Vec<_>>())),
            "values" => {
                return Ok(list(self.entries().into_iter().map(|(_, value)| value).collect::<Vec<_>>()));
            }
            "items" => {
                let pair = |(name, value): (Arc<str>, Value)| tuple([Value::from(&*name), value]);
                return Ok(list(self.entries().into_iter().map(pair).collect::<Vec<_>>()));
            }
            _ => {}
        }
        let Some(assign) = self.assign.as_ref().filter(|_| name != "get") else {
            let key = call.args.required_str("key")?;
            let default = call.args.optional("default").unwrap_or_else(none);
            return Ok((self.find)(&key).unwrap_or(default));
        };
        if name == "setdefault" {
            let key = call.args.required_str("key")?;
            let default = call.args.optional("default").unwrap_or_else(none);
            return Ok((self.find)(&key).unwrap_or_else(|| {
                assign(&key, default.clone());
                default
            }));
        }
        let mut given = std::mem::take(&mut call.args.named);
        if let Some(more) = call.args.optional("other") {
            let items = call.attr(&more, "items")?;
            let items = call.call(&items, Args::default())?;
            for pair in elements(&items)? {
                if let [key, value] = elements(&pair)?.as_slice() {
                    given.insert(0, (py_str(key).into(), value.clone()));
                }
            }
        }
        for (key, value) in given {
            assign(&key, value);
        }
        Ok(none())
    }
}

impl Instance for Names {
    fn type_name(&self) -> &'static str {
        self.type_name
    }

    fn attr(&self, name: &str) -> Result<Option<Value>, Error> {
        Ok((self.find)(name))
    }

    fn item(&self, key: &Value) -> Result<Option<Value>, Error> {
        Ok(key.as_str().and_then(|name| (self.find)(name)))
    }

    fn has_method(&self, name: &str) -> bool {
        match name {
            "get" => true,
            "keys" | "values" | "items" => self.known.is_some(),
            "update" | "setdefault" => self.assign.is_some(),
            _ => false,
        }
    }

    fn call_method(&self, name: &str, call: &mut Call<'_>) -> Option<Result<Value, Error>> {
        let own = self.assign.is_none() && (self.find)(name).is_some();
        (self.has_method(name) && !own).then(|| self.method(name, call))
    }

    fn iter(&self) -> Option<Vec<Value>> {
        self.known.as_ref()?;
        Some(self.entries().into_iter().map(|(name, _)| Value::from(&*name)).collect())
    }

    fn names(&self) -> Vec<Arc<str>> {
        self.known.as_ref().map(|known| known()).unwrap_or_default()
    }

    fn contains(&self, item: &Value) -> Option<bool> {
        Some(item.as_str().is_some_and(|name| (self.find)(name).is_some()))
    }

    fn is_mapping(&self) -> bool {
        true
    }

    fn truth(&self) -> bool {
        true
    }
}
