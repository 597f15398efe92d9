//! Lineage as a page of its own: one file that asks no other host.

use serde_json::json;

use super::Answer;

/// The page; it draws what stands in it as JSON.
const PAGE: &str = include_str!("../../../templates/lineage/page.html");

/// Returns an answer as a page.
pub fn page(answer: &Answer<'_>) -> String {
    let edges: Vec<_> = answer
        .edges()
        .into_iter()
        .map(|(from, to, label)| {
            let end = |column: &crate::artifacts::ColumnRef| {
                json!([(answer.name)(&column.relation), column.column])
            };
            json!([end(&from), end(&to), label])
        })
        .collect();
    let start = json!([(answer.name)(&answer.relation), answer.column]);
    // `<` could end the script in which it stands.
    let data = json!({"start": start, "edges": edges}).to_string().replace('<', "\\u003c");
    PAGE.replace("LINEAGE_DATA", &data)
}
