#!/usr/bin/env python3
"""How long `tidegate lsp` lets an editor wait, on a project as large as you like.

    python3 tests/bench/gen_project.py ...            # or any project of yours
    python3 tests/bench/lsp_latency.py BINARY PROJECT MODEL.sql

MODEL is a file below PROJECT that reads something by `ref`. Printed: seconds until the first answer, then the median and the
slowest of each kind of round trip. Nothing in PROJECT is changed.
"""

import json
import pathlib
import statistics
import subprocess
import sys
import threading
import time
from queue import Empty, Queue

ROUNDS = 10


class Server:
    def __init__(self, binary, root):
        self.process = subprocess.Popen([binary, "lsp"], cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.root, self.messages, self.id = root, Queue(), 0
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        out = self.process.stdout
        while True:
            length = 0
            while line := out.readline().strip():
                if line.lower().startswith(b"content-length:"):
                    length = int(line.split(b":")[1])
            if not length:
                return
            self.messages.put((time.perf_counter(), json.loads(out.read(length))))

    def send(self, message):
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        self.process.stdin.flush()
        return time.perf_counter()

    def ask(self, method, params):
        self.id += 1
        sent = self.send({"id": self.id, "method": method, "params": params})
        while True:
            at, message = self.messages.get(timeout=120)
            if message.get("id") == self.id and "method" not in message:
                return at - sent, message.get("result")

    def wait_for_problems(self, sent, wanted, patience=120):
        while True:
            at, message = self.messages.get(timeout=patience)
            if message.get("method") == "textDocument/publishDiagnostics" and wanted(message["params"]):
                return at - sent


def main():
    binary, root, model = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve(), sys.argv[3]
    server = Server(binary, root)
    uri = (root / model).as_uri()
    text = (root / model).read_text()
    begin = time.perf_counter()
    folder = {"uri": root.as_uri(), "name": "bench"}
    server.ask("initialize", {"processId": None, "rootUri": None, "workspaceFolders": [folder], "capabilities": {}})
    server.send({"method": "initialized", "params": {}})
    version = 1
    document = {"uri": uri, "languageId": "sql", "version": version, "text": text}
    server.send({"method": "textDocument/didOpen", "params": {"textDocument": document}})
    server.wait_for_problems(begin, lambda params: params["uri"] == uri)
    print(f"first look at the project  {time.perf_counter() - begin:.3f}")
    spent, engine = {}, True

    def change(new):
        nonlocal version
        version += 1
        target = {"uri": uri, "version": version}
        return server.send({"method": "textDocument/didChange",
                            "params": {"textDocument": target, "contentChanges": [{"text": new}]}})

    def note(kind, seconds):
        spent.setdefault(kind, []).append(seconds)

    here = lambda params: params["uri"] == uri and params.get("version") == version
    for round in range(ROUNDS):
        sent = change(f"{text}\n-- {{{{ ref('nothing_{round}') }}}}\n")
        note("edit to mistake of the parser", server.wait_for_problems(sent, lambda p: here(p) and p["diagnostics"]))
        sent = change(text)
        note("edit to its going", server.wait_for_problems(sent, lambda p: here(p) and not p["diagnostics"]))
        if engine:
            sent = change(f"select no_such_column_{round} from (\n{text}\n)")
            wanted = lambda p: here(p) and any(problem["code"] == "database" for problem in p["diagnostics"])
            try:
                note("edit to mistake of the engine", server.wait_for_problems(sent, wanted, patience=15))
            except Empty:
                # What reads sources without described types is not bound.
                engine = False
        change(text + "\n-- {{ ref('")
        line = (text + "\n-- {{ ref('").count("\n")
        place = {"textDocument": {"uri": uri}, "position": {"line": line, "character": 11}}
        note("completion in `ref('`", server.ask("textDocument/completion", place)[0])
        sent = change(text)
        server.wait_for_problems(sent, here)
        offset = text.index("ref(") + 6
        before = text[:offset]
        place["position"] = {"line": before.count("\n"), "character": len(before.rsplit("\n", 1)[-1])}
        note("definition", server.ask("textDocument/definition", place)[0])
        note("hover", server.ask("textDocument/hover", place)[0])
        note("references", server.ask("textDocument/references", {**place, "context": {"includeDeclaration": True}})[0])
    for kind, seconds in spent.items():
        print(f"{kind:32} median {statistics.median(seconds):.3f}  slowest {max(seconds):.3f}")
    server.ask("shutdown", None)
    server.send({"method": "exit"})
    server.process.wait(timeout=30)


main()
