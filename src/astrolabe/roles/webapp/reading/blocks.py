"""Cuts a text into the blocks of Markdown: headings, paragraphs, list items, tables. Plain prose is paragraphs."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from astrolabe.roles.webapp.reading.kinds import NAMED


@dataclass(frozen=True)
class Line:
    """A line of the goal; `number` counts from 1."""

    number: int
    text: str


@dataclass(frozen=True)
class Heading:
    level: int
    text: str
    line: int


@dataclass(frozen=True)
class Paragraph:
    lines: tuple[Line, ...]

    @property
    def line(self) -> int:
        return self.lines[0].number

    @property
    def text(self) -> str:
        return " ".join(line.text for line in self.lines)


@dataclass(frozen=True)
class Item:
    """An item of a list; `depth` is how far it is indented, in characters."""

    depth: int
    lines: tuple[Line, ...]

    @property
    def line(self) -> int:
        return self.lines[0].number

    @property
    def text(self) -> str:
        return " ".join(line.text for line in self.lines)


@dataclass(frozen=True)
class Table:
    """Rows of cells; the first row is the header."""

    header: tuple[str, ...]
    rows: tuple[tuple[int, tuple[str, ...]], ...]
    line: int


@dataclass(frozen=True)
class Code:
    """A fenced block, or HTML: nothing is read from it."""

    line: int
    text: str


Block = Heading | Paragraph | Item | Table | Code

_HEADING = re.compile(r" {0,3}(#{1,6})[ \t]+(.*)")
_ITEM = re.compile(r"([ \t]*)(?:[-*+•\u2013]|\d{1,3}[.)])[ \t]+(?:\[[ xX]\][ \t]+)?(.*)")
_UNDERLINE = re.compile(r" {0,3}(=+|-+)[ \t]*\Z")
_RULE = re.compile(r" {0,3}([-*_])(?:[ \t]*\1){2,}[ \t]*\Z")
_DELIMITER = re.compile(r"[ \t]*\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*\Z")
_FENCE = re.compile(r" {0,3}(```+|~~~+)")
_MARKUP = re.compile(
    r"\*\*|__(?=\S)|(?<=\S)__|`|(?<![\w*])\*(?=\S)|(?<=\S)\*(?![\w*])|(?<!\w)_(?=\w)|(?<=\w)_(?!\w)"
)
_BOLD = re.compile(r"(?:\*\*|__)(\w[^*_:]{0,60}?):?(?:\*\*|__):?")
_DEEPEST = 6
_CODED = re.compile(
    r"\A`([^`]{1,60})`\s+(?=(?:" + "|".join(sorted(map(re.escape, NAMED), key=len, reverse=True)) + r")\b)",
    re.IGNORECASE,
)
"""A name marked as code before its type: "`number` integer"."""
_LABEL = re.compile(r"[A-Z][\w ]{0,40}:")
"""A line that announces what follows, where it stands below an item without being indented."""
_WITH = re.compile(r"\bw/\s?(?=\w)")
_LINK = re.compile(r"!?\[([^\[\]]{0,300})\]\([^()\s]{0,500}\)")
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_QUOTES = str.maketrans(
    {
        "\u201c": '"',
        "\u201d": '"',
        "„": '"',
        "«": '"',
        "»": '"',
        "\u2018": "'",
        "\u2019": "'",
        "\u201a": "'",
        "\u00a0": " ",
        "\t": " ",
    }
)


def plain(text: str) -> str:
    """Take Markdown's emphasis, code marks and links out of a line, and make quotes and blanks plain."""
    if text.strip().strip("`").startswith("__") and text.strip().strip("`").endswith("__"):
        return text.replace("`", "").translate(_QUOTES)
    return _WITH.sub("with ", _MARKUP.sub("", _LINK.sub(r"\1", text)).translate(_QUOTES)).strip()


def calm(text: str) -> str:
    """Write a text that is all in capitals in small letters."""
    letters = [letter for letter in text if letter.isalpha()]
    capital = sum(map(str.isupper, letters))
    return text.lower() if len(letters) > _FEW_LETTERS and capital > len(letters) * _NEARLY_ALL else text


_LEGEND = re.compile(
    r"^[ \t>-]*\(?(?:(?:all\s+)?fields?\s+)?(?:marked\s+)?(?:with\s+)?(?:an?\s+)?[\"'`]?\\?\*[\"'`]?[ \t]*(?:=|:|-|means|is|are|marks|indicates)?[ \t]*(?:an?\s+)?(?:required|mandatory)(?:\s+fields?)?\.?\)?[ \t]*$",
    re.IGNORECASE | re.MULTILINE,
)
_STAR = re.compile(r"(?<=\w)\\?\*(?=[ \t]*(?:[,;:(|)]|$))", re.MULTILINE)


