"""What `deps` installs from, made anew for each comparison: a package hub on loopback, archives, git repositories.

Everything is written here, nothing is taken from a real package. `World` is used by deps.py.
"""

import io
import json
import os
import subprocess
import tarfile
import threading
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

QUIET_GIT = {
    "GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@b", "GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@b",
    "GIT_AUTHOR_DATE": "2024-01-01T00:00:00Z", "GIT_COMMITTER_DATE": "2024-01-01T00:00:00Z",
    "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null",
}


def alpha(low: str, high: str = "") -> list:
    """The list of a package that asks for versions of acme/alpha."""
    return [{"package": "acme/alpha", "version": [low, high] if high else low}]


# name -> version -> what the package lists, or a mapping of that and other facts
HUB = {
    "acme/alpha": {v: [] for v in ("0.9.0", "1.0.0", "1.10.0", "1.2.0", "2.0.0", "2.1.0-rc1", "2.1.0-rc2")},
    "acme/beta": {"1.0.0": alpha(">=1.0.0", "<2.0.0"), "1.1.0": alpha(">=1.2.0", "<2.0.0")},
    "acme/gamma": {"1.0.0": alpha(">=2.0.0")},
    "acme/delta": {"1.0.0": alpha(">=1.0.0", "<=1.2.0")},
    "acme/number": {"1.0.0": [], "1.0.1": []},
    "acme/newer": {"1.0.0": {"require": ">=1.0.0"}, "2.0.0": {"require": [">=99.0.0", "<100.0.0"]}},
    "acme/never": {"1.0.0": {"require": [">=99.0.0"]}},
    "acme/only_pre": {"1.0.0-a1": [], "1.0.0-b1": []},
    "acme/ring_a": {"1.0.0": [{"package": "acme/ring_b", "version": "1.0.0"}]},
    "acme/ring_b": {"1.0.0": [{"package": "acme/ring_a", "version": "1.0.0"}]},
    "acme/same_name": {"1.0.0": {"project": "alpha"}},
    "acme/root_name": {"1.0.0": {"project": "shop"}},
    "acme/path_name": {"1.0.0": {"project": "../../escaped"}},
    "acme/evil_path": {"1.0.0": {"archive": "parent"}},
    "acme/evil_root": {"1.0.0": {"archive": "absolute"}},
    "acme/evil_link": {"1.0.0": {"archive": "link"}},
    "acme/evil_hard": {"1.0.0": {"archive": "hardlink"}},
    "acme/good_link": {"1.0.0": {"archive": "inner"}},
    "acme/gone": {"1.0.0": {"archive": "gone"}},
    "acme/flaky": {"1.0.0": {"archive": "flaky"}},
    "acme/wants_git": {"1.0.0": [{"git": "REPOS/tools.git", "revision": "v1"}]},
    "old/name": {"1.0.0": {"project": "old_name"}},
    "odd/list": {},
    "odd/keys": {},
}
REDIRECTS = {"old/name": {"redirectnamespace": "acme", "redirectname": "alpha"}}


