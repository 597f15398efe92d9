//! Projects and packages that mean harm: what they can write in templates and names, and that it leads nowhere.
//!
//! Archives and repositories of packages are in `deps`, requests to the documentation server in `docs`, what is parsed in `fuzz`.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use tidegate::diag::Sources;
use tidegate::yaml;

use crate::cli::{Call, project};

/// What a template that would run for ever or eat all memory fails with, and that it does so soon.
#[test]
fn templates_have_bounds() {
    let many = "{% set ns = namespace(x='a') %}{% for i in range(99) %}{% set ns.x = ";
    let each = |change: &str| format!("{many}{change} %}}{{% endfor %}}");
    let squared = "{% set s = 'a' * 100000 %}";
    let cases = [
        ("{% for i in range(10 ** 12) %}{% endfor %}".to_owned(), "a range must not be longer than 100000"),
        ("{{ 'a' * 10 ** 10 }}".to_owned(), "the result of `*` would be too long"),
        ("{{ [0] * 10 ** 10 }}".to_owned(), "the result of `*` would be too long"),
        ("{{ 10 ** 10000 }}".to_owned(), "the integer is too large"),
        ("{{ '%999999999d' % 1 }}".to_owned(), "the width is too large"),
        ("{{ '%.999999999f' % 1 }}".to_owned(), "the width is too large"),
        ("{{ '{:>999999999}'.format(1) }}".to_owned(), "the width is too large"),
        ("{{ 'a'.ljust(10 ** 9) }}".to_owned(), "the width is too large"),
        ("{{ 'a'.zfill(10 ** 9) }}".to_owned(), "the width is too large"),
        ("{{ '\\t'.expandtabs(10 ** 9) }}".to_owned(), "the width is too large"),
        ("{{ 'a' | center(10 ** 9) }}".to_owned(), "the width is too large"),
        ("{{ 'a\\nb' | indent(10 ** 9) }}".to_owned(), "the width is too large"),
        (each("ns.x ~ ns.x"), "a text would be longer than 256 MiB"),
        (each("ns.x + ns.x"), "a text would be longer than 256 MiB"),
        (each("[ns.x, ns.x] | join"), "a text would be longer than 256 MiB"),
        (each("''.join([ns.x, ns.x])"), "a text would be longer than 256 MiB"),
        (format!("{squared}{{{{ s.replace('a', s) }}}}"), "a text would be longer than 256 MiB"),
        (format!("{squared}{{{{ s | replace('a', s) }}}}"), "a text would be longer than 256 MiB"),
        (
            format!("{squared}{{% for i in range(99999) %}}{{{{ s }}}}{{% endfor %}}"),
            "a text would be longer than 256 MiB",
        ),
        ("{{ ('\\t' * 9999).expandtabs(10 ** 6) }}".to_owned(), "a text would be longer than 256 MiB"),
        (
            "{{ ('\\n' * 9999) | indent(10 ** 6, blank=true) }}".to_owned(),
            "a text would be longer than 256 MiB",
        ),
        (
            "{{ range(9999) | list | tojson(indent=10 ** 6) }}".to_owned(),
            "a text would be longer than 256 MiB",
        ),
        (
            "{% set x = [1] %}{% for i in range(99) %}{% do x.extend(x) %}{% endfor %}".to_owned(),
            "a list would be too long",
        ),
        (
            "{% macro a() %}{{ b() }}{% endmacro %}{% macro b() %}{{ a() }}{% endmacro %}{{ a() }}"
                .to_owned(),
            "maximum recursion depth exceeded",
        ),
        (
            "{% for x in [[]] recursive %}{{ loop([[]]) }}{% endfor %}".to_owned(),
            "maximum recursion depth exceeded",
        ),
    ];
    let began = Instant::now();
    for (template, want) in &cases {
        let said = crate::fuzz::rendered(template).unwrap_err();
        assert!(said.contains(want), "{}\n{said}", template.get(..200).unwrap_or(template));
    }
    assert!(began.elapsed() < Duration::from_mins(10), "it took {:?}", began.elapsed());
}

