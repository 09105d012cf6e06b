"""From the bytes of a file to a document that knows where everything in it stands."""

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from pydantic import JsonValue

from astrolabe.errors import InputError, Problem
from astrolabe.planning.places.json_nodes import read_json
from astrolabe.planning.places.node import (
    Entries,
    Fault,
    Mark,
    Node,
    Path,
    Scalar,
    UnreadableError,
    child,
    path_text,
    plain,
    scalars,
)
from astrolabe.planning.places.yaml_nodes import read_yaml
from astrolabe.planning.visible import visible

LARGEST_BYTES = 10_000_000
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_UNPRINTABLE = re.compile(r"[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")
_JSON_START = re.compile(r"\s*[{\[]")


@dataclass(frozen=True)
class Document:
    """A YAML or JSON document. `faults` are those that did not keep it from being read: a key that appears twice, say."""

    name: str
    root: Node
    faults: tuple[Fault, ...] = ()

    def value(self) -> Any:
        """Return the content as lists, dicts and scalars, in fresh objects."""
        return plain(self.root)

    def at(self, path: Path) -> JsonValue:
        """Return the content at a path; None when the path leads nowhere."""
        node = self.node(path)
        return plain(node) if node else None

    def has(self, path: Path) -> bool:
        """Tell whether something was written at `path`."""
        return self.node(path) is not None

    def node(self, path: Path) -> Node | None:
        """Return what was written at a path; None when the path leads nowhere."""
        node: Node | None = self.root
        for step in path:
            node = child(node, step) if node else None
        return node

    def mark(self, path: Path) -> Mark:
        """Return line and column of the value at `path`, or of the nearest thing above that was written.

        A list or mapping is found by its key, where it has one.
        """
        node, mark = self.root, self.root.mark
        for step in path:
            found = child(node, step)
            if found is None:
                break
            mark = found.mark
            if isinstance(node, Entries) and not isinstance(found, Scalar):
                mark = node.keys[str(step)]
            node = found
        return mark

    def key_mark(self, path: Path) -> Mark:
        """Return line and column of the key that `path` ends with; as `mark` where there is none."""
        node = self.node(path[:-1])
        if isinstance(node, Entries) and path[-1] in node.keys:
            return node.keys[str(path[-1])]
        return self.mark(path)

    def place(self, path: Path) -> str:
        """Write where a value stands: `plan.yaml:12:5 tasks[2].depends_on[0]`."""
        return _place(self.name, self.mark(path), path)

    def problem(self, path: Path, text: str, hint: str = "") -> Problem:
        """Return a problem with the value at `path`."""
        return Problem(self.place(path), text, hint)

    def problem_from(self, fault: Fault) -> Problem:
        return Problem(_place(self.name, fault.mark, fault.path), fault.text, fault.hint)


def _place(name: str, mark: Mark, path: Path) -> str:
    where = f"{name}:{mark[0]}:{mark[1]}"
    return f"{where} {path_text(path)}" if path else where


def read_document(content: str | bytes, name: str, error: type[InputError] = InputError) -> Document:
    """Read YAML 1.2 values (`yes` and `on` are texts), or JSON: when `name` ends in `.json`, or when it is JSON.

    `name` is what places call the file.

    Raises:
        InputError: of the type `error`: empty, binary, over 10 MB, or breaking the rules of its format; says where.
    """
    name = visible(name)
    try:
        text = text_of(content)
        root, faults = _read(text, name)
    except UnreadableError as unreadable:
        fault = unreadable.fault
        problem = Problem(_place(name, fault.mark, ()), fault.text, fault.hint)
        raise error(f"{name} cannot be read", [problem]) from unreadable
    if root is None or (isinstance(root, Scalar) and root.value is None and not faults):
        raise error(f"{name} cannot be read", [Problem(f"{name}:1:1", "the file is empty")])
    return Document(name, root, tuple(_with_paths(root, faults)))


def _with_paths(root: Node, faults: list[Fault]) -> Iterator[Fault]:
    """Find out which value each fault is about; one that is not part of the document keeps only its mark."""
    wanted = {fault.mark for fault in faults}
    paths: dict[Mark, tuple[str | int, ...]] = {}
    if wanted:
        for path, node in scalars(root):
            if node.mark in wanted:
                paths.setdefault(node.mark, path)
    for fault in faults:
        yield replace(fault, path=paths.get(fault.mark, ()))


def text_of(content: str | bytes, largest: int = LARGEST_BYTES) -> str:
    """Return what a file says, without a byte order mark. `largest` is how long it may be, in bytes or characters.

    Raises:
        UnreadableError: it is over `largest`, no UTF-8, or has characters that do not belong in a text file.
    """
    check_size(len(content), largest)
    text = (_decoded(content) if isinstance(content, bytes) else content).removeprefix("\ufeff")
    if found := _UNPRINTABLE.search(text):
        raise UnreadableError(_unprintable(text, found.start()))
    return text


def check_size(size: int, largest: int = LARGEST_BYTES) -> None:
    """Refuse what is too long before anything looks into it.

    Raises:
        UnreadableError: `size` is more than `largest`.
    """
    if size > largest:
        said = f"{size / 1_000_000:.1f} MB are more than the {largest / 1_000_000:g} MB that are read"
        raise UnreadableError(Fault((1, 1), said))


def _unprintable(text: str, at: int) -> Fault:
    line, column = text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at)
    return Fault((line, column), f"the character {visible(text[at])} does not belong in a text file")


def _decoded(content: bytes) -> str:
    if content.startswith(_UTF16):
        raise UnreadableError(Fault((1, 1), "the file is UTF-16", "save it as UTF-8"))
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        before = content[: error.start].decode()
        mark = (before.count("\n") + 1, len(before) - before.rfind("\n"))
        text = f"the byte 0x{content[error.start]:02x} is no UTF-8"
        hint = "is it a binary file?" if b"\0" in content else "save it as UTF-8"
        raise UnreadableError(Fault(mark, text, hint)) from error


def _read(text: str, name: str) -> tuple[Node | None, list[Fault]]:
    if name.lower().endswith(".json"):
        return read_json(text) if text.strip() else (None, [])
    if _JSON_START.match(text):
        try:
            return read_json(text)
        except UnreadableError:
            return read_yaml(text)
    return read_yaml(text)
