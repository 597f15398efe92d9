//! `deps --add-package`.

use insta::assert_snapshot;

use super::Shop;

fn shop(packages: &str) -> Shop {
    let shop = Shop::new(packages);
    shop.hub.package("acme/alpha", &["1.0.0", "1.5.0", "2.0.0"]);
    shop.hub.package("acme/beta", &["1.0.0"]);
    shop
}

#[test]
fn the_file_is_made_when_there_is_none() {
    let shop = shop("");
    assert_snapshot!(shop.works(&["deps", "--add-package", "acme/alpha@2.0.0"]), @"
    Created packages.yml
    Added new package acme/alpha@2.0.0 to /shop/packages.yml
    Updating lock file in file path: /shop/package-lock.yml
    Installing acme/alpha
    Installed from version 2.0.0
    Up to date!
    ");
    assert_eq!(shop.read("packages.yml"), "packages:\n  - package: acme/alpha\n    version: 2.0.0\n");
    // dbt's hash of a list it has just written, and then that of the list as read.
    assert!(shop.deps().starts_with("Updating lock file"));
    assert!(!shop.deps().contains("Updating lock file"));
}

#[test]
fn entries_are_kept_and_written_as_dbt_writes_them() {
    let shop = shop("packages:\n- version: [\">=1.0.0\",\"<2.0.0\"]\n  package: acme/beta\n");
    shop.works(&["deps", "--add-package", "acme/alpha@>=1.0.0,<2.0.0"]);
    assert_snapshot!(shop.read("packages.yml"), @r#"
    packages:
      - package: acme/beta
        version:
          - '>=1.0.0'
          - <2.0.0
      - package: acme/alpha
        version:
          - '>=1.0.0'
          - <2.0.0
    "#);
    assert_eq!(shop.version_of("alpha"), "1.5.0");
}

#[test]
fn an_entry_for_the_same_package_goes() {
    let list = "packages:\n- {package: acme/alpha, version: 1.0.0}\n- {package: acme/alpha-more, version: 1.0.0}\n\
                - {git: 'https://host/other/alpha.git', revision: v1, warn-unpinned: false}\n";
    let shop = shop(list);
    shop.hub.package("acme/alpha-more", &["1.0.0"]);
    let said = shop.works(&["deps", "--add-package", "acme/alpha@2.0.0", "--lock"]);
    assert!(said.contains("removing: {'git': 'https://host/other/alpha.git', 'revision': 'v1'}"), "{said}");
    assert!(said.contains("removing: {'package': 'acme/alpha', 'version': '1.0.0'}"), "{said}");
    let text = shop.read("packages.yml");
    assert_eq!(
        text,
        "packages:\n  - package: acme/alpha-more\n    version: 1.0.0\n  - package: acme/alpha\n    version: 2.0.0\n"
    );
}

#[test]
fn dependencies_yml_is_changed_where_it_holds_the_list() {
    let shop = shop("");
    shop.write(
        "dependencies.yml",
        "projects:\n- name: other\npackages:\n- {package: acme/beta, version: 1.0.0}\n",
    );
    shop.works(&["deps", "--add-package", "acme/alpha@1.0.0"]);
    assert!(!shop.path("packages.yml").exists());
    assert_snapshot!(shop.read("dependencies.yml"), @"
    packages:
      - package: acme/beta
        version: 1.0.0
      - package: acme/alpha
        version: 1.0.0
    projects:
      - name: other
    ");
    assert_eq!(shop.installed(), ["alpha", "beta"]);
}

#[test]
fn local_packages_need_no_version() {
    let shop = shop("");
    shop.write("parts/dbt_project.yml", "name: parts\n");
    shop.works(&["deps", "--add-package", "parts", "--source", "local"]);
    assert_eq!(shop.read("packages.yml"), "packages:\n  - local: parts\n");
    assert_eq!(shop.installed(), ["parts"]);
}

#[test]
fn git_urls_keep_their_at_sign() {
    let shop = shop("");
    let words = ["deps", "--add-package", "git@host.invalid:acme/tools.git@v1", "--source", "git", "--lock"];
    let ended = shop.call(&words).env("GIT_SSH_COMMAND", "false").run();
    // Nobody is reached, but the entry is right.
    assert_eq!(ended.code, Some(2));
    assert_eq!(
        shop.read("packages.yml"),
        "packages:\n  - git: git@host.invalid:acme/tools.git\n    revision: v1\n"
    );
}

#[test]
fn mistakes_leave_the_file_alone() {
    let shop = shop("packages:\n  - {package: acme/beta, version: 1.0.0}\n");
    let before = shop.read("packages.yml");
    for wrong in
        [&["acme/alpha"][..], &["alpha@1.0.0"], &["acme/alpha@"], &["git@host:a.git", "--source", "git"]]
    {
        let ended = shop.run(&[&["deps", "--add-package"], wrong].concat());
        assert_eq!(ended.code, Some(2), "{wrong:?}");
        assert_eq!(shop.read("packages.yml"), before, "{wrong:?}");
    }
}