/// Python's ways out of a template, and Jinja's ways into files.
#[test]
fn templates_reach_neither_python_nor_files() {
    for template in [
        "{{ ''.__class__.__mro__[1].__subclasses__() }}",
        "{{ x.__init__.__globals__ }}",
        "{{ cycler.__init__.__globals__.os.popen('id').read() }}",
        "{{ modules.re.__builtins__.open('/etc/passwd') }}",
        "{{ modules.datetime.sys.modules }}",
        "{{ modules.os.environ }}",
        "{{ ''|attr('__class__')|attr('__base__') }}",
        "{{ '{0.__class__.__init__}'.format(x) }}",
        "{{ open('/etc/passwd') }}",
        "{{ import('os') }}",
        "{% include '/etc/passwd' %}",
        "{% extends '/etc/passwd' %}",
        "{% import '/etc/passwd' as it %}",
        "{% from '/etc/passwd' import it %}",
        "{{ fromyaml('!!python/object/apply:os.system [id]').x }}",
        "{{ fromyaml('!include /etc/passwd').x }}",
    ] {
        let said = crate::fuzz::rendered(template);
        // `fromyaml` gives nothing for what is no plain YAML, and nothing has no attributes.
        assert!(said.is_err() || said.as_deref() == Ok(""), "{template}: {said:?}");
    }
}

#[test]
fn yaml_bombs_are_refused() {
    let laughs =
        (1..12).fold("a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]\n".to_owned(), |text, n| {
            let inner = format!("*a{}, ", n - 1).repeat(9);
            format!("{text}a{n}: &a{n} [{inner}]\n")
        });
    let merges = (1..30).fold("a0: &a0 {k: v}\n".to_owned(), |text, n| {
        format!("{text}a{n}: &a{n}\n  x{n}: *a{0}\n  y{n}: *a{0}\n", n - 1)
    });
    for (text, want) in [
        (laughs, "repetition limit"),
        (merges, "repetition limit"),
        ("[".repeat(100_000), "nested too deeply"),
        ("a: ".to_owned() + &"{a: ".repeat(100_000), "nested too deeply"),
        ("- ".repeat(100_000), "nested too deeply"),
        ("a: &a [*a]".to_owned(), ""),
    ] {
        let (tree, found) = yaml::parse_text(&Sources::new(), "any.yml", text.as_str());
        let said = found.first().map(|problem| problem.message.clone()).unwrap_or_default();
        assert!(tree.is_none() && said.contains(want), "{}: {said}", &text[..20.min(text.len())]);
    }
}

/// Names that are paths, in every place where a name becomes a file.
#[test]
fn names_lead_nowhere() {
    let outer = tempfile::tempdir().unwrap();
    let root = outer.path().join("a/b/project");
    let elsewhere = outer.path().join("elsewhere");
    fs::create_dir_all(root.join("models")).unwrap();
    fs::create_dir(&elsewhere).unwrap();
    let write = |file: &str, text: &str| fs::write(root.join(file), text).unwrap();
    write("dbt_project.yml", "name: shop\nprofile: shop\n");
    write("profiles.yml", "shop: {target: dev, outputs: {dev: {type: duckdb, path: shop.duckdb}}}\n");
    write(
        "models/one.sql",
        "{{ config(alias='../../../../../one', gate=true) }} select 1 as id, null as nothing",
    );
    let evil = ["../../../../../../../up", elsewhere.join("absolute").to_str().unwrap(), "..", "a/../../b"]
        .map(str::to_owned);
    let test = |name: &String| format!("          - not_null: {{name: '{name}'}}\n");
    let tests: String = evil.iter().map(test).collect();
    let unit = |name: &String| {
        format!("  - {{name: '{name}', model: one, given: [], expect: {{rows: [{{id: 2}}]}}}}\n")
    };
    let unit: String = evil.iter().map(unit).collect();
    write(
        "models/s.yml",
        &format!(
            "models:\n  - name: one\n    columns:\n      - name: nothing\n        data_tests:\n{tests}unit_tests:\n{unit}"
        ),
    );
    for command in [&["compile"][..], &["build", "--store-failures"], &["docs", "generate"]] {
        let ended = Call::new(&root, command).run();
        assert!(ended.code.is_some_and(|code| code < 3), "{}{}", ended.stdout, ended.stderr);
    }
    assert!(root.join("target/manifest.json").exists());
    let mut found: Vec<String> = Vec::new();
    for entry in walkdir::WalkDir::new(outer.path()).into_iter().flatten() {
        let path = entry.path();
        let inside = path.starts_with(root.join("target")) || path.starts_with(root.join("logs"));
        if entry.file_type().is_file() && !inside {
            found.push(path.strip_prefix(outer.path()).unwrap().display().to_string());
        }
    }
    found.sort();
    let own = ["dbt_project.yml", "models/one.sql", "models/s.yml", "profiles.yml", "shop.duckdb"];
    assert_eq!(found, own.map(|file| format!("a/b/project/{file}")));
}

