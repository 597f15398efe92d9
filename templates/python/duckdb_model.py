"""Runs Python models on DuckDB, one after the other. Tidegate starts it as `python -c` with pipes on standard input and output.

Input: one line of JSON, the job (see `Job` in `src/adapter/duckdb/python/protocol.rs`). Then it asks for what it needs,
one line of JSON a question, and reads the answers the same way; a last line says that the model is done or how it failed.
The next job may follow; what models imported is then there already.

The database stays open in Tidegate's process, and DuckDB lets no second process in. So the `session` a model gets is a
connection of its own, in memory. It looks like the warehouse: a query over the warehouse's tables is answered by
Tidegate, on the connection and in the transaction that builds the model, and its rows come as a Parquet file; what
mixes them with frames of the model's own runs here. Statements that change the warehouse are sent there.

Needs Python 3.8 and the module `duckdb`; what else a model imports is its own affair.
"""

import sys

if sys.path and sys.path[0] == "":
    del sys.path[0]  # `-c` puts the working folder here, where a file of the project could hide a library

import functools
import io
import json
import linecache
import os
import queue
import re
import shutil
import threading
import traceback
import types
import weakref


class Link:
    """The way to Tidegate: questions on what was standard output, answers on what was standard input."""

    def __init__(self):
        self.answers_in = os.fdopen(os.dup(0), "rb")
        self.questions_out = os.dup(1)
        self.lock = threading.RLock()
        self.answers = queue.Queue()
        self.process = os.getpid()
        self.folder = None
        # Nothing else may read or write the pipes: what a library prints from C goes to standard error.
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, 0)
        os.close(nothing)
        os.dup2(2, 1)

    def listen(self):
        """Reads answers in the background. When Tidegate is gone in the middle of a job there is nobody to work for."""

        def read():
            for line in self.answers_in:
                self.answers.put(json.loads(line))
            if self.folder is not None:
                shutil.rmtree(self.folder, ignore_errors=True)
                os._exit(1)
            self.answers.put(None)

        threading.Thread(target=read, daemon=True).start()

    def jobs(self):
        """The jobs until there are no more."""
        for job in iter(self.answers.get, None):
            self.folder = job["folder"]
            yield job

    def finish(self, outcome):
        """Tells how the job ended."""
        self.folder = None
        self.tell(**outcome)

    def tell(self, **message):
        if os.getpid() != self.process:
            return  # a forked process of the model's own
        line = json.dumps(message, ensure_ascii=False).encode("utf-8", "replace") + b"\n"
        with self.lock:
            while line:
                line = line[os.write(self.questions_out, line):]

    def ask(self, **question):
        if os.getpid() != self.process:
            raise RuntimeError("the warehouse can only be asked by the process that runs the model, not by one it forked")
        with self.lock:
            self.tell(**question)
            return self.answers.get()


class Printed(io.RawIOBase):
    """Standard output: lines go to Tidegate, which shows them between its own."""

    def __init__(self, link):
        self.link = link
        self.pending = b""

    def writable(self):
        return True

    def write(self, data):
        self.pending += bytes(data)
        *lines, self.pending = self.pending.split(b"\n")
        for line in lines:
            self.link.tell(do="print", text=line.decode("utf-8", "replace"))
        return len(data)

    def end_line(self):
        if self.pending:
            self.write(b"\n")


def quoted(name):
    return '"' + name.replace('"', '""') + '"'


# The parts of SQL text that matter here: comments, strings, names, everything else.
TOKEN = re.compile(r"--[^\n]*|/\*.*?\*/|'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|[^\W\d]\w*|\s+|.", re.DOTALL)


def tokens(sql):
    """The text without comments, strings and space."""
    found = (token for token in TOKEN.findall(sql))
    return [t for t in found if not (t.isspace() or t.startswith(("--", "/*", "'")))]


def is_name(token):
    return token.startswith('"') or token[0] == "_" or token[0].isalpha()


def bare(token):
    """A name as the catalog has it."""
    return token[1:-1].replace('""', '"') if token.startswith('"') else token


