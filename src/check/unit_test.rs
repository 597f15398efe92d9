//! The verdict of a unit test (`resources.md` section 7): actual and expected rows → the differences as a table.
//!
//! Rows are compared as multisets of texts. Input: both sides sorted, since rows are shown in that order. Pure;
//! called by `run`.

use std::fmt::Write as _;

use crate::hash::{HashMap, HashSet};

/// A row: the text of each cell, `None` for null.
pub type TextRow = Vec<Option<String>>;

/// Rows next to a change that are shown with it, and columns likewise.
const CONTEXT: usize = 1;

/// What became of a row. Indexes are those of the two sides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Change {
    Same { actual: usize },
    Changed { expected: usize, actual: usize },
    Added { actual: usize },
    Removed { expected: usize },
}

/// Compares the rows of a unit test: `None` if they are the same, else a table of what differs.
///
/// Each line of the table begins with a marker: `@@` names the columns, `+++` marks a row that was not expected,
/// `---` one that is missing, `→` one with changed cells, written `expected→actual`. Equal rows and columns far
/// from any change are left out (`...`).
pub fn unit_test_difference(columns: &[String], expected: &[TextRow], actual: &[TextRow]) -> Option<String> {
    let pairs = align(expected, actual);
    let changes = in_order(&pairs, expected, actual);
    if changes.iter().all(|change| matches!(change, Change::Same { .. })) {
        return None;
    }
    let shown = shown_columns(columns.len(), &changes, expected, actual);
    let mut lines = vec![header(columns, &shown)];
    let mut gap = false;
    for (at, change) in changes.iter().enumerate() {
        let near = &changes[at.saturating_sub(CONTEXT)..(at + CONTEXT + 1).min(changes.len())];
        if near.iter().any(|change| !matches!(change, Change::Same { .. })) {
            lines.push(line(*change, &shown, expected, actual));
            gap = false;
        } else if !gap {
            lines.push(vec!["...".to_owned(); lines[0].len()]);
            gap = true;
        }
    }
    Some(table(&lines))
}

/// Finds the expected row of each actual row: equal rows first, then rows that some equal cells identify.
fn align(expected: &[TextRow], actual: &[TextRow]) -> Vec<Option<usize>> {
    let mut places: HashMap<&TextRow, Vec<usize>> = HashMap::default();
    for (at, row) in expected.iter().enumerate().rev() {
        places.entry(row).or_default().push(at);
    }
    let mut pairs: Vec<Option<usize>> =
        actual.iter().map(|row| places.get_mut(row).and_then(Vec::pop)).collect();
    let taken: HashSet<usize> = pairs.iter().flatten().copied().collect();
    let left: Vec<usize> = (0..expected.len()).filter(|at| !taken.contains(at)).collect();
    let mut keys = Keys { expected, actual, known: HashMap::default() };
    let mut candidates = Vec::new();
    for (new, row) in actual.iter().enumerate().filter(|(at, _)| pairs[*at].is_none()) {
        for &old in &left {
            let equal = |column: &usize| row[*column].is_some() && row[*column] == expected[old][*column];
            let shared: Vec<usize> = (0..row.len()).filter(equal).collect();
            if !shared.is_empty() && keys.identify(&shared, row) {
                candidates.push((shared.len(), new, old));
            }
        }
    }
    candidates.sort_by_key(|&(shared, new, old)| (std::cmp::Reverse(shared), new, old));
    let mut used = HashSet::default();
    for (_, new, old) in candidates {
        if pairs[new].is_none() && used.insert(old) {
            pairs[new] = Some(old);
        }
    }
    pairs
}

/// How often the values of some columns occur: in expected and in actual rows.
type Counts<'a> = HashMap<Vec<&'a Option<String>>, (usize, usize)>;

/// The counts by columns, made when first needed.
struct Keys<'a> {
    expected: &'a [TextRow],
    actual: &'a [TextRow],
    known: HashMap<Vec<usize>, Counts<'a>>,
}

impl<'a> Keys<'a> {
    /// Tells whether a row's values of some columns occur only once on each side.
    fn identify(&mut self, columns: &[usize], row: &'a TextRow) -> bool {
        let key = |row: &'a TextRow| columns.iter().map(|at| &row[*at]).collect::<Vec<_>>();
        let (expected, actual) = (self.expected, self.actual);
        let counts = self.known.entry(columns.to_vec()).or_insert_with(|| {
            let mut counts = Counts::default();
            for row in expected {
                counts.entry(key(row)).or_default().0 += 1;
            }
            for row in actual {
                counts.entry(key(row)).or_default().1 += 1;
            }
            counts
        });
        counts.get(&key(row)) == Some(&(1, 1))
    }
}

