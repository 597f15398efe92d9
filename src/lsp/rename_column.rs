//! Renaming a column of a model where it is defined, described, tested and used.
//!
//! Input: a column and its new name. Output: edits of all files that name it. Whether they are right is not guessed: the edited
//! project is read, and the lineage of every model must be the old one but for the new name. If it is not, the renaming is
//! refused with the model that would change. Called by `rename`.

use std::collections::BTreeSet;
use std::ops::Range;

use super::columns::Scoped;
use super::mentions::{Mention, Namer};
use super::reader::read_with;
use super::references::{Named, named_in};
use super::rename::FileEdits;
use super::requests::{Answer, Refusal};
use super::snapshot::{Snapshot, World};
use super::workshop::Workshop;
use super::yaml_mentions::column_of;
use crate::artifacts::{ColumnLineage, ColumnRef};
use crate::files;
use crate::manifest::{UniqueId, short_id};

/// Returns the edits that rename a column. Errors where it is not certain that nothing else changes.
pub(super) fn edits(world: &World, (id, name): (&UniqueId, &str), new: &str) -> Answer<Vec<FileEdits>> {
    let manifest = world.snapshot.manifest();
    if !new.chars().all(|c| c.is_alphanumeric() || c == '_')
        || new.starts_with(|c: char| c.is_ascii_digit())
        || new.is_empty()
    {
        return Err(Refusal::failed(format!("`{new}` would need quotes: rename the column by hand")));
    }
    let node = manifest.node(id).ok_or_else(|| Refusal::failed("it is gone"))?;
    let root = world.snapshot.root();
    let symbol = column_of(id, name);
    let mut files: Vec<FileEdits> = Vec::new();
    for named in named_in(world, &symbol, |path| path.starts_with(root)) {
        let edits = in_file(world, &named, new);
        files.push((named, edits));
    }
    if let Some(own) = where_given(world, id, name, new) {
        let known = files.iter_mut().find(|(named, _)| named.path == own.0.path);
        match known {
            Some((_, edits)) => {
                edits.extend(own.1);
                edits.sort_by_key(|(range, _)| range.start);
                edits.dedup();
            }
            None => files.push(own),
        }
    }
    if files.iter().all(|(named, _)| !files::has_extension(&named.path, &["sql"])) {
        return Err(Refusal::failed(format!(
            "where `{}` gives its column `{name}` a name cannot be told",
            node.name
        )));
    }
    proven(world, &files, (id, name), new)?;
    Ok(files)
}

/// The edits of a file that reads the column. An item that shows it keeps its own name, so that nothing behind it changes.
fn in_file(world: &World, named: &Named, new: &str) -> Vec<(Range<usize>, String)> {
    let shown = if files::has_extension(&named.path, &["sql"]) { items(world, named) } else { Vec::new() };
    let edit = |mention: &Mention| {
        let old = &named.text.as_str()[mention.range.clone()];
        let keeps = shown.contains(&mention.range) && !mention.defines;
        let text = if keeps { format!("{new} as {old}") } else { new.to_owned() };
        (mention.range.clone(), text)
    };
    named.mentions.iter().map(edit).collect()
}

/// Places of names that are a whole item of a select.
fn items(world: &World, named: &Named) -> Vec<Range<usize>> {
    let query = Namer::of_file(&world.snapshot, &named.path).query(named.text.as_str());
    let names = query.selects.iter().flat_map(|select| &select.names);
    names.filter(|name| name.is_item).map(|name| name.range.clone()).collect()
}

/// The edit of the model's own query, where a column that it reads becomes its own: `id` becomes `id as key`.
fn where_given(world: &World, id: &UniqueId, name: &str, new: &str) -> Option<FileEdits> {
    let node = world.snapshot.manifest().node(id)?;
    let path = world.places().path(node.file)?;
    let named = Named { text: world.text_of(&path)?, path, mentions: Vec::new() };
    let namer = Namer::of_file(&world.snapshot, &named.path);
    let scoped = Scoped::new(&world.snapshot, namer.query(named.text.as_str()));
    let (range, is_alias) = scoped.given(name)?;
    let old = &named.text.as_str()[range.clone()];
    let text = if is_alias { new.to_owned() } else { format!("{old} as {new}") };
    Some((named, vec![(range, text)]))
}

