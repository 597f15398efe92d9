//! Objects whose attributes are the names of something: packages with their macros, `builtins`, `context`.

use crate::jinja::{Args, Call, Error, Instance, Value, elements, none, object, py_str};

/// An object whose attributes and items are answered by a function: `builtins`, `context`, packages.
pub(super) fn names_object(
    type_name: &'static str,
    find: impl Fn(&str) -> Option<Value> + Send + Sync + 'static,
) -> Value {
    object(Names { type_name, find: Box::new(find), assign: None })
}

/// Makes `context`: every name of a scope as a dict, which templates may add to.
pub(super) fn context_object(
    find: impl Fn(&str) -> Option<Value> + Send + Sync + 'static,
    assign: impl Fn(&str, Value) + Send + Sync + 'static,
) -> Value {
    object(Names { type_name: "context", find: Box::new(find), assign: Some(Box::new(assign)) })
}

type Assign = Box<dyn Fn(&str, Value) + Send + Sync>;
type Find = Box<dyn Fn(&str) -> Option<Value> + Send + Sync>;

struct Names {
    type_name: &'static str,
    find: Find,
    assign: Option<Assign>,
}

impl Names {
    /// `get`, `setdefault` and `update`, as a dict has them.
    fn method(&self, name: &str, call: &mut Call<'_>) -> Result<Value, Error> {
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
        name == "get" || (self.assign.is_some() && matches!(name, "update" | "setdefault"))
    }

    fn call_method(&self, name: &str, call: &mut Call<'_>) -> Option<Result<Value, Error>> {
        let own = self.assign.is_none() && (self.find)(name).is_some();
        (self.has_method(name) && !own).then(|| self.method(name, call))
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
