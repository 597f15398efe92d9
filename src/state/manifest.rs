//! `manifest.json` of an earlier run.

use camino::Utf8Path;

use crate::diag::{Code, Diagnostic};
use crate::files;
use crate::manifest::{Json, ResourceType};

/// The oldest version of the file that dbt upgrades (`artifacts.md` section 1).
const OLDEST: u32 = 4;

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
        let path = folder.join("manifest.json");
        let problem = |message: String| Diagnostic::error(Code::STATE, None, message);
        if !path.exists() {
            // dbt's words, which scripts look for.
            let missing = problem(format!("Could not find manifest in --state path: \"{folder}\""));
            return Err(Box::new(missing.help(
                "the folder must hold the `manifest.json` of an earlier run: keep a copy of that run's target folder",
            )));
        }
        let text = files::read_text(&path).map_err(|error| Box::new(error.into()))?;
        let file: Json = serde_json::from_str(&text)
            .map_err(|error| Box::new(problem(format!("`{path}` is not readable as JSON: {error}"))))?;
        let version = file.pointer("/metadata/dbt_schema_version").and_then(Json::as_str).and_then(version);
        match version {
            Some(version) if version >= OLDEST => Ok(Self { file }),
            Some(version) => Err(Box::new(
                problem(format!("`{path}` is a manifest of version {version}, which is too old"))
                    .help(format!("make one by dbt 1.0 or later: version {OLDEST} and up are understood")),
            )),
            None => Err(Box::new(
                problem(format!("`{path}` is not a manifest"))
                    .help("its `metadata.dbt_schema_version` should name one"),
            )),
        }
    }

    /// Returns the nodes that were built as relations: models that are not ephemeral, seeds, snapshots.
    pub fn built(&self) -> impl Iterator<Item = BuiltNode<'_>> {
        let nodes = self.file.get("nodes").and_then(Json::as_object);
        nodes.into_iter().flatten().filter_map(|(unique_id, node)| {
            let text = |key: &str| node.get(key).and_then(Json::as_str);
            let kind = ResourceType::parse(text("resource_type")?)?;
            let materialized = node.pointer("/config/materialized").and_then(Json::as_str);
            if !kind.is_refable() || materialized == Some("ephemeral") {
                return None;
            }
            let database = text("database").unwrap_or_default();
            let alias = text("alias").or_else(|| text("name"))?;
            Some(BuiltNode { unique_id, database, schema: text("schema")?, alias })
        })
    }
}

/// Returns the version in an address such as `https://schemas.getdbt.com/dbt/manifest/v12.json`.
fn version(address: &str) -> Option<u32> {
    let (_, rest) = address.split_once("/manifest/v")?;
    rest.strip_suffix(".json")?.parse().ok()
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
