//! Loading projects: files → workspace, and every mistake with its message.

use std::fs;

use camino::Utf8PathBuf;
use tidegate::diag::{Diagnostic, Sources, render::human};
use tidegate::project::{self, Env, Options, Workspace, deps};

/// A project in a folder of its own.
struct Place {
    _keep: tempfile::TempDir,
    root: Utf8PathBuf,
    sources: Sources,
}

impl Place {
    /// Makes a folder with these files.
    fn new(files: &[(&str, &str)]) -> Self {
        let keep = tempfile::tempdir().unwrap();
        let root = Utf8PathBuf::from_path_buf(keep.path().canonicalize().unwrap()).unwrap();
        let place = Self { _keep: keep, root, sources: Sources::new() };
        for (path, text) in files {
            let path = place.root.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        place
    }

    fn options(&self, env: &[(&str, &str)]) -> Options {
        let env: Env = env.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Options::new(&self.root, env)
    }

    fn load(&self, options: &Options) -> (Option<Workspace>, Vec<Diagnostic>) {
        project::load(&self.sources, options)
    }

    fn shown(&self, found: &[Diagnostic]) -> String {
        let texts: Vec<String> = found.iter().map(|d| human::render(d, &self.sources, false)).collect();
        texts.join("\n\n").replace(self.root.as_str(), "/project")
    }

    fn deps(&self, options: &Options) -> Vec<Diagnostic> {
        let (workspace, mut found) = project::load_project(&self.sources, options);
        let workspace = workspace.unwrap_or_else(|| panic!("{}", self.shown(&found)));
        let (packages, problems) = deps::resolve(&self.sources, &workspace);
        found.extend(problems);
        if found.is_empty() {
            deps::install(&workspace.paths.packages, &packages, |_| {}).unwrap();
        }
        found
    }
}

#[test]
fn without_a_profile_there_is_an_embedded_database() {
    for project in ["name: shop\n", "name: shop\nprofile: gone\n"] {
        let place = Place::new(&[("dbt_project.yml", project)]);
        let (workspace, found) = place.load(&place.options(&[]));
        assert!(found.is_empty(), "{}", place.shown(&found));
        let profile = workspace.unwrap().profile;
        assert!(profile.embedded);
        assert_eq!(profile.target()["path"].as_str(), Some(place.root.join("target/shop.duckdb").as_str()));
        assert_eq!((profile.connection.database(), profile.connection.schema()), ("shop", "main"));
    }
}

#[test]
fn profiles_are_searched_as_dbt_does() {
    let profile =
        |path: &str| format!("shop: {{target: t, outputs: {{t: {{type: duckdb, path: {path}}}}}}}\n");
    let files = [
        ("p/dbt_project.yml", "name: shop\nprofile: shop\n".to_owned()),
        ("p/profiles.yml", profile("project.db")),
        ("work/profiles.yml", profile("work.db")),
        ("home/.dbt/profiles.yml", profile("home.db")),
        ("flag/profiles.yml", profile("flag.db")),
        ("empty/x", String::new()),
    ];
    let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (*path, text.as_str())).collect();
    let place = Place::new(&files);
    let path = |cwd: &str, home: &str, flag: Option<&str>| {
        let mut options = place.options(&[]);
        options.project_dir = Some("../p".into());
        options.cwd = place.root.join(cwd);
        options.home = Some(place.root.join(home));
        options.profiles_dir = flag.map(Utf8PathBuf::from);
        let (workspace, found) = place.load(&options);
        workspace.unwrap_or_else(|| panic!("{}", place.shown(&found))).profile.target()["path"].clone()
    };
    assert_eq!(path("work", "home", Some("../flag")), "flag.db");
    assert_eq!(path("work", "home", None), "work.db");
    assert_eq!(path("empty", "home", None), "home.db");
    assert_eq!(path("empty", "empty", None), "project.db");
}

#[test]
fn the_project_is_found_from_below() {
    let place = Place::new(&[("dbt_project.yml", "name: shop\n"), ("models/deep/a.sql", "select 1")]);
    let mut options = place.options(&[]);
    options.cwd = place.root.join("models/deep");
    assert_eq!(project::find_project(&options), place.root);
    options.project_dir = Some("../.././models/../".into());
    assert_eq!(project::find_project(&options), place.root);
}

const PROFILES: &str =
    "shop:\n  target: dev\n  outputs:\n    dev:\n      type: duckdb\n      path: x.duckdb\n";

