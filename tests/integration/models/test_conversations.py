"""Whole conversations over the wire, with a server that is as strict as the services are.

It refuses a request that is too long for its window, and one whose calls have no results, whose results have no calls, whose
ids are twice there, whose words are empty.
"""

import asyncio

import pytest

from astrolabe.adapters.models.known import Wire
from astrolabe.agents.loop import Brief, LoopLimits, Outcome, converse
from astrolabe.agents.tools import FINISH, WORKING
from astrolabe.sdk import Task
from astrolabe.testing.models import ModelServer
from astrolabe.testing.models.request import Request
from astrolabe.testing.models.script import Call, Turn, call
from astrolabe.testing.models.wire import ServedModel
from tests.bench import Room
from tests.integration.models.asking import KEY, MODEL, catalogue

WINDOW = 16_000
SKILL = "SKILL: anchor every regular expression."
FILES = {f"src/f{n}.txt": f"value {n}: lorem ipsum dolor sit amet\n".encode() * 200 for n in range(12)}
TASK = Task(id="t", name="t", agent="code", writes=("src",))
BRIEF = Brief("Rules of the house.", "The task: read all of it.", (SKILL,))
"""Odd answers on the way: no words and no call, a call twice under one id, arguments that are no JSON, two calls at once."""
ODD = {
    1: Turn(text=""),
    3: Turn(calls=(Call(tool="list", id="same"), Call(tool="list", id="same"))),
    4: Turn(calls=(Call(tool="read", arguments='{"path": "src/f'),)),
    6: Turn(
        calls=(
            Call(tool="read", arguments={"path": "nowhere"}),
            Call(tool="run", arguments={"command": "true"}),
        )
    ),
}


class Reader:
    """Reads one file after the other, oddly at times, and finishes."""

    def __init__(self) -> None:
        self.asked = 0
        self.left = [*FILES]

    def __call__(self, request: Request) -> Turn:
        if b"Sum up this conversation" in request.body:
            return Turn(text="I have read some files.")
        self.asked += 1
        if self.asked in ODD:
            return ODD[self.asked]
        if not self.left:
            return call("finish", {"summary": "read"})
        return call("read", {"path": self.left.pop(0)})


def conversed(server: ModelServer, wire: Wire) -> tuple[Outcome, Room]:
    async def life() -> tuple[Outcome, Room]:
        models = catalogue(server, wire, window=WINDOW)
        here = Room(TASK, models, FILES)
        try:
            async with here.bench() as bench:
                limits = LoopLimits(turns=60, answer_tokens=1000)
                return await converse(TASK, bench, BRIEF, (*WORKING, FINISH), limits=limits), here
        finally:
            await models.aclose()

    return asyncio.run(life())


@pytest.mark.parametrize("wire", Wire)
def test_every_request_is_valid_fits_and_holds_rules_task_and_skills(wire: Wire) -> None:
    with ModelServer(Reader(), key=KEY, models=[ServedModel(name=MODEL, window_tokens=WINDOW)]) as server:
        outcome, here = conversed(server, wire)
        exchanges = server.exchanges
    assert outcome.text == "read"
    assert [exchange.status for exchange in exchanges] == [200] * len(exchanges)
    assert sum(len(exchange.request.body) // 4 for exchange in exchanges) > WINDOW, (
        "it would not have gone in whole"
    )
    for exchange in exchanges:
        assert len(exchange.request.body) / 4 + 1000 <= WINDOW
        if b"Sum up this conversation" not in exchange.request.body:
            for kept in ("Rules of the house.", "The task: read all of it.", SKILL):
                assert kept.encode() in exchange.request.body
    assert any("shorter" in line for line in here.said)
