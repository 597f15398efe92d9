//! `require-dbt-version`: which dbt a project or package is written for, checked against the dbt whose
//! language Tidegate speaks.

use std::cmp::Ordering;
use std::fmt;

use crate::diag::{Code, Diagnostic};
use crate::yaml::Yaml;

/// The dbt version whose project language, contexts and artifacts Tidegate follows. Projects see it as
/// `dbt_version`, artifacts carry it, `require-dbt-version` is checked against it.
pub const DBT_VERSION: &str = "1.11.16";

/// A semantic version. Build metadata takes no part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    numbers: [u64; 3],
    pre: Vec<PrePart>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum PrePart {
    Number(u64),
    Word(String),
}

impl Version {
    /// Reads `major.minor.patch`, perhaps with `-pre.release` (or `1.0.0rc1`) and `+build`.
    pub fn parse(text: &str) -> Option<Self> {
        let core = text.split_once('+').map_or(text, |(core, _)| core);
        let mut parts = core.splitn(3, '.');
        let number = |part: Option<&str>| canonical_number(part?);
        let (major, minor) = (number(parts.next())?, number(parts.next())?);
        let patch = parts.next()?;
        let digits = patch.bytes().take_while(u8::is_ascii_digit).count();
        let (patch, pre) = patch.split_at(digits);
        let pre = pre.strip_prefix('-').unwrap_or(pre);
        let pre =
            if pre.is_empty() { Vec::new() } else { pre.split('.').map(pre_part).collect::<Option<_>>()? };
        Some(Self { numbers: [major, minor, canonical_number(patch)?], pre })
    }

    /// Tells whether this comes before a release.
    pub fn is_prerelease(&self) -> bool {
        !self.pre.is_empty()
    }

    /// Compares without what comes behind the three numbers.
    pub(super) fn cmp_release(&self, other: &Self) -> Ordering {
        self.numbers.cmp(&other.numbers)
    }
}

fn canonical_number(text: &str) -> Option<u64> {
    let plain = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if !plain || (text.len() > 1 && text.starts_with('0')) {
        return None;
    }
    text.parse().ok()
}

fn pre_part(text: &str) -> Option<PrePart> {
    if let Some(number) = canonical_number(text) {
        return Some(PrePart::Number(number));
    }
    let fits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    fits.then(|| PrePart::Word(text.to_owned()))
}

impl Ord for Version {
    fn cmp(&self, other: &Self) -> Ordering {
        let pre = match (self.pre.is_empty(), other.pre.is_empty()) {
            (true, true) => Ordering::Equal,
            (true, false) => Ordering::Greater,
            (false, true) => Ordering::Less,
            (false, false) => self.pre.cmp(&other.pre),
        };
        self.numbers.cmp(&other.numbers).then(pre)
    }
}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// One condition, for example `>=1.3.0`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Requirement {
    pub(super) operator: Operator,
    pub(super) version: Version,
    text: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operator {
    Exact,
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
}

const OPERATORS: [(&str, Operator); 5] = [
    (">=", Operator::GreaterOrEqual),
    ("<=", Operator::LessOrEqual),
    (">", Operator::Greater),
    ("<", Operator::Less),
    ("=", Operator::Exact),
];

impl Requirement {
    /// Reads a condition; without an operator the version must be equal.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let found = OPERATORS.iter().find_map(|(sign, op)| text.strip_prefix(sign).map(|rest| (*op, rest)));
        let (operator, rest) = found.unwrap_or((Operator::Exact, text));
        Some(Self { operator, version: Version::parse(rest.trim())?, text: text.to_owned() })
    }

    /// Tells whether a version meets the condition.
    pub fn allows(&self, version: &Version) -> bool {
        let order = version.cmp(&self.version);
        match self.operator {
            Operator::Exact => order.is_eq(),
            Operator::Greater => order.is_gt(),
            Operator::GreaterOrEqual => order.is_ge(),
            // `<2.0.0` is not meant to let `2.0.0-rc1` in.
            Operator::Less => {
                let rc_of_limit = version.numbers == self.version.numbers && self.version.pre.is_empty();
                order.is_lt() && !rc_of_limit
            }
            Operator::LessOrEqual => order.is_le(),
        }
    }
}

