"""npm's package-lock.json, pnpm-lock.yaml and yarn.lock (classic and berry).

The last two are read by their lines: both tools write one layout only, and a YAML document could hold anything else.
"""

import re
from collections.abc import Iterator
from typing import Any

from astrolabe.projects.listing import Listing, mapping
from astrolabe.projects.parts import Part, integrity, word

_PNPM_KEY = re.compile(
    r"  '?/?(?P<name>(?:@[^/@\s']{1,200}/)?[^/@\s']{1,200})[@/](?P<version>\d[^(_':\s]{0,200})[^:\s]*:\s*\Z"
)
_PNPM_INTEGRITY = re.compile(r"\bintegrity: (?P<digest>[\w+/=-]{1,200})")
_YARN_KEY = re.compile(r'"?(?P<name>(?:@[^/@\s"]{1,200}/)?[^@/\s"]{1,200})@(?P<range>[^,"]{0,300})')
_YARN_FIELD = re.compile(
    r'  (?P<field>version|resolution|integrity):? "?(?P<value>[^"\s]{1,400})"?(?P<more>[^"]{0,400})'
)
_DEEPEST = 40
_LONGEST_LINE = 20_000


def npm(listing: Listing, path: str) -> Iterator[Part]:
    """Read versions 1 to 3."""
    document = listing.json(path)
    packages = mapping(document.get("packages"))
    for place, raw in packages.items():
        entry = mapping(raw)
        name = word(entry.get("name")) or place.rpartition("node_modules/")[2]
        if "node_modules/" in place and not entry.get("link"):
            yield from _npm_part(name, entry)
    if not packages:
        yield from _nested(document, 0)


def _nested(document: dict[str, Any], depth: int) -> Iterator[Part]:
    for name, raw in mapping(document.get("dependencies")).items():
        entry = mapping(raw)
        yield from _npm_part(name, entry)
        if depth < _DEEPEST:
            yield from _nested(entry, depth + 1)


def _npm_part(name: str, entry: dict[str, Any]) -> Iterator[Part]:
    version = word(entry.get("version"))
    if word(name) and version:
        yield Part("npm", name, version, word(entry.get("license")), tuple(integrity(entry.get("integrity"))))


def pnpm(listing: Listing, path: str) -> Iterator[Part]:
    """Read the section `packages` of versions 5 to 9."""
    name = version = ""
    inside = False
    for line in listing.text(path).splitlines():
        if line[:1].strip() and not line.startswith("#"):
            inside = line.startswith("packages:")
        elif inside and (found := _PNPM_KEY.match(line[:_LONGEST_LINE])):
            if name:
                yield Part("npm", name, version)
            name, version = found["name"], found["version"]
        elif inside and name and (told := _PNPM_INTEGRITY.search(line[:_LONGEST_LINE])):
            yield Part("npm", name, version, "", tuple(integrity(told["digest"])))
            name = ""
    if name:
        yield Part("npm", name, version)


def yarn(listing: Listing, path: str) -> Iterator[Part]:
    """Read either layout; what lies in the project itself is left out."""
    name, fields = "", dict[str, str]()
    for line in [*listing.text(path).splitlines(), "end@0:"]:
        if found := _YARN_KEY.match(line):
            yield from _yarn_part(name, fields)
            name, fields = _real(found["name"], found["range"]), {}
        elif told := _YARN_FIELD.match(line[:_LONGEST_LINE]):
            fields[told["field"]] = told["value"] + told["more"]


def _real(name: str, wanted: str) -> str:
    """Return what an alias stands for: `alias@npm:real@^1.0`."""
    behind = _YARN_KEY.match(wanted.removeprefix("npm:")) if wanted.startswith("npm:") else None
    return behind["name"] if behind else name


def _yarn_part(name: str, fields: dict[str, str]) -> Iterator[Part]:
    resolution = _YARN_KEY.match(fields.get("resolution", ""))
    if not name or (resolution and not resolution["range"].startswith(("npm:", "patch:"))):
        return
    version = word(fields.get("version"))
    if version:
        yield Part(
            "npm",
            resolution["name"] if resolution else name,
            version,
            "",
            tuple(integrity(fields.get("integrity"))),
        )
