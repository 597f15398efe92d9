//! `clean`: removes what it may, and nothing else.

use std::fs;

use super::{Call, project, without_times};

#[test]
fn folders_of_clean_targets_are_removed_and_told() {
    let folder = project("name: shop\nclean-targets: [target, dbt_packages]\n");
    fs::create_dir_all(folder.path().join("target/compiled")).unwrap();
    let ended = Call::new(folder.path(), &["clean"]).run();
    assert_eq!(ended.code, Some(0), "{}", ended.stdout);
    assert!(!folder.path().join("target").exists());
    let root = folder.path().canonicalize().unwrap();
    let text = without_times(&ended.stdout).replace(root.to_str().unwrap(), "ROOT");
    let want = "Running with dbt=1.11.16\nChecking ROOT/target/*\nCleaned ROOT/target/*\n\
                Checking ROOT/dbt_packages/*\nCleaned ROOT/dbt_packages/*\nFinished cleaning all paths.";
    assert_eq!(text, want);
}

#[test]
fn without_clean_targets_the_target_folder_goes() {
    let folder = project("name: shop\ntarget-path: out\n");
    fs::create_dir(folder.path().join("out")).unwrap();
    fs::create_dir(folder.path().join("target")).unwrap();
    Call::new(folder.path(), &["clean"]).run();
    assert!(!folder.path().join("out").exists() && folder.path().join("target").exists());
}

#[test]
fn a_file_among_the_clean_targets_stays() {
    let folder = project("name: shop\nclean-targets: [notes]\n");
    fs::write(folder.path().join("notes"), "mine").unwrap();
    assert_eq!(Call::new(folder.path(), &["clean"]).run().code, Some(0));
    assert!(folder.path().join("notes").exists());
}

#[test]
fn sources_and_folders_outside_are_safe() {
    let outside = tempfile::tempdir().unwrap();
    let folder =
        project(&format!("name: shop\nclean-targets: [target, models, {}]\n", outside.path().display()));
    for inner in ["target", "models"] {
        fs::create_dir(folder.path().join(inner)).unwrap();
    }
    let ended = Call::new(folder.path(), &["clean"]).run();
    assert_eq!(ended.code, Some(2));
    for text in ["will not clean the following source paths", "directories outside the project"] {
        assert!(ended.stdout.contains(text), "{}", ended.stdout);
    }
    assert!(folder.path().join("target").exists() && outside.path().exists(), "nothing is removed then");
    let folder = project(&format!("name: shop\nclean-targets: [{}]\n", outside.path().display()));
    let ended = Call::new(folder.path(), &["clean", "--no-clean-project-files-only"]).run();
    assert_eq!(ended.code, Some(0), "{}", ended.stdout);
    assert!(!outside.path().exists());
}

#[cfg(unix)]
#[test]
fn links_lead_clean_nowhere() {
    let outside = tempfile::tempdir().unwrap();
    fs::create_dir(outside.path().join("mine")).unwrap();
    for (target, code) in [("link/mine", 2), ("link", 0), ("models/../link/mine", 2)] {
        let folder = project(&format!("name: shop\nclean-targets: [{target}]\n"));
        fs::create_dir(folder.path().join("models")).unwrap();
        std::os::unix::fs::symlink(outside.path(), folder.path().join("link")).unwrap();
        let ended = Call::new(folder.path(), &["clean"]).run();
        assert_eq!(ended.code, Some(code), "{target}: {}", ended.stdout);
        assert!(outside.path().join("mine").exists(), "{target}");
    }
}

#[test]
fn without_a_project_there_is_nothing_to_clean() {
    let folder = tempfile::tempdir().unwrap();
    let ended = Call::new(folder.path(), &["clean"]).run();
    assert_eq!(ended.code, Some(2));
    assert!(ended.stdout.contains("Encountered an error:\n"), "{}", ended.stdout);
    assert!(ended.stdout.contains("dbt_project.yml"), "{}", ended.stdout);
}
