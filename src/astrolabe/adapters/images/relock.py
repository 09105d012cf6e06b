"""Rewrite the toolchain lock from the registries: `python -m astrolabe.adapters.images.relock [NAME=VERSION ...]`.

Every pinned file is fetched again with pip or npm, at its version or the one given for its package; name, hash and size
are written back in place. Everything else of the lock stays as a person wrote it. Review the difference before committing.
"""

import hashlib
import re
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from astrolabe.adapters.images.toolchain_lock import LOCK_FILES, Package, PinnedFile, parse_lock

_TAGS = {
    "glibc": ("manylinux_2_28", "manylinux_2_17", "manylinux2014"),
    "musl": ("musllinux_1_2", "musllinux_1_1"),
}


def relocked(text: str, versions: Mapping[str, str], work: Path) -> str:
    """Return the text of a lock with every file pinned anew; `versions` are by package name.

    Raises:
        subprocess.CalledProcessError: a registry does not have one; the client said why.
    """
    for toolchain in parse_lock(text).values():
        for package in toolchain.packages:
            version = versions.get(package.name, package.version)
            for file in package.files:
                text = _replaced(
                    text, package, file, version, _fetched(package.name, version, file, package, work)
                )
    return text


def _replaced(text: str, package: Package, old: PinnedFile, version: str, new: Path) -> str:
    algorithm = old.hash.partition(":")[0]
    digest = hashlib.new(algorithm, new.read_bytes()).hexdigest()
    lines = [
        _line(machine, new.name, f"{algorithm}:{digest}", new.stat().st_size) if name == old.name else line
        for line in text.splitlines(keepends=True)
        for machine, name in [_pinned_in(line)]
    ]
    block = re.compile(rf'(name = "{re.escape(package.name)}"\nversion = ")[^"]*(")')
    return block.sub(rf"\g<1>{version}\g<2>", "".join(lines))


def _pinned_in(line: str) -> tuple[str, str]:
    found = re.match(r'\s*\{ machine = "([^"]*)", name = "([^"]*)"', line)
    return (found.group(1), found.group(2)) if found else ("", "")


def _line(machine: str, name: str, digest: str, size: int) -> str:
    return f'  {{ machine = "{machine}", name = "{name}", hash = "{digest}", size_bytes = {size} }},\n'


def _fetched(name: str, version: str, file: PinnedFile, package: Package, work: Path) -> Path:
    folder = Path(tempfile.mkdtemp(dir=work))
    if package.registry == "npm":
        command = [
            "npm",
            "pack",
            f"{name}@{version}",
            "--ignore-scripts",
            "--silent",
            "--pack-destination",
            str(folder),
        ]
    else:
        command = [
            *(sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:"),
            *_platforms(file.machine),
            *("--dest", str(folder), f"{name}=={version}"),
        ]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    (path,) = folder.iterdir()
    return path


def _platforms(machine: str) -> list[str]:
    if machine == "any":
        return []
    cpu, libc = machine.split("-")
    return [part for tag in _TAGS[libc] for part in ("--platform", f"{tag}_{cpu}")]


def main(arguments: Sequence[str]) -> None:
    """Rewrite the lock files that lie beside this module."""
    versions = dict(argument.split("=", 1) for argument in arguments)
    with tempfile.TemporaryDirectory() as work:
        for name in LOCK_FILES:
            path = Path(__file__).with_name(name)
            path.write_text(relocked(path.read_text("utf-8"), versions, Path(work)), "utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
