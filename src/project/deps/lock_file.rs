//! `package-lock.yml`: which versions the list of packages came to, and of which list.
//!
//! The text is dbt's byte for byte, and so is the hash of the list: a lock that one tool wrote holds for the
//! other. Secrets stay out, since URLs are written as they stand in `packages.yml`.

use camino::Utf8Path;

use super::DepsError;
use super::package::{Pinned, Resolved};
use crate::diag::{Diagnostic, Sources};
use crate::digest;
use crate::event::{DepsScrubbedPackageName, EventSink};
use crate::jinja::pycompat::{JsonStyle, YamlStyle, json_text, yaml_text, yaml_value};
use crate::jinja::{Value, dict, list, none};
use crate::project::env::Env;
use crate::project::package_spec::{PackageSource, PackageSpec};
use crate::project::render::render_tree;
use crate::project::scope::YamlContext;
use crate::project::{packages, settings_file};
use crate::yaml::Yaml;

/// The name of the file, in the root of the project.
pub(super) const NAME: &str = "package-lock.yml";

/// What the file says.
pub(super) struct LockFile {
    /// The hash of the list it was made from.
    pub(super) hash: Option<String>,
    /// What to install, in order.
    pub(super) packages: Vec<PackageSpec>,
}

/// Reads the file; nothing when there is none.
pub(super) fn read(
    sources: &Sources,
    root: &Utf8Path,
    context: &YamlContext,
) -> Result<Option<LockFile>, Vec<Diagnostic>> {
    let mut found = Vec::new();
    let raw = settings_file::optional(sources, (root, Utf8Path::new("")), NAME, &mut found);
    let Some(raw) = raw.filter(|raw| !raw.is_falsy()) else {
        return if found.iter().any(Diagnostic::is_error) { Err(found) } else { Ok(None) };
    };
    let rendered = render_tree(&raw, context, &|_| false, &mut found);
    let list = rendered.get("packages");
    let packages = packages::read(list, raw.get("packages"), &mut found);
    let hash = rendered.get("sha1_hash").and_then(Yaml::as_str).map(str::to_owned);
    if found.iter().any(Diagnostic::is_error) {
        let help = "delete the file to have it written anew: `packages.yml` says what is wanted";
        return Err(found.into_iter().map(|problem| problem.help(help)).collect());
    }
    Ok(Some(LockFile { hash, packages }))
}

/// Computes the hash of a list of packages: SHA-1 over the entries as sorted JSON, one a line, sorted.
///
/// `added` is for a list that `--add-package` has just changed: dbt hashes it before Jinja and without its
/// note of what was written, so that the next `deps` resolves once more.
pub(super) fn hash(packages: &[PackageSpec], added: bool) -> String {
    let style = JsonStyle { sort_keys: true, indent: None };
    // Only a list with something that is no JSON in it has no text, and such a list cannot be resolved.
    let mut lines: Vec<String> =
        packages.iter().map(|spec| json_text(&fields(spec, added), &style).unwrap_or_default()).collect();
    lines.sort_unstable();
    digest::sha1(&lines.join("\n"))
}

/// The entry with all keys that dbt knows for its kind, given or not, and the entry as written.
fn fields(spec: &PackageSpec, added: bool) -> Value {
    let entry = if added { &spec.raw } else { &spec.entry };
    let given = |key: &'static str, fallback: Value| (key, entry.get(key).map_or(fallback, yaml_value));
    let optional = |key| given(key, none());
    let mut fields = match &spec.source {
        PackageSource::Local(_) => vec![optional("local")],
        PackageSource::Hub { prerelease, .. } => {
            vec![
                optional("package"),
                optional("version"),
                given("install_prerelease", Value::from(*prerelease)),
            ]
        }
        PackageSource::Git { .. } => {
            ["git", "revision", "warn-unpinned", "subdirectory"].map(optional).to_vec()
        }
        PackageSource::Tarball { .. } => vec![optional("tarball")],
        PackageSource::Private(_) => {
            ["private", "provider", "revision", "warn-unpinned", "subdirectory"].map(optional).to_vec()
        }
    };
    if entry.get("name").is_some_and(|name| !name.is_null()) {
        fields.push(optional("name"));
    }
    let nothing: [(&str, Value); 0] = [];
    let unrendered = if added { dict(nothing) } else { yaml_value(&spec.raw) };
    fields.push(("unrendered", unrendered));
    dict(fields)
}

