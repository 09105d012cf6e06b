"""What a project is made of, from its lock files: a CycloneDX 1.6 bill of materials, and the licences they state."""

import base64
import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from astrolabe.projects.listing import Listing, mapping

_PINNED = re.compile(
    r"^(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*)(?:\[[^\]\n]*\])?==(?P<version>[A-Za-z0-9.!+_-]+)", re.MULTILINE
)
_MOST = 50_000
_HASHES = {
    "sha512": ("SHA-512", 64),
    "sha384": ("SHA-384", 48),
    "sha256": ("SHA-256", 32),
    "sha1": ("SHA-1", 20),
}
"""CycloneDX's names, and how many bytes such a digest has: one of another length is none."""


@dataclass(frozen=True)
class Part:
    """One package at one version; `licence` is what its lock file states, empty where that says nothing."""

    kind: str
    name: str
    version: str
    licence: str = ""
    hashes: tuple[tuple[str, str], ...] = ()

    @property
    def purl(self) -> str:
        """Its package URL: github.com/package-url/purl-spec."""
        name = re.sub(r"[-_.]+", "-", self.name).lower() if self.kind == "pypi" else self.name
        return f"pkg:{self.kind}/{'/'.join(quote(part, safe='') for part in name.split('/'))}@{quote(self.version, safe='')}"


def parts_of(listing: Listing) -> tuple[Part, ...]:
    """Return every locked package once, sorted."""
    found = {part.purl: part for part in (*_npm(listing), *_pypi(listing))}
    return tuple(found[purl] for purl in sorted(found)[:_MOST])


def _npm(listing: Listing) -> Iterator[Part]:
    for lock in listing.named("package-lock.json"):
        for place, raw in mapping(listing.json(lock).get("packages")).items():
            entry = mapping(raw)
            name = str(entry.get("name") or place.rpartition("node_modules/")[2])
            version = entry.get("version")
            if "node_modules/" in place and name and isinstance(version, str) and not entry.get("link"):
                licence = entry.get("license")
                hashes = tuple(_integrity(str(entry.get("integrity", ""))))
                yield Part("npm", name, version, licence if isinstance(licence, str) else "", hashes)


def _integrity(text: str) -> Iterator[tuple[str, str]]:
    for word in text.split():
        name, _, coded = word.partition("-")
        try:
            digest = base64.b64decode(coded.partition("?")[0], validate=True)
        except (binascii.Error, ValueError):
            continue
        known, length = _HASHES.get(name, ("", 0))
        if known and len(digest) == length:
            yield known, digest.hex()


def _pypi(listing: Listing) -> Iterator[Part]:
    for lock in listing.named("requirements.txt"):
        for found in _PINNED.finditer(listing.text(lock)):
            yield Part("pypi", found["name"], found["version"])


def bill_of(parts: tuple[Part, ...]) -> dict[str, Any]:
    """Return the bill of materials; equal parts give equal bills."""
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "components": [_component(part) for part in parts],
    }


def _component(part: Part) -> dict[str, Any]:
    told: dict[str, Any] = {
        "type": "library",
        "bom-ref": part.purl,
        "name": part.name,
        "version": part.version,
        "purl": part.purl,
    }
    if part.licence:
        told["licenses"] = [{"license": {"name": part.licence[:200]}}]
    if part.hashes:
        told["hashes"] = [{"alg": name, "content": digest} for name, digest in part.hashes]
    return told
