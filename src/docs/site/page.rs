//! The page: the files of `templates/docs_site` and data → one HTML text that needs nothing else to start.
//!
//! Style and script stand inside, so that scripts which publish `index.html` beside `manifest.json` and
//! `catalog.json` need not know of more files. A content security policy allows that one script, by its hash, and
//! nothing from other hosts: whatever a description contains, nothing of it runs or is fetched.

use std::fmt::Write as _;

use include_dir::{Dir, include_dir};
use sha2::{Digest as _, Sha256};

use super::pack;

static FILES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/templates/docs_site");

/// The script's modules, each after those it imports from.
const MODULES: [&str; 18] = [
    "dom.js",
    "data.js",
    "words.js",
    "highlight.js",
    "markdown.js",
    "search.js",
    "selector.js",
    "layout.js",
    "graph.js",
    "parts.js",
    "lineage.js",
    "tree.js",
    "column_flow.js",
    "tables.js",
    "overview.js",
    "resource.js",
    "palette.js",
    "app.js",
];

/// A compressed file that may stand inside the page.
pub(super) struct Embedded {
    pub(super) name: String,
    pub(super) packed: Vec<u8>,
}

/// Puts the page together, with some data inside.
pub(super) fn assemble(title: &str, data: &[Embedded]) -> String {
    let script = script();
    let style = text("style.css");
    let mut blocks = String::new();
    for Embedded { name, packed } in data {
        let letters = pack::letters(packed);
        let _ = writeln!(blocks, "<script type=\"text/plain\" data-file=\"{name}\">{letters}</script>");
    }
    // Replaced in the order in which they stand, so that no text is searched that was put in.
    let parts = [
        ("{{ policy }}", policy(&script)),
        ("{{ title }}", escape(title)),
        ("{{ style }}", style.to_owned()),
        ("{{ data }}", blocks),
        ("{{ script }}", script),
    ];
    let mut page = String::new();
    let mut rest = text("index.html");
    for (mark, part) in parts {
        let (before, after) = rest.split_once(mark).unwrap_or((rest, ""));
        page.push_str(before);
        page.push_str(&part);
        rest = after;
    }
    page.push_str(rest);
    page
}

fn text(name: &str) -> &'static str {
    FILES.get_file(name).and_then(|file| file.contents_utf8()).unwrap_or_default()
}

/// Joins the modules to one: what they import from each other is in the same scope then. An import is one line.
fn script() -> String {
    let mut joined = String::new();
    for name in MODULES {
        for line in text(name).lines().filter(|line| !line.starts_with("import ")) {
            joined.push_str(line.strip_prefix("export ").unwrap_or(line));
            joined.push('\n');
        }
    }
    joined
}

fn policy(script: &str) -> String {
    let hash = pack::letters(&Sha256::digest(script.as_bytes()));
    format!(
        "default-src 'none'; script-src 'sha256-{hash}'; style-src 'unsafe-inline'; img-src 'self' data: file:; \
         connect-src 'self'; base-uri 'none'; form-action 'none'"
    )
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_script_is_part_of_the_page() {
        let scripts = FILES.files().map(include_dir::File::path);
        let scripts = scripts.filter(|path| path.extension().is_some_and(|extension| extension == "js"));
        let mut found: Vec<&str> = scripts.filter_map(|path| path.to_str()).collect();
        let mut listed = MODULES.to_vec();
        listed.sort_unstable();
        found.sort_unstable();
        assert_eq!(found, listed);
    }

    #[test]
    fn modules_become_one_that_ends_in_the_page_only() {
        let script = script();
        assert!(!script.contains("</script"), "the script would end there");
        assert!(!script.lines().any(|line| line.starts_with("import ") || line.starts_with("export ")));
    }

    #[test]
    fn a_title_stays_text() {
        let page = assemble("</title><script>alert(1)</script>", &[]);
        assert!(page.contains("<title>&lt;/title&gt;&lt;script&gt;"), "{}", &page[..600]);
    }
}