/// Puts all rows into the order of the actual ones; what is missing stands where it would have been.
fn in_order(pairs: &[Option<usize>], expected: &[TextRow], actual: &[TextRow]) -> Vec<Change> {
    let kept: HashSet<usize> = pairs.iter().flatten().copied().collect();
    let mut missing = (0..expected.len()).filter(|at| !kept.contains(at)).peekable();
    let mut changes = Vec::new();
    for (actual_at, pair) in pairs.iter().enumerate() {
        let Some(expected_at) = *pair else {
            changes.push(Change::Added { actual: actual_at });
            continue;
        };
        while let Some(at) = missing.next_if(|at| *at < expected_at) {
            changes.push(Change::Removed { expected: at });
        }
        changes.push(if expected[expected_at] == actual[actual_at] {
            Change::Same { actual: actual_at }
        } else {
            Change::Changed { expected: expected_at, actual: actual_at }
        });
    }
    changes.extend(missing.map(|expected| Change::Removed { expected }));
    changes
}

/// Returns the columns to show, `None` for a gap. A row that is new or missing is shown whole; otherwise the
/// changed columns and the first that did not change, each with its neighbours.
fn shown_columns(
    count: usize,
    changes: &[Change],
    expected: &[TextRow],
    actual: &[TextRow],
) -> Vec<Option<usize>> {
    let mut active = vec![false; count];
    for change in changes {
        match *change {
            Change::Same { .. } => {}
            Change::Changed { expected: old, actual: new } => {
                for (at, active) in active.iter_mut().enumerate() {
                    *active |= expected[old][at] != actual[new][at];
                }
            }
            Change::Added { .. } | Change::Removed { .. } => active.fill(true),
        }
    }
    if let Some(unchanged) = active.iter().position(|active| !active) {
        active[unchanged] = true;
    }
    let mut shown = Vec::new();
    for at in 0..count {
        if active[at.saturating_sub(CONTEXT)..(at + CONTEXT + 1).min(count)].contains(&true) {
            shown.push(Some(at));
        } else if shown.last().is_some_and(Option::is_some) {
            shown.push(None);
        }
    }
    shown
}

fn header(columns: &[String], shown: &[Option<usize>]) -> Vec<String> {
    let name = |column: &Option<usize>| column.map_or_else(|| "...".to_owned(), |at| quoted(&columns[at]));
    std::iter::once("@@".to_owned()).chain(shown.iter().map(name)).collect()
}

fn line(change: Change, shown: &[Option<usize>], expected: &[TextRow], actual: &[TextRow]) -> Vec<String> {
    let whole = |marker: &str, row: &TextRow, null: &str| {
        let cell = |column: &Option<usize>| {
            column.map_or_else(|| "...".to_owned(), |at| cell(row[at].as_ref(), null))
        };
        std::iter::once(marker.to_owned()).chain(shown.iter().map(cell)).collect()
    };
    match change {
        Change::Same { actual: at } => whole("", &actual[at], "NULL"),
        Change::Added { actual: at } => whole("+++", &actual[at], "null"),
        Change::Removed { expected: at } => whole("---", &expected[at], "null"),
        Change::Changed { expected: old, actual: new } => {
            let cell = |column: &Option<usize>| {
                let Some(at) = *column else { return "...".to_owned() };
                let (old, new) = (&expected[old][at], &actual[new][at]);
                if old == new {
                    return cell(new.as_ref(), "NULL");
                }
                quoted(&format!("{}→{}", plain(old.as_ref(), "NULL"), plain(new.as_ref(), "NULL")))
            };
            std::iter::once("→".to_owned()).chain(shown.iter().map(cell)).collect()
        }
    }
}

fn cell(value: Option<&String>, null: &str) -> String {
    quoted(&plain(value, null))
}

/// A text that reads like a null gets an underscore, to be told from one.
fn plain(value: Option<&String>, null: &str) -> String {
    match value {
        None => null.to_owned(),
        Some(text) if text.trim_start_matches('_') == "NULL" => format!("_{text}"),
        Some(text) => text.clone(),
    }
}

/// Quotes a cell as CSV where that is needed to see its bounds.
fn quoted(text: &str) -> String {
    if text.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}

