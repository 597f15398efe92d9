//! Loading projects: files → workspace, and every mistake with its message.

use std::fs;

use camino::{Utf8Path, Utf8PathBuf};
use tidegate::diag::{Diagnostic, Sources, render::human};
use tidegate::event::EventSink;
use tidegate::manifest::ResourceType;
use tidegate::project::deps::{self, DepsError, Versions};
use tidegate::project::{self, Comment, Env, Options, PackageSource, Workspace};

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

    /// Copies a fixture.
    fn copy(name: &str) -> Self {
        let place = Self::new(&[]);
        let fixture = Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name);
        copy(&fixture, &place.root);
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
        let request = deps::Request { versions: Versions::Locked, lock_only: false, version_check: true };
        let never: deps::Stop = std::sync::Arc::new(|| false);
        if let Err(DepsError::Problems(problems)) =
            deps::run(&self.sources, &workspace, &EventSink::silent(), request, &never)
        {
            found.extend(problems);
        }
        found
    }
}

fn copy(from: &Utf8Path, to: &Utf8Path) {
    for entry in from.read_dir_utf8().unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            fs::create_dir_all(&target).unwrap();
            copy(entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

fn with_packages(env: &[(&str, &str)], change: impl FnOnce(&mut Options)) -> (Place, Workspace) {
    let place = Place::copy("project_with_packages");
    let mut options = place.options(env);
    options.profiles_dir = Some("profiles".into());
    change(&mut options);
    let found = place.deps(&options);
    assert!(found.is_empty(), "{}", place.shown(&found));
    let (workspace, found) = place.load(&options);
    assert!(found.is_empty(), "{}", place.shown(&found));
    (place, workspace.unwrap())
}

#[test]
fn a_project_with_packages_loads() {
    let (place, workspace) = with_packages(&[], |_| {});
    let names: Vec<&str> = workspace.projects().map(|project| &*project.name).collect();
    assert_eq!(names, ["base", "utils", "shop"]);
    let project = &workspace.project;
    assert_eq!(project.version.as_deref(), Some("1.2"));
    assert_eq!(project.paths.models, ["models", "more_models"]);
    assert_eq!(project.paths.docs.len(), 8);
    assert_eq!(project.clean_targets, ["target", "dbt_packages"]);
    assert_eq!((project.quoting.database, project.quoting.schema), (Some(false), None));
    assert_eq!(project.dispatch[0].search_order, ["shop", "utils"]);
    assert_eq!(project.on_run_start[0].as_str(), Some("select '{{ invocation_id }}'"));
    assert_eq!(project.on_run_end.len(), 2);
    let comment = &project.query_comment;
    assert!(
        comment.append
            && matches!(&comment.comment, Comment::Text(t) if t.as_str() == Some("{{ node.unique_id }}"))
    );
    assert_eq!(workspace.packages[0].shown_root, "dbt_packages/base");
    assert_eq!(workspace.package_list.packages[1].source, PackageSource::Local("local/base".into()));
    assert_eq!(workspace.paths.target, place.root.join("target"));
    assert_eq!(workspace.paths.logs, place.root.join("logs"));
    assert!(!workspace.flags.behavior("require_generic_test_arguments_property"));
    assert!(workspace.flags.behavior("require_resource_names_without_spaces"));
    assert!(!workspace.flags.behavior("no_such_flag"));
}

#[test]
fn the_profile_is_rendered_and_becomes_the_target() {
    let (_place, workspace) = with_packages(&[("SHOP_THREADS", "3")], |_| {});
    let profile = &workspace.profile;
    assert_eq!((profile.name.as_str(), profile.target.as_str(), profile.threads), ("shop", "dev", 3));
    assert!(!profile.embedded);
    let target = profile.target();
    assert_eq!(target["type"], "duckdb");
    assert_eq!(target["threads"], 3);
    assert_eq!(target["target_name"], "dev");
    assert_eq!(target["profile_name"], "shop");
    assert_eq!(target["database"], "memory");
    let (_place, workspace) = with_packages(&[], |options| options.threads = Some(8));
    assert_eq!(workspace.profile.threads, 8);
}

#[test]
fn a_secret_reaches_the_connection_and_is_hidden_in_logs() {
    let secret = [("DBT_ENV_SECRET_PATH", "hush.duckdb")];
    let (_place, workspace) = with_packages(&secret, |_| {});
    assert_eq!(workspace.profile.target()["path"], "hush.duckdb");
    assert_eq!(workspace.scrubber.scrub("opened hush.duckdb"), "opened *****");
    assert!(!workspace.env.asked().contains_key("DBT_ENV_SECRET_PATH"));
}

#[test]
fn config_trees_are_rendered_and_keep_what_was_written() {
    let (_place, workspace) = with_packages(&[], |options| options.vars = Some("{build_marts: no}".into()));
    let tree = workspace.project.configs.of(ResourceType::Model);
    let levels = tree.levels(&["shop", "staging", "stg_orders"]);
    let staging = levels[2];
    let shown: Vec<(&str, String, String)> = staging
        .configs
        .iter()
        .map(|c| (&*c.key, c.value.to_json().to_string(), c.raw.to_json().to_string()))
        .collect();
    let text = |key, value: &str, raw: &str| (key, value.to_owned(), raw.to_owned());
    assert_eq!(
        shown,
        [
            text("schema", "\"dev_staging\"", "\"{{ target.name }}_staging\""),
            text("tags", "[\"nightly\"]", "[\"nightly\"]"),
            text("pre-hook", "\"select '{{ this }}'\"", "\"select '{{ this }}'\""),
        ]
    );
    let marts = tree.levels(&["shop", "marts", "orders"])[2];
    assert_eq!(marts.configs[0].value.as_bool(), Some(false));
    let tests = workspace.project.configs.of(ResourceType::Test).levels(&["shop"])[0];
    assert_eq!(&*tests.configs[0].key, "severity");
}

#[test]
fn variables_of_a_package() {
    let (_place, workspace) = with_packages(&[], |options| options.vars = Some("{depth: 9}".into()));
    let get = |package: &str, name: &str| {
        let vars = workspace.vars(workspace.project_named(package).unwrap());
        vars.get(name).and_then(tidegate::yaml::Yaml::scalar_text)
    };
    assert_eq!(get("utils", "mode").as_deref(), Some("scoped"));
    assert_eq!(get("utils", "depth").as_deref(), Some("9"));
    assert_eq!(get("base", "start").as_deref(), Some("2024-01-31"));
    assert_eq!(get("base", "only_base").as_deref(), Some("1"));
    assert_eq!(get("shop", "only_base"), None);
    assert_eq!(get("shop", "note").as_deref(), Some("{{ not rendered here }}"));
}

#[test]
fn selectors_keep_their_definitions() {
    let (_place, workspace) = with_packages(&[], |_| {});
    let [nightly, marts] = &workspace.selectors[..] else { panic!("{:?}", workspace.selectors) };
    assert!(nightly.default && !marts.default);
    assert_eq!(nightly.definition.as_str(), Some("tag:nightly+"));
    assert!(marts.definition.get("union").is_some());
}

#[test]
fn deps_links_packages_and_the_packages_of_packages() {
    let (place, workspace) = with_packages(&[], |_| {});
    let names: Vec<String> = workspace
        .paths
        .packages
        .read_dir_utf8()
        .unwrap()
        .map(|e| e.unwrap().file_name().to_owned())
        .collect();
    assert_eq!(names.len(), 2, "{names:?}");
    assert!(place.root.join("dbt_packages/base/dbt_project.yml").is_file());
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

/// Values of YAML and what dbt 1.11.16 makes of them under `models: {+meta: {x: ...}}`, with the target
/// `dev` of one thread in schema `main`.
const RENDERED: &[(&str, &str)] = &[
    (r#""a{{ foo }}b""#, r#""ab""#),
    (r#""{{ 1 + 1 }}""#, r#""2""#),
    (r#""{{ [1,2] }}""#, r#""[1, 2]""#),
    (r#""{{ target.threads }}""#, "1"),
    (r#""{{ var('n', 7) }}""#, "7"),
    (r#""{{ var('n', none) }}""#, "null"),
    (r#""a{{ none }}""#, r#""aNone""#),
    (r#""{{ env_var('NOT_SET', '007') }}""#, r#""007""#),
    (r#""{{ env_var('NOT_SET', 7) }}""#, "7"),
    (r#""{{ env_var('NOT_SET', 'True') | as_bool }}""#, "true"),
    (r#""{{ env_var('NOT_SET', '[1, 2]') | as_native }}""#, "[1,2]"),
    (r#""{{ var('n', 7) | as_text }}""#, r#""7""#),
    (r#""{{ target.type in ['spark', 'duckdb'] | as_bool }}""#, "true"),
    (r#""{{ target.name not in ['prod'] | as_bool }}""#, "true"),
    (r#""{{ 'n%s' % (var('n', 7) | as_text) }}""#, r#""n7""#),
    (r#""{{ ('a%s' | as_text) % 7 }}""#, r#""a7""#),
    (r#""{{ ('a' | as_text).upper() }}""#, r#""A""#),
    (r#""{{ 'a' if target.name == 'dev' else 'b' }}""#, r#""a""#),
    (r#""{% if target.name == 'dev' %}yes{% else %}no{% endif %}""#, r#""yes""#),
    (r#""{% if true %}{{ 3 }}{% endif %}""#, r#""3""#),
    (r#""{% set a = target.threads %}{{ a }}""#, "1"),
    (r#""{{ target.get('nope', 'x') }}""#, r#""x""#),
    (r#""{{ target['schema'] }}""#, r#""main""#),
    (r#""{{ var.has_var('x') }}""#, "false"),
    (r#""{{ {'a': target.threads} }}""#, r#"{"a":1}"#),
    (r#""{{ target.threads }} ""#, r#""1 ""#),
    (r#""{{ target.threads }}\n""#, "1"),
    (r#"["{{ target.threads }}", b, {c: "{{ target.name }}"}]"#, r#"[1,"b",{"c":"dev"}]"#),
    (r#""{{ range(3) | list }}""#, "[0,1,2]"),
    (r#""{{ '%05d' | format(target.threads) }}""#, r#""00001""#),
    ("\"{# x #}\"", "\"\""),
    (r#""{{ log('hi', info=true) }}""#, r#""""#),
    (r#""{{ dbt_version }}""#, r#""1.11.16""#),
    (r#""{{ run_started_at.year > 2000 }}""#, "true"),
    (r#""{{ modules.datetime.date(2020,1,1) }}""#, r#""2020-01-01""#),
    (r#""{{ flags.WHICH }}""#, r#""parse""#),
    (r#""{{ tojson({'a': 1}) }}""#, r#""{\"a\": 1}""#),
    (r#""{{ fromyaml('a: 1') }}""#, r#"{"a":1}"#),
    (r#""{{ builtins.var('n', 2) }}""#, "2"),
    ("2024-01-31", r#""2024-01-31""#),
    ("2024-01-31 10:00:00", r#""2024-01-31T10:00:00""#),
    ("no", "false"),
    ("{a: {b: 017}}", r#"{"a":{"b":15}}"#),
];

#[test]
fn yaml_is_rendered_natively() {
    for (text, want) in RENDERED {
        let project = format!("name: shop\nprofile: shop\nmodels: {{+meta: {{x: {text}}}}}\n");
        let place = Place::new(&[("dbt_project.yml", &project), ("profiles.yml", PROFILES)]);
        let mut options = place.options(&[]);
        options.started_at = Some("2026-01-31T10:00:00Z".parse().unwrap());
        options.flags =
            std::sync::Arc::new(serde_json::Map::from_iter([("WHICH".to_owned(), "parse".into())]));
        let (workspace, found) = place.load(&options);
        let workspace = workspace.unwrap_or_else(|| panic!("{text}: {}", place.shown(&found)));
        let level = workspace.project.configs.of(ResourceType::Model).levels(&["shop"])[0];
        assert_eq!(level.configs[0].value.get("x").unwrap().to_json().to_string(), *want, "{text}");
    }
}

#[test]
fn jinja_that_fails_is_marked_in_the_yaml() {
    let usual = "name: shop\nprofile: shop\n";
    let mistakes = [
        ("undefined", "models:\n  +schema: \"{{ foo }}\"\n"),
        ("attribute of undefined", "models:\n  +schema: \"{{ foo.bar }}\"\n"),
        ("misspelt name", "models:\n  +schema: \"{{ tarjet.name }}\"\n"),
        ("missing key of target", "models:\n  +schema: \"{{ target.nope }}\"\n"),
        ("syntax", "models:\n  +schema: \"x_{{ target.name \"\n"),
        ("missing variable", "models:\n  +schema: \"{{ var('zz') }}\"\n"),
        ("missing environment variable", "models:\n  +schema: \"{{ env_var('NOPE') }}\"\n"),
        ("secret in the wrong place", "models:\n  +schema: \"{{ env_var('DBT_ENV_SECRET_X') }}\"\n"),
        ("no boolean", "models:\n  +enabled: \"{{ 'true' | as_bool }}\"\n"),
        ("no number", "models:\n  +x: \"{{ env_var('NOPE', '007') | as_number }}\"\n"),
        ("escapes", "models:\n  +x: \"\\\"{{ foo.bar }}\\\"\"\n"),
        ("block", "models:\n  +x: |\n    a\n    {{ foo.bar }}\n"),
        ("two of them", "models:\n  +x: \"{{ foo.a }}\"\n  +y: \"{{ foo.b }}\"\n"),
    ];
    let report = mistakes.map(|(name, text)| {
        format!("## {name}\n{}\n", complaints("dbt_project.yml", &format!("{usual}{text}"), |_| {}))
    });
    insta::assert_snapshot!(report.join("\n"));
}

#[test]
fn passwords_need_not_be_jinja() {
    let profiles = format!("{PROFILES}      secrets:\n        - {{type: s3, password: 'a{{{{b{{%'}}\n");
    let place =
        Place::new(&[("dbt_project.yml", "name: shop\nprofile: shop\n"), ("profiles.yml", &profiles)]);
    let (workspace, found) = place.load(&place.options(&[]));
    assert!(workspace.is_some(), "{}", place.shown(&found));
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
        ("dbt-cloud", &format!("{usual}dbt-cloud: Some string\n")),
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
        ("--profile, and more is wrong", {
            let place = Place::new(&[
                (
                    "dbt_project.yml",
                    "name: shop\nprofile: shop\nseed-paths: x\nmodels: {+schema: \"{{ target.name }}\"}\n",
                ),
                ("profiles.yml", PROFILES),
                ("packages.yml", "packages: [x]\n"),
            ]);
            let mut options = place.options(&[]);
            options.profile = Some("shap".into());
            place.shown(&place.load(&options).1)
        }),
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
        (
            "deps: private",
            deps(&[("packages.yml", "packages:\n  - {private: acme/tools, provider: github}\n")]),
        ),
        ("unknown key of a package", say(&[("packages.yml", "packages:\n  - {local: x, revison: 1}\n")])),
        ("unknown key of the file", say(&[("packages.yml", "packages: []\nextra: 1\n")])),
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
