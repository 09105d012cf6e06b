"""YAML read with places: one document, no tags that make objects, aliases counted, nothing that recurses."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, cast

import yaml
from yaml.error import Mark as YamlMark
from yaml.events import (
    AliasEvent,
    CollectionEndEvent,
    DocumentStartEvent,
    Event,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
    SequenceStartEvent,
)

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
from astrolabe.planning.places.scalars import meaning, storable
from astrolabe.planning.places.yaml_faults import syntax_fault
from astrolabe.planning.visible import visible

_CORE = "tag:yaml.org,2002:"
_MERGE = "<<"


LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""libyaml where PyYAML was built with it: ten times as fast."""


@dataclass(slots=True)
class _Frame:
    """A list or mapping still being read. `key` is the one whose value comes next; `dropped` when it cannot be used."""

    node: Items | Entries
    anchor: str | None
    key: tuple[str, Mark] | None = None
    awaits_value: bool = False
    merged: list[Entries] = field(default_factory=list[Entries])


class _Builder:
    """Builds the tree from the parser's events with an explicit stack."""

    def __init__(self, most_values: int) -> None:
        self._most_values = most_values
        self.faults: list[Fault] = []
        self.root: Node | None = None
        self._frames: list[_Frame] = []
        self._anchors: dict[str, Node | None] = {}
        self._count = 0

    def take(self, event: Event) -> None:
        if isinstance(event, NodeEvent):
            self._take_node(event)
        elif isinstance(event, CollectionEndEvent):
            self._close(self._frames.pop())

    def _take_node(self, event: NodeEvent) -> None:
        mark, anchor = _mark(event.start_mark), cast("str | None", event.anchor)
        self._count += 1
        if self._count > self._most_values:
            raise UnreadableError(Fault(mark, f"more than {self._most_values:,} values"))
        if isinstance(event, AliasEvent):
            self._place(self._aliased(mark, anchor or ""), mark)
        elif isinstance(event, ScalarEvent):
            scalar = self._scalar(event, mark)
            self._keep(anchor, scalar)
            self._place(scalar, mark)
        else:
            self._open(event, mark, anchor)

    def _open(self, event: NodeEvent, mark: Mark, anchor: str | None) -> None:
        if len(self._frames) >= DEEPEST:
            raise UnreadableError(Fault(mark, f"nested deeper than {DEEPEST} levels"))
        self._refuse_tag(
            cast("Any", event), mark, ("map",) if isinstance(event, MappingStartEvent) else ("seq",)
        )
        node = Items(mark) if isinstance(event, SequenceStartEvent) else Entries(mark)
        self._keep(anchor, None)
        self._frames.append(_Frame(node, anchor))

    def _keep(self, anchor: str | None, node: Node | None) -> None:
        if anchor is not None:
            self._anchors[anchor] = node

    def _aliased(self, mark: Mark, anchor: str) -> Node:
        """Return what an alias stands for; its size counts again, so that no document grows without bound."""
        if anchor not in self._anchors:
            self.faults.append(
                Fault(
                    mark,
                    f"`*{visible(anchor, 40)}` stands for nothing: no `&` of that name comes before it",
                    "put a text that begins with `*` in quotes",
                )
            )
            return Scalar(mark, None, "")
        node = self._anchors[anchor]
        if node is None:
            self.faults.append(
                Fault(mark, f"`*{visible(anchor, 40)}` stands for what it is itself a part of")
            )
            return Scalar(mark, None, "")
        self._count += node.size - 1
        if self._count > self._most_values:
            raise UnreadableError(
                Fault(mark, f"more than {self._most_values:,} values once its aliases are filled in")
            )
        return node

    def _scalar(self, event: ScalarEvent, mark: Mark) -> Scalar:
        text = cast("str", event.value)
        if not storable(text):
            self.faults.append(Fault(mark, "half of a surrogate pair is no character"))
            text = text.encode("utf-8", "replace").decode()
        tag = cast("str | None", event.tag)
        self._refuse_tag(event, mark, ("str", "int", "float", "bool", "null"))
        quoted = event.style is not None and event.style != ""
        if tag in {"!", _CORE + "str"} or (quoted and tag is None):
            return Scalar(mark, text, text, quoted)
        value, fault = meaning(text)
        if fault:
            self.faults.append(Fault(mark, fault, "put it in quotes if it is meant as text"))
        return Scalar(mark, value, text, quoted)

    def _refuse_tag(self, event: Any, mark: Mark, known: tuple[str, ...]) -> None:
        tag: str | None = event.tag
        if tag is None or tag == "!" or (tag.startswith(_CORE) and tag.removeprefix(_CORE) in known):
            return
        short = tag.replace(_CORE, "!!", 1)
        self.faults.append(Fault(mark, f"the tag `{visible(short, 40)}` has no meaning here", "remove it"))

    def _place(self, node: Node, mark: Mark) -> None:
        """Put a finished node where it belongs: into the innermost list or mapping, or at the root."""
        if not self._frames:
            self.root = node
            return
        frame = self._frames[-1]
        if isinstance(frame.node, Items):
            frame.node.nodes.append(node)
            frame.node.size += node.size
        elif not frame.awaits_value:
            self._take_key(frame, node, mark)
        else:
            frame.awaits_value = False
            self._take_value(frame, frame.node, node)

    def _take_key(self, frame: _Frame, node: Node, mark: Mark) -> None:
        frame.awaits_value = True
        frame.key = None
        if not isinstance(node, Scalar):
            self.faults.append(Fault(mark, "a key must be a text, not a list or mapping"))
            return
        first = cast("Entries", frame.node).keys.get(node.text)
        if first is not None:
            shown = visible(node.text, 40)
            self.faults.append(Fault(mark, f"the key `{shown}` appears twice, first in line {first[0]}"))
            return
        frame.key = (node.text, mark)
        if node.text == _MERGE and not node.quoted:
            frame.key = (_MERGE, (0, 0))

    def _take_value(self, frame: _Frame, into: Entries, node: Node) -> None:
        if frame.key is None:
            return
        key, mark = frame.key
        if mark == (0, 0):
            self._merge(frame, node)
            return
        into.nodes[key] = node
        into.keys[key] = mark
        into.size += node.size

    def _merge(self, frame: _Frame, node: Node) -> None:
        sources = node.nodes if isinstance(node, Items) else [node]
        for source in sources:
            if isinstance(source, Entries):
                frame.merged.append(source)
            else:
                self.faults.append(Fault(node.mark, "`<<` takes a mapping, or a list of mappings"))

    def _close(self, frame: _Frame) -> None:
        node = frame.node
        if isinstance(node, Entries):
            for source in frame.merged:
                for key in [key for key in source.nodes if key not in node.nodes]:
                    node.nodes[key], node.keys[key] = source.nodes[key], source.keys[key]
                    node.size += source.nodes[key].size
        self._keep(frame.anchor, node)
        self._place(node, node.mark)


def _mark(mark: YamlMark | None) -> Mark:
    return (mark.line + 1, mark.column + 1) if mark else (1, 1)


def read_yaml(
    text: str, most_values: int = MOST_VALUES, loader: Any = LOADER
) -> tuple[Node | None, list[Fault]]:
    """Return the document in `text`, None when there is none, and the faults that did not keep it from being read.

    Raises:
        UnreadableError: it is no YAML.
    """
    builder, documents = _Builder(most_values), 0
    events = cast("Callable[..., Iterator[Event]]", yaml.parse)(text, Loader=loader)
    try:
        for event in events:
            documents += isinstance(event, DocumentStartEvent)
            if documents > 1:
                mark = _mark(event.start_mark)
                builder.faults.append(
                    Fault(mark, "a second document begins here", "one file holds one document")
                )
                break
            builder.take(event)
    except yaml.MarkedYAMLError as error:
        raise UnreadableError(syntax_fault(text, error)) from error
    return builder.root, builder.faults
