//! One value out of DuckDB's Arrow batches, typed by DuckDB's own type.
//!
//! Input: an Arrow array, a row, and the [`Shape`] of the column. Output: a [`Datum`]. Invariant: never panics; an array
//! that does not fit its type is shown as Arrow's text. Arrow alone is not enough: it has one shape for `HUGEINT`,
//! `UHUGEINT` and `DECIMAL(38,0)`.

use duckdb::arrow::array::{
    Array, ArrayRef, AsArray, BinaryArray, BooleanArray, DictionaryArray, FixedSizeListArray,
    LargeBinaryArray, LargeListArray, LargeStringArray, ListArray, MapArray, StringArray, StringViewArray,
    StructArray, UnionArray,
};
use duckdb::arrow::datatypes::{
    ArrowDictionaryKeyType, ArrowPrimitiveType, DataType, Date32Type, Decimal128Type, Float32Type,
    Float64Type, Int8Type, Int16Type, Int32Type, Int64Type, IntervalMonthDayNanoType, Time64MicrosecondType,
    Time64NanosecondType, TimeUnit, TimestampMicrosecondType, TimestampMillisecondType,
    TimestampNanosecondType, TimestampSecondType, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use duckdb::arrow::util::display::array_value_to_string;
use duckdb::core::{LogicalTypeHandle, LogicalTypeId as Id};
use jiff::tz::TimeZone;

/// A value as DuckDB holds it.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Datum {
    Null,
    Bool(bool),
    Int(i128),
    /// Only above `i128::MAX`.
    Huge(u128),
    Decimal {
        digits: i128,
        scale: u8,
    },
    Float(f64),
    Text(String),
    Bytes(Vec<u8>),
    /// Days since 1970-01-01.
    Date(i32),
    /// Microseconds since midnight.
    Time(i64),
    /// Microseconds since 1970-01-01.
    Timestamp(i64),
    TimestampTz(i64, TimeZone),
    /// Months, days, microseconds.
    Interval(i32, i32, i64),
    List(Vec<Datum>),
    /// A struct's fields or a map's entries.
    Fields(Vec<(Datum, Datum)>),
}

/// A column's type, read once.
pub(super) struct Shape {
    id: Id,
    children: Vec<Shape>,
    names: Vec<String>,
}

impl Shape {
    /// Reads a type and what it is made of.
    pub(super) fn of(ty: &LogicalTypeHandle) -> Self {
        let id = ty.id();
        let children = (0..ty.num_children()).map(|i| Self::of(&ty.child(i))).collect();
        let names = match id {
            Id::Struct => (0..ty.num_children()).map(|i| ty.child_name(i)).collect(),
            _ => Vec::new(),
        };
        Self { id, children, names }
    }
}

/// Reads one value.
pub(super) fn datum(array: &dyn Array, shape: &Shape, row: usize) -> Datum {
    if array.is_null(row) && !matches!(array.data_type(), DataType::Union(..)) {
        return Datum::Null;
    }
    scalar(array, shape, row).or_else(|| nested(array, shape, row)).unwrap_or_else(|| {
        // Types this DuckDB may grow: shown, not lost.
        array_value_to_string(array, row).map_or(Datum::Null, Datum::Text)
    })
}

fn primitive<T: ArrowPrimitiveType>(array: &dyn Array, row: usize) -> Option<T::Native> {
    array.as_primitive_opt::<T>().map(|a| a.value(row))
}

