//! Time zones: UTC, fixed offsets, and named ones (`pytz`).

use std::fmt::Write as _;

use jiff::Timestamp;
use jiff::civil;
use jiff::tz::TimeZone;

use super::super::class::{Class, no_constants};
use super::{DateTime, TimeDelta};
use crate::jinja::call::Call;
use crate::jinja::error::Error;
use crate::jinja::value::{Instance, Value, downcast, none, object, truth};

/// A `tzinfo`.
#[derive(Clone, Debug, PartialEq)]
pub(in super::super) enum Zone {
    Utc,
    /// Seconds east of UTC.
    Fixed(i32),
    Named(TimeZone),
}

impl Zone {
    /// Finds a named zone.
    pub(in super::super) fn named(name: &str) -> Option<Self> {
        if name.eq_ignore_ascii_case("utc") {
            return Some(Self::Utc);
        }
        TimeZone::get(name).ok().map(Self::Named)
    }

    /// Returns the zone behind a `tzinfo` value; none for `None`.
    pub(super) fn of(value: &Value) -> Result<Option<Self>, Error> {
        if value.is_none() {
            return Ok(None);
        }
        match downcast::<Zone>(value) {
            Some(zone) => Ok(Some((*zone).clone())),
            None => Err(Error::runtime("tzinfo must be none or a time zone")),
        }
    }

    /// Returns seconds east of UTC at an instant.
    pub(super) fn offset_at(&self, at: Timestamp) -> i32 {
        match self {
            Zone::Utc => 0,
            Zone::Fixed(seconds) => *seconds,
            Zone::Named(zone) => zone.to_offset(at).seconds(),
        }
    }

    /// Returns seconds east of UTC at a local time; of two, that of standard time unless `dst`.
    pub(super) fn offset_of(&self, wall: civil::DateTime, dst: bool) -> i32 {
        match self {
            Zone::Utc => 0,
            Zone::Fixed(seconds) => *seconds,
            Zone::Named(zone) => {
                use jiff::tz::AmbiguousOffset::{Fold, Gap, Unambiguous};
                match zone.to_ambiguous_zoned(wall).offset() {
                    Unambiguous { offset } => offset.seconds(),
                    Gap { before, after } | Fold { before, after } => {
                        let (low, high) =
                            (before.seconds().min(after.seconds()), before.seconds().max(after.seconds()));
                        if dst { high } else { low }
                    }
                }
            }
        }
    }

    /// Returns the name at a time with a given offset, for example `CEST`.
    pub(super) fn name_at(&self, wall: civil::DateTime, offset: i32) -> String {
        match self {
            Zone::Utc => "UTC".to_owned(),
            Zone::Fixed(seconds) => format!("UTC{}", offset_text(*seconds, ":")),
            Zone::Named(zone) => {
                let at = jiff::tz::Offset::from_seconds(offset).and_then(|o| o.to_timestamp(wall));
                zone.to_offset_info(at.unwrap_or(Timestamp::MAX)).abbreviation().to_owned()
            }
        }
    }
}

/// Writes an offset as `+HH:MM`, with seconds if there are any.
pub(super) fn offset_text(seconds: i32, separator: &str) -> String {
    let sign = if seconds < 0 { '-' } else { '+' };
    let s = seconds.abs();
    let mut text = format!("{sign}{:02}{separator}{:02}", s / 3600, s / 60 % 60);
    if s % 60 != 0 {
        let _ = write!(text, "{separator}{:02}", s % 60);
    }
    text
}

impl Instance for Zone {
    fn type_name(&self) -> &'static str {
        "tzinfo"
    }

    fn attr(&self, name: &str) -> Result<Option<Value>, Error> {
        Ok(match name {
            "zone" => Some(match self {
                Zone::Utc => Value::from("UTC"),
                Zone::Named(zone) => zone.iana_name().map_or_else(none, Value::from),
                Zone::Fixed(_) => none(),
            }),
            _ => None,
        })
    }

    fn has_method(&self, name: &str) -> bool {
        matches!(name, "localize" | "normalize" | "utcoffset" | "tzname" | "dst" | "fromutc")
    }

    fn call_method(&self, name: &str, call: &mut Call<'_>) -> Option<Result<Value, Error>> {
        self.has_method(name).then(|| self.method(name, call))
    }

    fn truth(&self) -> bool {
        true
    }

    fn str(&self) -> String {
        match self {
            Zone::Utc => "UTC".to_owned(),
            Zone::Fixed(seconds) => format!("UTC{}", offset_text(*seconds, ":")),
            Zone::Named(zone) => zone.iana_name().unwrap_or_default().to_owned(),
        }
    }

    fn repr(&self) -> String {
        match self {
            Zone::Utc => "<UTC>".to_owned(),
            Zone::Fixed(_) => format!("datetime.timezone({})", self.str()),
            Zone::Named(_) => format!("<DstTzInfo '{}'>", self.str()),
        }
    }

    fn eq(&self, other: &Value) -> Option<bool> {
        Some(downcast::<Zone>(other).is_some_and(|other| *other == *self))
    }
}

impl Zone {
    fn method(&self, name: &str, call: &mut Call<'_>) -> Result<Value, Error> {
        let given = call.args.required("dt")?;
        if given.is_none() {
            return match name {
                "utcoffset" | "dst" => Ok(object(TimeDelta(0))),
                _ => Ok(Value::from(self.str())),
            };
        }
        let at = downcast::<DateTime>(&given).ok_or_else(|| Error::runtime("a datetime is needed"))?;
        match name {
            "localize" => {
                let dst = call.args.optional("is_dst").is_some_and(|dst| truth(&dst));
                call.args.finish()?;
                if at.zone.is_some() {
                    return Err(Error::runtime("the datetime has a time zone already"));
                }
                let offset = self.offset_of(at.wall, dst);
                Ok(object(DateTime { wall: at.wall, zone: Some(self.clone()), offset }))
            }
            "normalize" | "fromutc" => at.in_zone(self).map(object),
            "utcoffset" => Ok(object(TimeDelta(i128::from(self.offset_of(at.wall, false)) * 1_000_000))),
            "dst" => Ok(object(TimeDelta(0))),
            _ => Ok(Value::from(self.name_at(at.wall, self.offset_of(at.wall, false)))),
        }
    }
}

/// `datetime.timezone`.
pub(super) fn timezone_class() -> Value {
    Class {
        name: "datetime.timezone",
        make: Some(|call| {
            let delta = call.args.required("offset")?;
            call.args.finish()?;
            let delta =
                downcast::<TimeDelta>(&delta).ok_or_else(|| Error::runtime("offset must be a timedelta"))?;
            let seconds = i32::try_from(delta.0 / 1_000_000).ok().filter(|s| s.abs() < 86_400);
            let seconds = seconds.ok_or_else(|| Error::runtime("offset must be less than a day"))?;
            Ok(object(if seconds == 0 { Zone::Utc } else { Zone::Fixed(seconds) }))
        }),
        methods: &[],
        constants: |name| (name == "utc").then(|| object(Zone::Utc)),
    }
    .value()
}

/// `datetime.tzinfo`: there to be named, not made.
pub(super) fn tzinfo_class() -> Value {
    Class { name: "datetime.tzinfo", make: None, methods: &[], constants: no_constants }.value()
}
