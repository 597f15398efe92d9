//! Which versions of a package fit all that is asked for.
//!
//! Input: conditions such as `>=1.0.0`, and the versions that the hub has. Output: their intersection, the
//! newest version in it. Which version is chosen must be dbt's choice to the letter, so the order of bounds
//! is dbt's as well: a bound is compared together with its operator, and `<2.0.0` lies below `2.0.0-rc1`.

use std::cmp::Ordering;

use crate::project::version::{Operator, Requirement, Version};

/// What remains of several conditions. Without a start or an end it is open there; both are the same
/// condition when one version was asked for.
#[derive(Clone, Debug, Default)]
pub(super) struct Range {
    start: Option<Requirement>,
    end: Option<Requirement>,
}

impl Requirement {
    /// Reads a condition as package lists have them: no spaces, no commas.
    pub(super) fn parse_strict(text: &str) -> Option<Self> {
        let plain = !text.contains(|c: char| c.is_whitespace() || c == ',');
        plain.then(|| Self::parse(text)).flatten()
    }

    fn is_exact(&self) -> bool {
        self.operator == Operator::Exact
    }

    fn is_lower(&self) -> bool {
        matches!(self.operator, Operator::Greater | Operator::GreaterOrEqual)
    }

    fn is_upper(&self) -> bool {
        matches!(self.operator, Operator::Less | Operator::LessOrEqual)
    }

    /// Compares two bounds: which of them lies lower.
    fn compare(&self, other: &Self) -> Ordering {
        let release = self.version.cmp_release(&other.version);
        if release.is_ne() {
            return release;
        }
        match (self.version.is_prerelease(), other.version.is_prerelease()) {
            (false, true) if self.operator == Operator::Less => Ordering::Less,
            (false, true) => Ordering::Greater,
            (true, false) => Ordering::Less,
            _ => self.version.cmp(&other.version).then_with(|| self.compare_operators(other)),
        }
    }

    /// Compares bounds at one version.
    fn compare_operators(&self, other: &Self) -> Ordering {
        use Operator::{Exact, Greater, GreaterOrEqual, Less, LessOrEqual};
        match (self.operator, other.operator) {
            (GreaterOrEqual, LessOrEqual) | (LessOrEqual, GreaterOrEqual) => Ordering::Equal,
            (Less, LessOrEqual) | (GreaterOrEqual, Greater) => Ordering::Less,
            (LessOrEqual, Less) | (Greater, GreaterOrEqual) => Ordering::Greater,
            (Exact, _) | (_, Exact) => Ordering::Equal,
            _ if self.is_upper() && other.is_lower() => Ordering::Less,
            _ if self.is_lower() && other.is_upper() => Ordering::Greater,
            _ => Ordering::Equal,
        }
    }
}

impl Range {
    fn of(condition: &Requirement) -> Self {
        let (start, end) = (!condition.is_upper(), !condition.is_lower());
        Self { start: start.then(|| condition.clone()), end: end.then(|| condition.clone()) }
    }

    /// Intersects conditions; nothing when no version can meet them all.
    pub(super) fn intersect<'r>(conditions: impl IntoIterator<Item = &'r Requirement>) -> Option<Self> {
        let conditions: Vec<&Requirement> = conditions.into_iter().collect();
        let Some((last, others)) = conditions.split_last() else { return Some(Self::default()) };
        others.iter().try_fold(Self::of(last), |range, condition| range.and(&Self::of(condition)))
    }

    fn and(self, other: &Self) -> Option<Self> {
        let exact = |bound: &Option<Requirement>| bound.as_ref().is_some_and(Requirement::is_exact);
        let range = if exact(&self.start) && exact(&other.start) {
            let same = self.start.as_ref()?.compare(other.start.as_ref()?).is_eq();
            same.then(|| Self { start: self.start.clone(), end: self.start })?
        } else {
            // Nothing on one side leaves the bound of the other side.
            let join = |ours: Option<Requirement>, theirs: &Option<Requirement>, outer| match (ours, theirs) {
                (Some(ours), Some(theirs)) => tighter(ours, theirs, outer).map(Some),
                (ours, theirs) => Some(ours.or_else(|| theirs.clone())),
            };
            Self {
                start: join(self.start, &other.start, Ordering::Less)?,
                end: join(self.end, &other.end, Ordering::Greater)?,
            }
        };
        let empty = match (&range.start, &range.end) {
            (Some(start), Some(end)) => start.compare(end).is_gt(),
            _ => false,
        };
        (!empty).then_some(range)
    }

    /// Tells whether a version lies inside.
    fn allows(&self, version: &Requirement) -> bool {
        Self::intersect([Some(version), self.start.as_ref(), self.end.as_ref()].into_iter().flatten())
            .is_some()
    }

    /// Picks the newest of some versions that lies inside, in the spelling of the hub.
    pub(super) fn newest<'v>(&self, versions: &'v [String]) -> Option<&'v str> {
        let mut best: Option<(Requirement, &str)> = None;
        for text in versions {
            let Some(version) = exactly(text).filter(|version| self.allows(version)) else { continue };
            if best.as_ref().is_none_or(|(known, _)| known.compare(&version).is_lt()) {
                best = Some((version, text));
            }
        }
        best.map(|(_, text)| text)
    }
}

