//! Who asks for which package: entries of all lists, those that mean one package put together.

use crate::diag::{Code, Diagnostic};
use crate::project::package_spec::{PackageSource, PackageSpec};

/// One entry of a list, and whose list it is.
#[derive(Clone, Debug)]
pub(super) struct Wish {
    /// The entry.
    pub(super) spec: PackageSpec,
    /// Who asks, for people: `this project`, `` `acme/beta` 1.0.0 ``.
    pub(super) by: String,
}

/// Everything that is asked of one package; never empty. The first entry says what it is.
#[derive(Clone, Debug)]
pub(super) struct Wishes(Vec<Wish>);

impl Wishes {
    /// Returns the first entry.
    pub(super) fn source(&self) -> &PackageSource {
        &self.0[0].spec.source
    }

    /// Returns the first entry with its place.
    pub(super) fn spec(&self) -> &PackageSpec {
        &self.0[0].spec
    }

    /// Goes through all that is asked.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Wish> {
        self.0.iter()
    }

    /// Makes an error that tells who asks for what, each at its place.
    pub(super) fn conflict(&self, message: String, what: impl Fn(&PackageSource) -> String) -> Diagnostic {
        let mut error = Diagnostic::error(Code::PACKAGE, self.0[0].spec.version_span(), message);
        for (at, wish) in self.0.iter().enumerate() {
            let text = format!("{} asks for {}", wish.by, what(&wish.spec.source));
            error = if at == 0 { error.at(text) } else { error.label(wish.spec.version_span(), text) };
        }
        error
    }
}

/// All packages that are wanted, in the order in which they were first asked for.
#[derive(Clone, Debug, Default)]
pub(super) struct Listing(Vec<Wishes>);

impl Listing {
    /// Takes in an entry; returns the place of its package. Errors when a package is asked for in two ways.
    pub(super) fn add(&mut self, wish: &Wish) -> Result<usize, Box<Diagnostic>> {
        let names = names(&wish.spec.source);
        let same = |known: &Wishes| names.iter().any(|name| *name == names_of_first(known));
        let Some(at) = self.0.iter().position(same) else {
            self.0.push(Wishes(vec![wish.clone()]));
            return Ok(self.0.len() - 1);
        };
        let known = &mut self.0[at];
        if std::mem::discriminant(known.source()) != std::mem::discriminant(&wish.spec.source) {
            let message = format!("package `{}` is asked for in two ways", wish.spec.source.name());
            let error = Diagnostic::error(Code::PACKAGE, wish.spec.span, message);
            let error = error.at(format!("{} lists a {} package", wish.by, kind(&wish.spec.source)));
            let first = &known.0[0];
            let text = format!("{} lists a {} package", first.by, kind(&first.spec.source));
            return Err(error.label(first.spec.span, text).help("list it in one way only").into());
        }
        let told = known.0.iter().any(|other| other.by == wish.by && other.spec.span == wish.spec.span);
        if !told {
            known.0.push(wish.clone());
        }
        Ok(at)
    }

    /// Returns what is asked of one package.
    pub(super) fn get(&self, at: usize) -> &Wishes {
        &self.0[at]
    }

    /// Goes through all packages.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Wishes> {
        self.0.iter()
    }
}

fn names_of_first(wishes: &Wishes) -> String {
    names(wishes.source()).swap_remove(0)
}

/// The names under which a package may be known; the first is its own. `.git` at the end of a URL makes no
/// difference, another folder of the repository does.
fn names(source: &PackageSource) -> Vec<String> {
    let PackageSource::Git { url, subdirectory, .. } = source else {
        return vec![match source {
            PackageSource::Tarball { url, .. } => url.clone(),
            source => source.name().to_owned(),
        }];
    };
    let other = url.strip_suffix(".git").map_or_else(|| format!("{url}.git"), str::to_owned);
    let full = |url: &str| match subdirectory {
        Some(folder) => format!("{url}/{folder}"),
        None => url.to_owned(),
    };
    vec![full(url), full(&other)]
}

/// Names the kind of a source for people.
fn kind(source: &PackageSource) -> &'static str {
    match source {
        PackageSource::Local(_) => "local",
        PackageSource::Hub { .. } => "hub",
        PackageSource::Git { .. } => "git",
        PackageSource::Tarball { .. } => "tarball",
        PackageSource::Private(_) => "private",
    }
}
