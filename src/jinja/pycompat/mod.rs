//! The parts of Python's library and of dbt's context that need no project.
//!
//! [`functions`] and [`modules`] belong into every context; the `*_value` functions make Python's dates
//! and times, for whoever has such values to hand to templates.

mod class;
mod datetime;
mod functions;
mod itertools;
mod json;
mod pattern;
mod pytz;
mod re;
mod yaml;

use std::sync::LazyLock;

pub use datetime::{
    date_value, datetime_value, iso_datetime_value, iso_text, offset_datetime_value, time_value,
    timedelta_value, utc_datetime_value,
};
pub(crate) use json::{JsonStyle, json_text};
pub use yaml::yaml_value;
pub(crate) use yaml::{YamlStyle, yaml_text};

use super::call::{Call, function};
use super::error::Error;
use super::value::{Value, dict};

type Function = fn(&mut Call<'_>) -> Result<Value, Error>;

const FUNCTIONS: &[(&str, Function)] = &[
    ("tojson", functions::tojson),
    ("fromjson", functions::fromjson),
    ("toyaml", functions::toyaml),
    ("fromyaml", functions::fromyaml),
    ("set", functions::set_or_default),
    ("set_strict", functions::set_strict),
    ("zip", functions::zip),
    ("zip_strict", functions::zip_strict),
    ("local_md5", functions::local_md5),
    ("diff_of_two_dicts", functions::diff_of_two_dicts),
];

/// Makes a module.
type MakeModule = fn() -> Value;

/// The modules of Python that templates get as `modules`, by name, each with what makes it.
pub const MODULES: &[(&str, MakeModule)] = &[
    ("pytz", pytz::module),
    ("datetime", datetime::module),
    ("re", re::module),
    ("itertools", itertools::module),
];

/// Returns `tojson`, `fromjson`, `toyaml`, `fromyaml`, `set`, `set_strict`, `zip`, `zip_strict`, `local_md5` and
/// `diff_of_two_dicts`. Made once for the process.
pub fn functions() -> &'static [(&'static str, Value)] {
    static ALL: LazyLock<Vec<(&'static str, Value)>> =
        LazyLock::new(|| FUNCTIONS.iter().map(|(name, body)| (*name, function(name, body))).collect());
    &ALL
}

/// Returns `modules`, made when it is first asked for: it reads the time zones of the machine.
pub fn modules() -> Value {
    static MADE: LazyLock<Value> =
        LazyLock::new(|| dict(MODULES.iter().map(|(name, module)| (*name, module()))));
    MADE.clone()
}