def names_in(sql):
    """All names of a text with their qualifiers, each as a tuple."""
    found, at, words = [], 0, tokens(sql)
    while at < len(words):
        if not is_name(words[at]):
            at += 1
            continue
        name = [bare(words[at])]
        while at + 2 < len(words) and words[at + 1] == "." and is_name(words[at + 2]):
            at += 2
            name.append(bare(words[at]))
        found.append(tuple(name))
        at += 1
    return list(dict.fromkeys(found))


def as_name(text):
    """Reads `a.b.c`; `None` for anything that is not just a name, such as a call of a table function."""
    words = tokens(text)
    names, dots = words[0::2], words[1::2]
    plain = words == [token for token in TOKEN.findall(text) if not token.isspace()]
    if plain and len(words) % 2 and all(map(is_name, names)) and set(dots) <= {"."}:
        return tuple(map(bare, names))
    return None


def sql_name(name):
    return ".".join(map(quoted, name))


# What comes before the name of the thing a statement changes.
BEFORE_TARGET = {
    "CREATE": re.compile(
        r"create( or replace)?(?P<temp> temp| temporary)?( persistent)?( recursive| unlogged)?"
        r" (?P<kind>table|view|schema|sequence|type|macro|function|secret|unique index|index)( if not exists)? ", re.I),
    "INSERT": re.compile(r"insert( or replace| or ignore)? into ", re.I),
    "UPDATE": re.compile(r"update ", re.I),
    "DELETE": re.compile(r"(delete from|truncate( table)?) ", re.I),
    "MERGE_INTO": re.compile(r"merge into ", re.I),
    "DROP": re.compile(r"drop (?P<kind>\w+)( if exists)? ", re.I),
    "ALTER": re.compile(r"(alter|comment on) (table|view|column|schema|sequence|index|type)( if exists)? ", re.I),
    "COPY": re.compile(r"copy ", re.I),
}

# Questions about the catalog itself, which only the warehouse can answer.
ABOUT_CATALOG = re.compile(r"\b(information_schema|pg_catalog|sqlite_master|duckdb_\w+|show|nextval|currval)\b", re.I)

# Frames that DuckDB reads as tables when a query names their variable.
FRAMES = {"pandas", "polars", "pyarrow", "duckdb", "_duckdb"}


# The warehouse behind each connection that has one.
WAREHOUSES = weakref.WeakKeyDictionary()
# Methods of DuckDB's connections as the module has them.
OWN = {}


def stand_in(kind):
    """Has connections with a warehouse behind them ask it; other connections of the model's are left alone."""
    for name in ("sql", "query", "from_query", "execute", "table", "view", "cursor", "duplicate"):
        if hasattr(kind, name) and name not in OWN:
            OWN[name] = getattr(kind, name)
            setattr(kind, name, method(name))


def method(name):
    own = OWN[name]

    @functools.wraps(own)
    def call(connection, *args, **kwargs):
        frame, warehouse = sys._getframe(1), WAREHOUSES.get(connection)
        if warehouse is None:
            return in_scope_of(frame, own, connection, *args, **kwargs)
        return warehouse.called(name, frame, connection, *args, **kwargs)

    return call


