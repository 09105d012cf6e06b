"""Asking models: tries, fallback, what is charged, what a person hears, and that each question can be read again."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from astrolabe.agents.asking import Asker, Patience
from astrolabe.agents.exchanges import digest_of, question_kept
from astrolabe.agents.hearing import ANEW, Hearing
from astrolabe.agents.tokens import tokens_of, tokens_of_question
from astrolabe.domain.budget import Usage
from astrolabe.domain.conversation import (
    Message,
    Question,
    Shape,
    Speaker,
    Text,
    Thinking,
    TokenUse,
    ToolCall,
    ToolResult,
    ToolSpec,
    said,
)
from astrolabe.domain.plan import Backoff
from astrolabe.errors import MissingError, ModelBusyError, ModelError, ModelKeyError, ModelRequestError
from astrolabe.ports.model import Heard, ModelInfo, Prices, unheard
from astrolabe.testing.models_double import ScriptedModels, words

HELLO = Question(messages=(said(Speaker.SYSTEM, "Be brief."), said(Speaker.USER, "Hello.")))
PRICES = Prices(read=10.0, written=100.0, cached=1.0, stored=12.0)


class Speaking:
    """A model whose tries are scripted: what it says in pieces, and the error it then ends with, if any."""

    def __init__(self, *tries: tuple[Sequence[str], ModelError | None], name: str = "a/m") -> None:
        self.info = ModelInfo(name=name, provider="a", window=9000, most_tokens=500, prices=PRICES)
        self.streamed: list[bool] = []
        self._tries = list(tries)

    async def ask(self, question: Question, heard: Heard = unheard) -> Any:
        del question
        self.streamed.append(heard is not unheard)
        pieces, error = self._tries.pop(0)
        for piece in pieces:
            heard(piece)
        if error:
            raise error
        return words("".join(pieces)).model_copy(update={"model": self.info.name})


class Steps:
    """Records in memory; a second life is given the same `log`."""

    def __init__(self) -> None:
        self.log: dict[int, tuple[Any, Usage]] = {}
        self.reserved: list[Usage] = []
        self._at = 0

    def again(self) -> None:
        self._at = 0

    async def recorded(
        self,
        kind: str,
        do: Callable[[], Awaitable[tuple[Any, Usage]]],
        *,
        reserve: Usage = Usage(),  # noqa: B008 - a frozen value
        call_id: str | None = None,
        about: str = "",
    ) -> tuple[Any, Usage]:
        del kind, call_id, about
        self._at += 1
        if self._at not in self.log:
            self.reserved.append(reserve)
            reply, used = await do()
            self.log[self._at] = json.loads(json.dumps(reply)), used
        return self.log[self._at]


class Shelf:
    def __init__(self) -> None:
        self.blobs: dict[str, bytes] = {}
        self.puts = 0

    async def put(self, content: bytes) -> str:
        import hashlib

        self.puts += 1
        digest = hashlib.sha256(content).hexdigest()
        self.blobs[digest] = content
        return digest

    async def get(self, digest: str) -> bytes:
        try:
            return self.blobs[digest]
        except KeyError:
            raise MissingError(digest) from None


class Ear:
    def __init__(self) -> None:
        self.pieces: list[str] = []

    def __call__(self, piece: str) -> None:
        self.pieces.append(piece)

    @property
    def last(self) -> str:
        """What stands there in the end: all since something was begun anew."""
        return "".join(self.pieces).rpartition(ANEW)[2]


async def _no_wait(_seconds: float) -> None:
    return


def asker(models: Iterable[Speaking], steps: Steps, **options: Any) -> Asker:
    patience = Patience(tries=3, backoff=Backoff(base=0, max=0))
    found: Any = ScriptedModels(*models)  # type: ignore[arg-type]
    return Asker(found, steps, "code", "k", lambda _: None, patience=patience, sleep=_no_wait, **options)


BUSY = ModelBusyError("busy")


@pytest.mark.parametrize(
    ("tries", "streamed"),
    [
        ([(["Hel", "lo"], None)], [True]),
        ([(["Hel"], BUSY), (["Hello"], None)], [True, False]),
        ([(["Hel"], BUSY), (["Hallo"], None)], [True, False]),
        ([(["Hello", " there"], BUSY), (["Hello"], None)], [True, False]),
        ([([], BUSY), (["Hello"], None)], [True, False]),
        ([([], ModelRequestError("nothing in pieces")), (["Hello"], None)], [True, False]),
        ([(["Hel"], BUSY), ([], BUSY), (["Hello"], None)], [True, False, False]),
    ],
)
def test_each_word_is_heard_once_however_often_a_model_is_asked(
    tries: list[Any], streamed: list[bool]
) -> None:
    model, ear = Speaking(*tries), Ear()
    reply = asyncio.run(asker([model], Steps(), heard=ear).ask(HELLO))
    assert ear.last == reply.message.text
    assert model.streamed == streamed


def test_the_next_model_goes_on_where_the_first_broke_off() -> None:
    first = Speaking((["One "], BUSY), ([], BUSY), ([], BUSY))
    second, ear = Speaking((["One ", "two"], None), name="b/m"), Ear()
    reply = asyncio.run(asker([first, second], Steps(), heard=ear).ask(HELLO))
    assert (reply.message.text, ear.pieces) == ("One two", ["One ", "two"])
    assert (first.streamed, second.streamed) == ([True, False, False], [True])


def test_nobody_listens_to_pieces_nobody_hears() -> None:
    model = Speaking((["Hello"], None))
    asyncio.run(asker([model], Steps()).ask(HELLO))
    assert model.streamed == [False]


def test_an_answer_that_is_recorded_is_not_heard_again() -> None:
    steps, ear = Steps(), Ear()
    model = Speaking((["Hel"], BUSY), (["Hello"], None))
    asyncio.run(asker([model], steps, heard=ear).ask(HELLO))
    steps.again()
    silent = Ear()
    assert asyncio.run(asker([model], steps, heard=silent).ask(HELLO)).message.text == "Hello"
    assert silent.pieces == []


@given(st.lists(st.lists(st.text("ab\n", max_size=3), max_size=4), max_size=4), st.text("ab\n", max_size=6))
def test_what_stands_there_in_the_end_is_the_answer(tries: list[list[str]], answer: str) -> None:
    ear = Ear()
    hearing = Hearing(ear)
    for pieces in tries:
        hearing.begin()
        for piece in pieces:
            hearing(piece)
    hearing.end(answer)
    assert ear.last == answer


def test_what_a_broken_answer_said_is_charged_and_a_refused_request_is_not() -> None:
    steps = Steps()
    model = Speaking((["Hello there"], BUSY), ([], BUSY), (["Hello"], None))
    asyncio.run(asker([model], steps, heard=Ear()).ask(HELLO))
    broken, refused, answered = (used for _, used in steps.log.values())
    assert broken.tokens == tokens_of_question(HELLO) + tokens_of("Hello there")
    assert broken.money > 0
    assert refused == Usage(model_calls=1)
    assert answered.tokens == 110
    for reserved, (_, used) in zip(steps.reserved, steps.log.values(), strict=True):
        assert used.tokens <= reserved.tokens or used is answered
        assert used.money <= reserved.money


def test_an_answer_without_a_count_is_charged_what_it_may_have_used() -> None:
    class Uncounted(Speaking):
        async def ask(self, question: Question, heard: Heard = unheard) -> Any:
            return (await super().ask(question, heard)).model_copy(update={"use": TokenUse()})

    steps = Steps()
    asyncio.run(asker([Uncounted((["Hello"], None))], steps).ask(HELLO))
    ((_, used),) = steps.log.values()
    assert used.tokens > tokens_of_question(HELLO)
    assert used.money > 0


@pytest.mark.parametrize("error", [ModelKeyError("no"), ModelRequestError("no")])
def test_what_will_not_change_is_not_tried_again(error: ModelError) -> None:
    first, second = Speaking(([], error)), Speaking((["Yes"], None), name="b/m")
    assert asyncio.run(asker([first, second], Steps()).ask(HELLO)).model == "b/m"
    assert len(first.streamed) == 1


PARTS = Message(
    speaker=Speaker.ASSISTANT,
    parts=(Thinking(text="hm", signature="s", provider="p"), ToolCall(id="1", tool="read", malformed="{")),
)
TOLD = Question(
    messages=(
        *HELLO.messages,
        PARTS,
        Message(speaker=Speaker.USER, parts=(ToolResult(id="1", tool="read", text="ü"), Text(text="?"))),
    ),
    tools=(ToolSpec(name="read", description="Read.", parameters={"type": "object"}),),
    shape=Shape(name="x", json_schema={"type": "string"}),
    must_call=True,
    most_tokens=7,
    temperature=0.5,
)


def test_a_question_can_be_read_again_by_its_digest() -> None:
    shelf, steps = Shelf(), Steps()
    model = Speaking((["a"], None), (["b"], None))
    asked = asker([model], steps, keep=shelf.put)

    async def both() -> None:
        await asked.ask(HELLO)
        await asked.ask(TOLD)

    asyncio.run(both())
    replies = [reply for reply, _ in steps.log.values()]
    assert [reply["question"] for reply in replies] == [digest_of(HELLO), digest_of(TOLD)]
    for reply, question in zip(replies, (HELLO, TOLD), strict=True):
        assert asyncio.run(question_kept(reply["question"], shelf.get)) == question
    # Each part is kept once, and named in the step that brought it, so that nobody tidies it away.
    named = [digest for reply in replies for digest in (reply["question"], *reply["kept"])]
    assert sorted(named) == sorted(shelf.blobs)
    assert shelf.puts == len(shelf.blobs)


def test_a_question_that_is_kept_no_longer_is_missing() -> None:
    with pytest.raises(MissingError):
        asyncio.run(question_kept(digest_of(HELLO), Shelf().get))
