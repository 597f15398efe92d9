//! `date`.

use std::cmp::Ordering;
use std::hash::{DefaultHasher, Hash, Hasher};

use jiff::civil;

use super::super::class::Class;
use super::format::{Moment, strftime};
use super::{DateTime, TimeDelta, parse};
use crate::jinja::args::Args;
use crate::jinja::call::Call;
use crate::jinja::error::Error;
use crate::jinja::value::{BinaryOp, Instance, Value, as_int, downcast, int, object, tuple};

/// A day.
pub(in super::super) struct Date(pub(in super::super) civil::Date);

/// The ordinal of 1970-01-01, counted from 0001-01-01 as 1.
const EPOCH_ORDINAL: i64 = 719_163;
const DAY: i128 = 86_400_000_000;

pub(super) fn class() -> Value {
    Class {
        name: "datetime.date",
        make: Some(|call| {
            let date = take_date(&mut call.args, None)?;
            call.args.finish()?;
            Ok(object(Date(date)))
        }),
        methods: &[
            ("today", |call| {
                call.args.finish()?;
                Ok(object(Date(jiff::Zoned::now().date())))
            }),
            ("fromisoformat", |call| {
                let text = call.args.required_str("date_string")?;
                call.args.finish()?;
                if text.len() != 10 && text.len() != 8 {
                    return Err(Error::runtime(format!("invalid isoformat string: `{text}`")));
                }
                parse::from_iso(&text).map(|(wall, _)| object(Date(wall.date())))
            }),
            ("fromordinal", |call| {
                let ordinal = call.args.optional_int("ordinal")?.unwrap_or(0);
                call.args.finish()?;
                from_ordinal(ordinal).map(|date| object(Date(date)))
            }),
            ("fromtimestamp", |call| {
                let at = super::datetime_::instant(&call.args.required("timestamp")?)?;
                call.args.finish()?;
                Ok(object(Date(jiff::tz::TimeZone::system().to_datetime(at).date())))
            }),
        ],
        constants: |name| match name {
            "min" => civil::Date::new(1, 1, 1).ok().map(|date| object(Date(date))),
            "max" => civil::Date::new(9999, 12, 31).ok().map(|date| object(Date(date))),
            _ => None,
        },
    }
    .value()
}

fn from_ordinal(ordinal: i64) -> Result<civil::Date, Error> {
    let days = ordinal - EPOCH_ORDINAL;
    civil::date(1970, 1, 1)
        .checked_add(jiff::SignedDuration::from_hours(days.clamp(-4_000_000, 4_000_000) * 24))
        .map_err(|_| out_of_range())
}

/// The day's number, with 0001-01-01 as 1.
pub(super) fn ordinal(date: civil::Date) -> i64 {
    let days = date.duration_since(civil::date(1970, 1, 1)).as_hours() / 24;
    days + EPOCH_ORDINAL
}

pub(super) fn out_of_range() -> Error {
    Error::runtime("the date is out of range")
}

/// Takes a small integer parameter.
pub(super) fn part<T: TryFrom<i128>>(args: &mut Args, name: &str, default: Option<T>) -> Result<T, Error> {
    match (args.optional(name), default) {
        (Some(value), _) => {
            let number = as_int(&value).and_then(|i| T::try_from(i).ok());
            number.ok_or_else(|| Error::runtime(format!("`{name}` must be a fitting integer")))
        }
        (None, Some(default)) => Ok(default),
        (None, None) => Err(Error::runtime(format!("missing argument `{name}`"))),
    }
}

/// Takes year, month and day, with the parts of another date as defaults.
pub(super) fn take_date(args: &mut Args, default: Option<civil::Date>) -> Result<civil::Date, Error> {
    let year = part(args, "year", default.map(civil::Date::year))?;
    let month = part(args, "month", default.map(civil::Date::month))?;
    let day = part(args, "day", default.map(civil::Date::day))?;
    if !(1..=9999).contains(&year) {
        return Err(Error::runtime(format!("year {year} is out of range")));
    }
    civil::Date::new(year, month, day).map_err(|_| Error::runtime("day or month is out of range"))
}

/// Answers the methods that `date` and `datetime` share.
pub(super) fn shared_method(date: civil::Date, name: &str, args: &mut Args) -> Option<Result<Value, Error>> {
    let weekday = i128::from(date.weekday().to_monday_zero_offset());
    let value = match name {
        "weekday" => int(weekday),
        "isoweekday" => int(weekday + 1),
        "toordinal" => int(i128::from(ordinal(date))),
        "isocalendar" => {
            let week = date.iso_week_date();
            tuple([int(i128::from(week.year())), int(i128::from(week.week())), int(weekday + 1)])
        }
        _ => return None,
    };
    Some(args.finish().map(|()| value))
}