class Warehouse:
    """Answers as the warehouse would."""

    def __init__(self, duckdb, link, job):
        self.duckdb, self.link = duckdb, link
        self.databases = {name.lower() for name in job["databases"]}
        self.home = (job["database"], job["schema"])
        self.brought = {}  # name here -> the age of the warehouse it was read at
        self.age = 0
        self.publishing = False
        stand_in(duckdb.DuckDBPyConnection)

    def connect(self, prelude):
        """Opens the session: a database in memory whose catalogs and schemas have the warehouse's names."""
        connection = self.duckdb.connect(":memory:")
        for statement in prelude:
            try:
                self.execute(connection, statement)
            except self.duckdb.Error:
                pass  # an extension or setting that only the warehouse has; a model that needs it will say so
        self.place_for(connection, *self.home)
        self.enter(connection)
        return connection

    def enter(self, connection):
        self.execute(connection, f"use {sql_name(self.home)}")
        WAREHOUSES[connection] = self

    # --- the methods of a connection ---------------------------------------------------------------------------------

    def called(self, name, frame, connection, *args, **kwargs):
        own = functools.partial(in_scope_of, frame, OWN[name], connection)
        if name in ("cursor", "duplicate"):
            cursor = own(*args, **kwargs)
            self.enter(cursor)
            return cursor
        key = {"table": "table_name", "view": "view_name"}.get(name, "query")
        text = args[0] if args else kwargs.get(key)
        if not isinstance(text, str):
            return own(*args, **kwargs)
        rest = (args[1:], {k: v for k, v in kwargs.items() if k != key})
        if name in ("table", "view"):
            wanted = as_name(text)
            if wanted and not self.is_ours(connection, wanted) and "query" in self.bring(connection, wanted):
                return OWN["sql"](connection, f"select * from {sql_name(wanted)}")
            return own(*args, **kwargs)
        parts = self.split(text)
        for part, kind in parts[:-1]:
            self.run("execute", frame, connection, part, kind, ((), {}))
        return self.run(name, frame, connection, *parts[-1], rest)

    def split(self, text):
        """The statements of a text with their kinds. What cannot be read is one statement of no kind."""
        try:
            found = [(s.query, s.type.name) for s in self.duckdb.extract_statements(text)]
        except self.duckdb.Error:
            return [(text, "")]
        if len(found) == 1:
            return [(text, found[0][1])]
        # A pivot is two statements which have no text of their own.
        whole = found and all(part.strip() and part in text for part, _ in found)
        return found if whole else [(text, "")]

    def run(self, name, frame, connection, text, kind, rest):
        args, kwargs = rest
        here = functools.partial(in_scope_of, frame, OWN[name], connection)
        has_values = bool(args if name == "execute" else False) or bool({"parameters", "params"} & set(kwargs))
        change = self.change(connection, text, kind)
        if change == "both":
            here(text, *args, **kwargs)
        if change in ("both", "there"):
            if has_values:
                raise self.duckdb.NotSupportedError(
                    "a statement that changes the warehouse cannot have parameters in a Python model; write the values into it")
            self.send(frame, connection, text)
            return connection if name == "execute" else None
        if kind in ("SELECT", "EXPLAIN", "CREATE", "COPY", ""):
            answer = self.read(connection, text, kind, has_values)
        else:
            answer = {}
            self.bring_all(connection, names_in(text) if kind in BEFORE_TARGET else [])
        try:
            return here(answer.get("query", text), *args, **kwargs)
        except self.duckdb.CatalogException:
            if "message" not in answer:
                raise
        raise self.error(answer)  # the warehouse knows better which names are nearly right

    # --- reading -----------------------------------------------------------------------------------------------------

    def read(self, connection, text, kind, has_values):
        """Gets the rows that a query needs; returns the warehouse's answer if it was asked for all of them."""
        try:
            named = {as_name(name) or (name,) for name in connection.get_table_names(text, qualified=True)}
        except Exception:  # no query after all, or one that names no tables; whatever it is, DuckDB will tell
            self.bring_all(connection, names_in(text) if kind in ("", "COPY") else [])
            return {}
        foreign = [name for name in named if not self.is_ours(connection, name) and not is_file(name)]
        alone = len(foreign) == len(named) and (foreign or ABOUT_CATALOG.search(text))
        answer = {}
        if kind == "SELECT" and alone and not has_values:
            answer = self.link.ask(do="query", sql=text)
        for name in foreign if "query" not in answer else []:
            self.bring(connection, name)
        return answer

    def load(self, connection, text):
        """The relation behind `dbt.ref` and `dbt.source`."""
        name = as_name(text)
        if name is None:
            return OWN["sql"](connection, self.answered(self.link.ask(do="query", sql=f"select * from {text}")))
        self.answered(self.bring(connection, name, text))
        return OWN["sql"](connection, f"select * from {text}")

    def answered(self, answer):
        if "query" not in answer:
            raise self.error(answer)
        return answer["query"]

    def error(self, answer):
        """The exception DuckDB's module has for an error of the warehouse's."""
        name = answer["class"].replace(" Error", "").replace(" ", "") + "Exception"
        kind = getattr(self.duckdb, name, self.duckdb.Error)
        return kind(f"{answer['class']}: {answer['message']}" if answer["class"] else answer["message"])

    def bring(self, connection, name, text=None):
        """Puts a view of a table's rows under its name; returns the warehouse's answer."""
        key = self.key(name)
        if self.brought.get(key) == self.age:
            return {"query": ""}
        answer = self.link.ask(do="query", sql=f"select * from {text or sql_name(name)}")
        if "query" in answer:
            self.place_for(connection, *key[:2])
            self.execute(connection, f"create or replace view {sql_name(key)} as {answer['query']}")
            self.brought[key] = self.age
        return answer

    def bring_all(self, connection, names):
        """The same for words that may or may not be tables."""
        names = [name for name in names if len(name) <= 3 and not self.is_ours(connection, name)]
        found = self.link.ask(do="which", names=[sql_name(name) for name in names])["found"] if names else []
        for name, there in zip(names, found):
            if there:
                self.bring(connection, name)

    def key(self, name):
        """Where a name belongs: database, schema, name."""
        database, schema = self.home
        if len(name) == 3:
            return name
        if len(name) == 2 and name[0].lower() in self.databases:
            return (name[0], "main", name[1])
        return (database, name[0], name[1]) if len(name) == 2 else (database, schema, name[0])

    def place_for(self, connection, database, schema):
        known = {row[0].lower() for row in self.rows(connection, "select database_name from duckdb_databases()")}
        if database.lower() not in known:
            self.execute(connection, f"attach ':memory:' as {quoted(database)}")
        self.execute(connection, f"create schema if not exists {sql_name((database, schema))}")

    def is_ours(self, connection, name):
        """Whether the model itself made a table or view of that name, or registered a frame under it."""
        brought = {tuple(map(str.lower, key)) for key in self.brought}
        *qualifiers, wanted = (part.lower() for part in name)
        rows = self.rows(
            connection,
            "select lower(database_name), lower(schema_name), lower(table_name) from duckdb_tables() union all "
            "select lower(database_name), lower(schema_name), lower(view_name) from duckdb_views() where not internal")
        mine = [row for row in rows if row not in brought and row[2] == wanted]
        return any(all(part in row[:2] for part in qualifiers) for row in mine)

    # --- writing -----------------------------------------------------------------------------------------------------

    def change(self, connection, text, kind):
        """Where a statement belongs: `here`, `there` in the warehouse, or `both`."""
        pattern = BEFORE_TARGET.get(kind)
        words = " ".join(tokens(text)).replace(" . ", ".") + " "
        found = pattern and pattern.match(words)
        if not found:
            return "here"
        groups = found.groupdict()
        what = (groups.get("kind") or "").lower()
        if kind == "CREATE":
            if what == "secret" or (groups["temp"] and not self.publishing):
                return "here"
            return "both" if what in ("macro", "function", "type", "schema", "sequence") else "there"
        target = names_in(words[found.end():])[:1]
        if kind == "COPY" and not re.match(r"\S+( \(.*?\))? from ", words[found.end():], re.I):
            return "here"
        if target and self.is_ours(connection, target[0]):
            return "here"
        return "both" if kind == "DROP" and what not in ("table", "view", "index") else "there"

    def send(self, frame, connection, text):
        """Has the warehouse run a statement; frames and tables of the model's own that it names go along."""
        inputs = []
        for name in names_in(text):
            if len(name) != 1:
                continue
            if self.is_ours(connection, name):
                inputs.append(self.store(name[0], OWN["sql"](connection, f"select * from {sql_name(name)}")))
                continue
            value = frame.f_locals.get(name[0], frame.f_globals.get(name[0]))
            if type(value).__module__.split(".")[0] in FRAMES and not isinstance(value, type):
                if not self.link.ask(do="which", names=[sql_name(name)])["found"][0]:
                    rows = in_scope_of(frame, OWN["sql"], connection, f"select * from {sql_name(name)}")
                    inputs.append(self.store(name[0], rows))
        answer = self.link.ask(do="execute", sql=text, inputs=inputs, publish=self.publishing)
        self.age += 1
        if "message" in answer:
            raise self.error(answer)

    def store(self, name, relation):
        """Writes rows where the warehouse can read them."""
        columns = [[column, str(kind)] for column, kind in zip(relation.columns, relation.types)]
        place = self.link.ask(do="store", columns=columns)
        relation.project(place["project"]).write_parquet(place["path"])
        return [name, place["id"]]

    # --- DuckDB's own methods ----------------------------------------------------------------------------------------

    def execute(self, connection, sql):
        OWN["execute"](connection, sql)

    def rows(self, connection, sql):
        return OWN["sql"](connection, sql).fetchall()


