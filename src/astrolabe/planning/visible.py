"""Foreign text made safe to show: nothing in it can move a cursor, change a colour or reorder a line."""

_SHOWN_TOO = "\u200c\u200d\u3000"
"""Joiners and the ideographic space: invisible by their category, harmless, and part of how words are written."""


def visible(text: str, limit: int | None = None) -> str:
    r"""Return `text` on one line with every other character than those one sees written as `\xNN` or `\uNNNN`.

    A `limit` cuts it to that many characters, the last of them `…`.
    """
    if limit is not None and len(text) > limit:
        text = text[: limit - 1] + "…"
    if text.isascii() and text.isprintable():
        return text
    return "".join(char if shows(char) else ascii(char)[1:-1] for char in text)


def shows(char: str) -> bool:
    """Tell whether a character can be shown as it is."""
    return char.isprintable() or char in _SHOWN_TOO
