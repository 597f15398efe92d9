"""SQL text: names in it, and what its statements change. The first of the three files that `run_model.py` is made of.

Input: text as people write it. Output: names as tuples of their parts. Nothing here asks a database.
"""

import sys

if sys.path and sys.path[0] == "":
    del sys.path[0]  # `-c` puts the working folder here, where a file of the project could hide a library

import re


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

# What depends on the session that runs it.
ABOUT_SESSION = re.compile(r"\b(getvariable|current_setting)\b", re.I)


def is_file(name):
    return len(name) == 1 and bool(re.search(r"[./\\:*]", name[0]))


def tables_in(node):
    """The tables that a serialized query reads, and the names of its common table expressions."""
    found, expressions = [], set()
    pending = [node]
    while pending:
        node = pending.pop()
        if isinstance(node, dict):
            if node.get("type") == "BASE_TABLE":
                parts = (node.get("catalog_name"), node.get("schema_name"), node.get("table_name"))
                found.append(tuple(part for part in parts if part))
            names = node.get("cte_map")
            if isinstance(names, dict):
                expressions.update(entry["key"].lower() for entry in names.get("map", []))
            pending.extend(node.values())
        elif isinstance(node, list):
            pending.extend(node)
    return list(dict.fromkeys(found)), expressions
