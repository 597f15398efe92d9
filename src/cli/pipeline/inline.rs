//! Queries given on the command line, and previews of models.

use std::sync::Arc;

use crate::adapter::{Cell, CellType, Fetch, ResultColumn, ResultTable, datetime_str, offset_str};
use crate::artifacts::{FAILURES, FailingRows, RunResult, Status};
use crate::cli::{CliError, Ui};
use crate::compile::{Compiler, Templates, needs_sql};
use crate::context::table::{Limits, Row, Table, cell_text};
use crate::context::{NodeScope, QueryComment, SharedSession};
use crate::diag::{Code, Diagnostic, Span, suggest};
use crate::hash::HashMap;
use crate::jinja::py_str;
use crate::manifest::{
    Checksum, Columns, Compiled, Config, ConfigPlaces, Contract, DependsOn, Json, Language, Node, NodeKind,
    ResourceType, UniqueId, defaults,
};
use crate::plan::Command;
use crate::python::json_float;

use super::execute::{concurrency, write_results};
use super::load::{Loaded, load, load_workspace};
use super::scope::{Warehouse, open};
use super::seed_rows::seed_rows;
use super::selecting::{load_selected, named};

/// The name dbt gives a query of the command line.
const NAME: &str = "inline_query";

/// Rows to show.
pub(in crate::cli) struct Preview {
    /// The node's name.
    pub name: String,
    /// The node's id.
    pub unique_id: String,
    /// Whether the query came from the command line.
    pub inline: bool,
    table: Table,
}

impl Preview {
    /// Returns the rows as a table for people.
    pub(in crate::cli) fn text(&self) -> String {
        self.table.markdown(Limits { rows: None, ..Limits::default() })
    }

    /// Returns the rows as JSON, as Python writes it: with `NaN` and `Infinity`, and with integers of any size.
    pub(in crate::cli) fn json(&self) -> String {
        let row = |row: &Row| {
            let pair =
                |(name, cell): (&Arc<str>, &Cell)| format!("{}: {}", json_string(name), cell_json(cell));
            let pairs: Vec<String> = self.table.names.iter().zip(row.iter()).map(pair).collect();
            format!("{{{}}}", pairs.join(", "))
        };
        let rows: Vec<String> = self.table.rows().iter().map(row).collect();
        format!("[{}]", rows.join(", "))
    }
}

fn json_string(text: &str) -> String {
    Json::from(text).to_string()
}

/// A cell as agate writes it to JSON: numbers as numbers, those with a point as floats, dates as text.
fn cell_json(cell: &Cell) -> String {
    match cell {
        Cell::Null => "null".to_owned(),
        Cell::Bool(flag) => flag.to_string(),
        Cell::Int(number) => number.to_string(),
        Cell::BigInt(digits) => digits.to_string(),
        Cell::Float(number) => json_float(*number),
        Cell::Decimal(text) => text.parse().map_or_else(|_| json_string(text), json_float),
        Cell::Timestamp(at) => json_string(&datetime_str(*at, 'T')),
        Cell::TimestampTz(at) => {
            let offset = offset_str(at.offset().seconds());
            json_string(&(datetime_str(at.datetime(), 'T') + &offset))
        }
        Cell::Text(_) | Cell::Date(_) => json_string(&cell_text(cell)),
    }
}

/// Compiles a query of the command line.
pub(in crate::cli) fn compile_inline(ui: &Ui, sql: &str) -> Result<Arc<str>, CliError> {
    let loaded = load(ui)?;
    let warehouse = open(ui, &loaded, Vec::new())?;
    concurrency(ui, &loaded, 1);
    warehouse.session.set_closed(!ui.flags.building().introspect);
    let compiled = compile(ui, &loaded, &warehouse, sql).map(|(compiled, _)| compiled);
    let compiled = compiled.map_err(|problem| titled(&warehouse, problem));
    warehouse.close()?;
    let compiled = compiled?;
    write_results(ui, &loaded, &[result(inline_id(&loaded), Arc::clone(&compiled.code))], 0.0)?;
    Ok(Arc::clone(&compiled.code))
}

/// Runs a query of the command line and returns its first rows.
pub(in crate::cli) fn preview_inline(ui: &Ui, sql: &str, limit: i64) -> Result<Preview, CliError> {
    let loaded = load(ui)?;
    let warehouse = open(ui, &loaded, Vec::new())?;
    concurrency(ui, &loaded, 1);
    let rows = compile(ui, &loaded, &warehouse, sql)
        .and_then(|(compiled, scope)| query(&scope, &compiled.code, "", limit))
        .map_err(|problem| titled(&warehouse, problem));
    warehouse.close()?;
    let (rows, sql) = rows?;
    let id = inline_id(&loaded);
    write_results(ui, &loaded, &[result(id.clone(), sql)], 0.0)?;
    let unique_id = id.to_string();
    Ok(Preview { name: NAME.to_owned(), unique_id, inline: true, table: Table::from_result(rows) })
}

