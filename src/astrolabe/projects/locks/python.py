"""requirements.txt (hashed or not), uv.lock, poetry.lock, pdm.lock, pylock.toml and Pipfile.lock."""

import re
from collections.abc import Iterator
from typing import cast

from astrolabe.projects.listing import Listing, mapping
from astrolabe.projects.parts import Part, word

_NAME = r"(?P<name>[A-Za-z0-9](?:[A-Za-z0-9._-]{0,200}[A-Za-z0-9])?)"
_WANTED = re.compile(
    _NAME
    + r"\s{0,9}(?:\[[^\]]{0,300}\]\s{0,9})?(?:==\s{0,9}(?P<version>[A-Za-z0-9][A-Za-z0-9.!+_-]{0,200}))?(?P<rest>.?)"
)
_OF_ITS_OWN = ("editable", "virtual", "directory")
"""Sources that are the project itself, in uv's words."""


def requirements(listing: Listing, path: str) -> Iterator[Part]:
    """Read what is wanted; a line that does not say `==` leaves the version open, and without hashes what it needs."""
    text = re.sub(r"\\\r?\n", " ", listing.text(path))
    whole = "--hash=" in text
    for line in text.splitlines():
        found = _WANTED.match(line.strip()[:2000])
        if found and found["rest"] not in {"/", ":"}:
            yield Part("pypi", found["name"], found["version"] or "", whole=whole)


def tables(listing: Listing, path: str) -> Iterator[Part]:
    """Read the packages of a lock in TOML."""
    document = listing.toml(path)
    for raw in _list(document.get("package")) + _list(document.get("packages")):
        entry = mapping(raw)
        source = mapping(entry.get("source"))
        local = any(name in source for name in _OF_ITS_OWN) or source.get("type") == "directory"
        name = word(entry.get("name"))
        if name and not local and "directory" not in entry:
            yield Part("pypi", name, word(entry.get("version")))


def pipfile(listing: Listing, path: str) -> Iterator[Part]:
    """Read what Pipenv locked, for use and for development."""
    document = listing.json(path)
    for section in ("default", "develop"):
        for name, raw in mapping(document.get(section)).items():
            if word(name):
                yield Part("pypi", name, word(mapping(raw).get("version")).removeprefix("=="))


def _list(value: object) -> list[object]:
    return cast("list[object]", value) if isinstance(value, list) else []
