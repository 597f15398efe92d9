//! `init`: a new project, and profiles.

use super::{Call, without_times};

#[test]
fn a_new_project_has_dbts_layout_and_its_own_name() {
    let folder = tempfile::tempdir().unwrap();
    let ended = Call::new(folder.path(), &["init", "harbour", "--skip-profile-setup"]).run();
    assert_eq!(ended.code, Some(0), "{}", ended.stdout);
    let root = folder.path().join("harbour");
    for path in
        ["analyses", "macros", "models/example", "seeds", "snapshots", "tests", ".gitignore", "README.md"]
    {
        assert!(root.join(path).exists(), "{path}");
    }
    let project = std::fs::read_to_string(root.join("dbt_project.yml")).unwrap();
    assert!(project.contains("name: 'harbour'") && project.contains("profile: 'harbour'"), "{project}");
    assert!(!project.contains('%'), "{project}");
    assert!(!folder.path().join(".dbt").exists(), "no profile was to be made");
    assert!(!folder.path().join("logs").exists(), "there is no project for a log");
    let again = Call::new(folder.path(), &["init", "harbour", "-s"]).run();
    assert_eq!(again.code, Some(0));
    assert!(again.stdout.contains("A project called harbour already exists here."), "{}", again.stdout);
}

#[test]
fn a_profile_is_asked_for_and_added_to_those_that_are_there() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join(".dbt")).unwrap();
    let profiles = folder.path().join(".dbt/profiles.yml");
    std::fs::write(&profiles, "# mine\nold:\n  target: x\n").unwrap();
    let ended = Call::new(folder.path(), &["init", "harbour"]).stdin("1\n/data/harbour.duckdb\n2\n").run();
    assert_eq!(ended.code, Some(0), "{}", ended.stdout);
    let want = "# mine\nold:\n  target: x\n\nharbour:\n  target: dev\n  outputs:\n    dev:\n      type: duckdb\n      \
                path: /data/harbour.duckdb\n      threads: 2\n";
    assert_eq!(std::fs::read_to_string(&profiles).unwrap(), want);
}

#[test]
fn a_profile_for_postgres_is_asked_for_as_well() {
    let folder = tempfile::tempdir().unwrap();
    let answers = "7\n2\ndb.example\n\nme\ns3cret: x\nwarehouse\nmain\nmany\n8\n";
    let ended = Call::new(folder.path(), &["init", "harbour"]).stdin(answers).run();
    assert_eq!(ended.code, Some(0), "{}", ended.stdout);
    for line in ["[1] duckdb", "[2] postgres", "port [5432]:", "many is no whole number"] {
        assert!(ended.stdout.contains(line), "{line}\n{}", ended.stdout);
    }
    let want = "harbour:\n  target: dev\n  outputs:\n    dev:\n      type: postgres\n      host: db.example\n      \
                port: 5432\n      user: me\n      pass: \"s3cret: x\"\n      dbname: warehouse\n      schema: main\n      \
                threads: 8\n";
    assert_eq!(std::fs::read_to_string(folder.path().join(".dbt/profiles.yml")).unwrap(), want);
}

#[test]
fn questions_that_nobody_answers_end_it() {
    let folder = tempfile::tempdir().unwrap();
    let ended = Call::new(folder.path(), &["init", "harbour"]).run();
    assert_eq!(ended.code, Some(2), "{}", ended.stdout);
    assert!(ended.stdout.contains("`--skip-profile-setup` asks nothing"), "{}", ended.stdout);
    assert!(!folder.path().join(".dbt/profiles.yml").exists());
}

#[test]
fn inside_a_project_its_own_template_asks() {
    let folder = super::project("name: shop\nprofile: shop\n");
    let template = "fixed: {type: duckdb}\nprompts:\n  path: {hint: where}\n  threads: {type: int, default: 4}\n  \
                    _choose_mode:\n    fast: {_fixed_fast: yes}\n    slow: {_fixed_fast: no}\n";
    std::fs::write(folder.path().join("profile_template.yml"), template).unwrap();
    let call =
        Call::new(folder.path(), &["init", "--profiles-dir", "."]).stdin("a b.duckdb\nmany\n3\n9\n2\n");
    let ended = call.run();
    assert_eq!(ended.code, Some(0), "{}", ended.stdout);
    let written = std::fs::read_to_string(folder.path().join("profiles.yml")).unwrap();
    let want = "shop:\n  target: dev\n  outputs:\n    dev:\n      type: duckdb\n      path: \"a b.duckdb\"\n      \
                threads: 3\n      fast: false\n";
    assert_eq!(written, want);
    assert!(ended.stdout.contains("many is no whole number"), "{}", ended.stdout);
}

#[test]
fn an_existing_profile_stays_unless_somebody_says_yes() {
    let folder = super::project("name: shop\nprofile: shop\n");
    let profiles = folder.path().join("profiles.yml");
    std::fs::write(&profiles, "shop: {target: mine}\n").unwrap();
    let kept = Call::new(folder.path(), &["init"]).run();
    assert_eq!(kept.code, Some(0), "{}", kept.stdout);
    assert_eq!(std::fs::read_to_string(&profiles).unwrap(), "shop: {target: mine}\n");
    Call::new(folder.path(), &["init"]).stdin("y\n1\nx.duckdb\n1\n").run();
    assert!(std::fs::read_to_string(&profiles).unwrap().contains("path: x.duckdb"));
}

#[test]
fn names_that_cannot_be_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let ended = Call::new(folder.path(), &["init", "my-shop"]).run();
    assert_eq!(ended.code, Some(2));
    assert!(without_times(&ended.stdout).contains("a new project needs a name"), "{}", ended.stdout);
    let asked = Call::new(folder.path(), &["init", "my-shop", "-s"]).stdin("2x\nmy_shop\n").run();
    assert_eq!(asked.code, Some(0), "{}", asked.stdout);
    assert!(folder.path().join("my_shop/dbt_project.yml").exists());
    let unknown = Call::new(folder.path(), &["init", "other", "--profile", "nobody"]).run();
    assert_eq!(unknown.code, Some(2));
    assert!(unknown.stdout.contains("Could not find profile named 'nobody'"), "{}", unknown.stdout);
    assert!(!folder.path().join("other").exists());
}
