//! What each method matches (`selection.md` section 2): criterion + resource → yes or no.

use std::cell::RefCell;

use camino::Utf8Path;

use super::column;
use super::earlier;
use super::fqn::Fqn;
use super::glob::{PathPattern, Pattern};
use super::resource::Resource;
use super::spec::{Criterion, Method};
use crate::artifacts::ColumnLineage;
use crate::diag::{Code, Diagnostic, suggest};
use crate::hash::HashMap;
use crate::manifest::{Json, Manifest, Node, NodeKind, ResourceType, version_order};
use crate::state::{Previous, Rendering};

/// A criterion made ready: tells whether it matches a resource.
pub(super) type Matcher<'a> = Box<dyn Fn(Resource<'_>) -> bool + 'a>;

/// What matching needs to know of the project besides the resource.
#[derive(Clone, Copy)]
pub(super) struct World<'a> {
    /// The root project.
    pub(super) project: &'a str,
    /// Tells whether a path below the project's root exists.
    pub(super) exists: &'a dyn Fn(&Utf8Path) -> bool,
    /// All resources.
    pub(super) manifest: &'a Manifest,
    /// The earlier run that `--state` names.
    pub(super) previous: Option<&'a Previous>,
    /// How configs are compared with it.
    pub(super) rendering: Rendering,
    /// Where columns come from, if it is known.
    pub(super) lineage: Option<&'a ColumnLineage>,
}

/// Makes a criterion ready; what is to be told besides goes to `notices`. Errors if its value means nothing for
/// its method.
pub(super) fn matcher<'a>(
    criterion: &Criterion,
    world: World<'a>,
    notices: &mut Vec<Diagnostic>,
) -> Result<Matcher<'a>, Box<Diagnostic>> {
    let text = criterion.text();
    Ok(match criterion.method {
        Method::Fqn => {
            let fqn = Fqn::new(&text);
            Box::new(move |r| r.fqn().is_some_and(|name| fqn.matches(name, r.is_versioned())))
        }
        Method::Tag => pattern(&text, tags),
        Method::Group => pattern(&text, |r| r.group().into_iter().collect()),
        Method::Package => pattern(if text == "this" { world.project } else { &text }, |r| vec![r.package()]),
        Method::File => pattern(&text, |r| {
            let file = Utf8Path::new(r.file());
            file.file_name().into_iter().chain(file.file_stem()).collect()
        }),
        Method::TestName => pattern(&text, |r| match r {
            Resource::Node(node) => {
                node.generic_test().map(|t| t.metadata.name.as_str()).into_iter().collect()
            }
            Resource::UnitTest(unit) => vec![&unit.name],
            _ => Vec::new(),
        }),
        Method::Access => {
            Box::new(move |r| matches!(r, Resource::Node(node) if access(node) == Some(text.as_str())))
        }
        Method::Path => path(criterion, &text, world)?,
        Method::Config => config(criterion, &text),
        Method::Source => source(criterion, &text)?,
        Method::Exposure => named(criterion, &text, ResourceType::Exposure)?,
        Method::UnitTest => named(criterion, &text, ResourceType::UnitTest)?,
        Method::Metric => named(criterion, &text, ResourceType::Metric)?,
        Method::SemanticModel => named(criterion, &text, ResourceType::SemanticModel)?,
        Method::SavedQuery => named(criterion, &text, ResourceType::SavedQuery)?,
        Method::ResourceType => {
            let kind = resource_type(criterion, &text)?;
            Box::new(move |r| r.kind() == kind)
        }
        Method::TestType => test_type(criterion, &text)?,
        Method::Version => version(criterion, &text)?,
        Method::State => earlier::state(criterion, world, notices)?,
        Method::Result => earlier::result(criterion, world)?,
        Method::Column => {
            let ids = column::ids(criterion, world.manifest, world.lineage)?;
            if let Some(notice) = world.lineage.and_then(|lineage| column::stale(world.manifest, lineage))
                && !notices.contains(&notice)
            {
                notices.push(notice);
            }
            Box::new(move |r| ids.contains(r.id().as_str()))
        }
        Method::SourceStatus => earlier::source_status(criterion, world)?,
    })
}

/// Matches if any of some names fits a pattern.
fn pattern<'a>(text: &str, names: impl for<'r> Fn(Resource<'r>) -> Vec<&'r str> + 'a) -> Matcher<'a> {
    let pattern = Pattern::new(text);
    Box::new(move |resource| names(resource).into_iter().any(|name| pattern.matches(name)))
}

fn tags(resource: Resource<'_>) -> Vec<&str> {
    resource.tags()
}

fn access(node: &Node) -> Option<&str> {
    match &node.kind {
        NodeKind::Model { access, .. } => Some(access),
        _ => None,
    }
}

/// The file, the property file, or a folder above the file must match and exist below the root: so folders of a
/// package count only if the root project has them too.
fn path<'a>(criterion: &Criterion, text: &str, world: World<'a>) -> Result<Matcher<'a>, Box<Diagnostic>> {
    let pattern = PathPattern::new(text);
    if text.starts_with('/') || (pattern.is_empty() && !text.contains('.')) {
        return Err(invalid(criterion, "a path must be relative to the project"));
    }
    let known: RefCell<HashMap<String, bool>> = RefCell::default();
    let hit = move |parts: &[&str]| {
        if !pattern.matches(parts) {
            return false;
        }
        let path = parts.join("/");
        *known.borrow_mut().entry(path).or_insert_with_key(|path| (world.exists)(Utf8Path::new(path)))
    };
    Ok(Box::new(move |resource| {
        let parts: Vec<&str> = resource.file().split('/').filter(|part| *part != ".").collect();
        let property = resource.property_file().map(|file| file.split('/').collect::<Vec<_>>());
        (0..=parts.len()).rev().any(|length| hit(&parts[..length])) || property.is_some_and(|file| hit(&file))
    }))
}

