//! `manifest.json` of an earlier run.

use camino::Utf8Path;

use super::read::{read_json, schema_version};
use super::upgrade::upgrade;
use crate::diag::{Code, Diagnostic};
use crate::manifest::{Json, ResourceType, UniqueId};

/// The oldest version of the file that dbt upgrades (`artifacts.md` section 1).
const OLDEST: u32 = 4;
/// The version of dbt 1.8 to 1.11.
const NEWEST: u32 = 12;

/// Where the file keeps what takes part in the graph.
const GRAPH: [&str; 8] = [
    "nodes",
    "sources",
    "exposures",
    "metrics",
    "semantic_models",
    "unit_tests",
    "saved_queries",
    "functions",
];

/// A manifest that was read back.
#[derive(Debug)]
pub struct PreviousManifest {
    file: Json,
}

/// Where a node was built.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BuiltNode<'a> {
    /// The node's id.
    pub unique_id: &'a str,
    /// The database; empty where the engine has none.
    pub database: &'a str,
    /// The schema.
    pub schema: &'a str,
    /// The identifier.
    pub alias: &'a str,
}

impl PreviousManifest {
    /// Reads the manifest of a folder. Errors when there is none, or when it is no manifest of a version that
    /// is understood.
    pub fn read(folder: &Utf8Path) -> Result<Self, Box<Diagnostic>> {
        Self::find(folder)?.ok_or_else(|| {
            // dbt's words, which scripts look for.
            let message = format!("Could not find manifest in --state path: \"{folder}\"");
            Box::new(Diagnostic::error(Code::STATE, None, message).help(
                "the folder must hold the `manifest.json` of an earlier run: keep a copy of that run's target folder",
            ))
        })
    }

    /// As [`Self::read`], but a folder without a manifest is no error.
    pub fn find(folder: &Utf8Path) -> Result<Option<Self>, Box<Diagnostic>> {
        let path = folder.join("manifest.json");
        let Some(mut file) = read_json(&path)? else { return Ok(None) };
        let problem = |message: String| Diagnostic::error(Code::STATE, None, message);
        match schema_version(&file, "manifest") {
            Some(version) if (OLDEST..=NEWEST).contains(&version) => {
                upgrade(&mut file, version);
                Ok(Some(Self { file }))
            }
            Some(version) => {
                let age = if version < OLDEST { "old" } else { "new" };
                let message = format!("`{path}` is a manifest of version {version}, which is too {age}");
                Err(Box::new(
                    problem(message).help(format!(
                        "versions {OLDEST} to {NEWEST} are understood, those of dbt 1.0 to 1.11"
                    )),
                ))
            }
            None => Err(Box::new(
                problem(format!("`{path}` is not a manifest"))
                    .help("its `metadata.dbt_schema_version` should name one"),
            )),
        }
    }

    /// Returns a resource as the file has it, of any kind that takes part in the graph.
    pub fn resource(&self, id: &UniqueId) -> Option<&Json> {
        GRAPH.iter().find_map(|kind| self.file.get(kind)?.get(id.as_str()))
    }

    /// Returns the code of each macro.
    pub(super) fn macros(&self) -> impl Iterator<Item = (&str, &str)> {
        let macros = self.file.get("macros").and_then(Json::as_object);
        macros
            .into_iter()
            .flatten()
            .map(|(id, one)| (id.as_str(), one.get("macro_sql").and_then(Json::as_str).unwrap_or_default()))
    }

    /// Returns the models.
    pub(super) fn models(&self) -> impl Iterator<Item = (&str, &Json)> {
        let nodes = self.file.get("nodes").and_then(Json::as_object);
        let nodes = nodes.into_iter().flatten().map(|(id, node)| (id.as_str(), node));
        nodes.filter(|(_, node)| node.get("resource_type").and_then(Json::as_str) == Some("model"))
    }

    /// Returns the ids of models, seeds and snapshots.
    pub fn refable(&self) -> impl Iterator<Item = &str> {
        let nodes = self.file.get("nodes").and_then(Json::as_object);
        let kind = |node: &Json| ResourceType::parse(node.get("resource_type").and_then(Json::as_str)?);
        let is_refable = move |node: &Json| kind(node).is_some_and(ResourceType::is_refable);
        nodes.into_iter().flatten().filter(move |(_, node)| is_refable(node)).map(|(id, _)| id.as_str())
    }

    /// Returns what was built: models that are not ephemeral, seeds, snapshots, functions.
    pub fn built(&self) -> impl Iterator<Item = BuiltNode<'_>> {
        let all = |key: &str| self.file.get(key).and_then(Json::as_object).into_iter().flatten();
        all("nodes").chain(all("functions")).filter_map(|(unique_id, node)| {
            let text = |key: &str| node.get(key).and_then(Json::as_str);
            let kind = ResourceType::parse(text("resource_type")?)?;
            let materialized = node.pointer("/config/materialized").and_then(Json::as_str);
            if !(kind.is_refable() || kind == ResourceType::Function) || materialized == Some("ephemeral") {
                return None;
            }
            let database = text("database").unwrap_or_default();
            let alias = text("alias").or_else(|| text("name"))?;
            Some(BuiltNode { unique_id, database, schema: text("schema")?, alias })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<PreviousManifest, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = Utf8Path::from_path(folder.path()).unwrap();
        std::fs::write(path.join("manifest.json"), text).unwrap();
        PreviousManifest::read(path).map_err(|problem| problem.message.replace(path.as_str(), "<folder>"))
    }

    #[test]
    fn relations_of_what_is_built_are_found() {
        let metadata =
            r#""metadata": {"dbt_schema_version": "https://schemas.getdbt.com/dbt/manifest/v12.json"}"#;
        let node = |kind: &str, materialized: &str| {
            format!(
                r#"{{"resource_type": "{kind}", "database": "db", "schema": "s", "alias": "a", "name": "n",
                "config": {{"materialized": "{materialized}"}}}}"#
            )
        };
        let text = format!(
            r#"{{{metadata}, "nodes": {{"model.p.a": {}, "model.p.b": {}, "test.p.c": {}, "seed.p.d": {}}}}}"#,
            node("model", "table"),
            node("model", "ephemeral"),
            node("test", "test"),
            node("seed", "seed"),
        );
        let manifest = read(&text).unwrap();
        let found: Vec<_> = manifest.built().map(|node| node.unique_id).collect();
        assert_eq!(found, ["model.p.a", "seed.p.d"]);
        let first = manifest.built().next().unwrap();
        assert_eq!((first.database, first.schema, first.alias), ("db", "s", "a"));
    }

    #[test]
    fn what_is_no_manifest_is_refused() {
        let check = |text: &str, want: &str| {
            let message = read(text).unwrap_err();
            assert!(message.contains(want), "{message}");
        };
        check("{", "is not readable as JSON: EOF while parsing");
        check("[]", "is not a manifest");
        check(
            r#"{"metadata": {"dbt_schema_version": "https://x/dbt/run-results/v6.json"}}"#,
            "is not a manifest",
        );
        check(
            r#"{"metadata": {"dbt_schema_version": "https://x/dbt/manifest/v3.json"}}"#,
            "version 3, which is too old",
        );
    }

    #[test]
    fn a_folder_without_one_is_named() {
        let problem = PreviousManifest::read(Utf8Path::new("/nowhere/at/all")).unwrap_err();
        assert_eq!(problem.message, "Could not find manifest in --state path: \"/nowhere/at/all\"");
    }
}
