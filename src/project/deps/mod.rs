//! Installing packages: what a project lists becomes folders in its packages folder.
//!
//! `resolve` decides which packages are wanted, those of packages included, and reports all that is wrong
//! before anything is touched; `install` then makes the folders. Called by the command `deps`.

mod install;
mod resolve;

pub use install::install;
pub use resolve::{ResolvedPackage, resolve};
