//! What a filter or a saved query asks for, read from its template: `{{ Dimension('order__status') }} = 'paid'`.
//!
//! Templates see four functions that make query items, whose methods say more of them. What a template prints is what it
//! asks for. Called by `filters` and `saved_queries`.

use std::sync::{Arc, Mutex, PoisonError};

use crate::diag::Sources;
use crate::jinja::{self, Call, Engine, Error, Instance, Scope, UndefinedMode, Value};
use crate::parse::semantic::fields::GRAINS;

/// The time that all metrics share.
const METRIC_TIME: &str = "metric_time";

const DATE_PARTS: [&str; 6] = ["year", "quarter", "month", "day", "dow", "doy"];

/// What a query item is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Dimension,
    TimeDimension,
    Entity,
    Metric,
}

impl Kind {
    const ALL: [(&'static str, Self); 4] = [
        ("Dimension", Self::Dimension),
        ("TimeDimension", Self::TimeDimension),
        ("Entity", Self::Entity),
        ("Metric", Self::Metric),
    ];

    /// The name of its function.
    fn name(self) -> &'static str {
        Self::ALL.iter().find(|(_, kind)| *kind == self).map_or("", |(name, _)| name)
    }
}

/// Where a template stands: only an order can be turned round, whatever it is by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Filter,
    Order,
}

/// Something that is asked for, as written.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Item {
    kind: Kind,
    name: String,
    path: Vec<String>,
    grain: Option<String>,
    part: Option<String>,
    group_by: Vec<String>,
    descending: bool,
}

/// What an item names.
pub(super) struct Named {
    /// The dimension, entity or metric.
    pub(super) name: String,
    /// The grain of a time dimension, in lower case.
    pub(super) grain: Option<String>,
}

/// A name like `order__ordered_at__month`, taken apart.
struct Dundered<'a> {
    links: usize,
    element: &'a str,
    grain: Option<&'a str>,
}

impl<'a> Dundered<'a> {
    fn read(name: &'a str, custom: &[&str]) -> Self {
        let parts: Vec<&str> = name.split("__").collect();
        match *parts {
            [.., element, grain] if GRAINS.contains(&grain) || custom.contains(&grain) => {
                Self { links: parts.len() - 2, element, grain: Some(grain) }
            }
            [.., element] => Self { links: parts.len() - 1, element, grain: None },
            [] => Self { links: 0, element: name, grain: None },
        }
    }
}

impl Item {
    /// Returns what the item names. `custom` are the grains of the project.
    ///
    /// Errors when the name does not lead to one thing.
    pub(super) fn resolve(&self, custom: &[&str]) -> Result<Named, String> {
        let wrong = format!("Name is in an incorrect format: '{}'.", self.name);
        let dated = self.grain.is_some() || self.part.is_some();
        match self.kind {
            Kind::Metric if self.group_by.is_empty() => {
                Err("`group_by` parameter is required for Metric in where filter.".to_owned())
            }
            Kind::Metric => Ok(Named { name: self.name.clone(), grain: None }),
            Kind::Entity => match Dundered::read(&self.name, &[]) {
                Dundered { grain: Some(_), .. } => {
                    Err(format!("{wrong} It should not contain a time grain suffix."))
                }
                name => Ok(Named { name: name.element.to_owned(), grain: None }),
            },
            Kind::Dimension | Kind::TimeDimension => {
                let is_time = self.kind == Kind::TimeDimension || dated;
                let name = Dundered::read(&self.name, if is_time { custom } else { &[] });
                if name.links != 1 && name.element != METRIC_TIME {
                    let form = "<primary entity name>__<dimension_name>";
                    return Err(format!("{wrong} It should be of the form: {form}"));
                }
                let grain = self.grain.as_deref().filter(|_| is_time);
                if let (Some(suffix), Some(grain)) = (name.grain.filter(|_| is_time), grain)
                    && suffix != grain
                {
                    return Err(format!("`{}` and the grain `{grain}` do not agree", self.name));
                }
                let grain = name.grain.filter(|_| is_time).or(grain).map(str::to_lowercase);
                Ok(Named { name: name.element.to_owned(), grain })
            }
        }
    }

    /// Returns the item in its plain order.
    pub(super) fn ascending(&self) -> Self {
        Self { descending: false, ..self.clone() }
    }

    /// Checks what can be said of an item by itself.
    fn checked(self) -> Result<Self, Error> {
        if self.kind == Kind::Metric && Dundered::read(&self.name, &[]).links > 0 {
            return Err(Error::runtime("The name of the metric should not have entity links."));
        }
        if let Some(part) = self.part.as_deref().filter(|part| !DATE_PARTS.contains(&&*part.to_lowercase())) {
            let known = DATE_PARTS.join(", ");
            return Err(Error::runtime(format!(
                "'{part}' is not a valid date part. Valid values are {known}"
            )));
        }
        Ok(self)
    }
}

