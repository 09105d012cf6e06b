"""A history that every provider takes: whatever a model, a crash or a compaction has made of it, it is mended before it is sent.

Valid is: words of the system first, in one message; then the user and the assistant by turns, the user first and last; each
call answered in the very next message, results in the order of their calls and before any words; ids unlike each other; no
empty part. The rules are those of the strictest: Anthropic's Messages (tool use), OpenAI's Chat Completions (tool messages).
"""

import hashlib
import re
from collections.abc import Iterator, Sequence
from itertools import count

from astrolabe.domain.conversation import Message, Part, Speaker, Text, Thinking, ToolCall, ToolResult

_WORD = re.compile(r"[A-Za-z0-9_-]{1,64}\Z")
_NOT_RUN = "This was not done: the conversation was cut off before it."
_GO_ON = "Go on."
_MOST_MALFORMED = 2000

_Turn = tuple[Speaker, list[Part]]


def mended(messages: Sequence[Message]) -> tuple[Message, ...]:
    """Return a valid history that says the same; a valid one is returned as it is."""
    system, turns = _cleaned(messages)
    paired = _merged(_paired(turns))
    if not paired or paired[0][0] is not Speaker.USER:
        paired.insert(0, (Speaker.USER, [Text(text=_GO_ON)]))
    if paired[-1][0] is not Speaker.USER:
        paired.append((Speaker.USER, [Text(text=_GO_ON)]))
    told = [(Speaker.SYSTEM, system), *paired] if system else paired
    return tuple(Message(speaker=speaker, parts=tuple(parts)) for speaker, parts in told)


def _cleaned(messages: Sequence[Message]) -> tuple[list[Part], list[_Turn]]:
    """Return the system's words and all turns, each with parts that its speaker can have; turns with none are gone."""
    system: list[Part] = []
    turns: list[_Turn] = []
    for message in messages:
        parts = [part for raw in message.parts if (part := _clean(raw, message.speaker)) is not None]
        if message.speaker is Speaker.SYSTEM:
            system += parts
        elif any(not isinstance(part, Thinking) for part in parts):
            turns.append((message.speaker, parts))
    return system, turns


_ALLOWED: dict[Speaker, tuple[type, ...]] = {
    Speaker.SYSTEM: (Text,),
    Speaker.USER: (Text, ToolResult),
    Speaker.ASSISTANT: (Text, Thinking, ToolCall),
}


def _clean(part: Part, speaker: Speaker) -> Part | None:
    if not isinstance(part, _ALLOWED[speaker]):
        return None
    match part:
        case Text() | Thinking():
            return _with_text(part) if part.text.strip() or getattr(part, "signature", "") else None
        case ToolResult():
            return _with_text(part if part.text.strip() else part.model_copy(update={"text": "(nothing)"}))
        case ToolCall():
            return _sound(part)


def _with_text(part: Part) -> Part:
    """Return a part whose text can be written as UTF-8."""
    text = getattr(part, "text", "")
    sound = text.encode("utf-8", "replace").decode()
    return part if sound == text else part.model_copy(update={"text": sound})


def _sound(call: ToolCall) -> ToolCall:
    """Return a call whose name and arguments can be written down again."""
    tool = call.tool if _WORD.match(call.tool) else re.sub(r"[^A-Za-z0-9_-]", "_", call.tool)[:64] or "tool"
    if call.malformed:
        told = call.malformed[:_MOST_MALFORMED].encode("utf-8", "replace").decode()
        return ToolCall(id=call.id, tool=tool, arguments={"malformed": told})
    return call if tool == call.tool else call.model_copy(update={"tool": tool})


def _paired(turns: Sequence[_Turn]) -> Iterator[_Turn]:
    """Give the turns with each call answered in the next one; an answer to nothing becomes words."""
    taken: set[tuple[int, int]] = set()
    names = _Names(turns)
    for at, (speaker, parts) in enumerate(turns):
        if speaker is Speaker.USER:
            rest = [_as_words(part) for place, part in enumerate(parts) if (at, place) not in taken]
            if rest:
                yield speaker, rest
            continue
        calls = [part for part in parts if isinstance(part, ToolCall)]
        answered = [(call, names.free(call.id), _answer(call, turns, at, taken)) for call in calls]
        yield (
            speaker,
            [
                *(part for part in parts if not isinstance(part, ToolCall)),
                *(call.model_copy(update={"id": name}) for call, name, _ in answered),
            ],
        )
        if answered:
            results = (
                found.model_copy(update={"id": name, "tool": call.tool}) for call, name, found in answered
            )
            yield Speaker.USER, list(results)


def _answer(call: ToolCall, turns: Sequence[_Turn], at: int, taken: set[tuple[int, int]]) -> ToolResult:
    """Take the first answer to a call that comes after it and is not taken yet."""
    for turn in range(at + 1, len(turns)):
        for place, part in enumerate(turns[turn][1]):
            if isinstance(part, ToolResult) and part.id == call.id and (turn, place) not in taken:
                taken.add((turn, place))
                return part
    return ToolResult(id=call.id, tool=call.tool, text=_NOT_RUN, failed=True)


def _as_words(part: Part) -> Part:
    if not isinstance(part, ToolResult):
        return part
    tool = re.sub(r"[^A-Za-z0-9_-]", "_", part.tool)[:64]
    return Text(text=f"The tool {tool} answered:\n{part.text}")


class _Names:
    """Ids of calls that providers take, each given once."""

    def __init__(self, turns: Sequence[_Turn]) -> None:
        self._own = {part.id for _, parts in turns for part in parts if isinstance(part, ToolCall)}
        self._given: set[str] = set()

    def free(self, wanted: str) -> str:
        """Return the id itself when it is sound and new, else one that follows from it and is nobody's."""
        name = wanted
        if not _WORD.match(wanted) or wanted in self._given:
            digest = hashlib.sha256(wanted.encode("utf-8", "surrogatepass")).hexdigest()[:12]
            tried = (f"call-{digest}-{number}" for number in count(1))
            name = next(one for one in tried if one not in self._own and one not in self._given)
        self._given.add(name)
        return name


def _merged(turns: Iterator[_Turn]) -> list[_Turn]:
    """Join turns of one speaker that follow each other."""
    out: list[_Turn] = []
    for speaker, parts in turns:
        if out and out[-1][0] is speaker:
            out[-1][1].extend(parts)
        else:
            out.append((speaker, list(parts)))
    return out
