//! `load_result`, `store_result` and `store_raw_result`: what statements of one node answered
//! (`jinja.md` section 4).

use std::sync::{Arc, Mutex, PoisonError};

use crate::adapter::AdapterResponse;
use crate::hash::HashMap;
use crate::jinja::{Call, Error, Instance, Value, downcast, from_json, function, none, object, py_str};
use crate::manifest::JsonMap;

/// The answer to one named statement.
#[derive(Clone, Debug)]
struct Answer {
    response: Value,
    data: Value,
    table: Value,
}

/// The results of one node's statements. Cloning shares them.
#[derive(Clone, Debug, Default)]
pub(super) struct Results(Arc<Mutex<HashMap<String, Option<Answer>>>>);

impl Results {
    /// Returns the response of the statement `main`, which becomes the node's message.
    pub(super) fn main_response(&self) -> Option<AdapterResponse> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let answer = all.get("main")?.as_ref()?;
        downcast::<Response>(&answer.response).map(|response| response.0.clone())
    }

    /// Returns the table of the statement `main`.
    pub(super) fn main_table(&self) -> Option<Value> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.get("main")?.as_ref().map(|answer| answer.table.clone())
    }

    /// Keeps an answer.
    fn store(&self, name: String, answer: Answer) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(name, Some(answer));
    }

    /// Returns the Jinja functions over these results.
    pub(super) fn function(&self, name: &str) -> Option<Value> {
        let results = self.clone();
        match name {
            "load_result" => Some(function("load_result", move |call| results.load(call))),
            "store_result" => Some(function("store_result", move |call| results.store_result(call))),
            "store_raw_result" => Some(function("store_raw_result", move |call| results.store_raw(call))),
            _ => None,
        }
    }

    /// A result other than `main` can be read once: its memory is given back, as dbt does.
    fn load(&self, call: &mut Call<'_>) -> Result<Value, Error> {
        let name = call.args.required_str("name")?;
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(slot) = all.get_mut(&*name) else { return Ok(none()) };
        let Some(answer) = slot.clone() else {
            // dbt's words, which scripts look for.
            let message =
                format!("The 'statement' result named '{name}' has already been loaded into a variable");
            return Err(
                Error::runtime(message).help("keep the loaded result in a variable and use that again")
            );
        };
        if &*name != "main" {
            *slot = None;
        }
        Ok(object(LoadedResult(answer)))
    }

    fn store_result(&self, call: &mut Call<'_>) -> Result<Value, Error> {
        let name = py_str(&call.args.required("name")?);
        let response = call.args.required("response")?;
        let table = call.args.optional("agate_table").unwrap_or_else(none);
        let data = match super::table::rows_of(&table) {
            Some(rows) => rows,
            None => crate::jinja::list(Vec::new()),
        };
        self.store(name, Answer { response, data, table });
        Ok(Value::from(""))
    }

    fn store_raw(&self, call: &mut Call<'_>) -> Result<Value, Error> {
        let name = py_str(&call.args.required("name")?);
        let message = call.args.optional("message").filter(|v| !v.is_none());
        let code = call.args.optional("code").filter(|v| !v.is_none());
        let rows = call.args.optional_int("rows_affected").unwrap_or_default();
        let table = call.args.optional("agate_table").unwrap_or_else(none);
        let response = AdapterResponse {
            message: message.map(|v| py_str(&v)).unwrap_or_default(),
            code: code.map(|v| py_str(&v)),
            rows_affected: rows,
        };
        let data = super::table::rows_of(&table).unwrap_or_else(|| crate::jinja::list(Vec::new()));
        self.store(name, Answer { response: response_value(response), data, table });
        Ok(Value::from(""))
    }
}

/// What `load_result` gives: `response`, `data`, `table`, by attribute or by key.
struct LoadedResult(Answer);

impl Instance for LoadedResult {
    fn type_name(&self) -> &'static str {
        "result"
    }

    fn attr(&self, name: &str) -> Result<Option<Value>, Error> {
        Ok(match name {
            "response" => Some(self.0.response.clone()),
            "data" => Some(self.0.data.clone()),
            "table" => Some(self.0.table.clone()),
            _ => None,
        })
    }

    fn item(&self, key: &Value) -> Result<Option<Value>, Error> {
        key.as_str().map_or(Ok(None), |name| self.attr(name))
    }

    fn is_mapping(&self) -> bool {
        true
    }
}

/// A database's response as templates see it; prints as its message.
pub(super) struct Response(pub(super) AdapterResponse);

/// Wraps a response.
pub(super) fn response_value(response: AdapterResponse) -> Value {
    object(Response(response))
}

impl Instance for Response {
    fn type_name(&self) -> &'static str {
        "AdapterResponse"
    }

    fn attr(&self, name: &str) -> Result<Option<Value>, Error> {
        Ok(match name {
            "_message" | "message" => Some(Value::from(self.0.message.as_str())),
            "code" => Some(self.0.code.as_deref().map_or_else(none, Value::from)),
            "rows_affected" => Some(self.0.rows_affected.map_or_else(none, Value::from)),
            "query_id" => Some(none()),
            _ => None,
        })
    }

    fn has_method(&self, name: &str) -> bool {
        name == "to_dict"
    }

    fn call_method(&self, name: &str, _call: &mut Call<'_>) -> Option<Result<Value, Error>> {
        (name == "to_dict").then(|| Ok(from_json(&response_json(&self.0).into())))
    }

    fn str(&self) -> String {
        self.0.message.clone()
    }

    fn repr(&self) -> String {
        format!("AdapterResponse(_message='{}')", self.0.message)
    }
}

/// Returns the `adapter_response` of a response that a template held; `None` for another value.
pub fn response_of(value: &Value) -> Option<JsonMap> {
    downcast::<Response>(value).map(|response| response_json(&response.0))
}

/// Returns a response as `adapter_response` of artifacts: only the facts there are.
pub fn response_json(response: &AdapterResponse) -> JsonMap {
    let mut map = JsonMap::new();
    map.insert("_message".into(), response.message.clone().into());
    if let Some(code) = &response.code {
        map.insert("code".into(), code.clone().into());
    }
    if let Some(rows) = response.rows_affected {
        map.insert("rows_affected".into(), rows.into());
    }
    map
}
