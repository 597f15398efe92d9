//! Continuous integration of a branch against production (`tests/fixtures/slim_ci`): what changed is selected and
//! built, the rest is taken from production. `expected.json` holds what dbt 1.11 selects and builds.
//!
//! The branch changes code, a seed, a macro that is called by another, a materialization and a test's severity in
//! the property file, a description that is kept in the database, a contract; it adds a model and removes one.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::Value;

use super::Shop;
use crate::cli::{Call, copy_folder};

const EXPECTED: &str = include_str!("../../fixtures/slim_ci/expected.json");

fn fixture(folder: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/slim_ci").join(folder)
}

fn expected() -> Value {
    serde_json::from_str(EXPECTED).unwrap()
}

fn texts(list: &Value) -> BTreeSet<String> {
    list.as_array().unwrap().iter().map(|text| text.as_str().unwrap().to_owned()).collect()
}

/// The branch, with `prod/manifest.json`.
fn branch(manifest: &Path, shop: Shop) -> Shop {
    std::fs::create_dir(shop.path("prod")).unwrap();
    std::fs::copy(manifest, shop.path("prod/manifest.json")).unwrap();
    for file in texts(&expected()["removed"]) {
        std::fs::remove_file(shop.path(&file)).unwrap();
    }
    copy_folder(&fixture("branch"), shop.folder.path());
    shop
}

/// The branch after production was built.
fn built_branch() -> Shop {
    let shop = Shop::copy("slim_ci/project");
    shop.run(&["build", "--target", "prod", "--threads", "1"], 0);
    let manifest = shop.path("target/manifest.json");
    branch(&manifest, shop)
}

fn selected(shop: &Shop, selection: &str, env: &[(&str, &str)]) -> BTreeSet<String> {
    let words: Vec<&str> = selection.split(' ').collect();
    let list = ["--state", "prod", "--output", "json", "--output-keys", "unique_id", "--quiet"];
    let arguments = [&["ls", "--select"][..], &words, &list].concat();
    let ended = env
        .iter()
        .fold(Call::new(shop.folder.path(), &arguments), |call, (name, value)| call.env(name, value))
        .run();
    assert_eq!(ended.code, Some(0), "{selection}\n{}{}", ended.stdout, ended.stderr);
    let lines = ended.stdout.lines().filter(|line| line.starts_with('{'));
    lines
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["unique_id"].as_str().unwrap().to_owned())
        .collect()
}