/// Says whose error it is, as dbt does: a query of the command line has no node whose message would.
fn titled(warehouse: &Warehouse, mut problem: Diagnostic) -> Diagnostic {
    let title = match problem.code {
        code if code.is_database() => {
            let title = warehouse.run.shared.dialect.error_title();
            problem.counted_as = Some(title);
            title
        }
        Code::INTERRUPTED => return problem,
        _ => "Error parsing inline query",
    };
    problem.message = format!("{title}: {}", problem.message);
    problem
}

/// Sends a query as it is, without reading the project's models and macros.
pub(in crate::cli) fn preview_direct(ui: &Ui, sql: &str, limit: i64) -> Result<Preview, CliError> {
    const NAME: &str = "direct-query";
    let profile = load_workspace(ui)?.profile.connection;
    let adapter = profile.adapter(ui.patience());
    let interrupted = Arc::clone(&adapter);
    ui.cancel.on_cancel(move || interrupted.cancel());
    let session = SharedSession::new(Arc::clone(&adapter), ui.events.clone());
    let fetch = usize::try_from(limit).map_or(Fetch::All, Fetch::Limit);
    let asked = session.with(|session| {
        session.rename("show", QueryComment::default());
        let asked = session.execute(sql, false, fetch);
        session.close();
        asked
    });
    let closed = adapter.close();
    let result = asked.map_err(|refused| {
        let mut problem = refused.error.to_diagnostic();
        problem.span = Some(Span::new(ui.sources.add("<--inline-direct>", sql), 0, sql.len()));
        problem.message = format!("{}: {}", adapter.dialect().error_title(), problem.message);
        problem
    })?;
    closed.map_err(|error| error.to_diagnostic())?;
    let table = Table::from_result(result.table.unwrap_or_default());
    Ok(Preview { name: NAME.to_owned(), unique_id: NAME.to_owned(), inline: true, table })
}

/// What `run_results.json` keeps of a query that was compiled or shown.
fn result(id: UniqueId, sql: Arc<str>) -> RunResult {
    let mut result = RunResult::new(id, Status::Success);
    result.compiled = Some(true);
    result.compiled_code = Some(sql);
    result
}

fn inline_id(loaded: &Loaded) -> UniqueId {
    UniqueId::new(ResourceType::SqlOperation, &loaded.workspace.project.name, NAME)
}

fn compile(
    ui: &Ui,
    loaded: &Loaded,
    warehouse: &Warehouse,
    sql: &str,
) -> Result<(Arc<Compiled>, NodeScope), Diagnostic> {
    let file = ui.sources.add("<--inline>", sql);
    let template = loaded.parsed.shared.engine.compile(file, sql, 0..sql.len())?;
    let node = Arc::new(inline_node(loaded, sql, Span::new(file, 0, sql.len())));
    let mut templates: Templates = HashMap::clone(&loaded.parsed.templates);
    templates.insert(node.unique_id.clone(), template);
    let compiler = Compiler::new(&warehouse.run, &Arc::new(templates), Box::new(|_, _, _| Ok(None)));
    let session = warehouse.session.clone();
    let scope = NodeScope::new(&warehouse.run, &node.package_name, Some(Arc::clone(&node)), session);
    let compiled = compiler.compile(&node, &scope)?;
    Ok((compiled, scope))
}

/// The node that stands for a query of the command line.
fn inline_node(loaded: &Loaded, sql: &str, span: Span) -> Node {
    let target = &loaded.workspace.profile.connection;
    let package = Arc::clone(&loaded.workspace.project.name);
    Node {
        unique_id: inline_id(loaded),
        kind: NodeKind::SqlOperation,
        name: NAME.to_owned(),
        path: format!("sql/{NAME}"),
        original_file_path: "from remote system.sql".to_owned(),
        fqn: vec![package.to_string(), "sql".to_owned(), NAME.to_owned()],
        database: target.database().to_owned(),
        schema: target.schema().to_owned(),
        alias: NAME.to_owned(),
        checksum: Checksum::default(),
        config: Config::new(defaults(ResourceType::SqlOperation).clone()),
        unrendered_config: Arc::default(),
        tags: Vec::new(),
        description: String::new(),
        columns: Columns::default(),
        group: None,
        patch_path: None,
        created_at: 0.0,
        relation_name: None,
        raw_code: sql.into(),
        doc_blocks: Vec::new(),
        language: Language::Sql,
        refs: Vec::new(),
        sources: Vec::new(),
        metrics: Vec::new(),
        functions: Vec::new(),
        depends_on: DependsOn::default(),
        contract: Contract::default(),
        package_name: package,
        config_places: ConfigPlaces::default(),
        file: span.file,
        span,
    }
}

