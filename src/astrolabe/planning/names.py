"""Ids for tasks that were named by somebody who did not know how ids look, and what references to them mean."""

import re
from collections.abc import Collection, Sequence

_LONGEST = 64


class Renaming:
    """`ids` are plain and unique, one for each pair of id and name as they were written (either may be empty).

    None of them is one of `others`.
    """

    def __init__(self, written: Sequence[tuple[str, str]], others: Collection[str] = ()) -> None:
        self._written = [said.strip() for said, _ in written]
        self._names = [name.strip().casefold() for _, name in written]
        self.ids: list[str] = []
        taken = set(others)
        for number, (said, name) in enumerate(written, start=1):
            plain = _plain(said) or _plain(name) or f"task-{number}"
            self.ids.append(_own(plain, taken))
            taken.add(self.ids[-1])

    def meant(self, said: str, index: int) -> str:
        """Return the id that the task at `index` means by `said`; nothing when no task is called so.

        Of several tasks that were given the same id, it is the last one before it.
        """
        said = said.strip()
        for known, wanted in (
            (self._written, said),
            (self.ids, _plain(said)),
            (self._names, said.casefold()),
        ):
            found = [place for place, one in enumerate(known) if wanted and one == wanted]
            if found:
                return self.ids[max((place for place in found if place < index), default=found[0])]
        return ""


def _plain(text: str) -> str:
    return re.sub(r"[^a-z0-9_-]+", "-", text.strip().lower()).strip("-_")[:_LONGEST].rstrip("-_")


def _own(plain: str, taken: set[str]) -> str:
    name, number = plain, 2
    while name in taken:
        end = f"-{number}"
        name, number = plain[: _LONGEST - len(end)] + end, number + 1
    return name
