//! `parquet/*.parquet`: the project and what became of it as tables, so that SQL answers questions about them.
//!
//! Input: the manifest, results, and the last `catalog.json` of the target folder. Output: files of [`FOLDER`], each
//! written whole or not at all. An in-memory DuckDB writes them, whatever engine the project is built on: it reads the
//! same JSON that the other artifacts consist of, and the statements in `templates/parquet` say what a table holds.
//! Called by `cli`.

use std::io::{BufWriter, Write};

use camino::{Utf8Path, Utf8PathBuf};
use serde::Serialize;

use super::{ColumnLineage, Invocation, NodeLineage, RunResult};
use crate::adapter::duckdb::{Database, Profile};
use crate::adapter::{Adapter as _, Cell, Connection, DbError, Fetch, Patience};
use crate::diag::{Code, Diagnostic};
use crate::files::{self, FileError};
use crate::manifest::{CompiledNodes, Manifest, NodeWithCompiled};

/// The folder of the tables in the target folder.
const FOLDER: &str = "parquet";

const MANIFEST: &str = include_str!("../../templates/parquet/manifest.sql");
const RESULTS: &str = include_str!("../../templates/parquet/results.sql");
const LINEAGE: &str = include_str!("../../templates/parquet/lineage.sql");

/// The least room for a line, in bytes: DuckDB's own default.
const SHORTEST: u64 = 16 << 20;

/// Writes `nodes`, `edges`, `columns` and `tests`. Types of columns come from the catalog as it was last written.
pub fn write_project_tables(
    target: &Utf8Path,
    manifest: &Manifest,
    compiled: &CompiledNodes,
) -> Result<(), Diagnostic> {
    let mut writer = Writer::new(target)?;
    let mut lines = writer.lines("resources")?;
    for node in manifest.all_nodes() {
        lines.add(&NodeWithCompiled { node, compiled: compiled.get(&node.unique_id) })?;
    }
    manifest.sources.values().try_for_each(|it| lines.add(&**it))?;
    manifest.exposures.values().try_for_each(|it| lines.add(&**it))?;
    manifest.metrics.values().try_for_each(|it| lines.add(&**it))?;
    manifest.semantic_models.values().try_for_each(|it| lines.add(&**it))?;
    manifest.saved_queries.values().try_for_each(|it| lines.add(&**it))?;
    manifest.unit_tests.values().try_for_each(|it| lines.add(&**it))?;
    let resources = lines.end()?;
    let known = target.join("catalog.json");
    let catalog = if known.is_file() { known } else { writer.lines("catalog")?.end()? };
    writer.set("resources", Cell::text(resources.as_str()))?;
    writer.set("catalog", Cell::text(catalog.as_str()))?;
    writer.longest = writer.longest.max(files::size(&catalog).unwrap_or(0));
    writer.write(MANIFEST)
}

/// Writes `results`: the entries of `run_results.json`.
pub fn write_result_table(
    target: &Utf8Path,
    invocation: &Invocation,
    results: &[RunResult],
) -> Result<(), Diagnostic> {
    let mut writer = Writer::new(target)?;
    let mut lines = writer.lines("results")?;
    results.iter().try_for_each(|result| lines.add(result))?;
    let results = lines.end()?;
    writer.set("results", Cell::text(results.as_str()))?;
    writer.set("invocation", Cell::text(invocation.id.as_str()))?;
    writer.write(RESULTS)
}

/// Writes `column_lineage`: the inputs of every column, and what decides on the rows of nodes.
pub fn write_lineage_table(target: &Utf8Path, lineage: &ColumnLineage) -> Result<(), Diagnostic> {
    #[derive(Serialize)]
    struct Line<'a> {
        unique_id: &'a str,
        #[serde(flatten)]
        lineage: &'a NodeLineage,
    }
    let mut writer = Writer::new(target)?;
    let mut lines = writer.lines("lineage")?;
    lineage.nodes.iter().try_for_each(|(unique_id, lineage)| lines.add(&Line { unique_id, lineage }))?;
    let lines = lines.end()?;
    writer.set("lineage", Cell::text(lines.as_str()))?;
    writer.write(LINEAGE)
}

