"""Check what a plain installation brings along: each dependency's licence, their number, and their size.

Reads the locked dependencies of the package from uv.lock and what is installed of
them in this environment. Exits with 1 on a licence that is not allowed or not told, on a dependency that is not
installed, and above 60 packages or 120 MB.
"""

import re
import sys
import tomllib
from dataclasses import dataclass
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

from packaging.markers import Marker

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = "astrolabe"
MOST_PACKAGES = 60
MOST_BYTES = 120_000_000
ALLOWED = {
    "0BSD",
    "Apache-2.0",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "CC0-1.0",
    "ISC",
    "MIT",
    "MIT-0",
    "MPL-2.0",
    "PSF-2.0",
    "Python-2.0",
    "Unlicense",
    "Zlib",
}
BY_WORDS = {
    "apache 2.0": "Apache-2.0",
    "apache license 2.0": "Apache-2.0",
    "apache license, version 2.0": "Apache-2.0",
    "apache software license": "Apache-2.0",
    "bsd license": "BSD-3-Clause",
    "isc license": "ISC",
    "isc license (iscl)": "ISC",
    "mit license": "MIT",
    "mozilla public license 2.0 (mpl 2.0)": "MPL-2.0",
    "python software foundation license": "PSF-2.0",
    "the unlicense (unlicense)": "Unlicense",
}
"""What packages wrote before there were SPDX expressions, in lower case."""
LONGEST_NAME = 60
"""A licence field longer than that holds the licence's whole text."""


@dataclass(frozen=True)
class Row:
    """One dependency as it is installed; `fault` is empty when all is well."""

    name: str
    version: str
    licence: str
    size_bytes: int
    fault: str


def main() -> None:
    names = locked(tomllib.loads((ROOT / "uv.lock").read_text()))
    rows = [row(name) for name in names]
    total = sum(item.size_bytes for item in rows)
    own = own_bytes()
    for item in rows:
        fault = f"  {item.fault}" if item.fault else ""
        print(f"{item.name:<24}{item.version:<14}{item.licence:<34}{item.size_bytes / 1e6:6.1f} MB{fault}")
    print(f"{len(rows)} packages besides our own, at most {MOST_PACKAGES}")
    print(f"{(total + own) / 1e6:.1f} MB with our own {own / 1e6:.1f} MB, at most {MOST_BYTES / 1e6:.0f} MB")
    wrong = any(item.fault for item in rows)
    sys.exit(1 if wrong or len(rows) > MOST_PACKAGES or total + own > MOST_BYTES else 0)


def locked(lock: dict[str, Any]) -> list[str]:
    """Return the packages the lock gives a plain installation on this machine, sorted."""
    packages: dict[str, list[dict[str, Any]]] = {}
    for package in lock["package"]:
        packages.setdefault(package["name"], []).append(package)
    found: set[str] = set()
    waiting: list[tuple[str, tuple[str, ...]]] = [(PACKAGE, ())]
    seen: set[tuple[str, tuple[str, ...]]] = set()
    while waiting:
        name, extras = item = waiting.pop()
        if item in seen:
            continue
        seen.add(item)
        found.add(name)
        for package in packages[name]:
            needs = list(package.get("dependencies", ()))
            for extra in extras:
                needs += package.get("optional-dependencies", {}).get(extra, ())
            waiting += [(need["name"], tuple(need.get("extra", ()))) for need in needs if here(need)]
    return sorted(found - {PACKAGE})


def here(need: dict[str, Any]) -> bool:
    """Tell whether a dependency is for this machine."""
    return "marker" not in need or Marker(need["marker"]).evaluate()


def row(name: str) -> Row:
    try:
        installed = distribution(name)
    except PackageNotFoundError:
        return Row(name, "", "", 0, "is not installed")
    licence = licence_of(installed)
    fault = "" if permitted(licence) else "is not allowed" if licence else "tells no licence"
    return Row(name, installed.version, licence, bytes_of(installed), fault)


def licence_of(installed: Distribution) -> str:
    """Return what a package says of its licence as an SPDX expression where it can be known, else its own words."""
    said = installed.metadata
    if expression := said.get("License-Expression"):
        return expression
    classifiers = [
        line.rsplit(" :: ", 1)[-1] for line in said.get_all("Classifier", []) if line.startswith("License ::")
    ]
    known = [BY_WORDS.get(words.lower(), words) for words in classifiers if words != "OSI Approved"]
    words = (said.get("License") or "").strip()
    if not known and words and len(words) <= LONGEST_NAME:
        known = [BY_WORDS.get(words.lower(), words)]
    return " AND ".join(known)


def permitted(expression: str) -> bool:
    """Tell whether an SPDX expression can be met with allowed licences alone: one side of each OR, all of an AND."""
    words = re.findall(r"\(|\)|[^\s()]+", expression)
    value, rest = _either(words)
    return value and not rest


def _either(words: list[str]) -> tuple[bool, list[str]]:
    value, rest = _both(words)
    while rest and rest[0].upper() == "OR":
        other, rest = _both(rest[1:])
        value = value or other
    return value, rest


def _both(words: list[str]) -> tuple[bool, list[str]]:
    value, rest = _one(words)
    while rest and rest[0].upper() == "AND":
        other, rest = _one(rest[1:])
        value = value and other
    return value, rest


def _one(words: list[str]) -> tuple[bool, list[str]]:
    if not words:
        return False, []
    if words[0] == "(":
        value, rest = _either(words[1:])
        return (value, rest[1:]) if rest[:1] == [")"] else (False, rest)
    return words[0] in ALLOWED, words[1:]


def bytes_of(installed: Distribution) -> int:
    """Return what a package takes on disk, without what was compiled after it was installed."""
    paths = [Path(str(file.locate())) for file in installed.files or () if file.suffix != ".pyc"]
    return sum(path.stat().st_size for path in paths if path.is_file())


def own_bytes() -> int:
    """Return the size of our sources; the wheel, which is compressed, is smaller."""
    return sum(
        path.stat().st_size for path in (ROOT / "src").rglob("*") if path.is_file() and path.suffix != ".pyc"
    )


if __name__ == "__main__":
    main()
