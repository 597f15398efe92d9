#!/usr/bin/env python3
"""Looks for false alarms of `tidegate check`: mistakes found in nodes that dbt built.

    VENV/bin/python tests/compare/alarms.py --tidegate target/debug/tidegate WORK..

WORK are folders that `packages.py` left behind: projects, and what dbt made of them. Each project is checked twice, once as
it lies there and once beside the warehouse that dbt filled. A mistake in a node of which dbt says `success`, `pass`, `warn` or
`fail` is a false alarm.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from compare import read_steps

BUILT = {"success", "pass", "warn", "fail", "partial success"}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("work", nargs="+", type=Path, metavar="WORK", help="folder that packages.py was given as --work")
    parser.add_argument("--tidegate", required=True, help="the binary")
    parser.add_argument("--only", nargs="*", default=[], help="names of projects")
    arguments = parser.parse_args()
    program = str(Path(arguments.tidegate).absolute())
    print(f"{'project':44} {'':6} {'sound':>6} {'wrong':>6} {'not checked':>12} {'seconds':>8}  false alarms")
    alarms = 0
    for run in sorted(run for work in arguments.work for run in (work / "runs").iterdir()):
        if (run / "dbt/target/run_results.json").is_file() and (not arguments.only or run.name in arguments.only):
            alarms += look_at(run, program)
    return 1 if alarms else 0


def look_at(run: Path, program: str) -> int:
    results = json.loads((run / "dbt/target/run_results.json").read_text())["results"]
    built = {result["unique_id"] for result in results if result["status"] in BUILT}
    alarms = 0
    for kind in ("fresh", "built"):
        with tempfile.TemporaryDirectory() as folder:
            copy = Path(folder) / "project"
            left_out = ("target", "logs", *(("*.duckdb", "*.wal") if kind == "fresh" else ()))
            shutil.copytree(run / "dbt", copy, ignore=shutil.ignore_patterns(*left_out), symlinks=True)
            found = check(copy, program)
        if found is None:
            print(f"{run.name:44} {kind:6} is not read")
            continue
        wrong = [error for error in found["errors"] if error["unique_id"] in built]
        alarms += len(wrong)
        cells = (len(found["sound"]), len({error["unique_id"] for error in found["errors"]}), len(found["not_checked"]))
        print(f"{run.name:44} {kind:6} {cells[0]:6} {cells[1]:6} {cells[2]:12} {found['seconds']:8.2f}  {len(wrong) or ''}", flush=True)
        for error in wrong:
            place = error.get("place", {})
            print(f"    {error['unique_id']} {place.get('file')}:{place.get('line')}: {error['message']}")
    return alarms


def check(project: Path, program: str) -> dict | None:
    """What `check` says; `None` where it does not get that far, as dbt does not there."""
    steps = read_steps(project)
    env = dict(os.environ, DBT_PROFILES_DIR=str(project), NO_COLOR="1") | steps["env"]
    variables = next((command[command.index("--vars"):][:2] for command in steps["commands"] if "--vars" in command), [])
    command = [program, "-q", "check", "--output", "json", *variables]
    done = subprocess.run(command, cwd=project, env=env, text=True, stdin=subprocess.DEVNULL, capture_output=True)
    if done.returncode == 2:
        return None
    return json.loads(done.stdout[done.stdout.index("{\n"):])


if __name__ == "__main__":
    sys.exit(main())
