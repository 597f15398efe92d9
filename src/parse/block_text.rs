//! Which text of a file dbt takes for a block. A tag with a hyphen, `{%-` or `-%}`, owns the white space on
//! its side; that shows in `macro_sql` and in the code of snapshots. Called by `macros` and `drafts`.

use std::ops::Range;

use crate::jinja::Block;

/// Returns the range of a whole block. `from` is where the text before it ends that is spoken for.
pub(super) fn full(text: &str, block: &Block, from: usize) -> Range<usize> {
    let (mut start, mut end) = (block.full.start, block.full.end);
    if text[start..].starts_with("{%-") {
        let before = &text[..start];
        start = before.trim_end().len().max(from);
        // dbt cuts white space off the ends of every file.
        if before.trim().is_empty() {
            start = block.full.start;
        }
    }
    if text[..end].ends_with("-%}") {
        let after = &text[end..];
        let space = after.len() - after.trim_start().len();
        if space < after.len() {
            end += space;
        }
    }
    start..end
}

/// Returns the range of what is between the tags of a block.
pub(super) fn body(text: &str, block: &Block) -> Range<usize> {
    let inner = &text[block.body.clone()];
    let (mut start, mut end) = (block.body.start, block.body.end);
    if text[..start].ends_with("-%}") {
        start += inner.len() - inner.trim_start().len();
    }
    if text[end..].starts_with("{%-") {
        end = block.body.start + inner.trim_end().len();
    }
    start..end.max(start)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::Sources;
    use crate::jinja::blocks;

    #[track_caller]
    fn check(text: &str, full_text: &str, body_text: &str) {
        let (found, _) = blocks(text, Sources::new().add("m.sql", text));
        let last = found.last().unwrap();
        assert_eq!((&text[full(text, last, 0)], &text[body(text, last)]), (full_text, body_text));
    }

    #[test]
    fn hyphens_own_the_white_space_beside_them() {
        check("a\n {% macro m() %} x {% endmacro %} b", "{% macro m() %} x {% endmacro %}", " x ");
        check("a\n {%- macro m() -%} x {%- endmacro -%} b", "\n {%- macro m() -%} x {%- endmacro -%} ", "x");
        check("\n {%- macro m() -%} x {%- endmacro -%} \n", "{%- macro m() -%} x {%- endmacro -%}", "x");
    }
}
