"""Go's modules and Rust's crates."""

import re
from collections.abc import Iterator
from typing import cast

from astrolabe.projects.listing import Listing, folder_of, mapping
from astrolabe.projects.parts import Part, hexadecimal, word

_MODULE = re.compile(r"(?:require\s+)?(?P<name>[\w.~-]+(?:/[\w.~!-]+)*)\s+(?P<version>v\d[\w.+-]*)")
_SUM = re.compile(r"(?P<name>\S+) (?P<version>v\d[\w.+-]*) h1:")
_LONGEST_LINE = 2000


def go_mod(listing: Listing, path: str) -> Iterator[Part]:
    """Read what a module requires; since Go 1.17 that is all that is built."""
    block = ""
    for line in listing.text(path).splitlines():
        text = line.partition("//")[0].strip()[:_LONGEST_LINE]
        if text.endswith("("):
            block = text.removesuffix("(").strip()
        elif text == ")":
            block = ""
        elif (block == "require" or (not block and text.startswith("require "))) and (
            found := _MODULE.match(text)
        ):
            yield Part("golang", found["name"], found["version"])


def go_sum(listing: Listing, path: str) -> Iterator[Part]:
    """Read the modules that were fetched whole and that the go.mod beside it does not name at another version."""
    named = {part.name for part in go_mod(listing, f"{folder_of(path)}/go.mod".lstrip("/"))}
    for line in listing.text(path).splitlines():
        found = _SUM.match(line[:_LONGEST_LINE])
        if found and found["name"] not in named and word(found["name"]):
            yield Part("golang", found["name"], found["version"])


def cargo(listing: Listing, path: str) -> Iterator[Part]:
    """Read the crates that come from elsewhere; those of the project have no source."""
    packages: object = listing.toml(path).get("package")
    for raw in cast("list[object]", packages) if isinstance(packages, list) else ():
        entry = mapping(raw)
        name, version = word(entry.get("name")), word(entry.get("version"))
        if name and version and entry.get("source"):
            yield Part("cargo", name, version, "", tuple(hexadecimal("sha256", entry.get("checksum"))))
