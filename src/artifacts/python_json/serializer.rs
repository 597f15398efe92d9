//! Any value that serde knows → JSON text as Python writes it.
//!
//! `serde_json` offers a formatter for blanks and numbers, but looks at every byte of every text and name by itself
//! before it asks it: for a manifest that took twice the time. The names of fields and variants are written as they are, so they
//! must be plain ASCII. Called by `mod`.

use std::fmt::Display;
use std::io::{self, Write};

use serde::ser::{self, Serialize};

use crate::python::{float_repr, is_plain_json, write_json_text};

/// Writes one value to `out`. As a key of an object it is always a text: `is_key`.
pub(super) struct Json<'a, W> {
    out: &'a mut W,
    is_key: bool,
}

/// The writer failed, or a value cannot be written.
#[derive(Debug)]
pub(super) struct Error(pub(super) io::Error);

impl std::error::Error for Error {}

impl Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl ser::Error for Error {
    fn custom<T: Display>(message: T) -> Self {
        Self(io::Error::new(io::ErrorKind::InvalidData, message.to_string()))
    }
}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Self {
        Self(error)
    }
}

/// The members of an array or object.
pub(super) struct Members<'a, W> {
    out: &'a mut W,
    is_first: bool,
    end: &'static [u8],
}

impl<'a, W: Write> Json<'a, W> {
    pub(super) fn new(out: &'a mut W) -> Self {
        Self { out, is_key: false }
    }

    /// Writes what has no quotes as a value.
    fn bare(self, text: &str) -> Result<(), Error> {
        if self.is_key {
            return Ok(write_json_text(self.out, text)?);
        }
        Ok(self.out.write_all(text.as_bytes())?)
    }

    fn begin(self, start: &[u8], end: &'static [u8]) -> Result<Members<'a, W>, Error> {
        if self.is_key {
            return Err(ser::Error::custom("a key must be a text"));
        }
        self.out.write_all(start)?;
        Ok(Members { out: self.out, is_first: true, end })
    }

    /// Begins what a variant holds, an object with the variant's name as its only key.
    fn begin_variant(self, variant: &str, start: &[u8], end: &'static [u8]) -> Result<Members<'a, W>, Error> {
        let mut object = self.begin(b"{", end)?;
        object.name(variant)?;
        object.out.write_all(start)?;
        object.is_first = true;
        Ok(object)
    }
}

macro_rules! written_as_displayed {
    ($($method:ident: $type:ty),*) => {
        $(fn $method(self, value: $type) -> Result<(), Error> {
            self.bare(&value.to_string())
        })*
    };
}

impl<'a, W: Write> ser::Serializer for Json<'a, W> {
    type Ok = ();
    type Error = Error;
    type SerializeSeq = Members<'a, W>;
    type SerializeTuple = Members<'a, W>;
    type SerializeTupleStruct = Members<'a, W>;
    type SerializeTupleVariant = Members<'a, W>;
    type SerializeMap = Members<'a, W>;
    type SerializeStruct = Members<'a, W>;
    type SerializeStructVariant = Members<'a, W>;

    written_as_displayed!(
        serialize_i8: i8, serialize_i16: i16, serialize_i32: i32, serialize_i64: i64, serialize_i128: i128,
        serialize_u8: u8, serialize_u16: u16, serialize_u32: u32, serialize_u64: u64, serialize_u128: u128
    );

    fn serialize_bool(self, value: bool) -> Result<(), Error> {
        self.bare(if value { "true" } else { "false" })
    }

    fn serialize_f32(self, value: f32) -> Result<(), Error> {
        self.serialize_f64(f64::from(value))
    }

    fn serialize_f64(self, value: f64) -> Result<(), Error> {
        if value.is_finite() { self.bare(&float_repr(value)) } else { self.bare("null") }
    }

    fn serialize_char(self, value: char) -> Result<(), Error> {
        self.serialize_str(value.encode_utf8(&mut [0; 4]))
    }

    fn serialize_str(self, value: &str) -> Result<(), Error> {
        Ok(write_json_text(self.out, value)?)
    }

    fn serialize_bytes(self, value: &[u8]) -> Result<(), Error> {
        self.collect_seq(value)
    }

    fn serialize_none(self) -> Result<(), Error> {
        self.serialize_unit()
    }

    fn serialize_some<T: ?Sized + Serialize>(self, value: &T) -> Result<(), Error> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<(), Error> {
        self.bare("null")
    }

    fn serialize_unit_struct(self, _name: &'static str) -> Result<(), Error> {
        self.serialize_unit()
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result<(), Error> {
        Ok(write_name(self.out, variant)?)
    }

    fn serialize_newtype_struct<T: ?Sized + Serialize>(
        self,
        _name: &'static str,
        value: &T,
    ) -> Result<(), Error> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: ?Sized + Serialize>(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<(), Error> {
        let mut object = self.begin(b"{", b"}")?;
        object.field(variant, value)?;
        object.close()
    }

    fn serialize_seq(self, _len: Option<usize>) -> Result<Members<'a, W>, Error> {
        self.begin(b"[", b"]")
    }

    fn serialize_tuple(self, _len: usize) -> Result<Members<'a, W>, Error> {
        self.begin(b"[", b"]")
    }

    fn serialize_tuple_struct(self, _name: &'static str, _len: usize) -> Result<Members<'a, W>, Error> {
        self.begin(b"[", b"]")
    }

    fn serialize_tuple_variant(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        _len: usize,
    ) -> Result<Members<'a, W>, Error> {
        self.begin_variant(variant, b"[", b"]}")
    }

    fn serialize_map(self, _len: Option<usize>) -> Result<Members<'a, W>, Error> {
        self.begin(b"{", b"}")
    }

    fn serialize_struct(self, _name: &'static str, _len: usize) -> Result<Members<'a, W>, Error> {
        self.begin(b"{", b"}")
    }

    fn serialize_struct_variant(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        _len: usize,
    ) -> Result<Members<'a, W>, Error> {
        self.begin_variant(variant, b"{", b"}}")
    }
}

impl<W: Write> Members<'_, W> {
    fn next(&mut self) -> Result<(), Error> {
        if std::mem::take(&mut self.is_first) { Ok(()) } else { Ok(self.out.write_all(b", ")?) }
    }

