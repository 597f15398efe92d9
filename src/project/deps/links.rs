//! Links of packages: what they name would be read, and loaded, as if it were the package's.
//!
//! Input: the text of a link and how deep it lies. Called by `archive` and `git`, which look at each link by itself.

use std::path::{Component, Path};

/// Tells whether a link leads to something in its package, `depth` folders below whose top it lies.
///
/// It may climb only before it descends: then it climbs folders that are no links, and each link on its way is looked at itself.
pub(super) fn stays_inside(depth: usize, target: &Path) -> bool {
    let climbs = target.components().take_while(|part| *part == Component::ParentDir).count();
    let mut rest = target.components().skip(climbs);
    climbs <= depth && rest.all(|part| matches!(part, Component::Normal(_) | Component::CurDir))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_climb_no_further_than_they_lie() {
        for (depth, target, inside) in [
            (0, "a/b", true),
            (0, "./a", true),
            (2, "../../a", true),
            (1, "../../a", false),
            (2, "up/../../a", false),
            (3, "/etc/passwd", false),
        ] {
            assert_eq!(stays_inside(depth, Path::new(target)), inside, "{target}");
        }
    }
}
