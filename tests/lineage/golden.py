"""Column lineage of public projects, compared with what was judged before, or with sqlglot.

    python3 golden.py --tidegate target/debug/tidegate --checkouts FOLDER [--judge] [--write]

FOLDER holds checkouts as `owner+name`; which ones, and what is changed in copies of them so that they build on DuckDB, is in
PROJECTS. The queries of TPC-H and TPC-DS come from DuckDB's extensions of these names (`duckdb-extension-tpch` and `-tpcds` of
PyPI). No SQL of others is kept here: golden.json has only which column comes from which.

Without --judge the lineage is compared with golden.json. With it, sqlglot (`pip install sqlglot duckdb`) says for every column what
it comes from; where the two differ, people decide, and JUDGED keeps what they decided. --write makes golden.json anew of what both
agree on and of that.
"""

import argparse
import collections
import glob
import importlib
import json
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
GOLDEN = HERE / "golden.json"

#: checkout, folder of the project in it, profile, packages (folder in dbt_packages: checkout), edits (file pattern, from, to).
PROJECTS = {
    "jaffle_shop_duckdb": ("dbt-labs+jaffle_shop_duckdb", ".", "jaffle_shop", {}, []),
    "jaffle-shop": (
        "dbt-labs+jaffle-shop", ".", "default",
        {"dbt_utils": "dbt-labs+dbt-utils", "dbt_date": "godatadriven+dbt-date"}, []),
    "mrr-playbook": (
        "dbt-labs+mrr-playbook", ".", "playbook", {"dbt_utils": "dbt-labs+dbt-utils"},
        [("models/**/*.sql", r"surrogate_key\('date_month', 'customer_id'\)", "generate_surrogate_key(['date_month', 'customer_id'])"),
         ("models/**/*.sql", r"dateadd\(month, 1, date_month\)", "(date_month + interval 1 month)"),
         ("models/**/*.sql", r"start_date=\"'2018", "start_date=\"date '2018")]),
    "attribution-playbook": (
        "dbt-labs+attribution-playbook", ".", "playbook", {},
        [("models/*.sql", r"dateadd\(days, -30, customer_conversions.converted_at\)", "customer_conversions.converted_at - interval 30 day")]),
    "dbt_github": (
        "fivetran+dbt_github", "integration_tests", "integration_tests",
        {"github": "fivetran+dbt_github", "dbt_utils": "dbt-labs+dbt-utils", "fivetran_utils": "fivetran+dbt_fivetran_utils"},
        [("dbt_packages/fivetran_utils/macros/*.sql", r"packages *= *fivetran_utils._get_utils_namespaces\(\)", "macro_namespace='fivetran_utils'")]),
}

#: Benchmarks: extension, table function of its queries, statement that makes its tables, queries left out since the
#: replacement of table names below breaks them.
BENCHMARKS = {
    "tpch": ("tpch_queries()", "call dbgen(sf=0)", []),
    "tpcds": ("tpcds_queries()", "call dsdgen(sf=0)", [49, 51]),
}

#: Where sqlglot is wrong, or cannot tell: project, model, column (`*` for all) → why ours is right.
JUDGED = {
    ("jaffle-shop", "stg_orders", "*"): "the source's file is not in the checkout, so that sqlglot has no columns for its star",
    ("jaffle-shop", "stg_order_items", "*"): "the same",
    ("attribution-playbook", "attribution_touches", "*"): "sqlglot does not resolve aliases used in the same select",
}

KEYWORDS = "on where group order join left inner limit full right cross union intersect except using having"


def profile(folder, name):
    (folder / "profiles.yml").write_text(
        f"{name}:\n  target: dev\n  outputs:\n    dev: {{type: duckdb, path: w.duckdb, schema: main, threads: 2}}\n")


def prepare(name, checkouts, work):
    """Copies a checkout with its packages, changed as told."""
    checkout, inner, profile_name, packages, edits = PROJECTS[name]
    top = work / name
    shutil.copytree(checkouts / checkout, top, ignore=shutil.ignore_patterns(".git"))
    folder = top / inner
    profile(folder, profile_name)
    for package, source in packages.items():
        ignored = shutil.ignore_patterns(".git", "integration_tests", "dbt_packages")
        shutil.copytree(checkouts / source, folder / "dbt_packages" / package, ignore=ignored, dirs_exist_ok=True)
    for file in ("packages.yml", "package-lock.yml", "dependencies.yml"):
        (folder / file).unlink(missing_ok=True)
    for pattern, old, new in edits:
        for path in folder.glob(pattern):
            path.write_text(re.sub(old, new, path.read_text()))
    return folder


