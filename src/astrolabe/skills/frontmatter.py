"""The two parts of a `SKILL.md`: fields in YAML between two lines `---`, and the text below.

Every value is read as text, as the reference library of the format does. What YAML can do beyond mappings, lists and texts
(anchors, tags, other documents) is refused: nothing of it belongs into a head of six fields, and some of it is an attack.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import cast

import yaml

from astrolabe.errors import Problem

MOST_BYTES = 1_000_000
"""Of a whole `SKILL.md`: no model is told more at once."""
MOST_HEAD_CHARACTERS = 64_000
_DEEPEST = 4
_FENCE = "---"
_PLAIN_VALUE = re.compile(r"(?P<key>[A-Za-z][\w-]*):[ \t]+(?P<value>[^\s\"'|>\[{&*!#].*)")

Value = str | dict[str, str] | list[str]


@dataclass(frozen=True)
class Head:
    """The fields of a `SKILL.md` by name, each with its line (from 1), and the text below them.

    `faults` are breaches of the format that did not keep the fields from being read.
    """

    fields: dict[str, Value]
    lines: dict[str, int]
    body: str
    faults: tuple[Problem, ...] = ()


class UnreadableHeadError(ValueError):
    """There are no fields to be had; `problem` says why."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(str(problem))
        self.problem = problem


def read_head(content: bytes, place: str) -> Head:
    """Read a `SKILL.md`; `place` is what problems call it.

    A value with a colon that should have been quoted is read as it was meant, and told.

    Raises:
        UnreadableHeadError: it is no text, has no fields, or they are no YAML.
    """
    head, body = _parts(_text(content, place), place)
    try:
        return _read(head, body, place)
    except UnreadableHeadError:
        mended = _quoted(head)
        if mended == head:
            raise
        found = _read(mended, body, place)
        told = [_unquoted(place, number) for number in _differing(head, mended)]
        return Head(found.fields, found.lines, found.body, (*told, *found.faults))


def _text(content: bytes, place: str) -> str:
    if len(content) > MOST_BYTES:
        raise _unreadable(place, 1, f"{len(content):,} bytes are more than the {MOST_BYTES:,} that are read")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise _unreadable(place, line, "it is no UTF-8", "save it as UTF-8") from error
    return text.replace("\r\n", "\n")


def _parts(text: str, place: str) -> tuple[str, str]:
    lines = text.split("\n")
    if lines[0].rstrip() != _FENCE:
        hint = "begin the file with a line ---, then `name:` and `description:`, then a line ---"
        raise _unreadable(place, 1, "it does not begin with its fields", hint)
    end = next((number for number, line in enumerate(lines[1:], 1) if line.rstrip() == _FENCE), None)
    if end is None:
        raise _unreadable(place, 1, "the fields do not end", "put a line --- below them")
    head = "\n".join(lines[1:end])
    if len(head) > MOST_HEAD_CHARACTERS:
        raise _unreadable(place, 2, f"the fields are longer than {MOST_HEAD_CHARACTERS:,} characters")
    return head, "\n".join(lines[end + 1 :]).strip()


def _read(head: str, body: str, place: str) -> Head:
    reader = _Reader(place)
    try:
        reader.read(head)
    except yaml.YAMLError as error:
        line = _line_of(error)
        told = getattr(error, "problem", None) or "it has a character that does not belong in a text"
        hint = "put a value that has a colon, or begins with a sign, in quotes"
        raise _unreadable(place, line, f"no valid YAML: {told}", hint) from error
    return Head(reader.fields, reader.lines, body, tuple(reader.faults))


def _line_of(error: yaml.YAMLError) -> int:
    """Return the line in the file; the fields begin on its second."""
    mark = getattr(error, "problem_mark", None)
    return 2 if mark is None else mark.line + 2


def _unreadable(place: str, line: int, text: str, hint: str = "") -> UnreadableHeadError:
    return UnreadableHeadError(Problem(f"{place}:{line}", text, hint))


