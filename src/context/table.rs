//! stub until the table lands
use crate::adapter::ResultTable;
use crate::jinja::{Value, list, none};
pub(super) fn empty() -> Value {
    none()
}
pub fn table_value(_t: ResultTable) -> Value {
    none()
}
pub(super) fn rows_of(_v: &Value) -> Option<Value> {
    Some(list(Vec::new()))
}
pub fn cells(_v: &Value) -> Option<Vec<Vec<Option<String>>>> {
    None
}
pub(super) fn sql_type(_v: &Value, _i: usize) -> Option<String> {
    None
}
pub(super) fn is_method(_n: &str) -> bool {
    false
}