class World:
    """A hub that answers until `close`, and repositories below `folder`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.asked = Counter()
        world = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):  # noqa: N802 (the library's name)
                world.answer(self)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.repos = folder / "repos"
        make_repositories(self.repos)

    def close(self) -> None:
        self.server.shutdown()

    def filled(self, text: str) -> str:
        """Puts the places of this world into a file of a case."""
        return text.replace("REPOS", str(self.repos)).replace("HUB/", self.url)

    def answer(self, request) -> None:
        path = request.path.lstrip("/")
        self.asked[path] += 1
        status, body = self.page(path)
        request.send_response(status)
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.wfile.write(body)

    def page(self, path: str) -> tuple:
        if path.startswith("archives/"):
            return self.archive(path.removeprefix("archives/"))
        name = path.removeprefix("api/v1/").removesuffix(".json")
        if name == "index":
            return 200, json.dumps(sorted(HUB) + ["odd/missing"]).encode()
        if name == "odd/list":
            return 200, b"[]"
        if name == "odd/keys":
            return 200, b'{"name": "keys"}'
        if name not in HUB:
            return 404, b"no such page"
        return 200, self.filled(json.dumps(self.metadata(name))).encode()

    def metadata(self, name: str) -> dict:
        namespace, short = name.split("/")
        versions = {}
        for version, facts in HUB[name].items():
            facts = facts if isinstance(facts, dict) else {"packages": facts}
            versions[version] = {
                "id": f"{name}/{version}", "name": facts.get("project", short), "version": version,
                "description": "", "published_at": "2024-01-01T00:00:00Z", "works_with": [],
                "packages": facts.get("packages", []), "require_dbt_version": facts.get("require", []),
                "source": {"type": "github", "url": "", "readme": ""},
                "downloads": {"tarball": f"{self.url}archives/{name}/{version}.tar.gz", "format": "tgz", "sha1": "0" * 40},
            }
        latest = list(versions)[-1]
        top = {"id": name, "name": short, "namespace": namespace, "description": "", "latest": latest, "assets": {}}
        return {**top, "versions": versions, **REDIRECTS.get(name, {})}

    def archive(self, path: str) -> tuple:
        name, version = path.removesuffix(".tar.gz").rsplit("/", 1)
        if name == "plain":
            return 200, archive_of("plain-main", "plain", "1.0.0", "")
        facts = HUB.get(name, {}).get(version)
        facts = facts if isinstance(facts, dict) else {}
        kind = facts.get("archive", "")
        if kind == "gone":
            return 404, b"Not Found"
        if kind == "flaky" and self.asked["archives/" + path] % 2 == 1:
            return 503, b"Try again"
        project = facts.get("project", name.split("/")[1])
        return 200, archive_of(f"{name.split('/')[1]}-{version}", project, version, kind)


def archive_of(top: str, project: str, version: str, kind: str) -> bytes:
    """A .tar.gz as code hosts make them, with one entry too many if `kind` says so."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as tar:
        def entry(name: str, content: bytes = b"", **fields) -> None:
            info = tarfile.TarInfo(name)
            info.mtime, info.mode, info.size = 1_700_000_000, 0o644, len(content)
            for key, value in fields.items():
                setattr(info, key, value)
            tar.addfile(info, io.BytesIO(content))

        entry(top, type=tarfile.DIRTYPE, mode=0o755)
        entry(f"{top}/dbt_project.yml", f"name: '{project}'\nversion: '{version}'\nconfig-version: 2\n".encode())
        entry(f"{top}/macros", type=tarfile.DIRTYPE, mode=0o755)
        entry(f"{top}/macros/hello.sql", b"{% macro hello() %}hello{% endmacro %}\n")
        entry(f"{top}/run.sh", b"#!/bin/sh\n", mode=0o755)
        if kind == "parent":
            entry(f"{top}/../../../escaped.txt", b"out")
        if kind == "absolute":
            entry("/tmp/escaped_absolute.txt", b"out")
        if kind == "link":
            entry(f"{top}/link", type=tarfile.SYMTYPE, linkname="/etc")
        if kind == "hardlink":
            entry(f"{top}/hard", type=tarfile.LNKTYPE, linkname="../../../../etc/passwd")
        if kind == "inner":
            entry(f"{top}/macros/again.sql", type=tarfile.SYMTYPE, linkname="hello.sql")
    return out.getvalue()


def make_repositories(folder: Path) -> None:
    """`tools.git`: tags v1 and v2, branches main and next; `mono.git`: packages in subdirectories."""
    work = folder / "work"
    git(work, "init", "-q", "-b", "main")
    commit(work, {"dbt_project.yml": "name: tools\nversion: 1.0.0\n", "macros/a.sql": "{% macro a() %}{% endmacro %}\n"})
    git(work, "tag", "v1")
    commit(work, {"dbt_project.yml": "name: tools\nversion: 2.0.0\n"})
    git(work, "tag", "-a", "v2", "-m", "second")
    git(work, "checkout", "-q", "-b", "next")
    commit(work, {"packages.yml": "packages:\n  - package: acme/alpha\n    version: 1.0.0\n"})
    git(work, "checkout", "-q", "main")
    commit(work, {"README.md": "main\n"})
    git(folder, "clone", "-q", "--bare", str(work), str(folder / "tools.git"))
    mono = folder / "mono_work"
    git(mono, "init", "-q", "-b", "main")
    files = {"a/dbt_project.yml": "name: mono_a\n", "deep/b/dbt_project.yml": "name: mono_b\n", "README.md": "mono\n"}
    commit(mono, files)
    git(mono, "tag", "1.0")
    git(folder, "clone", "-q", "--bare", str(mono), str(folder / "mono.git"))


def commit(folder: Path, files: dict) -> None:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "change")


def git(folder: Path, *words: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    subprocess.run(["git", *words], cwd=folder, check=True, env={**os.environ, **QUIET_GIT})
