//! Files: projects in which one file is anything, artifacts of an earlier run, seeds.

use camino::{Utf8Path, Utf8PathBuf};
use tidegate::adapter::seed::{SeedOptions, header, infer, read};
use tidegate::manifest::UniqueId;
use tidegate::plan::Command;
use tidegate::select::{Asked, Indirect, Origin, Scope, Wanted, link, parse, select};
use tidegate::state::{Durations, Previous, PreviousFreshness, PreviousManifest, PreviousResults, Rendering};

use super::can_all_be_told;
use super::harness::{Target, feed};
use crate::cli::copy_folder;
use crate::parse::parse_project;

fn folder() -> (tempfile::TempDir, Utf8PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let root = Utf8PathBuf::from_path_buf(folder.path().canonicalize().unwrap()).unwrap();
    (folder, root)
}

fn fixture(name: &str) -> Utf8PathBuf {
    Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
}

/// The text files of a folder as inputs: the name, a line break, the text.
fn named(root: &Utf8Path) -> Vec<Vec<u8>> {
    let files = walkdir::WalkDir::new(root).sort_by_file_name().into_iter().map(|entry| entry.unwrap());
    let files = files.filter(|entry| entry.file_type().is_file());
    let input = |entry: walkdir::DirEntry| {
        let name = Utf8Path::from_path(entry.path()).unwrap().strip_prefix(root).unwrap();
        [name.as_str().as_bytes(), b"\n", &std::fs::read(entry.path()).unwrap()].concat()
    };
    files.map(input).collect()
}

#[test]
fn project() {
    let (_keep, root) = folder();
    copy_folder(fixture("parse_like_dbt/project").as_std_path(), root.as_std_path());
    std::fs::write(
        root.join("selectors.yml"),
        std::fs::read(fixture("select/project/selectors.yml")).unwrap(),
    )
    .unwrap();
    let corpus = named(&root);
    let names: Vec<Vec<u8>> =
        corpus.iter().map(|input| input.split(|byte| *byte == b'\n').next().unwrap().to_vec()).collect();
    let run = |input: &[u8]| {
        // The first file whose name is there is the one that changes: the name may have been changed as well.
        let (name, text) = input.split_at(input.iter().position(|byte| *byte == b'\n').unwrap_or(0));
        let name = names.iter().find(|known| *known == name).unwrap_or(&names[input.len() % names.len()]);
        let path = root.join(std::str::from_utf8(name).unwrap());
        let before = std::fs::read(&path).unwrap();
        std::fs::write(&path, text.strip_prefix(b"\n").unwrap_or(text)).unwrap();
        let result = std::panic::catch_unwind(|| {
            let (parsed, found, sources) = parse_project(&root);
            can_all_be_told(&found, &sources);
            assert!(parsed.is_some() || found.iter().any(tidegate::diag::Diagnostic::is_error), "no reason");
            if let Some(parsed) = parsed {
                let _ = link(&parsed.manifest);
            }
        });
        std::fs::write(&path, before).unwrap();
        if let Err(panic) = result {
            std::panic::resume_unwind(panic);
        }
    };
    feed(Target { name: "project", corpus, frames: &[], run: &run });
}

/// Values of any type in any place of the files that an earlier run left.
#[test]
fn artifacts_read_back() {
    let expected: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(fixture("state/expected.json")).unwrap()).unwrap();
    let (_keep, root) = folder();
    let old = root.join("old");
    std::fs::create_dir_all(&old).unwrap();
    let project = root.join("project");
    for files in [&expected["before"], &expected["after"]] {
        crate::state::write(&project, files);
    }
    let manifest = parse_project(&project).0.unwrap().manifest;
    let dag = link(&manifest).unwrap();
    let types = Command::List.types(&[], &[]).unwrap();
    let run = |input: &[u8]| {
        for name in ["manifest.json", "run_results.json", "sources.json"] {
            std::fs::write(old.join(name), input).unwrap();
        }
        let freshness = || PreviousFreshness::find(&old).ok().flatten();
        let previous = Previous {
            manifest: PreviousManifest::find(&old).ok().flatten(),
            results: PreviousResults::find(&old).ok().flatten(),
            sources: freshness(),
            sources_now: freshness(),
        };
        Durations::read(&old.join("manifest.json"));
        tidegate::artifacts::OtherRun::all(&old);
        if let Some(manifest) = &previous.manifest {
            manifest.refable().for_each(drop);
            manifest.built().for_each(drop);
        }
        let scope = Scope {
            manifest: &manifest,
            dag: &dag,
            project: "shop",
            exists: &|_: &Utf8Path| true,
            previous: Some(&previous),
            rendering: Rendering::Either,
            lineage: None,
        };
        for text in [
            "state:modified",
            "state:old",
            "state:modified.contract",
            "result:error",
            "source_status:fresher+",
        ] {
            let asked = Asked { select: Some((text, Origin::Place(None))), exclude: None };
            let spec = parse(&asked, Indirect::Eager).unwrap();
            let _ = select(&spec, scope, Wanted { types: &types, empty: true })
                .map(|found| found.ids.iter().for_each(|id: &UniqueId| drop(id.as_str().to_owned())));
        }
    };
    let mut corpus = vec![expected["run_results"].to_string().into_bytes()];
    // A manifest with one resource of each kind is short enough to be hit everywhere.
    let mut small = expected["manifest"].clone();
    for (_, all) in small.as_object_mut().unwrap() {
        if let Some(all) = all.as_object_mut().filter(|all| all.len() > 12) {
            let names: Vec<String> = all.keys().step_by(all.len() / 6).cloned().collect();
            all.retain(|name, _| names.contains(name));
        }
    }
    corpus.push(small.to_string().into_bytes());
    corpus.push(std::fs::read(fixture("slim_ci/manifest_of_dbt.json")).unwrap());
    corpus.push(br#"{"metadata": {"dbt_schema_version": "https://schemas.getdbt.com/dbt/sources/v3.json"}, "results": [{"unique_id": "source.shop.crm.customers", "max_loaded_at": "2024-01-01T00:00:00Z"}]}"#.to_vec());
    feed(Target { name: "artifacts_read_back", corpus, frames: &["?"], run: &run });
}

#[test]
fn seeds() {
    let (_keep, root) = folder();
    let path = root.join("seed.csv");
    let run = |input: &[u8]| {
        std::fs::write(&path, input).unwrap();
        for delimiter in [",", ";", "\t", "|"] {
            let options = SeedOptions { delimiter: delimiter.to_owned(), ..SeedOptions::default() };
            let names = header(path.as_std_path(), &options);
            let schema = infer(path.as_std_path(), &options);
            let table = read(path.as_std_path(), &options, None);
            assert_eq!(schema.is_ok(), table.is_ok(), "the same file twice");
            if let (Ok(names), Ok(schema), Ok(table)) = (names, schema, table) {
                assert_eq!(schema.rows, table.rows.len() as u64);
                assert_eq!((names.len(), table.columns.len()), (schema.columns.len(), schema.columns.len()));
                assert!(table.rows.iter().all(|row| row.len() == names.len()));
            }
        }
    };
    feed(Target { name: "seeds", corpus: super::fixtures("csv"), frames: &["?", "a\n?"], run: &run });
}
