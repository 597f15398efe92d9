"""Renders example_project into Airflow tasks by Cosmos, from `dbt ls` and from the manifest, and executes some of them without
a scheduler. Prints the tasks and what came of them as JSON.
"""

import json
import sys
from datetime import datetime
from pathlib import Path

from airflow.sdk import DAG
from cosmos import DbtTaskGroup, ExecutionConfig, ProfileConfig, ProjectConfig, RenderConfig
from cosmos.constants import InvocationMode, LoadMode

project, executable = Path(sys.argv[1]), sys.argv[2]

# Cosmos runs each task in a copy of the project: a warehouse that they share has an absolute path.
profiles = project / "airflow" / "profiles.yml"
profiles.parent.mkdir()
profiles.write_text((project / "profiles.yml").read_text().replace("path: target/", f"path: {project}/target/"))
profile = ProfileConfig(profile_name="flights", target_name="dev", profiles_yml_filepath=profiles)


def group(name: str, load: LoadMode, **settings) -> DbtTaskGroup:
    return DbtTaskGroup(
        group_id=name,
        project_config=ProjectConfig(dbt_project_path=project, install_dbt_deps=False, **settings),
        profile_config=profile,
        execution_config=ExecutionConfig(dbt_executable_path=executable, invocation_mode=InvocationMode.SUBPROCESS),
        render_config=RenderConfig(
            load_method=load, invocation_mode=InvocationMode.SUBPROCESS, dbt_executable_path=executable, dbt_deps=False,
        ),
        operator_args={"install_deps": False},
    )


with DAG("flights", schedule=None, start_date=datetime(2024, 1, 1)) as dag:
    group("ls", LoadMode.DBT_LS)
    group("manifest", LoadMode.DBT_MANIFEST, manifest_path=project / "target" / "manifest.json")


class Outlets(list):
    """Stands for the scheduler, which is told of the tables that a task has written."""

    def __getitem__(self, _):
        return self

    add = list.append


outlets = Outlets()
tasks = {name: sorted(task.task_id.split(".", 1)[1] for task in dag.tasks if task.task_id.startswith(f"{name}."))
         for name in ("ls", "manifest")}
ended = {}
for name in ("ls.airlines_seed", "ls.stg_airlines.run", "ls.stg_airlines.test"):
    done = dag.get_task(name).build_and_run_cmd(context={"run_id": "local", "params": {}, "outlet_events": outlets}, cmd_flags=[])
    ended[name] = str(getattr(done, "exit_code", done))
print("RESULT " + json.dumps({"tasks": tasks, "ended": ended, "outlets": [it.uri.split("/flights/")[-1] for it in outlets]}))