/// Loads a project with one file other than usual, and shows all that is said.
fn complaints(file: &str, text: &str, change: impl FnOnce(&mut Options)) -> String {
    let mut files = vec![("dbt_project.yml", "name: shop\nprofile: shop\n"), ("profiles.yml", PROFILES)];
    files.retain(|(path, _)| *path != file);
    files.push((file, text));
    let place = Place::new(&files);
    let mut options = place.options(&[]);
    change(&mut options);
    let (workspace, found) = place.load(&options);
    assert_eq!(workspace.is_none(), found.iter().any(Diagnostic::is_error));
    place.shown(&found)
}

#[test]
fn mistakes_in_dbt_project_yml() {
    let usual = "name: shop\nprofile: shop\n";
    let mistakes = [
        ("not a mapping", "- a\n"),
        ("empty", "# nothing\n"),
        ("no name", "version: 1.0.0\nprofile: shop\n"),
        ("name with a dash", "name: my-shop\nprofile: shop\n"),
        ("reserved name", "name: target\nprofile: shop\n"),
        ("name that is a number", "name: 2024\nprofile: shop\n"),
        ("name of a built-in package", "name: dbt\nprofile: shop\n"),
        ("unknown keys", &format!("{usual}model_paths: [m]\nsedes: {{a: 1}}\n")),
        ("version", &format!("{usual}version: one\n")),
        ("config-version", &format!("{usual}config-version: 1\n")),
        ("paths as text", &format!("{usual}model-paths: models\nseed-paths: [1]\n")),
        ("both spellings of a path", &format!("{usual}source-paths: [a]\nmodel-paths: [b]\n")),
        ("old spelling of a path", &format!("{usual}data-paths: [a]\n")),
        (
            "tests and data_tests",
            &format!("{usual}tests: {{+severity: warn}}\ndata_tests: {{+severity: warn}}\n"),
        ),
        ("a newer dbt", &format!("{usual}require-dbt-version: \">=2.0.0\"\n")),
        ("no such dbt", &format!("{usual}require-dbt-version: [\">=1.0.0\", \"<0.9.0\"]\n")),
        ("no version at all", &format!("{usual}require-dbt-version: \">1\"\n")),
        ("quoting", &format!("{usual}quoting: {{schema: 'yes'}}\n")),
        ("quoting of what", &format!("{usual}quoting: {{identifer: true}}\n")),
        ("dispatch", &format!("{usual}dispatch:\n  - macro_namespace: utils\n")),
        ("hooks", &format!("{usual}on-run-start: {{sql: select 1}}\n")),
        ("trees", &format!("{usual}models: [a]\nseeds: yes\n")),
        ("vars", &format!("{usual}vars: [a]\n")),
        ("query-comment", &format!("{usual}query-comment: {{comment: 1, append: x}}\n")),
        (
            "flags",
            &format!(
                "{usual}flags:\n  fail_fast: 'no'\n  warn_error_options: {{include: all, error: all}}\n"
            ),
        ),
        ("target-path", &format!("{usual}target-path: out\n")),
        ("key given twice", &format!("{usual}models:\n  +enabled: true\nmodels:\n  +enabled: false\n")),
        ("everything at once", "name: my-shop\nmodel-paths: x\nquoting: 1\nprofile: shop\n"),
    ];
    let report =
        mistakes.map(|(name, text)| format!("## {name}\n{}\n", complaints("dbt_project.yml", text, |_| {})));
    insta::assert_snapshot!(report.join("\n"));
}

#[test]
fn mistakes_in_profiles_yml() {
    let output = "shop:\n  target: dev\n  outputs:\n    dev:\n";
    let mistakes = [
        ("empty", "# nothing\n"),
        ("not a mapping", "[shop]\n"),
        ("other profiles only", "shopp: {outputs: {}}\nother: {}\nconfig: {}\n"),
        ("empty profile", "shop:\n"),
        ("no outputs", "shop: {target: dev}\n"),
        ("no such target", "shop:\n  target: dve\n  outputs: {dev: {type: duckdb}, prod: {type: duckdb}}\n"),
        ("no default target", "shop:\n  outputs: {dev: {type: duckdb}}\n"),
        ("output that is no mapping", &format!("{output}      - duckdb\n")),
        ("no type", &format!("{output}      path: x.duckdb\n")),
        ("unknown type", &format!("{output}      type: oracle\n")),
        ("threads", &format!("{output}      type: duckdb\n      threads: many\n")),
        ("no threads", &format!("{output}      type: duckdb\n      threads: 0\n")),
        ("wrong database", &format!("{output}      type: duckdb\n      path: a.duckdb\n      database: b\n")),
        (
            "attach",
            &format!("{output}      type: duckdb\n      attach:\n        - path: a\n        - alias: b\n"),
        ),
        ("unquoted jinja", &format!("{output}      type: duckdb\n      path: {{{{ env_var('X') }}}}\n")),
    ];
    let report =
        mistakes.map(|(name, text)| format!("## {name}\n{}\n", complaints("profiles.yml", text, |_| {})));
    insta::assert_snapshot!(report.join("\n"));
}

