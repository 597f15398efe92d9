//! What the program depends on: licences that `.deny.toml` allows, and crates of the registry only. Asks cargo, without a network.
//!
//! Advisories need one: `make audit`, which a workflow runs every week.

use std::collections::BTreeSet;
use std::process::Command;

use serde_json::Value;

/// The packages that are compiled for this platform, the tests' included, as cargo knows them.
fn packages() -> Vec<Value> {
    let cargo = |words: &[&str]| {
        let mut command = Command::new(std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned()));
        let output = command.args(words).current_dir(env!("CARGO_MANIFEST_DIR")).output().unwrap();
        assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let version = cargo(&["version", "--verbose"]);
    let platform = version.lines().find_map(|line| line.strip_prefix("host: ")).unwrap();
    let metadata =
        cargo(&["metadata", "--locked", "--offline", "--format-version", "1", "--filter-platform", platform]);
    let metadata: Value = serde_json::from_str(&metadata).unwrap();
    let packages = metadata["packages"].as_array().unwrap().clone();
    assert!(packages.len() > 100, "only {} packages", packages.len());
    packages
}

/// The licences of `.deny.toml`.
fn allowed() -> BTreeSet<String> {
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/.deny.toml")).unwrap();
    let (_, list) = text.split_once("[licenses]\nallow = [").unwrap();
    let (list, _) = list.split_once(']').unwrap();
    let entries = list.split(',').map(|entry| entry.trim().trim_matches('"').to_owned());
    entries.filter(|entry| !entry.is_empty()).collect()
}

/// Tells whether an SPDX expression can be met with what is allowed: of `OR` one side, of `AND` both.
fn can_be_met(expression: &str, allowed: &BTreeSet<String>) -> bool {
    // An older way to write `OR`.
    let expression = expression.replace('/', " OR ");
    let expression = expression.trim();
    // The operators outside of brackets; `OR` binds less.
    for (operator, all) in [(" OR ", false), (" AND ", true)] {
        let mut depth = 0_i32;
        let at = expression.char_indices().find(|(at, c)| {
            depth += i32::from(*c == '(') - i32::from(*c == ')');
            depth == 0 && expression[*at..].starts_with(operator)
        });
        if let Some((at, _)) = at {
            let (left, right) = (&expression[..at], &expression[at + operator.len()..]);
            let (left, right) = (can_be_met(left, allowed), can_be_met(right, allowed));
            return if all { left && right } else { left || right };
        }
    }
    match expression.strip_prefix('(').and_then(|inner| inner.strip_suffix(')')) {
        Some(inner) => can_be_met(inner, allowed),
        None => allowed.contains(expression),
    }
}

#[test]
fn every_dependency_has_a_licence_that_is_allowed_and_comes_from_the_registry() {
    let allowed = allowed();
    let mut wrong = Vec::new();
    for package in packages() {
        let text = |key: &str| package[key].as_str().unwrap_or_default().to_owned();
        let name = format!("{} {}", text("name"), text("version"));
        if !can_be_met(&text("license"), &allowed) {
            wrong.push(format!("{name}: the licence is `{}`", text("license")));
        }
        let own = text("name") == env!("CARGO_PKG_NAME") && package["source"].is_null();
        if !own && text("source") != "registry+https://github.com/rust-lang/crates.io-index" {
            wrong.push(format!("{name}: it comes from `{}`", text("source")));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn expressions_are_read_as_spdx_means_them() {
    let allowed: BTreeSet<String> =
        ["MIT", "ISC", "Apache-2.0 WITH LLVM-exception"].map(str::to_owned).into();
    let check =
        |expression: &str, want: bool| assert_eq!(can_be_met(expression, &allowed), want, "{expression}");
    check("MIT", true);
    check("GPL-3.0 OR MIT", true);
    check("GPL-3.0/MIT", true);
    check("GPL-3.0 AND MIT", false);
    check("(GPL-3.0 OR MIT) AND ISC", true);
    check("MIT AND ISC OR GPL-3.0", true);
    check("GPL-3.0 OR GPL-2.0 AND MIT", false);
    check("Apache-2.0 WITH LLVM-exception", true);
    check("Apache-2.0", false);
    check("", false);
}
