//! `datetime`.

use std::cmp::Ordering;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, civil};

use super::super::class::Class;
use super::date::{day_of, in_range, out_of_range, shared_method, take_date};
use super::format::{Moment, iso_time, strftime};
use super::time::{Time, shared_attr, take_time, take_zone};
use super::zone::{Zone, offset_text};
use super::{Date, TimeDelta, parse};
use crate::jinja::args::Args;
use crate::jinja::call::Call;
use crate::jinja::error::Error;
use crate::jinja::value::{BinaryOp, Instance, Value, as_float, downcast, int, none, object};

/// A local time, with or without a zone.
pub(in super::super) struct DateTime {
    pub(in super::super) wall: civil::DateTime,
    pub(in super::super) zone: Option<Zone>,
}

/// Where instants are counted from. They are counted in microseconds, since Python's times reach a day further
/// than `Timestamp`.
const EPOCH: civil::DateTime = civil::datetime(1970, 1, 1, 0, 0, 0, 0);

/// Returns the instant at microseconds since 1970, at the end of the range if it lies beyond.
fn nearest_timestamp(micros: i128) -> Timestamp {
    let end = if micros < 0 { Timestamp::MIN } else { Timestamp::MAX };
    i64::try_from(micros).ok().and_then(|micros| Timestamp::from_microsecond(micros).ok()).unwrap_or(end)
}

pub(super) fn class() -> Value {
    Class {
        name: "datetime.datetime",
        make: Some(make),
        methods: &[
            ("now", now),
            ("today", now),
            ("utcnow", |call| {
                call.args.finish()?;
                Ok(naive(TimeZone::UTC.to_datetime(Timestamp::now())))
            }),
            ("strptime", |call| {
                let text = call.args.required_str("date_string")?;
                let format = call.args.required_str("format")?;
                call.args.finish()?;
                parse::strptime(&text, &format).map(|(wall, zone)| object(DateTime::new(wall, zone)))
            }),
            ("fromisoformat", |call| {
                let text = call.args.required_str("date_string")?;
                call.args.finish()?;
                parse::from_iso(&text).map(|(wall, zone)| object(DateTime::new(wall, zone)))
            }),
            ("fromtimestamp", |call| {
                let at = instant(&call.args.required("timestamp")?)?;
                let zone = call.args.optional("tz").unwrap_or_else(none);
                call.args.finish()?;
                at_instant(at, Zone::of(&zone)?)
            }),
            ("utcfromtimestamp", |call| {
                let at = instant(&call.args.required("timestamp")?)?;
                call.args.finish()?;
                Ok(naive(TimeZone::UTC.to_datetime(at)))
            }),
            ("combine", combine),
        ],
        constants: |name| match name {
            "min" => Some(naive(civil::datetime(1, 1, 1, 0, 0, 0, 0))),
            "max" => Some(naive(civil::datetime(9999, 12, 31, 23, 59, 59, 999_999_000))),
            _ => None,
        },
    }
    .value()
}

fn make(call: &mut Call<'_>) -> Result<Value, Error> {
    let date = take_date(&mut call.args, None)?;
    let time = take_time(&mut call.args, civil::Time::midnight())?;
    let zone = take_zone(&mut call.args, None)?;
    call.args.finish()?;
    Ok(object(DateTime::new(date.to_datetime(time), zone)))
}

fn now(call: &mut Call<'_>) -> Result<Value, Error> {
    let zone = call.args.optional("tz").unwrap_or_else(none);
    call.args.finish()?;
    at_instant(Timestamp::now(), Zone::of(&zone)?)
}

fn naive(wall: civil::DateTime) -> Value {
    object(DateTime::new(to_micros(wall), None))
}

/// Python counts no finer than microseconds.
fn to_micros(wall: civil::DateTime) -> civil::DateTime {
    let nanos = wall.subsec_nanosecond();
    wall.with().subsec_nanosecond(nanos - nanos % 1000).build().unwrap_or(wall)
}

fn at_instant(at: Timestamp, zone: Option<Zone>) -> Result<Value, Error> {
    match zone {
        None => Ok(naive(TimeZone::system().to_datetime(at))),
        Some(zone) => DateTime::at(i128::from(at.as_microsecond()), &zone).map(object),
    }
}

fn combine(call: &mut Call<'_>) -> Result<Value, Error> {
    let date = day_of(&call.args.required("date")?).ok_or_else(|| Error::runtime("`date` must be a date"))?;
    let time = call.args.required("time")?;
    let time = downcast::<Time>(&time).ok_or_else(|| Error::runtime("`time` must be a time"))?;
    let zone = take_zone(&mut call.args, time.zone.clone())?;
    call.args.finish()?;
    Ok(object(DateTime::new(date.to_datetime(time.wall), zone)))
}