def benchmark(name, work):
    """Makes a project of a benchmark's queries, a model each; its tables are sources."""
    import duckdb
    function, fill, left_out = BENCHMARKS[name]
    folder = work / name
    (folder / "models").mkdir(parents=True)
    module = importlib.import_module(f"duckdb_extension_{name}")
    extension = glob.glob(f"{Path(module.__file__).parent}/extensions/*/{name}.duckdb_extension")[0]
    con = duckdb.connect(str(folder / "w.duckdb"), config={"allow_unsigned_extensions": "true"})
    con.execute(f"load '{extension}'")
    con.execute("create schema raw")
    con.execute("use raw")
    con.execute(fill)
    tables = [row[0] for row in con.execute("select table_name from information_schema.tables where table_schema = 'raw'").fetchall()]
    (folder / "dbt_project.yml").write_text(f"name: {name}\nversion: '1.0'\nprofile: p\n")
    profile(folder, "p")
    listed = "".join(f"      - name: {table}\n" for table in tables)
    (folder / "models/sources.yml").write_text(f"sources:\n  - name: raw\n    schema: raw\n    tables:\n{listed}")
    for number, sql in con.execute(f"select query_nr, query from {function}").fetchall():
        if number in left_out:
            continue
        sql = sql.strip().rstrip(";")
        for table in sorted(tables, key=len, reverse=True):
            sql = with_source(sql, table)
        (folder / f"models/q{number:02}.sql").write_text(sql)
    con.close()
    return folder


def with_source(sql, table):
    """Puts `source()` for a table behind `from`, `join` and commas; a table without an alias keeps its name as one."""
    def replaced(match):
        alias = re.match(rf"\s+(as\s+)?(?!({'|'.join(KEYWORDS.split())})\b)[a-z_]\w*", sql[match.end():], re.I)
        return f"{match[1]}{{{{ source('raw', '{table}') }}}}" + ("" if alias else f" as {table}")
    return re.sub(rf"(\bfrom\s+|\bjoin\s+|,\s*|\(\s*){table}\b(?!\s*\.)(?!\s*\()", replaced, sql, flags=re.I)


def lineage(tidegate, folder):
    """Builds what builds, and returns the lineage and the compiled manifest."""
    def run(*words):
        return subprocess.run([tidegate, "-q", *words], cwd=folder, capture_output=True, text=True, check=False)
    run("seed", "--vars", "{load_source_data: true}")
    run("run")
    told = run("lineage", "--all")
    assert told.returncode == 0, told.stdout + told.stderr
    found = json.loads((folder / "target/column_lineage.json").read_text())
    run("compile")
    return found, json.loads((folder / "target/manifest.json").read_text())


def short(unique_id):
    return unique_id.split(".", 2)[-1] if unique_id.count(".") >= 2 else unique_id


def ours(found):
    """model → column → its inputs, or None where it is unknown."""
    models = {}
    for unique_id, node in found["nodes"].items():
        columns = models.setdefault(short(unique_id), {})
        for name, column in node["columns"].items():
            inputs = sorted({f"{short(i['relation'])}.{i['column'].lower()}" for i in column["inputs"]})
            columns[name] = None if "unknown" in column else inputs
    return models


def schema_of(folder, found, manifest):
    """Columns of all relations, for sqlglot: those in the database, and of models that did not build those we found."""
    import duckdb
    schema = {}
    for path in folder.glob("*.duckdb"):
        con = duckdb.connect(str(path), read_only=True)
        rows = con.execute("select table_catalog, table_schema, table_name, column_name, data_type from information_schema.columns")
        for database, name, table, column, kind in rows.fetchall():
            schema.setdefault(database, {}).setdefault(name, {}).setdefault(table, {})[column] = kind
        con.close()
    for unique_id, node in found["nodes"].items():
        entry = manifest["nodes"][unique_id]
        if node["columns"]:
            tables = schema.setdefault(entry["database"], {}).setdefault(entry["schema"], {})
            tables.setdefault(entry["alias"], {column: "TEXT" for column in node["columns"]})
    return schema