#[track_caller]
fn selects_as_dbt_does(shop: &Shop) {
    let expected = expected();
    let wrong: Vec<String> = expected["selected"]
        .as_object()
        .unwrap()
        .iter()
        .filter_map(|(selection, want)| {
            let (found, want) = (selected(shop, selection, &[]), texts(want));
            let (missing, more) = (want.difference(&found), found.difference(&want));
            (found != want).then(|| {
                format!(
                    "{selection}\n  missing {:?}\n  too many {:?}",
                    missing.collect::<Vec<_>>(),
                    more.collect::<Vec<_>>()
                )
            })
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_branch_builds_exactly_what_dbt_builds() {
    let shop = built_branch();
    selects_as_dbt_does(&shop);
    shop.run(&["build", "--select", "state:modified+", "--defer", "--state", "prod"], 0);
    let built: BTreeMap<String, String> = shop
        .results()
        .iter()
        .map(|result| {
            let text = |key: &str| result[key].as_str().unwrap().to_owned();
            (text("unique_id"), text("status"))
        })
        .collect();
    let want = expected()["built"].as_object().unwrap().clone();
    assert_eq!(
        built,
        want.into_iter().map(|(id, status)| (id, status.as_str().unwrap().to_owned())).collect()
    );
}

#[test]
fn a_manifest_of_dbt_says_what_changed_just_as_well() {
    let shop = branch(&fixture("manifest_of_dbt.json"), Shop::copy("slim_ci/project"));
    selects_as_dbt_does(&shop);
}

#[test]
fn what_only_the_environment_renders_otherwise_is_no_change() {
    let shop = branch(&fixture("manifest_of_dbt.json"), Shop::copy("slim_ci/project"));
    let expected = expected();
    let env: Vec<(&str, &str)> = expected["elsewhere"]
        .as_object()
        .unwrap()
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str().unwrap()))
        .collect();
    // dbt selects these too, unless `state_modified_compare_more_unrendered_values` is on.
    assert_eq!(texts(&expected["only_rendered"]).len(), 2);
    let want = texts(&expected["selected"]["state:modified"]);
    assert_eq!(selected(&shop, "state:modified", &env), want);
    // Where the project switches it off, what was rendered is compared as dbt does.
    let project = shop.read("dbt_project.yml");
    let off = "flags: {state_modified_compare_more_unrendered_values: false}\n";
    shop.write("dbt_project.yml", &format!("{project}{off}"));
    let both: BTreeSet<String> = want.union(&texts(&expected["only_rendered"])).cloned().collect();
    assert_eq!(selected(&shop, "state:modified", &env), both);
}

#[test]
fn a_contract_that_breaks_is_told() {
    let shop = branch(&fixture("manifest_of_dbt.json"), Shop::copy("slim_ci/project"));
    shop.write("models/marts/agreed.sql", "select 1 as id");
    let properties = shop.read("models/properties.yml");
    let kept =
        properties.lines().filter(|line| !line.contains("{name: label") && !line.contains("{name: more"));
    shop.write("models/properties.yml", &kept.collect::<Vec<_>>().join("\n"));
    let list = ["ls", "--select", "state:modified.contract", "--state", "prod"];
    let told = shop.run(&list, 0);
    let want = "[WARNING][UnversionedBreakingChange]: Breaking change to contracted, unversioned model agreed (models/marts/agreed.sql)
While comparing to previous project state, dbt detected a breaking change to an unversioned model.
  - Columns were removed: \n    - label";
    assert!(told.contains(want), "{told}");
    let strict = shop.call(&[&["--warn-error"][..], &list].concat());
    assert_eq!(strict.code, Some(2));
}

#[test]
fn state_needs_a_manifest_and_a_word_it_knows() {
    let shop = Shop::copy("slim_ci/project");
    for (arguments, want) in [
        (&["ls", "-s", "state:modified"][..], "Got a state selector method, but no comparison manifest"),
        (
            &["ls", "-s", "state:modified", "--state", "nowhere"],
            "Got a state selector method, but no comparison manifest",
        ),
        (&["ls", "-s", "result:error", "--state", "nowhere"], "No comparison run_results"),
        (
            &["ls", "-s", "source_status:fresher+", "--state", "nowhere"],
            "No previous state comparison freshness results in sources.json",
        ),
    ] {
        let ended = shop.call(arguments);
        assert_eq!(ended.code, Some(2), "{arguments:?}");
        assert!(ended.stdout.contains(want), "{arguments:?}\n{}", ended.stdout);
    }
    let shop = branch(&fixture("manifest_of_dbt.json"), shop);
    let ended = shop.call(&["ls", "-s", "state:modified.bodi", "--state", "prod"]);
    assert_eq!(ended.code, Some(2));
    assert!(ended.stdout.contains("did you mean `modified.body`?"), "{}", ended.stdout);
}

#[test]
fn a_test_whose_macro_is_gone_can_not_be_compared() {
    let shop = Shop::copy("slim_ci/project");
    let definition = shop.path("tests/generic/sample.sql");
    std::fs::create_dir_all(definition.parent().unwrap()).unwrap();
    std::fs::write(&definition, "{% test sample(model) %} select 1 where false {% endtest %}").unwrap();
    std::fs::write(shop.path("models/one.sql"), "select 1 as a").unwrap();
    let declared = "models: [{name: one, data_tests: [sample]}]";
    std::fs::write(shop.path("models/one.yml"), declared).unwrap();
    shop.run(&["parse"], 0);
    std::fs::create_dir(shop.path("prod")).unwrap();
    std::fs::copy(shop.path("target/manifest.json"), shop.path("prod/manifest.json")).unwrap();
    shop.run(&["ls", "-s", "state:modified", "--state", "prod"], 0);
    std::fs::remove_file(definition).unwrap();
    let shown = shop.run(&["ls", "-s", "state:modified", "--state", "prod"], 2);
    assert!(shown.contains("macro `sample` does not exist"), "{shown}");
    assert!(shown.contains("depends on a macro or test that does not exist"), "{shown}");
    shop.run(&["ls", "-s", "state:modified.body", "--state", "prod"], 0);
}
