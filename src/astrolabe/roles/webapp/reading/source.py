"""Where in a goal something is said, found again when somebody has to be told."""

import re
from bisect import bisect_right

_WORD = re.compile(r"\w+")
_GAP = r"[^\w\n]*(?:\n[^\w\n]*)?"
_MOST_WORDS = 12
_FARTHEST = 20_000


class Source:
    """The text of a goal and what places call it.

    Clauses lose their markup, and gain subjects, before they are read; so a place is looked for by words, and only when
    a problem needs it.
    """

    def __init__(self, file: str, text: str) -> None:
        self.file, self._text = file, text.replace("\r\n", "\n").replace("\r", "\n")
        self._starts = [0, *(found.end() for found in re.finditer(r"\n", self._text))]

    def mark(self, line: int, said: str, about: str = "") -> tuple[int, int]:
        """Return line and column, both from 1, of what was said from a line on; of `about` within it, if it is there."""
        begin = self._starts[min(max(line, 1), len(self._starts)) - 1]
        at = _first(self._text, begin, said)
        if at is not None and about:
            word = _first(self._text, at, about)
            at = word if word is not None and word < at + len(said) * 2 else at
        if at is None:
            at = _first(self._text, begin, about)
        return self._mark(begin if at is None else at)

    def place(self, line: int, said: str, about: str = "") -> str:
        """Return the same as `file:line:column`."""
        row, column = self.mark(line, said, about)
        return f"{self.file}:{row}:{column}"

    def _mark(self, at: int) -> tuple[int, int]:
        line = bisect_right(self._starts, at)
        return line, at - self._starts[line - 1] + 1


def _first(text: str, begin: int, said: str) -> int | None:
    """Return where these words begin; words in front that are not there, a subject that was added say, are left out."""
    words = _WORD.findall(said)
    for skipped in range(min(len(words), _MOST_WORDS)):
        chosen = words[skipped : skipped + _MOST_WORDS]
        pattern = re.compile(rf"(?<!\w){_GAP.join(map(re.escape, chosen))}(?!\w)", re.IGNORECASE)
        if found := pattern.search(text, begin, begin + _FARTHEST):
            return found.start()
    at = text.find(said, begin, begin + _FARTHEST) if said.strip() else -1
    return at if at >= 0 else None
