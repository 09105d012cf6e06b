"""What lock files and manifests of every ecosystem tell of the packages a project is made of.

They were written by others: whatever is in them, reading returns, in time and room that grow no faster than the file.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace

from astrolabe.projects.listing import Listing, own
from astrolabe.projects.locks import compiled, java, javascript, python
from astrolabe.projects.parts import Part

LARGEST_LOCK_BYTES = 20_000_000
"""Of a file that is read."""
MOST_FILES = 100
MOST_PARTS = 50_000

_READERS: Mapping[str, Callable[[Listing, str], Iterator[Part]]] = {
    r"(package-lock|npm-shrinkwrap)\.json": javascript.npm,
    r"pnpm-lock\.yaml": javascript.pnpm,
    r"yarn\.lock": javascript.yarn,
    r"requirements([\w.-]*|/[\w.-]+)\.txt": python.requirements,
    r"(uv|poetry|pdm)\.lock|pylock(\.[\w-]+)?\.toml": python.tables,
    r"Pipfile\.lock": python.pipfile,
    r"go\.mod": compiled.go_mod,
    r"go\.sum": compiled.go_sum,
    r"Cargo\.lock": compiled.cargo,
    r"pom\.xml": java.pom,
    r"gradle\.lockfile": java.gradle,
}
_PATTERNS = tuple(
    (re.compile(rf"(?:\A|.*/)(?:{pattern})\Z", re.DOTALL), reader) for pattern, reader in _READERS.items()
)


def lock_files(paths: Iterable[str]) -> tuple[str, ...]:
    """Return the files among the project's own that tell of packages, those nearest to the root first."""
    found = [path for path in own(paths) if _reader(path) is not None]
    return tuple(sorted(found, key=lambda path: (path.count("/"), path))[:MOST_FILES])


def parts_of(listing: Listing) -> tuple[Part, ...]:
    """Return every package once, sorted; of one that several files name, what the one that says most about it tells."""
    found: dict[str, Part] = {}
    for path in lock_files(listing.texts):
        reader = _reader(path)
        for part in reader(listing, path) if reader else ():
            known = found.get(part.purl)
            if part.name and (known is None or _weight(part) > _weight(known)):
                found[part.purl] = replace(part, origin=path)
    versioned = {part.purl.partition("@")[0] for part in found.values() if part.version}
    return tuple(
        found[purl] for purl in sorted(found)[:MOST_PARTS] if found[purl].version or purl not in versioned
    )


def _weight(part: Part) -> tuple[bool, bool, int]:
    return bool(part.licence), part.whole, len(part.hashes)


def _reader(path: str) -> Callable[[Listing, str], Iterator[Part]] | None:
    return next((reader for pattern, reader in _PATTERNS if pattern.match(path)), None)
