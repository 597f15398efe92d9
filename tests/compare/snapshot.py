"""The contents of a project's databases: filled, copied into one DuckDB file a side, compared relation by relation."""

import os
from pathlib import Path

import duckdb

from differences import Report

# Relations that a tool made for itself during a run.
TEMPORARY = ("__dbt_tmp", "__dbt_backup", "__dbt_new_data")


def quoted(*names: str) -> str:
    return ".".join('"' + name.replace('"', '""') + '"' for name in names)


def is_database(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(12)[8:] == b"DUCK"


def run_sql(project: Path, database: str, file: str) -> None:
    """Fills a database with what a project expects to find there."""
    before = Path.cwd()
    os.chdir(project)
    try:
        with duckdb.connect(database) as connection:
            connection.execute(Path(file).read_text())
    finally:
        os.chdir(before)


def take_snapshot(project: Path, target: Path, side: str, report: Report) -> None:
    """Copies every table and view of every database below `project`, views by what they return."""
    files = sorted(path for path in project.rglob("*") if path.is_file() and is_database(path))
    before = Path.cwd()
    os.chdir(project)  # views over files have relative paths
    try:
        with duckdb.connect() as connection:
            connection.execute("set timezone = 'UTC'")
            connection.execute(f"attach '{target}' as snapshot_file")
            for path in files:
                connection.execute(f"attach '{path}' as {quoted(path.stem)} (read_only)")
            for path in files:
                copy_database(connection, path.stem, side, report)
    finally:
        os.chdir(before)


def copy_database(connection, database: str, side: str, report: Report) -> None:
    connection.execute(f"use {quoted(database)}")
    relations = connection.execute(
        "select schema_name, table_name, 'table' from duckdb_tables() where database_name = $1 and not temporary"
        " union all select schema_name, view_name, 'view' from duckdb_views() where database_name = $1 and not internal"
        " order by all", [database]).fetchall()
    for schema, name, kind in relations:
        where = f"{database}.{schema}.{name}"
        own = quoted("snapshot_file", f"{database}.{schema}")
        connection.execute(f"create schema if not exists {own}")
        try:
            connection.execute(f"create table {own}.{quoted(f'{name} ({kind})')} as from {quoted(database, schema, name)}")
        except duckdb.Error as error:
            connection.execute(f"create table {own}.{quoted(f'{name} ({kind})')} as select $1 as unreadable", [str(error)])
            report.differ("contents", f"unreadable for {side}", where, "readable", str(error))


def tables(connection, database: str) -> set:
    found = connection.execute(
        "select schema_name, table_name from duckdb_tables() where database_name = ?", [database]).fetchall()
    return {pair for pair in found if not any(mark in pair[1] for mark in TEMPORARY)}


def compare_snapshots(expected: Path, actual: Path, report: Report) -> None:
    """Every relation: on both sides, of one kind, with the same columns, types and rows (in any order)."""
    with duckdb.connect() as connection:
        connection.execute(f"attach '{expected}' as expected (read_only)")
        connection.execute(f"attach '{actual}' as actual (read_only)")
        left, right = tables(connection, "expected"), tables(connection, "actual")
        for schema, name in sorted(left - right):
            report.differ("contents", "missing", f"{schema}.{name}", "present", "absent")
        for schema, name in sorted(right - left):
            report.differ("contents", "too many", f"{schema}.{name}", "absent", "present")
        equal = sum(compare_relation(connection, schema, name, report) for schema, name in sorted(left & right))
        report.count("contents", equal, len(left))


def compare_relation(connection, schema: str, name: str, report: Report) -> bool:
    where = f"{schema}.{name}"
    sides = [quoted(side, schema, name) for side in ("expected", "actual")]
    columns = [[column[:2] for column in connection.execute(f"describe {side}").fetchall()] for side in sides]
    if columns[0] != columns[1]:
        differing = [pair for pair in zip(*columns) if pair[0] != pair[1]]
        report.differ("contents", "columns", where, *(differing[0] if differing else columns))
        return report.is_noise("contents", where)
    names = [column[0] for column in columns[0] if column[0] not in report.volatile_columns(where)]
    if not names:
        return True
    extra, more = rows_missing(connection, names, *sides), rows_missing(connection, names, *reversed(sides))
    if not extra and not more:
        return True
    unequal = [own for own in names if rows_missing(connection, [own], *sides) or rows_missing(connection, [own], *reversed(sides))]
    report.differ("contents", "rows", where, f"{len(extra)} rows only here, such as {extra[0] if extra else None}",
                  f"{len(more)} rows only here, such as {more[0] if more else None}", unequal)
    return not unequal and report.is_noise("contents", where)


def rows_missing(connection, columns: list, left: str, right: str) -> list:
    """Rows of the left relation that the right one lacks, as often as it lacks them."""
    chosen = ", ".join(quoted(column) for column in columns)
    return connection.execute(f"(select {chosen} from {left}) except all (select {chosen} from {right})").fetchall()
