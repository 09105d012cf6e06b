"""No question is longer than a model can read, and what must not be forgotten stays in it."""

import asyncio
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.bench import Room
from tests.unit.agents.test_loop import task

from astrolabe.agents.loop import Brief, LoopLimits, converse
from astrolabe.agents.marking import NOTICE
from astrolabe.agents.tokens import tokens_of_question
from astrolabe.agents.tools import FINISH, WORKING
from astrolabe.agents.window import SUMMARY, SUMMED_UP
from astrolabe.domain.conversation import Question, Reply, TokenUse
from astrolabe.errors import ModelRequestError, WindowExceededError
from astrolabe.ports.model import CallStyle
from astrolabe.testing.models_double import ScriptedModel, ScriptedModels, calls, words

SKILL = "SKILL: anchor every regular expression."
BRIEF = Brief("Rules of the house.", "The task: read all of it.", (SKILL,))
FILES = {
    f"src/f{n}.py": f"value_{n} = 'é{n}' # lorem ipsum dolor sit amet\n".encode() * 60 for n in range(30)
}


def talked(model: ScriptedModel, files: dict[str, bytes] = FILES) -> Room:
    here = Room(task(), ScriptedModels(model), files)

    async def life() -> None:
        async with here.bench() as bench:
            await converse(here.task, bench, BRIEF, (*WORKING, FINISH), limits=LoopLimits(turns=60))

    asyncio.run(life())
    return here


def reader(paths: list[str], honest: float = 1.0, most: int | None = None, summary: Any = None) -> Any:
    """Return a model that reads files one by one; its own count of tokens is `honest` times our estimate."""
    left = list(paths)

    def answer(question: Question) -> Reply:
        read = int(tokens_of_question(question) * honest)
        if most is not None and read > most:
            raise WindowExceededError("too long")
        if SUMMARY in question.messages[0].text:
            return summary() if summary else words("I have read files; nothing is changed.")
        reply = calls(("read", {"path": left.pop(0)})) if left else calls(("finish", {"summary": "read"}))
        return reply.model_copy(update={"use": TokenUse(read=read, written=10)})

    return answer


def conversations(model: ScriptedModel) -> list[Question]:
    return [question for question in model.asked if SUMMARY not in question.messages[0].text]


@pytest.mark.parametrize("window", [8_000, 12_000, 30_000])
@pytest.mark.parametrize("style", CallStyle)
def test_no_question_exceeds_the_window_and_rules_task_skills_stay(window: int, style: CallStyle) -> None:
    model = ScriptedModel(after=reader([*FILES]), window=window, calls=style)
    here = talked(model)
    for question in model.asked:
        assert tokens_of_question(question) + question.most_tokens <= window
    for question in conversations(model):
        system, task_told = question.messages[0].text, question.messages[1].text
        assert system.startswith("Rules of the house.")
        assert NOTICE in system
        assert SKILL in system
        assert task_told.startswith("The task: read all of it.")
    assert any(SUMMED_UP in question.messages[1].text for question in conversations(model))
    assert any("shorter" in line for line in here.said)


def test_the_last_turn_is_whole_in_the_question_that_follows_a_summary() -> None:
    model = ScriptedModel(after=reader([*FILES]), window=12_000)
    talked(model)
    first = next(at for at, one in enumerate(conversations(model)) if SUMMED_UP in one.messages[1].text)
    last = conversations(model)[first].messages[-1]
    assert f"value_{first - 1} = " in last.model_dump_json()
    assert "left out; use the tool again" not in last.model_dump_json()


def test_what_a_provider_counts_is_taken_into_account() -> None:
    """A model whose tokens are half again as many as estimated would be asked too much otherwise."""
    model = ScriptedModel(after=reader([*FILES], honest=1.5, most=16_000 - 4_000), window=16_000)
    here = talked(model)
    over = [one for one in model.asked if tokens_of_question(one) * 1.5 > 12_000]
    assert len(over) <= 1
    assert len(here.record.taken) == len(model.asked)


def test_a_question_that_a_provider_refuses_for_its_length_is_asked_once_more_and_shorter() -> None:
    model = ScriptedModel(after=reader([*FILES], most=6_000), window=60_000)
    talked(model)
    longest = max(tokens_of_question(one) for one in model.asked)
    refused = [one for one in model.asked if tokens_of_question(one) > 6_000]
    assert longest > 6_000
    assert len(refused) <= 3


def _no() -> Reply:
    raise ModelRequestError("I do not sum up")


@pytest.mark.parametrize("summary", [lambda: words(""), _no])
def test_when_no_model_sums_it_up_a_list_of_what_was_done_does(summary: Any) -> None:
    model = ScriptedModel(after=reader([*FILES], summary=summary), window=10_000)
    talked(model)
    told = next(one.messages[1].text for one in conversations(model) if SUMMED_UP in one.messages[1].text)
    assert "- read {'path': 'src/f0.py'}" in told


def test_a_beginning_that_is_too_long_is_said_to_be() -> None:
    with pytest.raises(WindowExceededError, match="begins with"):
        talked(ScriptedModel(after=reader([]), window=1_500))


@settings(max_examples=15)
@given(st.integers(7_000, 40_000), st.lists(st.integers(1, 20_000), max_size=20), st.floats(0.5, 2.0))
def test_whatever_the_outputs_are_the_window_holds(window: int, sizes: list[int], honest: float) -> None:
    files = {f"src/f{n}": b"{x:y}\n" * (size // 7) for n, size in enumerate(sizes)}
    model = ScriptedModel(after=reader([*files], honest=honest), window=window)
    talked(model, files)
    for question in model.asked:
        assert tokens_of_question(question) + question.most_tokens <= window
