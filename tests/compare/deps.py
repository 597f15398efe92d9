#!/usr/bin/env python3
"""Runs `deps` of dbt and of Tidegate against one loopback hub and local git repositories, and shows what differs.

    VENV/bin/python tests/compare/deps.py --tidegate target/debug/tidegate [CASE..]

VENV is a virtual environment with dbt-duckdb. Each case is a small project and one or more command lines; compared are
exit codes, the packages folder (names, contents, links, executable bits), `package-lock.yml` and `packages.yml` byte for
byte, and the lines on the console. Cases that end in an error are compared by exit code and by what is left on disk.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from deps_cases import CASES
from deps_world import World

PROJECT = "name: shop\nversion: 1.0.0\nprofile: shop\n"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("cases", nargs="*", metavar="CASE", help="default: all")
    parser.add_argument("--dbt", default=str(Path(sys.executable).parent / "dbt"), help="default: beside this Python")
    parser.add_argument("--tidegate", required=True, help="the binary")
    parser.add_argument("--show", action="store_true", help="print what both wrote")
    arguments = parser.parse_args()
    different = 0
    with tempfile.TemporaryDirectory(prefix="deps-") as folder:
        world = World(Path(folder))
        chosen = arguments.cases or list(CASES)
        for name in chosen:
            problems = compare(name, CASES[name], world, arguments)
            different += bool(problems)
            print(f"{'differs' if problems else 'equal  '}  {name}", flush=True)
            for problem in problems:
                print("    " + problem.replace("\n", "\n    "))
        world.close()
    print(f"{len(chosen) - different} of {len(chosen)} cases equal")
    return 1 if different else 0


def compare(name: str, case: dict, world: World, arguments) -> list:
    """Runs a case with both tools, at the same path, and tells the differences."""
    seen = {}
    for side, program in (("dbt", arguments.dbt), ("tidegate", arguments.tidegate)):
        home = world.folder / "home"
        shutil.rmtree(home, ignore_errors=True)
        seen[side] = run(case, str(Path(program).absolute()), home, world)
        if arguments.show:
            print(f"--- {name}, {side}\n{seen[side]['raw']}\n{seen[side]['files']}")
    left_out = case.get("except", [])
    return [difference(what, seen) for what in ("codes", "files", "lines")
            if seen["dbt"][what] != seen["tidegate"][what] and what not in left_out
            and not (what == "lines" and any(seen["dbt"]["codes"]))]


def difference(what: str, seen: dict) -> str:
    ours, theirs = seen["tidegate"][what], seen["dbt"][what]
    if what == "files":
        names = sorted(n for n in ours.keys() | theirs.keys() if ours.get(n) != theirs.get(n))
        return "\n".join(f"{n}\n  dbt      {theirs.get(n)!r}\n  tidegate {ours.get(n)!r}" for n in names)
    return f"{what}\n  dbt      {theirs!r}\n  tidegate {ours!r}"


def run(case: dict, program: str, home: Path, world: World) -> dict:
    project = home / "shop"
    files = {"dbt_project.yml": PROJECT, **case.get("files", {})}
    write(home, {f"shop/{name}": text for name, text in files.items()}, world)
    write(home, case.get("around", {}), world)
    world.asked.clear()
    codes, lines, raw = [], [], []
    for step in case.get("steps", [["deps"]]):
        if isinstance(step, dict):
            write(project, step, world)
            continue
        env = {**os.environ, "HOME": str(home), "DBT_PACKAGE_HUB_URL": world.url, "NO_COLOR": "1", "TMPDIR": str(home),
               "DBT_SEND_ANONYMOUS_USAGE_STATS": "false", "DBT_USE_COLORS": "false", **case.get("env", {})}
        try:
            done = subprocess.run([program, *map(world.filled, step)], cwd=project, text=True, timeout=60,
                                  env={name: world.filled(value) for name, value in env.items()},
                                  stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            code, words = done.returncode, done.stdout
        except subprocess.TimeoutExpired:
            code, words = "no end", ""
        codes.append(code)
        raw.append(f"$ {' '.join(step)}\n{words}")
        lines += [plain(line) for line in words.splitlines()]
    return {"codes": codes, "lines": lines, "files": tree(home), "raw": "\n".join(raw)}


def write(folder: Path, files: dict, world: World) -> None:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(world.filled(text))


def plain(line: str) -> str:
    """A line without its time."""
    return re.sub(r"^\d\d:\d\d:\d\d\s*", "", line).rstrip()


def tree(home: Path) -> dict:
    """Everything below a folder but logs, what git keeps for itself, and the tools' own leftovers."""
    found = {}
    for root, folders, names in os.walk(home):
        here = Path(root).relative_to(home)
        folders[:] = [f for f in folders if f not in (".git", "logs", "target") and not f.startswith("dbt-downloads-")]
        for name in folders + names:
            path = Path(root) / name
            key = str(here / name)
            if name == ".user.yml":
                continue
            if path.is_symlink():
                found[key] = f"-> {os.readlink(path)}"
            elif path.is_dir():
                found[key] = "folder"
            else:
                executable = "x " if os.access(path, os.X_OK) else ""
                found[key] = executable + path.read_text(errors="replace")
        folders[:] = [f for f in folders if not (Path(root) / f).is_symlink()]
    return found


if __name__ == "__main__":
    sys.exit(main())
