"""Projects on Postgres: a server, the profile that leads to it, and snapshots of what a run left in its database.

A snapshot has the form of those of DuckDB (snapshot.py), so that the same code compares them: one table for each relation,
its columns called `name type`, its values as text; and one table `objects` a schema with indexes, constraints, comments,
privileges and the like.
"""

import os
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path

import duckdb
import psycopg2
import yaml
from psycopg2.extensions import parse_dsn

from differences import Report
from snapshot import quoted
from statements import SETTINGS, read_statements

PRIVATE = "private"
# Both tools build in a database of this name, one after the other, so that names in compiled SQL agree.
DATABASE = "compare"

RELATIONS = """
    select n.nspname, c.relname, c.oid,
      case c.relkind when 'v' then 'view' when 'm' then 'materialized view' else 'table' end
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('r', 'p', 'v', 'm') and n.nspname not in ('pg_catalog', 'information_schema')
      and n.nspname not like 'pg\\_%'
    order by 1, 2"""
COLUMNS = """
    select attname, format_type(atttypid, atttypmod) from pg_attribute
    where attrelid = %s and attnum > 0 and not attisdropped order by attnum"""
# Names of indexes are left out: dbt makes them of the time.
OBJECTS = """
    select c.relname, 'index', regexp_replace(pg_get_indexdef(i.indexrelid), 'INDEX \\S+ ON', 'INDEX ON')
    from pg_index i join pg_class c on c.oid = i.indrelid where c.relnamespace = %(schema)s::regnamespace
    union all
    select c.relname, 'constraint', pg_get_constraintdef(k.oid)
    from pg_constraint k join pg_class c on c.oid = k.conrelid where c.relnamespace = %(schema)s::regnamespace
    union all
    select c.relname, 'comment ' || d.objsubid, d.description
    from pg_description d join pg_class c on c.oid = d.objoid and d.classoid = 'pg_class'::regclass
    where c.relnamespace = %(schema)s::regnamespace
    union all
    select c.relname, 'privilege', a.grantee::regrole || ' ' || a.privilege_type
    from pg_class c, aclexplode(c.relacl) a where c.relnamespace = %(schema)s::regnamespace and a.grantee <> c.relowner
    union all
    select c.relname, 'not null', a.attname
    from pg_attribute a join pg_class c on c.oid = a.attrelid
    where c.relnamespace = %(schema)s::regnamespace and a.attnotnull and a.attnum > 0
    union all
    select c.relname, 'kept', c.relpersistence::text from pg_class c
    where c.relnamespace = %(schema)s::regnamespace and c.relkind in ('r', 'm') and c.relpersistence <> 'p'
    union all
    select p.proname, 'function', pg_get_function_arguments(p.oid) from pg_proc p
    where p.pronamespace = %(schema)s::regnamespace
    order by 1, 2, 3"""


