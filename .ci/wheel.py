#!/usr/bin/env python3
"""Packs a built binary and the DuckDB library it needs into a Python wheel, for `pip install` and `uv tool install`.

    python3 .ci/wheel.py target/release/tidegate [--out target/wheels]

A wheel is a zip archive with a list of its files: the binary goes to `bin/` of the environment, the library to its `lib/`,
where the binary finds it ($ORIGIN/../lib is in its search path) and no installer takes it for a command. Nothing is
compiled, nothing is fetched (Python 3.11 or newer); the same input gives the same bytes. The platform tag is read from
the files: the newest glibc that either of them asks for.
"""

import argparse
import base64
import hashlib
import os
import platform
import re
import sys
import tomllib
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LIBRARY = {"Linux": "libduckdb.so", "Darwin": "libduckdb.dylib"}.get(platform.system(), "")
# Zip knows no time before 1980; a fixed one keeps the bytes the same.
MOMENT = (1980, 1, 1, 0, 0, 0)
EXECUTABLE = 0o100755 << 16
PLAIN = 0o100644 << 16


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("binary", type=Path)
    parser.add_argument("--out", type=Path, default=ROOT / "target" / "wheels")
    parser.add_argument("--fast", action="store_true", help="compress less: for tests")
    arguments = parser.parse_args()
    folder = Path(os.environ.get("DUCKDB_LIB_DIR") or ROOT / ".deps" / "duckdb")
    files = [arguments.binary, folder / LIBRARY]
    for file in files:
        if not file.is_file():
            print(f"wheel: {file} is not there: build first (make wheel does)", file=sys.stderr)
            return 1
    package = tomllib.loads((ROOT / "Cargo.toml").read_text())["package"]
    tag = f"py3-none-{platform_tag(files)}"
    arguments.out.mkdir(parents=True, exist_ok=True)
    wheel = arguments.out.resolve() / f"{package['name']}-{package['version']}-{tag}.whl"
    write(wheel, package, tag, (files, 1 if arguments.fast else 9))
    print(wheel)
    return 0


def platform_tag(files: list) -> str:
    """Names the oldest system that the files run on: that of the newest symbol they ask for."""
    machine = platform.machine()
    if platform.system() == "Darwin":
        return f"macosx_11_0_{'arm64' if machine == 'arm64' else 'x86_64'}"
    newest = max(version for file in files for version in glibc_versions(file))
    return f"manylinux_{newest[0]}_{newest[1]}_{machine}"


def glibc_versions(file: Path) -> set:
    """The versions of glibc that a file names: each stands in its table of strings as `GLIBC_2.34`."""
    found = re.findall(rb"\bGLIBC_(\d+)\.(\d+)(?:\.\d+)?\0", file.read_bytes())
    return {(int(major), int(minor)) for major, minor in found} or {(2, 17)}


def write(wheel: Path, package: dict, tag: str, content: tuple) -> None:
    """Writes the archive under another name first, so that a wheel is whole or absent."""
    files, level = content
    stem = f"{package['name']}-{package['version']}"
    info = f"{stem}.dist-info"
    binary, library = files
    entries = [
        (f"{stem}.data/scripts/{binary.name}", binary.read_bytes(), EXECUTABLE),
        (f"{stem}.data/data/lib/{library.name}", library.read_bytes(), PLAIN),
        (f"{info}/METADATA", metadata(package), PLAIN),
        (f"{info}/WHEEL", f"Wheel-Version: 1.0\nGenerator: tidegate\nRoot-Is-Purelib: false\nTag: {tag}\n".encode(), PLAIN),
        (f"{info}/licenses/LICENSE", (ROOT / ".github" / "LICENSE").read_bytes(), PLAIN),
    ]
    record = "".join(f"{name},sha256={digest(data)},{len(data)}\n" for name, data, _ in entries)
    entries.append((f"{info}/RECORD", f"{record}{info}/RECORD,,\n".encode(), PLAIN))
    partial = wheel.with_suffix(".partial")
    with zipfile.ZipFile(partial, "w", zipfile.ZIP_DEFLATED, compresslevel=level) as archive:
        for name, data, mode in entries:
            entry = zipfile.ZipInfo(name, MOMENT)
            entry.external_attr, entry.compress_type = mode, zipfile.ZIP_DEFLATED
            archive.writestr(entry, data)
    os.replace(partial, wheel)


def metadata(package: dict) -> bytes:
    head = [
        "Metadata-Version: 2.4",
        f"Name: {package['name']}",
        f"Version: {package['version']}",
        f"Summary: {package['description']}",
        f"Keywords: {','.join(package['keywords'])}",
        f"License-Expression: {package['license']}",
        "License-File: LICENSE",
        "Requires-Python: >=3.8",
        "Description-Content-Type: text/markdown",
    ]
    return ("\n".join(head) + "\n\n").encode() + (ROOT / "README.md").read_bytes()


def digest(data: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()


if __name__ == "__main__":
    sys.exit(main())
