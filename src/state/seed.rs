//! Seeds of two states: fingerprints of their files. Large files have none; what dbt says of those.

use crate::diag::{Code, Diagnostic};
use crate::manifest::{Json, Node};

/// The name of a fingerprint that is only a path.
const PATH: &str = "path";

/// Tells whether the file is the same. Fingerprints of different kinds never agree, nor do those that say nothing.
pub(super) fn same(seed: &Node, old: &Json) -> bool {
    let (name, checksum) = (old_text(old, "name"), old_text(old, "checksum"));
    seed.checksum.name != "none" && seed.checksum.name == name && seed.checksum.checksum == checksum
}

/// Returns what is to be told of a seed that is too large for a fingerprint.
pub(super) fn notice(seed: &Node, old: &Json) -> Option<Diagnostic> {
    if seed.checksum.name != PATH {
        return None;
    }
    let (name, rest) = if old_text(old, "name") != PATH {
        ("SeedIncreased", "The previous file was <=1MB, so it has changed")
    } else if same(seed, old) {
        (
            "SeedExceedsLimitSamePath",
            "It is at the same path, dbt cannot tell if it has changed: assuming they are the same",
        )
    } else {
        (
            "SeedExceedsLimitAndPathChanged",
            "The previous file was in a different location, assuming it has changed",
        )
    };
    let message = format!("Found a seed ({}.{}) >1MB in size. {rest}", seed.package_name, seed.name);
    // No place: the lines of the file say nothing.
    Some(Diagnostic::warning(Code::STATE, None, message).known_as(name))
}

fn old_text<'a>(old: &'a Json, key: &str) -> &'a str {
    old.get("checksum").and_then(|checksum| checksum.get(key)).and_then(Json::as_str).unwrap_or_default()
}