fn scalar(array: &dyn Array, shape: &Shape, row: usize) -> Option<Datum> {
    let int = |n: i128| Some(Datum::Int(n));
    let any = array.as_any();
    match array.data_type() {
        DataType::Null => Some(Datum::Null),
        DataType::Boolean => any.downcast_ref::<BooleanArray>().map(|a| Datum::Bool(a.value(row))),
        DataType::Int8 => int(primitive::<Int8Type>(array, row)?.into()),
        DataType::Int16 => int(primitive::<Int16Type>(array, row)?.into()),
        DataType::Int32 => int(primitive::<Int32Type>(array, row)?.into()),
        DataType::Int64 => int(primitive::<Int64Type>(array, row)?.into()),
        DataType::UInt8 => int(primitive::<UInt8Type>(array, row)?.into()),
        DataType::UInt16 => int(primitive::<UInt16Type>(array, row)?.into()),
        DataType::UInt32 => int(primitive::<UInt32Type>(array, row)?.into()),
        DataType::UInt64 => int(primitive::<UInt64Type>(array, row)?.into()),
        DataType::Float32 => primitive::<Float32Type>(array, row).map(|x| Datum::Float(x.into())),
        DataType::Float64 => primitive::<Float64Type>(array, row).map(Datum::Float),
        DataType::Decimal128(_, scale) => {
            Some(exact(primitive::<Decimal128Type>(array, row)?, *scale, shape))
        }
        DataType::Utf8 => any.downcast_ref::<StringArray>().map(|a| Datum::Text(a.value(row).to_owned())),
        DataType::LargeUtf8 => {
            any.downcast_ref::<LargeStringArray>().map(|a| Datum::Text(a.value(row).to_owned()))
        }
        DataType::Utf8View => {
            any.downcast_ref::<StringViewArray>().map(|a| Datum::Text(a.value(row).to_owned()))
        }
        DataType::Binary => any.downcast_ref::<BinaryArray>().map(|a| bytes(a.value(row), shape)),
        DataType::LargeBinary => {
            any.downcast_ref::<LargeBinaryArray>().map(|a| Datum::Bytes(a.value(row).to_owned()))
        }
        DataType::Date32 => primitive::<Date32Type>(array, row).map(Datum::Date),
        DataType::Time64(TimeUnit::Microsecond) => {
            primitive::<Time64MicrosecondType>(array, row).map(Datum::Time)
        }
        DataType::Time64(TimeUnit::Nanosecond) => {
            primitive::<Time64NanosecondType>(array, row).map(|n| Datum::Time(n / 1000))
        }
        DataType::Timestamp(unit, zone) => {
            let micros = timestamp(array, *unit, row)?;
            Some(match zone {
                Some(zone) => Datum::TimestampTz(micros, TimeZone::get(zone).unwrap_or(TimeZone::UTC)),
                None => Datum::Timestamp(micros),
            })
        }
        DataType::Interval(_) => primitive::<IntervalMonthDayNanoType>(array, row)
            .map(|i| Datum::Interval(i.months, i.days, i.nanoseconds / 1000)),
        DataType::Dictionary(keys, _) => match keys.as_ref() {
            DataType::UInt8 => entry::<UInt8Type>(array, shape, row),
            DataType::UInt16 => entry::<UInt16Type>(array, shape, row),
            _ => entry::<UInt32Type>(array, shape, row),
        },
        _ => None,
    }
}

/// `HUGEINT` and `UHUGEINT` come as 38 digits without decimals; the bits are DuckDB's.
fn exact(digits: i128, scale: i8, shape: &Shape) -> Datum {
    match shape.id {
        Id::UHugeint if digits < 0 => Datum::Huge(digits.cast_unsigned()),
        Id::Hugeint | Id::UHugeint => Datum::Int(digits),
        _ => Datum::Decimal { digits, scale: scale.unsigned_abs() },
    }
}

/// Bit strings and big numbers come as DuckDB's own bytes.
fn bytes(bytes: &[u8], shape: &Shape) -> Datum {
    match shape.id {
        Id::Bit => Datum::Text(bit_text(bytes)),
        Id::Bignum => Datum::Text(bignum_text(bytes)),
        _ => Datum::Bytes(bytes.to_owned()),
    }
}

/// The first byte counts the unused bits at the head of the second.
fn bit_text(bytes: &[u8]) -> String {
    let Some((unused, rest)) = bytes.split_first() else { return String::new() };
    let bits =
        rest.iter().flat_map(|byte| (0..8).rev().map(move |i| if byte >> i & 1 == 1 { '1' } else { '0' }));
    bits.skip(usize::from(*unused)).collect()
}