/// Returns the first failing rows of a test, kept from the version of its relation that the test held back.
pub(in crate::cli) fn preview_failures(ui: &Ui, test: &str, limit: i64) -> Result<Preview, CliError> {
    let loaded = load(ui)?;
    let nodes = loaded.parsed.manifest.nodes.values();
    let tests: Vec<&Arc<Node>> = nodes.filter(|node| node.resource_type() == ResourceType::Test).collect();
    let found = tests.iter().find(|node| node.name == test || node.unique_id.as_str() == test);
    let Some(node) = found else {
        let names = tests.iter().map(|node| node.name.as_str());
        return Err(Diagnostic::error(Code::USAGE, None, format!("there is no test `{test}`"))
            .help::<String>(suggest(test, names))
            .into());
    };
    let Some(kept) = FailingRows::read(&loaded.target(FAILURES), &node.unique_id) else {
        return Err(Diagnostic::error(Code::STATE, None, format!("no failing rows of `{test}` are kept"))
            .note("they are kept where a test holds a new version at the gate (`gate: true`, `--gate`)")
            .help(format!("ask the published data: tidegate show --select {test}"))
            .into());
    };
    let text = |name: String| ResultColumn { type_name: String::new(), ty: CellType::Text, name };
    let cell = |cell: Option<String>| cell.map_or(Cell::Null, Cell::text);
    let mut rows = kept.rows;
    rows.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    let rows = rows.into_iter().map(|row| row.into_iter().map(cell).collect()).collect();
    let table = ResultTable { columns: kept.columns.into_iter().map(text).collect(), rows };
    let unique_id = node.unique_id.to_string();
    Ok(Preview { name: node.name.clone(), unique_id, inline: false, table: Table::from_result(table) })
}

/// Compiles the selected nodes and returns the first rows of each.
pub(in crate::cli) fn preview_selected(ui: &Ui, limit: i64) -> Result<Vec<Preview>, CliError> {
    let Some((loaded, selected)) = load_selected(ui, Command::Show)? else { return Ok(Vec::new()) };
    let warehouse = open(ui, &loaded, selected.iter().cloned().collect())?;
    let compiler = warehouse.compiler(&loaded);
    let mut shown = named(ui, &loaded, &selected);
    // dbt asks the database all the same, and prints nothing.
    if shown.is_empty() {
        shown = selected.iter().collect();
    }
    concurrency(ui, &loaded, shown.len());
    let nodes = shown.iter().filter_map(|id| loaded.parsed.manifest.node(id));
    let previews: Result<Vec<Preview>, Diagnostic> =
        nodes.map(|node| preview(&warehouse, &compiler, node, limit)).collect();
    warehouse.close()?;
    let previews = previews?;
    loaded.write_manifest(ui, loaded.compiled.clone())?;
    let done = |id: &UniqueId| {
        let node = loaded.parsed.manifest.node(id)?;
        let compiled = loaded.compiled.get(id);
        Some(RunResult::new(id.clone(), Status::Success).with_node(node, compiled.as_deref()))
    };
    let results: Vec<RunResult> = shown.into_iter().filter_map(done).collect();
    write_results(ui, &loaded, &results, 0.0)?;
    Ok(previews)
}

fn preview(
    warehouse: &Warehouse,
    compiler: &Compiler,
    node: &Arc<Node>,
    limit: i64,
) -> Result<Preview, Diagnostic> {
    let rows = if let NodeKind::Seed { root_path } = &node.kind {
        seed_rows(node, root_path, usize::try_from(limit).ok())?
    } else {
        let session = warehouse.session.clone();
        let scope = NodeScope::new(&warehouse.run, &node.package_name, Some(Arc::clone(node)), session);
        needs_sql(node, "`show`").map_err(|problem| {
            let query = format!("select * from {{{{ ref('{}') }}}}", node.name);
            problem.help(format!("build it, then look at its table: `tidegate show --inline \"{query}\"`"))
        })?;
        let compiled = compiler.compile(node, &scope)?;
        let header = node.config.text("sql_header").unwrap_or_default();
        query(&scope, &compiled.code, header, limit)?.0
    };
    let unique_id = node.unique_id.to_string();
    Ok(Preview { name: node.search_name(), unique_id, inline: false, table: Table::from_result(rows) })
}

/// Runs compiled SQL with dbt's limit, which projects may write in their own way (`get_show_sql`); returns
/// the rows and the SQL that was sent.
fn query(
    scope: &NodeScope,
    code: &str,
    header: &str,
    limit: i64,
) -> Result<(ResultTable, Arc<str>), Diagnostic> {
    use crate::jinja::{Value, none};
    let limit = if limit < 0 { none() } else { Value::from(limit) };
    let header = if header.is_empty() { none() } else { Value::from(header) };
    let sql = scope.call_from_rust("get_show_sql", [Value::from(code), header, limit].into())?;
    let sql: Arc<str> = py_str(&sql).into();
    let result = scope.execute_compiled(&sql, Fetch::All)?;
    Ok((result.table.unwrap_or_default(), sql))
}
