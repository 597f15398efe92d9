#!/usr/bin/env python3
"""All comparisons of the README's section on performance, in one go: `make bench-table`.

    python3 tests/bench/table.py --dbt .deps/bench/bin/dbt --python .deps/bench/bin/python \\
        --exe target/release/tidegate --work target/bench

Runs bench.py once for each part (light and heavy projects on DuckDB, a light one on a Postgres of its own, a large one that only
Tidegate parses), then prints one table of what they measured. Each part's own tables stay in WORK. With `--only table` nothing is
run: the table is made of what is there.
"""

from __future__ import annotations

import argparse
import glob
import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent

# name of the part -> arguments of bench.py
PARTS = {
    "light": ["--sizes", "100,1000", "--phases", "version,parse_cold,compile_cold,compile_one,ls,run,build", "--raw"],
    "heavy": ["--sizes", "100", "--heavy", "200000", "--phases", "build", "--raw"],
    "postgres": ["--sizes", "100", "--target", "postgres", "--threads", "4", "--phases", "run,build", "--raw"],
    "large": ["--sizes", "10000", "--phases", "parse_cold,ls,compile_one,compile_cold"],
}

# part, size, phase, how the table calls it, the raw rows beside it
ROWS = [
    ("light", "100", "version", "`--version`", None),
    ("light", "100", "parse_cold", "parse, 100 models", None),
    ("light", "100", "compile_cold", "compile, 100 models", None),
    ("light", "1000", "parse_cold", "parse, 1,000 models", None),
    ("light", "1000", "compile_cold", "compile, 1,000 models", None),
    ("light", "1000", "compile_one", "compile one of 1,000 models", None),
    ("light", "1000", "ls", "`ls`, 1,000 models", None),
    ("light", "100", "run", "run, 100 models", "run"),
    ("light", "100", "build", "build, 100 models", "build"),
    ("light", "1000", "run", "run, 1,000 models", "run"),
    ("light", "1000", "build", "build, 1,000 models", "build"),
    ("heavy", "100", "build", "build, 100 models on large tables", "build"),
    ("postgres", "100", "run", "run, 100 models, Postgres", "run"),
    ("postgres", "100", "build", "build, 100 models, Postgres", "build"),
    ("large", "10000", "parse_cold", "parse, 10,000 models", None),
    ("large", "10000", "ls", "`ls`, 10,000 models", None),
    ("large", "10000", "compile_one", "compile one of 10,000 models", None),
    ("large", "10000", "compile_cold", "compile, 10,000 models", None),
]


class Server:
    """A Postgres for the time of a `with`, with its own defaults, on a free port of this machine."""

    def __enter__(self) -> "Server":
        programs = self.programs()
        self.folder = tempfile.mkdtemp(prefix="tidegate-bench-pg-")
        user = ["setpriv", "--reuid", "nobody", "--regid", "nogroup", "--clear-groups"] if os.geteuid() == 0 else []
        if user:
            shutil.chown(self.folder, "nobody")
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        data = f"{self.folder}/data"
        subprocess.run([*user, f"{programs}/initdb", "-A", "trust", "-U", "postgres", "-E", "UTF8", "--no-locale", "-D", data],
                       check=True, stdout=subprocess.DEVNULL, cwd=self.folder)
        with open(f"{self.folder}/log", "w") as log:
            self.process = subprocess.Popen([*user, f"{programs}/postgres", "-D", data, "-p", str(self.port), "-k", self.folder],
                                            stdout=log, stderr=log, cwd=self.folder)
        for _ in range(300):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return self
            time.sleep(0.1)
        raise SystemExit("Postgres did not start: " + Path(f"{self.folder}/log").read_text()[-500:])

    def __exit__(self, *_) -> None:
        self.process.terminate()
        self.process.wait(60)
        shutil.rmtree(self.folder, ignore_errors=True)

    @staticmethod
    def programs() -> str:
        """The folder with the server's programs, where .ci/setup.py looks too."""
        folders = [os.environ.get("PG_BINDIR", ""), str(HERE.parents[1] / ".deps/postgres/bin"),
                   *sorted(glob.glob("/usr/lib/postgresql/*/bin")), *os.environ.get("PATH", "").split(os.pathsep)]
        for folder in folders:
            if folder and all(os.path.exists(f"{folder}/{name}") for name in ("initdb", "postgres")):
                return folder
        raise SystemExit("no Postgres found: `python3 .ci/setup.py postgres` installs one")