/// Picks the bound that leaves less: the higher of two starts (`outer` is less), the lower of two ends.
/// Nothing when one of them is an exact version that the other leaves out.
fn tighter(ours: Requirement, theirs: &Requirement, outer: Ordering) -> Option<Requirement> {
    let inclusive = if outer.is_lt() { Operator::GreaterOrEqual } else { Operator::LessOrEqual };
    let holds = |bound: &Requirement, exact: &Requirement| {
        let order = bound.compare(exact);
        order == outer || order.is_eq() && bound.operator == inclusive
    };
    if ours.is_exact() {
        holds(theirs, &ours).then_some(ours)
    } else if theirs.is_exact() {
        holds(&ours, theirs).then(|| theirs.clone())
    } else if ours.compare(theirs) == outer {
        Some(theirs.clone())
    } else {
        Some(ours)
    }
}

/// Reads a version of the hub; nothing for text that is none.
fn exactly(text: &str) -> Option<Requirement> {
    Requirement::parse_strict(text).filter(Requirement::is_exact)
}

/// Sorts the versions of the hub, oldest first. Pre-releases are left out unless they are wanted.
pub(super) fn installable(versions: impl IntoIterator<Item = String>, prereleases: bool) -> Vec<String> {
    let read = versions.into_iter().filter_map(|text| Some((exactly(&text)?, text)));
    let mut known: Vec<(Requirement, String)> =
        read.filter(|(version, _)| prereleases || !version.version.is_prerelease()).collect();
    known.sort_by(|(a, _), (b, _)| a.compare(b));
    known.into_iter().map(|(_, text)| text).collect()
}

/// Tells whether a package that requires `conditions` of dbt works with the dbt whose language this is.
pub(super) fn fits_dbt(conditions: &[String], dbt: &str) -> bool {
    let read = |text: &String| text.split(',').map(Requirement::parse).collect::<Vec<_>>();
    let conditions: Option<Vec<Requirement>> = conditions.iter().flat_map(read).collect();
    let (Some(conditions), Some(dbt)) = (conditions, exactly(dbt)) else { return false };
    Range::intersect(std::iter::once(&dbt).chain(&conditions)).is_some()
}

/// Tells whether a text names a pre-release.
pub(super) fn is_prerelease(condition: &Requirement) -> bool {
    Version::is_prerelease(&condition.version)
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    /// What dbt chose for made-up conditions; `generate.py` beside the file asked it.
    #[test]
    fn chooses_what_dbt_chooses() {
        let cases = include_str!("../../../tests/fixtures/deps_ranges/chosen.jsonl");
        let texts = |value: &Value| -> Vec<String> {
            value.as_array().unwrap().iter().map(|text| text.as_str().unwrap().to_owned()).collect()
        };
        for case in cases.lines() {
            let want: Value = serde_json::from_str(case).unwrap();
            let asked: Vec<_> =
                texts(&want["asked"]).iter().map(|t| Requirement::parse_strict(t).unwrap()).collect();
            let range = Range::intersect(&asked);
            assert_eq!(range.is_some(), want["possible"].as_bool().unwrap(), "{case}");
            let Some(range) = range else { continue };
            let prereleases =
                want["prereleases"].as_bool().unwrap() || asked.iter().any(super::is_prerelease);
            let versions = installable(texts(&want["available"]), prereleases);
            assert_eq!(versions, texts(&want["installable"]), "{case}");
            assert_eq!(range.newest(&versions), want["chosen"].as_str(), "{case}");
        }
    }

    #[test]
    fn packages_for_another_dbt_do_not_fit() {
        let fits = |conditions: &[&str]| {
            fits_dbt(&conditions.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>(), "1.11.16")
        };
        assert!(
            fits(&[]) && fits(&[">=1.3.0", "<2.0.0"]) && fits(&[">=1.0.0,<2.0.0"]) && fits(&[">= 1.0.0"])
        );
        assert!(!fits(&[">=2.0.0"]) && !fits(&["<1.11.0"]) && !fits(&["what"]));
    }

    #[test]
    fn conditions_have_no_spaces_and_no_commas() {
        for text in [">= 1.0.0", ">=1.0.0,<2.0.0", "1.0", "1", "latest", "~1.0.0", ""] {
            assert!(Requirement::parse_strict(text).is_none(), "{text}");
        }
    }
}