def is_file(name):
    return len(name) == 1 and bool(re.search(r"[./\\:*]", name[0]))


IN_SCOPE = compile("__tidegate_call__()", "<tidegate>", "eval")


def in_scope_of(frame, method, *args, **kwargs):
    """Calls a method of DuckDB's so that it finds the caller's variables, not ours, when a query names them."""
    call = functools.partial(method, *args, **kwargs)
    return eval(IN_SCOPE, frame.f_globals, {**frame.f_locals, "__tidegate_call__": call})


def load_module(job):
    """Runs the model's file as a module whose lines are those of the user's file."""
    path, code = job["path"], job["code"]
    text = "\n" * job["lines_before"] + code
    module = types.ModuleType(job["name"])
    module.__file__ = path
    linecache.cache[path] = (len(text), None, text.splitlines(True), path)
    exec(compile(text, path, "exec"), module.__dict__)
    return module


def run(job, link):
    """Returns what to tell in the end."""
    try:
        import duckdb
    except ModuleNotFoundError as error:
        if error.name != "duckdb":
            raise
        return dict(do="missing", module="duckdb", python=sys.executable)
    sys.path.extend(path for path in job["module_paths"] if path not in sys.path)
    warehouse = Warehouse(duckdb, link, job)
    session = warehouse.connect(job["prelude"])
    try:
        module = load_module(job)
        dbt = module.dbtObj(functools.partial(warehouse.load, session))
        frame = module.model(dbt, session)
        if frame is None:
            return dict(do="nothing")
        warehouse.publishing = True
        module.materialize(frame, session)
        return dict(do="done")
    finally:
        session.close()