/// Adds a timedelta's whole days.
fn shifted(date: civil::Date, micros: i128) -> Result<civil::Date, Error> {
    let days = i64::try_from(micros.div_euclid(DAY)).map_err(|_| out_of_range())?;
    from_ordinal(ordinal(date).saturating_add(days)).and_then(in_range)
}

pub(super) fn in_range(date: civil::Date) -> Result<civil::Date, Error> {
    if (1..=9999).contains(&date.year()) { Ok(date) } else { Err(out_of_range()) }
}

impl Date {
    fn moment(&self) -> Moment {
        Moment { wall: self.0.to_datetime(civil::Time::midnight()), offset: None, zone_name: String::new() }
    }

    fn method(&self, name: &str, call: &mut Call<'_>) -> Option<Result<Value, Error>> {
        let args = &mut call.args;
        if let Some(answer) = shared_method(self.0, name, args) {
            return Some(answer);
        }
        Some(match name {
            "isoformat" => args.finish().map(|()| Value::from(self.str())),
            "ctime" => strftime(&self.moment(), "%a %b %e %H:%M:%S %Y").map(Value::from),
            "strftime" => args
                .required_str("format")
                .and_then(|format| strftime(&self.moment(), &format))
                .map(Value::from),
            "replace" => take_date(args, Some(self.0)).map(|date| object(Date(date))),
            _ => return None,
        })
    }
}

impl Instance for Date {
    fn type_name(&self) -> &'static str {
        "date"
    }

    fn attr(&self, name: &str) -> Result<Option<Value>, Error> {
        Ok(match name {
            "year" => Some(int(i128::from(self.0.year()))),
            "month" => Some(int(i128::from(self.0.month()))),
            "day" => Some(int(i128::from(self.0.day()))),
            _ => None,
        })
    }

    fn has_method(&self, name: &str) -> bool {
        matches!(
            name,
            "weekday"
                | "isoweekday"
                | "toordinal"
                | "isocalendar"
                | "isoformat"
                | "ctime"
                | "strftime"
                | "replace"
        )
    }

    fn call_method(&self, name: &str, call: &mut Call<'_>) -> Option<Result<Value, Error>> {
        self.method(name, call)
    }

    fn str(&self) -> String {
        format!("{:04}-{:02}-{:02}", self.0.year(), self.0.month(), self.0.day())
    }

    fn repr(&self) -> String {
        format!("datetime.date({}, {}, {})", self.0.year(), self.0.month(), self.0.day())
    }

    fn format(&self, spec: &str) -> Option<String> {
        strftime(&self.moment(), spec).ok()
    }

    fn eq(&self, other: &Value) -> Option<bool> {
        Some(downcast::<Date>(other).is_some_and(|other| other.0 == self.0))
    }

    fn cmp(&self, other: &Value) -> Option<Ordering> {
        downcast::<Date>(other).map(|other| self.0.cmp(&other.0))
    }

    fn hash(&self) -> Option<u64> {
        let mut hasher = DefaultHasher::new();
        self.0.hash(&mut hasher);
        Some(hasher.finish())
    }

    fn binary(&self, op: BinaryOp, other: &Value, reflected: bool) -> Option<Result<Value, Error>> {
        if let Some(delta) = downcast::<TimeDelta>(other) {
            let micros = match op {
                BinaryOp::Add => delta.0,
                // Python subtracts the whole days of the delta.
                BinaryOp::Sub if !reflected => -(delta.0.div_euclid(DAY) * DAY),
                _ => return None,
            };
            return Some(shifted(self.0, micros).map(|date| object(Date(date))));
        }
        let other = downcast::<Date>(other)?;
        (op == BinaryOp::Sub && !reflected).then(|| {
            let days = ordinal(self.0) - ordinal(other.0);
            Ok(object(TimeDelta(i128::from(days) * DAY)))
        })
    }
}

/// Returns the day of a `date` or `datetime`.
pub(super) fn day_of(value: &Value) -> Option<civil::Date> {
    downcast::<Date>(value)
        .map(|date| date.0)
        .or_else(|| downcast::<DateTime>(value).map(|datetime| datetime.wall.date()))
}
