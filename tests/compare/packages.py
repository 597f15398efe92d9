#!/usr/bin/env python3
"""Runs the integration test projects of public packages with dbt and with Tidegate and prints a table.

    VENV/bin/python tests/compare/packages.py --tidegate target/debug/tidegate --work FOLDER CHECKOUTS [NAME..]

CHECKOUTS holds a clone of each package, and of whatever packages those need, in folders called `owner+repository`. All
that is done to them is what a developer without a network would do: the test project is copied, gets a profile for
DuckDB, and its packages are copied from the other checkouts. `packages.json` beside this file has what cannot be guessed.
README.md says how to read the table.
"""

import argparse
import json
import re
import shutil
import sys
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from compare import add_server_option, compare_project, open_server
from differences import Report

LEFT_OUT = shutil.ignore_patterns(".git", "dbt_packages", "dbt_modules", "target", "logs", "node_modules", "*.duckdb", "*.duckdb.wal")
# Where packages keep the project that tests them.
TEST_PROJECTS = ("integration_tests", "integration_test_project", "integration-tests", "integration_tests/dbt_project")
# Of a project's own DuckDB profile all but its places.
PROFILE_KEYS = ("schema", "settings", "external_root", "disable_transactions")
SETTINGS = json.loads((Path(__file__).parent / "packages.json").read_text())


def main() -> int:
    arguments = parse_arguments()
    checkouts = find_checkouts(arguments.checkouts)
    chosen = [found for found in checkouts if not arguments.names or found.label in arguments.names]
    unknown = set(arguments.names) - {found.label for found in chosen}
    if unknown:
        sys.exit(f"no such checkout: {', '.join(sorted(unknown))}")
    lines = []
    with open_server(arguments):
        for checkout in chosen:
            lines.append(try_package(checkout, checkouts, arguments))
            print(layout([lines[-1]]), flush=True)
    table = layout([HEAD, *lines])
    print(f"\n{table}")
    (arguments.work / "table.txt").write_text(table + "\n")
    return 0 if all(line[-1] in (*EQUAL, NO_PROJECT) for line in lines) else 1


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("checkouts", type=Path, metavar="CHECKOUTS", help="folder of clones called owner+repository")
    parser.add_argument("names", nargs="*", metavar="NAME", help="only these folders of it")
    parser.add_argument("--tidegate", required=True, help="the binary")
    parser.add_argument("--dbt", default=str(Path(sys.executable).parent / "dbt"), help="default: beside this Python")
    parser.add_argument("--work", type=Path, required=True, help="folder for prepared projects, results and reports")
    parser.add_argument("--reuse", action="store_true", help="take what dbt left in --work from the run before")
    add_server_option(parser)
    parser.add_argument("--timeout", type=int, default=900, help="seconds for one command")
    return parser.parse_args()


@dataclass
class Checkout:
    """A clone: its folder's name, the project in its root, and the project to run."""

    label: str
    root: Path
    package: str
    project: Path
    settings: dict = field(default_factory=dict)


def find_checkouts(folder: Path) -> list:
    found = []
    for clone in sorted(path for path in folder.iterdir() if path.is_dir()):
        roots = [clone] if (clone / "dbt_project.yml").is_file() else [it.parent for it in clone.glob("*/dbt_project.yml")]
        if len(roots) != 1:
            continue
        root = roots[0]
        settings = SETTINGS.get(clone.name, {})
        places = [settings["project"]] if "project" in settings else TEST_PROJECTS
        tests = [root / place for place in places if (root / place / "dbt_project.yml").is_file()]
        package = read_yaml(root / "dbt_project.yml")["name"]
        found.append(Checkout(clone.name, root, package, tests[0] if tests else root, settings))
    return found


def read_yaml(path: Path) -> dict:
    """A file of settings; its templates become plain words, since only what they are not part of is read."""
    text = path.read_text() if path.is_file() else ""
    text = re.sub(r"\{\{.*?\}\}", "X", re.sub(r"\{#.*?#\}|\{%.*?%\}", "", text, flags=re.DOTALL))
    return yaml.safe_load(text) or {}


class Missing(Exception):
    """A package that none of the checkouts is."""


def try_package(checkout: Checkout, checkouts: list, arguments: argparse.Namespace) -> tuple:
    """Prepares and compares one; the line of the table."""
    if checkout.project == checkout.root and not any(checkout.root.glob("models/**/*.sql")):
        return (checkout.label, "-", "-", "-", "-", NO_PROJECT)
    try:
        project = prepare(checkout, checkouts, arguments.work / "projects" / checkout.label)
    except Missing as missing:
        return (checkout.label, "-", "-", "-", "-", f"needs {missing}")
    noise = arguments.work / f"{checkout.label}.dbt-twice.json"
    options = argparse.Namespace(dbt=arguments.dbt, timeout=arguments.timeout, reuse=True, tidegate=arguments.tidegate,
                                 work=arguments.work / "runs", server=arguments.server)
    if not arguments.reuse:
        shutil.rmtree(options.work / checkout.label, ignore_errors=True)
        noise.unlink(missing_ok=True)
    report = compare_with(noise, project, options)
    if line_of(report)[-1] not in EQUAL and not noise.exists():
        itself = Report(checkout.label)
        compare_project(project, argparse.Namespace(**{**vars(options), "tidegate": arguments.dbt}), itself)
        noise.write_text(json.dumps(itself.as_json(), default=str))
        report = compare_with(noise, project, options)
    (arguments.work / f"{checkout.label}.txt").write_text(report.details(5) + "\n")
    return line_of(report)


