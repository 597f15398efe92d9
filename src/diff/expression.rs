//! What a single expression may do to the rows of the query that it is added to.

use super::canonical::end_of_group;
use crate::lineage::is_aggregate;

/// Functions that give one value for each row, among those that projects use. Of any other one it is not known.
const ONE_VALUE: &str = "
    abs acos age array_length ascii asin atan atan2 btrim cardinality cast cbrt ceil ceiling char_length
    character_length chr coalesce concat concat_ws contains cos cot cume_dist current_date current_timestamp
    date date_add date_bin date_diff date_part date_sub date_trunc datediff datepart datesub datetrunc day
    dayname dayofmonth dayofweek dayofyear decode degrees dense_rank encode ends_with epoch epoch_ms even exp
    extract first_value floor format gcd greatest hash hour if ifnull initcap instr isfinite isinf isnan
    json_array_length json_extract json_extract_path json_extract_path_text json_extract_string json_typeof
    jsonb_array_length jsonb_extract_path jsonb_extract_path_text lag last_day last_value lcm lead least left
    len length levenshtein like_escape list_contains list_value ln log log10 log2 lower lpad ltrim
    make_date make_time make_timestamp md5 microsecond minute mod month monthname now nth_value ntile nullif
    nvl octet_length overlay percent_rank pi position pow power quarter radians rank regexp_extract
    regexp_full_match regexp_matches_full regexp_replace repeat replace reverse right round row_number rpad
    rtrim second sha1 sha256 sign sin split_part sqrt starts_with strftime strip_accents strlen strpos
    strptime struct_pack substr substring tan timezone to_char to_date to_number to_timestamp translate
    trim trunc try_cast try_strptime upper week weekday weekofyear year yearweek
";

/// Types and words that may stand before a parenthesis.
const OTHERS: &str = "
    and as bit char character decimal else filter float group in not numeric on or order over partition then
    time timestamp varchar when where within
";

/// Words that may stand beside aggregates without being columns.
const BESIDE_AGGREGATES: &str = "
    abs and as bigint boolean case cast ceil coalesce date decimal double else end false float floor greatest
    hugeint int integer is least not null nullif numeric or precision real round text then timestamp true
    varchar when
";

fn has(list: &str, word: &str) -> bool {
    list.split_whitespace().any(|known| known == word)
}

fn is_word(token: &str) -> bool {
    token.starts_with(|first: char| first.is_alphabetic() || first == '_' || first == '"')
}

/// Returns what of an expression may make more or fewer rows; `None` if nothing does.
pub(super) fn risk(tokens: &[String]) -> Option<String> {
    for (at, token) in tokens.iter().enumerate() {
        if matches!(token.as_str(), "select" | "from" | "*" | "columns") && !is_argument(tokens, at) {
            return Some(format!("`{token}` in an added column"));
        }
        let calls = is_word(token) && tokens.get(at + 1).is_some_and(|next| next == "(");
        if calls && !(has(ONE_VALUE, token) || has(OTHERS, token) || is_aggregate(token)) {
            return Some(format!("whether `{token}` gives one value for each row is not known"));
        }
    }
    None
}

/// The star of `count(*)` and of products, the `from` of `extract(year from day)`.
fn is_argument(tokens: &[String], at: usize) -> bool {
    let before = at.checked_sub(1).and_then(|at| tokens.get(at)).map_or("", String::as_str);
    match tokens[at].as_str() {
        "*" => !matches!(before, "" | "." | ","),
        "from" => tokens[..at]
            .iter()
            .any(|token| matches!(token.as_str(), "extract" | "trim" | "substring" | "overlay")),
        _ => false,
    }
}

/// Leaves out the calls that make one value of several rows, with what belongs to them.
fn without_aggregates(tokens: &[String]) -> (Vec<&str>, bool) {
    let (mut rest, mut found, mut at) = (Vec::new(), false, 0);
    while at < tokens.len() {
        let calls = is_aggregate(&tokens[at]) && tokens.get(at + 1).is_some_and(|next| next == "(");
        if !calls {
            rest.push(tokens[at].as_str());
            at += 1;
            continue;
        }
        let mut end = end_of_group(tokens, at + 1) + 1;
        loop {
            let word = |at: usize| tokens.get(at).map_or("", String::as_str);
            let open = match (word(end), word(end + 1)) {
                ("filter", "(") => end + 1,
                ("within", "group") => end + 2,
                _ => break,
            };
            end = end_of_group(tokens, open) + 1;
        }
        if tokens.get(end).is_some_and(|next| next == "over") {
            // A window keeps its rows.
            rest.extend(tokens[at..end].iter().map(String::as_str));
        } else {
            found = true;
        }
        at = end;
    }
    (rest, found)
}

/// Tells whether an expression makes one value of several rows.
pub(super) fn aggregates(tokens: &[String]) -> bool {
    without_aggregates(tokens).1
}

/// Tells whether nothing of an expression is taken from single rows.
pub(super) fn only_aggregates(tokens: &[String]) -> bool {
    let (rest, found) = without_aggregates(tokens);
    found && rest.iter().all(|token| !is_word(token) || has(BESIDE_AGGREGATES, token))
}
