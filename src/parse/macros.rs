//! Macro files → macros: the manifest's entries, the callable table, and what each macro calls.
//!
//! Input are the files of `macro-paths` and `tests/generic` of all projects, and Tidegate's own macros
//! (`built_in`). Each block is compiled on its own, so that a macro finds others only by name, as
//! overriding needs. Called by `mod`, before anything is rendered.

use std::sync::Arc;

use rayon::prelude::*;

use crate::context::{MacroEntry, MacroTable};
use crate::diag::{Code, Diagnostic, FileId, Span};
use crate::hash::HashMap;
use crate::jinja::{Block, BlockKind, Engine, StaticCall, Value, blocks};
use crate::manifest::{JsonMap, Macro, ResourceType, UniqueId};

use super::block_text;
use super::discover::ProjectFile;

/// Names that are no macros though they are called like ones.
const STANDARD: [&str; 3] = ["source", "ref", "config"];

/// A macro as it was read.
pub(super) struct ReadMacro {
    pub(super) entry: Macro,
    pub(super) made: Made,
    /// One of Tidegate's own.
    internal: bool,
}

impl ReadMacro {
    fn callable(&self) -> MacroEntry {
        let Made { value, block, .. } = &self.made;
        MacroEntry { id: self.entry.unique_id.clone(), value: value.clone(), span: *block }
    }
}

/// A block as the engine has it.
pub(super) struct Made {
    pub(super) value: Value,
    pub(super) block: Span,
    pub(super) calls: Vec<Called>,
    /// Names of its parameters, for those who ask.
    pub(super) params: Vec<Arc<str>>,
}

/// A call of what may be a macro.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Called {
    /// `name()` or `package.name()`
    Macro { package: Option<Arc<str>>, name: Arc<str> },
    /// `adapter.dispatch(name, namespace)`, with constants.
    Dispatch { name: String, namespace: Option<String> },
}

impl Called {
    fn of(call: StaticCall) -> Option<Self> {
        match call.package.as_deref() {
            Some("adapter") if &*call.name == "dispatch" => dispatched(&call),
            Some("adapter") => None,
            None if STANDARD.contains(&&*call.name) => None,
            _ => Some(Self::Macro { package: call.package, name: call.name }),
        }
    }
}

/// Reads the macros of project files.
pub(super) fn read_files(files: &[ProjectFile], created_at: f64) -> (Vec<ReadMacro>, Vec<Diagnostic>) {
    let read: Vec<_> = files
        .par_iter()
        .map(|file| {
            let place = Place {
                package: &file.package,
                path: file.original.as_str(),
                file: file.file,
                internal: false,
            };
            let made = |block: &Block| compiled(&file.text, file.file, block);
            read_text(&file.text, &place, created_at, made)
        })
        .collect();
    flatten(read)
}

pub(super) fn flatten(read: Vec<(Vec<ReadMacro>, Vec<Diagnostic>)>) -> (Vec<ReadMacro>, Vec<Diagnostic>) {
    let mut all = (Vec::new(), Vec::new());
    for (macros, problems) in read {
        all.0.extend(macros);
        all.1.extend(problems);
    }
    all
}

pub(super) struct Place<'a> {
    pub(super) package: &'a Arc<str>,
    pub(super) path: &'a str,
    pub(super) file: FileId,
    pub(super) internal: bool,
}

/// What comes of a block; nothing if it is no macro after all.
pub(super) type MadeOf = Result<Option<Made>, Box<Diagnostic>>;

/// Reads the macros of a file, each with what `make` makes of its block.
pub(super) fn read_text(
    text: &str,
    place: &Place<'_>,
    created_at: f64,
    make: impl Fn(&Block) -> MadeOf,
) -> (Vec<ReadMacro>, Vec<Diagnostic>) {
    let (found, mut problems) = blocks(text, place.file);
    let mut macros = Vec::new();
    let mut from = 0;
    for block in found {
        let shown = block_text::full(text, &block, from);
        from = shown.end;
        if !matches!(block.kind, BlockKind::Macro | BlockKind::Test | BlockKind::Materialization) {
            problems.extend(block.misplaced(text, place.file));
            continue;
        }
        match make(&block) {
            Ok(Some(made)) => {
                let entry = entry(&text[shown], &block, place, created_at);
                macros.push(ReadMacro { entry, made, internal: place.internal });
            }
            Ok(None) => {}
            Err(problem) => problems.push(*problem),
        }
    }
    (macros, problems)
}

/// Compiles a block.
pub(super) fn compiled(text: &str, file: FileId, block: &Block) -> MadeOf {
    let engine = Engine::new();
    let template =
        engine.compile(file, text, block.full.clone()).map_err(|error| Box::new(error.into_diagnostic()))?;
    let Some(made) = engine.macros(&template).into_iter().next() else { return Ok(None) };
    Ok(Some(Made {
        value: made.value,
        block: made.span,
        calls: template.static_calls().into_iter().filter_map(Called::of).collect(),
        params: made.params.into_iter().map(|(name, _)| name).collect(),
    }))
}

/// `shown` is the text of the block as dbt takes it.
fn entry(shown: &str, block: &Block, place: &Place<'_>, created_at: f64) -> Macro {
    let name = block.macro_name();
    let is_materialization = block.kind == BlockKind::Materialization;
    Macro {
        unique_id: UniqueId::new(ResourceType::Macro, place.package, &name),
        name,
        package_name: Arc::clone(place.package),
        original_file_path: place.path.to_owned(),
        macro_sql: shown.into(),
        depends_on: Vec::new(),
        description: String::new(),
        meta: JsonMap::new(),
        docs: serde_json::json!({"show": true, "node_color": null}),
        patch_path: None,
        arguments: Vec::new(),
        created_at,
        supported_languages: is_materialization.then(|| block.languages.clone()),
        file: place.file,
        span: Span::new(place.file, block.full.start, block.full.end),
    }
}

