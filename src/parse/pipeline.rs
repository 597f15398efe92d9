//! A workspace → a manifest: the order of the steps. Each step takes what earlier ones made and reports all
//! it found wrong; work on files and nodes runs in parallel, results come in the order of the files.
//!
//! files → macros → property entries → drafts of nodes → entries assigned to drafts → nodes → sources, tests,
//! exposures, groups, unit tests → names resolved → checks.

use std::sync::{Arc, Mutex};

use crate::context::{MacroEntry, Shared};
use crate::diag::{Diagnostic, Span};
use crate::files;
use crate::hash::HashMap;
use crate::jinja::Template;
use crate::manifest::{Lookup, Manifest, SourceTable, UniqueId};
use crate::project::Workspace;
use crate::yaml::Yaml;

use super::collect::{Collected, Collector};
use super::columns::SharedColumns;
use super::config_memo::Memo;
use super::descriptions::Docs;
use super::discover::{self, ProjectFiles};
use super::entries::{self, Entries};
use super::finish::Finisher;
use super::macros::{self, MacroIndex, ReadMacro};
use super::names::Names;
use super::node::Builder;
use super::properties::{RawEntry, Section};
use super::reach::Reach;
use super::settings::{self, Settings};
use super::test_nodes::TestMaker;
use super::trees::Trees;
use super::{
    all_tests, built_in, checks, docs, exposures, macro_patches, microbatch, relations, semantic,
    source_overrides, sources, unit_tests,
};

/// A parsed project.
pub struct Parsed {
    /// What it defines.
    pub manifest: Arc<Manifest>,
    /// The compiled code of every node that has some.
    pub templates: Arc<HashMap<UniqueId, Template>>,
    /// What templates see, for compiling and running.
    pub shared: Arc<Shared>,
    /// Answers `ref()` and `source()`.
    pub lookup: Arc<Lookup>,
}

/// Parses a project with its packages.
///
/// Everything wrong with the project is returned, errors and warnings in the order of the steps. With
/// errors there is no result.
pub fn parse(workspace: &Workspace, settings: &Settings) -> (Option<Parsed>, Vec<Diagnostic>) {
    let (parsed, problems) = parse_in_part(workspace, settings);
    let failed = problems.iter().any(Diagnostic::is_error);
    (Some(parsed).filter(|_| !failed), problems)
}

/// The same for who shows a project while it is being written: with errors, the result is what could be read all the same.
pub fn parse_in_part(workspace: &Workspace, settings: &Settings) -> (Parsed, Vec<Diagnostic>) {
    let mut run =
        Run { workspace, settings, created_at: settings::seconds(settings.started_at), problems: Vec::new() };
    let parsed = run.parse();
    (parsed, run.problems)
}

struct Run<'a> {
    workspace: &'a Workspace,
    settings: &'a Settings,
    created_at: f64,
    problems: Vec<Diagnostic>,
}