#[test]
fn mistakes_on_the_command_line() {
    let say =
        |change: &dyn Fn(&mut Options)| complaints("dbt_project.yml", "name: shop\nprofile: shop\n", change);
    let report = [
        ("--profile", say(&|options| options.profile = Some("shap".into()))),
        ("--target", say(&|options| options.target = Some("prod".into()))),
        ("--profiles-dir", say(&|options| options.profiles_dir = Some("nowhere".into()))),
        ("--project-dir", say(&|options| options.project_dir = Some("nowhere".into()))),
        ("--vars text", say(&|options| options.vars = Some("a".into()))),
        ("--vars broken", say(&|options| options.vars = Some("{a: 'b}".into()))),
        ("--target without profiles", {
            let place = Place::new(&[("dbt_project.yml", "name: shop\nprofile: shop\n")]);
            let mut options = place.options(&[]);
            options.target = Some("prod".into());
            place.shown(&place.load(&options).1)
        }),
        ("--profile without profiles", {
            let place = Place::new(&[("dbt_project.yml", "name: shop\n")]);
            let mut options = place.options(&[]);
            options.profile = Some("prod".into());
            place.shown(&place.load(&options).1)
        }),
    ];
    let report = report.map(|(name, said)| format!("## {name}\n{said}\n"));
    insta::assert_snapshot!(report.join("\n"));
}

#[test]
fn mistakes_with_packages_and_selectors() {
    let project = "name: shop\nprofile: shop\n";
    let say = |files: &[(&str, &str)]| {
        let mut all = vec![("dbt_project.yml", project), ("profiles.yml", PROFILES)];
        all.extend(files);
        let place = Place::new(&all);
        place.shown(&place.load(&place.options(&[])).1)
    };
    let deps = |files: &[(&str, &str)]| {
        let mut all = vec![("dbt_project.yml", project)];
        all.extend(files);
        let place = Place::new(&all);
        place.shown(&place.deps(&place.options(&[])))
    };
    let report = [
        ("not installed", say(&[("packages.yml", "packages:\n  - local: ../utils\n")])),
        ("in both files", say(&[("packages.yml", "packages: []\n"), ("dependencies.yml", "packages: []\n")])),
        ("projects", say(&[("packages.yml", "projects: [a]\n")])),
        ("no version", say(&[("packages.yml", "packages:\n  - package: a/b\n"), ("dbt_packages/b/x", "")])),
        ("folder without project", say(&[("dbt_packages/utils/x.sql", "")])),
        ("skipped folder", say(&[("dbt_packages/__tmp/x.sql", "")])),
        ("same name as the project", say(&[("dbt_packages/shop/dbt_project.yml", "name: shop\n")])),
        (
            "two packages of a name",
            say(&[
                ("dbt_packages/a/dbt_project.yml", "name: utils\n"),
                ("dbt_packages/b/dbt_project.yml", "name: utils\n"),
            ]),
        ),
        (
            "package for another dbt",
            say(&[(
                "dbt_packages/a/dbt_project.yml",
                "name: a\nrequire-dbt-version: '<1.0.0'\nmodel-paths: x\n",
            )]),
        ),
        ("deps: no such folder", deps(&[("packages.yml", "packages:\n  - local: ../nowhere\n")])),
        ("deps: hub", deps(&[("packages.yml", "packages:\n  - {package: a/b, version: 1.0.0}\n")])),
        (
            "deps: name of the project",
            deps(&[("packages.yml", "packages:\n  - local: sub\n"), ("sub/dbt_project.yml", "name: shop\n")]),
        ),
        (
            "selectors: shape",
            say(&[("selectors.yml", "selectors:\n  - name: a\n  - definition: [x]\n  - x\n")]),
        ),
        (
            "selectors: two defaults",
            say(&[(
                "selectors.yml",
                "selectors:\n  - {name: a, default: yes, definition: x}\n  - {name: b, default: yes, definition: y}\n",
            )]),
        ),
        ("selectors: no list", say(&[("selectors.yml", "name: a\n")])),
    ];
    let report = report.map(|(name, said)| format!("## {name}\n{said}\n"));
    insta::assert_snapshot!(report.join("\n"));
}
