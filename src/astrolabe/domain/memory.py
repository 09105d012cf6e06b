"""What is remembered of a project: pieces of documents, notes and past runs, each with the place it came from."""

from dataclasses import dataclass, field
from enum import StrEnum


class Origin(StrEnum):
    """What something that is remembered was."""

    DOCUMENT = "document"
    NOTE = "note"
    RUN = "run"


@dataclass(frozen=True)
class Chunk:
    """A piece of a text. Lines count from 1, both ends included; `heading` says under what it stands."""

    text: str
    first: int
    last: int
    heading: str = ""


@dataclass(frozen=True)
class Document:
    """Something to be remembered; `name` is a document's path, a note's id or a run's, `title` what a person reads."""

    name: str
    text: str
    title: str = ""
    origin: Origin = Origin.DOCUMENT


@dataclass(frozen=True)
class Source:
    """Something that is remembered. `digest` names its text, `model` what made its directions; `at` is in seconds since the epoch."""

    id: str
    origin: Origin
    name: str
    title: str
    digest: str
    model: str
    chunks: int
    at: float


@dataclass(frozen=True)
class Passage:
    """A piece that was recalled: `score` is the higher the better, `related` tells whether it is likely about the question."""

    origin: Origin
    name: str
    title: str
    chunk: Chunk
    score: float
    reason: str
    related: bool
    at: float

    @property
    def citation(self) -> str:
        """Where it stands: `path:first-last`, or what kind of thing it is of."""
        lines = f"{self.chunk.first}-{self.chunk.last}"
        if self.origin is Origin.DOCUMENT:
            return f"{self.name}:{lines}"
        return f"{self.origin.value} {self.name}"


@dataclass(frozen=True)
class Recalled:
    """The best pieces first. `how` says what they were ranked by, `unseen` how many sources only their words could find."""

    passages: tuple[Passage, ...]
    how: str
    unseen: int = 0


@dataclass(frozen=True)
class Indexed:
    """What became of a tree's files: `passed_over` counts by reason those that are no documents."""

    added: int = 0
    unchanged: int = 0
    chunks: int = 0
    forgotten: int = 0
    passed_over: dict[str, int] = field(default_factory=dict[str, int])
