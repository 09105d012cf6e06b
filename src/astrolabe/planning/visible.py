"""Foreign text made safe to show: nothing in it can move a cursor, change a colour or reorder a line."""

import unicodedata

_JOINERS = "\u200c\u200d"
_HIDDEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


def visible(text: str, limit: int | None = None) -> str:
    r"""Return `text` on one line with every control, reordering and surrogate character written as `\xNN` or `\uNNNN`.

    A `limit` cuts it to that many characters, the last of them `…`.
    """
    if limit is not None and len(text) > limit:
        text = text[: limit - 1] + "…"
    if text.isascii() and text.isprintable():
        return text
    return "".join(char if shows(char) else ascii(char)[1:-1] for char in text)


def shows(char: str) -> bool:
    """Tell whether a character can be shown as it is."""
    return char in _JOINERS or unicodedata.category(char) not in _HIDDEN