#[cfg(unix)]
#[test]
fn what_a_terminal_obeys_is_not_shown() {
    let folder = project("name: shop\nprofile: shop\n");
    let evil = "\u{1b}]0;owned\u{7}\u{1b}[2J";
    let write = |file: &str, text: &str| {
        let path = folder.path().join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    write("profiles.yml", "shop: {target: dev, outputs: {dev: {type: duckdb, path: shop.duckdb}}}\n");
    write(&format!("models/a{evil}.sql"), "select 1 as id");
    write("models/b.sql", &format!("select error('{evil}') as \"{evil}\""));
    write("macros/m.sql", &format!("{{% macro m() %}}{{% do print('{evil}') %}}{{% endmacro %}}"));
    for command in [&["ls"][..], &["--debug", "run"], &["run-operation", "m"], &["show", "-s", "b"]] {
        let ended = Call::new(folder.path(), command).run();
        let log = fs::read_to_string(folder.path().join("logs/dbt.log")).unwrap();
        for text in [&ended.stdout, &ended.stderr, &log] {
            assert!(!text.contains('\u{1b}') && !text.contains('\u{7}'), "{command:?}: {text:?}");
        }
        assert!(ended.stdout.contains("␛]0;owned␇"), "{command:?}: {}", ended.stdout);
    }
}

/// `.` and `..` of a name, and links that a folder of sources holds, are followed as dbt follows them: they are the user's own.
#[test]
fn folders_of_a_project_may_lie_beside_it() {
    let outer = tempfile::tempdir().unwrap();
    let root = outer.path().join("project");
    for (file, text) in [
        ("project/dbt_project.yml", "name: shop\nprofile: shop\nmodel-paths: [../shared]\n"),
        ("project/profiles.yml", "shop: {target: dev, outputs: {dev: {type: duckdb, path: shop.duckdb}}}\n"),
        ("shared/one.sql", "select 1 as id"),
    ] {
        let path: &Path = &outer.path().join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let ended = Call::new(&root, &["run"]).run();
    assert_eq!(ended.code, Some(0), "{}", ended.stdout);
    assert!(root.join("target/compiled/shared/one.sql").exists());
}

/// Time has no bound in a template, but who waits can end it: once asks, twice ends at once.
#[cfg(unix)]
#[test]
fn a_template_without_an_end_is_stopped() {
    let folder = project("name: shop\nprofile: shop\n");
    fs::write(
        folder.path().join("profiles.yml"),
        "shop: {target: dev, outputs: {dev: {type: duckdb, path: shop.duckdb}}}\n",
    )
    .unwrap();
    fs::create_dir(folder.path().join("models")).unwrap();
    let endless =
        "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}select 1 as id";
    fs::write(folder.path().join("models/endless.sql"), endless).unwrap();
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_tidegate"));
    command.args(["compile"]).current_dir(folder.path()).env_clear().env("HOME", folder.path());
    let mut child = command.stdout(std::process::Stdio::null()).spawn().unwrap();
    std::thread::sleep(Duration::from_secs(2));
    assert!(child.try_wait().unwrap().is_none(), "it ended by itself");
    let until = Instant::now() + Duration::from_mins(1);
    while child.try_wait().unwrap().is_none() {
        assert!(Instant::now() < until, "it goes on");
        std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
        std::thread::sleep(Duration::from_millis(300));
    }
}
