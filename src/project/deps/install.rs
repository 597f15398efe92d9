//! Makes the packages folder hold exactly the resolved packages.

use camino::Utf8Path;

use crate::files::{self, FileError};

use super::ResolvedPackage;

/// Empties the packages folder and fills it again: one link (or copy, where links cannot be made) per
/// package. `progress` is told each package before it is installed.
pub fn install(
    folder: &Utf8Path,
    packages: &[ResolvedPackage],
    mut progress: impl FnMut(&ResolvedPackage),
) -> Result<(), FileError> {
    files::remove(folder)?;
    files::create_dirs(folder)?;
    for package in packages {
        progress(package);
        files::link_or_copy(&package.folder, &folder.join(&package.name))?;
    }
    Ok(())
}