    fn value<T: ?Sized + Serialize>(&mut self, value: &T) -> Result<(), Error> {
        value.serialize(Json::new(self.out))
    }

    fn item<T: ?Sized + Serialize>(&mut self, value: &T) -> Result<(), Error> {
        self.next()?;
        self.value(value)
    }

    /// Writes the name of a field, which is an identifier of ours.
    fn name(&mut self, name: &str) -> Result<(), Error> {
        self.next()?;
        write_name(self.out, name)?;
        Ok(self.out.write_all(b": ")?)
    }

    fn field<T: ?Sized + Serialize>(&mut self, name: &str, value: &T) -> Result<(), Error> {
        self.name(name)?;
        self.value(value)
    }

    fn close(self) -> Result<(), Error> {
        Ok(self.out.write_all(self.end)?)
    }
}

/// Writes the name of a field or variant, which is a word of ours, with its quotes.
fn write_name(out: &mut impl Write, name: &str) -> io::Result<()> {
    debug_assert!(is_plain_json(name), "a name is written as it is: {name}");
    out.write_all(b"\"")?;
    out.write_all(name.as_bytes())?;
    out.write_all(b"\"")
}

/// An array in one of serde's words for it, all written alike.
macro_rules! items {
    ($($what:ident::$member:ident),*) => {
        $(impl<W: Write> ser::$what for Members<'_, W> {
            type Ok = ();
            type Error = Error;

            fn $member<T: ?Sized + Serialize>(&mut self, value: &T) -> Result<(), Error> {
                self.item(value)
            }

            fn end(self) -> Result<(), Error> {
                self.close()
            }
        })*
    };
}

items!(
    SerializeSeq::serialize_element,
    SerializeTuple::serialize_element,
    SerializeTupleStruct::serialize_field,
    SerializeTupleVariant::serialize_field
);

/// An object with fields whose names are known.
macro_rules! fields {
    ($($what:ident),*) => {
        $(impl<W: Write> ser::$what for Members<'_, W> {
            type Ok = ();
            type Error = Error;

            fn serialize_field<T: ?Sized + Serialize>(
                &mut self,
                name: &'static str,
                value: &T,
            ) -> Result<(), Error> {
                self.field(name, value)
            }

            fn end(self) -> Result<(), Error> {
                self.close()
            }
        })*
    };
}

fields!(SerializeStruct, SerializeStructVariant);

impl<W: Write> ser::SerializeMap for Members<'_, W> {
    type Ok = ();
    type Error = Error;

    fn serialize_key<T: ?Sized + Serialize>(&mut self, key: &T) -> Result<(), Error> {
        self.next()?;
        key.serialize(Json { out: self.out, is_key: true })?;
        Ok(self.out.write_all(b": ")?)
    }

    fn serialize_value<T: ?Sized + Serialize>(&mut self, value: &T) -> Result<(), Error> {
        self.value(value)
    }

    fn end(self) -> Result<(), Error> {
        self.close()
    }
}