impl Run<'_> {
    fn parse(&mut self) -> Parsed {
        let files = self.files();
        let columns = SharedColumns::default();
        let Entries { described, wrong, others: entries, problems } = self.entries(&files, &columns);
        self.problems.extend(problems);
        let (mut macros, shared, index) = self.macros(&files);
        let validate = self.workspace.flags.behavior("validate_macro_args");
        let of = |section: Section| entries.iter().filter(|e| e.section == section).collect::<Vec<_>>();
        macro_patches::apply(&of(Section::Macros), &mut macros, validate, &mut self.problems);
        let docs = self.docs(&files);
        let index_of_docs = Arc::new(Docs::new(docs.iter(), &self.workspace.project.name));
        let own = self.workspace.projects().map(|project| &*project.name).collect::<Vec<_>>();
        let custom = macros.iter().filter(|found| own.contains(&&*found.package_name));
        let names = Names::new(&shared, custom.map(|found| found.name.as_str()));
        let trees = Trees::new(&self.workspace.project, self.workspace.projects());
        let relation =
            |database: &str, schema: &str, name: &str| relations::of_node(&shared, database, schema, name);
        let memo = Memo::default();
        let builder = Builder {
            trees: &trees,
            names: &names,
            memo: &memo,
            relation: &relation,
            store_failures: shared.is_on("STORE_FAILURES"),
            as_written: shared.is_on("STATE_MODIFIED_COMPARE_MORE_UNRENDERED_VALUES"),
        };
        let finisher = Finisher {
            shared: &shared,
            builder: &builder,
            workspace: self.workspace,
            docs: &index_of_docs,
            columns: &columns,
            created_at: self.created_at,
        };
        let always = index.find("", "get_where_subquery").map(|entry| entry.id.clone());
        let reach = Reach::new(&macros, always.into_iter().collect());
        self.problems.extend(wrong);
        let nodes = finisher.nodes(&files, &described, &mut self.problems);
        let mut collector = Collector::new(&finisher);
        collector.macros(macros);
        collector.docs(docs);
        collector.nodes(nodes);
        self.others(&finisher, (&index, &reach), (&files, &entries), &described, &mut collector);
        let Collected { manifest, templates, lookup, problems } = collector.finish();
        self.problems.extend(problems);
        let debug = shared.is_on("DEBUG");
        checks::check(&manifest, self.workspace, debug, &mut self.problems);
        microbatch::check(&manifest, &shared, &mut self.problems);
        Parsed {
            manifest: Arc::new(manifest),
            templates: Arc::new(templates),
            shared,
            lookup: Arc::new(lookup),
        }
    }

    /// Reads all files: the root project's first, then the packages'.
    fn files(&mut self) -> Vec<ProjectFiles> {
        let projects = std::iter::once(&self.workspace.project).chain(&self.workspace.packages);
        projects
            .map(|project| discover::discover(project, &self.settings.sources, &mut self.problems))
            .collect()
    }

    fn entries(&self, files: &[ProjectFiles], columns: &SharedColumns) -> Entries {
        let (workspace, sources) = (self.workspace, &self.settings.sources);
        let reader = entries::Reader { workspace, sources, columns };
        let mut all = Entries::default();
        files.iter().for_each(|files| reader.read(&files.properties, &mut all));
        all
    }

    fn macros(&mut self, files: &[ProjectFiles]) -> (Vec<crate::manifest::Macro>, Arc<Shared>, MacroIndex) {
        let engine = self.workspace.profile.connection.kind().as_str();
        let describe = self.workspace.flags.behavior("validate_macro_args");
        let (mut read, wrong) = built_in::read(engine, describe, &self.settings.sources, self.created_at);
        self.problems.extend(wrong);
        for files in files {
            let (found, wrong): (Vec<ReadMacro>, _) = macros::read_files(&files.macros, self.created_at);
            let (mut tests, mut more) = macros::read_files(&files.generic_tests, self.created_at);
            // dbt takes no arguments from definitions in `tests/generic`.
            tests.iter_mut().for_each(|test| test.made.params.clear());
            // Nor does it tell of tags between them.
            more.retain(Diagnostic::is_error);
            read.extend(found.into_iter().chain(tests));
            self.problems.extend(wrong.into_iter().chain(more));
        }
        let table = settings::macro_table(self.workspace);
        let found = macros::assemble(read, table, describe, &mut self.problems);
        let shared = settings::share(self.workspace, self.settings, found.table);
        (found.entries, Arc::new(shared), found.index)
    }

    fn docs(&mut self, files: &[ProjectFiles]) -> Vec<Arc<crate::manifest::Doc>> {
        let mut all = Vec::new();
        for files in files {
            let (found, wrong) = docs::read(&files.docs);
            all.extend(found.into_iter().map(Arc::new));
            self.problems.extend(wrong);
        }
        let (found, wrong) = docs::read_built_in(&self.settings.sources);
        all.extend(found.into_iter().map(Arc::new));
        self.problems.extend(wrong);
        all
    }
}