/// Writes the file's text. Warns where a secret had to be hidden.
pub(super) fn text(
    resolved: &[Resolved],
    hash: &str,
    env: &Env,
    events: &EventSink,
) -> Result<String, DepsError> {
    let scrubber = env.scrubber();
    let mut packages = Vec::new();
    for package in resolved {
        let url = |written: &str| -> Result<Value, DepsError> {
            let scrubbed = scrubber.scrub(written).into_owned();
            if scrubbed != written {
                events.warn(DepsScrubbedPackageName { package_name: scrubbed.clone() })?;
            }
            Ok(Value::from(scrubbed))
        };
        let mut entry = match &package.pinned {
            Pinned::Hub { package, version, .. } => {
                vec![("package", Value::from(package.as_str())), ("version", Value::from(version.as_str()))]
            }
            Pinned::Git { wanted, written, .. } => {
                let mut entry =
                    vec![("git", url(written)?), ("revision", Value::from(wanted.revision.as_str()))];
                entry.extend(
                    wanted.subdirectory.as_ref().map(|folder| ("subdirectory", Value::from(folder.as_str()))),
                );
                entry
            }
            Pinned::Local { path, .. } => vec![("local", Value::from(path.as_str()))],
            Pinned::Tarball { written, .. } => vec![("tarball", url(written)?)],
        };
        entry.push(("name", Value::from(package.name.as_str())));
        packages.push(dict(entry));
    }
    let tree = dict([("packages", list(packages)), ("sha1_hash", Value::from(hash))]);
    let style = YamlStyle { sort_keys: true, indent_lists: true };
    yaml_text(&tree, style).map_err(|error| error.into_diagnostic().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Checks the hash of a list, as dbt 1.11 computes it.
    #[track_caller]
    fn check(text: &str, want: &str) {
        let (tree, mut found) = crate::yaml::parse_text(&Sources::new(), "packages.yml", text);
        let packages = packages::read(tree.as_ref(), None, &mut found);
        assert!(found.is_empty(), "{found:?}");
        assert_eq!(hash(&packages, false), want, "{text}");
    }

    #[test]
    fn hashes_are_dbts() {
        check("[{package: a/b, version: 1.0.0}]", "fbe59819b389dd3c16eebc554e4ec5b3ce2924bc");
        check("[{package: a/b, version: 1.0}]", "bbcacd8a45bfe08b1b0e318c1c09cccb5c12fe57");
        check("[{package: a/b, version: ['>=1.0.0', 2.50]}]", "af837fa392b69480108e8bc6634a8be6367d95c6");
        check(
            "[{package: a/b, version: 1.0.0, install_prerelease: true}]",
            "c3abe22411807d7e886d361b3a1ce2cce9664ba6",
        );
        check("[{package: a/b, version: 1.0.0, name: x}]", "0eed80cd1c49c0e07ff364552fd2ab7b31fb4603");
        check("[{git: x, warn-unpinned: false}]", "65fae54dd60608c24a053b4ebedc362ad357537a");
        check("[{git: x, revision: 1, subdirectory: s}]", "53258a6248d4da72dd10826d982e6b3aecc6ab33");
        check("[{git: x, revision: null, name: n}]", "eede3b39ee4329991c548b1232af8324ad21d07a");
        check("[{local: x}, {local: y, name: z}]", "1f8e6e4c5acd108a5b2e931ddd6e0fe25fb22c03");
        check("[{tarball: x, name: y}]", "f8c28aa6c070b2b0dce8667ca339c493f36b7373");
        check(
            "[{private: x/y, provider: github, revision: 1.0}]",
            "395c4710d210ae5780546ffefa72b3e847e997e4",
        );
    }
}