/// Reads seconds since 1970.
#[expect(clippy::cast_possible_truncation, reason = "the range is checked by the constructor")]
pub(super) fn instant(value: &Value) -> Result<Timestamp, Error> {
    let seconds = as_float(value).ok_or_else(|| Error::runtime("a timestamp must be a number"))?;
    let micros = (seconds * 1e6).round_ties_even();
    Timestamp::from_microsecond(micros as i64).map_err(|_| out_of_range())
}

impl DateTime {
    pub(super) fn new(wall: civil::DateTime, zone: Option<Zone>) -> Self {
        Self { wall, zone }
    }

    /// Makes the time in a zone at microseconds since 1970 in UTC.
    fn at(micros: i128, zone: &Zone) -> Result<Self, Error> {
        let zone = zone.at(nearest_timestamp(micros));
        let local = i64::try_from(micros + i128::from(zone.offset()) * 1_000_000);
        let local = local.map_err(|_| out_of_range())?;
        let wall = EPOCH.checked_add(SignedDuration::from_micros(local)).map_err(|_| out_of_range())?;
        in_range(wall.date())?;
        Ok(Self { wall: to_micros(wall), zone: Some(zone) })
    }

    /// Returns microseconds since 1970 in UTC; a time without a zone is a local one.
    fn instant(&self) -> i128 {
        match self.zone {
            Some(_) => self.micros(),
            None => {
                let zone = Zone::system().at_wall(self.wall, false);
                self.micros() - i128::from(zone.offset()) * 1_000_000
            }
        }
    }

    /// Returns the same instant in another zone.
    pub(super) fn in_zone(&self, zone: &Zone) -> Result<Self, Error> {
        Self::at(self.instant(), zone)
    }

    fn of_zone(&self, answer: impl Fn(&Zone) -> Value) -> Value {
        self.zone.as_ref().map_or_else(none, answer)
    }

    fn moment(&self) -> Moment {
        Moment {
            wall: self.wall,
            offset: self.zone.as_ref().map(Zone::offset),
            zone_name: self.zone.as_ref().map(Zone::abbreviation).unwrap_or_default(),
        }
    }

    pub(super) fn iso(&self, separator: &str, timespec: &str) -> Result<String, Error> {
        let date = Date(self.wall.date()).str();
        let time = iso_time(self.wall.time(), timespec)?;
        let offset = self.zone.as_ref().map(|zone| offset_text(zone.offset(), ":")).unwrap_or_default();
        Ok(format!("{date}{separator}{time}{offset}"))
    }

    fn replace(&self, args: &mut Args) -> Result<Value, Error> {
        let date = take_date(args, Some(self.wall.date()))?;
        let time = take_time(args, self.wall.time())?;
        let zone = take_zone(args, self.zone.clone())?;
        args.keyword("fold");
        args.finish()?;
        Ok(object(DateTime::new(date.to_datetime(time), zone)))
    }

    /// Returns microseconds since 1970: in UTC, or without a zone as if the time were in UTC.
    fn micros(&self) -> i128 {
        let offset = self.zone.as_ref().map_or(0, Zone::offset);
        self.wall.duration_since(EPOCH).as_micros() - i128::from(offset) * 1_000_000
    }

    #[expect(clippy::cast_precision_loss, reason = "Python's timestamp is a float as well")]
    fn method(&self, name: &str, args: &mut Args) -> Result<Option<Value>, Error> {
        Ok(Some(match name {
            "date" => object(Date(self.wall.date())),
            "time" => object(Time { wall: self.wall.time(), zone: None }),
            "timetz" => object(Time { wall: self.wall.time(), zone: self.zone.clone() }),
            "timestamp" => Value::from(self.instant() as f64 / 1e6),
            "isoformat" => {
                let separator = args.optional_str("sep")?.unwrap_or_else(|| "T".into());
                let timespec = args.optional_str("timespec")?.unwrap_or_else(|| "auto".into());
                Value::from(self.iso(&separator, &timespec)?)
            }
            "strftime" => Value::from(strftime(&self.moment(), &args.required_str("format")?)?),
            "ctime" => Value::from(strftime(&self.moment(), "%a %b %e %H:%M:%S %Y")?),
            "replace" => return self.replace(args).map(Some),
            "astimezone" => match Zone::of(&args.optional("tz").unwrap_or_else(none))? {
                Some(zone) if self.zone.as_ref() == Some(&zone) => {
                    object(DateTime::new(self.wall, Some(zone)))
                }
                Some(zone) => object(self.in_zone(&zone)?),
                None => object(self.in_zone(&Zone::system())?),
            },
            "utcoffset" => self.of_zone(|zone| object(TimeDelta::seconds(zone.offset()))),
            "dst" => self.of_zone(|zone| object(TimeDelta::seconds(zone.saving()))),
            "tzname" => self.of_zone(|zone| Value::from(zone.abbreviation())),
            _ => return Ok(None),
        }))
    }
}

