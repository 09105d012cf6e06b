"""A page cut into tags and words, as browsers do: https://html.spec.whatwg.org/multipage/parsing.html#tokenization.

It is read once from its beginning to its end, whatever is in it: pages are written by strangers, and the library's reader takes
time with the square of the length for some, and has no answer for others.
"""

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass

_NAME = re.compile(r"[a-zA-Z][^\s/>]*")
_BLANK = re.compile(r"[\s/]*")
_ATTRIBUTE = re.compile(r"([^\s/>][^\s/>=]*)")
_VALUE = re.compile(
    r"\s*=\s*(?:\"(?P<double>[^\"]*)\"|'(?P<single>[^']*)'|(?P<bare>[^\s>\"'][^\s>]*)|(?P<open>[\"']))?"
)
_NUMBER = re.compile(r"&#(?:[0-9]{8,}|[xX][0-9a-fA-F]{7,});?")
"""Beyond all characters there are."""
_RAW = frozenset(["script", "style", "title", "textarea"])
_ENDS = {name: re.compile(rf"</{name}(?=[\s/>])", re.IGNORECASE) for name in _RAW}


@dataclass(frozen=True)
class Opened:
    """The beginning of an element; `hidden` when it says that it is not to be seen, `closed` when it says it is its end, too."""

    name: str
    hidden: bool = False
    closed: bool = False


@dataclass(frozen=True)
class Closed:
    """The end of an element."""

    name: str


def pieces(page: str) -> Iterator[Opened | Closed | str]:
    """Give tags and words in their order; names are in small letters, comments and declarations are left out."""
    at = 0
    while (start := page.find("<", at)) >= 0:
        if start > at:
            yield _words(page[at:start])
        at = start
        if name := _NAME.match(page, start + 1):
            opened, at = _opened(page, name)
            if opened is None:
                return
            yield opened
            if opened.name in _RAW and not opened.closed:
                end = _ENDS[opened.name].search(page, at)
                yield _words(page[at : end.start() if end else len(page)])
                at = end.start() if end else len(page)
        elif page.startswith("/", start + 1) and (name := _NAME.match(page, start + 2)):
            yield Closed(name[0].lower())
            at = _after(page, ">", name.end())
        elif page.startswith("<!--", start):
            at = _after(page, "-->", start + 2)
        elif page.startswith(("<!", "<?", "</"), start):
            at = _after(page, ">", start)
        else:
            yield "<"
            at = start + 1
    yield _words(page[at:])


def _after(page: str, sign: str, start: int) -> int:
    """Return where a sign ends; the end of the page where there is none."""
    found = page.find(sign, start)
    return len(page) if found < 0 else found + len(sign)


def _opened(page: str, name: re.Match[str]) -> tuple[Opened | None, int]:
    """Read a tag whose name was found; return it with where it ends. None: the page ends within it."""
    hidden, at = False, name.end()
    while True:
        blank = _BLANK.match(page, at)
        at = blank.end() if blank else at
        if page.startswith(">", at):
            closed = page[at - 1] == "/"
            return Opened(name[0].lower(), hidden, closed), at + 1
        attribute = _ATTRIBUTE.match(page, at)
        if attribute is None:
            return None, len(page)
        at, told = attribute.end(), ""
        if value := _VALUE.match(page, at):
            if value["open"]:
                return None, len(page)
            told, at = value["double"] or value["single"] or value["bare"] or "", value.end()
        hidden = hidden or (attribute[1].lower() in {"hidden", "aria-hidden"} and told.lower() != "false")


def _words(text: str) -> str:
    return html.unescape(_NUMBER.sub("\ufffd", text)) if "&" in text else text