def run_part(name: str, a) -> bool:
    exes = [] if name == "large" else ["--exe", f"dbt={a.dbt}"]
    command = [sys.executable, str(HERE / "bench.py"), *exes, "--exe", f"tidegate={a.exe}", "--engine-python", str(a.python),
               "--work", str(a.work / name), "--out", str(a.work / name / "results"),
               "--keep", "--slow-runs", str(a.runs), "--baseline-runs", "1", *PARTS[name]]
    (a.work / name).mkdir(parents=True, exist_ok=True)
    print(f"--- {name}: {' '.join(PARTS[name])}", flush=True)
    env = dict(os.environ)
    if "postgres" not in PARTS[name]:
        return subprocess.run(command, env=env).returncode == 0
    with Server() as server:
        env.update(BENCH_PG_HOST="127.0.0.1", BENCH_PG_PORT=str(server.port), BENCH_PG_USER="postgres")
        return subprocess.run(command, env=env).returncode == 0


def shown(seconds: float) -> str:
    return f"{seconds:.3f}" if seconds < 1 else f"{seconds:.2f}" if seconds < 100 else f"{seconds:.0f}"


def median(samples, key: str) -> float:
    return statistics.median(s[key] for s in samples)


def both(samples) -> str:
    """Wall seconds, and CPU seconds in brackets."""
    return f"{shown(median(samples, 'wall'))} ({shown(median(samples, 'cpu'))})" if samples else ""


def row(label: str, block: dict, phase: str, raw: str | None) -> str:
    found = block["phases"][phase]
    tide, dbt = found["tidegate"].get("samples"), found.get("dbt", {}).get("samples")
    wrong = any(x.get("differs") or x.get("check", {}).get("ok") is False for x in found.values())
    ratios = [f"1/{median(dbt, key) / max(median(tide, key), 1e-9):.0f}" if dbt and tide else "" for key in ("wall", "cpu")]
    engine = [both(block.get("raw", {}).get(f"{raw}_{what}")) for what in ("all", "min")]
    peak = f"{median(tide, 'peak_kib') / 1024:.0f}" if tide else ""
    results = block["project"].get("build_results")
    label += f" ({results:,} nodes)" if phase == "build" and results else ""
    cells = [label + (" (!)" if wrong else ""), both(dbt), both(tide) or "failed", *ratios, *engine, peak]
    return "| " + " | ".join(cells) + " |"


def table(work: Path) -> str:
    out = ["| | dbt | Tidegate | wall | CPU | engine, all | essential | MiB |", "|---|---|---|---|---|---|---|---|"]
    for part, size, phase, label, raw in ROWS:
        path = work / part / "results.json"
        block = json.loads(path.read_text())["sizes"].get(size, {}) if path.exists() else {}
        if phase in block.get("phases", {}):
            out.append(row(label, block, phase, raw))
    for part in PARTS:
        path = work / part / "results.json"
        for size, block in json.loads(path.read_text())["sizes"].items() if path.exists() else ():
            samples = block.get("raw", {}).get("build_min")
            if samples:
                out.append(f"\nThe engine's own peak, {part}, {size} models, essential statements: "
                           f"{median(samples, 'peak_kib') / 1024:.0f} MiB")
    return "\n".join(out) + "\n"


def main() -> int:
    p = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    p.add_argument("--dbt", default=".deps/bench/bin/dbt")
    p.add_argument("--python", default=".deps/bench/bin/python", help="a Python with duckdb and psycopg2")
    p.add_argument("--exe", default="target/release/tidegate")
    p.add_argument("--work", type=Path, default=Path("target/bench"))
    p.add_argument("--runs", type=int, default=3, help="builds by Tidegate and replays by the engine (dbt builds once)")
    p.add_argument("--only", default=",".join(PARTS), help="some of: " + ", ".join(PARTS) + ", table")
    a = p.parse_args()
    # Commands are run in other folders. Links stay: a venv's Python must not be taken for the one it links to.
    a.dbt, a.python, a.exe, a.work = (Path(it).absolute() for it in (a.dbt, a.python, a.exe, a.work))
    went = [run_part(name, a) for name in a.only.split(",") if name in PARTS]
    for old in a.work.glob("*/*/old"):
        shutil.rmtree(old)
    text = table(a.work)
    (a.work / "table.md").write_text(text)
    print("\n" + text)
    return 0 if all(went) else 1


if __name__ == "__main__":
    sys.exit(main())
