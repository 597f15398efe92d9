"""Materializes example_project by Dagster's dbt integration, and prints what Dagster learned from the log."""

import sys
from pathlib import Path

from dagster import AssetExecutionContext, DagsterInstance, materialize
from dagster_dbt import DbtCliResource, dbt_assets

project, executable = Path(sys.argv[1]), sys.argv[2]


@dbt_assets(manifest=project / "target" / "manifest.json")
def flights(context: AssetExecutionContext, dbt: DbtCliResource):
    yield from dbt.cli(["build"], context=context).stream()


resource = DbtCliResource(project_dir=str(project), profiles_dir=str(project), dbt_executable=executable)
with DagsterInstance.ephemeral() as instance:
    done = materialize([flights], resources={"dbt": resource}, instance=instance)
assets = {event.asset_key.to_user_string() for event in done.get_asset_materialization_events()}
checks = done.get_asset_check_evaluations()
print(f"success={done.success} assets={len(assets)} checks={len(checks)} failed={sum(not c.passed for c in checks)}")
