//! `time`.

use std::cmp::Ordering;

use jiff::civil;

use super::super::class::Class;
use super::date::part;
use super::format::{Moment, iso_time, strftime};
use super::parse;
use super::zone::{Zone, offset_text};
use crate::jinja::args::Args;
use crate::jinja::call::Call;
use crate::jinja::error::Error;
use crate::jinja::value::{Instance, Value, downcast, int, none, object};

/// A time of day.
pub(super) struct Time {
    pub(super) wall: civil::Time,
    pub(super) zone: Option<Zone>,
}

pub(super) fn class() -> Value {
    Class {
        name: "datetime.time",
        make: Some(|call| take_whole(&mut call.args, civil::Time::midnight(), None)),
        methods: &[("fromisoformat", |call| {
            let text = call.args.required_str("time_string")?;
            call.args.finish()?;
            let (wall, zone) = parse::from_iso(&format!("2000-01-01T{text}"))
                .map_err(|_| Error::runtime(format!("invalid isoformat string: `{text}`")))?;
            Ok(object(Time { wall: wall.time(), zone }))
        })],
        constants: |name| match name {
            "min" => Some(object(Time { wall: civil::Time::midnight(), zone: None })),
            "max" => Some(object(Time { wall: civil::time(23, 59, 59, 999_999_000), zone: None })),
            _ => None,
        },
    }
    .value()
}

fn take_whole(args: &mut Args, default: civil::Time, zone: Option<Zone>) -> Result<Value, Error> {
    let wall = take_time(args, default)?;
    let zone = take_zone(args, zone)?;
    args.finish()?;
    Ok(object(Time { wall, zone }))
}

/// Takes hour, minute, second and microsecond, with those of another time as defaults.
pub(super) fn take_time(args: &mut Args, default: civil::Time) -> Result<civil::Time, Error> {
    let hour = part(args, "hour", Some(default.hour()))?;
    let minute = part(args, "minute", Some(default.minute()))?;
    let second = part(args, "second", Some(default.second()))?;
    let micros: i32 = part(args, "microsecond", Some(default.subsec_nanosecond() / 1000))?;
    let fits = (0..1_000_000).contains(&micros);
    let time = civil::Time::new(hour, minute, second, if fits { micros * 1000 } else { -1 });
    time.map_err(|_| Error::runtime("a part of the time is out of range"))
}

/// Takes a `tzinfo`.
pub(super) fn take_zone(args: &mut Args, default: Option<Zone>) -> Result<Option<Zone>, Error> {
    match args.optional("tzinfo") {
        Some(value) => Zone::of(&value),
        None => Ok(default),
    }
}

/// Answers the attributes that `time` and `datetime` share.
pub(super) fn shared_attr(time: civil::Time, zone: Option<&Zone>, name: &str) -> Option<Value> {
    Some(match name {
        "hour" => int(i128::from(time.hour())),
        "minute" => int(i128::from(time.minute())),
        "second" => int(i128::from(time.second())),
        "microsecond" => int(i128::from(time.subsec_nanosecond() / 1000)),
        "tzinfo" => zone.map_or_else(none, |zone| object(zone.clone())),
        "fold" => int(0),
        _ => return None,
    })
}

impl Time {
    fn moment(&self) -> Moment {
        let wall = civil::date(1900, 1, 1).to_datetime(self.wall);
        let zone = self.zone.as_ref();
        let offset = zone.and_then(Zone::offset_of_any_day);
        let zone_name = zone.filter(|_| offset.is_some()).map(Zone::abbreviation);
        Moment { wall, offset, zone_name: zone_name.unwrap_or_default() }
    }

    fn iso(&self, timespec: &str) -> Result<String, Error> {
        let offset = self.moment().offset.map(|offset| offset_text(offset, ":")).unwrap_or_default();
        Ok(iso_time(self.wall, timespec)? + &offset)
    }
}

impl Instance for Time {
    fn type_name(&self) -> &'static str {
        "time"
    }

    fn attr(&self, name: &str) -> Result<Option<Value>, Error> {
        Ok(shared_attr(self.wall, self.zone.as_ref(), name))
    }

    fn has_method(&self, name: &str) -> bool {
        matches!(name, "isoformat" | "strftime" | "replace")
    }

    fn call_method(&self, name: &str, call: &mut Call<'_>) -> Option<Result<Value, Error>> {
        let args = &mut call.args;
        Some(match name {
            "isoformat" => args
                .optional_str("timespec")
                .and_then(|spec| self.iso(spec.as_deref().unwrap_or("auto")))
                .map(Value::from),
            "strftime" => {
                args.required_str("format").and_then(|f| strftime(&self.moment(), &f)).map(Value::from)
            }
            "replace" => take_whole(args, self.wall, self.zone.clone()),
            _ => return None,
        })
    }

    fn str(&self) -> String {
        self.iso("auto").unwrap_or_default()
    }

    fn repr(&self) -> String {
        let (h, m, s) = (self.wall.hour(), self.wall.minute(), self.wall.second());
        match (s, self.wall.subsec_nanosecond() / 1000) {
            (0, 0) => format!("datetime.time({h}, {m})"),
            (s, 0) => format!("datetime.time({h}, {m}, {s})"),
            (s, micros) => format!("datetime.time({h}, {m}, {s}, {micros})"),
        }
    }

    fn eq(&self, other: &Value) -> Option<bool> {
        Some(downcast::<Time>(other).is_some_and(|other| other.wall == self.wall && other.zone == self.zone))
    }

    fn cmp(&self, other: &Value) -> Option<Ordering> {
        downcast::<Time>(other).map(|other| self.wall.cmp(&other.wall))
    }
}
