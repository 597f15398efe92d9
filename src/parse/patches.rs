//! Which entry of a property file describes which node: by name, own package first; versions by the name of
//! their file (`resources.md` sections 1 and 3). Entries that describe nothing, the wrong kind, or what
//! another entry describes already are reported. Called by `mod`.

use crate::hash::HashMap;

use crate::diag::{Code, Diagnostic, Span, suggest};
use crate::manifest::{Json, ResourceType};

use super::node::Draft;
use super::properties::{Properties, Section, Version};
use super::python::str_of;

/// The entry for a draft, and the version for a versioned model.
#[derive(Clone, Copy, Debug)]
pub(super) struct Assigned {
    pub(super) properties: usize,
    pub(super) version: Option<usize>,
}

/// Assigns entries to drafts.
pub(super) struct Assigner<'a> {
    drafts: &'a [Draft],
    /// Whether a draft is enabled as far as its file and the project say.
    enabled: &'a [bool],
    properties: &'a [Properties],
    by_name: HashMap<&'a str, Vec<usize>>,
    assigned: Vec<Option<Assigned>>,
    problems: Vec<Diagnostic>,
}

impl<'a> Assigner<'a> {
    pub(super) fn new(drafts: &'a [Draft], enabled: &'a [bool], properties: &'a [Properties]) -> Self {
        let mut by_name: HashMap<&str, Vec<usize>> = HashMap::default();
        for (at, draft) in drafts.iter().enumerate() {
            by_name.entry(draft.node.name.as_str()).or_default().push(at);
        }
        Self {
            drafts,
            enabled,
            properties,
            by_name,
            assigned: vec![None; drafts.len()],
            problems: Vec::new(),
        }
    }

    /// Returns the entry of each draft, and what is wrong.
    pub(super) fn run(mut self) -> (Vec<Option<Assigned>>, Vec<Diagnostic>) {
        for (at, properties) in self.properties.iter().enumerate() {
            if properties.versions.is_empty() {
                self.plain(at, properties);
            } else {
                self.versioned(at, properties);
            }
        }
        (self.assigned, self.problems)
    }

    /// Drafts of a name that no version has claimed.
    fn named(&self, name: &str) -> Vec<usize> {
        let all = self.by_name.get(name).map(Vec::as_slice).unwrap_or_default();
        let claimed = |at: &usize| self.assigned[*at].is_some_and(|assigned| assigned.version.is_some());
        all.iter().copied().filter(|at| !claimed(at)).collect()
    }

    fn plain(&mut self, at: usize, properties: &Properties) {
        let fits = |draft: &Draft| match properties.section {
            Section::Models | Section::Seeds | Section::Snapshots => draft.node.resource_type().is_refable(),
            Section::DataTests => draft.node.resource_type() == ResourceType::Test,
            _ => draft.node.resource_type() == properties.section.resource(),
        };
        let (drafts, enabled) = (self.drafts, self.enabled);
        let candidates: Vec<usize> =
            self.named(&properties.name).into_iter().filter(|draft| fits(&drafts[*draft])).collect();
        let own = |draft: &&usize| drafts[**draft].node.package_name == properties.file.package;
        let on = |draft: &&usize| enabled[**draft];
        let found = candidates.iter().filter(on).find(own).or_else(|| candidates.iter().find(on));
        if let Some(&found) = found {
            if drafts[found].node.resource_type() == properties.section.resource() {
                self.assign(found, Assigned { properties: at, version: None }, properties.name_span);
            } else {
                self.wrong_section(properties, found);
            }
            return;
        }
        let same_kind =
            |draft: &&usize| drafts[**draft].node.resource_type() == properties.section.resource();
        let off: Vec<usize> = candidates.iter().filter(own).filter(same_kind).copied().collect();
        let wants_on =
            properties.config.get("enabled").is_some_and(|setting| setting.value == Json::Bool(true));
        if off.len() > 1 && wants_on {
            self.several_disabled(properties, &off);
        }
        if off.is_empty() {
            self.nothing(properties, &properties.name, properties.name_span);
        }
        for draft in off {
            self.assign(draft, Assigned { properties: at, version: None }, properties.name_span);
        }
    }

