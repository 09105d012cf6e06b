"""Whatever goes wrong between here and a model is one of our errors, says whether to ask again, and holds no key."""

import socket
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from astrolabe.adapters.models.known import Wire
from astrolabe.domain.conversation import Finish
from astrolabe.errors import (
    ModelBusyError,
    ModelError,
    ModelKeyError,
    ModelRequestError,
    WindowExceededError,
)
from astrolabe.testing.models import (
    Cut,
    ErrorEvent,
    Failure,
    FailureKind,
    Garbage,
    Limits,
    ModelServer,
    Outcome,
    Pace,
    Turn,
    fail,
    repeat,
    say,
)
from tests.integration.models.asking import HELLO, KEY, MODEL, READ, SERVED, ask

MEANT: dict[FailureKind, type[ModelError]] = {
    FailureKind.RATE_LIMITED: ModelBusyError,
    FailureKind.NO_CREDIT: ModelKeyError,
    FailureKind.OVERLOADED: ModelBusyError,
    FailureKind.BROKEN: ModelBusyError,
    FailureKind.WRONG_KEY: ModelKeyError,
    FailureKind.NO_KEY: ModelKeyError,
    FailureKind.UNKNOWN_MODEL: ModelRequestError,
    FailureKind.NO_TOOLS: ModelRequestError,
    FailureKind.WINDOW_EXCEEDED: WindowExceededError,
    FailureKind.INVALID: ModelRequestError,
}
TROUBLES = {
    "closed": Cut(how="closed"),
    "reset": Cut(how="reset"),
    "ended": Cut(how="ended"),
    "closed at once": Cut(after_pieces=0),
    "error": ErrorEvent(failure=Failure(kind=FailureKind.OVERLOADED)),
    "garbage": Garbage(),
    "garbage at once": Garbage(after_pieces=0),
}
LONG = say(" ".join(f"word{number}" for number in range(40)))


@pytest.fixture(params=SERVED, ids=lambda wire: wire.value)
def wire(request: pytest.FixtureRequest) -> Wire:
    return request.param


@pytest.fixture(params=[False, True], ids=["plain", "streamed"])
def streamed(request: pytest.FixtureRequest) -> bool:
    return request.param


def error_of(server: ModelServer, wire: Wire, *, streamed: bool, **options: Any) -> ModelError:
    with pytest.raises(ModelError) as caught:
        ask(server, wire, streamed=streamed, **options)
    assert KEY not in f"{caught.value!r} {caught.value.hint}"
    assert caught.value.__cause__ is None
    assert f"there/{MODEL}" in str(caught.value)
    return caught.value


@pytest.mark.parametrize("kind", FailureKind, ids=lambda kind: kind.value)
def test_each_failure_is_the_error_it_means(wire: Wire, streamed: bool, kind: FailureKind) -> None:
    with ModelServer([fail(kind, times=None)]) as server:
        error = error_of(server, wire, streamed=streamed)
        assert len(server.requests) == 1  # nothing below us asks again: who does, is counted above
    # Gemini says the same of a minute that is used up and of an account that is.
    unsure = wire is Wire.GEMINI and kind is FailureKind.NO_CREDIT
    assert type(error) is (ModelBusyError if unsure else MEANT[kind])


@pytest.mark.parametrize("name", TROUBLES)
def test_an_answer_that_breaks_off_is_no_answer(wire: Wire, streamed: bool, name: str) -> None:
    with ModelServer([LONG.model_copy(update={"trouble": TROUBLES[name]})]) as server:
        error = error_of(server, wire, streamed=streamed)
        assert len(server.requests) == 1
    assert type(error) is ModelBusyError


def test_a_provider_says_when_to_ask_again(wire: Wire, streamed: bool) -> None:
    with ModelServer([fail(FailureKind.RATE_LIMITED, retry_after_seconds=7)]) as server:
        assert error_of(server, wire, streamed=streamed).retry_after_seconds == 7


def test_it_may_say_so_by_a_date(wire: Wire, streamed: bool) -> None:
    at = datetime.now(UTC) + timedelta(seconds=100)
    failure = Failure(kind=FailureKind.OVERLOADED, retry_after=at)
    with ModelServer([Turn(failure=failure)]) as server:
        wait = error_of(server, wire, streamed=streamed).retry_after_seconds
    assert wait is not None
    assert 60 < wait <= 100


def test_or_by_its_limits_alone(streamed: bool) -> None:
    used_up = Limits(requests_left=0, reset_seconds=9)
    with ModelServer([Turn(failure=Failure(kind=FailureKind.RATE_LIMITED), limits=used_up)]) as server:
        wait = error_of(server, Wire.OPENAI, streamed=streamed).retry_after_seconds
    assert wait is not None
    assert 8 <= wait <= 9


def test_a_key_that_the_provider_repeats_is_not_told_on(wire: Wire, streamed: bool) -> None:
    with ModelServer([fail(FailureKind.WRONG_KEY, message=f"the key {KEY} is wrong")]) as server:
        error = error_of(server, wire, streamed=streamed)
    assert "the key [secret] is wrong" in str(error)


def test_silence_ends_in_time(wire: Wire, streamed: bool) -> None:
    with ModelServer([LONG.model_copy(update={"pace": Pace(gate="never")})]) as server:
        error = error_of(server, wire, streamed=streamed, timeout_seconds=0.2)
    assert type(error) is ModelBusyError
    assert "in time" in str(error)


def test_silence_in_the_middle_ends_in_time(wire: Wire) -> None:
    with ModelServer([LONG.model_copy(update={"pace": Pace(gate="never", after_pieces=3)})]) as server:
        assert type(error_of(server, wire, streamed=True, timeout_seconds=0.2)) is ModelBusyError


def test_nobody_there(wire: Wire, streamed: bool) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, and nobody listens
        nowhere = f"http://127.0.0.1:{taken.getsockname()[1]}/v1"
        with ModelServer() as server:
            assert type(error_of(server, wire, streamed=streamed, base_url=nowhere)) is ModelBusyError


def test_a_model_without_tools_is_not_asked_to_use_them(wire: Wire) -> None:
    with ModelServer([say("no")]) as server, pytest.raises(ModelRequestError, match="cannot call tools"):
        ask(server, wire, HELLO.model_copy(update={"tools": (READ,)}), tools=False)
    assert server.requests == ()


@pytest.mark.parametrize("wire", SERVED)
def test_an_answer_that_goes_round_in_a_circle_is_hung_up_on(wire: Wire) -> None:
    with ModelServer([repeat("shell lines that fail until it is done, ", 100_000)]) as server:
        told = ask(server, wire, streamed=True)
        server.settle()
        (exchange,) = server.exchanges
    assert told.reply.finish is Finish.LOOPED
    assert 1_000 <= len(told.reply.message.text) < 10_000
    assert "".join(told.pieces) == told.reply.message.text
    assert exchange.outcome is Outcome.HUNG_UP


@pytest.mark.parametrize("wire", SERVED)
def test_one_that_was_cut_off_in_a_circle_is_known_for_one_where_nobody_could_hang_up(wire: Wire) -> None:
    with ModelServer([repeat("and again ", 500)]) as server:
        assert ask(server, wire).reply.finish is Finish.LOOPED