impl Run<'_> {
    /// Reads sources, exposures, groups, unit tests, and makes the generic tests.
    #[expect(clippy::too_many_arguments, reason = "each is needed, and no two belong together")]
    fn others(
        &mut self,
        finisher: &Finisher<'_>,
        (index, reach): (&MacroIndex, &Reach),
        (files, entries): (&[ProjectFiles], &[RawEntry]),
        properties: &[super::properties::Properties],
        collector: &mut Collector<'_>,
    ) {
        let shared = finisher.shared;
        let code = Mutex::default();
        let find_macro =
            |package: &str, name: &str| -> Option<MacroEntry> { index.find(package, name).cloned() };
        let contexts: HashMap<&str, _> =
            self.workspace.projects().map(|p| (&*p.name, self.workspace.properties_context(p))).collect();
        let render = |package: &str, text: &str, span: Span| match contexts.get(package) {
            Some(context) => context.render(text, span).map(|value| Yaml::new(span, value)),
            None => Ok(Yaml::text(span, text)),
        };
        let quote = |name: &str| crate::sql::Ident::new(name, shared.dialect).to_string();
        let maker = TestMaker {
            shared,
            builder: finisher.builder,
            find_macro: &find_macro,
            reach,
            quote: &quote,
            render: &render,
            arguments_key: self.workspace.flags.behavior("require_generic_test_arguments_property"),
            code: &code,
            created_at: self.created_at,
        };
        let (tests, wrong) = all_tests::of_properties(properties, &collector.attached(), &maker);
        self.problems.extend(wrong);
        self.problems.extend(all_tests::deprecations(&tests));
        collector.tests(tests);
        let relation_name = |table: &SourceTable| relations::of_source(shared, table);
        let context = sources::Context {
            trees: finisher.builder.trees,
            default_database: finisher.builder.names.default_database(),
            relation_name: &relation_name,
            created_at: self.created_at,
        };
        let mut tables = Vec::new();
        for entry in &source_overrides::apply(entries, &mut self.problems) {
            let read = sources::read(entry, &context, &mut self.problems);
            tables.extend(read.into_iter().map(|table| (Arc::clone(&entry.file), table)));
        }
        let (tests, wrong) = all_tests::of_sources(&tables, &maker);
        self.problems.extend(wrong);
        self.problems.extend(all_tests::deprecations(&tests));
        collector.sources(tables.into_iter().map(|(_, table)| table).collect());
        collector.tests(tests);
        self.plain_entries(finisher, files, entries, collector);
    }

    fn plain_entries(
        &mut self,
        finisher: &Finisher<'_>,
        files: &[ProjectFiles],
        entries: &[RawEntry],
        collector: &mut Collector<'_>,
    ) {
        let trees = finisher.builder.trees;
        let fixtures = files.iter().flat_map(|files| &files.fixtures).map(|f| ((&*f.package, f.stem()), f));
        let seed = |package: &str, name: &str| {
            let mut seeds = files.iter().flat_map(|files| &files.seeds);
            let seed = seeds.find(|seed| *seed.file.package == *package && seed.file.stem() == name)?;
            let root = &self.workspace.project_named(package)?.root;
            files::read_text(&root.join(&seed.file.original)).ok()
        };
        let rows = unit_tests::RowFiles { fixtures: fixtures.collect(), seed: &seed };
        let mut problems = Vec::new();
        let reading = semantic::Reading { trees, names: finisher.builder.names, created_at: self.created_at };
        for entry in entries {
            match entry.section {
                Section::Metrics => {
                    collector.metrics(semantic::metric(entry, &reading, &mut problems));
                }
                Section::SemanticModels => {
                    if let Some((model, metrics)) = semantic::semantic_model(entry, &reading, &mut problems) {
                        collector.semantic_model(model);
                        collector.metrics(metrics);
                    }
                }
                Section::SavedQueries => {
                    if let Some(query) = semantic::saved_query(entry, &reading, &mut problems) {
                        collector.saved_query(query);
                    }
                }
                Section::Exposures => {
                    if let Some(exposure) = exposures::exposure(entry, trees, self.created_at, &mut problems)
                    {
                        collector.exposure(exposure);
                    }
                }
                Section::Groups => {
                    if let Some(group) = exposures::group(entry, trees, &mut problems) {
                        collector.group(group);
                    }
                }
                Section::UnitTests => {
                    if let Some(test) = unit_tests::read(entry, trees, &rows, self.created_at, &mut problems)
                    {
                        collector.unit_test(test);
                    }
                }
                _ => {}
            }
        }
        self.problems.extend(problems);
    }
}
