//! What is claimed before it is built, and what is there then. Asked for by `context`, answered by engines on which
//! several processes build at once.

/// A relation that is about to be built.
#[derive(Clone, Copy, Debug)]
pub struct Claim<'a> {
    /// Its schema.
    pub schema: &'a str,
    /// Its name.
    pub name: &'a str,
    /// The part of it that is built, if others may build other parts meanwhile.
    pub part: Option<&'a str>,
}

impl<'a> Claim<'a> {
    /// Claims a whole relation.
    pub fn whole(schema: &'a str, name: &'a str) -> Self {
        Self { schema, name, part: None }
    }
}

/// What was there when a claim was granted; what was known before may be old.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claimed {
    /// The relation.
    pub relation: bool,
    /// Something under the names that are used while it is built.
    pub beside: bool,
}