/// Macros by package and by name, in dbt's order of search for ids.
#[derive(Debug, Default)]
pub(super) struct MacroIndex {
    by_package: HashMap<String, HashMap<String, MacroEntry>>,
    /// The root project's, else a package's, else Tidegate's own.
    by_name: HashMap<String, MacroEntry>,
}

impl MacroIndex {
    /// Finds a macro for a package: that package's own, else as by bare name from the root project.
    pub(super) fn find(&self, package: &str, name: &str) -> Option<&MacroEntry> {
        self.by_package.get(package).and_then(|macros| macros.get(name)).or_else(|| self.by_name.get(name))
    }
}

/// All macros, ready to be called.
pub(super) struct Macros {
    /// The manifest's entries, Tidegate's own first.
    pub(super) entries: Vec<Macro>,
    pub(super) table: MacroTable,
    pub(super) index: MacroIndex,
}

/// Puts macros together; equal names in one package are reported. `describe` takes the arguments of the
/// definition for those that nobody described (`validate_macro_args`).
pub(super) fn assemble(
    read: Vec<ReadMacro>,
    mut table: MacroTable,
    describe: bool,
    problems: &mut Vec<Diagnostic>,
) -> Macros {
    let root = table.root().to_owned();
    let mut first: HashMap<UniqueId, Span> = HashMap::default();
    let mut index = MacroIndex::default();
    let mut kept: Vec<ReadMacro> = Vec::with_capacity(read.len());
    for found in read {
        let entry = &found.entry;
        if let Some(earlier) = first.get(&entry.unique_id) {
            problems.push(
                Diagnostic::error(
                    Code::DUPLICATE_NAME,
                    super::resolve::start(entry.span),
                    format!("dbt found multiple macros named \"{}\" in the project", entry.name),
                )
                .label(super::resolve::start(*earlier), "the first one")
                .help("rename or remove one of them"),
            );
            continue;
        }
        first.insert(entry.unique_id.clone(), entry.span);
        let callable = found.callable();
        if found.internal {
            table.add_internal(&entry.name, callable);
        } else {
            table.add(&entry.package_name, &entry.name, callable);
        }
        let names = index.by_package.entry(entry.package_name.to_string()).or_default();
        names.insert(entry.name.clone(), found.callable());
        kept.push(found);
    }
    // Weakest first: Tidegate's own, packages, the root project.
    let rank = |found: &&ReadMacro| match (found.internal, *found.entry.package_name == root) {
        (true, _) => 0,
        (false, false) => 1,
        (false, true) => 2,
    };
    let mut ranked: Vec<&ReadMacro> = kept.iter().collect();
    ranked.sort_by_key(rank);
    for found in ranked {
        index.by_name.insert(found.entry.name.clone(), found.callable());
    }
    let entries = kept
        .into_iter()
        .map(|found| {
            let depends_on = depends_on(&found, &table, &index);
            let described = found.made.params.iter().filter(|_| describe);
            let arguments =
                described.map(|name| serde_json::json!({"name": &**name, "type": null, "description": ""}));
            Macro { depends_on, arguments: arguments.collect(), ..found.entry }
        })
        .collect();
    Macros { entries, table, index }
}

/// The macros that a macro calls by name, and those that its dispatches with constant names find.
fn depends_on(found: &ReadMacro, table: &MacroTable, index: &MacroIndex) -> Vec<UniqueId> {
    let package = &*found.entry.package_name;
    let mut ids: Vec<UniqueId> = Vec::new();
    let mut add = |package: &str, name: &str| {
        if let Some(id) = index.find(package, name).map(|entry| &entry.id).filter(|id| !ids.contains(id)) {
            ids.push(id.clone());
        }
    };
    for called in &found.made.calls {
        match called {
            Called::Dispatch { name, namespace } => {
                if *name != found.entry.name {
                    add(package, name);
                }
                // Without a namespace dbt takes the macro of that name that wins over all packages.
                let by_name = |prefix: &str| index.find("", &format!("{prefix}__{name}"));
                let found = match namespace {
                    None => table.prefixes().find_map(by_name),
                    Some(namespace) => table.dispatch(Some(package), name, Some(namespace)).ok(),
                };
                if let Some(entry) = found {
                    let mut parts = entry.id.as_str().splitn(3, '.').skip(1);
                    if let (Some(package), Some(name)) = (parts.next(), parts.next()) {
                        add(package, name);
                    }
                }
            }
            Called::Macro { package: Some(namespace), name } => add(namespace, name),
            Called::Macro { package: None, name } if **name == *found.entry.name => {}
            Called::Macro { package: None, name } => add(package, name),
        }
    }
    ids
}

/// The name and namespace of a dispatch, where they are constants.
fn dispatched(call: &StaticCall) -> Option<Called> {
    let text = |value: Option<&Option<Value>>| {
        value.and_then(Option::as_ref).and_then(|v| v.as_str().map(str::to_owned))
    };
    let named = |key: &str| call.named.iter().find(|(name, _)| &**name == key).map(|(_, value)| value);
    let name = text(call.args.first()).or_else(|| text(named("macro_name")))?;
    let namespace = text(call.args.get(1)).or_else(|| text(named("macro_namespace")));
    Some(Called::Dispatch { name, namespace })
}
