//! Packages from git repositories on the disk.

use std::path::{Path, PathBuf};
use std::process::Command;

use insta::assert_snapshot;

use super::Shop;

/// A bare repository: tags v1 and v2, branch `next`, and a folder `parts/b` with a package of its own.
fn repository(folder: &Path) -> PathBuf {
    let work = folder.join("work");
    std::fs::create_dir_all(work.join("parts/b")).unwrap();
    git(&work, &["init", "-q", "-b", "main"]);
    commit(&work, "name: tools\nversion: 1\n");
    git(&work, &["tag", "v1"]);
    std::fs::write(work.join("parts/b/dbt_project.yml"), "name: part_b\nversion: 2\n").unwrap();
    commit(&work, "name: tools\nversion: 2\n");
    git(&work, &["tag", "-a", "v2", "-m", "second"]);
    git(&work, &["checkout", "-q", "-b", "next"]);
    commit(&work, "name: tools\nversion: 3\n");
    git(&work, &["checkout", "-q", "main"]);
    let bare = folder.join("tools.git");
    git(folder, &["clone", "-q", "--bare", "work", "tools.git"]);
    bare
}

fn commit(work: &Path, project: &str) {
    std::fs::write(work.join("dbt_project.yml"), project).unwrap();
    git(work, &["add", "-A"]);
    git(work, &["-c", "user.name=a", "-c", "user.email=a@b", "commit", "-q", "-m", "change"]);
}

