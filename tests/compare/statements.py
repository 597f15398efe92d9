"""What each tool sent to a Postgres server, read from the server's log: every statement that changes something, in order.

Statements belong to the node that the comment in them names; `begin` and `commit` go with their neighbours of the same session.
Left out are questions (select, show), what only concerns the session (set, discard), and names that are made anew each time;
also where transactions begin and end while no node runs, for a tool that asks around needs some.
"""

import json
import re
from collections import defaultdict
from pathlib import Path

from differences import Report, TOKENS, first_difference

# Before each entry: the process that serves a session, and its database.
PREFIX = "~%p~%d~"
SETTINGS = ["-c", "log_statement=all", "-c", f"log_line_prefix={PREFIX}"]
ENTRY = re.compile(r"^~(\d+)~(\w*)~LOG:  (?:statement|execute [^:]*): ", re.MULTILINE)
ANY_ENTRY = re.compile(r"^~\d*~\w*~", re.MULTILINE)
NODE = re.compile(r"\b(?:model|seed|snapshot|test|operation|unit_test|function)\.[\w.]+")
COMMENT = re.compile(r"^\s*/\*(.*?)\*/|/\*(.*?)\*/\s*;?\s*$", re.DOTALL)
CHANGING = {"begin", "commit", "rollback", "create", "drop", "alter", "insert", "update", "delete", "merge", "truncate", "grant",
            "revoke", "comment", "refresh", "copy", "vacuum", "analyze"}
MADE_UP = [(re.compile(r'"[0-9a-f]{32}"'), '"index"'), (re.compile(r"__dbt_tmp[_\d]+"), "__dbt_tmp")]
TRANSACTIONS = {"begin", "commit", "rollback"}


def read_statements(log: str, database: str) -> dict:
    """The changing statements of a piece of log, a list for each node; what no comment names is listed under `nobody`."""
    sent = defaultdict(list)
    waiting, last = defaultdict(list), {}
    starts = [match.start() for match in ANY_ENTRY.finditer(log)] + [len(log)]
    for start, end in zip(starts, starts[1:]):
        entry = ENTRY.match(log, start, end)
        if not entry or entry.group(2) != database:
            continue
        session, text = entry.group(1), log[entry.end():end]
        comment = COMMENT.search(text)
        statements = [words for words in split(text) if words.split(" ")[0] in CHANGING]
        if not comment:
            ends = [words for words in statements if words in TRANSACTIONS - {"begin"}]
            if ends and session in last:
                sent[last[session]] += waiting.pop(session, []) + ends
            else:
                waiting[session] += statements
            continue
        name = NODE.search(comment.group(1) or comment.group(2))
        last[session] = name.group(0) if name else "nobody"
        sent[last[session]] += waiting.pop(session, []) + statements
    sent["nobody"] = [statement for statement in sent["nobody"] if statement not in TRANSACTIONS]
    return {name: statements for name, statements in sent.items() if statements}


def split(text: str) -> list:
    """The statements of a text, as their tokens in lower case: layout and comments do not count."""
    found, words = [], []
    for token in [*TOKENS.findall(text), ";"]:
        if token == ";":
            if words:
                found.append(" ".join(words))
            words = []
        elif token:
            words.append(token if token[0] in "'\"" else token.lower())
    for pattern, name in MADE_UP:
        found = [pattern.sub(name, statement) for statement in found]
    return found


def compare_statements(expected: Path, actual: Path, report: Report) -> None:
    """Both files map commands to nodes to statements. What was left by a run without a server has none."""
    if not (expected.exists() and actual.exists()):
        return
    left, right = (json.loads(path.read_text()) for path in (expected, actual))
    total = equal = 0
    for command, nodes in left.items():
        own = right.get(command, {})
        for name in sorted(nodes.keys() | own.keys()):
            mine, theirs = ("\n".join(side.get(name, [])) for side in (nodes, own))
            total, equal = total + 1, equal + (mine == theirs)
            if mine != theirs:
                report.differ("statements", name, f"{command}: {name}", *first_difference(mine, theirs))
    report.count("statements", equal, total)
