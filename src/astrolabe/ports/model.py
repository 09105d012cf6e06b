"""Language models: what can be asked, and what is known of whoever answers."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from astrolabe.domain.conversation import Question, Reply

Heard = Callable[[str], None]
"""Takes pieces of an answer's text as they come; they are shown to a person and take no part in the result."""


def unheard(_piece: str) -> None:
    """Take pieces nobody watches."""


@dataclass(frozen=True)
class Prices:
    """US dollars for a million tokens."""

    read: float
    written: float
    cached: float
    stored: float


class CallStyle(StrEnum):
    """How a model is to ask for tools.

    NATIVE: by its provider's own means. SHAPE: each answer is held to a JSON Schema that names one tool and its arguments;
    small models that write no usable native calls do well with that. TEXT: as JSON in its words, where it can be held to
    nothing.
    """

    NATIVE = "native"
    SHAPE = "shape"
    TEXT = "text"


@dataclass(frozen=True)
class ModelInfo:
    """What is known of a model. `name` is `provider/model`, as settings write it; sizes are tokens.

    `window` bounds question and answer together, `most_tokens` the answer. `shapes`: it can be held to a JSON Schema.
    `calls` is what it does best where tools are offered; None follows from `tools` and `shapes`. `bounds`: a schema
    holds it as a grammar, which it does not read, and may say how long texts and lists are at the most. `small`: it has so few weights that it does better with less - short
    instructions, few choices, short answers - and goes round in circles else.
    """

    name: str
    provider: str
    window: int
    most_tokens: int
    tools: bool = True
    shapes: bool = True
    streams: bool = True
    prices: Prices | None = None
    calls: CallStyle | None = None
    bounds: bool = False
    small: bool = False

    @property
    def call_style(self) -> CallStyle:
        """How it is to ask for tools."""
        if self.calls is not None:
            return self.calls
        if self.tools:
            return CallStyle.NATIVE
        return CallStyle.SHAPE if self.shapes else CallStyle.TEXT


class Model(Protocol):
    """One model at one endpoint. One `ask` is one request, tried once; who asks again is decided above."""

    @property
    def info(self) -> ModelInfo: ...

    async def ask(self, question: Question, heard: Heard = unheard) -> Reply:
        """Return the answer.

        Raises:
            ModelError: there is none; `retry_after_seconds` and its class say whether to ask again.
        """
        ...


class Models(Protocol):
    """The models of an installation."""

    def chain(self, agent: str) -> Sequence[Model]:
        """Return the models an agent works with, the first first: each is asked when those before it have failed.

        Raises:
            NoModelError: none is set up.
        """
        ...

    def named(self, name: str) -> Model:
        """Return the model of that name; MissingError if no provider of the settings can have it."""
        ...
