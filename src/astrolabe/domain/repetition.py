"""Noticing that a model says the same over and over: small ones do, and would until their answer is full."""

from dataclasses import dataclass, field

LONGEST = 500
"""Characters of a piece that is looked for; what repeats in longer pieces ends by its length."""
LEAST = 1_000
TIMES = 8
_SEEN = LONGEST * TIMES
_STEP = 250
_SHOWN = " […]"


def circle(text: str) -> int:
    """Return the length of the piece that a text ends in again and again; 0 when there is none.

    It stands there at least eight times, in at least a thousand characters: nobody who means something writes that, for a
    ruled line is shorter and rows of a table differ.
    """
    end = text[-_SEEN:][::-1]
    border = [0] * len(
        end
    )  # of each beginning, the longest one that it also ends with (Knuth, Morris and Pratt)
    for at in range(1, len(end)):
        known = border[at - 1]
        while known and end[at] != end[known]:
            known = border[known - 1]
        border[at] = known + (end[at] == end[known])
        length, piece = at + 1, at + 1 - border[at]
        if length >= max(LEAST, TIMES * piece) and piece <= LONGEST:
            return piece
    return 0


def without_circle(text: str) -> str:
    """Return a text whose last piece stands there once, with a mark that there was more of it."""
    length = circle(text)
    if not length:
        return text
    piece, end = text[-length:], len(text) - length
    while text.startswith(piece, end - length) and end >= length:
        end -= length
    return text[: end + length] + _SHOWN


@dataclass
class Listener:
    """Looks at an answer while it is written, now and then."""

    text: str = ""
    _looked: int = field(default=0, init=False)

    def hears(self, piece: str) -> bool:
        """Take the next piece; tell whether the answer goes round in a circle."""
        self.text += piece
        if len(self.text) < max(LEAST, self._looked + _STEP):
            return False
        self._looked = len(self.text)
        return circle(self.text) > 0