/// An empty DuckDB, and a folder beside the tables where they are made.
struct Writer {
    session: Box<dyn Connection>,
    scratch: tempfile::TempDir,
    target: Utf8PathBuf,
    /// The bytes of the longest line that is to be read.
    longest: u64,
}

impl Writer {
    fn new(target: &Utf8Path) -> Result<Self, Diagnostic> {
        let profile = Profile::file(":memory:")
            .map_err(|error| Diagnostic::error(Code::INTERNAL, None, error.to_string()))?;
        let session = Database::new(profile, Patience::usual())
            .connect("parquet")
            .map_err(|error| error.to_diagnostic())?;
        let target = target.join(FOLDER);
        files::create_dirs(&target)?;
        let scratch = tempfile::Builder::new().prefix(".tidegate-").tempdir_in(&target);
        let scratch = scratch.map_err(|error| FileError::io("create", &target, error))?;
        Ok(Self { session, scratch, target, longest: SHORTEST })
    }

    fn scratch(&self) -> Utf8PathBuf {
        Utf8PathBuf::from(self.scratch.path().to_string_lossy().into_owned())
    }

    /// Begins a file of JSON lines.
    fn lines(&mut self, name: &str) -> Result<Lines<'_>, FileError> {
        let path = self.scratch().join(name);
        let file = std::fs::File::create(&path).map_err(|error| FileError::io("write", &path, error))?;
        let file = BufWriter::with_capacity(1 << 18, file);
        Ok(Lines { file, path, line: Vec::new(), longest: &mut self.longest })
    }

    /// Sets a variable of the statements.
    fn set(&mut self, name: &str, value: Cell) -> Result<(), Diagnostic> {
        let sql = format!("set variable {name} = ?");
        self.session.execute_with(&sql, &[value], Fetch::Nothing).map_err(refused)?;
        Ok(())
    }

    /// Runs the statements, and puts the tables they made in the place of the old ones.
    fn write(mut self, statements: &str) -> Result<(), Diagnostic> {
        let made = self.scratch().join("made");
        files::create_dirs(&made)?;
        self.set("folder", Cell::text(made.as_str()))?;
        self.set("longest", Cell::Int(i64::try_from(self.longest + 2).unwrap_or(i64::MAX)))?;
        self.session.execute(statements, Fetch::Nothing).map_err(refused)?;
        let tables = made.read_dir_utf8().map_err(|error| FileError::io("list", &made, error))?;
        for table in tables {
            let table = table.map_err(|error| FileError::io("list", &made, error))?;
            files::replace(table.path(), &self.target.join(table.file_name()))?;
        }
        Ok(())
    }
}

#[expect(clippy::needless_pass_by_value, reason = "so that it can be named where errors are mapped")]
fn refused(error: DbError) -> Diagnostic {
    error.to_diagnostic().note("while Parquet tables were written for `--write-parquet`")
}

/// A file of JSON lines that is being written.
struct Lines<'a> {
    file: BufWriter<std::fs::File>,
    path: Utf8PathBuf,
    line: Vec<u8>,
    longest: &'a mut u64,
}

impl Lines<'_> {
    fn add(&mut self, value: &impl Serialize) -> Result<(), FileError> {
        self.line.clear();
        let made = serde_json::to_writer(&mut self.line, value);
        let written = made.map_err(Into::into).and_then(|()| {
            self.line.push(b'\n');
            self.file.write_all(&self.line)
        });
        *self.longest = (*self.longest).max(self.line.len() as u64);
        written.map_err(|error| FileError::io("write", &self.path, error))
    }

    /// Ends it; returns where it is.
    fn end(mut self) -> Result<Utf8PathBuf, FileError> {
        self.file.flush().map_err(|error| FileError::io("write", &self.path, error))?;
        Ok(self.path)
    }
}
