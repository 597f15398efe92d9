//! Typed access: the value as the wanted type, or a diagnostic that names the key, the place, what was
//! wanted and what is there.

use crate::diag::{Code, Diagnostic};

use super::{Map, Value, Yaml};

impl Yaml {
    /// Returns text, or an error that names `key`.
    pub fn expect_str(&self, key: &str) -> Result<&str, Box<Diagnostic>> {
        self.as_str().ok_or_else(|| self.unexpected(key, "text"))
    }

    /// Returns a boolean, or an error that names `key`. Text such as `'true'` is not a boolean.
    pub fn expect_bool(&self, key: &str) -> Result<bool, Box<Diagnostic>> {
        self.as_bool().ok_or_else(|| self.unexpected(key, "true or false"))
    }

    /// Returns a whole number, or an error that names `key`.
    pub fn expect_int(&self, key: &str) -> Result<i64, Box<Diagnostic>> {
        self.as_i64().ok_or_else(|| self.unexpected(key, "a whole number"))
    }

    /// Returns a mapping, or an error that names `key`.
    pub fn expect_map(&self, key: &str) -> Result<&Map, Box<Diagnostic>> {
        self.as_map().ok_or_else(|| self.unexpected(key, "a mapping"))
    }

    /// Returns a list, or an error that names `key`.
    pub fn expect_seq(&self, key: &str) -> Result<&[Yaml], Box<Diagnostic>> {
        self.as_seq().ok_or_else(|| self.unexpected(key, "a list"))
    }

    /// Returns a list of text, or an error that names `key`; the first item that is not text is marked.
    pub fn expect_strs(&self, key: &str) -> Result<Vec<&str>, Box<Diagnostic>> {
        let items = self.as_seq().ok_or_else(|| self.unexpected(key, "a list of text"))?;
        items.iter().map(|item| item.as_str().ok_or_else(|| item.unexpected_item(key, "text"))).collect()
    }

    /// Like [`expect_strs`](Yaml::expect_strs), but one text alone counts as a list of one.
    pub fn expect_str_or_strs(&self, key: &str) -> Result<Vec<&str>, Box<Diagnostic>> {
        match self.as_str() {
            Some(text) => Ok(vec![text]),
            None if self.as_seq().is_none() => Err(self.unexpected(key, "text or a list of text")),
            None => self.expect_strs(key),
        }
    }

    /// Makes the error for a value of the wrong type. `wanted` follows "must be".
    pub fn unexpected(&self, key: &str, wanted: &str) -> Box<Diagnostic> {
        self.wrong_type(format!("`{key}` must be {wanted}, but is {}", self.kind()), wanted)
    }

    /// The same for an item of a list.
    pub fn unexpected_item(&self, key: &str, wanted: &str) -> Box<Diagnostic> {
        self.wrong_type(format!("an item of `{key}` must be {wanted}, but is {}", self.kind()), wanted)
    }

    fn wrong_type(&self, message: String, wanted: &str) -> Box<Diagnostic> {
        let help = match &self.value {
            Value::Str(text) if wanted.contains("true or false") => {
                matches!(text.to_ascii_lowercase().as_str(), "true" | "false" | "yes" | "no" | "on" | "off")
                    .then(|| "remove the quotes: quoted, it is text".to_owned())
            }
            Value::Bool(_) if wanted.contains("text") => Some(
                "YAML reads yes, no, on, off, true and false as booleans; put quotes around it".to_owned(),
            ),
            Value::Int(_) | Value::Float(_) | Value::Time(_) if wanted.contains("text") => {
                Some("put quotes around it".to_owned())
            }
            Value::Map(_) if wanted.starts_with("a list") => {
                Some("begin each item with a dash: `- name: ...`".to_owned())
            }
            Value::Null if wanted == "a mapping" => Some("write `key: value` lines".to_owned()),
            Value::Str(_) if wanted.starts_with("a list") => {
                Some("write `[item]`, or one `- item` a line".to_owned())
            }
            _ => None,
        };
        Box::new(Diagnostic::error(Code::YAML_TYPE, self.span, message).help::<String>(help))
    }
}