/// Three bytes of sign and length, then the number from its highest byte; a negative one has all bits flipped.
fn bignum_text(bytes: &[u8]) -> String {
    let negative = bytes.first().is_some_and(|b| b & 0x80 == 0);
    let mut digits: Vec<u8> = vec![0];
    for byte in bytes.iter().skip(3) {
        let mut carry = u32::from(if negative { !byte } else { *byte });
        for digit in &mut digits {
            let n = u32::from(*digit) * 256 + carry;
            *digit = u8::try_from(n % 10).unwrap_or(0);
            carry = n / 10;
        }
        while carry > 0 {
            digits.push(u8::try_from(carry % 10).unwrap_or(0));
            carry /= 10;
        }
    }
    let text: String = digits.iter().rev().map(|d| char::from(b'0' + d)).collect();
    if negative && text != "0" { format!("-{text}") } else { text }
}

/// Microseconds; infinities, which are the extreme values, stay extreme.
fn timestamp(array: &dyn Array, unit: TimeUnit, row: usize) -> Option<i64> {
    Some(match unit {
        TimeUnit::Second => primitive::<TimestampSecondType>(array, row)?.saturating_mul(1_000_000),
        TimeUnit::Millisecond => primitive::<TimestampMillisecondType>(array, row)?.saturating_mul(1000),
        TimeUnit::Microsecond => primitive::<TimestampMicrosecondType>(array, row)?,
        TimeUnit::Nanosecond => match primitive::<TimestampNanosecondType>(array, row)? {
            extreme if extreme == i64::MAX || extreme == -i64::MAX => extreme,
            // The Python client cuts towards zero.
            nanos => nanos / 1000,
        },
    })
}

/// The text behind an enum's number.
fn entry<K: ArrowDictionaryKeyType>(array: &dyn Array, shape: &Shape, row: usize) -> Option<Datum> {
    let array = array.as_any().downcast_ref::<DictionaryArray<K>>()?;
    let key = array.key(row)?;
    Some(datum(array.values().as_ref(), shape, key))
}

fn items(values: &ArrayRef, shape: Option<&Shape>) -> Option<Datum> {
    let shape = shape?;
    Some(Datum::List((0..values.len()).map(|i| datum(values.as_ref(), shape, i)).collect()))
}

fn nested(array: &dyn Array, shape: &Shape, row: usize) -> Option<Datum> {
    let any = array.as_any();
    match array.data_type() {
        DataType::List(_) => items(&any.downcast_ref::<ListArray>()?.value(row), shape.children.first()),
        DataType::LargeList(_) => {
            items(&any.downcast_ref::<LargeListArray>()?.value(row), shape.children.first())
        }
        DataType::FixedSizeList(..) => {
            items(&any.downcast_ref::<FixedSizeListArray>()?.value(row), shape.children.first())
        }
        DataType::Struct(_) => {
            let array = any.downcast_ref::<StructArray>()?;
            let fields = array.columns().iter().zip(&shape.children).zip(&shape.names);
            Some(Datum::Fields(
                fields
                    .map(|((column, shape), name)| {
                        (Datum::Text(name.clone()), datum(column.as_ref(), shape, row))
                    })
                    .collect(),
            ))
        }
        DataType::Map(..) => {
            let entries = any.downcast_ref::<MapArray>()?.value(row);
            let [key, value] = shape.children.as_slice() else { return None };
            let (keys, values) = (entries.column(0), entries.column(1));
            let pair = |i| (datum(keys.as_ref(), key, i), datum(values.as_ref(), value, i));
            Some(Datum::Fields((0..entries.len()).map(pair).collect()))
        }
        DataType::Union(..) => {
            let array = any.downcast_ref::<UnionArray>()?;
            let member = usize::try_from(array.type_id(row)).ok()?;
            let value = array.value(row);
            Some(datum(value.as_ref(), shape.children.get(member)?, 0))
        }
        _ => None,
    }
}
