//! `lsp`: conversations with the binary over stdio, as an editor has them.
//!
//! A session in `sessions/` is a list of steps (`> ..`), each followed by what must come of it (`= ..`). Places are given by
//! the text around them: `^` stands where the cursor is. With `UPDATE_SESSIONS=1` what came is written into the file.

mod editor;
mod endless;
mod protocol;
mod session;

use std::path::Path;

/// Runs a session on a copy of the fixture project.
#[track_caller]
fn check(name: &str) {
    check_with(&[], name);
}

/// The same with flags for the server.
#[track_caller]
fn check_with(flags: &[&str], name: &str) {
    let file =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/lsp/sessions").join(format!("{name}.txt"));
    session::play(&file, flags);
}

#[test]
fn a_project_without_its_profile_is_read_and_flags_count() {
    check_with(&["--profile", "nobody", "--vars", "{first_year: 1999}"], "profile");
}

#[test]
fn who_leaves_without_shutdown_is_told_by_the_exit_code() {
    check("abrupt");
}

#[test]
fn mistakes_come_and_go_while_typing() {
    check("mistakes");
}

#[test]
fn a_project_that_is_broken_at_the_start_is_read_once_mended() {
    check("broken_start");
}

#[test]
fn definitions_are_found_in_sql_and_yaml() {
    check("definition");
}

#[test]
fn nothing_that_an_editor_may_send_does_harm() {
    check("hostile");
}

#[test]
fn names_are_found_wherever_they_are_used() {
    check("references");
}

#[test]
fn cards_tell_what_is_known() {
    check("hover");
}

#[test]
fn what_fits_is_offered_in_half_written_texts() {
    check("completion");
}

#[test]
fn models_are_renamed_with_all_that_names_them() {
    check("rename_model");
}

#[test]
fn columns_are_renamed_where_nothing_else_changes() {
    check("rename_column");
}

#[test]
fn queries_are_bound_while_they_are_typed() {
    check("queries");
}

#[test]
fn compiled_sql_and_outlines_are_those_of_the_unsaved_text() {
    check("preview");
}
