//! One entry of `packages:`: where a package comes from, and which of its versions.
//!
//! Input: a tree, as rendered and as written. Output: a [`PackageSpec`], or what is wrong with the entry.
//! Entries come from `packages.yml`, `dependencies.yml`, `package-lock.yml` and the hub.

use crate::diag::{Code, Diagnostic, Span, suggest};
use crate::yaml::{Map, Value, Yaml};

/// One package that a project asks for.
#[derive(Clone, Debug, PartialEq)]
pub struct PackageSpec {
    /// Where it comes from.
    pub source: PackageSource,
    /// Where the name of the package, or of its place, stands.
    pub span: Span,
    /// The entry after Jinja.
    pub entry: Yaml,
    /// The entry as written, before Jinja: it goes into lock files, so that secrets do not.
    pub raw: Yaml,
}

/// Where a package comes from.
#[derive(Clone, Debug, PartialEq)]
pub enum PackageSource {
    /// A folder, relative to the root project.
    Local(String),
    /// A package of the hub.
    Hub {
        /// `namespace/name`.
        package: String,
        /// The version conditions, all of which must hold.
        versions: Vec<String>,
        /// Whether pre-releases count.
        prerelease: bool,
    },
    /// A git repository.
    Git {
        /// The URL.
        url: String,
        /// A branch, tag or commit.
        revision: Option<String>,
        /// The folder of the package inside.
        subdirectory: Option<String>,
        /// Whether to warn when the revision may move.
        warn_unpinned: bool,
    },
    /// An archive.
    Tarball {
        /// The URL.
        url: String,
        /// The name of the package.
        name: String,
    },
    /// A repository that only dbt's hosted platform knows how to reach.
    Private(String),
}

/// Who wrote a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Writer {
    /// The user, whose mistakes are told.
    User,
    /// The hub: whatever else stands in its entries means nothing, as to dbt.
    Hub,
}

/// The keys an entry may have, by the key that names its source. `install-prerelease` is not dbt's spelling
/// but that of its manual.
const KEYS: [(&str, &[&str]); 5] = [
    ("local", &["name"]),
    ("tarball", &["name"]),
    ("git", &["revision", "warn-unpinned", "subdirectory", "name"]),
    ("package", &["version", "install_prerelease", "install-prerelease", "name"]),
    ("private", &["provider", "revision", "warn-unpinned", "subdirectory", "name"]),
];

impl PackageSource {
    /// Names the package for people.
    pub fn name(&self) -> &str {
        match self {
            Self::Local(path) => path,
            Self::Hub { package, .. } => package,
            Self::Git { url, .. } => url,
            Self::Tarball { name, .. } => name,
            Self::Private(name) => name,
        }
    }
}

impl PackageSpec {
    /// Reads an entry. `raw` is the same before Jinja.
    pub(super) fn read(entry: &Yaml, raw: &Yaml, writer: Writer) -> Result<Self, Box<Diagnostic>> {
        let source = read_source(entry, writer)?;
        let named = KEYS.iter().find_map(|(kind, _)| entry.get(kind));
        let span = named.map_or(entry.span, |named| named.span);
        Ok(Self { source, span, entry: entry.clone(), raw: raw.clone() })
    }

    /// Returns the place of what is said of the version, or of the name where nothing is.
    pub fn version_span(&self) -> Span {
        let said = self.entry.get("version").or_else(|| self.entry.get("revision"));
        said.map_or(self.span, |said| said.span)
    }

    /// Returns the text of a key as written, before Jinja, if it is text there.
    pub fn written(&self, key: &str) -> Option<&str> {
        self.raw.get(key).and_then(Yaml::as_str)
    }
}

