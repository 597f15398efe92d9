//! `packages.yml` and `dependencies.yml`: which packages a project asks for.
//!
//! Input: the files' trees, rendered where they are. Output: a list of [`PackageSpec`]s with places.
//! Whether they are installed is checked by `load`; installing is the business of `deps`.

use camino::Utf8Path;

use crate::diag::{Code, Diagnostic, Sources, Span};
use crate::files;
use crate::yaml::{self, Map, Value, Yaml};

use super::render::render_tree;
use super::scope::YamlContext;

/// One package that a project asks for.
#[derive(Clone, Debug, PartialEq)]
pub struct PackageSpec {
    /// Where it comes from.
    pub source: PackageSource,
    /// Where the entry stands.
    pub span: Span,
    /// The entry as written, before Jinja: it goes into lock files, so that secrets do not.
    pub raw: Yaml,
}

/// Where a package comes from.
#[derive(Clone, Debug, PartialEq)]
pub enum PackageSource {
    /// A folder, relative to the project that names it.
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
}

impl PackageSource {
    /// Names the package for people.
    pub fn name(&self) -> &str {
        match self {
            Self::Local(path) => path,
            Self::Hub { package, .. } => package,
            Self::Git { url, .. } => url,
            Self::Tarball { name, .. } => name,
        }
    }
}

/// The packages of a project and the file that lists them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PackageList {
    /// `packages.yml` or `dependencies.yml`; empty when there is neither.
    pub file: &'static str,
    /// The packages in the order of the file.
    pub packages: Vec<PackageSpec>,
}

/// Reads `packages.yml` and `dependencies.yml` in a folder (and how to show it); only the former is
/// rendered.
pub(super) fn load(
    sources: &Sources,
    folder: (&Utf8Path, &Utf8Path),
    context: &YamlContext,
    found: &mut Vec<Diagnostic>,
) -> PackageList {
    let packages = optional_file(sources, folder, "packages.yml", found);
    let dependencies = optional_file(sources, folder, "dependencies.yml", found);
    let key = |yaml: &Option<Yaml>, key: &str| yaml.as_ref().and_then(|yaml| yaml.get(key)).cloned();
    let (listed, depended) = (key(&packages, "packages"), key(&dependencies, "packages"));
    if let (Some(listed), Some(depended)) = (&listed, &depended) {
        let message = "`packages` cannot be both in `packages.yml` and in `dependencies.yml`";
        let error = Diagnostic::error(Code::PACKAGE, listed.span, message);
        found.push(error.label(depended.span, "here too").help("keep one of the lists"));
    }
    if let Some(projects) = key(&packages, "projects") {
        let error = Diagnostic::error(Code::PACKAGE, projects.span, "`projects` cannot be in `packages.yml`");
        found.push(error.help("move it to `dependencies.yml`"));
    }
    match (listed, depended) {
        (_, Some(list)) => PackageList { file: "dependencies.yml", packages: read(Some(&list), None, found) },
        (Some(raw), None) => {
            let rendered = render_tree(&raw, context, &|_| false, found);
            PackageList { file: "packages.yml", packages: read(Some(&rendered), Some(&raw), found) }
        }
        (None, None) => PackageList::default(),
    }
}

/// Reads a file of a folder (and how to show it) that need not be there.
pub(super) fn optional_file(
    sources: &Sources,
    (root, shown): (&Utf8Path, &Utf8Path),
    name: &str,
    found: &mut Vec<Diagnostic>,
) -> Option<Yaml> {
    match files::read_source(sources, &root.join(name), &shown.join(name)) {
        Ok(file) => {
            let (tree, problems) = yaml::parse(sources, file);
            found.extend(problems);
            tree
        }
        Err(error) if error.is_missing() => None,
        Err(error) => {
            found.push(error.into());
            None
        }
    }
}

/// Reads the entries below `packages:`. `raw` is the same list before Jinja.
fn read(list: Option<&Yaml>, raw: Option<&Yaml>, found: &mut Vec<Diagnostic>) -> Vec<PackageSpec> {
    let Some(list) = list.filter(|list| !list.is_null()) else { return Vec::new() };
    let items = match list.expect_seq("packages") {
        Ok(items) => items,
        Err(error) => {
            found.push(*error);
            return Vec::new();
        }
    };
    let raw = raw.and_then(Yaml::as_seq).unwrap_or(items);
    let mut specs = Vec::new();
    for (item, raw) in items.iter().zip(raw) {
        match read_source(item) {
            Ok(source) => specs.push(PackageSpec { source, span: item.span, raw: raw.clone() }),
            Err(error) => found.push(*error),
        }
    }
    specs
}

