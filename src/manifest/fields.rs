//! Objects of the manifest, written field by field: most have fields whose names are known and others whose names are not,
//! which serde's derived code does not do in one pass.

use serde::ser::{Serialize, SerializeMap, Serializer};

/// The name of a field. It is told from other texts, in that a writer of JSON need not look for what it has to escape.
struct Name(&'static str);

impl Serialize for Name {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_unit_variant("Name", 0, self.0)
    }
}

/// An object with fields of known names among its entries.
pub(super) trait Fields: SerializeMap {
    /// Writes a field.
    fn field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result<(), Self::Error> {
        self.serialize_entry(&Name(name), value)
    }
}

impl<M: SerializeMap> Fields for M {}
