//! The method `fqn`: names and leading parts of qualified names, with wildcards.

use super::glob::Pattern;

/// A qualified name as it was asked for.
#[derive(Clone, Debug)]
pub(super) struct Fqn {
    text: String,
    /// The parts before the first one with a wildcard.
    plain: Vec<String>,
    /// From there on, all as one pattern.
    rest: Option<Pattern>,
    /// How many parts there are.
    length: usize,
}

impl Fqn {
    pub(super) fn new(text: &str) -> Self {
        let parts: Vec<&str> = text.split('.').collect();
        let is_wild = |part: &&str| part.contains(['*', '?', '[', ']']);
        let first_wild = parts.iter().position(is_wild).unwrap_or(parts.len());
        Self {
            text: text.to_owned(),
            plain: parts[..first_wild].iter().map(|part| (*part).to_owned()).collect(),
            rest: (first_wild < parts.len()).then(|| Pattern::new(&parts[first_wild..].join("."))),
            length: parts.len(),
        }
    }

    /// Tells whether a resource is meant, with or without its package in front.
    pub(super) fn matches(&self, fqn: &[String], versioned: bool) -> bool {
        self.matches_parts(fqn, versioned) || fqn.get(1..).is_some_and(|f| self.matches_parts(f, versioned))
    }

    fn matches_parts(&self, fqn: &[String], versioned: bool) -> bool {
        // The name of a versioned model is followed by its version, and `m.v1` and `m_v1` mean that too.
        let leaf = if versioned { fqn.len().checked_sub(2) } else { fqn.len().checked_sub(1) };
        let Some(leaf) = leaf.and_then(|at| fqn.get(at)) else { return false };
        if *leaf == self.text || (versioned && self.names_version(fqn)) {
            return true;
        }
        // Dots inside names divide them too.
        let mut flat = fqn.iter().flat_map(|part| part.split('.'));
        if flat.clone().count() < self.length || !self.plain.iter().all(|part| flat.next() == Some(part)) {
            return false;
        }
        match &self.rest {
            None => true,
            Some(pattern) if pattern.matches(&flat.collect::<Vec<_>>().join(".")) => true,
            // A pattern without a dot may mean the name alone.
            Some(pattern) => self.length == 1 && pattern.matches(leaf),
        }
    }

    fn names_version(&self, fqn: &[String]) -> bool {
        let asked: Vec<&str> = self.text.split('.').collect();
        let asked = asked[asked.len().saturating_sub(2)..].join("_");
        asked == fqn[fqn.len().saturating_sub(2)..].join("_")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_leading_parts() {
        let check = |asked: &str, fqn: &str, versioned: bool, want: bool| {
            let fqn: Vec<String> = fqn.split('/').map(str::to_owned).collect();
            assert_eq!(Fqn::new(asked).matches(&fqn, versioned), want, "`{asked}` on {fqn:?}");
        };
        let orders = "shop/staging/crm/orders";
        for (asked, want) in [
            ("orders", true),
            ("shop", true),
            ("shop.staging", true),
            ("staging.crm", true),
            ("staging.crm.orders", true),
            ("crm", false),
            ("crm.orders", false),
            ("staging.crm.orders.x", false),
            ("ord*", true),
            ("*", true),
            ("staging.*", true),
            ("staging.*.orders", true),
            ("stag*.crm", false),
            ("staging.cr?", false),
            ("staging.cr?.orders", true),
            ("Orders", false),
            ("", false),
        ] {
            check(asked, orders, false, want);
        }
        check("raw.orders", "shop/raw.orders", false, true);
        check("raw", "shop/raw.orders", false, true);
        for (asked, want) in [
            ("dim", true),
            ("dim.v2", true),
            ("dim_v2", true),
            ("dim.v1", false),
            ("v2", false),
            ("d*", true),
        ] {
            check(asked, "shop/marts/dim/v2", true, want);
        }
    }
}
