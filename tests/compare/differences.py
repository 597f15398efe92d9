"""What differs between two sets of artifacts, collected into a report."""

import json
import re
from collections import defaultdict
from pathlib import Path

# Values that differ between any two runs, or that name the tool itself.
VOLATILE = {"created_at", "compiled_path", "build_path", "checksum_path", "invocation_id", "generated_at", "root_path"}
# Parts of the manifest that hold resources by unique id.
RESOURCES = ("nodes", "sources", "exposures", "groups", "metrics", "semantic_models", "saved_queries", "unit_tests", "docs",
             "macros", "disabled")
# Packages that belong to a tool: both tools bring their own.
BUILT_IN = ("dbt", "dbt_duckdb", "dbt_postgres")


class Report:
    """Everything found for one project; `Report.differ` is called once a difference."""

    def __init__(self, project: str, baseline=None) -> None:
        self.project = project
        self.noise = set()
        self.volatile = {}
        for what, kinds in (baseline or {}).get("differences", {}).items():
            for kind, cases in kinds.items():
                for where, _, _, columns in cases:
                    self.noise.add((what, kind, where))
                    if columns:
                        self.volatile[where] = columns
        self.counts = {}
        self.seconds = {}
        self.exits = defaultdict(dict)
        self.words = defaultdict(dict)
        self.found = defaultdict(lambda: defaultdict(list))

    def exit_code(self, command: str, side: str, code, words: str) -> None:
        self.exits[command][side] = code
        self.words[command][side] = words
        if len(set(self.exits[command].values())) > 1:
            tail = " | ".join(line.strip() for line in words.strip().splitlines()[-6:])
            self.differ("exit codes", command, command, str(self.exits[command]["dbt"]), f"{code}: {tail}")

    def count(self, what: str, equal: int, total: int) -> None:
        self.counts[what] = (equal, total)

    def differ(self, what: str, kind: str, where: str, expected, actual, columns=()) -> None:
        """Notes a difference, unless dbt differs from itself in the same place."""
        if (what, kind, where) not in self.noise or columns:
            self.found[what][kind].append((where, expected, actual, list(columns)))

    def is_noise(self, what: str, where: str) -> bool:
        return any(entry[0] == what and entry[2] == where for entry in self.noise)

    def volatile_columns(self, where: str) -> list:
        return self.volatile.get(where, [])

    def equal(self) -> bool:
        return not self.found

    def row(self) -> tuple:
        def cell(what: str) -> str:
            return "{}/{}".format(*self.counts[what]) if what in self.counts else "-"

        times = tuple(f"{self.seconds[side]:.1f}" if side in self.seconds else "-" for side in ("dbt", "tidegate"))
        return (self.project, *(cell(what) for what in ("nodes", "manifest", "compiled", "statuses", "contents", "statements")), *times)

    def details(self, examples: int) -> str:
        lines = [f"== {self.project}"]
        for what, kinds in self.found.items():
            for kind, cases in sorted(kinds.items(), key=lambda item: -len(item[1])):
                lines.append(f"{what}: {kind} ({len(cases)})")
                for where, expected, actual, columns in cases[:examples]:
                    where = f"{where} (columns {', '.join(columns)})" if columns else where
                    lines.append(f"    {where}\n      dbt       {short(expected)}\n      tidegate  {short(actual)}")
        if self.equal():
            lines.append("no difference")
        return "\n".join(lines)

    def as_json(self) -> dict:
        return {"project": self.project, "counts": self.counts, "seconds": self.seconds, "exits": self.exits,
                "differences": self.found}


def short(value) -> str:
    text = value if isinstance(value, str) else json.dumps(value, default=str)
    text = text.replace("\n", "\\n")
    return text if len(text) <= 300 else text[:300] + " .."


# Comments, or else: texts and quoted names, words and numbers, any other character.
TOKENS = re.compile(r"""--[^\n]*|/\*.*?\*/|('[^']*'|"[^"]*"|\w+|[^\w\s])""", re.DOTALL)


def squeeze(sql) -> str:
    """SQL as its tokens, one blank between any two: layout and comments do not count."""
    return " ".join(token for token in TOKENS.findall(sql or "") if token)


def first_difference(expected: str, actual: str) -> tuple:
    """Both texts from shortly before the first character in which they differ."""
    at = next((i for i, (a, b) in enumerate(zip(expected, actual)) if a != b), min(len(expected), len(actual)))
    start = max(0, at - 40)
    return expected[start:start + 240], actual[start:start + 240]


def read_json(path: Path):
    return json.loads(path.read_text()) if path.is_file() else None


def compare_artifacts(ours_should_be: Path, ours: Path, report: Report) -> None:
    """manifest.json and run_results.json of both target folders."""
    for name, compare in (("manifest.json", compare_manifests), ("run_results.json", compare_results)):
        expected, actual = read_json(ours_should_be / name), read_json(ours / name)
        if expected is None:
            continue
        if actual is None:
            report.differ("artifacts", "missing", name, "written", "not written")
            actual = {}
        compare(expected, actual, report)


