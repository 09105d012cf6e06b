"""The words of a page, without its markup, scripts and navigation."""

import re
from collections import Counter

from astrolabe.roles.research.markup import Closed, Opened, pieces

MOST_CHARACTERS = 60_000
_UNSEEN = frozenset(
    [
        "script",
        "style",
        "noscript",
        "template",
        "svg",
        "math",
        "head",
        "nav",
        "footer",
        "aside",
        "form",
        "button",
        "select",
        "iframe",
        "object",
    ]
)
_VOID = frozenset(
    ["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"]
)
_BREAKS = frozenset(
    [
        "p",
        "div",
        "br",
        "li",
        "ul",
        "ol",
        "tr",
        "td",
        "th",
        "table",
        "section",
        "article",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "pre",
        "blockquote",
        "dt",
        "dd",
        "hr",
        "main",
    ]
)
_BLANKS = re.compile(r"[ \t\r\f\v\u00a0]+")


class _Words:
    """What of a page is to be seen, as it is read."""

    def __init__(self) -> None:
        self.title = ""
        self.pieces: list[str] = []
        self.size = 0
        self._hidden: list[str] = []
        self._within: Counter[str] = Counter()
        self._in_title = False

    def open(self, tag: Opened) -> None:
        name = tag.name
        if name == "title":
            self._in_title = True
        if name == "body":
            self._hidden.clear()
            self._within.clear()
        if name not in _VOID and (self._hidden or name in _UNSEEN or tag.hidden):
            self._hidden.append(name)
            self._within[name] += 1
        if name in _BREAKS:
            self.pieces.append("\n")
        if tag.closed:
            self.close(name)

    def close(self, name: str) -> None:
        self._in_title = self._in_title and name != "title"
        while self._within[name]:
            last = self._hidden.pop()
            self._within[last] -= 1
            if last == name:
                break
        if name in _BREAKS:
            self.pieces.append("\n")

    def hear(self, words: str) -> None:
        if self._in_title:
            self.title = f"{self.title}{words}"[:300]
        elif not self._hidden and self.size < MOST_CHARACTERS:
            self.pieces.append(words)
            self.size += len(words)


def words_of(text: str, media_type: str) -> tuple[str, str]:
    """Return a page's title, if it has one, and its text: one line a paragraph, at most MOST_CHARACTERS."""
    if "html" not in media_type:
        return "", text[:MOST_CHARACTERS]
    seen = _Words()
    for piece in pieces(text):
        match piece:
            case Opened():
                seen.open(piece)
            case Closed(name):
                seen.close(name)
            case words:
                seen.hear(words)
    lines = (_BLANKS.sub(" ", line).strip() for line in "".join(seen.pieces).split("\n"))
    return " ".join(seen.title.split()), "\n".join(filter(None, lines))[:MOST_CHARACTERS]
