"""JSON read with places, strictly by RFC 8259; a key that appears twice is a fault, not a silent loss."""

import json
import re
from bisect import bisect_right

from astrolabe.planning.places.node import (
    DEEPEST,
    MOST_VALUES,
    Entries,
    Fault,
    Items,
    Mark,
    Node,
    Scalar,
    UnreadableError,
)
from astrolabe.planning.places.scalars import number, storable
from astrolabe.planning.visible import visible

_TEXT = r'"(?:[^"\\\x00-\x1f]++|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*+"'
_BLANK = r"[ \t\r\n]*+"
_VALUE = re.compile(
    rf"""{_BLANK}(?:
        (?P<text>{_TEXT})
      | (?P<number>-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)(?![\w.+-])
      | (?P<word>true|false|null)(?!\w)
      | (?P<open>[{{\[])
    ){_BLANK}""",
    re.VERBOSE,
)
_KEY = re.compile(rf"{_BLANK}({_TEXT}){_BLANK}")
_SKIPPED = re.compile(_BLANK)
_BEGUN = re.compile(_TEXT[:-1])
_WORDS = {"true": True, "false": False, "null": None}


class _Reader:
    """One pass over the text. It recurses, but never deeper than DEEPEST."""

    def __init__(self, text: str, most_values: int) -> None:
        self._text = text
        self._most_values = most_values
        self._lines = [0, *(match.end() for match in re.finditer(r"\r\n?|\n", text))]
        self._count = 0
        self.faults: list[Fault] = []

    def read(self) -> Node:
        root, end = self._value(0, 0)
        if end < len(self._text):
            raise self._broken(end, f"the document ends before this `{self._found(end)}`")
        return root

    def _mark(self, at: int) -> Mark:
        line = bisect_right(self._lines, at)
        return line, at - self._lines[line - 1] + 1

    def _broken(self, at: int, text: str, hint: str = "") -> UnreadableError:
        return UnreadableError(Fault(self._mark(at), text, hint))

    def _value(self, at: int, depth: int) -> tuple[Node, int]:
        """Read the value that begins at or after `at`; return it and where the next token begins."""
        match = _VALUE.match(self._text, at)
        if match is None:
            raise self._no_value(at)
        kind = match.lastgroup or ""
        start, end = match.start(kind), match.end()
        self._count += 1
        if self._count > self._most_values:
            raise self._broken(start, f"more than {self._most_values:,} values")
        written = match[kind]
        if kind == "text":
            return Scalar(self._mark(start), self._unescaped(written, start), written[1:-1], quoted=True), end
        if kind == "number":
            return self._number(written, start), end
        if kind == "word":
            return Scalar(self._mark(start), _WORDS[written], written), end
        if depth >= DEEPEST:
            raise self._broken(start, f"nested deeper than {DEEPEST} levels")
        inside = self._entries if written == "{" else self._items
        return inside(self._mark(start), end, depth + 1)

    def _number(self, written: str, at: int) -> Scalar:
        value = number(written)
        if value is None:
            self.faults.append(Fault(self._mark(at), "a number of that size cannot be kept"))
            value = 0
        return Scalar(self._mark(at), value, written)

    def _unescaped(self, written: str, at: int) -> str:
        value: str = json.loads(written) if "\\" in written else written[1:-1]
        if storable(value):
            return value
        self.faults.append(Fault(self._mark(at), "half of a surrogate pair is no character"))
        return value.encode("utf-8", "replace").decode()

    def _items(self, mark: Mark, at: int, depth: int) -> tuple[Node, int]:
        node = Items(mark)
        if self._text.startswith("]", at):
            return node, self._skipped(at + 1)
        while True:
            item, at = self._value(at, depth)
            node.nodes.append(item)
            if not self._goes_on("]", mark, at):
                return node, self._skipped(at + 1)
            at += 1

    def _entries(self, mark: Mark, at: int, depth: int) -> tuple[Node, int]:
        node = Entries(mark)
        if self._text.startswith("}", at):
            return node, self._skipped(at + 1)
        while True:
            key, key_at, at = self._key(at)
            entry, at = self._value(at, depth)
            if key in node.keys:
                text = f"the key `{visible(key, 40)}` appears twice, first in line {node.keys[key][0]}"
                self.faults.append(Fault(self._mark(key_at), text))
            else:
                node.keys[key], node.nodes[key] = self._mark(key_at), entry
            if not self._goes_on("}", mark, at):
                return node, self._skipped(at + 1)
            at += 1

    def _key(self, at: int) -> tuple[str, int, int]:
        """Read a key with its colon; return it, where it begins, and where the colon ends."""
        match = _KEY.match(self._text, at)
        if match is None:
            raise self._no_key(at)
        key = self._unescaped(match[1], match.start(1))
        if not self._text.startswith(":", match.end()):
            raise self._broken(match.end(), f"expected `:` after the key `{visible(key, 40)}`")
        return key, match.start(1), match.end() + 1

    def _goes_on(self, closing: str, mark: Mark, at: int) -> bool:
        """Tell whether a comma follows, and not the bracket that closes what was opened at `mark`."""
        found = self._text[at : at + 1]
        if found in {",", closing}:
            return found == ","
        if not found:
            what = "mapping" if closing == "}" else "list"
            line, column = mark
            raise self._broken(at, f"the {what} of line {line}, column {column} is not closed")
        text = f"expected `,` or `{closing}`, found `{self._found(at)}`"
        raise self._broken(at, text, "a comma is missing")

    def _skipped(self, at: int) -> int:
        match = _SKIPPED.match(self._text, at)
        return match.end() if match else at

    def _found(self, at: int) -> str:
        """Return the word or character at `at`, to be shown."""
        word = re.compile(r"[\w.+-]+").match(self._text, at, at + 20)
        return visible(word[0] if word else self._text[at : at + 1])

    def _no_key(self, at: int) -> UnreadableError:
        at = self._skipped(at)
        found = self._text[at : at + 1]
        if found == "}":
            return self._broken(at, "expected a key, found `}`", "remove the comma before it")
        if found in {'"', "'", "/", "#", ""}:
            return self._no_value(at)
        return self._broken(at, f"expected a key in double quotes, found `{self._found(at)}`")

    def _no_value(self, at: int) -> UnreadableError:
        at = self._skipped(at)
        rest = self._text[at : at + 20]
        if not rest:
            return self._broken(at, "the document ends where something was expected")
        if rest[0] in "]}":
            return self._broken(at, f"expected a value, found `{rest[0]}`", "remove the comma before it")
        if rest[0] == '"':
            return self._bad_text(at)
        if rest[0] == "'":
            return self._broken(at, "JSON texts stand in double quotes", 'write "…"')
        if rest.startswith(("//", "/*", "#")):
            return self._broken(at, "JSON has no comments", "remove it, or save the file as .yaml")
        if re.match(r"-?(?:NaN|Infinity)\b", rest):
            return self._broken(at, "NaN and infinity are no JSON numbers")
        return self._broken(at, f"`{self._found(at)}` is no JSON value", "texts stand in double quotes")

    def _bad_text(self, at: int) -> UnreadableError:
        begun = _BEGUN.match(self._text, at)
        stop = begun.end() if begun else at
        found = self._text[stop : stop + 1]
        if found in {"", "\r", "\n"}:
            return self._broken(at, "this text is not closed", 'a `"` is missing')
        if found == "\\":
            shown = visible(self._text[stop : stop + 2])
            return self._broken(stop, f"unknown escape `{shown}`", "a backslash is written \\\\")
        return self._broken(stop, "a control character inside a text", f"write it as \\u{ord(found):04x}")


def read_json(text: str, most_values: int = MOST_VALUES) -> tuple[Node, list[Fault]]:
    """Return the document in `text` and the faults that did not keep it from being read.

    Raises:
        UnreadableError: it is no JSON.
    """
    reader = _Reader(text, most_values)
    return reader.read(), reader.faults
