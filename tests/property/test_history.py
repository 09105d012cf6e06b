"""Whatever a history looks like, what is sent of it is valid; and what is valid is sent as it is."""

import itertools
import re

from hypothesis import given
from hypothesis import strategies as st

from astrolabe.agents.history import mended
from astrolabe.domain.conversation import Message, Speaker, Text, Thinking, ToolCall, ToolResult, said

TEXTS = st.sampled_from(["", " ", "\n", "words", "\udcff", "a\0b"])
IDS = st.sampled_from(["a", "b", "call 1", "é", "x" * 80, "a~2"])
TOOLS = st.sampled_from(["read", "no such tool", "x" * 80, ""])
CALLS = st.builds(
    ToolCall,
    id=IDS,
    tool=TOOLS,
    malformed=st.sampled_from(["", "{", "\udcff"]),
    arguments=st.just({"path": "x"}),
)
RESULTS = st.builds(ToolResult, id=IDS, tool=TOOLS, text=TEXTS, failed=st.booleans())
PARTS = st.one_of(
    st.builds(Text, text=TEXTS),
    st.builds(Thinking, text=TEXTS, signature=st.sampled_from(["", "s"])),
    CALLS,
    RESULTS,
)
MESSAGES = st.builds(Message, speaker=st.sampled_from(Speaker), parts=st.lists(PARTS, max_size=4).map(tuple))
HISTORIES = st.lists(MESSAGES, max_size=8)


def faults(messages: tuple[Message, ...]) -> list[str]:
    """Say what a strict provider would refuse; written apart from what mends."""
    found = [fault for message in messages for fault in faults_of_parts(message)]
    turns = messages[1:] if messages and messages[0].speaker is Speaker.SYSTEM else messages
    speakers = [message.speaker for message in turns]
    if not turns or speakers[0] is not Speaker.USER or speakers[-1] is not Speaker.USER:
        found.append("the user does not begin and end it")
    if Speaker.SYSTEM in speakers or any(one is other for one, other in itertools.pairwise(speakers)):
        found.append("speakers do not take turns")
    ids = [call.id for message in turns for call in message.calls]
    if len(ids) != len(set(ids)):
        found.append("two calls have one id")
    for at, message in enumerate(turns):
        results = [part for part in message.parts if isinstance(part, ToolResult)]
        asked = list(turns[at - 1].calls) if at else []
        if [(part.id, part.tool) for part in results] != [(call.id, call.tool) for call in asked]:
            found.append("results are not those of the calls before")
        if list(message.parts[: len(results)]) != results:
            found.append("words before results")
    return found


def faults_of_parts(message: Message) -> list[str]:
    found: list[str] = [] if message.parts else ["an empty message"]
    if all(isinstance(part, Thinking) for part in message.parts):
        found.append("nothing but thoughts")
    for part in message.parts:
        part.model_dump_json()  # raises for what is no UTF-8
        if isinstance(part, Text) and not part.text.strip():
            found.append("empty words")
        if isinstance(part, ToolCall | Thinking) and message.speaker is not Speaker.ASSISTANT:
            found.append("a part that its speaker cannot have")
        if isinstance(part, ToolCall) and (
            part.malformed or not re.fullmatch(r"[\w-]{1,64}", part.id + "", re.ASCII) or not part.tool
        ):
            found.append("a call that cannot be written down")
        if isinstance(part, ToolResult) and message.speaker is not Speaker.USER:
            found.append("a result that is not the user's")
    return found


@given(HISTORIES)
def test_any_history_becomes_valid_and_stays_as_it_is_then(history: list[Message]) -> None:
    valid = mended(history)
    assert faults(valid) == []
    assert mended(valid) == valid


@given(HISTORIES)
def test_no_words_and_no_calls_of_the_conversation_are_lost(history: list[Message]) -> None:
    before = [part for message in history for part in message.parts if allowed(part, message.speaker)]
    after = [part for message in mended(history) for part in message.parts]
    told = "\n".join(getattr(part, "text", "") for part in after)
    assert len([part for part in before if isinstance(part, ToolCall)]) == len(
        [part for part in after if isinstance(part, ToolCall)]
    )
    for part in before:
        if isinstance(part, Text | ToolResult) and part.text.strip():
            assert part.text.encode("utf-8", "replace").decode() in told


def allowed(part: object, speaker: Speaker) -> bool:
    if isinstance(part, ToolCall):
        return speaker is Speaker.ASSISTANT
    if isinstance(part, ToolResult):
        return speaker is Speaker.USER
    return isinstance(part, Text)


def test_what_a_kill_left_is_mended_so_that_the_model_sees_what_happened() -> None:
    calls = (ToolCall(id="1", tool="read"), ToolCall(id="2", tool="run"))
    history = [
        said(Speaker.SYSTEM, "rules"),
        said(Speaker.USER, "task"),
        Message(speaker=Speaker.ASSISTANT, parts=calls),
        Message(speaker=Speaker.USER, parts=(ToolResult(id="2", tool="run", text="ran"),)),
    ]
    first, second = mended(history)[-1].parts
    assert isinstance(first, ToolResult)
    assert isinstance(second, ToolResult)
    assert (first.id, first.failed) == ("1", True)
    assert (second.id, second.text) == ("2", "ran")
