//! `selectors.yml` → named selections (`selection.md` section 5). Values must be rendered already.
//!
//! All problems of a file are told at once. Called by `cli` with what `project` read.

use crate::hash::IndexMap;

use super::grammar;
use super::spec::{Criterion, Depth, Indirect, Parts, Spec};
use crate::diag::{Code, Diagnostic, Span, suggest};
use crate::manifest::{Json, JsonMap};
use crate::project::SelectorDefinition;
use crate::yaml::{Map, Value, Yaml};

/// A selection with a name.
#[derive(Clone, Debug, PartialEq)]
pub struct NamedSelector {
    /// What it selects.
    pub spec: Spec,
    /// Whether it is meant when nothing is asked for.
    pub is_default: bool,
    /// The entry as the manifest shows it.
    pub json: Json,
}

/// The selectors of a project by name, in the order of the file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Selectors(IndexMap<String, NamedSelector>);

type Read<T> = Result<T, Box<Diagnostic>>;

impl Selectors {
    /// Reads what the definitions mean. `indirect` is that of the command line, which a criterion may override.
    pub fn read(definitions: &[SelectorDefinition], indirect: Indirect) -> (Self, Vec<Diagnostic>) {
        let (mut known, mut problems) = (Self::default(), Vec::new());
        for definition in definitions {
            match known.entry(definition, indirect) {
                Ok(selector) => {
                    known.0.insert(definition.name.clone(), selector);
                }
                Err(error) => problems.push(*error),
            }
        }
        (known, problems)
    }

    /// Returns a selection. Errors if there is none of that name.
    pub fn get(&self, name: &str) -> Read<&Spec> {
        if let Some(selector) = self.0.get(name) {
            return Ok(&selector.spec);
        }
        let names = || self.0.keys().map(String::as_str);
        let known = match self.0.len() {
            0 => "the project defines no selectors".to_owned(),
            _ => format!("the selectors are {}", names().collect::<Vec<_>>().join(", ")),
        };
        let message = format!("there is no selector `{name}`");
        let help = suggest(name, names()).unwrap_or(known);
        Err(Box::new(Diagnostic::error(Code::SELECTOR, None, message).help(help)))
    }

    /// Returns the name and the selection that are meant when nothing is asked for.
    pub fn default_selector(&self) -> Option<(&str, &Spec)> {
        self.0.iter().find(|(_, found)| found.is_default).map(|(name, found)| (name.as_str(), &found.spec))
    }

    /// Returns all entries as the manifest shows them.
    pub fn to_json(&self) -> JsonMap {
        self.0.iter().map(|(name, selector)| (name.clone(), selector.json.clone())).collect()
    }

    fn entry(&self, selector: &SelectorDefinition, indirect: Indirect) -> Read<NamedSelector> {
        let definition = &selector.definition;
        for group in ["union", "intersection"] {
            if let Some(keys) = definition.as_map().filter(|keys| keys.len() > 1 && keys.contains(group)) {
                let message = format!("`{group}` must be the only key of a definition");
                let others = keys.keys().filter(|key| *key != group).collect::<Vec<_>>().join("`, `");
                let error = Diagnostic::error(Code::SELECTOR, definition.span, message);
                return Err(Box::new(error.note(format!("there is also `{others}`"))));
            }
        }
        let (spec, shown) = self.definition(definition, indirect)?;
        let mut json = JsonMap::from_iter([("name".to_owned(), Json::from(&*selector.name))]);
        json.extend(selector.description.as_deref().map(|text| ("description".to_owned(), Json::from(text))));
        json.extend(selector.default.then(|| ("default".to_owned(), Json::Bool(true))));
        json.insert("definition".to_owned(), shown);
        Ok(NamedSelector { spec, is_default: selector.default, json: Json::Object(json) })
    }

    /// Reads a definition, and returns it also as the manifest shows it: every criterion spelled out.
    fn definition(&self, item: &Yaml, indirect: Indirect) -> Read<(Spec, Json)> {
        if let Some(text) = item.as_str() {
            let criterion = grammar::criterion(text, Some(item.span), indirect)?;
            let shown = spelled_out(&criterion);
            return Ok((Spec::Criterion(Box::new(criterion)), shown));
        }
        let map = item.expect_map("definition")?;
        if let Some(list) = map.get("union") {
            return self.group("union", list, indirect, Spec::Union);
        }
        if let Some(list) = map.get("intersection") {
            return self.group("intersection", list, indirect, Spec::Intersection);
        }
        self.single(item, map, indirect)
    }

    fn group(
        &self,
        key: &str,
        list: &Yaml,
        indirect: Indirect,
        make: fn(Parts) -> Spec,
    ) -> Read<(Spec, Json)> {
        let (mut parts, mut excluded, mut shown) = (Vec::new(), None, Vec::new());
        for item in list.expect_seq(key)? {
            // dbt reads only the list of an item that has `exclude`, even beside a method and a value.
            let exclude = item.as_map().and_then(|map| map.get("exclude"));
            let Some(exclude) = exclude else {
                let (spec, json) = self.definition(item, indirect)?;
                parts.push(spec);
                shown.push(json);
                continue;
            };
            if excluded.is_some() {
                let message = format!("`{key}` has more than one `exclude`");
                let error = Diagnostic::error(Code::SELECTOR, item.span, message);
                return Err(Box::new(error.help("put everything to exclude into one list")));
            }
            let (specs, json) = self.excluded(exclude, indirect)?;
            excluded = specs;
            let alone = item.as_map().is_some_and(|map| map.len() == 1);
            shown.push(if alone { Json::from_iter([("exclude", json)]) } else { item.to_json() });
        }
        let whole = make(Parts { parts, ..Parts::default() });
        Ok((minus(whole, excluded), Json::from_iter([(key, Json::Array(shown))])))
    }

