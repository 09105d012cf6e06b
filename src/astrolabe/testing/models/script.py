"""What a scripted model does: turns, taken in order or by what a request says."""

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Self

from pydantic import Field, JsonValue, TypeAdapter, ValidationError

from astrolabe.domain.conversation import Finish, TokenUse
from astrolabe.domain.value import Value
from astrolabe.errors import InputError, Problem
from astrolabe.testing.models.faults import Failure, FailureKind, Limits, Pace, Trouble
from astrolabe.testing.models.request import Request, WireName


class Call(Value):
    """The model asks for a tool. A string for arguments is sent as it is, so it can be malformed JSON.

    Gemini has no place for malformed arguments: there the reply ends as `MALFORMED_FUNCTION_CALL`, which is what it says.
    Anthropic has one in a stream only: a plain reply holds the string where the object should be.
    """

    tool: str
    arguments: dict[str, JsonValue] | str = Field(default_factory=dict)
    id: str = ""

    @property
    def written(self) -> str:
        """The arguments as JSON text, or the string given for them."""
        return self.arguments if isinstance(self.arguments, str) else json.dumps(self.arguments)


class When(Value):
    """Which requests a turn is for; what is empty does not matter. Texts are found ignoring case.

    `user_says` is part of what the person said last, `last_says` of the last message (a tool's result, say), `holds` of
    anything in the request's body. `offers` names a tool the request offers.
    """

    user_says: str = ""
    last_says: str = ""
    holds: str = ""
    model: str = ""
    offers: str = ""
    wire: WireName | None = None

    def fits(self, request: Request) -> bool:
        """Tell whether a request is one of those."""
        return (
            _in(self.user_says, request.last_user_text)
            and _in(self.last_says, request.last_text)
            and _in(self.holds, request.body.decode(errors="replace"))
            and self.model in {"", request.gist.model}
            and (not self.offers or self.offers in request.gist.tools)
            and self.wire in {None, request.wire}
        )


class Turn(Value):
    """What the model does about one request, whatever protocol it is asked in.

    A reply has `thinking`, then `text`, then `calls`; nothing of all is the empty reply. `refusal` is said instead, in each
    protocol's own form. `finish` follows from the rest unless given; `finish_word` goes out as it is, for words no client
    knows. `use` is estimated unless given. With a `failure` there is no reply. `trouble` happens in the middle of it.
    A turn answers `times` requests (None: any number of them) of those that `when` fits. `headers` come on top.
    """

    text: str = ""
    thinking: str = ""
    signature: str = ""
    calls: tuple[Call, ...] = ()
    refusal: str = ""
    finish: Finish | None = None
    finish_word: str = ""
    use: TokenUse | None = None
    failure: Failure | None = None
    trouble: Trouble | None = None
    pace: Pace = Pace()
    limits: Limits | None = None
    when: When = When()
    times: int | None = Field(default=1, ge=1)
    headers: dict[str, str] = Field(default_factory=dict)

    @property
    def ending(self) -> Finish:
        """Why the reply ends."""
        if self.finish:
            return self.finish
        if self.refusal:
            return Finish.REFUSED
        return Finish.TOOLS if self.calls else Finish.STOP


def say(text: str, *, thinking: str = "") -> Turn:
    """Return a turn of nothing but words."""
    return Turn(text=text, thinking=thinking)


def call(tool: str, arguments: Mapping[str, JsonValue] | str = "{}", *, text: str = "") -> Turn:
    """Return a turn that asks for one tool; a string of arguments is sent as it is."""
    given = arguments if isinstance(arguments, str) else dict(arguments)
    return Turn(text=text, calls=(Call(tool=tool, arguments=given),))


def written_call(tool: str, arguments: Mapping[str, JsonValue]) -> Turn:
    """Return a turn that writes a call of a tool as fenced JSON in its text, as small models do."""
    told = json.dumps({"name": tool, "arguments": dict(arguments)}, indent=2)
    return Turn(text=f"```json\n{told}\n```")


def refuse(text: str = "I cannot help with that.") -> Turn:
    """Return a turn in which the model would not answer."""
    return Turn(refusal=text)


def repeat(text: str, times: int = 20_000) -> Turn:
    """Return a turn that says the same again and again, until the client hangs up or, after `times`, it is cut off."""
    return Turn(text=text * times, finish=Finish.LENGTH)


def fail(
    kind: FailureKind, *, retry_after_seconds: float | None = None, times: int | None = 1, message: str = ""
) -> Turn:
    """Return a turn that answers with an error."""
    failure = Failure(kind=kind, retry_after=retry_after_seconds, message=message)
    return Turn(failure=failure, times=times)


class Script:
    """Turns in the order they are taken: each request gets the first unused one that is for it."""

    def __init__(self, turns: Iterable[Turn] = ()) -> None:
        self.turns = tuple(turns)
        self._left = [turn.times for turn in self.turns]

    def take(self, request: Request) -> Turn | None:
        """Return the turn that answers a request, and use it up; None if no turn is left for it."""
        if request.wire is None:
            return None
        for place, turn in enumerate(self.turns):
            left = self._left[place]
            if left != 0 and turn.when.fits(request):
                self._left[place] = None if left is None else left - 1
                return turn
        return None

    @property
    def unused(self) -> tuple[Turn, ...]:
        """The turns that were meant to answer and never did."""
        return tuple(
            turn for turn, left in zip(self.turns, self._left, strict=True) if left and left == turn.times
        )

    @classmethod
    def read(cls, path: Path) -> Self:
        """Return the script of a JSON file, a list of turns with the fields of `Turn`; InputError if it is none."""
        try:
            return cls(_TURNS.validate_json(path.read_bytes()))
        except ValidationError as error:
            problems = [Problem(f"{path}:{_place(each['loc'])}", each["msg"]) for each in error.errors()]
            raise InputError(f"{path} is no script of a model", problems) from error

    def write(self, path: Path) -> None:
        """Write the script as a JSON file that `read` reads."""
        path.write_bytes(_TURNS.dump_json(self.turns, indent=1))


_TURNS = TypeAdapter(tuple[Turn, ...])


def _place(place: tuple[int | str, ...]) -> str:
    return ".".join(map(str, place)) or "whole"


def _in(part: str, whole: str) -> bool:
    return part.lower() in whole.lower()


def words(text: str) -> list[str]:
    """Cut a text into the pieces it is streamed in, words with the space before them; joined they are the text."""
    return re.findall(r"\s*\S+(?:\s+\Z)?", text) or ([text] if text else [])


def bites(text: str, size: int = 12) -> list[str]:
    """Cut JSON text into the pieces it is streamed in: not at its marks, so that no piece can be read alone."""
    return [text[start : start + size] for start in range(0, len(text), size)]


def use_of(turn: Turn, request: Request) -> TokenUse:
    """Return the tokens a reply is charged with: the turn's own, or one for four bytes of what was sent either way."""
    if turn.use:
        return turn.use
    out = len(turn.text + turn.thinking + turn.refusal) + sum(
        len(each.tool + each.written) for each in turn.calls
    )
    return TokenUse(read=tokens(request.body), written=-(-out // 4))


def tokens(body: bytes) -> int:
    """Count four bytes as one token, rounded up."""
    return -(-len(body) // 4)