/// Writes lines with their columns below each other, separated by commas.
fn table(lines: &[Vec<String>]) -> String {
    let count = lines.first().map_or(0, Vec::len);
    let widths: Vec<usize> = (0..count)
        .map(|at| lines.iter().map(|line| line[at].chars().count()).max().unwrap_or_default())
        .collect();
    let mut text = String::new();
    for line in lines {
        for (at, cell) in line.iter().enumerate() {
            let separator = if at == 0 { "" } else { "," };
            // The last column needs no filling.
            let width = if at + 1 == count { 0 } else { widths[at] };
            let _ = write!(text, "{separator}{cell:width$}");
        }
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rows as `a b|c d`; `-` is null.
    fn rows(text: &str) -> Vec<TextRow> {
        let cell = |text: &str| (text != "-").then(|| text.to_owned());
        text.split('|').filter(|row| !row.is_empty()).map(|row| row.split(' ').map(cell).collect()).collect()
    }

    /// The tables are those that dbt-core 1.11 prints for the same rows.
    #[track_caller]
    fn check(columns: &str, expected: &str, actual: &str, want: &[&str]) {
        let columns: Vec<String> = columns.split(' ').map(str::to_owned).collect();
        let got = unit_test_difference(&columns, &rows(expected), &rows(actual)).unwrap_or_default();
        assert_eq!(got.lines().collect::<Vec<_>>(), want);
    }

    #[test]
    fn equal_rows_do_not_differ() {
        check("id v", "1 a|2 -", "1 a|2 -", &[]);
        check("id v", "1 a|1 a", "1 a|1 a", &[]);
        check("id", "", "", &[]);
    }

    #[test]
    fn changed_cells_are_shown_with_both_values() {
        check("id v", "1 a|2 b", "1 a|2 c", &["@@,id,v", "  ,1 ,a", "→ ,2 ,b→c"]);
        check("id v", "1 -", "1 NULL", &["@@,id,v", "→ ,1 ,NULL→_NULL"]);
        check("n m", "a,b x", "a\"b x", &["@@,n         ,m", "→ ,\"a,b→a\"\"b\",x"]);
        check("a b", "1 -|2 -", "1 x|2 y", &["@@,a,b", "→ ,1,NULL→x", "→ ,2,NULL→y"]);
    }

    #[test]
    fn rows_that_share_nothing_of_their_own_are_added_and_removed() {
        check("id v", "1 a|2 b", "1 a|3 z", &["@@ ,id,v", "   ,1 ,a", "+++,3 ,z", "---,2 ,b"]);
        check("a b", "1 1|1 2", "1 1|1 3", &["@@ ,a,b", "   ,1,1", "+++,1,3", "---,1,2"]);
        check(
            "id v",
            "2 b|3 c|5 e",
            "1 a|3 c|5 e|6 f",
            &["@@ ,id,v", "+++,1 ,a", "---,2 ,b", "   ,3 ,c", "   ,5 ,e", "+++,6 ,f"],
        );
        check("id v", "", "1 -", &["@@ ,id,v", "+++,1 ,null"]);
    }

    #[test]
    fn a_row_counts_as_often_as_it_occurs() {
        check("x", "1|1", "1", &["@@ ,x", "   ,1", "---,1"]);
        check("x", "1", "1|1", &["@@ ,x", "   ,1", "+++,1"]);
    }

    #[test]
    fn what_is_far_from_a_change_is_left_out() {
        check(
            "id v",
            "1 a|2 b|3 c|4 d|5 e|6 f",
            "1 a|2 b|3 x|4 d|5 e|6 f",
            &["@@ ,id ,v", "...,...,...", "   ,2  ,b", "→  ,3  ,c→x", "   ,4  ,d", "...,...,..."],
        );
        check("a b c d e f", "1 2 3 4 5 6", "1 2 3 4 5 7", &["@@,a,b,...,e,f", "→ ,1,2,...,5,6→7"]);
        check("a b c d e f", "1 2 3 4 5 6", "9 2 3 4 5 6", &["@@,a  ,b,c,...", "→ ,1→9,2,3,..."]);
        check(
            "a b c d e f",
            "1 2 3 4 5 6|2 2 2 2 2 2",
            "1 2 3 4 5 7",
            &["@@ ,a,b,c,d,e,f", "→  ,1,2,3,4,5,6→7", "---,2,2,2,2,2,2"],
        );
    }
}
