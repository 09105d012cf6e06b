"""The words of a page, without its markup, scripts and navigation."""

import re
from html.parser import HTMLParser

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


class _Words(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.title = ""
        self.pieces: list[str] = []
        self.size = 0
        self._hidden: list[str] = []
        self._in_title = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "title":
            self._in_title = True
        if tag == "body":
            self._hidden.clear()
        hidden = any(name in {"hidden", "aria-hidden"} and value != "false" for name, value in attrs)
        if tag not in _VOID and (self._hidden or tag in _UNSEEN or hidden):
            self._hidden.append(tag)
        if tag in _BREAKS:
            self.pieces.append("\n")

    def handle_endtag(self, tag: str) -> None:
        self._in_title = self._in_title and tag != "title"
        if tag in self._hidden:
            while self._hidden.pop() != tag:
                pass
        if tag in _BREAKS:
            self.pieces.append("\n")

    def handle_data(self, data: str) -> None:
        if self._in_title:
            self.title = f"{self.title}{data}"[:300]
        elif not self._hidden and self.size < MOST_CHARACTERS:
            self.pieces.append(data)
            self.size += len(data)


def words_of(text: str, media_type: str) -> tuple[str, str]:
    """Return a page's title, if it has one, and its text: one line a paragraph, at most MOST_CHARACTERS."""
    if "html" not in media_type:
        return "", text[:MOST_CHARACTERS]
    parser = _Words()
    parser.feed(text)
    parser.close()
    lines = (_BLANKS.sub(" ", line).strip() for line in "".join(parser.pieces).split("\n"))
    return " ".join(parser.title.split()), "\n".join(filter(None, lines))[:MOST_CHARACTERS]