def failure(error):
    """What a person needs to know of an exception: where in which file, and the whole traceback for the log."""
    ours = ("<string>", "<tidegate>")
    stack = [f for f in traceback.extract_tb(error.__traceback__) if f.filename not in ours]
    frames = [dict(file=f.filename, line=f.lineno or 0, function=f.name) for f in stack]
    message = str(error)
    if isinstance(error, SyntaxError):
        frames.append(dict(file=error.filename or "", line=error.lineno or 0, function="<module>"))
        message = error.msg
    module = error.name if isinstance(error, ModuleNotFoundError) else None
    return dict(do="failed", type=type(error).__name__, message=message, frames=frames, module=module,
                python=sys.executable, traceback="".join(traceback.format_exception(type(error), error, error.__traceback__)))


def main():
    link = Link()
    link.listen()
    printed, home = Printed(link), os.getcwd()
    stdout = io.TextIOWrapper(io.BufferedWriter(printed), encoding="utf-8", errors="replace", line_buffering=True)
    for job in link.jobs():
        sys.stdout = stdout
        os.chdir(home)
        try:
            outcome = run(job, link)
        except BaseException as error:  # also what `sys.exit` raises: the model did not return
            outcome = failure(error)
        stdout.flush()
        printed.end_line()
        link.finish(outcome)


if __name__ == "__main__":
    main()
