"""A package that a project is made of, and how its lock files' own words for it become those of a bill of materials."""

import base64
import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote

MOST_CHARACTERS = 300
"""Of a name, a version, a licence; what is longer is none."""
_HASHES = {
    "sha512": ("SHA-512", 64),
    "sha384": ("SHA-384", 48),
    "sha256": ("SHA-256", 32),
    "sha1": ("SHA-1", 20),
}
"""CycloneDX's names, and how many bytes such a digest has: one of another length is none."""


@dataclass(frozen=True)
class Part:
    """One package at one version, which is empty where the project leaves it open.

    `licence` is what is stated somewhere, empty where nothing is known; `origin` is the file that names the package; `whole`
    tells whether that file also names what the package itself needs.
    """

    kind: str
    name: str
    version: str
    licence: str = ""
    hashes: tuple[tuple[str, str], ...] = ()
    origin: str = ""
    whole: bool = True

    @property
    def purl(self) -> str:
        """Its package URL: github.com/package-url/purl-spec."""
        name = self.name.lower() if self.kind in {"pypi", "golang"} else self.name
        if self.kind == "pypi":
            name = re.sub(r"[-_.]+", "-", name)
        path = "/".join(quote(part, safe="") for part in name.split("/"))
        return f"pkg:{self.kind}/{path}" + (f"@{quote(self.version, safe='')}" if self.version else "")


def integrity(text: object) -> Iterator[tuple[str, str]]:
    """Read digests as browsers and npm write them (Subresource Integrity): `sha512-<base64>`, several by spaces."""
    for word in text.split() if isinstance(text, str) else ():
        name, _, coded = word.partition("-")
        try:
            digest = base64.b64decode(coded.partition("?")[0], validate=True)
        except (binascii.Error, ValueError):
            continue
        yield from _digest(name, digest)


def hexadecimal(name: str, text: object) -> Iterator[tuple[str, str]]:
    """Read a digest written in hexadecimal; nothing when it is none."""
    try:
        digest = bytes.fromhex(text) if isinstance(text, str) else b""
    except ValueError:
        return
    yield from _digest(name, digest)


def _digest(name: str, digest: bytes) -> Iterator[tuple[str, str]]:
    known, length = _HASHES.get(name, ("", 0))
    if known and len(digest) == length:
        yield known, digest.hex()


def word(value: object) -> str:
    """Return a name or version as it may be kept; nothing when it is none."""
    text = value.strip() if isinstance(value, str) else ""
    return text if len(text) <= MOST_CHARACTERS else ""