fn git(folder: &Path, words: &[&str]) -> String {
    let mut command = Command::new("git");
    command.args(words).current_dir(folder).env("GIT_CONFIG_GLOBAL", "/dev/null");
    command.env("GIT_COMMITTER_NAME", "a").env("GIT_COMMITTER_EMAIL", "a@b");
    // As set by a hook that runs these tests.
    command.env_remove("GIT_DIR").env_remove("GIT_INDEX_FILE").env_remove("GIT_WORK_TREE");
    let output = command.output().unwrap();
    assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

struct Repository {
    _keep: tempfile::TempDir,
    url: String,
}

impl Repository {
    fn new() -> Self {
        let keep = tempfile::tempdir().unwrap();
        let url = repository(keep.path()).to_str().unwrap().to_owned();
        Self { _keep: keep, url }
    }

    fn shop(&self, entry: &str) -> Shop {
        Shop::new(&format!("packages:\n  - git: {}\n{entry}", self.url))
    }

    fn commit(&self, revision: &str) -> String {
        git(Path::new(&self.url), &["rev-parse", &format!("{revision}^{{commit}}")])
    }
}

#[test]
fn tags_branches_commits_and_file_urls() {
    let repository = Repository::new();
    let commit = repository.commit("v1");
    for (revision, version) in [("v1", "1"), ("v2", "2"), ("next", "3"), (commit.as_str(), "1")] {
        let shop = repository.shop(&format!("    revision: {revision}\n"));
        shop.deps();
        assert_eq!(shop.version_of("tools"), version, "{revision}");
        let locked = shop.read("package-lock.yml");
        assert!(locked.contains(&format!("revision: {}\n", repository.commit(revision))), "{locked}");
    }
    let shop = Shop::new(&format!("packages:\n  - git: file://{}\n    revision: v1\n", repository.url));
    shop.deps();
    assert_eq!(shop.version_of("tools"), "1");
}

#[test]
fn the_lock_holds_a_branch_still_until_upgrade() {
    let repository = Repository::new();
    let shop = repository.shop("    revision: next\n");
    shop.deps();
    let work = Path::new(&repository.url).with_file_name("work");
    git(&work, &["checkout", "-q", "next"]);
    commit(&work, "name: tools\nversion: 4\n");
    git(&work, &["push", "-q", &repository.url, "next"]);
    shop.deps();
    assert_eq!(shop.version_of("tools"), "3");
    shop.works(&["deps", "--upgrade"]);
    assert_eq!(shop.version_of("tools"), "4");
}

#[test]
fn a_folder_of_a_repository() {
    let repository = Repository::new();
    let shop = repository.shop("    revision: v2\n    subdirectory: parts/b\n");
    let said = shop.deps();
    assert!(said.contains("/tools.git/parts/b\n") && said.ends_with("and subdirectory parts/b"), "{said}");
    assert_eq!(shop.installed(), ["part_b"]);
    assert!(shop.read("package-lock.yml").contains("    subdirectory: parts/b\n"));
}

#[test]
fn several_folders_of_a_repository_are_several_packages() {
    let repository = Repository::new();
    let work = Path::new(&repository.url).with_file_name("work");
    std::fs::create_dir_all(work.join("parts/c")).unwrap();
    std::fs::write(work.join("parts/c/dbt_project.yml"), "name: part_c\nversion: 1\n").unwrap();
    commit(&work, "name: tools\nversion: 5\n");
    git(&work, &["tag", "v5"]);
    git(&work, &["push", "-q", &repository.url, "v5"]);
    let entry = |part: &str| format!("    revision: v5\n    subdirectory: parts/{part}\n");
    let shop = repository.shop(&format!("{}  - git: {}\n{}", entry("b"), repository.url, entry("c")));
    // The first time from the list, then from the lock.
    for _ in 0..2 {
        shop.deps();
        assert_eq!(shop.installed(), ["part_b", "part_c"]);
    }
}

#[test]
fn archives_as_git_makes_them_are_unpacked() {
    let repository = Repository::new();
    let shop = Shop::new("");
    let bare = Path::new(&repository.url);
    let archive = bare.with_file_name("tools.tar.gz");
    // Its first entry is a note that belongs to no file, and the long name has an entry of its own.
    let prefix = format!("--prefix=tools-{}/", "1".repeat(120));
    let output = format!("--output={}", archive.display());
    git(bare, &["archive", "--format=tar.gz", &prefix, &output, "v2"]);
    shop.hub.page("tools.tar.gz", 200, std::fs::read(&archive).unwrap());
    let entry = format!("packages:\n  - tarball: {}tools.tar.gz\n    name: tools\n", shop.hub.url());
    shop.write("packages.yml", &entry);
    shop.deps();
    assert_eq!(shop.version_of("tools"), "2");
    assert!(shop.path("dbt_packages/tools/parts/b/dbt_project.yml").is_file());
}

#[test]
fn a_revision_that_moves_is_warned_of_once() {
    let repository = Repository::new();
    let shop = repository.shop("");
    let said = shop.deps();
    assert_eq!(said.matches("not pinned, using HEAD (default branch)").count(), 1, "{said}");
    assert!(!shop.deps().contains("pinned"));
    assert!(!repository.shop("    warn-unpinned: false\n").deps().contains("pinned"));
    let ended = repository.shop("    revision: main\n").run(&["--warn-error", "deps"]);
    assert_eq!(ended.code, Some(2), "{}", ended.stdout);
}

#[test]
fn secrets_reach_git_but_neither_lock_nor_log() {
    let repository = Repository::new();
    let (folder, _) = repository.url.rsplit_once('/').unwrap();
    let shop = Shop::new(
        "packages:\n  - git: \"file://{{ env_var('DBT_ENV_SECRET_PLACE') }}/tools.git\"\n    revision: v1\n",
    );
    for _ in 0..2 {
        let ended = shop.call(&["deps"]).env("DBT_ENV_SECRET_PLACE", folder).run();
        assert_eq!(ended.code, Some(0), "{}", ended.stdout);
        assert!(!ended.stdout.contains(folder) && ended.stdout.contains("file://*****/tools.git"));
    }
    assert!(
        shop.read("package-lock.yml")
            .contains("git: file://{{ env_var('DBT_ENV_SECRET_PLACE') }}/tools.git\n")
    );
}

#[test]
fn what_git_cannot_do_is_explained() {
    let repository = Repository::new();
    let twice = format!(
        "    revision: v1\n  - git: {}\n    revision: v2\n",
        &repository.url[..repository.url.len() - 4]
    );
    let report = [
        ("no such revision", repository.shop("    revision: v9\n")),
        ("two revisions", repository.shop(&twice)),
        ("no such folder", repository.shop("    revision: v1\n    subdirectory: nothing\n")),
        ("folder outside", repository.shop("    revision: v1\n    subdirectory: ../work\n")),
        ("an option", repository.shop("    revision: --upload-pack=touch\n")),
        ("a URL that is an option", Shop::new("packages:\n  - git: --upload-pack=touch\n")),
        ("no repository", Shop::new("packages:\n  - git: /nowhere/at/all.git\n    revision: v1\n")),
        ("no project", repository.shop("    revision: v2\n    subdirectory: parts\n")),
    ];
    let folder = Path::new(&repository.url).parent().unwrap().to_str().unwrap();
    let report =
        report.map(|(name, shop)| format!("## {name}\n{}\n", shop.fails().replace(folder, "/repos")));
    assert_snapshot!(report.join("\n"));
}

#[test]
fn without_git_on_the_path_it_is_said() {
    let repository = Repository::new();
    let ended = repository.shop("    revision: v1\n").call(&["deps"]).env("PATH", "/nowhere").run();
    assert_eq!(ended.code, Some(2));
    assert!(ended.stdout.contains("`git` cannot be started"), "{}", ended.stdout);
}

#[cfg(unix)]
#[test]
fn links_that_lead_out_of_a_repository_are_refused() {
    for (name, target, fits) in [
        ("seeds.csv", "/etc/passwd", false),
        ("seeds.csv", "../secret.csv", false),
        ("parts/b/x.csv", "../../../secret.csv", false),
        ("parts/b/x.csv", "../../parts/../../secret.csv", false),
        ("parts/b/x.csv", "../../dbt_project.yml", true),
        ("here", ".", true),
    ] {
        let repository = Repository::new();
        let work = Path::new(&repository.url).with_file_name("work");
        std::os::unix::fs::symlink(target, work.join(name)).unwrap();
        commit(&work, "name: tools\nversion: 4\n");
        git(&work, &["push", "-q", &repository.url, "main"]);
        let ended = repository.shop("    revision: main\n").run(&["deps"]);
        assert_eq!(ended.code, Some(if fits { 0 } else { 2 }), "{target}: {}", ended.stdout);
        assert_eq!(ended.stdout.contains("leads out of it"), !fits, "{target}: {}", ended.stdout);
    }
}

/// A package that is a part of a repository moves without the rest: what a link named there would be another file.
#[cfg(unix)]
#[test]
fn links_to_other_parts_of_a_repository_stay_behind() {
    let repository = Repository::new();
    let work = Path::new(&repository.url).with_file_name("work");
    std::os::unix::fs::symlink("../../dbt_project.yml", work.join("parts/b/top.yml")).unwrap();
    std::os::unix::fs::symlink("dbt_project.yml", work.join("parts/b/own.yml")).unwrap();
    commit(&work, "name: tools\nversion: 4\n");
    git(&work, &["push", "-q", &repository.url, "main"]);
    let shop = repository.shop("    revision: main\n    subdirectory: parts/b\n");
    shop.deps();
    assert!(shop.read("dbt_packages/part_b/own.yml").contains("part_b"));
    assert!(shop.root().join("dbt_packages/part_b/top.yml").symlink_metadata().is_err());
}

#[test]
fn no_address_runs_a_program() {
    for address in [
        "ext::sh -c 'touch ran'",
        "fd::17",
        "file:///x -o --upload-pack=touch",
        "ssh://-oProxyCommand=touch/x",
    ] {
        let shop = Shop::new(&format!("packages:\n  - git: \"{address}\"\n    revision: main\n"));
        let ended = shop.run(&["deps"]);
        assert_eq!(ended.code, Some(2), "{address}: {}", ended.stdout);
        let made = walkdir::WalkDir::new(shop.root()).into_iter().flatten();
        assert!(!made.into_iter().any(|entry| entry.file_name() == "ran"), "{address}");
    }
    for address in ["file:///etc/passwd", "/etc/passwd", "ftp://127.0.0.1/x.tgz", "gopher://127.0.0.1/x"] {
        let ended =
            Shop::new(&format!("packages:\n  - tarball: \"{address}\"\n    name: x\n")).run(&["deps"]);
        assert_eq!(ended.code, Some(2), "{address}: {}", ended.stdout);
        assert!(!ended.stdout.contains("root:"), "{address}: {}", ended.stdout);
    }
}