/// Looks up a config by its path. Text from the command line is never equal to a number.
fn config<'a>(criterion: &Criterion, text: &str) -> Matcher<'a> {
    let (path, wanted) = (criterion.arguments.clone(), criterion.value.clone());
    let any_case = path == ["severity"];
    let truth = match text.to_lowercase().as_str() {
        "true" => Some(true),
        "false" => Some(false),
        _ => None,
    };
    let equal = move |found: &Json| match (found, &wanted) {
        (Json::String(found), Json::String(wanted)) if any_case => {
            found.to_uppercase() == wanted.to_uppercase()
        }
        (Json::Bool(found), _) if truth == Some(*found) => true,
        (Json::Number(found), Json::Number(wanted)) => found.as_f64() == wanted.as_f64(),
        (found, wanted) => found == wanted,
    };
    Box::new(move |resource| {
        let Some((first, rest)) = path.split_first() else { return false };
        let mut found = resource.config().and_then(|config| config.get(first));
        for key in rest {
            found = found.and_then(|value| value.get(key));
        }
        match found {
            Some(Json::Array(items)) => items.iter().any(&equal),
            Some(value) => equal(value),
            None => false,
        }
    })
}

/// `source`, `source.table` or `package.source.table`.
fn source<'a>(criterion: &Criterion, text: &str) -> Result<Matcher<'a>, Box<Diagnostic>> {
    let parts: Vec<&str> = text.split('.').collect();
    let (package, source, table) = match parts.as_slice() {
        [source] => ("*", *source, "*"),
        [source, table] => ("*", *source, *table),
        [package, source, table] => (*package, *source, *table),
        _ => {
            let help = "a source is `source`, `source.table` or `package.source.table`";
            return Err(invalid(criterion, help));
        }
    };
    let [package, source, table] = [package, source, table].map(Pattern::new);
    Ok(Box::new(move |resource| match resource {
        Resource::Source(found) => {
            package.matches(&found.package_name)
                && source.matches(&found.source_name)
                && table.matches(&found.name)
        }
        _ => false,
    }))
}

/// `name` or `package.name` of one kind of resource.
fn named<'a>(criterion: &Criterion, text: &str, kind: ResourceType) -> Result<Matcher<'a>, Box<Diagnostic>> {
    let parts: Vec<&str> = text.split('.').collect();
    let (package, name) = match parts.as_slice() {
        [name] => ("*", *name),
        [package, name] => (*package, *name),
        _ => return Err(invalid(criterion, &format!("`{kind}` wants `name` or `package.name`"))),
    };
    let [package, name] = [package, name].map(Pattern::new);
    Ok(Box::new(move |r| r.kind() == kind && package.matches(r.package()) && name.matches(r.name())))
}

fn resource_type(criterion: &Criterion, text: &str) -> Result<ResourceType, Box<Diagnostic>> {
    ResourceType::parse(text).ok_or_else(|| {
        let known = ResourceType::ALL.iter().map(|kind| kind.as_str());
        let help = suggest(text, known.clone());
        let list = || format!("the resource types are {}", known.collect::<Vec<_>>().join(", "));
        invalid(criterion, &help.unwrap_or_else(list))
    })
}

fn test_type<'a>(criterion: &Criterion, text: &str) -> Result<Matcher<'a>, Box<Diagnostic>> {
    let (generic, singular, unit) = match text {
        "generic" | "schema" => (true, false, false),
        "singular" => (false, true, false),
        "data" => (true, true, false),
        "unit" => (false, false, true),
        _ => return Err(invalid(criterion, "the test types are `generic`, `singular`, `unit` and `data`")),
    };
    Ok(Box::new(move |resource| match resource {
        Resource::Node(node) => match node.kind {
            NodeKind::GenericTest(_) => generic,
            NodeKind::SingularTest => singular,
            _ => false,
        },
        Resource::UnitTest(_) => unit,
        _ => false,
    }))
}

fn version<'a>(criterion: &Criterion, text: &str) -> Result<Matcher<'a>, Box<Diagnostic>> {
    use std::cmp::Ordering::{Equal, Greater, Less};
    let order = match text {
        "latest" => Some(Equal),
        "prerelease" => Some(Greater),
        "old" => Some(Less),
        "none" => None,
        _ => return Err(invalid(criterion, "it must be `latest`, `prerelease`, `old` or `none`")),
    };
    Ok(Box::new(move |resource| match resource {
        Resource::Node(node) => match &node.kind {
            NodeKind::Model { version, latest_version, .. } => match (version, latest_version) {
                (None, _) => order.is_none(),
                (Some(version), Some(latest)) => order == Some(version_order(version, latest)),
                (Some(_), None) => false,
            },
            _ => false,
        },
        _ => false,
    }))
}

fn invalid(criterion: &Criterion, help: &str) -> Box<Diagnostic> {
    let (method, value) = (criterion.method.as_str(), criterion.text());
    let message = format!("`{value}` is no value for the selector method `{method}`");
    Box::new(Diagnostic::error(Code::SELECTOR, criterion.span, message).help(help))
}
