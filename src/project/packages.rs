//! `packages.yml` and `dependencies.yml`: which packages a project asks for.
//!
//! Input: the files' trees, rendered where they are. Output: a list of [`PackageSpec`]s with places.
//! Whether they are installed is checked by `load`; installing is the business of `deps`.

use camino::Utf8Path;

use crate::diag::{Code, Diagnostic, Sources};
use crate::yaml::Yaml;

use super::package_spec::{PackageSpec, Writer};
use super::render::render_tree;
use super::scope::YamlContext;
use super::settings_file;

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
    let packages = settings_file::optional(sources, folder, "packages.yml", found);
    let dependencies = settings_file::optional(sources, folder, "dependencies.yml", found);
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
    if depended.is_none() {
        check_top(packages.as_ref(), found);
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

/// `packages.yml` holds `packages` and nothing else. Where `dependencies.yml` lists the packages, dbt does
/// not look.
fn check_top(packages: Option<&Yaml>, found: &mut Vec<Diagnostic>) {
    let Some(packages) = packages.filter(|yaml| !yaml.is_falsy()) else { return };
    match packages.expect_map("packages.yml") {
        Ok(map) => {
            let unknown = map.iter().filter(|entry| !matches!(&*entry.key, "packages" | "projects"));
            found.extend(unknown.map(|entry| {
                let message = format!("`packages.yml` has no key `{}`", entry.key);
                let error = Diagnostic::error(Code::UNKNOWN_KEY, entry.key_span, message);
                error.help("it holds a list, `packages:`, and nothing else")
            }));
        }
        Err(error) => found.push(*error),
    }
}

/// Reads the entries below `packages:`. `raw` is the same list before Jinja.
pub(super) fn read(list: Option<&Yaml>, raw: Option<&Yaml>, found: &mut Vec<Diagnostic>) -> Vec<PackageSpec> {
    read_as(Writer::User, list, raw, found)
}

/// Reads the entries that the hub has of a package.
pub(super) fn read_of_hub(list: Option<&Yaml>, found: &mut Vec<Diagnostic>) -> Vec<PackageSpec> {
    read_as(Writer::Hub, list, None, found)
}

fn read_as(
    writer: Writer,
    list: Option<&Yaml>,
    raw: Option<&Yaml>,
    found: &mut Vec<Diagnostic>,
) -> Vec<PackageSpec> {
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
        match PackageSpec::read(item, raw, writer) {
            Ok(spec) => specs.push(spec),
            Err(error) => found.push(*error),
        }
    }
    specs
}

#[cfg(test)]
mod tests {
    use super::super::package_spec::PackageSource;
    use super::*;

    #[track_caller]
    fn check(text: &str, want: Result<&[PackageSource], &[&str]>) {
        let (tree, _) = crate::yaml::parse_text(&Sources::new(), "packages.yml", text);
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
            "packages:\n- package: a/b\n- package: ab\n  version: 1.0.0\n- local: ''\n- name: x\n- text\n- tarball: u\n\
             - local: x\n  revision: 1\n- package: a/b\n  git: x\n  version: 1.0.0\n",
            Err(&[
                "package `a/b` has no `version`",
                "package `ab` has no namespace",
                "`local` of a package is empty",
                "a package names no source",
                "an item of `packages` must be a mapping, but is text",
                "a `tarball` package has no `name`",
                "a `local` package has no key `revision`",
                "a `git` package has no key `package`",
            ]),
        );
        check("packages: x\n", Err(&["`packages` must be a list, but is text"]));
    }
}
