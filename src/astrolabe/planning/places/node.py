"""A document as a tree of values that know where they were written."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from pydantic import JsonValue

from astrolabe.planning.visible import visible

Mark = tuple[int, int]
"""Line and column, both counted from 1, the column in characters."""

Path = Sequence[str | int]
"""Keys and list positions (from 0) that lead from the root to a value."""

DEEPEST = 100
"""Levels a document may nest."""

MOST_VALUES = 1_000_000
"""Values a document may hold, each use of an alias counted whole."""

_WORD = re.compile(r"[^\W\d][\w-]{0,79}\Z")


@dataclass(slots=True)
class Scalar:
    """A single value; `text` is how it was written, without its quotes."""

    mark: Mark
    value: str | float | bool | None
    text: str
    quoted: bool = False
    size: int = 1


@dataclass(slots=True)
class Items:
    """A list. `size` counts all values in it, itself included."""

    mark: Mark
    nodes: list["Node"] = field(default_factory=list["Node"])
    size: int = 1


@dataclass(slots=True)
class Entries:
    """A mapping from text to values; `keys` holds where each key was written."""

    mark: Mark
    nodes: dict[str, "Node"] = field(default_factory=dict[str, "Node"])
    keys: dict[str, Mark] = field(default_factory=dict[str, Mark])
    size: int = 1


Node = Scalar | Items | Entries


@dataclass(frozen=True, slots=True)
class Fault:
    """Something wrong at a mark; `path` leads to the value it is about, empty for the whole document."""

    mark: Mark
    text: str
    hint: str = ""
    path: tuple[str | int, ...] = ()


class UnreadableError(Exception):
    """The text breaks the rules of its format at `fault`, and nothing after that can be trusted."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.text)
        self.fault = fault


def plain(node: Node) -> JsonValue:
    """Return a node's value without its places."""
    if isinstance(node, Scalar):
        return node.value
    if isinstance(node, Items):
        return [plain(item) for item in node.nodes]
    return {key: plain(entry) for key, entry in node.nodes.items()}


def child(node: Node, step: str | int) -> Node | None:
    """Return what one step of a path leads to, or None when it leads nowhere."""
    if isinstance(node, Entries) and isinstance(step, str):
        return node.nodes.get(step)
    if isinstance(node, Items) and isinstance(step, int) and 0 <= step < len(node.nodes):
        return node.nodes[step]
    return None


def scalars(root: Node) -> Iterator[tuple[tuple[str | int, ...], Scalar]]:
    """Yield every single value with its path, in the order of the document; one that aliases stand for once for each of them."""
    left: list[tuple[tuple[str | int, ...], Node]] = [((), root)]
    while left:
        path, node = left.pop()
        if isinstance(node, Scalar):
            yield path, node
        elif isinstance(node, Items):
            left.extend(((*path, index), item) for index, item in reversed([*enumerate(node.nodes)]))
        else:
            left.extend(((*path, key), entry) for key, entry in reversed(node.nodes.items()))


def path_text(path: Path) -> str:
    """Write a path as people do: `tasks[2].depends_on[0]`; a key that is no plain word is quoted."""
    out = ""
    for step in path:
        if isinstance(step, int):
            out += f"[{step}]"
        elif _WORD.match(step):
            out += f".{step}" if out else step
        else:
            out += f'["{visible(step, 80)}"]'
    return out
