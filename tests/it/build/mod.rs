//! The real binary on small warehouses: what is in the tables afterwards, and what the run says of it. What
//! these tests expect was observed with dbt 1.11 on the same projects, unless a test says otherwise.

mod attached;
mod commands;
mod defer;
mod docs;
mod foreign_keys;
mod freshness;
mod functions;
mod fused;
mod gate;
mod governance;
mod hooks;
mod interrupt;
mod introspection;
mod locks;
mod materialize;
mod microbatch;
mod outcomes;
mod parquet;
mod publish_copy;
mod python_models;
mod release;
pub(crate) mod quoting;
mod retry;
pub(crate) mod safety;
mod same_bytes;
mod secrets;
mod signals;
mod slim_ci;
mod threads;
mod told;
mod words;

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::cli::{Call, Ended, copy_folder, without_times};
use crate::opened;

/// A copy of a fixture, with its warehouse.
struct Shop {
    folder: tempfile::TempDir,
}

impl Shop {
    fn copy(fixture: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(fixture);
        copy_folder(&from, folder.path());
        Self { folder }
    }

    fn path(&self, file: &str) -> PathBuf {
        self.folder.path().join(file)
    }

    fn write(&self, file: &str, text: &str) {
        let path = self.path(file);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    fn read(&self, file: &str) -> String {
        std::fs::read_to_string(self.path(file)).unwrap()
    }

    fn call(&self, arguments: &[&str]) -> Ended {
        Call::new(self.folder.path(), arguments).run()
    }

    /// Runs and returns the console without times; fails the test on another exit code.
    #[track_caller]
    fn run(&self, arguments: &[&str], code: i32) -> String {
        let ended = self.call(arguments);
        let shown = without_times(&ended.stdout);
        assert_eq!(ended.code, Some(code), "{arguments:?}\n{shown}\n{}", ended.stderr);
        shown
    }

    /// Returns the rows of a query, its columns joined by blanks; nulls are `NULL`.
    #[track_caller]
    fn rows(&self, sql: &str) -> Vec<String> {
        let warehouse = opened::to_read(self.path("warehouse.duckdb"));
        let other = self.path("other.duckdb");
        if other.exists() {
            let attach = format!("attach '{}' as other (read_only)", other.display());
            warehouse.execute_batch(&attach).unwrap();
        }
        warehouse.execute_batch(&format!("set file_search_path = '{}'", self.path("").display())).unwrap();
        let sql = format!("select concat_ws(' ', coalesce(columns(*)::varchar, 'NULL')) from ({sql}) t");
        let mut statement = warehouse.prepare(&sql).unwrap();
        let mut rows = statement.query([]).unwrap();
        let mut all = Vec::new();
        while let Some(row) = rows.next().unwrap() {
            let width = row.as_ref().column_count();
            let cells: Vec<String> = (0..width).map(|at| row.get::<_, String>(at).unwrap()).collect();
            all.push(cells.join(" "));
        }
        all
    }

    /// Returns names and types of columns as `name type`.
    fn columns(&self, table: &str) -> Vec<String> {
        self.rows(&format!("select column_name, column_type from (describe {table})"))
    }

    /// Returns `kind name` of everything in the warehouse, but internals of dbt under their own names.
    fn relations(&self) -> Vec<String> {
        self.rows(
            "select lower(replace(table_type, 'BASE ', '')), table_schema || '.' || table_name
             from information_schema.tables where table_catalog = 'warehouse' order by 2",
        )
    }

    /// Returns `name status` of each result, the name without package.
    fn statuses(&self) -> Vec<String> {
        let mut all: Vec<String> = self
            .results()
            .iter()
            .map(|result| {
                let id = result["unique_id"].as_str().unwrap().splitn(3, '.').last().unwrap();
                format!("{} {}", id.split('.').next().unwrap(), result["status"].as_str().unwrap())
            })
            .collect();
        all.sort();
        all
    }

    fn results(&self) -> Vec<Value> {
        let file: Value = serde_json::from_str(&self.read("target/run_results.json")).unwrap();
        file["results"].as_array().unwrap().clone()
    }
}
