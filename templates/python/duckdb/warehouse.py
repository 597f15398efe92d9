"""What a model gets as its session. The second of the three files that `run_model.py` is made of.

The database stays open in Tidegate's process, and DuckDB lets no second process in. So the session is a connection of its
own, in memory, which looks like the warehouse. Under the name of each table that a model reads there is a view, without
rows at first. What reads nothing but the warehouse's tables is answered by Tidegate, on the connection and in the
transaction that builds the model, and only the answer comes over, as a Parquet file. Before anything mixes them with
frames of the model's own, the views get all rows. Statements that change the warehouse are sent there.
"""

import functools
import json
import weakref

# The warehouse behind each connection, and behind each relation made on one of them.
WAREHOUSES = weakref.WeakKeyDictionary()
RELATIONS = weakref.WeakKeyDictionary()
# The methods of DuckDB's classes as the module has them.
OWN, OWN_RELATION = {}, {}

CONNECTION_METHODS = ("sql", "query", "from_query", "execute", "table", "view", "register", "cursor", "duplicate")
# What is asked of a relation without its rows; more is added when the module is there. Everything else runs it.
WITHOUT_ROWS = {"sql_query", "explain", "close", "create_view", "to_view"}
SPECIAL = ("__len__", "__str__", "__repr__", "__getitem__", "__getattr__", "__arrow_c_stream__")

# Frames that DuckDB reads as tables when a query names their variable.
FRAMES = {"pandas", "polars", "pyarrow", "duckdb", "_duckdb"}

IN_SCOPE = compile("__tidegate_call__()", "<tidegate>", "eval")


def in_scope_of(frame, method, *args, **kwargs):
    """Calls a method of DuckDB's so that it finds the caller's variables, not ours, when a query names them."""
    call = functools.partial(method, *args, **kwargs)
    return eval(IN_SCOPE, frame.f_globals, {**frame.f_locals, "__tidegate_call__": call})


def stand_in(duckdb):
    """Has connections and relations with a warehouse behind them ask it; others of the model's are left alone."""
    if OWN:
        return
    connection, relation = duckdb.DuckDBPyConnection, duckdb.DuckDBPyRelation
    for name in CONNECTION_METHODS:
        if hasattr(connection, name):
            OWN[name] = getattr(connection, name)
            setattr(connection, name, connection_method(name))
    public = [name for name in dir(relation) if not name.startswith("_")]
    for name in [*public, *SPECIAL]:
        own = getattr(relation, name, None)
        if callable(own):
            OWN_RELATION[name] = own
            # Most methods only make another relation, which their documentation says in its first line.
            signature = (own.__doc__ or "").split("\n")[0]
            if signature.endswith("DuckDBPyRelation") and name != "execute":
                WITHOUT_ROWS.add(name)
            setattr(relation, name, relation_method(name))
    if hasattr(relation, "shape"):
        own_shape = relation.shape
        relation.shape = property(lambda self: own_shape.__get__(rows_behind(self)))


def connection_method(name):
    own = OWN[name]

    @functools.wraps(own)
    def call(connection, *args, **kwargs):
        frame, warehouse = sys._getframe(1), WAREHOUSES.get(connection)
        if warehouse is None:
            return in_scope_of(frame, own, connection, *args, **kwargs)
        return warehouse.tracked(warehouse.called(name, frame, connection, *args, **kwargs))

    return call


def relation_method(name):
    own = OWN_RELATION[name]

    @functools.wraps(own)
    def call(relation, *args, **kwargs):
        frame, warehouse = sys._getframe(1), RELATIONS.get(relation)
        if warehouse is None:
            return in_scope_of(frame, own, relation, *args, **kwargs)
        return warehouse.tracked(warehouse.asked(name, frame, relation, *args, **kwargs))

    return call


def is_among(name, rows):
    """Whether a name, qualified or not, means one of the tables (database, schema, name)."""
    *qualifiers, wanted = (part.lower() for part in name)
    return any(row[2] == wanted and all(part in row[:2] for part in qualifiers) for row in rows)


def rows_behind(relation):
    warehouse = RELATIONS.get(relation)
    return relation if warehouse is None else warehouse.with_rows(relation)


