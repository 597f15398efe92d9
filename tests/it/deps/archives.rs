//! Downloads and archives: what is unpacked, what is refused, and that nothing is half installed.

use insta::assert_snapshot;
use serde_json::json;

use super::server::{File, packed};
use super::{Shop, names};

const PROJECT: &str = "name: alpha\nversion: 1.0.0\n";

/// A project that wants `acme/alpha`, whose archive holds these files besides its project file.
fn with_archive(files: Vec<File>) -> Shop {
    let shop = Shop::with(&[("acme/alpha", "1.0.0")]);
    shop.hub.package("acme/alpha", &["1.0.0"]);
    let mut all = vec![File::new("dbt_project.yml", PROJECT)];
    all.extend(files);
    shop.hub.page("archives/acme/alpha/1.0.0.tar.gz", 200, packed("alpha-1.0.0", &all));
    shop
}

#[test]
fn files_links_and_executable_bits_arrive() {
    let shop = with_archive(vec![
        File::new("run.sh", "#!/bin/sh\n"),
        File::new("deep/er/a.sql", "a"),
        File::link("deep/b.sql", "er/a.sql", false),
        File::link("c.sql", "alpha-1.0.0/deep/er/a.sql", true),
        File::link("up/x", "../deep", false),
    ]);
    shop.deps();
    assert_eq!(shop.read("dbt_packages/alpha/deep/b.sql"), "a");
    assert_eq!(shop.read("dbt_packages/alpha/c.sql"), "a");
    assert_eq!(shop.read("dbt_packages/alpha/up/x/er/a.sql"), "a");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = |file| shop.path(file).metadata().unwrap().permissions().mode() & 0o111;
        assert_ne!(mode("dbt_packages/alpha/run.sh"), 0);
        assert_eq!(mode("dbt_packages/alpha/dbt_project.yml"), 0);
    }
}

#[test]
fn archives_that_lead_out_are_refused_and_leave_nothing() {
    let outside = tempfile::tempdir().unwrap();
    let target = outside.path().join("out.txt").to_str().unwrap().to_owned();
    let cases = [
        ("a path with ..", vec![File::new("../../out.txt", "x")]),
        ("a path deep inside with ..", vec![File::new("a/../../../out.txt", "x")]),
        ("an absolute path", vec![File::new(&target, "x")]),
        ("a link to an absolute path", vec![File::link("l", "/etc", false)]),
        ("a link with ..", vec![File::link("l", "../..", false)]),
        ("a file through a link", vec![File::link("l", "../..", false), File::new("l/out.txt", "x")]),
        ("a link through a link", vec![File::link("a/l", "..", false), File::link("m", "a/l/../..", false)]),
        (
            "a link to nothing through a link",
            vec![File::link("b/c/up", "../..", false), File::link("b/c/l", "up/../../x", false)],
        ),
        (
            "a link into a link's folder",
            vec![File::link("here", ".", false), File::link("here/m", "..", false)],
        ),
        ("a hard link with ..", vec![File::link("h", "../../../etc/passwd", true)]),
        ("a hard link to an absolute path", vec![File::link("h", "/etc/passwd", true)]),
        (
            "a hard link through a link",
            vec![File::link("l", "..", false), File::link("h", "alpha-1.0.0/l/x", true)],
        ),
        ("two top folders", vec![File::new("/other/x", "x")]),
    ];
    for (name, files) in cases {
        let shop = with_archive(files);
        shop.write("dbt_packages/before/dbt_project.yml", "name: before\n");
        let ended = shop.run(&["deps"]);
        assert_eq!(ended.code, Some(2), "{name}: {}", ended.stdout);
        assert!(ended.stdout.contains("cannot be unpacked"), "{name}: {}", ended.stdout);
        assert_eq!(shop.installed(), ["before"], "{name}");
        let left = names(&shop.root());
        assert_eq!(
            left,
            ["dbt_packages", "dbt_project.yml", "logs", "package-lock.yml", "packages.yml"],
            "{name}"
        );
        assert!(
            !outside.path().join("out.txt").exists()
                && !shop.root().parent().unwrap().join("out.txt").exists()
        );
    }
}

#[test]
fn a_name_that_is_a_path_is_refused() {
    for name in ["../escaped", "/tmp/escaped", "..", "a/b"] {
        let shop = Shop::with(&[("acme/alpha", "1.0.0")]);
        shop.hub.release("acme/alpha", "1.0.0", &json!({"name": name}));
        let said = shop.fails();
        assert!(said.contains("cannot be the name of a package"), "{said}");
    }
    let shop = Shop::new("packages:\n  - tarball: http://127.0.0.1:9/x.tar.gz\n    name: ../x\n");
    assert!(shop.fails().contains("cannot be the name of a package"));
}

#[test]
fn tarballs_are_called_as_listed() {
    let shop = Shop::new("");
    let list = "packages:\n  - package: acme/beta\n    version: 1.0.0\n";
    let files = [File::new("dbt_project.yml", PROJECT), File::new("packages.yml", list)];
    shop.hub.package("acme/beta", &["1.0.0"]);
    shop.hub.page("any/where.tgz", 200, packed("some-folder", &files));
    shop.write(
        "packages.yml",
        &format!("packages:\n- tarball: {}any/where.tgz\n  name: mine\n", shop.hub.url()),
    );
    assert_snapshot!(shop.deps(), @"
    Updating lock file in file path: /shop/package-lock.yml
    Installing mine
    Installed from tarball (url: HUB/any/where.tgz)
    Installing acme/beta
    Installed from version 1.0.0
    Up to date!
    ");
    assert_eq!(shop.installed(), ["beta", "mine"]);
}

#[test]
fn passing_failures_are_tried_again() {
    let shop = Shop::with(&[("acme/alpha", "1.0.0")]);
    shop.hub.package("acme/alpha", &["1.0.0"]);
    shop.hub.first("api/v1/index.json", 503, b"later");
    shop.hub.first("api/v1/acme/alpha.json", 200, b"{\"name\": \"alpha\"}");
    shop.hub.first("archives/acme/alpha/1.0.0.tar.gz", 200, b"no archive");
    shop.deps();
    assert_eq!(shop.version_of("alpha"), "1.0.0");
}

#[test]
fn what_cannot_be_downloaded_is_explained() {
    let gone = Shop::with(&[("acme/alpha", "1.0.0")]);
    gone.hub.package("acme/alpha", &["1.0.0"]);
    gone.hub.page("archives/acme/alpha/1.0.0.tar.gz", 404, b"gone".to_vec());
    // A port that was free a moment ago, and that nobody listens at.
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let offline = Shop::with(&[("acme/alpha", "1.0.0")]);
    let hub = format!("http://127.0.0.1:{closed}/");
    let ended = offline.call(&["deps"]).env("DBT_PACKAGE_HUB_URL", &hub).run();
    assert_eq!(ended.code, Some(2));
    let offline = offline.shown(&ended).replace(&hub, "CLOSED/");
    assert_snapshot!(format!("## an archive that is gone\n{}\n\n## no hub\n{offline}", gone.fails()));
}