fn read_source(item: &Yaml, writer: Writer) -> Result<PackageSource, Box<Diagnostic>> {
    let span = item.span;
    let map = item.as_map().ok_or_else(|| item.unexpected_item("packages", "a mapping"))?;
    let Some((kind, keys)) = KEYS.iter().find(|(kind, _)| map.contains(kind)) else {
        let help = "write one of `package: namespace/name`, `git: url`, `local: path` or `tarball: url`";
        return Err(error(span, "a package names no source").help(help).into());
    };
    if writer == Writer::User {
        check_keys(map, kind, keys)?;
    }
    let text = |key: &str| map.get(key).filter(|y| !y.is_null()).map(|y| y.expect_str(key)).transpose();
    let flag = |key: &str| map.get(key).filter(|y| !y.is_null()).map(|y| y.expect_bool(key)).transpose();
    let named = named(map, kind)?.to_owned();
    Ok(match *kind {
        "local" => PackageSource::Local(named),
        "package" => {
            let versions = versions(map, &named, span, writer)?;
            let prerelease = flag("install_prerelease")?.or(flag("install-prerelease")?).unwrap_or(false);
            PackageSource::Hub { package: named, versions, prerelease }
        }
        "git" => PackageSource::Git {
            url: named,
            revision: map.get("revision").and_then(revision).filter(|revision| !revision.is_empty()),
            subdirectory: text("subdirectory")?.filter(|text| !text.is_empty()).map(str::to_owned),
            warn_unpinned: flag("warn-unpinned")?.unwrap_or(true),
        },
        "tarball" => {
            let name = text("name")?.ok_or_else(|| {
                let missing = error(span, "a `tarball` package has no `name`");
                Box::new(missing.help("add `name:`, the name of its project"))
            })?;
            PackageSource::Tarball { url: named, name: name.to_owned() }
        }
        _ => PackageSource::Private(named),
    })
}

fn error(span: Span, message: impl Into<String>) -> Diagnostic {
    Diagnostic::error(Code::PACKAGE, span, message)
}

fn check_keys(map: &Map, kind: &str, keys: &[&str]) -> Result<(), Box<Diagnostic>> {
    // `unrendered` is dbt's own note in its data; it means nothing, and dbt accepts it.
    let fits = |key: &str| key == kind || key == "unrendered" || keys.contains(&key);
    let Some(entry) = map.iter().find(|entry| !fits(&entry.key)) else { return Ok(()) };
    let key = &*entry.key;
    let message = format!("a `{kind}` package has no key `{key}`");
    let help = match suggest(key, keys.iter().copied()) {
        Some(near) => near,
        None => format!("the keys are `{kind}`, `{}`", keys.join("`, `")),
    };
    Err(Diagnostic::error(Code::UNKNOWN_KEY, entry.key_span, message).help(help).into())
}

/// Returns the text of a key that names a source; there, it must not be empty.
fn named<'a>(map: &'a Map, key: &str) -> Result<&'a str, Box<Diagnostic>> {
    let Some(value) = map.get(key) else { return Ok("") };
    match value.expect_str(key)? {
        "" => {
            let kind = if key == "package" { "hub" } else { key };
            // Scripts look for dbt's words, as they do below.
            let words = format!("A {kind} package is missing the value. It is a required property.");
            Err(error(value.span, format!("`{key}` of a package is empty")).note(words).into())
        }
        text => Ok(text),
    }
}

fn versions(map: &Map, package: &str, span: Span, writer: Writer) -> Result<Vec<String>, Box<Diagnostic>> {
    if !package.contains('/') {
        let message = format!("package `{package}` has no namespace");
        let words = format!(
            "{package} was not found in the package index. Packages on the index require a namespace, e.g dbt-labs/dbt_utils"
        );
        let error = error(span, message).note(words);
        return Err(error.help("packages of the hub are named `namespace/name`").into());
    }
    let given = |version: &Yaml| match writer {
        Writer::User => !version.is_falsy(),
        Writer::Hub => !version.is_null(),
    };
    let Some(version) = map.get("version").filter(|version| given(version)) else {
        let message = format!("package `{package}` has no `version`");
        let help = "add `version: 1.0.0`, or a range: `[\">=1.0.0\", \"<2.0.0\"]`";
        let words = format!(
            "{package} is missing the version. When installing from the Hub package index, version is a required property"
        );
        return Err(error(span, message).note(words).help(help).into());
    };
    match version.as_seq() {
        Some(items) => items.iter().map(revision).collect::<Option<Vec<_>>>(),
        None => revision(version).map(|one| vec![one]),
    }
    .ok_or_else(|| version.unexpected("version", "text, a number or a list of them"))
}

/// A version or revision: text, or a number where somebody left out the quotes.
fn revision(yaml: &Yaml) -> Option<String> {
    matches!(yaml.value, Value::Str(_) | Value::Int(_) | Value::Float(_))
        .then(|| yaml.scalar_text())
        .flatten()
}