class Server:
    """A server given by its connection string, or one of its own in a temporary folder until `stop`."""

    def __init__(self, dsn: str) -> None:
        self.folder = None
        self.read = 0
        self.parts = self.start() if dsn == PRIVATE else parse_dsn(dsn)

    def start(self) -> dict:
        """Starts `initdb`'s result on a free port of loopback; not as root, which Postgres refuses."""
        programs = Path(os.environ.get("PG_BINDIR") or max(Path("/usr/lib/postgresql").glob("*/bin"), default="/usr/bin"))
        self.folder = Path(tempfile.mkdtemp(prefix="compare-pg-"))
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = str(probe.getsockname()[1])
        user = {}
        if os.geteuid() == 0:
            shutil.chown(self.folder, "nobody")
            user = {"user": "nobody"}
        data = str(self.folder / "data")
        subprocess.run([programs / "initdb", "-A", "trust", "-U", "compare", "-E", "UTF8", "--no-sync", "-D", data],
                       check=True, stdout=subprocess.DEVNULL, cwd=self.folder, **user)
        options = f"-c fsync=off -c listen_addresses=127.0.0.1 -c max_connections=100 -k {self.folder} -p {port} {' '.join(SETTINGS)}"
        subprocess.run([programs / "pg_ctl", "-D", data, "-w", "-l", str(self.folder / "log"), "-o", options, "start"],
                       check=True, stdout=subprocess.DEVNULL, cwd=self.folder, **user)
        self.pg_ctl = (programs / "pg_ctl", data, user)
        return {"host": "127.0.0.1", "port": port, "user": "compare", "dbname": "postgres"}

    def stop(self) -> None:
        if self.folder is not None:
            program, data, user = self.pg_ctl
            subprocess.run([program, "-D", data, "-m", "immediate", "stop"], stdout=subprocess.DEVNULL, cwd=self.folder, **user)
            shutil.rmtree(self.folder, ignore_errors=True)

    def statements(self) -> dict:
        """What was sent since the last call, by node; nothing from a server whose log is out of reach."""
        if self.folder is None:
            return {}
        with (self.folder / "log").open("rb") as log:
            log.seek(self.read)
            text = log.read()
        self.read += len(text)
        return read_statements(text.decode(errors="replace"), DATABASE)

    def connect(self, database: str):
        connection = psycopg2.connect(**{**self.parts, "dbname": database})
        connection.autocommit = True
        return connection

    def recreate(self) -> None:
        """Makes the database of the projects anew."""
        connection = self.connect(self.parts.get("dbname", "postgres"))
        with connection.cursor() as cursor:
            cursor.execute(f"drop database if exists {DATABASE} with (force)")
            cursor.execute(f"create database {DATABASE}")
        connection.close()

    def run_sql(self, file: Path) -> None:
        connection = self.connect(DATABASE)
        with connection.cursor() as cursor:
            cursor.execute(file.read_text())
        connection.close()

    def output(self, schema: str) -> dict:
        """The profile's entry."""
        parts = self.parts
        return {"type": "postgres", "host": parts.get("host", "localhost"), "port": int(parts.get("port", 5432)),
                "user": parts.get("user", "postgres"), "password": parts.get("password", ""), "dbname": DATABASE,
                "schema": schema, "threads": 4}


def write_profile(project: Path, server: Server) -> None:
    """Gives a project a profile on the server, in the place of its own."""
    name = yaml.safe_load((project / "dbt_project.yml").read_text()).get("profile", "default")
    profile = {name: {"target": "dev", "outputs": {"dev": server.output("public_compare")}}}
    (project / "profiles.yml").write_text(yaml.safe_dump(profile))


def take_snapshot(server: Server, target: Path, side: str, report: Report) -> None:
    """Copies every relation of the database into a DuckDB file."""
    connection = server.connect(DATABASE)
    with connection.cursor() as cursor, duckdb.connect(str(target)) as snapshot, tempfile.TemporaryDirectory() as folder:
        cursor.execute("set timezone = 'UTC'")
        cursor.execute(RELATIONS)
        relations = cursor.fetchall()
        for schema, name, oid, kind in relations:
            snapshot.execute(f"create schema if not exists {quoted(schema)}")
            cursor.execute(COLUMNS, (oid,))
            columns = cursor.fetchall()
            try:
                copy_relation(cursor, snapshot, (schema, name, kind), columns, Path(folder) / "rows.csv")
            except psycopg2.Error as error:
                own = quoted(schema, f"{name} ({kind})")
                snapshot.execute(f"create table {own} as select $1 as unreadable", [str(error).splitlines()[0]])
                report.differ("contents", f"unreadable for {side}", f"{schema}.{name}", "readable", str(error))
        for schema in sorted({schema for schema, *_ in relations}):
            cursor.execute(OBJECTS, {"schema": quoted(schema)})
            snapshot.execute(f"create table {quoted(schema, 'objects')} (relation text, kind text, definition text)")
            rows = cursor.fetchall()
            if rows:
                snapshot.executemany(f"insert into {quoted(schema, 'objects')} values (?, ?, ?)", rows)
    connection.close()


def copy_relation(cursor, snapshot, relation: tuple, columns: list, file: Path) -> None:
    schema, name, kind = relation
    values = ", ".join(f"{quoted(column)}::text" for column, _ in columns) or "'no columns'"
    with file.open("w") as rows:
        cursor.copy_expert(f"copy (select {values} from {quoted(schema, name)}) to stdout (format csv, force_quote *, null 'NULL')",
                           rows)
    names = [quoted(f"{column} {type_}") for column, type_ in columns] or ["nothing"]
    own = quoted(schema, f"{name} ({kind})")
    snapshot.execute(f"create table {own} ({', '.join(f'{column} text' for column in names)})")
    if file.stat().st_size:
        snapshot.execute(f"copy {own} from '{file}' (format csv, header false, delimiter ',', quote '\"', escape '\"',"
                         " nullstr 'NULL', allow_quoted_nulls false, parallel false, max_line_size 100000000)")
