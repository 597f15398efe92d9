//! All generic tests that property files declare, in dbt's order: per entry the columns' tests, then those
//! of the whole; tests of sources last. Called by `pipeline`.

use std::sync::Arc;

use rayon::prelude::*;

use crate::diag::{Code, Diagnostic, Span};
use crate::yaml::Yaml;

use super::collect::AttachIndex;
use super::generic_test::{ArgumentsPlace, Target};
use super::properties::{Properties, PropertyFile, Section, Version};
use super::python::str_of;
use super::sources::ParsedSource;
use super::test_nodes::{Declared, MadeTest, TestMaker};

/// Makes the tests of models, seeds and snapshots.
pub(super) fn of_properties(
    properties: &[Properties],
    index: &AttachIndex,
    maker: &TestMaker<'_>,
) -> (Vec<MadeTest>, Vec<Diagnostic>) {
    let made = properties.par_iter().map(|properties| {
        let mut problems = Vec::new();
        let tests = of_entry(properties, index, maker, &mut problems);
        (tests, problems)
    });
    flatten(made.collect())
}

fn of_entry(
    properties: &Properties,
    index: &AttachIndex,
    maker: &TestMaker<'_>,
    problems: &mut Vec<Diagnostic>,
) -> Vec<MadeTest> {
    let testable = matches!(properties.section, Section::Models | Section::Seeds | Section::Snapshots);
    if !testable {
        return Vec::new();
    }
    if properties.versions.is_empty() {
        return of_version(properties, None, index, maker, problems);
    }
    let versions = properties.versions.iter();
    versions.flat_map(|version| of_version(properties, Some(version), index, maker, problems)).collect()
}

fn of_version(
    properties: &Properties,
    version: Option<&Version>,
    index: &AttachIndex,
    maker: &TestMaker<'_>,
    problems: &mut Vec<Diagnostic>,
) -> Vec<MadeTest> {
    let v: Option<&Yaml> = version.map(|version| &version.v);
    let declared = Declared {
        file: &properties.file,
        file_key_name: format!("{}.{}", properties.section.key(), properties.name),
        target: Target::Node { name: &properties.name, version: v },
        attached: index.find(&properties.file.package, &properties.name, v.map(str_of)),
        quote_columns: properties.quote_columns,
    };
    let columns = match version {
        Some(version) => properties.columns_of(version),
        None => properties.columns.iter().collect(),
    };
    let mut made = Vec::new();
    for column in columns {
        made.extend(maker.of_column(&declared, column, &[], problems));
    }
    let tests = version.map_or(properties.tests.as_slice(), |version| properties.tests_of(version));
    made.extend(maker.of_table(&declared, tests, &[], problems));
    made
}

/// Makes the tests of source tables: first those of the table, then the columns'.
pub(super) fn of_sources(
    sources: &[(Arc<PropertyFile>, ParsedSource)],
    maker: &TestMaker<'_>,
) -> (Vec<MadeTest>, Vec<Diagnostic>) {
    let made = sources.par_iter().map(|(file, source)| {
        let mut problems = Vec::new();
        let table = &source.table;
        let declared = Declared {
            file,
            file_key_name: format!("sources.{}", table.source_name),
            target: Target::Source { source: &table.source_name, table: &table.name },
            attached: None,
            quote_columns: source.quote_columns,
        };
        let mut tests = maker.of_table(&declared, &source.tests, &source.test_tags, &mut problems);
        for column in &source.columns {
            tests.extend(maker.of_column(&declared, column, &source.test_tags, &mut problems));
        }
        (tests, problems)
    });
    flatten(made.collect())
}

/// Puts the parts in order.
fn flatten(parts: Vec<(Vec<MadeTest>, Vec<Diagnostic>)>) -> (Vec<MadeTest>, Vec<Diagnostic>) {
    let mut all = (Vec::new(), Vec::new());
    for (tests, problems) in parts {
        all.0.extend(tests);
        all.1.extend(problems);
    }
    all
}

/// Warns about spellings that dbt gave up, at each place.
pub(super) fn deprecations(tests: &[MadeTest]) -> Vec<Diagnostic> {
    let warn = |span: Span, message: String, name: &'static str| {
        Diagnostic::warning(Code::DEPRECATED, span, message).known_as(name)
    };
    let mut warnings = Vec::new();
    for test in tests {
        for (key, span) in &test.loose_config {
            let message = format!("`{key}` of a generic test belongs under `config:`");
            warnings.push(warn(*span, message, "PropertyMovedToConfigDeprecation"));
        }
        let (span, place) = test.arguments;
        match place {
            ArgumentsPlace::Good => {}
            ArgumentsPlace::Beside => {
                let message = "arguments of a generic test belong under `arguments:`".to_owned();
                warnings.push(warn(span, message, "MissingArgumentsPropertyInGenericTestDeprecation"));
            }
            ArgumentsPlace::Under => {
                let message = "`arguments:` of a generic test is an argument of that name here".to_owned();
                let help = "set the flag `require_generic_test_arguments_property` to nest arguments in it";
                warnings.push(warn(span, message, "ArgumentsPropertyInGenericTestDeprecation").help(help));
            }
        }
    }
    warnings
}
