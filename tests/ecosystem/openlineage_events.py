"""Reads OpenLineage events (a file, an event a line) with the classes of OpenLineage's own client, which know each facet's
fields and the version of its schema. Fails on a field that a class does not know, on one that is missing, and on another schema.
"""

import collections
import importlib
import json
import pkgutil
import sys
import uuid

import attr
from openlineage.client import generated
from openlineage.client.event_v2 import InputDataset, Job, OutputDataset, Run, RunEvent, RunState
from openlineage.common.provider.dbt import facets as of_dbt


def schemas() -> dict:
    """Every facet's class by the address of its schema."""
    modules = [importlib.import_module(f"{generated.__name__}.{it.name}") for it in pkgutil.iter_modules(generated.__path__)]
    known = {}
    for module in [*modules, of_dbt]:
        for thing in vars(module).values():
            if isinstance(thing, type) and attr.has(thing) and hasattr(thing, "_get_schema"):
                known[thing._get_schema()] = thing
    return known


KNOWN = schemas()
SEEN = collections.Counter()


def facets(given: dict) -> dict:
    made = {}
    for name, facet in given.items():
        facet = dict(facet)
        cls = KNOWN[facet.pop("_schemaURL")]
        facet.pop("_producer")
        made[name] = cls(**facet)
        SEEN[name] += 1
    return made


def dataset(cls: type, given: dict, extra: str):
    made = {"namespace": given.pop("namespace"), "name": given.pop("name"), "facets": facets(given.pop("facets", {}))}
    made[extra] = facets(given.pop(extra, {}))
    assert not given, given
    return cls(**made)


def event(given: dict) -> RunEvent:
    assert given.pop("schemaURL") == RunEvent._get_schema()
    run, job = given.pop("run"), given.pop("job")
    uuid.UUID(run["runId"])
    return RunEvent(
        eventType=RunState[given.pop("eventType")], eventTime=given.pop("eventTime"), producer=given.pop("producer"),
        run=Run(run["runId"], facets(run["facets"])), job=Job(job["namespace"], job["name"], facets(job["facets"])),
        inputs=[dataset(InputDataset, it, "inputFacets") for it in given.pop("inputs")],
        outputs=[dataset(OutputDataset, it, "outputFacets") for it in given.pop("outputs")],
    )


def main() -> None:
    begun, ends = {}, collections.Counter()
    for line in open(sys.argv[1]):
        told = event(json.loads(line))
        if told.eventType == RunState.START:
            begun[told.run.runId] = told.job.name
        else:
            assert begun.pop(told.run.runId) == told.job.name
        ends[told.eventType.value] += 1
    assert not begun, f"never ended: {begun}"
    print(json.dumps({"events": ends, "facets": SEEN}))


main()