    fn versioned(&mut self, at: usize, properties: &Properties) {
        let latest = properties.latest().cloned();
        for (number, version) in properties.versions.iter().enumerate() {
            let file = file_of(properties, version);
            let is_latest = latest.as_ref() == Some(&version.v);
            let found = self.model(properties, &file, is_latest.then_some(&properties.name));
            match found {
                Some(draft) => {
                    let assigned = Assigned { properties: at, version: Some(number) };
                    self.assign(draft, assigned, version.v.span);
                }
                None => self.nothing(properties, &file, version.v.span),
            }
        }
    }

    fn model(&self, properties: &Properties, file: &str, plain: Option<&String>) -> Option<usize> {
        let (drafts, enabled) = (self.drafts, self.enabled);
        let is_model = |draft: &&usize| drafts[**draft].node.resource_type() == ResourceType::Model;
        let own = |draft: &&usize| drafts[**draft].node.package_name == properties.file.package;
        let of_name = |name: &str, on: bool| {
            let named = self.named(name);
            named.iter().filter(is_model).filter(own).find(|draft| enabled[**draft] == on).copied()
        };
        of_name(file, true)
            .or_else(|| plain.and_then(|plain| of_name(plain, true)))
            .or_else(|| of_name(file, false))
            .or_else(|| plain.and_then(|plain| of_name(plain, false)))
    }

    fn assign(&mut self, draft: usize, assigned: Assigned, place: Span) {
        if let Some(earlier) = self.assigned[draft] {
            let first = &self.properties[earlier.properties];
            let node = &self.drafts[draft].node;
            self.problems.push(
                Diagnostic::error(
                    Code::DUPLICATE_PATCH,
                    place,
                    format!("{} `{}` is described twice", node.resource_type(), node.name),
                )
                .label(first.name_span, "first described here")
                .help("merge the two entries"),
            );
            return;
        }
        self.assigned[draft] = Some(assigned);
    }

    fn wrong_section(&mut self, properties: &Properties, found: usize) {
        let kind = self.drafts[found].node.resource_type();
        let right = Section::of(kind).map_or("another list", Section::key);
        let (name, wrong) = (&properties.name, properties.section.key());
        self.problems.push(
            Diagnostic::warning(
                Code::UNUSED_PATCH,
                properties.name_span,
                format!("`{name}` is a {kind}, but is described under `{wrong}`"),
            )
            .help(format!("move the entry to `{right}`"))
            .known_as("WrongResourceSchemaFile"),
        );
    }

    fn several_disabled(&mut self, properties: &Properties, off: &[usize]) {
        let kind = off.first().map_or("resource", |draft| self.drafts[*draft].node.resource_type().as_str());
        let message = format!(
            "Found {} matching disabled nodes for {} '{}': an entry cannot enable one of them",
            off.len(),
            kind,
            properties.name
        );
        let mut problem = Diagnostic::error(Code::INVALID_RESOURCE, properties.name_span, message);
        for draft in off {
            problem = problem.label(super::resolve::start(self.drafts[*draft].node.span), "one of them");
        }
        self.problems.push(problem.help("enable it in its file or in `dbt_project.yml`"));
    }

    fn nothing(&mut self, properties: &Properties, name: &str, place: Span) {
        let section = properties.section;
        let drafts = self.drafts.iter().map(|draft| &*draft.node);
        let known: Vec<&str> =
            drafts.filter(|n| n.resource_type() == section.resource()).map(|n| n.name.as_str()).collect();
        let what = match section {
            Section::DataTests => "singular test",
            other => other.resource().as_str(),
        };
        self.problems.push(
            Diagnostic::warning(
                Code::UNUSED_PATCH,
                place,
                format!("there is no {what} `{name}` to describe"),
            )
            .note(format!(
                "Did not find matching node for patch with name '{name}' in the '{}' section of file '{}'",
                section.key(),
                properties.file.original_path
            ))
            .help::<String>(suggest(name, known)),
        );
    }
}

/// The name of the file that holds a version.
fn file_of(properties: &Properties, version: &Version) -> String {
    version.defined_in.clone().unwrap_or_else(|| format!("{}_v{}", properties.name, str_of(&version.v)))
}
