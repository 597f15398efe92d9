//! The documentation site: artifacts in a target folder → pages in the same folder.
//!
//! Input: `manifest.json` and what lies beside it of `catalog.json`, `column_lineage.json`,
//! `relation_sizes.json`, `sources.json` and `run_history.jsonl`. Output: `index.html`, with an
//! index of all resources inside, and `docs_data/`, the details in small compressed files that the page loads when
//! it needs them; or one `static_index.html` with everything inside. The page asks no host but its own. Nothing
//! but files is read, so that `docs serve` can renew the site whenever a build has renewed them. Called by `cli`.

mod artifacts;
mod columns;
mod detail;
mod entry;
mod index;
mod pack;
mod page;

use crate::hash::HashSet;

use camino::{Utf8Path, Utf8PathBuf};
use rayon::prelude::*;

use self::artifacts::Artifacts;
use self::detail::Details;
use self::index::Index;
use self::page::Embedded;
use crate::artifacts::{COLUMN_LINEAGE, RUN_HISTORY};
use crate::diag::{Code, Diagnostic};
use crate::files::{self, FileError};

/// The folder of the details, beside the page.
const DATA_FOLDER: &str = "docs_data";

/// How many resources share one file of details.
const SHARD: usize = 64;

/// The files that the site is made from and that do not change together with another one of them.
pub(super) const SITE_SOURCES: [&str; 5] =
    ["manifest.json", "catalog.json", COLUMN_LINEAGE, "sources.json", RUN_HISTORY];

/// Writes the site of a target folder, also as one file if `standalone`, and returns the page's path.
///
/// Errors when there is no `manifest.json`, when an artifact cannot be read, or when nothing can be written.
pub fn write_site(target: &Utf8Path, standalone: bool) -> Result<Utf8PathBuf, Diagnostic> {
    let texts = artifacts::Texts::read(target)?;
    let artifacts = Artifacts::parse(target, &texts)?;
    let index = Index::of(&artifacts);
    let data = pack_all(&index, &artifacts).map_err(|error| unwritable(target, &error))?;
    let folder = target.join(DATA_FOLDER);
    data[1..].par_iter().try_for_each(|file| files::write_atomic(&folder.join(&file.name), &file.packed))?;
    remove_others(&folder, &data[1..])?;
    let path = target.join("index.html");
    let title = artifacts.project_name();
    files::write_atomic(&path, page::assemble(title, &data[..1]).as_bytes())?;
    if standalone {
        files::write_atomic(&target.join("static_index.html"), page::assemble(title, &data).as_bytes())?;
    }
    Ok(path)
}

/// Removes what an earlier, larger site left. It comes last: another process may be writing the same files.
fn remove_others(folder: &Utf8Path, data: &[Embedded]) -> Result<(), FileError> {
    let names: HashSet<&str> = data.iter().map(|file| file.name.as_str()).collect();
    let entries = folder.read_dir_utf8().map_err(|source| FileError::io("list", folder, source))?;
    let left = entries
        .flatten()
        .filter(|entry| entry.file_name().ends_with(".json.gz") && !names.contains(entry.file_name()));
    left.into_iter().try_for_each(|entry| files::remove(entry.path()))
}

/// Compresses all that the page reads: the index first, then the texts for searching, then the details.
fn pack_all(index: &Index<'_>, artifacts: &Artifacts<'_>) -> Result<Vec<Embedded>, serde_json::Error> {
    let details = Details::of(index, artifacts);
    let mut data = vec![
        Embedded { name: "index".to_owned(), packed: pack::json(index)? },
        Embedded { name: "search.json.gz".to_owned(), packed: pack::json(&index.texts())? },
    ];
    let shards: Vec<_> = index.entries.chunks(SHARD).enumerate().collect();
    let packed: Vec<Embedded> = shards
        .into_par_iter()
        .map(|(number, entries)| {
            let packed = pack::json(&details.of_all(entries))?;
            Ok(Embedded { name: format!("{number}.json.gz"), packed })
        })
        .collect::<Result<_, serde_json::Error>>()?;
    data.extend(packed);
    Ok(data)
}

fn unwritable(target: &Utf8Path, error: &serde_json::Error) -> Diagnostic {
    Diagnostic::error(Code::IO, None, format!("the documentation in `{target}` cannot be written: {error}"))
}
