//! The methods that ask an earlier run: `state`, `result`, `source_status`.
//!
//! Input: a criterion and that run's artifacts. Output: a matcher, and for `state` what is to be told besides.
//! Errors when the artifact is missing that the method needs.

use crate::hash::HashSet;

use super::methods::{Matcher, World};
use super::spec::Criterion;
use crate::diag::{Code, Diagnostic, suggest};
use crate::manifest::UniqueId;
use crate::state::{Change, Comparison, Previous};

/// `state:`: compares with the earlier manifest. What is to be told of contracts and seeds goes to `notices`.
pub(super) fn state<'a>(
    criterion: &Criterion,
    world: World<'a>,
    notices: &mut Vec<Diagnostic>,
) -> Result<Matcher<'a>, Box<Diagnostic>> {
    let Some(previous) = world.previous.and_then(|previous| previous.manifest.as_ref()) else {
        // dbt's words, here and below.
        let what = "Got a state selector method, but no comparison manifest";
        return Err(Box::new(missing(criterion, what, "manifest.json")));
    };
    let text = criterion.text();
    let Some(change) = Change::parse(&text) else {
        let known = || Change::ALL.iter().map(|change| change.as_str());
        let list = known().map(|name| format!("'{name}'")).collect::<Vec<_>>().join(", ");
        let message = format!("Got an invalid selector \"{text}\", expected one of \"[{list}]\"");
        let error = Diagnostic::error(Code::SELECTOR, criterion.span, message);
        return Err(Box::new(error.help::<String>(suggest(&text, known()))));
    };
    let comparison = Comparison::new(world.manifest, previous, world.rendering);
    if let Some(refusal) = comparison.refusal(change) {
        return Err(refusal);
    }
    for notice in comparison.notices(change) {
        if !notices.contains(&notice) {
            notices.push(notice);
        }
    }
    Ok(Box::new(move |resource| comparison.has(resource.id(), change)))
}

/// `result:`: the exact status in the earlier run.
pub(super) fn result<'a>(criterion: &Criterion, world: World<'a>) -> Result<Matcher<'a>, Box<Diagnostic>> {
    let Some(previous) = world.previous.and_then(|previous| previous.results.as_ref()) else {
        let error = missing(criterion, "No comparison run_results", "run_results.json");
        return Err(Box::new(error.counted_as(INTERNAL)));
    };
    let status = criterion.text();
    let with_status = previous.results.iter().filter(|result| result.status == status);
    let ids: HashSet<&UniqueId> = with_status.map(|result| &result.unique_id).collect();
    Ok(Box::new(move |resource| ids.contains(resource.id())))
}

/// `source_status:fresher`: newer rows than in the earlier measurement. Other words match nothing, as in dbt.
pub(super) fn source_status<'a>(
    criterion: &Criterion,
    world: World<'a>,
) -> Result<Matcher<'a>, Box<Diagnostic>> {
    let Some(Previous { sources: Some(before), sources_now, .. }) = world.previous else {
        let what = "No previous state comparison freshness results in sources.json";
        return Err(Box::new(missing(criterion, what, "sources.json").counted_as(INTERNAL)));
    };
    let Some(now) = sources_now else {
        let what = "No current state comparison freshness results in sources.json";
        let error = Diagnostic::error(Code::STATE, criterion.span, what).counted_as(INTERNAL);
        return Err(Box::new(error.help("run `source freshness` first")));
    };
    let wanted = criterion.text() == "fresher";
    Ok(Box::new(move |resource| wanted && now.is_fresher(resource.id(), before)))
}

/// What dbt counts a lack of earlier results as, other than that of an earlier manifest.
const INTERNAL: &str = "Internal Error";

fn missing(criterion: &Criterion, what: &str, file: &str) -> Diagnostic {
    Diagnostic::error(Code::STATE, criterion.span, what)
        .help(format!("name with `--state` the folder that holds the `{file}` of an earlier run"))
}
