//! What saved queries ask for: metrics that there are, groups, an order by one of them.

use super::query_item::{self, Item, Place};
use super::{Found, Layer, parts, texts};
use crate::manifest::{Json, SavedQuery};

/// Checks a saved query; its filter is checked with those of metrics.
pub(super) fn check(layer: &Layer<'_>, query: &SavedQuery, found: &mut Found) {
    let entry = &query.entry;
    for name in query.metrics().filter(|name| layer.metrics.iter().all(|metric| metric.entry.name != *name)) {
        found.error(entry, format!("`{name}` is not a valid metric name."));
    }
    texts(&query.query_params, "group_by").for_each(|group| group_by(layer, query, group, found));
    order_by(query, found);
    if let Some(limit) = query.query_params.get("limit").and_then(Json::as_i64).filter(|limit| *limit < 0) {
        found.error(entry, format!("Invalid limit value: {limit} (should be >= 0)"));
    }
}

fn group_by(layer: &Layer<'_>, query: &SavedQuery, group: &str, found: &mut Found) {
    let named = query_item::read(&format!("{{{{{group}}}}}"), Place::Filter).and_then(|items| {
        items.iter().map(|item| item.resolve(&layer.custom_grains)).collect::<Result<Vec<_>, _>>()
    });
    match named {
        Err(reason) => {
            let doing = format!("trying to parse a group-by in saved query `{}`", query.entry.name);
            found.error(&query.entry, format!("An error occurred while {doing} - `{group}`: {reason}"));
        }
        Ok(named) => {
            let is_known = |name: &str| {
                name == "metric_time"
                    || layer.metrics.iter().any(|metric| metric.entry.name == name)
                    || layer
                        .models
                        .iter()
                        .any(|model| parts(model).any(|(kind, part)| kind != "measure" && part == name))
            };
            if !matches!(&*named, [one] if is_known(&one.name)) {
                found.error(&query.entry, format!("`{group}` is not a valid group-by name."));
            }
        }
    }
}

/// Rows are ordered by metrics and groups of the query itself.
fn order_by(query: &SavedQuery, found: &mut Found) {
    let mut orders = texts(&query.query_params, "order_by").peekable();
    if orders.peek().is_none() {
        return;
    }
    let metrics = query.metrics().map(|metric| format!("Metric('{metric}')"));
    let groups = texts(&query.query_params, "group_by").map(str::to_owned);
    let mut known: Vec<Item> = Vec::new();
    let mut wrong = false;
    for asked in metrics.chain(groups) {
        match query_item::read_one(&asked, Place::Filter) {
            Ok(item) => known.push(item),
            Err(reason) => {
                wrong = true;
                unreadable(query, &asked, &reason, found);
            }
        }
    }
    if wrong {
        return;
    }
    for order in orders {
        match query_item::read_one(order, Place::Order) {
            Err(reason) => unreadable(query, order, &reason, found),
            Ok(item) if !known.contains(&item.ascending()) => {
                let message = format!("{order} does not match any of the listed metrics or group-by items.");
                found.error(&query.entry, message);
            }
            Ok(_) => {}
        }
    }
}

fn unreadable(query: &SavedQuery, asked: &str, reason: &str, found: &mut Found) {
    let message = format!(
        "An error occurred while parsing a field in '{}'. Note that metrics need to be specified using the object-builder \
         syntax (`Metric('metric_name')`) and if `.descending(...)` is specified, it should be at the end. - `{asked}`: \
         {reason}",
        query.entry.name
    );
    found.error(&query.entry, message);
}
