"""Which of the known names a misspelt one was probably meant to be."""

import difflib
import re
from collections.abc import Collection, Mapping

from astrolabe.planning.visible import visible

_MOST_GUESSES = 20
_MOST_COMPARED = 2_000
_LONGEST = 100


class Names:
    """Known names; `also` maps other things a person might write to the name they stand for.

    Likeness is costly, so only the first few questions get an answer by it; sameness but for case and separators is
    always found.
    """

    def __init__(self, known: Collection[str], also: Mapping[str, str] | None = None) -> None:
        self._exact: dict[str, str] = {}
        for name in known:
            self._exact.setdefault(_bare(name), name)
        for written, name in (also or {}).items():
            self._exact.setdefault(_bare(written), name)
        self._guesses_left = _MOST_GUESSES

    def closest(self, name: str) -> str | None:
        """Return the known name that was probably meant."""
        return self._exact.get(_bare(name)) or self._like(_bare(name)[:_LONGEST])

    def hint(self, name: str) -> str:
        """Return `did you mean …?`, or nothing."""
        found = self.closest(name)
        return f"did you mean `{visible(found, 60)}`?" if found else ""

    def _like(self, bare: str) -> str | None:
        if self._guesses_left == 0:
            return None
        self._guesses_left -= 1
        near = [other for other in self._exact if abs(len(other) - len(bare)) <= max(2, len(bare) // 2)]
        found = difflib.get_close_matches(bare, near[:_MOST_COMPARED], n=1, cutoff=0.6)
        return self._exact[found[0]] if found else None


def _bare(name: str) -> str:
    return re.sub(r"[\s_-]+", "-", name.strip()).casefold()