fn read_source(item: &Yaml) -> Result<PackageSource, Box<Diagnostic>> {
    let map = item.as_map().ok_or_else(|| item.unexpected_item("packages", "a mapping"))?;
    let text = |key: &str| map.get(key).filter(|y| !y.is_null()).map(|y| y.expect_str(key)).transpose();
    let flag = |key: &str| map.get(key).filter(|y| !y.is_null()).map(|y| y.expect_bool(key)).transpose();
    if let Some(path) = named(map, "local")? {
        return Ok(PackageSource::Local(path.to_owned()));
    }
    if let Some(package) = named(map, "package")? {
        return read_hub(item, map, package, flag("install-prerelease")?.or(flag("install_prerelease")?));
    }
    if let Some(url) = named(map, "git")? {
        return Ok(PackageSource::Git {
            url: url.to_owned(),
            revision: map.get("revision").and_then(revision),
            subdirectory: text("subdirectory")?.map(str::to_owned),
            warn_unpinned: flag("warn-unpinned")?.unwrap_or(true),
        });
    }
    if let Some(url) = named(map, "tarball")? {
        let name = text("name")?.ok_or_else(|| {
            let message = "a `tarball` package has no `name`";
            Box::new(
                Diagnostic::error(Code::PACKAGE, item.span, message)
                    .help("add `name:`, the name of its project"),
            )
        })?;
        return Ok(PackageSource::Tarball { url: url.to_owned(), name: name.to_owned() });
    }
    let message = if map.contains("private") {
        "a `private` package needs a git provider integration"
    } else {
        "a package names no source"
    };
    let help = "write one of `package: namespace/name`, `git: url`, `local: path` or `tarball: url`";
    Err(Box::new(Diagnostic::error(Code::PACKAGE, item.span, message).help(help)))
}

/// Returns the text of a key that names a source; there, it must not be empty.
fn named<'a>(map: &'a Map, key: &str) -> Result<Option<&'a str>, Box<Diagnostic>> {
    let Some(value) = map.get(key) else { return Ok(None) };
    match value.expect_str(key)? {
        "" => Err(Box::new(Diagnostic::error(
            Code::PACKAGE,
            value.span,
            format!("`{key}` of a package is empty"),
        ))),
        text => Ok(Some(text)),
    }
}

fn read_hub(
    item: &Yaml,
    map: &Map,
    package: &str,
    prerelease: Option<bool>,
) -> Result<PackageSource, Box<Diagnostic>> {
    let error = |message: String| Diagnostic::error(Code::PACKAGE, item.span, message);
    if !package.contains('/') {
        let message = format!("package `{package}` has no namespace");
        return Err(Box::new(error(message).help("packages of the hub are named `namespace/name`")));
    }
    let versions = match map.get("version").filter(|version| !version.is_falsy()) {
        None => {
            let message = format!("package `{package}` has no `version`");
            return Err(Box::new(
                error(message).help("add `version: 1.0.0`, or a range: `[\">=1.0.0\", \"<2.0.0\"]`"),
            ));
        }
        Some(version) => match version.as_seq() {
            Some(items) => items.iter().map(revision).collect::<Option<Vec<_>>>(),
            None => revision(version).map(|one| vec![one]),
        }
        .ok_or_else(|| version.unexpected("version", "text, a number or a list of them"))?,
    };
    Ok(PackageSource::Hub { package: package.to_owned(), versions, prerelease: prerelease.unwrap_or(false) })
}

/// A version or revision: text, or a number where somebody left out the quotes.
fn revision(yaml: &Yaml) -> Option<String> {
    matches!(yaml.value, Value::Str(_) | Value::Int(_) | Value::Float(_))
        .then(|| yaml.scalar_text())
        .flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, want: Result<&[PackageSource], &[&str]>) {
        let (tree, _) = yaml::parse_text(&Sources::new(), "packages.yml", text);
        let tree = tree.unwrap();
        let mut found = Vec::new();
        let specs = read(tree.get("packages"), tree.get("packages"), &mut found);
        match want {
            Ok(want) => {
                assert!(found.is_empty(), "{found:?}");
                assert_eq!(specs.into_iter().map(|spec| spec.source).collect::<Vec<_>>(), want);
            }
            Err(want) => assert_eq!(found.iter().map(|d| d.message.as_str()).collect::<Vec<_>>(), want),
        }
    }

    #[test]
    fn every_kind_of_source() {
        check("packages:\n", Ok(&[]));
        check("packages: [{local: ../p}]\n", Ok(&[PackageSource::Local("../p".into())]));
        check(
            "packages:\n  - package: dbt-labs/dbt_utils\n    version: [\">=1.0.0\", 2]\n",
            Ok(&[PackageSource::Hub {
                package: "dbt-labs/dbt_utils".into(),
                versions: vec![">=1.0.0".into(), "2".into()],
                prerelease: false,
            }]),
        );
        check(
            "packages: [{git: 'https://x/y.git', revision: 1.0, warn-unpinned: no}]\n",
            Ok(&[PackageSource::Git {
                url: "https://x/y.git".into(),
                revision: Some("1.0".into()),
                subdirectory: None,
                warn_unpinned: false,
            }]),
        );
    }

    #[test]
    fn all_mistakes_are_told() {
        check(
            "packages:\n- package: a/b\n- package: ab\n  version: 1.0.0\n- local: ''\n- name: x\n- text\n- tarball: u\n",
            Err(&[
                "package `a/b` has no `version`",
                "package `ab` has no namespace",
                "`local` of a package is empty",
                "a package names no source",
                "an item of `packages` must be a mapping, but is text",
                "a `tarball` package has no `name`",
            ]),
        );
        check("packages: x\n", Err(&["`packages` must be a list, but is text"]));
    }
}