def compare_with(noise: Path, project: Path, options: argparse.Namespace) -> Report:
    """Runs Tidegate beside dbt's results; what is known to differ between two runs of dbt is left out."""
    report = Report(project.name, json.loads(noise.read_text()) if noise.exists() else None)
    compare_project(project, options, report)
    return report


def prepare(checkout: Checkout, checkouts: list, target: Path) -> Path:
    """Copies the test project with its packages; writes its profile."""
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(checkout.project, target, ignore=LEFT_OUT, symlinks=True)
    definition = read_yaml(target / "dbt_project.yml")
    output = {"type": "duckdb", "path": f"{definition['name']}.duckdb", "threads": 4}
    profile = definition.get("profile", definition["name"])
    own = read_yaml(target / "profiles.yml").get(profile, {}).get("outputs", {}).values()
    output.update({key: value for one in own if one.get("type") == "duckdb" for key, value in one.items() if key in PROFILE_KEYS})
    (target / "profiles.yml").write_text(yaml.safe_dump({profile: {"target": "dev", "outputs": {"dev": output}}}))
    installed = {}
    install(checkout.project, checkouts, installed, set(checkout.settings.get("without", [])))
    folder = definition.get("packages-install-path", "dbt_packages")
    for name, source in installed.items():
        ignore = shutil.ignore_patterns(*TEST_PROJECTS) if source != checkout.project else None
        shutil.copytree(source, target / folder / name, symlinks=True,
                        ignore=lambda path, names: LEFT_OUT(path, names) | (ignore(path, names) if ignore else set()))
    for old in ("packages.yml", "dependencies.yml", "package-lock.yml"):
        (target / old).unlink(missing_ok=True)
    if installed:
        packages = [{"local": f"{folder}/{name}"} for name in installed]
        (target / "packages.yml").write_text(yaml.safe_dump({"packages": packages}))
    steps = {key: checkout.settings[key] for key in ("commands", "env", "setup") if key in checkout.settings}
    if steps:
        (target / "compare.json").write_text(json.dumps(steps))
    return target


def install(project: Path, checkouts: list, installed: dict, left_out: set) -> None:
    """Finds the packages of a project, and theirs: name to folder. `left_out` are those for other databases."""
    for file in ("packages.yml", "dependencies.yml"):
        entries = read_yaml(project / file).get("packages") or []
        for entry in (it for it in entries if it.get("package") not in left_out):
            source = locate(entry, project, checkouts)
            name = read_yaml(source / "dbt_project.yml")["name"]
            if name not in installed:
                installed[name] = source
                install(source, checkouts, installed, left_out)


def locate(entry: dict, project: Path, checkouts: list) -> Path:
    """A path as it is; a package of the hub or of git by its repository, else by its name."""
    if "local" in entry:
        return (project / entry["local"]).resolve()
    wanted = entry.get("package") or re.sub(r"\.git$", "", str(entry.get("git", entry))).replace(":", "/")
    owner, name = ([""] + wanted.split("/"))[-2:]
    plain = name.replace("-", "_").lower()
    fits = [one for one in checkouts if plain in (one.package.lower(), one.label.split("+")[-1].replace("-", "_").lower())]
    fits.sort(key=lambda one: (not one.label.lower().startswith(f"{owner.lower()}+"), one.label))
    if not fits:
        raise Missing(wanted)
    return fits[0].root


HEAD = ("package", "nodes", "statuses", "compiled", "contents", "")
NO_PROJECT = "brings no project that tests it"
NOT_RUN = "dbt does not get to run it, Tidegate neither"
EQUAL = ("", NOT_RUN)


def line_of(report: Report) -> tuple:
    def cell(what: str) -> str:
        equal, total = report.counts.get(what, (0, 0))
        return f"{equal}/{total}" if total else "-"

    cells = tuple(cell(what) for what in ("nodes", "statuses", "compiled", "contents"))
    codes = [(sides.get("dbt"), sides.get("tidegate")) for sides in report.exits.values()]
    if codes and all(code == (2, 2) for code in codes):
        note = NOT_RUN
    elif any(len(set(pair)) > 1 for pair in codes):
        note = f"exit codes {', '.join(f'{dbt} and {own}' for dbt, own in codes)}"
    else:
        equal = all(equal == total for what, (equal, total) in report.counts.items() if what != "manifest")
        note = "" if equal else "differs"
    return (report.project, *cells, note)


def layout(lines: list) -> str:
    widths = [44, 10, 10, 10, 10, 0]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip() for line in lines)


if __name__ == "__main__":
    sys.exit(main())