@dataclass
class _Reader:
    """Makes fields of the events of a YAML parser; it goes no deeper than fields can, so nothing exhausts the stack."""

    place: str
    fields: dict[str, Value] = field(default_factory=dict[str, Value])
    lines: dict[str, int] = field(default_factory=dict[str, int])
    faults: list[Problem] = field(default_factory=list[Problem])

    def read(self, head: str) -> None:
        events = _events(head, self.place)
        first = next(events, None)
        if first is None:
            raise _unreadable(
                self.place, 2, "there are no fields", "write at least `name:` and `description:`"
            )
        if not isinstance(first, yaml.MappingStartEvent):
            raise _unreadable(self.place, 2, "the fields are no mapping", "write each as `name: value`")
        for key, line in self._keys(events):
            value = self._value(next(events), events)
            if key in self.fields:
                self._fault(line, f"`{key}` is there twice", "keep one; the first is used")
            self.fields.setdefault(key, value)
            self.lines.setdefault(key, line)

    def _keys(self, events: Iterator[yaml.Event]) -> Iterator[tuple[str, int]]:
        for event in events:
            if isinstance(event, yaml.MappingEndEvent):
                return
            line = event.start_mark.line + 2
            if not isinstance(event, yaml.ScalarEvent):
                raise _unreadable(self.place, line, "the name of a field is no text")
            yield _whole(event.value), line

    def _value(self, event: yaml.Event, events: Iterator[yaml.Event]) -> Value:
        if isinstance(event, yaml.MappingStartEvent):
            return {key: self._inner(next(events), events) for key, _ in self._keys(events)}
        if isinstance(event, yaml.SequenceStartEvent):
            return list(self._items(events))
        return self._inner(event, events)

    def _items(self, events: Iterator[yaml.Event]) -> Iterator[str]:
        for event in events:
            if isinstance(event, yaml.SequenceEndEvent):
                return
            yield self._inner(event, events)

    def _inner(self, event: yaml.Event, events: Iterator[yaml.Event]) -> str:
        """Return a text; of what lies deeper than any field, its place is told and nothing is read."""
        if isinstance(event, yaml.ScalarEvent):
            return _whole(event.value)
        depth = 1
        while depth:
            following = next(events)
            depth += isinstance(following, yaml.CollectionStartEvent)
            depth -= isinstance(following, yaml.CollectionEndEvent)
        self._fault(event.start_mark.line + 2, "a text is expected here", "write one value, in quotes")
        return ""

    def _fault(self, line: int, text: str, hint: str) -> None:
        self.faults.append(Problem(f"{self.place}:{line}", text, hint))


def _whole(text: str) -> str:
    r"""Join the halves of characters that were written as `\ud83d\ude00`; half of one alone could be written nowhere."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _events(head: str, place: str) -> Iterator[yaml.Event]:
    """Return what a document consists of, without what frames it."""
    framing = (yaml.StreamStartEvent, yaml.StreamEndEvent, yaml.DocumentStartEvent, yaml.DocumentEndEvent)
    documents, depth = 0, 0
    parsed = cast("Iterator[yaml.Event]", yaml.parse(head, Loader=yaml.SafeLoader))  # pyright: ignore[reportUnknownMemberType]
    for event in parsed:
        line = event.start_mark.line + 2
        documents += isinstance(event, yaml.DocumentStartEvent)
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if documents > 1 or depth > _DEEPEST:
            raise _unreadable(place, line, "there is more than fields can hold", "write plain fields")
        if getattr(event, "anchor", None) or getattr(event, "tag", None):
            raise _unreadable(place, line, "anchors, aliases and tags are not read", "write the value out")
        if not isinstance(event, framing):
            yield event


def _quoted(head: str) -> str:
    """Put in quotes what stands after the name of a field and has a colon of its own."""
    return "\n".join(_quoted_line(line) for line in head.split("\n"))


def _quoted_line(line: str) -> str:
    found = _PLAIN_VALUE.fullmatch(line.rstrip(" \t"))
    if found is None or ":" not in found["value"]:
        return line
    return f"{found['key']}: {json.dumps(found['value'], ensure_ascii=False)}"


def _differing(head: str, mended: str) -> Iterator[int]:
    both = zip(head.split("\n"), mended.split("\n"), strict=True)
    return (number for number, (one, other) in enumerate(both, 2) if one != other)


def _unquoted(place: str, line: int) -> Problem:
    return Problem(f"{place}:{line}", "a value with a colon has to be quoted", "put it in double quotes")