class Warehouse:
    """Answers as the warehouse would."""

    def __init__(self, duckdb, link, job):
        self.duckdb, self.link = duckdb, link
        self.databases = {name.lower() for name in job["databases"]}
        self.home = (job["database"], job["schema"])
        self.views = {}  # the views on tables of the warehouse: name -> whether it has the rows
        self.answers = weakref.WeakKeyDictionary()  # relation -> the one with its rows
        self.registered = {}
        self.as_there = True  # whether the session computes as the warehouse does
        self.publishing = False
        stand_in(duckdb)

    def connect(self, prelude):
        """Opens the session: a database in memory whose catalogs and schemas have the warehouse's names."""
        self.session = self.duckdb.connect(":memory:")
        self.helper = OWN["cursor"](self.session)  # so that nothing of ours ends a result that is being read
        for statement in prelude:
            try:
                self.execute(self.session, statement)
            except self.duckdb.Error:
                pass  # an extension or setting that only the warehouse has; a model that needs it will say so
        self.place_for(*self.home)
        self.enter(self.session)
        return self.session

    def close(self):
        """Lets go of everything, files included; relations that somebody still holds are of no use any more."""
        WAREHOUSES.clear()
        RELATIONS.clear()
        self.answers.clear()
        self.registered.clear()
        self.helper.close()
        self.session.close()

    def enter(self, connection):
        self.execute(connection, f"use {sql_name(self.home)}")
        WAREHOUSES[connection] = self

    def tracked(self, result):
        if isinstance(result, self.duckdb.DuckDBPyRelation):
            RELATIONS[result] = self
        return result

    # --- the methods of a connection ---------------------------------------------------------------------------------

    def called(self, name, frame, connection, *args, **kwargs):
        own = functools.partial(in_scope_of, frame, OWN[name], connection)
        if name in ("cursor", "duplicate"):
            cursor = own(*args, **kwargs)
            self.enter(cursor)
            return cursor
        if name == "register":
            view, value = (*args, kwargs.get("view_name"), kwargs.get("python_object"))[:2]
            self.registered[str(view).lower()] = kwargs.get("python_object", value)
            return own(*args, **kwargs)
        key = {"table": "table_name", "view": "view_name"}.get(name, "query")
        text = args[0] if args else kwargs.get(key)
        if not isinstance(text, str):
            self.load_all()
            return own(*args, **kwargs)
        if name in ("table", "view"):
            wanted = as_name(text)
            if wanted and not is_among(wanted, self.ours(connection)) and "columns" in self.bring(wanted):
                return OWN["sql"](connection, f"select * from {sql_name(wanted)}")
            return own(*args, **kwargs)
        rest = (args[1:], {k: v for k, v in kwargs.items() if k != key})
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
        has_values = (name == "execute" and bool(args)) or bool({"parameters", "params"} & set(kwargs))
        change = self.change(connection, text, kind)
        if change == "both":
            here(text, *args, **kwargs)
        if change in ("both", "there"):
            if has_values:
                raise self.duckdb.NotSupportedError(
                    "a statement that changes the warehouse cannot have parameters in a Python model; write the values into it")
            self.send(frame, connection, text)
            return connection if name == "execute" else None
        if kind in ("SET", "VARIABLE_SET", "PRAGMA"):
            self.as_there = False
        answer = self.read(connection, text, kind, has_values)
        try:
            return here(answer.get("query", text), *args, **kwargs)
        except self.duckdb.CatalogException:
            if "message" not in answer:
                raise
        raise self.error(answer)  # the warehouse knows better which names are nearly right

    # --- the methods of a relation -----------------------------------------------------------------------------------

    def asked(self, name, frame, relation, *args, **kwargs):
        own = functools.partial(in_scope_of, frame, OWN_RELATION[name])
        if name in ("create", "to_table", "insert_into"):
            table = args[0] if args else kwargs["table_name"]
            table = as_name(table) or (table,)
            if not is_among(table, self.ours(self.session)):
                into = f"insert into {sql_name(table)}" if name == "insert_into" else f"create table {sql_name(table)} as"
                self.send(frame, self.session, f"{into} select * from __tidegate_rows", {"__tidegate_rows": relation})
                return None
        if name in ("create_view", "to_view"):
            view, replace = (*args, kwargs.get("view_name"), kwargs.get("replace", True))[:2]
            question, view = self.question(relation), as_name(view) or (view,)
            if question:
                create = "create or replace" if kwargs.get("replace", replace) else "create"
                self.send(frame, self.session, f"{create} view {sql_name(view)} as {question}")
                self.bring(view)
                return OWN["sql"](self.session, f"select * from {sql_name(view)}")
        if name == "query":
            self.load_all()  # its text may name anything
        elif name not in WITHOUT_ROWS:
            relation = self.with_rows(relation)
        return own(relation, *args, **kwargs)

    def with_rows(self, relation):
        """The same rows as a relation's, but loaded: all that it reads, or if only the warehouse can tell, its answer."""
        found = self.answers.get(relation)
        if found is not None:
            return found
        sql, found = self.question(relation), relation
        answer = self.link.ask(do="query", sql=sql, kinds=[str(kind) for kind in relation.types]) if sql else {}
        if "query" in answer:
            found = OWN["sql"](self.session, answer["query"])
        else:
            self.load_all()
        self.answers[relation] = found
        return found

    def question(self, relation):
        """The SQL of a relation if it reads nothing but the warehouse's tables; `None` otherwise."""
        if not isinstance(relation, self.duckdb.DuckDBPyRelation) or RELATIONS.get(relation) is not self:
            return None
        try:
            sql = OWN_RELATION["sql_query"](relation)
        except self.duckdb.Error:
            return None  # there is no SQL for what Python functions do
        names, expressions = self.tables(sql)
        ours = self.ours(self.session)
        known = [name for name in names or [] if self.key(name) in self.views and not is_among(name, ours)]
        rest = [name for name in names or [] if name not in known and name[-1].lower() not in expressions]
        return sql if known and not rest and self.as_there and not ABOUT_SESSION.search(sql) else None

    def reads_tables(self, relation):
        """Whether a relation may depend on a view, as far as its SQL shows."""
        try:
            names, _ = self.tables(OWN_RELATION["sql_query"](relation))
        except self.duckdb.Error:
            return True
        return names is None or bool(names)

    # --- reading -----------------------------------------------------------------------------------------------------

    def tables(self, sql):
        """The tables a query reads; `None` if it is no query."""
        answer = OWN["sql"](self.helper, "select json_serialize_sql($1::varchar)", params=[sql])
        parsed = json.loads(OWN_RELATION["fetchone"](answer)[0])
        return (None, set()) if parsed.get("error") else tables_in(parsed)

    def read(self, connection, text, kind, has_values):
        """Gets ready for a query that runs here; returns the warehouse's answer if it was asked for all of it."""
        query = re.match(r"\s*create\b.*?\bas\b(.*)", text, re.I | re.S) if kind == "CREATE" else None
        named, _ = self.tables(query.group(1) if query else text)
        ours = self.ours(connection)
        if named is None:
            if kind in ("", "EXPLAIN", "PREPARE") or kind in BEFORE_TARGET:
                named = [name for name in names_in(text) if len(name) <= 3]
            else:
                return {}
        foreign = [name for name in named if not is_among(name, ours) and not is_file(name)]
        alone = kind == "SELECT" and len(foreign) == len(named) and (foreign or ABOUT_CATALOG.search(text))
        answer = {}
        if alone and not has_values and self.as_there and not ABOUT_SESSION.search(text):
            answer = self.link.ask(do="query", sql=text)
        if "query" not in answer:
            for name in foreign:
                self.bring(name)
            if named:
                self.load_all()
        return answer

    def load(self, text):
        """The relation behind `dbt.ref` and `dbt.source`."""
        name = as_name(text)
        if name is None:
            answer = self.link.ask(do="query", sql=f"select * from {text}")
            if "query" not in answer:
                raise self.error(answer)
            return self.tracked(OWN["sql"](self.session, answer["query"]))
        answer = self.bring(name)
        if "columns" not in answer:
            raise self.error(answer)
        return self.tracked(OWN["sql"](self.session, f"select * from {text}"))

    def error(self, answer):
        """The exception DuckDB's module has for an error of the warehouse's."""
        name = answer["class"].replace(" Error", "").replace(" ", "") + "Exception"
        kind = getattr(self.duckdb, name, self.duckdb.Error)
        return kind(f"{answer['class']}: {answer['message']}" if answer["class"] else answer["message"])

    def bring(self, name):
        """Puts a view under a table's name that has its columns, and fails when somebody reads it without its rows."""
        key = self.key(name)
        if key in self.views:
            return {"columns": None}
        answer = self.link.ask(do="describe", sql=f"select * from {sql_name(name)}")
        if "columns" in answer:
            columns = ", ".join(f"cast(null as {kind}) as {quoted(column)}" for column, kind in answer["columns"])
            self.place_for(*key[:2])
            self.view(key, f"select {columns} where error('the rows of this table were not loaded') is null")
            self.views[key] = False
        return answer

    def load_all(self):
        """Gives all views their rows."""
        for key, loaded in self.views.items():
            if not loaded:
                answer = self.link.ask(do="query", sql=f"select * from {sql_name(key)}")
                if "query" not in answer:
                    raise self.error(answer)
                self.view(key, answer["query"])
                self.views[key] = True

    def forget_all(self):
        """The warehouse has changed: the rows are read again when they are needed."""
        for key in list(self.views):
            del self.views[key]
            if "columns" not in self.bring(key):
                self.execute(self.helper, f"drop view if exists {sql_name(key)}")

    def view(self, key, query):
        self.execute(self.helper, f"create or replace view {sql_name(key)} as {query}")

    def key(self, name):
        """Where a name belongs: database, schema, name."""
        database, schema = self.home
        if len(name) == 2 and name[0].lower() in self.databases:
            name = (name[0], "main", name[1])
        elif len(name) == 2:
            name = (database, *name)
        elif len(name) == 1:
            name = (database, schema, *name)
        return tuple(part.lower() for part in name)

    def place_for(self, database, schema):
        known = {row[0].lower() for row in self.rows(self.helper, "select database_name from duckdb_databases()")}
        if database.lower() not in known:
            self.execute(self.helper, f"attach ':memory:' as {quoted(database)}")
        self.execute(self.helper, f"create schema if not exists {sql_name((database, schema))}")

    def ours(self, connection):
        """The tables and views that the model itself made, or registered frames as."""
        rows = self.rows(
            connection,
            "select lower(database_name), lower(schema_name), lower(table_name) from duckdb_tables() union all "
            "select lower(database_name), lower(schema_name), lower(view_name) from duckdb_views() where not internal")
        return [row for row in rows if row not in self.views]

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
        if target and is_among(target[0], self.ours(connection)):
            return "here"
        return "both" if kind == "DROP" and what not in ("table", "view", "index") else "there"

    def send(self, frame, connection, text, given=()):
        """Has the warehouse run a statement; frames and tables of the model's own that it names go along."""
        inputs = [self.input(name, relation, relation) for name, relation in dict(given).items()]
        ours = self.ours(connection)
        for name in names_in(text):
            if len(name) != 1 or name[0] in given:
                continue
            if is_among(name, ours):
                rows = OWN["sql"](connection, f"select * from {sql_name(name)}")
                inputs.append(self.input(name[0], rows, self.registered.get(name[0].lower(), rows)))
                continue
            value = frame.f_locals.get(name[0], frame.f_globals.get(name[0]))
            if type(value).__module__.split(".")[0] in FRAMES and not isinstance(value, type):
                if "columns" not in self.link.ask(do="describe", sql=f"select * from {sql_name(name)}"):
                    rows = in_scope_of(frame, OWN["sql"], connection, f"select * from {sql_name(name)}")
                    inputs.append(self.input(name[0], rows, value))
        answer = self.link.ask(do="execute", sql=text, inputs=inputs, publish=self.publishing)
        if "message" in answer:
            raise self.error(answer)
        if not self.publishing:
            self.forget_all()

    def input(self, name, rows, source):
        """Rows for the warehouse: a query of its own tables, or a file. `source` is the frame that they are those of."""
        sql = self.question(source)
        columns = [[column, str(kind)] for column, kind in zip(rows.columns, rows.types)]
        if sql and self.link.ask(do="describe", sql=sql).get("columns") == columns:
            return [name, sql]
        if isinstance(source, self.duckdb.DuckDBPyRelation) and self.reads_tables(source):
            self.load_all()
        place = self.link.ask(do="store", columns=columns)
        packed = OWN_RELATION["project"](rows, place["project"])
        OWN_RELATION["write_parquet"](packed, place["path"], compression="uncompressed")
        return [name, place["id"]]

    # --- DuckDB's own methods ----------------------------------------------------------------------------------------

    @staticmethod
    def execute(connection, sql):
        OWN["execute"](connection, sql)

    @staticmethod
    def rows(connection, sql):
        return OWN_RELATION["fetchall"](OWN["sql"](connection, sql))
