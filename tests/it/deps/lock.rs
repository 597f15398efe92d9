//! `package-lock.yml`: written, honoured, made anew; and what other commands say of packages that are missing.

use insta::assert_snapshot;

use super::Shop;

fn shop(version: &str) -> Shop {
    let shop = Shop::with(&[("acme/alpha", version)]);
    shop.hub.package("acme/alpha", &["1.0.0", "2.0.0"]);
    shop
}

#[test]
fn the_lock_is_dbts_byte_for_byte() {
    let shop = shop("'>=1.0.0'");
    shop.write("parts/dbt_project.yml", "name: parts\n");
    shop.write(
        "packages.yml",
        "packages:\n  - package: acme/alpha\n    version: [\">=1.0.0\"]\n  - local: \"{{ var('where', 'parts') }}\"\n",
    );
    shop.deps();
    assert_snapshot!(shop.read("package-lock.yml"), @"
    packages:
      - name: alpha
        package: acme/alpha
        version: 2.0.0
      - local: parts
        name: parts
    sha1_hash: 3a90dbf2416b714dd0630b5d58f3e959bf86b28e
    ");
}

#[test]
fn versions_stay_until_the_list_changes_or_upgrade() {
    let shop = shop("'>=1.0.0'");
    shop.deps();
    shop.hub.package("acme/alpha", &["3.0.0"]);
    assert_snapshot!(shop.deps(), @"
    Installing acme/alpha
    Installed from version 2.0.0
    Updated version available: 3.0.0

    Updates available for packages: ['acme/alpha']
    Update your versions in packages.yml, then run dbt deps
    ");
    let said = shop.works(&["deps", "--upgrade"]);
    assert!(said.contains("Updating lock file") && said.contains("Installed from version 3.0.0"), "{said}");
    shop.write("packages.yml", "packages:\n  - package: acme/alpha\n    version: 1.0.0\n");
    shop.deps();
    assert_eq!(shop.version_of("alpha"), "1.0.0");
}

#[test]
fn lock_alone_installs_nothing() {
    let shop = shop("1.0.0");
    assert_eq!(shop.works(&["deps", "--lock"]), "Updating lock file in file path: /shop/package-lock.yml");
    assert!(!shop.path("dbt_packages").exists());
    assert!(shop.hub.asked().iter().all(|path| !path.starts_with("archives")));
}

#[test]
fn the_folder_holds_what_is_listed_and_nothing_else() {
    let shop = shop("1.0.0");
    shop.write("dbt_packages/old/dbt_project.yml", "name: old\n");
    shop.write("dbt_packages/alpha/stale.sql", "");
    shop.deps();
    assert_eq!(shop.installed(), ["alpha"]);
    assert!(!shop.path("dbt_packages/alpha/stale.sql").exists());
    let left: Vec<String> = super::names(&shop.root());
    assert_eq!(left, ["dbt_packages", "dbt_project.yml", "logs", "package-lock.yml", "packages.yml"]);
}

#[test]
fn a_failure_keeps_what_was_installed() {
    let shop = shop("1.0.0");
    shop.deps();
    shop.write(
        "packages.yml",
        "packages:\n  - {package: acme/alpha, version: 2.0.0}\n  - {package: acme/beta, version: 1.0.0}\n",
    );
    shop.hub.package("acme/beta", &["1.0.0"]);
    shop.hub.page("archives/acme/beta/1.0.0.tar.gz", 404, Vec::new());
    assert_eq!(shop.run(&["deps"]).code, Some(2));
    assert_eq!(shop.installed(), ["alpha"]);
    assert_eq!(shop.version_of("alpha"), "1.0.0");
}

#[test]
fn packages_may_go_elsewhere() {
    let shop = shop("1.0.0");
    shop.write("dbt_project.yml", "name: shop\nprofile: shop\npackages-install-path: some/where\n");
    shop.deps();
    assert!(shop.path("some/where/alpha/dbt_project.yml").is_file() && !shop.path("dbt_packages").exists());
}

#[test]
fn without_a_list_nothing_is_installed() {
    let shop = Shop::new("");
    shop.write("dbt_packages/old/dbt_project.yml", "name: old\n");
    assert_eq!(shop.deps().matches("Warning: No packages were found in packages.yml").count(), 2);
    assert!(shop.installed().is_empty() && shop.path("dbt_packages").is_dir());
    assert!(shop.hub.asked().is_empty());
}

#[test]
fn a_broken_lock_is_shown() {
    let shop = shop("1.0.0");
    shop.write("package-lock.yml", "packages:\n  - pakcage: acme/alpha\n    version: 1.0.0\nsha1_hash: x\n");
    assert_snapshot!(shop.fails(), @"
    Encountered an error:
    Runtime Error
    error[package]: a package names no source
     --> package-lock.yml:2:5
      |
    2 |     - pakcage: acme/alpha
      |  _____^
    3 | |     version: 1.0.0
      | |__________________^
      |
      = help: write one of `package: namespace/name`, `git: url`, `local: path` or `tarball: url`
      = help: delete the file to have it written anew: `packages.yml` says what is wanted
    ");
}

#[test]
fn other_commands_ask_for_deps() {
    let shop = shop("1.0.0");
    let ended = shop.run(&["parse"]);
    assert_eq!(ended.code, Some(2));
    let said = shop.shown(&ended);
    let wanted =
        "dbt found 1 package(s) specified in packages.yml, but only 0 package(s) installed in dbt_packages";
    assert!(
        said.contains(wanted) && said.contains("Run \"dbt deps\" to install package dependencies"),
        "{said}"
    );
    shop.deps();
    assert_eq!(shop.run(&["parse"]).code, Some(0));
}

#[test]
fn clean_removes_packages() {
    let shop = shop("1.0.0");
    shop.write("dbt_project.yml", "name: shop\nprofile: shop\nclean-targets: [target, dbt_packages]\n");
    shop.deps();
    shop.works(&["clean"]);
    assert!(!shop.path("dbt_packages").exists());
}
