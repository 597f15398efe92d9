//! `deps --add-package`: writes one more entry into the list of packages.
//!
//! Input: what the command line says, the file that holds the list. Output: the file, written anew as dbt
//! writes it: keys sorted, without comments. An entry for the same package, from whatever source, goes.

use std::collections::BTreeMap;

use super::DepsError;
use crate::diag::{Code, Diagnostic, Sources};
use crate::event::{DepsAddPackage, DepsFoundDuplicatePackage, EventSink, Formatting};
use crate::files;
use crate::jinja::pycompat::{YamlStyle, yaml_text, yaml_value};
use crate::jinja::{Error, Value, dict, list};
use crate::project::workspace::ProjectOnly;
use crate::project::{packages, settings_file};
use crate::yaml::{self, Map, Value as YamlValue, Yaml};

/// The file that is made when there is none.
const FILE: &str = "packages.yml";

/// Where the package comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The package hub.
    Hub,
    /// A git repository.
    Git,
    /// A folder.
    Local,
}

/// A package to add.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewPackage {
    name: String,
    version: Option<String>,
    origin: Origin,
}

impl NewPackage {
    /// Reads `name@version`. Only local packages need no version.
    pub fn parse(text: &str, origin: Origin) -> Result<Self, Diagnostic> {
        // The `@` of `git@host:path` belongs to the name.
        let split = text.rsplit_once('@').filter(|(name, rest)| !name.is_empty() && !rest.contains(':'));
        let (name, version) = match split {
            Some((name, version)) => (name, Some(version)),
            None => (text, None),
        };
        let version = version.filter(|version| !version.is_empty()).map(str::to_owned);
        if version.is_none() && origin != Origin::Local {
            let message = format!("`--add-package {text}` names no version");
            let example = match origin {
                Origin::Git => "the tag, branch or commit",
                _ => "the version",
            };
            let help = format!("add {example}: `--add-package {name}@...`");
            return Err(Diagnostic::error(Code::USAGE, None, message).help(help));
        }
        Ok(Self { name: name.to_owned(), version, origin })
    }

    /// The entry as it goes into the file. Several conditions become a list.
    fn entry(&self) -> Value {
        let (name_key, version_key) = match self.origin {
            Origin::Hub => ("package", "version"),
            Origin::Git => ("git", "revision"),
            Origin::Local => ("local", "version"),
        };
        let mut entry = vec![(name_key, Value::from(self.name.as_str()))];
        // A folder has no version: dbt writes it all the same, and then refuses its own file.
        if let Some(version) = self.version.as_deref().filter(|_| self.origin != Origin::Local) {
            let parts: Vec<Value> = version.split(',').map(Value::from).collect();
            entry.push((version_key, if parts.len() > 1 { list(parts) } else { Value::from(version) }));
        }
        dict(entry)
    }

    /// Tells whether an entry is for this package: the name, or what stands behind its slash, is a whole part
    /// of what the entry names, `-` and `_` being the same.
    fn is_same(&self, entry: &Map) -> bool {
        let keys = ["package", "git", "local", "tarball", "private"];
        let named =
            keys.iter().find_map(|key| entry.get(key).and_then(Yaml::as_str).filter(|n| !n.is_empty()));
        let Some(named) = named else { return false };
        let short = self.name.rsplit('/').next().unwrap_or(&self.name);
        let variants = [&*self.name, short]
            .into_iter()
            .flat_map(|name| [name.to_owned(), name.replace('_', "-"), name.replace('-', "_")]);
        let is_edge = |c: Option<char>| c.is_none_or(|c| matches!(c, '/' | '.'));
        variants.filter(|name| !name.is_empty()).any(|name| {
            named.find(&name).is_some_and(|at| {
                let (before, after) = (&named[..at], &named[at + name.len()..]);
                is_edge(before.chars().next_back()) && is_edge(after.chars().next())
            })
        })
    }
}

/// Adds a package to the project's list and writes the file. The file stays as it is when the new list would
/// hold a mistake.
pub fn add(
    sources: &Sources,
    project: &ProjectOnly,
    events: &EventSink,
    new: &NewPackage,
) -> Result<(), DepsError> {
    let file = if project.package_list.file.is_empty() { FILE } else { project.package_list.file };
    let path = project.paths.root.join(file);
    if !path.is_file() {
        events.send(Formatting { msg: format!("Created {file}") });
    }
    let mut found = Vec::new();
    let tree = settings_file::optional(sources, (&project.paths.root, "".into()), file, &mut found);
    if found.iter().any(Diagnostic::is_error) {
        return Err(DepsError::Problems(found));
    }
    let (text, removed) = changed(tree.as_ref(), new).map_err(Error::into_diagnostic)?;
    let (tree, mut found) = yaml::parse_text(sources, file, text.as_str());
    let list = tree.as_ref().and_then(|tree| tree.get("packages"));
    packages::read(list, None, &mut found);
    if found.iter().any(Diagnostic::is_error) {
        return Err(DepsError::Problems(found));
    }
    for removed_package in removed {
        events.send(DepsFoundDuplicatePackage { removed_package });
    }
    files::write_atomic(&path, text.as_bytes())?;
    events.send(DepsAddPackage {
        package_name: new.name.clone(),
        packages_filepath: path.to_string(),
        version: new.version.clone().unwrap_or_default(),
    });
    Ok(())
}

/// Returns the new text of the file, and the entries that went.
fn changed(tree: Option<&Yaml>, new: &NewPackage) -> Result<(String, Vec<BTreeMap<String, String>>), Error> {
    let mut removed = Vec::new();
    let mut entries = Vec::new();
    let listed = tree.and_then(|tree| tree.get("packages")).and_then(Yaml::as_seq).unwrap_or_default();
    for entry in listed {
        match entry.as_map().filter(|map| new.is_same(map)) {
            Some(map) => removed.push(shown(map)),
            None => entries.push(yaml_value(entry)),
        }
    }
    // dbt looks from the end.
    removed.reverse();
    entries.push(new.entry());
    let others = tree.and_then(Yaml::as_map).into_iter().flat_map(Map::iter);
    let others = others.filter(|entry| &*entry.key != "packages");
    let mut top: Vec<(Value, Value)> =
        others.map(|entry| (Value::from(&*entry.key), yaml_value(&entry.value))).collect();
    top.push((Value::from("packages"), list(entries)));
    let text = yaml_text(&dict(top), YamlStyle { sort_keys: true, indent_lists: true })?;
    Ok((text, removed))
}

/// The texts and numbers of an entry.
fn shown(entry: &Map) -> BTreeMap<String, String> {
    let plain =
        |yaml: &Yaml| matches!(yaml.value, YamlValue::Str(_) | YamlValue::Int(_) | YamlValue::Float(_));
    let pairs = entry.iter().filter(|entry| plain(&entry.value));
    pairs.filter_map(|entry| Some((entry.key.to_string(), entry.value.scalar_text()?))).collect()
}