def unstarred(text: str) -> str:
    """Write `name*` as `name (required)` in a text that says so of the star."""
    return _STAR.sub(" (required)", _LEGEND.sub("", text)) if _LEGEND.search(text) else text


_FEW_LETTERS = 20
_NEARLY_ALL = 0.9


def blocks_of(text: str) -> list[Block]:
    """Return the blocks of a text, in order."""
    text = _COMMENT.sub(
        lambda found: "\n" * found[0].count("\n"), text.replace("\r\n", "\n").replace("\r", "\n")
    )
    lines = [Line(number, line.rstrip()) for number, line in enumerate(text.split("\n"), start=1)]
    return list(_Cutter(lines).blocks())


class _Cutter:
    def __init__(self, lines: list[Line]) -> None:
        self.lines = lines
        self.at = 0

    def blocks(self) -> Iterator[Block]:
        while self.at < len(self.lines):
            line = self.lines[self.at]
            if not line.text.strip() or _RULE.match(line.text):
                self.at += 1
            elif fence := _FENCE.match(line.text):
                yield self._code(fence[1])
            elif found := _HEADING.match(line.text):
                self.at += 1
                yield Heading(len(found[1]), plain(found[2].rstrip("# ")), line.number)
            elif found := self._bold_heading():
                self.at += 1
                yield Heading(_DEEPEST, plain(found[1]), line.number)
            elif self._table_begins():
                yield self._table()
            elif item := _ITEM.match(line.text):
                text = plain(_CODED.sub(r"\1: ", item[2]))
                yield Item(len(item[1].expandtabs(4)), self._run(Line(line.number, text), listed=True))
            else:
                yield self._paragraph(line)

    def _code(self, fence: str) -> Code:
        start = self.lines[self.at]
        body: list[str] = []
        self.at += 1
        while self.at < len(self.lines) and not self.lines[self.at].text.strip().startswith(fence):
            body.append(self.lines[self.at].text)
            self.at += 1
        self.at += 1
        return Code(start.number, "\n".join(body))

    def _paragraph(self, line: Line) -> Block:
        following = self.lines[self.at + 1].text if self.at + 1 < len(self.lines) else ""
        if found := _UNDERLINE.match(following):
            self.at += 2
            return Heading(1 if "=" in found[1] else 2, plain(line.text), line.number)
        return Paragraph(self._run(Line(line.number, plain(line.text.lstrip(" >")))))

    def _bold_heading(self) -> re.Match[str] | None:
        """Return a line that is all bold and stands above a list or table, so that it is meant as a heading."""
        found = _BOLD.fullmatch(self.lines[self.at].text)
        following = next((line.text for line in self.lines[self.at + 1 :] if line.text.strip()), "")
        listed = _ITEM.match(following) or following.lstrip().startswith("|")
        return found if found and listed else None

    def _run(self, first: Line, *, listed: bool = False) -> tuple[Line, ...]:
        """Take the lines that continue a paragraph or an item."""
        taken = [first]
        self.at += 1
        while self.at < len(self.lines):
            line = self.lines[self.at]
            special = _HEADING.match(line.text) or _ITEM.match(line.text) or _FENCE.match(line.text)
            if listed and _LABEL.fullmatch(line.text):
                break
            if not line.text.strip() or special or _RULE.match(line.text) or self._table_begins():
                break
            taken.append(Line(line.number, plain(line.text.lstrip(" >"))))
            self.at += 1
        return tuple(taken)

    def _table_begins(self) -> bool:
        here = self.lines[self.at].text
        after = self.lines[self.at + 1].text if self.at + 1 < len(self.lines) else ""
        return "|" in here and "-" in after and "|" in after and bool(_DELIMITER.match(after))

    def _table(self) -> Table:
        start = self.lines[self.at]
        header = _cells(start.text)
        self.at += 2
        rows: list[tuple[int, tuple[str, ...]]] = []
        while self.at < len(self.lines) and "|" in self.lines[self.at].text:
            rows.append((self.lines[self.at].number, _cells(self.lines[self.at].text)))
            self.at += 1
        return Table(header, tuple(rows), start.number)


def _cells(line: str) -> tuple[str, ...]:
    text = line.strip().removeprefix("|").removesuffix("|")
    return tuple(plain(cell.replace("\\|", "|")) for cell in re.split(r"(?<!\\)\|", text))
