//! The wheel: made from this build's binary, installed into a fresh environment, run from there and through a link.

use std::path::Path;
use std::process::Command;

/// Runs a program that has to succeed; returns what it printed.
#[track_caller]
fn run(program: impl AsRef<std::ffi::OsStr>, arguments: &[&str], folder: &Path) -> String {
    let mut command = Command::new(program);
    // The library has to be found without help.
    command.args(arguments).current_dir(folder).env_remove("LD_LIBRARY_PATH");
    let ended = command.output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(ended.status.success(), "{command:?}\n{}{}", text(&ended.stdout), text(&ended.stderr));
    text(&ended.stdout)
}

#[test]
fn a_wheel_installs_and_builds_a_project() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let script = root.join(".ci/wheel.py");
    let made = |out: &str| {
        let binary = env!("CARGO_BIN_EXE_tidegate");
        let arguments = [script.to_str().unwrap(), binary, "--fast", "--out", out];
        run("python3", &arguments, here).trim().to_owned()
    };
    let wheel = made("wheels");
    assert!(wheel.contains("manylinux_2_") || wheel.contains("macosx_"), "{wheel}");

    run("python3", &["-m", "venv", "--without-pip", "env"], here);
    let python = here.join("env/bin/python");
    let pip = ["-m", "pip", "--python", python.to_str().unwrap(), "install", "--quiet", "--no-index", &wheel];
    run("python3", &pip, here);
    let installed = here.join("env/bin/tidegate");
    let version = format!("Tidegate {}", env!("CARGO_PKG_VERSION"));
    assert!(run(&installed, &["--version"], here).contains(&version));

    // What tools call is often a link elsewhere.
    std::os::unix::fs::symlink(&installed, here.join("dbt")).unwrap();
    let dbt = here.join("dbt");
    assert!(run(&dbt, &["--help"], here).starts_with("Usage: dbt [OPTIONS] COMMAND [ARGS]..."));
    run(&dbt, &["init", "shop", "--skip-profile-setup"], here);
    let shown = run(&dbt, &["build", "--project-dir", "shop"], here);
    assert!(shown.contains("Completed successfully"), "{shown}");
}