def compare_manifests(expected: dict, actual: dict, report: Report) -> None:
    nodes = equal_nodes = compiled = equal_compiled = resources = equal_resources = 0
    for section in RESOURCES:
        left, right = without_built_in(expected.get(section)), without_built_in(actual.get(section))
        for name in sorted(left.keys() - right.keys()):
            report.differ(f"manifest {section}", "missing", name, "present", "absent")
        for name in sorted(right.keys() - left.keys()):
            report.differ(f"manifest {section}", "too many", name, "absent", "present")
        common = sorted(left.keys() & right.keys())
        if section in ("nodes", "sources", "exposures"):
            nodes, equal_nodes = nodes + len(left), equal_nodes + len(common)
        for name in common:
            resources += 1
            before = differences_so_far(report)
            compare_values(section, "", name, left[name], right[name], report)
            equal_resources += differences_so_far(report) == before
        if section == "nodes":
            for name in (name for name in left if left[name].get("compiled_code") is not None):
                compiled += 1
                sql, own = (squeeze(side.get(name, {}).get("compiled_code")) for side in (left, right))
                if sql == own or report.is_noise("compiled", name):
                    equal_compiled += 1
                elif name in right:
                    report.differ("compiled", "SQL differs", name, *first_difference(sql, own))
    for section in ("parent_map", "child_map", "group_map"):
        compare_edges(section, expected.get(section) or {}, actual.get(section) or {}, report)
    report.count("nodes", equal_nodes, nodes)
    report.count("manifest", equal_resources, resources)
    report.count("compiled", equal_compiled, compiled)


def differences_so_far(report: Report) -> int:
    return sum(len(cases) for kinds in report.found.values() for cases in kinds.values())


def without_built_in(section) -> dict:
    """Resources by id; those of the tools' own packages are left out, lists (disabled) take their first."""
    result = {}
    for name, value in (section or {}).items():
        value = value[0] if isinstance(value, list) and value else value
        if not (isinstance(value, dict) and value.get("package_name") in BUILT_IN):
            result[name] = value
    return result


def compare_values(section: str, path: str, name: str, expected, actual, report: Report) -> None:
    """Walks two values; the kind of a difference is its path, so that equal causes are counted together."""
    if isinstance(expected, dict) and isinstance(actual, dict):
        for key in sorted(expected.keys() | actual.keys(), key=str):
            below = f"{path}.{key}" if path else str(key)
            if key in VOLATILE or below == "compiled_code":
                continue
            if key not in actual:
                report.differ(f"manifest {section}", f"{below} missing", name, expected[key], "no such key")
            elif key not in expected:
                report.differ(f"manifest {section}", f"{below} too many", name, "no such key", actual[key])
            else:
                compare_values(section, below, name, expected[key], actual[key], report)
    elif comparable(path, expected) != comparable(path, actual):
        report.differ(f"manifest {section}", path, name, expected, actual)


def comparable(path: str, value):
    """Values in which only the order is left to the tool: dbt itself writes refs and sources in random order."""
    if path in ("refs", "sources") and isinstance(value, list):
        return sorted(value, key=json.dumps)
    if path in ("depends_on.macros", "depends_on.nodes") and isinstance(value, list):
        own = [it for it in value if not str(it).startswith(tuple(f"macro.{package}." for package in BUILT_IN))]
        return sorted(own)
    return value


def compare_edges(section: str, expected: dict, actual: dict, report: Report) -> None:
    for name in sorted(expected.keys() | actual.keys()):
        left, right = sorted(expected.get(name, [])), sorted(actual.get(name, []))
        if left != right:
            report.differ(f"manifest {section}", "edges differ", name, left, right)


def compare_results(expected: dict, actual: dict, report: Report) -> None:
    left = {result["unique_id"]: result for result in expected.get("results", [])}
    right = {result["unique_id"]: result for result in actual.get("results", [])}
    equal = 0
    for name in sorted(left.keys() | right.keys()):
        was, now = left.get(name), right.get(name)
        if was is None or now is None:
            report.differ("statuses", "only one side has a result", name, was and was["status"], now and now["status"])
            continue
        same = True
        for key in ("status", "failures"):
            if was.get(key) != now.get(key) and not report.is_noise("statuses", name):
                same = False
                report.differ("statuses", key, name, was.get(key), f"{now.get(key)} ({now.get('message')})")
        equal += same
        for key in ("message", "adapter_response", "relation_name", "compiled"):
            if was.get(key) != now.get(key):
                report.differ("run results", key, name, was.get(key), now.get(key))
        if was.keys() != now.keys():
            report.differ("run results", "keys", name, sorted(was), sorted(now))
    report.count("statuses", equal, len(left))


def compare_compiled_files(expected: Path, actual: Path, report: Report) -> None:
    """Names in target/compiled and target/run; contents of the former."""
    for folder in ("compiled", "run"):
        left = {str(path.relative_to(expected)) for path in (expected / folder).rglob("*") if path.is_file()}
        right = {str(path.relative_to(actual)) for path in (actual / folder).rglob("*") if path.is_file()}
        for name in sorted(left - right):
            report.differ(f"target/{folder}", "missing", name, "written", "not written")
        for name in sorted(right - left):
            report.differ(f"target/{folder}", "too many", name, "not written", "written")
        if folder == "compiled":
            for name in sorted(left & right):
                texts = [squeeze((side / name).read_text()) for side in (expected, actual)]
                if texts[0] != texts[1]:
                    report.differ("target/compiled", "SQL differs", name, *first_difference(*texts))
