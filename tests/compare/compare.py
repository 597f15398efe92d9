#!/usr/bin/env python3
"""Runs projects with dbt and with Tidegate and shows where the two differ.

    VENV/bin/python tests/compare/compare.py --tidegate target/debug/tidegate PROJECT..

VENV is a virtual environment with dbt-duckdb; nothing else is needed. A PROJECT is a folder with dbt_project.yml and a
profiles.yml whose databases lie below the folder; with --postgres it gets a profile on that server. Both tools run on a fresh copy of it at the same path, one after the
other, so absolute paths agree. README.md beside this file says what is compared and how to read the report.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

from differences import Report, compare_artifacts, compare_compiled_files
from statements import compare_statements
from snapshot import compare_snapshots, run_sql, take_snapshot

SIDES = ("dbt", "tidegate")
LEFT_OUT_OF_COPIES = shutil.ignore_patterns("target", "logs", ".git", "*.duckdb", "*.duckdb.wal", ".user.yml")


def main() -> int:
    arguments = parse_arguments()
    baseline = json.loads(arguments.baseline.read_text()) if arguments.baseline else []
    known = {entry["project"]: entry for entry in baseline}
    reports = []
    with open_server(arguments):
        for project in arguments.projects:
            report = Report(project.resolve().name, known.get(project.resolve().name))
            compare_project(project.resolve(), arguments, report)
            reports.append(report)
            if not arguments.quiet:
                print(report.details(arguments.examples), flush=True)
    print(summary(reports))
    if arguments.json:
        arguments.json.write_text(json.dumps([report.as_json() for report in reports], indent=2, default=str) + "\n")
    return 0 if all(report.equal() for report in reports) else 1


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("projects", nargs="+", type=Path, metavar="PROJECT")
    parser.add_argument("--dbt", default=str(Path(sys.executable).parent / "dbt"), help="default: beside this Python")
    parser.add_argument("--tidegate", required=True, help="the binary")
    parser.add_argument("--work", type=Path, help="keep copies, databases and artifacts in this folder")
    parser.add_argument("--reuse", action="store_true", help="take what dbt left in --work from the run before")
    parser.add_argument("--examples", type=int, default=3, help="examples shown of each kind of difference")
    parser.add_argument("--baseline", type=Path, help="JSON of dbt compared with itself: what differs there is left out")
    parser.add_argument("--json", type=Path, help="also write everything found to this file")
    add_server_option(parser)
    parser.add_argument("--quiet", action="store_true", help="only the table at the end")
    parser.add_argument("--timeout", type=int, default=900, help="seconds for one command")
    return parser.parse_args()


def add_server_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--postgres", nargs="?", const="private", metavar="DSN",
                        help="on this Postgres server instead of DuckDB; without a DSN, on one started for it")


@contextmanager
def open_server(arguments: argparse.Namespace):
    """Makes `arguments.server` the server to run on, or None for DuckDB."""
    arguments.server = None
    if arguments.postgres is None:
        yield
        return
    from postgres import Server  # its driver is needed for Postgres only
    arguments.server = Server(arguments.postgres)
    try:
        yield
    finally:
        arguments.server.stop()


def compare_project(project: Path, arguments: argparse.Namespace, report: Report) -> None:
    """Runs both tools on copies of one project and compares everything they left behind."""
    with WorkFolder(arguments.work, project.name, arguments.reuse) as work:
        for side in SIDES:
            program = str(Path(arguments.dbt if side == "dbt" else arguments.tidegate).absolute())
            if side == "tidegate" or not recall(work, report):
                run_side(side, program, project, work, arguments, report)
        compare_artifacts(work / "dbt" / "target", work / "tidegate" / "target", report)
        compare_compiled_files(work / "dbt" / "target", work / "tidegate" / "target", report)
        compare_snapshots(work / "dbt.snapshot", work / "tidegate.snapshot", report)
        compare_statements(work / "dbt.statements", work / "tidegate.statements", report)


def run_side(side: str, program: str, project: Path, work: Path, arguments: argparse.Namespace, report: Report) -> None:
    """One tool on one copy. Its results end up in `work/SIDE`, its tables in `work/SIDE.snapshot`."""
    copy = work / "project"
    shutil.copytree(project, copy, ignore=LEFT_OUT_OF_COPIES, symlinks=True)
    steps = read_steps(project)
    env = dict(os.environ, DBT_SEND_ANONYMOUS_USAGE_STATS="false", DBT_PROFILES_DIR=str(copy), NO_COLOR="1")
    env.update(steps["env"])
    server, timeout = arguments.server, arguments.timeout
    if server:
        import postgres
        server.recreate()
        postgres.write_profile(copy, server)
    if steps["setup"] and server:
        server.run_sql(copy / steps["setup"]["file"])
    elif steps["setup"]:
        run_sql(copy, **steps["setup"])
    output, sent = [], {}
    if server:
        server.statements()  # of whoever came before
    started = time.monotonic()
    for command in steps["commands"]:
        try:
            done = subprocess.run([program, *command], cwd=copy, env=env, timeout=timeout, text=True,
                                  stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            code, words = done.returncode, done.stdout
        except subprocess.TimeoutExpired as error:
            code, words = "timeout", (error.stdout or b"").decode(errors="replace")
        output.append(f"$ {' '.join(command)}\n{words}")
        if server:
            sent[f"{len(output)} {' '.join(command)}"] = server.statements()
        report.exit_code(" ".join(command), side, code, words)
    report.seconds[side] = time.monotonic() - started
    (work / f"{side}.log").write_text("\n".join(output))
    codes = {command: sides[side] for command, sides in report.exits.items()}
    (work / f"{side}.json").write_text(json.dumps({"seconds": report.seconds[side], "exits": codes}))
    (work / f"{side}.statements").write_text(json.dumps(sent, indent=2))
    if server:
        postgres.take_snapshot(server, work / f"{side}.snapshot", side, report)
    else:
        take_snapshot(copy, work / f"{side}.snapshot", side, report)
    copy.rename(work / side)


def recall(work: Path, report: Report) -> bool:
    """Reads what `run_side` noted about dbt the last time, if it did."""
    path = work / "dbt.json"
    if not path.is_file():
        return False
    known = json.loads(path.read_text())
    report.seconds["dbt"] = known["seconds"]
    for command, code in known["exits"].items():
        report.exit_code(command, "dbt", code, "")
    return True


def read_steps(project: Path) -> dict:
    """`compare.json` of a project may name other commands than `build`, variables, and SQL to run before."""
    path = project / "compare.json"
    given = json.loads(path.read_text()) if path.is_file() else {}
    return {"commands": given.get("commands", [["build"]]), "env": given.get("env", {}), "setup": given.get("setup")}


class WorkFolder:
    """A new folder for one project: temporary, or kept below `parent`."""

    def __init__(self, parent, name: str, reuse: bool) -> None:
        self.parent, self.name, self.reuse = parent, name, reuse

    def __enter__(self) -> Path:
        if self.parent is None:
            self.folder = Path(tempfile.mkdtemp(prefix="compare-"))
        else:
            self.folder = self.parent.resolve() / self.name
            if self.reuse and self.folder.exists():
                for old in self.folder.glob("tidegate*"):
                    shutil.rmtree(old, ignore_errors=True) if old.is_dir() else old.unlink()
                shutil.rmtree(self.folder / "project", ignore_errors=True)
            else:
                shutil.rmtree(self.folder, ignore_errors=True)
                self.folder.mkdir(parents=True)
        return self.folder

    def __exit__(self, *_exception) -> None:
        if self.parent is None:
            shutil.rmtree(self.folder, ignore_errors=True)


def summary(reports: list) -> str:
    """The table: one line a project, `equal/all` for each thing compared."""
    head = ("project", "nodes", "manifest", "compiled", "statuses", "contents", "statements", "dbt s", "tidegate s")
    rows = [head, *(report.row() for report in reports)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(head))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows]
    lines.insert(1, "  ".join("-" * width for width in widths))
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