impl Instance for DateTime {
    fn type_name(&self) -> &'static str {
        "datetime"
    }

    fn attr(&self, name: &str) -> Result<Option<Value>, Error> {
        Ok(match name {
            "year" => Some(int(i128::from(self.wall.year()))),
            "month" => Some(int(i128::from(self.wall.month()))),
            "day" => Some(int(i128::from(self.wall.day()))),
            _ => shared_attr(self.wall.time(), self.zone.as_ref(), name),
        })
    }

    fn has_method(&self, name: &str) -> bool {
        const NAMES: &[&str] = &[
            "date",
            "time",
            "timetz",
            "timestamp",
            "isoformat",
            "strftime",
            "ctime",
            "replace",
            "astimezone",
            "utcoffset",
            "dst",
            "tzname",
            "weekday",
            "isoweekday",
            "toordinal",
            "isocalendar",
        ];
        NAMES.contains(&name)
    }

    fn call_method(&self, name: &str, call: &mut Call<'_>) -> Option<Result<Value, Error>> {
        if let Some(answer) = shared_method(self.wall.date(), name, &mut call.args) {
            return Some(answer);
        }
        let answer = self.method(name, &mut call.args).transpose()?;
        Some(answer.and_then(|value| call.args.finish().map(|()| value)))
    }

    fn str(&self) -> String {
        self.iso(" ", "auto").unwrap_or_default()
    }

    fn repr(&self) -> String {
        let wall = self.wall;
        let mut parts = vec![
            i32::from(wall.year()),
            i32::from(wall.month()),
            i32::from(wall.day()),
            i32::from(wall.hour()),
            i32::from(wall.minute()),
        ];
        let micros = wall.subsec_nanosecond() / 1000;
        if wall.second() != 0 || micros != 0 {
            parts.push(i32::from(wall.second()));
        }
        if micros != 0 {
            parts.push(micros);
        }
        let mut text: Vec<String> = parts.iter().map(i32::to_string).collect();
        text.extend(self.zone.as_ref().map(|zone| format!("tzinfo={}", zone.repr())));
        format!("datetime.datetime({})", text.join(", "))
    }

    fn format(&self, spec: &str) -> Option<String> {
        strftime(&self.moment(), spec).ok()
    }

    fn eq(&self, other: &Value) -> Option<bool> {
        let other = downcast::<DateTime>(other);
        Some(other.is_some_and(|other| {
            self.zone.is_some() == other.zone.is_some() && self.micros() == other.micros()
        }))
    }

    fn cmp(&self, other: &Value) -> Option<Ordering> {
        let other = downcast::<DateTime>(other)?;
        if self.zone.is_some() != other.zone.is_some() {
            return None;
        }
        Some(self.micros().cmp(&other.micros()))
    }

    fn hash(&self) -> Option<u64> {
        u64::try_from(self.micros().rem_euclid(i128::from(u64::MAX))).ok()
    }

    fn binary(&self, op: BinaryOp, other: &Value, reflected: bool) -> Option<Result<Value, Error>> {
        if let Some(delta) = downcast::<TimeDelta>(other) {
            let micros = match op {
                BinaryOp::Add => delta.0,
                BinaryOp::Sub if !reflected => -delta.0,
                _ => return None,
            };
            let micros = i64::try_from(micros).unwrap_or(i64::MAX);
            let moved = self.wall.checked_add(SignedDuration::from_micros(micros));
            return Some(moved.map_err(|_| out_of_range()).and_then(|wall| {
                in_range(wall.date())?;
                Ok(object(DateTime { wall, zone: self.zone.clone() }))
            }));
        }
        let other = downcast::<DateTime>(other)?;
        if op != BinaryOp::Sub || reflected {
            return None;
        }
        if self.zone.is_some() != other.zone.is_some() {
            let message = "cannot subtract a datetime with a time zone and one without";
            return Some(Err(Error::runtime(message)));
        }
        Some(Ok(object(TimeDelta(self.micros() - other.micros()))))
    }
}
