#!/usr/bin/env python3
"""Runs tools around dbt, unchanged, against Tidegate: builds example_project through a link called `dbt`, then lets each
tool do its usual work on it and looks at what the tool found.

    python3 tests/ecosystem/run.py --tidegate target/debug/tidegate [--venv .deps/ecosystem] [TOOL..]

Environments are made from requirements.txt, and beside it from requirements-airflow.txt, when they are not there. Needs a
package index; the tools themselves run offline.
"""

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
PARSE = """
import json, sys
from dbt_artifacts_parser.parser import parse_catalog, parse_manifest, parse_run_results, parse_sources
for name, parse in [("manifest", parse_manifest), ("run_results", parse_run_results), ("catalog", parse_catalog),
                    ("sources", parse_sources)]:
    document = parse(json.load(open(f"target/{name}.json")))
    print(name, type(document).__name__)
"""


class Failed(Exception):
    """What a tool said, and what was expected."""


class World:
    """A built copy of example_project, and an environment with the tools."""

    def __init__(self, folder: Path, venvs: tuple, tidegate: Path):
        self.project, self.bin, self.airflow = folder / "flights", venvs[0] / "bin", venvs[1] / "bin"
        ignored = shutil.ignore_patterns("target", "logs")
        shutil.copytree(ROOT / "example_project", self.project, ignore=ignored)
        links = folder / "bin"
        links.mkdir()
        self.dbt = links / "dbt"
        self.dbt.symlink_to(tidegate)
        self.env = dict(
            os.environ, PATH=f"{links}:{self.bin}:{os.environ['PATH']}", HOME=str(folder), DAGSTER_DISABLE_TELEMETRY="1",
            DBT_PROFILES_DIR=str(self.project), COLUMNS="200", AIRFLOW_HOME=str(folder / "airflow"),
            AIRFLOW__CORE__LOAD_EXAMPLES="false", AIRFLOW__COSMOS__ENABLE_CACHE="false",
            AIRFLOW__COSMOS__ENABLE_TELEMETRY="false", DO_NOT_TRACK="1",
        )
        # The last command is the one whose results the tools find.
        for command in (["build"], ["docs", "generate"], ["source", "freshness"], ["build"]):
            self.run(str(self.dbt), *command)

    def run(self, *command: str) -> str:
        done = subprocess.run(command, cwd=self.project, env=self.env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              text=True, timeout=600)
        if done.returncode != 0:
            raise Failed(f"{' '.join(command)[:200]}: exit code {done.returncode}\n{done.stdout[-3000:]}")
        return done.stdout

    def manifest(self) -> dict:
        return json.loads((self.project / "target" / "manifest.json").read_text())


def expect(truth: bool, what: str, shown: str = "") -> None:
    if not truth:
        raise Failed(f"expected: {what}\n{shown[-3000:]}")


def artifacts_parser(world: World) -> str:
    """The strictest public reader: it refuses fields it does not know."""
    shown = world.run(str(world.bin / "python"), "-c", PARSE).split("\n")
    wanted = ["manifest ManifestV12", "run_results RunResultsV6", "catalog CatalogV1", "sources SourcesV3"]
    expect(shown[:4] == wanted, str(wanted), "\n".join(shown))
    return ", ".join(wanted)


def dagster(world: World) -> str:
    """An orchestrator: starts `dbt build` and reads the structured log while it runs."""
    shown = world.run(str(world.bin / "python"), str(HERE / "dagster_job.py"), str(world.project), str(world.dbt))
    nodes = world.manifest()["nodes"].values()
    built = sum(node["resource_type"] in ("model", "seed", "snapshot") and node["config"]["materialized"] != "ephemeral"
                for node in nodes)
    line = next((line for line in shown.split("\n") if line.startswith("success=")), "")
    expect(line.startswith(f"success=True assets={built} "), f"{built} assets", shown)
    expect(" checks=0 " not in line, "tests as asset checks", line)
    return line


def bouncer(world: World) -> str:
    """A linter of projects."""
    shutil.copy(HERE / "bouncer.yml", world.project / "dbt-bouncer.yml")
    shown = world.run("dbt-bouncer", "run")
    line = next((line for line in shown.split("\n") if "SUCCESS=" in line), "")
    expect(line != "" and "ERROR=0" in line, "a line of totals without errors", shown)
    return line[line.index("SUCCESS="):].strip(" │")


def coverage(world: World) -> str:
    """How much is documented and tested; joins manifest and catalog."""
    world.run("dbt-coverage", "compute", "doc", "--cov-report", "doc.json")
    report = json.loads((world.project / "doc.json").read_text())
    expect(report["covered"] > 0 and report["total"] >= 100, "more than a hundred columns", str(report)[:500])
    return f"{report['covered']} of {report['total']} columns documented"


def colibri(world: World) -> str:
    """Column lineage from compiled code and catalog."""
    world.run("colibri", "generate", "--manifest", "target/manifest.json", "--catalog", "target/catalog.json",
              "--output-dir", "colibri")
    lineage = json.loads((world.project / "colibri" / "colibri-manifest.json").read_text())
    expect(len(lineage["nodes"]) >= 11, "every model", str(lineage)[:500])
    edges = len(lineage["lineage"]["edges"])
    return f"{len(lineage['nodes'])} nodes, {edges} edges between columns"


