"""Values named by the first and the last of a row that everybody knows: `Monday to Friday`, `A to F`."""

import re
from string import ascii_uppercase

_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December",
)  # fmt: skip
_ROWS = (_DAYS, _MONTHS, tuple(ascii_uppercase))
_RANGE = re.compile(
    r"(?:from\s+|between\s+)?(?P<first>[A-Za-z]+)\.?(?:\s+(?:to|through|till|until|and)\s+|\s*[-\u2013\u2014]\s*)(?P<last>[A-Za-z]+)\.?",
    re.IGNORECASE,
)
_SHORTEST = 3


def named_range(text: str) -> tuple[str, ...]:
    """Return the values from the first to the last that a text names, or nothing when it names no such range."""
    found = _RANGE.fullmatch(text.strip())
    for row in _ROWS if found else ():
        first, last = (_place(found[end], row) for end in ("first", "last")) if found else (-1, -1)
        if 0 <= first < last:
            return row[first : last + 1]
    return ()


def _place(word: str, row: tuple[str, ...]) -> int:
    """Return where a word, or a short form of it, stands in a row; a letter is its own only in capitals."""
    if len(row[0]) == 1:
        return row.index(word) if word in row else -1
    low = word.lower()
    places = [at for at, name in enumerate(row) if len(low) >= _SHORTEST and name.lower().startswith(low)]
    return places[0] if len(places) == 1 else -1
