"""Texts of a model that no page can show and no database can keep."""

import re
from collections.abc import Iterator
from typing import cast

from astrolabe.roles.webapp.model import AppModel
from astrolabe.roles.webapp.reading.flaw import Flaw, Path

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffe\uffff]")
"""What XML leaves out of its characters, and codes that move cursors; PostgreSQL keeps no U+0000."""


def character_flaws(model: AppModel) -> Iterator[Flaw]:
    """Yield every text with a control character other than a tab or the end of a line."""
    yield from _flaws((), model.model_dump(mode="json", exclude_unset=True))


def _flaws(path: Path, value: object) -> Iterator[Flaw]:
    if isinstance(value, str):
        if found := _CONTROL.search(value):
            yield Flaw(path, f"has the control character U+{ord(found[0]):04X}", "leave it out")
    elif isinstance(value, dict):
        for key, item in cast("dict[str, object]", value).items():
            yield from _flaws((*path, key), item)
    elif isinstance(value, list):
        for index, item in enumerate(cast("list[object]", value)):
            yield from _flaws((*path, index), item)