    /// Reads an `exclude` list; several are united.
    fn excluded(&self, list: &Yaml, indirect: Indirect) -> Read<(Option<Spec>, Json)> {
        let read = list.expect_seq("exclude")?.iter().map(|item| self.definition(item, indirect));
        let (mut specs, shown): (Vec<Spec>, Vec<Json>) = read.collect::<Read<Vec<_>>>()?.into_iter().unzip();
        let spec = match specs.len() {
            0 | 1 => specs.pop(),
            _ => Some(Spec::Union(Parts { parts: specs, ..Parts::default() })),
        };
        Ok((spec, Json::Array(shown)))
    }

    /// Reads `{tag: nightly}` or `{method: tag, value: nightly, ...}`.
    fn single(&self, item: &Yaml, map: &Map, indirect: Indirect) -> Read<(Spec, Json)> {
        let single = map.iter().next().filter(|_| map.len() == 1);
        let (method, value) = if let (Some(method), Some(value)) = (map.get("method"), map.get("value")) {
            (method.expect_str("method")?, value)
        } else if let Some(entry) = single {
            (&*entry.key, &entry.value)
        } else {
            let message = "a criterion needs `method` and `value`";
            let help = "or a single key, as in `tag: nightly`";
            return Err(Box::new(Diagnostic::error(Code::SELECTOR, item.span, message).help(help)));
        };
        if method == "selector" {
            return self.inherited(value);
        }
        let criterion = criterion(item.span, map, (method, value), indirect)?;
        let mut shown = JsonMap::from_iter([
            ("method".to_owned(), Json::from(method)),
            ("value".to_owned(), value.to_json()),
        ]);
        shown.extend(if map.len() == 1 { JsonMap::new() } else { map.to_json() });
        let mut excluded = None;
        if let Some(list) = map.get("exclude") {
            excluded = self.excluded(list, indirect)?.0;
        }
        Ok((minus(Spec::Criterion(Box::new(criterion)), excluded), Json::Object(shown)))
    }

    /// Another selector by its name; it must come before in the file.
    fn inherited(&self, name: &Yaml) -> Read<(Spec, Json)> {
        let name_text = name.expect_str("value")?;
        let Some(selector) = self.0.get(name_text) else {
            let message = format!("there is no selector `{name_text}` before this one");
            let help = suggest(name_text, self.0.keys().map(String::as_str));
            return Err(Box::new(Diagnostic::error(Code::SELECTOR, name.span, message).help::<String>(help)));
        };
        Ok((selector.spec.clone(), selector.json.get("definition").cloned().unwrap_or_default()))
    }
}

fn minus(from: Spec, excluded: Option<Spec>) -> Spec {
    match excluded {
        None => from,
        Some(excluded) => Spec::Difference(Parts { parts: vec![from, excluded], ..Parts::default() }),
    }
}

/// Reads the keys of one criterion.
fn criterion(span: Span, map: &Map, (method, value): (&str, &Yaml), indirect: Indirect) -> Read<Criterion> {
    let (method, arguments) = grammar::method_name(method, Some(span))?;
    let flag = |key| map.get(key).map_or(Ok(false), |value: &Yaml| value.expect_bool(key));
    let distance = |key| -> Read<Depth> {
        match map.get(key).filter(|value| !matches!(value.value, Value::Null)) {
            None => Ok(None),
            Some(value) => {
                let distance = usize::try_from(value.expect_int(key)?);
                distance.map(Some).map_err(|_| value.unexpected(key, "a number of edges"))
            }
        }
    };
    let relatives =
        |key, depth| -> Read<Option<Depth>> { if flag(key)? { distance(depth).map(Some) } else { Ok(None) } };
    let indirect = match map.get("indirect_selection") {
        None => indirect,
        Some(value) => {
            let text = value.expect_str("indirect_selection")?;
            let wanted = "`eager`, `cautious`, `buildable` or `empty`";
            Indirect::parse(text).ok_or_else(|| value.unexpected("indirect_selection", wanted))?
        }
    };
    let (parents, children) =
        (relatives("parents", "parents_depth")?, relatives("children", "children_depth")?);
    let childrens_parents = flag("childrens_parents")?;
    if childrens_parents && children.is_some() {
        let message = "`childrens_parents` and `children` exclude each other";
        return Err(Box::new(Diagnostic::error(Code::SELECTOR, span, message)));
    }
    let value = value.to_json();
    Ok(Criterion {
        method,
        arguments,
        value,
        childrens_parents,
        parents,
        children,
        indirect,
        span: Some(span),
    })
}

/// Writes a criterion given as text the way dbt's manifest does: only what is set, depths as text.
fn spelled_out(criterion: &Criterion) -> Json {
    let mut map = JsonMap::new();
    let mut set = |key: &str, value: Json| map.insert(key.to_owned(), value);
    if criterion.childrens_parents {
        set("childrens_parents", Json::Bool(true));
    }
    if let Some(depth) = criterion.parents {
        set("parents", Json::Bool(true));
        depth.map(|depth| set("parents_depth", Json::from(depth.to_string())));
    }
    let mut method = vec![criterion.method.as_str()];
    method.extend(criterion.arguments.iter().map(String::as_str));
    set("method", Json::from(method.join(".")));
    if criterion.value.as_str() != Some("") {
        set("value", criterion.value.clone());
    }
    if let Some(depth) = criterion.children {
        set("children", Json::Bool(true));
        depth.map(|depth| set("children_depth", Json::from(depth.to_string())));
    }
    Json::Object(map)
}
