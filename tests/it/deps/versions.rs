//! Which versions are chosen, and what is said when none can be.

use insta::assert_snapshot;
use serde_json::json;

use super::Shop;

#[track_caller]
fn chosen(asked: &str, want: &str) {
    let shop = Shop::with(&[("acme/alpha", asked)]);
    shop.hub.package("acme/alpha", &["1.0.0", "1.10.0", "1.2.0", "2.0.0", "2.1.0-rc1", "2.1.0-rc2"]);
    shop.deps();
    assert_eq!(shop.version_of("alpha"), want);
}

#[test]
fn the_newest_version_in_the_range_is_installed() {
    chosen("1.0.0", "1.0.0");
    chosen("'>=1.0.0'", "2.0.0");
    chosen("['>=1.0.0', '<2.0.0']", "1.10.0");
    chosen("'<1.2.0'", "1.0.0");
}

#[test]
fn pre_releases_must_be_asked_for() {
    chosen("2.1.0-rc1", "2.1.0-rc1");
    chosen("'>=2.1.0-rc1'", "2.1.0-rc2");
    chosen("'>=1.0.0'\n    install_prerelease: true", "2.1.0-rc2");
    chosen("'>=1.0.0'\n    install-prerelease: true", "2.1.0-rc2");
    chosen("'<2.1.0'\n    install_prerelease: true", "2.0.0");
}

#[test]
fn versions_for_another_dbt_are_left_out() {
    let shop = Shop::with(&[("acme/alpha", "'>=1.0.0'")]);
    shop.hub.release("acme/alpha", "1.0.0", &json!({"require_dbt_version": [">=1.0.0", "<2.0.0"]}));
    shop.hub.release("acme/alpha", "2.0.0", &json!({"require_dbt_version": ">=99.0.0"}));
    shop.deps();
    assert_eq!(shop.version_of("alpha"), "1.0.0");
    shop.works(&["deps", "--upgrade", "--no-version-check"]);
    assert_eq!(shop.version_of("alpha"), "2.0.0");
}

#[test]
fn packages_of_packages_narrow_the_range() {
    let shop = Shop::with(&[("acme/beta", "1.0.0"), ("acme/alpha", "'>=1.0.0'")]);
    shop.hub.package("acme/alpha", &["1.0.0", "1.5.0", "2.0.0"]);
    let packages = json!([{"package": "acme/alpha", "version": [">=1.0.0", "<2.0.0"]}]);
    shop.hub.release("acme/beta", "1.0.0", &json!({"packages": packages}));
    assert_snapshot!(shop.deps(), @"
    Updating lock file in file path: /shop/package-lock.yml
    Installing acme/beta
    Installed from version 1.0.0
    Up to date!
    Installing acme/alpha
    Installed from version 1.5.0
    Updated version available: 2.0.0

    Updates available for packages: ['acme/alpha']
    Update your versions in packages.yml, then run dbt deps
    ");
    assert_eq!(shop.installed(), ["alpha", "beta"]);
}

#[test]
fn what_else_the_hub_says_of_packages_means_nothing() {
    let shop = Shop::with(&[("acme/beta", "1.0.0")]);
    shop.hub.package("acme/alpha", &["1.0.0", "2.0.0"]);
    let packages = json!([{"package": "acme/alpha", "version": [], "added_by": "somebody", "name": null}]);
    shop.hub.release("acme/beta", "1.0.0", &json!({"packages": packages, "unknown": {"a": 1}}));
    shop.deps();
    assert_eq!(shop.version_of("alpha"), "2.0.0");
}

#[test]
fn packages_that_ask_for_each_other_are_installed_once() {
    let shop = Shop::with(&[("acme/a", "1.0.0")]);
    let of = |name: &str| json!({"packages": [{"package": name, "version": "1.0.0"}]});
    shop.hub.release("acme/a", "1.0.0", &of("acme/b"));
    shop.hub.release("acme/b", "1.0.0", &of("acme/a"));
    shop.deps();
    assert_eq!(shop.installed(), ["a", "b"]);
    assert_eq!(shop.hub.asked().iter().filter(|path| path.contains("acme/a.json")).count(), 1);
}

#[test]
fn a_package_that_moved_is_told() {
    let shop = Shop::with(&[("old/name", "1.0.0")]);
    shop.hub.package("old/name", &["1.0.0"]);
    let page = json!({"name": "name", "namespace": "old", "redirectnamespace": "acme", "versions": {
        "1.0.0": {"name": "name", "packages": [], "downloads": {
            "tarball": format!("{}archives/old/name/1.0.0.tar.gz", shop.hub.url())}}}});
    shop.hub.page("api/v1/old/name.json", 200, page.to_string().into_bytes());
    let said = shop.deps();
    assert!(said.contains("the package `old/name` is deprecated in favor of `acme/name`"), "{said}");
    let strict = shop.run(&["--warn-error", "deps"]);
    assert_eq!(strict.code, Some(2));
}

/// The hub of the mistakes below.
fn mistaken(packages: &[(&str, &str)]) -> String {
    let shop = Shop::with(packages);
    shop.hub.package("acme/alpha", &["0.9.0", "1.0.0", "1.2.0", "2.0.0", "2.1.0-rc1"]);
    let of = |version: &[&str]| json!({"packages": [{"package": "acme/alpha", "version": version}]});
    shop.hub.release("acme/beta", "1.0.0", &of(&[">=1.0.0", "<2.0.0"]));
    shop.hub.release("acme/gamma", "1.0.0", &of(&[">=2.0.0"]));
    shop.hub.release("acme/newer", "1.0.0", &json!({"require_dbt_version": [">=99.0.0"]}));
    shop.hub.release("acme/odd", "1.0.0", &json!({"packages": [{"package": "alpha", "version": "1.0.0"}]}));
    shop.hub.release("acme/named_shop", "1.0.0", &json!({"name": "shop"}));
    shop.fails()
}

#[test]
fn what_cannot_be_resolved_is_explained() {
    let report = [
        ("conflict", mistaken(&[("acme/beta", "1.0.0"), ("acme/gamma", "1.0.0")])),
        ("conflict with the project", mistaken(&[("acme/alpha", "2.0.0"), ("acme/beta", "1.0.0")])),
        ("conflict in one list", mistaken(&[("acme/alpha", "['>2.0.0', '<1.0.0']")])),
        ("no such version", mistaken(&[("acme/alpha", "3.0.0")])),
        ("only a pre-release", mistaken(&[("acme/alpha", "'>2.0.0'")])),
        ("for another dbt", mistaken(&[("acme/newer", "1.0.0")])),
        ("no such package", mistaken(&[("acme/alhpa", "1.0.0")])),
        ("no version at all", mistaken(&[("acme/alpha", "['>=1.0.0,<2.0.0', latest]")])),
        ("several at once", mistaken(&[("acme/alpha", "3.0.0"), ("acme/nothing", "1.0.0")])),
        ("mistake in a package", mistaken(&[("acme/odd", "1.0.0")])),
        ("name of the project", mistaken(&[("acme/named_shop", "1.0.0")])),
    ];
    let report = report.map(|(name, said)| format!("## {name}\n{said}\n"));
    assert_snapshot!(report.join("\n"));
}
