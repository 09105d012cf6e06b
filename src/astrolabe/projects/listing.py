"""As much of a tree as it takes to tell what kind of project it is: all its paths, and the texts of a few files."""

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from astrolabe.projects.foreign import json_of

MOST_BYTES = 1_000_000
"""Of a file that is read; larger ones are no manifest that a person wrote."""
_MOST_FILES = 60
_MOST_TESTS = 12
_MANIFEST = re.compile(
    r"(pyproject\.toml|setup\.cfg|setup\.py|tox\.ini|pytest\.ini|requirements[\w.-]*\.txt"
    r"|package\.json|go\.mod|Cargo\.toml|pom\.xml|build\.gradle(\.kts)?|settings\.gradle(\.kts)?)\Z"
)
PYTHON_TEST = re.compile(r"(test_[^/]*|[^/]*_test|tests?)\.py\Z")
_NOT_OURS = frozenset(
    [
        "node_modules",
        "vendor",
        "third_party",
        ".venv",
        "venv",
        "site-packages",
        "dist",
        "build",
        "target",
        "out",
        ".git",
        ".tox",
        ".nox",
        "testdata",
        "fixtures",
        "__pycache__",
        "examples",
        "example",
        "templates",
    ]
)


@dataclass(frozen=True)
class Listing:
    """A tree: every path in it, and the texts of those that `worth_reading` named, by path."""

    paths: tuple[str, ...]
    texts: Mapping[str, str] = field(default_factory=dict[str, str])

    def named(self, *names: str) -> Iterator[str]:
        """Yield the project's own paths whose last part is one of `names`, those nearest to the root first."""
        yield from sorted((path for path in own(self.paths) if name_of(path) in names), key=_nearness)

    def has(self, path: str) -> bool:
        return path in self.texts or path in self.paths

    def text(self, path: str) -> str:
        """Return the text of a file; nothing where there is none, or it was not read."""
        return self.texts.get(path, "")

    def json(self, path: str) -> dict[str, Any]:
        """Return what a JSON file holds; nothing where it is broken or no object."""
        try:
            value = json_of(self.text(path) or "{}")
        except ValueError:
            return {}
        return cast("dict[str, Any]", value) if isinstance(value, dict) else {}

    def toml(self, path: str) -> dict[str, Any]:
        """Return what a TOML file holds; nothing where it is broken."""
        try:
            return tomllib.loads(self.text(path))
        except (ValueError, RecursionError):  # a number of thousands of digits is no TOMLDecodeError
            return {}


def own(paths: Iterable[str]) -> Iterator[str]:
    """Yield the paths that are the project's own: nothing installed, built, or kept as test data."""
    return (path for path in paths if _NOT_OURS.isdisjoint(path.split("/")[:-1]))


def worth_reading(paths: Iterable[str]) -> tuple[str, ...]:
    """Return the files whose texts tell what kind of project a tree is: manifests, and some of its Python tests."""
    ours = sorted(own(paths), key=_nearness)
    manifests = [path for path in ours if _MANIFEST.match(name_of(path))]
    tests = [path for path in ours if PYTHON_TEST.match(name_of(path))]
    return (*manifests[:_MOST_FILES], *tests[:_MOST_TESTS])


def name_of(path: str) -> str:
    return path.rpartition("/")[2]


def folder_of(path: str) -> str:
    """Return the folder a path lies in; nothing for the root."""
    return path.rpartition("/")[0]


def within(folder: str, path: str) -> bool:
    """Tell whether a path lies in a folder or below it; the root, which has no name, holds all."""
    return not folder or path.startswith(f"{folder}/")


def mapping(value: object) -> dict[str, Any]:
    """Return a value that should be a mapping; nothing when it is something else."""
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def _nearness(path: str) -> tuple[int, str]:
    return path.count("/"), path
