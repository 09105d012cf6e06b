"""What is said between an agent and a model: our own format, the same for every provider, and kept in the journal."""

from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import Field, JsonValue

from astrolabe.domain.value import Value


class Speaker(StrEnum):
    """Whose words a message holds. Results of tools are the user's: they are told to the model."""

    SYSTEM = "system"
    USER = "user"
    ASSISTANT = "assistant"


class Text(Value):
    """Words."""

    kind: Literal["text"] = "text"
    text: str


class Thinking(Value):
    """What a model thought before it spoke. `signature` proves it to the `provider` it came from, and to no other."""

    kind: Literal["thinking"] = "thinking"
    text: str
    signature: str = ""
    provider: str = ""


class ToolCall(Value):
    """A model asks for a tool. `malformed` is what it wrote for arguments where that is no JSON object.

    `signature` is what its `provider`, and no other, wants to see again with it.
    """

    kind: Literal["call"] = "call"
    id: str = Field(min_length=1)
    tool: str
    arguments: dict[str, JsonValue] = Field(default_factory=dict)
    malformed: str = ""
    signature: str = ""
    provider: str = ""


class ToolResult(Value):
    """What a tool answered to the call of that id."""

    kind: Literal["result"] = "result"
    id: str = Field(min_length=1)
    tool: str
    text: str
    failed: bool = False


Part = Annotated[Text | Thinking | ToolCall | ToolResult, Field(discriminator="kind")]


class Message(Value):
    """One turn of one speaker."""

    speaker: Speaker
    parts: tuple[Part, ...]

    @property
    def text(self) -> str:
        """Its words, without thoughts and calls."""
        return "".join(part.text for part in self.parts if isinstance(part, Text))

    @property
    def calls(self) -> tuple[ToolCall, ...]:
        """The tools it asks for, in order."""
        return tuple(part for part in self.parts if isinstance(part, ToolCall))


def said(speaker: Speaker, text: str) -> Message:
    """Return a message of nothing but words."""
    return Message(speaker=speaker, parts=(Text(text=text),))


class ToolSpec(Value):
    """A tool as a model is told of it; `parameters` is a JSON Schema of an object."""

    name: str = Field(pattern=r"^[a-zA-Z0-9_-]{1,64}$")
    description: str
    parameters: dict[str, Any]


class Shape(Value):
    """The JSON an answer is to be: enforced while it is written where a model can, checked afterwards everywhere."""

    name: str = Field(pattern=r"^[a-zA-Z0-9_-]{1,64}$")
    json_schema: dict[str, Any]


class Question(Value):
    """What a model is asked. `most_tokens` bounds the answer; `must_call` allows no answer without a tool."""

    messages: tuple[Message, ...]
    tools: tuple[ToolSpec, ...] = ()
    shape: Shape | None = None
    must_call: bool = False
    most_tokens: int = Field(default=4096, ge=1)
    temperature: float | None = Field(default=None, ge=0, le=2)


class Finish(StrEnum):
    """Why an answer ended.

    LENGTH: it was cut off. LOOPED: it said the same over and over, and was stopped. REFUSED: the model, or a filter of its
    provider, would not answer.
    """

    STOP = "stop"
    TOOLS = "tools"
    LENGTH = "length"
    LOOPED = "looped"
    REFUSED = "refused"
    OTHER = "other"


class TokenUse(Value):
    """Tokens of a question (`read`; of them `cached` came from the provider's cache, `stored` went into it) and its answer."""

    read: int = Field(default=0, ge=0)
    written: int = Field(default=0, ge=0)
    cached: int = Field(default=0, ge=0)
    stored: int = Field(default=0, ge=0)

    @property
    def total(self) -> int:
        return self.read + self.written


class Reply(Value):
    """A model's answer. `model` is what answered, as settings name it; `money` in US dollars, 0 where no price is known."""

    message: Message
    finish: Finish
    use: TokenUse = TokenUse()
    model: str = ""
    money: float = Field(default=0.0, ge=0, allow_inf_nan=False)
