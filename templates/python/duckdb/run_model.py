"""Runs Python models on DuckDB, one after the other. Tidegate starts it as `python -c` with pipes on standard input and output.

Input: one line of JSON, the job (see `Job` in `src/adapter/duckdb/python/protocol.rs`). Then it asks for what it needs,
one line of JSON a question, and reads the answers the same way; a last line says that the model is done or how it failed.
The next job may follow; what models imported is then there already.

The script is this file behind `sql_text.py` and `warehouse.py`, as one text. It needs Python 3.8 and the module `duckdb`;
what else a model imports is its own affair.
"""

import io
import json
import linecache
import os
import queue
import shutil
import threading
import traceback
import types


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
        dbt = module.dbtObj(warehouse.load)
        frame = module.model(dbt, session)
        if frame is None:
            return dict(do="nothing")
        warehouse.publishing = True
        module.materialize(frame, session)
        return dict(do="done")
    finally:
        warehouse.close()


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
