"""Conversations that get nowhere, and what becomes of them."""

import asyncio
import itertools
from collections.abc import Callable

import pytest
from tests.bench import Room
from tests.unit.agents.test_loop import DONE, FILES, FIX, FIXED, task, work

from astrolabe.agents.loop import Brief, Outcome, converse
from astrolabe.agents.stuck import HINTS, Stuck
from astrolabe.agents.tools import WORKING
from astrolabe.domain.conversation import Question, Reply
from astrolabe.errors import AgentFailedError
from astrolabe.testing.models_double import ScriptedModel, ScriptedModels, calls, words

BACK = ("edit", {"path": "src/slug.py", "old": "return text.lower()", "new": "return text"})


Answer = Callable[[Question], Reply]


def endless(*answers: Reply) -> Answer:
    """Return what gives these answers round and round, whatever is asked."""
    turns = itertools.cycle(answers)
    return lambda _question: next(turns)


def numbered(make: Callable[[int], Reply]) -> Answer:
    numbers = itertools.count(1)
    return lambda _question: make(next(numbers))


WAYS: dict[Stuck, Callable[[], Answer]] = {
    Stuck.EMPTY: lambda: endless(words("")),
    Stuck.REPEATED: lambda: endless(calls(("read", {"path": "README.md"}))),
    Stuck.PING_PONG: lambda: endless(calls(FIX), calls(BACK)),
    Stuck.SAME_ERROR: lambda: numbered(
        lambda n: calls(("edit", {"path": "src/slug.py", "old": f"x{'y' * n}", "new": ""}))
    ),
    Stuck.NO_PROGRESS: lambda: endless(
        calls(("list", {})), calls(("list", {"path": "src"})), calls(("read", {"path": "README.md"}))
    ),
}


@pytest.mark.parametrize("way", WAYS)
def test_a_model_that_gets_nowhere_is_told_then_replaced_then_the_task_is_given_up(way: Stuck) -> None:
    first = ScriptedModel(after=WAYS[way](), name="scripted/first")
    second = ScriptedModel(after=WAYS[way](), name="scripted/second")
    here = Room(task(), ScriptedModels(first, second), FILES)
    with pytest.raises(AgentFailedError, match=way.value) as failed:
        work(here)
    assert "smaller" in failed.value.hint
    assert hints(first, way) == 1, "it is told once, and then another model is asked"
    assert len(first.asked) <= 30
    assert 0 < len(second.asked) <= 30
    assert hints(second, way) == 2


def hints(model: ScriptedModel, way: Stuck) -> int:
    return sum(message.text.count(HINTS[way]) for message in model.asked[-1].messages)


@pytest.mark.parametrize("way", WAYS)
def test_a_model_that_takes_the_hint_gets_there(way: Stuck) -> None:
    astray = WAYS[way]()

    def answer(question: Question) -> Reply:
        hinted = any(HINTS[way] in message.text for message in question.messages)
        if not hinted:
            return astray(question)
        return calls(
            ("read", {"path": "src/slug.py"}), ("write", {"path": "src/slug.py", "content": FIXED}), DONE
        )

    here = Room(task(), ScriptedModels(ScriptedModel(after=answer)), FILES)
    assert work(here)["src/slug.py"] == FIXED


def test_words_without_deeds_that_are_sent_back_count_as_well() -> None:
    """A model that says it is done while it is not, and does nothing about it, is not asked for ever."""
    model = ScriptedModel(after=numbered(lambda n: words(f"I have done it, really ({n}).")))
    here = Room(task(), ScriptedModels(model), FILES)

    async def never(_outcome: Outcome) -> str:
        return "It is not done."

    async def life() -> None:
        async with here.bench() as bench:
            await converse(here.task, bench, Brief("Rules.", "Task."), WORKING, accept=never)

    with pytest.raises(AgentFailedError, match=Stuck.MONOLOGUE.value):
        asyncio.run(life())
    assert len(model.asked) <= 8


def test_a_model_that_works_through_many_files_is_not_stuck() -> None:
    files = {f"src/f{n}.py": b"x = %d\n" % n for n in range(25)}
    read = [calls(("read", {"path": path})) for path in files]
    model = ScriptedModel([*read, calls(("write", {"path": "src/out.py", "content": ""})), calls(DONE)])
    here = Room(task(), ScriptedModels(model), files)
    assert "src/out.py" in work(here)
    assert not [line for line in here.said if "nowhere" in line]
