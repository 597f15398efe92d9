//! `modules.pytz`.

use super::class::{Class, no_constants};
use super::datetime::Zone;
use crate::jinja::call::{Call, function};
use crate::jinja::error::Error;
use crate::jinja::value::{Value, dict, list, object};

/// `modules.pytz`.
pub(super) fn module() -> Value {
    let names: Vec<Value> = jiff::tz::db().available().map(|name| Value::from(name.as_str())).collect();
    let unknown = Class {
        name: "pytz.exceptions.UnknownTimeZoneError",
        make: None,
        methods: &[],
        constants: no_constants,
    };
    dict([
        ("timezone", function("timezone", timezone)),
        ("utc", object(Zone::Utc)),
        ("UTC", object(Zone::Utc)),
        ("FixedOffset", function("FixedOffset", fixed_offset)),
        ("all_timezones", list(names.clone())),
        ("common_timezones", list(names)),
        ("UnknownTimeZoneError", unknown.value()),
    ])
}

fn timezone(call: &mut Call<'_>) -> Result<Value, Error> {
    let name = call.args.required_str("zone")?;
    call.args.finish()?;
    Zone::named(&name).map(object).ok_or_else(|| {
        let known = jiff::tz::db().available().map(|name| name.as_str().to_owned()).collect::<Vec<_>>();
        Error::runtime(format!("unknown time zone `{name}`"))
            .help::<String>(crate::diag::suggest(&name, known.iter().map(String::as_str)))
    })
}

fn fixed_offset(call: &mut Call<'_>) -> Result<Value, Error> {
    let minutes = call.args.optional_int("minutes")?.unwrap_or(0);
    call.args.finish()?;
    let seconds = i32::try_from(minutes * 60).map_err(|_| Error::runtime("the offset is too large"))?;
    Ok(object(if seconds == 0 { Zone::Utc } else { Zone::Fixed(seconds) }))
}