/// Errors unless the edited project has the same lineage but for the name, and all that reads the column binds as before.
fn proven(world: &World, files: &[FileEdits], (id, name): (&UniqueId, &str), new: &str) -> Answer<()> {
    let unproven = |why: &str| Refusal::failed(format!("that nothing else changes cannot be proven: {why}"));
    let look = |snapshot: &Snapshot| {
        let workshop =
            Workshop::open(snapshot).ok_or_else(|| unproven("the project does not build in DuckDB"))?;
        let (findings, _) = workshop.check(&readers(snapshot, id));
        let refused: BTreeSet<UniqueId> = findings.errors().map(|(id, _)| id.clone()).collect();
        let lineage = workshop.lineage(&|| false).ok_or_else(|| unproven("its lineage is not known"))?;
        Ok::<_, Refusal>((lineage, refused))
    };
    let (before, refused_before) = look(&world.snapshot)?;
    let mut unsaved = world.documents.unsaved();
    for (named, edits) in files {
        unsaved.insert(named.path.clone(), applied(named.text.as_str(), edits).into());
    }
    let (snapshot, problems) = read_with(&world.snapshot, unsaved);
    if let Some(problem) = problems.iter().find(|problem| problem.is_error()) {
        return Err(unproven(&problem.message));
    }
    let (after, refused) = look(&snapshot)?;
    if let Some(id) = refused.difference(&refused_before).next() {
        return Err(unproven(&format!("`{}` would not be accepted any more", short_id(id.as_str()))));
    }
    same_but_for(&before, &after, (id.as_str(), name, new)).map_err(|why| unproven(&why))
}

/// Returns what reads a model, tests included, and the model itself.
fn readers(snapshot: &Snapshot, id: &UniqueId) -> BTreeSet<UniqueId> {
    let all = snapshot.manifest().nodes.values();
    let reading = all.filter(|node| node.depends_on.nodes.contains(id)).map(|node| node.unique_id.clone());
    reading.chain([id.clone()]).collect()
}

/// Returns a text with edits, which lie apart and in order.
fn applied(text: &str, edits: &[(Range<usize>, String)]) -> String {
    let mut edited = text.to_owned();
    let mut sorted: Vec<_> = edits.iter().collect();
    sorted.sort_by_key(|(range, _)| std::cmp::Reverse(range.start));
    for (range, new) in sorted {
        edited.replace_range(range.clone(), new);
    }
    edited
}

/// Errors with what differs.
fn same_but_for(
    before: &ColumnLineage,
    after: &ColumnLineage,
    (id, old, new): (&str, &str, &str),
) -> Result<(), String> {
    let renamed = |column: &ColumnRef| {
        let is_it = column.relation == id && column.column.eq_ignore_ascii_case(old);
        if is_it {
            (column.relation.clone(), new.to_lowercase())
        } else {
            (column.relation.clone(), column.column.to_lowercase())
        }
    };
    for (node, was) in &before.nodes {
        let short = short_id(node);
        let reads_it = node == id || was.reads.iter().any(|read| read == id);
        if let Some(doubt) = was.doubt().filter(|_| reads_it) {
            return Err(format!("what `{short}` reads is not known for certain ({doubt})"));
        }
        let Some(is) = after.nodes.get(node) else { return Err(format!("`{short}` is gone")) };
        let own = |name: &str| renamed(&ColumnRef::new(node.as_str(), name)).1;
        let names_before: Vec<String> = was.columns.keys().map(|name| own(name)).collect();
        let names_after: Vec<String> = is.columns.keys().map(|name| name.to_lowercase()).collect();
        if names_before != names_after {
            return Err(format!("the columns of `{short}` would be {}", names_after.join(", ")));
        }
        for ((name, was), is) in was.columns.iter().zip(is.columns.values()) {
            let mut inputs_before: Vec<_> = was.inputs.iter().map(|input| renamed(&input.column)).collect();
            let mut inputs_after: Vec<_> = is
                .inputs
                .iter()
                .map(|input| (input.column.relation.clone(), input.column.column.to_lowercase()))
                .collect();
            inputs_before.sort();
            inputs_after.sort();
            if inputs_before != inputs_after || is.unknown != was.unknown {
                return Err(format!("`{name}` of `{short}` would come from something else"));
            }
        }
        let mut uses_before: Vec<_> =
            was.uses.iter().map(|used| (renamed(&used.column), used.how.clone())).collect();
        let mut uses_after: Vec<_> = is
            .uses
            .iter()
            .map(|used| ((used.column.relation.clone(), used.column.column.to_lowercase()), used.how.clone()))
            .collect();
        uses_before.sort();
        uses_after.sort();
        if uses_before != uses_after {
            return Err(format!("the rows of `{short}` would depend on something else"));
        }
    }
    Ok(())
}