/// Returns all that a template asks for.
///
/// Errors when it cannot be rendered.
pub(super) fn read(template: &str, place: Place) -> Result<Vec<Item>, String> {
    let engine = Engine::new();
    let file = Sources::new().add("", template);
    let said = |error: &Error| error.message().to_owned();
    let compiled = engine.compile(file, template, 0..template.len()).map_err(|error| said(&error))?;
    let is_known =
        |name: &str| Kind::ALL.iter().any(|(known, _)| *known == name) || jinja::global(name).is_some();
    if let Some(name) = compiled.names().iter().find(|name| !is_known(name)) {
        return Err(format!("'{name}' is undefined"));
    }
    let asked = Asked::default();
    let scope: Arc<dyn Scope> = Arc::new(Names { asked: Arc::clone(&asked), place });
    engine.render(&compiled, &scope).map_err(|error| said(&error))?;
    let items = asked.lock().unwrap_or_else(PoisonError::into_inner);
    Ok(items.clone())
}

/// Returns the one thing that an expression asks for.
///
/// Errors when it cannot be rendered or asks for anything else.
pub(super) fn read_one(expression: &str, place: Place) -> Result<Item, String> {
    let mut items = read(&format!("{{{{ {expression} }}}}"), place)?;
    match (items.pop(), items.is_empty()) {
        (Some(item), true) => Ok(item),
        _ => Err("it does not name exactly one metric, dimension or entity".to_owned()),
    }
}

type Asked = Arc<Mutex<Vec<Item>>>;

/// What a template sees.
struct Names {
    asked: Asked,
    place: Place,
}

impl Scope for Names {
    fn get(&self, name: &str) -> Option<Value> {
        let (_, kind) = *Kind::ALL.iter().find(|(known, _)| *known == name)?;
        let (asked, place) = (Arc::clone(&self.asked), self.place);
        Some(jinja::function(kind.name(), move |call| {
            Ok(jinja::object(Builder { item: make(kind, call)?, asked: Arc::clone(&asked), place }))
        }))
    }

    fn undefined(&self) -> UndefinedMode {
        UndefinedMode::Strict
    }
}

/// Makes an item of a call, whose parameters differ by kind.
fn make(kind: Kind, call: &mut Call<'_>) -> Result<Item, Error> {
    let args = &mut call.args;
    let name = match kind {
        Kind::Dimension => "name",
        Kind::TimeDimension => "time_dimension_name",
        Kind::Entity => "entity_name",
        Kind::Metric => "metric_name",
    };
    let name = args.required_str(name)?.to_string();
    let grain = if kind == Kind::TimeDimension { args.optional_str("time_granularity_name")? } else { None };
    let names = args.optional(if kind == Kind::Metric { "group_by" } else { "entity_path" });
    let names = names.map(|names| jinja::elements(&names)).transpose()?.unwrap_or_default();
    let names: Vec<String> = names.iter().map(jinja::py_str).collect();
    let (mut descending, mut part) = (false, None);
    if kind == Kind::TimeDimension {
        descending = args.optional("descending").is_some_and(|value| jinja::truth(&value));
        part = args.optional_str("date_part_name")?;
    }
    args.finish()?;
    let (path, group_by) = if kind == Kind::Metric { (Vec::new(), names) } else { (names, Vec::new()) };
    let (grain, part) = (grain.map(|grain| grain.to_string()), part.map(|part| part.to_string()));
    Item { kind, name, path, grain, part, group_by, descending }.checked()
}

/// An item in a template.
struct Builder {
    item: Item,
    asked: Asked,
    place: Place,
}

impl Instance for Builder {
    fn type_name(&self) -> &'static str {
        self.item.kind.name()
    }

    fn call_method(&self, name: &str, call: &mut Call<'_>) -> Option<Result<Value, Error>> {
        matches!(name, "grain" | "date_part" | "descending").then(|| self.method(name, call))
    }

    fn str(&self) -> String {
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        if !asked.contains(&self.item) {
            asked.push(self.item.clone());
        }
        String::new()
    }

    fn truth(&self) -> bool {
        true
    }
}

impl Builder {
    fn method(&self, method: &str, call: &mut Call<'_>) -> Result<Value, Error> {
        let mut item = self.item.clone();
        let some = |text: Arc<str>| Some(text.to_string()).filter(|text| !text.is_empty());
        match method {
            "grain" => item.grain = some(call.args.required_str("time_granularity")?).or(item.grain),
            "date_part" => item.part = some(call.args.required_str("date_part_name")?).or(item.part),
            _ => item.descending |= jinja::truth(&call.args.required("_is_descending")?),
        }
        call.args.finish()?;
        let fits = item.kind == Kind::Dimension || (self.place == Place::Order && method == "descending");
        if !fits {
            let kind = item.kind.name();
            return Err(Error::runtime(format!("`{method}` can't be used with `{kind}` in this context.")));
        }
        Ok(jinja::object(Self { item: item.checked()?, asked: Arc::clone(&self.asked), place: self.place }))
    }
}
