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
    Named(Region),
}

/// A zone of `pytz`, in one of its periods: like pytz's objects it keeps the offset of that period wherever it
/// is put. One that was not asked for a time yet is in its first period, the local mean time of a city.
#[derive(Clone, Debug, PartialEq)]
pub(in super::super) struct Region {
    zone: TimeZone,
    /// Seconds east of UTC, and how much of that is daylight saving time.
    offset: i32,
    saving: i32,
    /// What the period is called, for example `CEST`.
    abbreviation: String,
}

impl Region {
    fn first_period(zone: TimeZone) -> Self {
        let mut first = Self::at(zone, Timestamp::MIN);
        // pytz counts in minutes.
        first.offset = (first.offset + 30).div_euclid(60) * 60;
        first
    }

    fn at(zone: TimeZone, at: Timestamp) -> Self {
        let info = zone.to_offset_info(at);
        let offset = info.offset().seconds();
        let abbreviation = info.abbreviation().to_owned();
        let saving = if info.dst().is_dst() {
            let standard = zone.preceding(at).find(|before| !before.dst().is_dst());
            standard.map_or(3600, |standard| offset - standard.offset().seconds())
        } else {
            0
        };
        Self { zone, offset, saving, abbreviation }
    }

    /// Returns the zone in the period of a local time; of two, that of standard time unless `dst`.
    fn at_wall(&self, wall: civil::DateTime, dst: bool) -> Self {
        use jiff::tz::AmbiguousOffset::{Fold, Gap, Unambiguous};
        let offset = match self.zone.to_ambiguous_zoned(wall).offset() {
            Unambiguous { offset } => offset,
            Gap { before, after } | Fold { before, after } => {
                if dst {
                    before.max(after)
                } else {
                    before.min(after)
                }
            }
        };
        let period = Self::at(self.zone.clone(), offset.to_timestamp(wall).unwrap_or(Timestamp::MAX));
        Self { offset: offset.seconds(), ..period }
    }

    fn name(&self) -> &str {
        self.zone.iana_name().unwrap_or_default()
    }

    fn is_static(&self) -> bool {
        self.zone.preceding(Timestamp::MAX).next().is_none()
    }
}

impl Zone {
    /// Finds a named zone.
    pub(in super::super) fn named(name: &str) -> Option<Self> {
        if name.eq_ignore_ascii_case("utc") {
            return Some(Self::Utc);
        }
        TimeZone::get(name).ok().map(|zone| Self::Named(Region::first_period(zone)))
    }

    /// Returns the zone of the machine.
    pub(super) fn system() -> Self {
        Self::Named(Region::first_period(TimeZone::system()))
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

    /// Returns the zone in its period at an instant.
    pub(super) fn at(&self, at: Timestamp) -> Self {
        match self {
            Zone::Utc | Zone::Fixed(_) => self.clone(),
            Zone::Named(region) => Zone::Named(Region::at(region.zone.clone(), at)),
        }
    }

    /// Returns the zone in its period at a local time; of two, that of standard time unless `dst`.
    pub(super) fn at_wall(&self, wall: civil::DateTime, dst: bool) -> Self {
        match self {
            Zone::Utc | Zone::Fixed(_) => self.clone(),
            Zone::Named(region) => Zone::Named(region.at_wall(wall, dst)),
        }
    }

    /// Returns seconds east of UTC.
    pub(super) fn offset(&self) -> i32 {
        match self {
            Zone::Utc => 0,
            Zone::Fixed(seconds) => *seconds,
            Zone::Named(region) => region.offset,
        }
    }

    /// Returns seconds east of UTC where no date is needed to tell them.
    pub(super) fn offset_of_any_day(&self) -> Option<i32> {
        match self {
            Zone::Named(region) => region.is_static().then_some(region.offset),
            Zone::Utc | Zone::Fixed(_) => Some(self.offset()),
        }
    }

    /// Returns how many seconds of the offset are daylight saving time.
    pub(super) fn saving(&self) -> i32 {
        match self {
            Zone::Utc | Zone::Fixed(_) => 0,
            Zone::Named(region) => region.saving,
        }
    }

    /// Returns what the period is called, for example `CEST`.
    pub(super) fn abbreviation(&self) -> String {
        match self {
            Zone::Utc => "UTC".to_owned(),
            Zone::Fixed(seconds) => format!("UTC{}", offset_text(*seconds, ":")),
            Zone::Named(region) => region.abbreviation.clone(),
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
                Zone::Named(region) => region.zone.iana_name().map_or_else(none, Value::from),
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
            Zone::Named(region) => region.name().to_owned(),
        }
    }

    fn repr(&self) -> String {
        match self {
            Zone::Utc => "<UTC>".to_owned(),
            Zone::Fixed(_) => format!("datetime.timezone({})", self.str()),
            Zone::Named(region) if region.is_static() => format!("<StaticTzInfo '{}'>", region.name()),
            Zone::Named(region) => {
                let (name, period) = (region.name(), &region.abbreviation);
                let offset = TimeDelta::seconds(region.offset).str();
                let kind = if region.saving == 0 { "STD" } else { "DST" };
                format!("<DstTzInfo '{name}' {period}{offset} {kind}>")
            }
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
            return Ok(match (name, self) {
                ("tzname", Zone::Utc | Zone::Fixed(_)) => Value::from(self.abbreviation()),
                ("tzname", _) => Value::from(self.str()),
                ("utcoffset", Zone::Utc | Zone::Fixed(_)) => object(TimeDelta::seconds(self.offset())),
                _ => none(),
            });
        }
        let at = downcast::<DateTime>(&given).ok_or_else(|| Error::runtime("a datetime is needed"))?;
        let dst = call.args.optional("is_dst").is_some_and(|dst| truth(&dst));
        call.args.finish()?;
        let period = || match &at.zone {
            Some(own) if own == self => own.clone(),
            _ => self.at_wall(at.wall, dst),
        };
        match name {
            "localize" if at.zone.is_some() => Err(Error::runtime("the datetime has a time zone already")),
            "localize" => Ok(object(DateTime { wall: at.wall, zone: Some(period()) })),
            "normalize" | "fromutc" => at.in_zone(self).map(object),
            "utcoffset" => Ok(object(TimeDelta::seconds(period().offset()))),
            "dst" => Ok(object(TimeDelta::seconds(period().saving()))),
            _ => Ok(Value::from(period().abbreviation())),
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