impl fmt::Display for Requirement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Reads the value of `require-dbt-version`: text with commas, or a list of text.
pub(super) fn parse_requirements(yaml: &Yaml) -> Result<Vec<Requirement>, Box<Diagnostic>> {
    let items = yaml.expect_str_or_strs("require-dbt-version")?;
    let parts = items.iter().flat_map(|item| item.split(','));
    parts.map(|part| Requirement::parse(part).ok_or_else(|| not_a_version(yaml, part))).collect()
}

fn not_a_version(yaml: &Yaml, part: &str) -> Box<Diagnostic> {
    let message = format!("`{}` is not a valid semantic version", part.trim());
    let help = "write an operator and three numbers, for example `[\">=1.3.0\", \"<2.0.0\"]`";
    Box::new(Diagnostic::error(Code::VERSION, yaml.span, message).help(help))
}

/// Checks the requirements of the project or package `name` against [`DBT_VERSION`].
pub(super) fn check(name: &str, yaml: &Yaml, requirements: &[Requirement]) -> Result<(), Box<Diagnostic>> {
    let Some(installed) = Version::parse(DBT_VERSION) else { return Ok(()) };
    if requirements.iter().all(|requirement| requirement.allows(&installed)) {
        return Ok(());
    }
    let wanted: Vec<String> = requirements.iter().map(ToString::to_string).collect();
    let message = if is_impossible(requirements) {
        format!("no dbt version can ever satisfy what package `{name}` requires: {}", wanted.join(", "))
    } else {
        format!(
            "package `{name}` requires dbt {}, but Tidegate works as dbt {DBT_VERSION}",
            wanted.join(", ")
        )
    };
    let help = "take another version of the package, or run with --no-version-check";
    Err(Box::new(Diagnostic::error(Code::VERSION, yaml.span, message).help(help)))
}

/// Tells whether no version at all meets the requirements. Enough to try: zero, each named version, and
/// the one right above it.
fn is_impossible(requirements: &[Requirement]) -> bool {
    let zero = Version { numbers: [0; 3], pre: Vec::new() };
    let above =
        |v: &Version| Version { numbers: [v.numbers[0], v.numbers[1], v.numbers[2] + 1], pre: Vec::new() };
    let named = requirements.iter().flat_map(|r| [r.version.clone(), above(&r.version)]);
    !std::iter::once(zero).chain(named).any(|version| requirements.iter().all(|r| r.allows(&version)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_allows(requirements: &str, version: &str, want: bool) {
        let version = Version::parse(version).unwrap();
        let all: Vec<_> = requirements.split(',').map(|r| Requirement::parse(r).unwrap()).collect();
        assert_eq!(all.iter().all(|r| r.allows(&version)), want, "{requirements} {version:?}");
    }

    #[test]
    fn operators() {
        check_allows(">=1.0.0,<2.0.0", "1.11.16", true);
        check_allows(">=1.0.0, <2.0.0", "2.0.0", false);
        check_allows("1.11.16", "1.11.16", true);
        check_allows("=1.11.16", "1.11.17", false);
        check_allows(">1.11.16", "1.11.16", false);
        check_allows("<=1.11.16", "1.11.16", true);
        check_allows("<2.0.0", "2.0.0-rc1", false);
        check_allows(">=2.0.0", "2.0.0-rc1", false);
        check_allows(">=2.0.0-b1", "2.0.0-rc1", true);
        check_allows(">=2.0.0rc2", "2.0.0-rc.10", false);
    }

    #[test]
    fn not_versions() {
        for text in ["1.0", "1", "v1.0.0", "1.0.x", "01.0.0", ">=", "", "~1.0.0", "1.0.0-"] {
            assert!(Requirement::parse(text).is_none() || text == "1.0.0-", "{text}");
        }
    }

    #[test]
    fn impossible_ranges() {
        let all = |text: &str| text.split(',').map(|r| Requirement::parse(r).unwrap()).collect::<Vec<_>>();
        assert!(is_impossible(&all(">=2.0.0,<1.0.0")));
        assert!(is_impossible(&all("=1.0.0,=1.0.1")));
        assert!(!is_impossible(&all(">1.0.0,<1.1.0")));
        assert!(!is_impossible(&all("<1.0.0")));
    }
}