def dbterd(world: World) -> str:
    """Entity diagrams from tests of relationships."""
    (world.project / "erd").mkdir()
    world.run("dbterd", "run", "-ad", "target", "-o", "erd")
    diagram = (world.project / "erd" / "output.dbml").read_text()
    expect("Ref: " in diagram and diagram.count("Table ") >= 11, "tables and references", diagram)
    return f"{diagram.count('Table ')} tables, {diagram.count('Ref: ')} references"


def airflow(world: World) -> str:
    """An orchestrator: renders tasks from `dbt ls` and from the manifest, and runs commands in copies of the project."""
    shown = world.run(str(world.airflow / "python"), str(HERE / "airflow_tasks.py"), str(world.project), str(world.dbt))
    line = next((line for line in shown.split("\n") if line.startswith("RESULT ")), "RESULT null")
    found = json.loads(line.removeprefix("RESULT "))
    expect(found is not None, "a result", shown)
    expect(found["tasks"]["ls"] == found["tasks"]["manifest"], "the same tasks either way", str(found["tasks"]))
    expect(set(found["ended"].values()) == {"0"}, "every task to succeed", str(found["ended"]))
    expect("staging/stg_airlines" in found["outlets"], "the model among the outlets", str(found["outlets"]))
    return f"{len(found['tasks']['ls'])} tasks from ls and from the manifest, {len(found['ended'])} executed"


def openlineage(world: World) -> str:
    """The client of OpenLineage reads every event with its own classes."""
    world.run(str(world.dbt), "build", "--openlineage-file", "events.jsonl")
    script = (str(world.airflow / "python"), str(HERE / "openlineage_events.py"))
    read = json.loads(world.run(*script, "events.jsonl").strip().split("\n")[-1])
    expect(read["events"]["START"] == read["events"]["COMPLETE"] >= 60, "an end for each start", str(read))
    expect({"schema", "sql", "dataQualityAssertions", "parent", "columnLineage"} <= set(read["facets"]), "facets", str(read))
    return f"{sum(read['events'].values())} events, {len(read['facets'])} kinds of facets"


def opentelemetry(world: World) -> str:
    """OpenTelemetry's messages take the trace."""
    address = world.project / "collector"
    command = [str(world.airflow / "python"), str(HERE / "otlp_spans.py"), str(address)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as collector:
        while not address.is_file() or not address.read_text():
            expect(collector.poll() is None, "a collector that listens")
            time.sleep(0.1)
        world.env["OTEL_EXPORTER_OTLP_ENDPOINT"] = address.read_text()
        world.run(str(world.dbt), "seed", "--opentelemetry")
        shown = collector.communicate(timeout=120)[0]
    read = json.loads(shown)
    expect(read == {"roots": ["seed flights"], "nodes": 4, "phases": 8}, "two seeds and two hooks below the command", shown)
    return f"{read['nodes']} nodes with {read['phases']} phases below `{read['roots'][0]}`"


TOOLS = {"airflow-cosmos": airflow, "openlineage": openlineage, "opentelemetry": opentelemetry,
         "dbt-artifacts-parser": artifacts_parser, "dagster-dbt": dagster, "dbt-bouncer": bouncer,
         "dbt-coverage": coverage, "dbt-colibri": colibri, "dbterd": dbterd}


def environment(venv: Path, requirements: Path) -> Path:
    """Makes an environment, unless one for these requirements is there."""
    wanted = hashlib.sha256(requirements.read_bytes()).hexdigest()
    stamp = venv / "requirements.sha256"
    if stamp.is_file() and stamp.read_text() == wanted:
        return venv
    subprocess.run([sys.executable, "-m", "venv", "--clear", str(venv)], check=True)
    pip = [str(venv / "bin" / "python"), "-m", "pip", "install", "--quiet", "-r", str(requirements)]
    subprocess.run(pip, check=True)
    stamp.write_text(wanted)
    return venv


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--tidegate", type=Path, default=ROOT / "target" / "debug" / "tidegate")
    parser.add_argument("--venv", type=Path, default=ROOT / ".deps" / "ecosystem")
    parser.add_argument("tools", nargs="*", metavar="TOOL", help=", ".join(TOOLS))
    arguments = parser.parse_args()
    unknown = set(arguments.tools) - set(TOOLS)
    if unknown:
        parser.error(f"no such tool: {', '.join(sorted(unknown))}")
    venv = arguments.venv.absolute()
    venvs = (environment(venv, HERE / "requirements.txt"),
             environment(venv.with_name(f"{venv.name}-airflow"), HERE / "requirements-airflow.txt"))
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        world = World(Path(folder).resolve(), venvs, arguments.tidegate.resolve())
        for name in arguments.tools or TOOLS:
            started = time.monotonic()
            try:
                print(f"ok    {name} ({TOOLS[name](world)}; {time.monotonic() - started:.1f} s)", flush=True)
            except (Failed, OSError, KeyError, ValueError, subprocess.SubprocessError) as error:
                failed += 1
                print(f"FAIL  {name}\n{error}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