def theirs(folder, found, manifest):
    """The same as `ours` by sqlglot; a model that it cannot read is missing."""
    import sqlglot
    from sqlglot import exp
    from sqlglot.lineage import to_node
    from sqlglot.optimizer.qualify import qualify
    from sqlglot.optimizer.scope import build_scope
    from sqlglot.schema import ensure_schema
    schema = schema_of(folder, found, manifest)
    names, ephemeral = {}, {}
    for unique_id, entry in [*manifest["nodes"].items(), *manifest["sources"].items()]:
        if entry["resource_type"] in ("model", "seed", "snapshot", "source"):
            names[(entry["database"] or "", entry["schema"], entry.get("alias") or entry["identifier"])] = unique_id
        if entry.get("config", {}).get("materialized") == "ephemeral":
            ephemeral["__dbt__cte__" + entry["alias"]] = entry
    models = {}
    for unique_id, node in found["nodes"].items():
        sql = manifest["nodes"][unique_id].get("compiled_code")
        if not sql:
            continue
        try:
            tree = sqlglot.parse_one(sql, dialect="duckdb")
            # What a window sorts and groups by is a use, not an input.
            for window in list(tree.find_all(exp.Window)):
                for key in ("partition_by", "order", "spec", "alias"):
                    window.set(key, None)
            models_instead_of_ephemeral(tree, ephemeral, exp)
            query = qualify(tree, dialect="duckdb", schema=schema, validate_qualify_columns=False, identify=False)
            scope = build_scope(query)
            columns = {}
            for at, name in enumerate(node["columns"]):
                inputs = set()
                for step in to_node(at, scope=scope, dialect="duckdb", schema=ensure_schema(schema, dialect="duckdb")).walk():
                    if isinstance(step.source, exp.Table) and not step.downstream:
                        table = (step.source.catalog, step.source.db, step.source.name)
                        column = step.name.split(".")[-1].strip('"').lower()
                        if column != "*":
                            inputs.add(f"{short(names.get(table, '.'.join(table)))}.{column}")
                columns[name] = sorted(inputs)
            models[short(unique_id)] = columns
        except Exception as error:  # whatever it cannot do, people judge
            print(f"  sqlglot cannot tell of {unique_id}: {str(error)[:90]}")
    return models


def models_instead_of_ephemeral(tree, ephemeral, exp):
    """Ephemeral models are relations, as in our lineage."""
    ctes = tree.args.get("with_") or tree.args.get("with")
    if not ctes:
        return
    kept = [cte for cte in ctes.expressions if cte.alias not in ephemeral]
    ctes.set("expressions", kept)
    if not kept:
        ctes.pop()
    for table in tree.find_all(exp.Table):
        entry = ephemeral.get(table.name)
        if entry and not table.db:
            if not table.alias:
                table.set("alias", exp.TableAlias(this=exp.to_identifier(table.name)))
            table.set("this", exp.to_identifier(entry["alias"], quoted=True))
            table.set("db", exp.to_identifier(entry["schema"]))
            table.set("catalog", exp.to_identifier(entry["database"]))


def judged(project, model, column):
    return (project, model, column) in JUDGED or (project, model, "*") in JUDGED


def compare(project, mine, golden, figures):
    """Counts inputs that both have, and those only one has; prints the columns that differ."""
    for model, columns in golden.items():
        for column, inputs in columns.items():
            figures["columns"] += 1
            got = mine.get(model, {}).get(column)
            if got is None:
                figures["unknown"] += 1
                print(f"  {project} {model}.{column}: unknown")
                continue
            both = set(got) & set(inputs)
            figures["right"] += len(both)
            figures["wrong"] += len(set(got) - both)
            figures["missed"] += len(set(inputs) - both)
            figures["same"] += got == inputs
            if got != inputs:
                print(f"  {project} {model}.{column}: only ours {sorted(set(got) - both)}, only golden {sorted(set(inputs) - both)}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tidegate", required=True)
    parser.add_argument("--checkouts", type=Path, required=True)
    parser.add_argument("--judge", action="store_true", help="compare with sqlglot instead of golden.json")
    parser.add_argument("--write", action="store_true", help="write golden.json anew (with --judge)")
    options = parser.parse_args()
    tidegate = os.path.abspath(options.tidegate)
    golden = json.loads(GOLDEN.read_text()) if GOLDEN.exists() else {}
    figures, fresh = collections.Counter(), {}
    with tempfile.TemporaryDirectory() as work:
        for name in [*PROJECTS, *BENCHMARKS]:
            folder = benchmark(name, Path(work)) if name in BENCHMARKS else prepare(name, options.checkouts.absolute(), Path(work))
            found, manifest = lineage(tidegate, folder)
            mine = ours(found)
            expected = golden.get(name, {})
            if options.judge:
                expected = theirs(folder, found, manifest)
                for model, columns in mine.items():
                    for column, inputs in columns.items():
                        if judged(name, model, column) and inputs is not None:
                            figures["judged by hand"] += expected.get(model, {}).get(column) != inputs
                            expected.setdefault(model, {})[column] = inputs
            fresh[name] = expected
            print(f"{name}: {sum(map(len, expected.values()))} columns")
            compare(name, mine, expected, figures)
    if options.write and options.judge:
        lines = [f'"{name}": {{\n' + ",\n".join(f"  {json.dumps(model)}: {json.dumps(columns)}" for model, columns in sorted(models.items())) + "\n}"
                 for name, models in fresh.items()]
        GOLDEN.write_text("{\n" + ",\n".join(lines) + "\n}\n")
    right, wrong, missed = figures["right"], figures["wrong"], figures["missed"]
    print(dict(figures))
    print(f"precision {right / max(1, right + wrong):.4f}, recall {right / max(1, right + missed):.4f}")


if __name__ == "__main__":
    main()
