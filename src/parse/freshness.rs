//! Freshness thresholds of sources and models: checks, the shape artifacts show, and the merging of source
//! and table (`resources.md` section 8). Called by `config_check` and `sources`.

use crate::diag::{Code, Diagnostic, Span, suggest};
use crate::manifest::{Json, JsonMap, has_threshold, is_threshold};

use super::config_check::{whole_number, wrong};

pub(super) const PERIODS: [&str; 3] = ["minute", "hour", "day"];

type Shaped = Result<Json, Box<Diagnostic>>;

/// Checks the freshness of a source and fills in what is not given. Null stays null: switched off.
pub(super) fn source(value: &Json, place: Option<Span>) -> Shaped {
    let given = match value {
        Json::Null => return Ok(Json::Null),
        Json::Object(map) => map,
        other => return Err(Box::new(wrong("freshness", "a mapping", other, place))),
    };
    let mut shaped = JsonMap::new();
    for key in ["warn_after", "error_after"] {
        let threshold = match given.get(key) {
            None => empty_threshold(),
            Some(value) => threshold(key, value, place)?,
        };
        shaped.insert(key.to_owned(), threshold);
    }
    let filter = given.get("filter").cloned().unwrap_or(Json::Null);
    if !filter.is_null() && !filter.is_string() {
        return Err(Box::new(wrong("freshness.filter", "text", &filter, place)));
    }
    shaped.insert("filter".to_owned(), filter);
    Ok(Json::Object(shaped))
}

/// Checks what stands beside a source's name, which dbt takes more strictly than the same in `config`.
pub(super) fn property(value: &Json, place: Option<Span>) -> Shaped {
    let only = |map: &JsonMap, known: &[&str], of: &str| {
        let Some(key) = map.keys().find(|key| !known.contains(&key.as_str())) else { return Ok(()) };
        let problem = Diagnostic::error(Code::UNKNOWN_KEY, place, format!("`{of}` has no key `{key}`"));
        Err(Box::new(problem.help::<String>(suggest(key, known.iter().copied()))))
    };
    if let Json::Object(given) = value {
        only(given, &["warn_after", "error_after", "filter"], "freshness")?;
        for key in ["warn_after", "error_after"] {
            let Some(Json::Object(threshold)) = given.get(key) else { continue };
            only(threshold, &["count", "period"], &format!("freshness.{key}"))?;
            let count = threshold.get("count").unwrap_or(&Json::Null);
            let whole = count.as_f64().is_some_and(|count| count.fract() == 0.0);
            if !whole && !count.is_null() {
                return Err(Box::new(wrong(
                    &format!("freshness.{key}.count"),
                    "a whole number",
                    count,
                    place,
                )));
            }
        }
    }
    source(value, place)
}

fn empty_threshold() -> Json {
    serde_json::json!({"count": null, "period": null})
}

fn threshold(key: &str, value: &Json, place: Option<Span>) -> Shaped {
    match value {
        Json::Null => Ok(Json::Null),
        Json::Object(map) => {
            let (count, period) = count_and_period(&format!("freshness.{key}"), map, place)?;
            Ok(serde_json::json!({"count": count, "period": period}))
        }
        other => Err(Box::new(wrong(&format!("freshness.{key}"), "a mapping", other, place))),
    }
}

fn count_and_period(key: &str, map: &JsonMap, place: Option<Span>) -> Result<(Json, Json), Box<Diagnostic>> {
    let count = map.get("count").unwrap_or(&Json::Null);
    let count = whole_number(count)
        .ok_or_else(|| Box::new(wrong(&format!("{key}.count"), "a whole number", count, place)))?;
    let period = match map.get("period") {
        None | Some(Json::Null) => Json::Null,
        Some(Json::String(text)) if PERIODS.contains(&text.as_str()) => Json::from(text.as_str()),
        Some(other) => {
            let given = other.as_str().map_or_else(|| other.to_string(), str::to_owned);
            let message = format!("`{key}.period` must be `minute`, `hour` or `day`, but is `{given}`");
            return Err(Box::new(Diagnostic::error(Code::CONFIG, place, message)));
        }
    };
    Ok((count, period))
}

/// Checks the freshness of a model; without `build_after` it counts as not given, as in dbt.
pub(super) fn model(value: &Json, place: Option<Span>) -> Shaped {
    let Some(given) = value.get("build_after") else { return Ok(Json::Null) };
    let Some(given) = given.as_object() else {
        return Err(Box::new(wrong("freshness.build_after", "a mapping", given, place)));
    };
    let (count, period) = count_and_period("freshness.build_after", given, place)?;
    let missing = match (count.is_null(), period.is_null()) {
        (true, false) => Some("count"),
        (false, true) => Some("period"),
        _ => None,
    };
    if let Some(missing) = missing {
        let given = if missing == "count" { "period" } else { "count" };
        let message =
            format!("`freshness.build_after` must have a value for `{missing}` if a `{given}` is provided");
        return Err(Box::new(Diagnostic::error(Code::CONFIG, place, message)));
    }
    let updates_on = given.get("updates_on").and_then(Json::as_str).unwrap_or("any");
    if !matches!(updates_on, "any" | "all") {
        let message =
            format!("`freshness.build_after.updates_on` must be `any` or `all`, but is `{updates_on}`");
        return Err(Box::new(Diagnostic::error(Code::CONFIG, place, message)));
    }
    Ok(serde_json::json!({"build_after": {"count": count, "period": period, "updates_on": updates_on}}))
}

/// One level's freshness: not mentioned, switched off, or given (in the shape of [`source`]).
pub(super) type Level = Option<Json>;

/// Merges the levels, lowest first: source, source config, table, table config. Returns null when a later
/// level switched freshness off.
pub(super) fn merge(levels: [Level; 4]) -> Json {
    let mut levels = levels.into_iter().map(|level| level.unwrap_or_else(empty));
    let mut merged = levels.next().unwrap_or_else(empty);
    for update in levels {
        merged = match (merged.is_null(), update.is_null()) {
            (false, false) => merge_two(&merged, &update),
            // A switched-off base gives way only to real thresholds.
            (true, false) if has_threshold(&update) => update,
            _ => Json::Null,
        };
    }
    merged
}

fn empty() -> Json {
    serde_json::json!({"warn_after": empty_threshold(), "error_after": empty_threshold(), "filter": null})
}

fn merge_two(base: &Json, update: &Json) -> Json {
    let threshold = |key: &str| {
        let (base, update) = (&base[key], &update[key]);
        match (is_threshold(base), is_threshold(update)) {
            (true, true) => field_wise(base, update),
            _ if update.is_null() => Json::Null,
            (_, true) => update.clone(),
            _ => base.clone(),
        }
    };
    let filter = if update["filter"].is_null() { &base["filter"] } else { &update["filter"] };
    serde_json::json!({
        "warn_after": threshold("warn_after"),
        "error_after": threshold("error_after"),
        "filter": filter,
    })
}

fn field_wise(base: &Json, update: &Json) -> Json {
    let pick = |key: &str| if update[key].is_null() { base[key].clone() } else { update[key].clone() };
    serde_json::json!({"count": pick("count"), "period": pick("period")})
}
