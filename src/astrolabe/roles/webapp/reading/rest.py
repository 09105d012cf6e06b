"""What can still be judged of an ill-formed model: all that does not hang on its ill-formed parts.

Those parts are taken out until the rest is well-formed. What is found in the rest is told too, unless it may come only
from what was taken out: a name that cannot be found because its definition is faulty.
"""

from collections.abc import Collection
from typing import Any, cast

from pydantic import ValidationError

from astrolabe.roles.webapp.model import AppModel
from astrolabe.roles.webapp.reading.flaw import Flaw, Path
from astrolabe.roles.webapp.reading.meaning import problems_in

_ROUNDS = 50
_GONE = object()
_NAME: Path = ("name",)
_PARTS = {"entities": 4, "pages": 2, "seed": 4}
"""Steps down to the parts that are judged as one: `entities.Book.fields.title`, `pages[0]`, `seed.rows.Book[0]`."""


def flaws_of_the_rest(value: Any, faults: Collection[Path]) -> list[Flaw]:
    """Return the flaws in the meaning of what is left of a document's `value` without its `faults`."""
    rest = _Rest(value)
    paths = [path for path in faults if path]
    for _ in range(_ROUNDS):
        if not rest.take_out(paths):
            return []
        try:
            model = AppModel.model_validate(rest.well_formed())
        except ValidationError as invalid:
            paths = [rest.original(error["loc"]) for error in invalid.errors(include_url=False)]
        else:
            return rest.judged(problems_in(model))
    return []


class _Rest:
    """A document's value from which parts are taken out; what stays in a list keeps its position."""

    def __init__(self, value: Any) -> None:
        self._value = value
        self._kept: dict[Path, list[int]] = {}
        self._doubtful_names: set[str] = set()
        self._doubtful_parts: set[Path] = set()

    def take_out(self, paths: Collection[Path]) -> bool:
        """Take out the innermost thing that each path leads to; False when that is everything."""
        if _NAME in paths:
            self._value["name"] = "-"
        reached = {self._innermost(path) for path in paths if path != _NAME}
        for path in sorted(reached, key=len, reverse=True):
            if not path:
                return False
            self._cut(path)
        return True

    def _innermost(self, path: Path) -> Path:
        if path[:1] == ("enums",):
            path = path[:2]  # an enum of which one value is unknown is unknown
        inside = self._value
        for at, step in enumerate(path):
            if not _has(inside, step):
                return path[:at]
            inside = inside[step]
        return path

    def _cut(self, path: Path) -> None:
        parent = self._value
        for step in path[:-1]:
            parent = parent[step]
        self._doubt(path, parent[path[-1]])
        if isinstance(parent, dict):
            del parent[path[-1]]
        else:
            parent[path[-1]] = _GONE

    def _doubt(self, path: Path, value: Any) -> None:
        if path[0] == "roles" or len(path) in {len(("enums",)), len(("entities", "Book", "fields"))}:
            self._doubtful_names |= _names_in(value)
        elif path[0] in {"entities", "enums"}:
            self._doubtful_names.update(_names_on(path)[-1:])
        self._doubtful_parts.add(path[: _PARTS.get(str(path[0]), len(path))])

    def well_formed(self) -> Any:
        """Return what is left, its lists closed up."""
        self._kept = {}
        return self._closed_up(self._value, ())

    def _closed_up(self, value: Any, path: Path) -> Any:
        if isinstance(value, dict):
            entries = cast("dict[str, Any]", value)
            return {key: self._closed_up(inner, (*path, key)) for key, inner in entries.items()}
        if isinstance(value, list):
            items = cast("list[Any]", value)
            self._kept[path] = [index for index, item in enumerate(items) if item is not _GONE]
            return [self._closed_up(items[index], (*path, index)) for index in self._kept[path]]
        return value

    def original(self, path: Path) -> Path:
        """Return where something of the rest stands in the document."""
        out: Path = ()
        for step in path:
            kept = self._kept.get(out, ())
            out = (*out, kept[step] if isinstance(step, int) and step < len(kept) else step)
        return out

    def judged(self, flaws: Collection[Flaw]) -> list[Flaw]:
        """Return the flaws, at their places in the document, that would be there without the faults too."""
        placed = [Flaw(self.original(flaw.path), flaw.text, flaw.hint, flaw.about) for flaw in flaws]
        return [flaw for flaw in placed if not self._is_doubtful(flaw)]

    def _is_doubtful(self, flaw: Flaw) -> bool:
        inside = any(flaw.path[: len(part)] == part for part in self._doubtful_parts)
        return inside or bool(self._doubtful_names & {flaw.about, *_names_on(flaw.path)})


_NAMED = {"entities": (1, 3), "enums": (1,), "enum_labels": (1,), "seed": (2, 4)}
"""Which steps of a path are names, not words of the form: `entities.Book.fields.title`."""


def _names_on(path: Path) -> list[str]:
    return [str(path[at]) for at in _NAMED.get(str(path[0]), ()) if at < len(path)]


def _has(inside: Any, step: str | int) -> bool:
    if isinstance(inside, dict):
        return step in inside
    return (
        isinstance(inside, list)
        and isinstance(step, int)
        and step < len(cast("list[Any]", inside))
        and inside[step] is not _GONE
    )


def _names_in(value: Any) -> set[str]:
    """Return the names that a part gives, or is."""
    if isinstance(value, dict | list):
        return {name for name in cast("dict[Any, Any] | list[Any]", value) if isinstance(name, str)}
    return {str(value)}
