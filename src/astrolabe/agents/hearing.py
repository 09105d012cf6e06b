"""What a person hears of an answer while it is written: each word once, however often its model had to be asked."""

from astrolabe.ports.model import Heard

ANEW = "\n[begun anew]\n"
"""Shown where an answer goes on otherwise than what was heard of it: that is void then."""


class Hearing:
    """One answer as it is heard, over tries and models. Each try begins with its first word."""

    def __init__(self, heard: Heard) -> None:
        self._heard = heard
        self._shown = ""
        self._said = ""

    @property
    def words(self) -> str:
        """What the present try has said so far."""
        return self._said

    def begin(self) -> None:
        """Another try begins."""
        self._said = ""

    def __call__(self, piece: str) -> None:
        """Take the next piece of the present try; what repeats what was heard before is not heard again."""
        self._said += piece
        if self._shown.startswith(self._said):
            return
        if not self._said.startswith(self._shown):
            self._heard(ANEW)
            self._shown = ""
        self._heard(self._said[len(self._shown) :])
        self._shown = self._said

    def end(self, text: str) -> None:
        """The answer is there, and says `text`: whatever was heard last, that has been heard now."""
        self._said = ""
        self(text)
        if self._shown != text:
            self._heard(ANEW + text)
            self._shown = text
