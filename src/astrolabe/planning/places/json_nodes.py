"""JSON read with places, strictly by RFC 8259; a key that appears twice is a fault, not a silent loss."""

import json
import re
from bisect import bisect_right
from collections.abc import Iterator

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

_TOKEN = re.compile(
    r"""[ \t\r\n]*(?:
        (?P<punctuation>[{}\[\],:])
      | (?P<string>"(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*")
      | (?P<number>-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)(?![\w.+-])
      | (?P<word>true|false|null)(?!\w)
      | (?P<end>\Z)
    )""",
    re.VERBOSE,
)
_BLANK = re.compile(r"[ \t\r\n]*")
_WORDS = {"true": True, "false": False, "null": None}
_CLOSES = {"{": "}", "[": "]"}

_Token = tuple[str, str, int]
_Open = Items | Entries


class _Reader:
    """One pass over the tokens with an explicit stack, so that depth costs no recursion."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._lines = [0, *(match.end() for match in re.finditer(r"\r\n?|\n", text))]
        self.faults: list[Fault] = []
        self._tokens = self._scan()
        self._open: list[_Open] = []
        self._count = 0

    def read(self) -> Node:
        root = self._value(next(self._tokens))
        while self._open:
            self._continue(self._open[-1])
        kind, found, at = next(self._tokens)
        if kind != "end":
            raise self._broken(at, f"the document ends before this `{visible(found, 20)}`")
        return root

    def _mark(self, offset: int) -> Mark:
        line = bisect_right(self._lines, offset)
        return line, offset - self._lines[line - 1] + 1

    def _broken(self, offset: int, text: str, hint: str = "") -> UnreadableError:
        return UnreadableError(Fault(self._mark(offset), text, hint))

    def _scan(self) -> Iterator[_Token]:
        offset = 0
        while match := _TOKEN.match(self._text, offset):
            kind = match.lastgroup or "end"
            yield kind, match[kind], match.start(kind)
            offset = match.end()
        blank = _BLANK.match(self._text, offset)
        raise self._misspelt(blank.end() if blank else offset)

    def _misspelt(self, at: int) -> UnreadableError:
        rest = self._text[at : at + 40]
        if rest.startswith('"'):
            return self._broken_string(at)
        if rest.startswith("'"):
            return self._broken(at, "JSON texts stand in double quotes", 'write "…"')
        if rest.startswith(("//", "/*", "#")):
            return self._broken(at, "JSON has no comments", "remove it, or save the file as .yaml")
        if re.match(r"-?(NaN|Infinity)\b", rest):
            return self._broken(at, "NaN and infinity are no JSON numbers")
        word = re.match(r"[\w.+-]+", rest)
        found = word[0] if word else rest[0]
        hint = "texts stand in double quotes" if word else ""
        return self._broken(at, f"`{visible(found, 20)}` is no JSON value", hint)

    def _broken_string(self, at: int) -> UnreadableError:
        good = re.compile(r'"(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*').match(self._text, at)
        stop = good.end() if good else at
        if stop >= len(self._text) or self._text[stop] in "\r\n":
            return self._broken(at, "this text is not closed", 'a `"` is missing')
        if self._text[stop] == "\\":
            return self._broken(
                stop,
                f"unknown escape `{visible(self._text[stop : stop + 2])}`",
                "a backslash is written \\\\",
            )
        escape = f"\\u{ord(self._text[stop]):04x}"
        return self._broken(stop, "a control character inside a text", f"write it as {escape}")

    def _value(self, token: _Token) -> Node:
        kind, text, at = token
        self._count += 1
        if self._count > MOST_VALUES:
            raise self._broken(at, f"more than {MOST_VALUES:,} values")
        if kind == "string":
            return Scalar(self._mark(at), self._string(text, at), text[1:-1], quoted=True)
        if kind == "word":
            return Scalar(self._mark(at), _WORDS[text], text)
        if kind == "number":
            return self._number(text, at)
        if text in _CLOSES and text:
            return self._opened(text, at)
        if kind == "end":
            raise self._broken(at, "the document ends where a value was expected")
        hint = "remove the comma before it" if text in "}]" else ""
        raise self._broken(at, f"expected a value, found `{text}`", hint)

    def _opened(self, bracket: str, at: int) -> _Open:
        if len(self._open) >= DEEPEST:
            raise self._broken(at, f"nested deeper than {DEEPEST} levels")
        node = Entries(self._mark(at)) if bracket == "{" else Items(self._mark(at))
        self._open.append(node)
        return node

    def _number(self, text: str, at: int) -> Scalar:
        value = number(text)
        if value is None:
            self.faults.append(Fault(self._mark(at), "a number of that size cannot be kept"))
            value = 0
        return Scalar(self._mark(at), value, text)

    def _string(self, text: str, at: int) -> str:
        value: str = json.loads(text) if "\\" in text else text[1:-1]
        if storable(value):
            return value
        self.faults.append(Fault(self._mark(at), "half of a surrogate pair is no character"))
        return value.encode("utf-8", "replace").decode()

    def _continue(self, node: _Open) -> None:
        """Read one more item of the innermost list or mapping, or its end."""
        closing = "}" if isinstance(node, Entries) else "]"
        token = next(self._tokens)
        if token[1] == closing and token[0] == "punctuation":
            self._open.pop()
            return
        if node.nodes or node.size > 1:
            token = self._after_comma(token, closing, node)
        if isinstance(node, Items):
            node.nodes.append(self._value(token))
        else:
            self._entry(node, token)
        node.size += 1

    def _after_comma(self, token: _Token, closing: str, node: _Open) -> _Token:
        kind, text, at = token
        if kind == "end":
            line, column = node.mark
            what = "mapping" if closing == "}" else "list"
            raise self._broken(at, f"the {what} of line {line}, column {column} is not closed")
        if text != "," or kind != "punctuation":
            raise self._broken(
                at, f"expected `,` or `{closing}`, found `{visible(text, 20)}`", "a comma is missing"
            )
        return next(self._tokens)

    def _entry(self, node: Entries, token: _Token) -> None:
        kind, text, at = token
        if kind != "string":
            hint = "remove the comma before it" if text == "}" else ""
            found = f"`{visible(text, 20)}`" if text else "the end"
            raise self._broken(at, f"expected a key in double quotes, found {found}", hint)
        key = self._string(text, at)
        _, colon, colon_at = next(self._tokens)
        if colon != ":":
            raise self._broken(colon_at, f"expected `:` after the key `{visible(key, 40)}`")
        if key in node.keys:
            first = node.keys[key][0]
            self.faults.append(
                Fault(self._mark(at), f"the key `{visible(key, 40)}` appears twice, first in line {first}")
            )
            self._value(next(self._tokens))
            return
        node.keys[key] = self._mark(at)
        node.nodes[key] = self._value(next(self._tokens))


def read_json(text: str) -> tuple[Node, list[Fault]]:
    """Return the document in `text` and the faults that did not keep it from being read.

    Raises:
        UnreadableError: it is no JSON.
    """
    reader = _Reader(text)
    return reader.read(), reader.faults
