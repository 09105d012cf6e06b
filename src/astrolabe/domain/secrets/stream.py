"""Taking secrets out of what is shown while it comes."""

import codecs
from collections.abc import Callable

from astrolabe.domain.secrets.redaction import Redactor

_MOST_HELD_CHARACTERS = 20_000
_BEGIN, _END = "-----BEGIN ", "-----END "


class RedactedStream:
    """Passes on whole lines, for a secret may come in two pieces; and a key in its lines only once its end has come.

    What has no end of line for long is passed on as far as it has come. Nothing has to be told that the stream is over:
    what is held then was never a line.
    """

    def __init__(self, redactor: Redactor, tell: Callable[[bytes], None]) -> None:
        self._redactor = redactor
        self._tell = tell
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._held = ""

    def put(self, piece: bytes) -> None:
        """Take in what came."""
        self._held += self._decoder.decode(piece)
        end = self._ready()
        if end:
            lines, self._held = self._held[:end], self._held[end:]
            self._tell(self._redactor.redacted(lines).encode())

    def _ready(self) -> int:
        """Return how many characters can be passed on."""
        if len(self._held) > _MOST_HELD_CHARACTERS:
            return len(self._held)
        end = self._held.rfind("\n") + 1
        begin = self._held.rfind(_BEGIN, 0, end)
        is_open = begin >= 0 and self._held.find(_END, begin, end) < 0
        return begin if is_open else end
