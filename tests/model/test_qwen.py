"""What a model of 1.5 billion weights can and cannot do, through our own port: `findings` held for real."""

import hashlib
import json
import os
import signal
from pathlib import Path
from typing import Any

import pytest

from astrolabe.adapters.local_models.seat import Seat
from astrolabe.adapters.local_models.serving import LocalServers
from astrolabe.adapters.local_models.shelf import shipped_catalogue
from astrolabe.agents.calls import with_calls_read
from astrolabe.agents.styles import question_of, shape_of
from astrolabe.agents.tools import FINISH, WORKING
from astrolabe.domain.conversation import Finish, Message, Question, Reply, Shape, Speaker, said
from astrolabe.errors import ModelBusyError
from astrolabe.ports.model import CallStyle, Model
from tests.model.conftest import NAME, Use

TOOLS = (*WORKING, FINISH)
TASK = (
    said(Speaker.SYSTEM, "You work in a repository with tools."),
    said(Speaker.USER, "Read the file src/app.py from its first line on."),
)
PLAN: dict[str, Any] = {
    "type": "object",
    "properties": {
        "tasks": {
            "type": "array",
            "minItems": 1,
            "maxItems": 4,
            "items": {
                "type": "object",
                "properties": {
                    "id": {"type": "string", "pattern": "^[a-z][a-z0-9-]{0,20}$"},
                    "title": {"type": "string", "maxLength": 60},
                },
                "required": ["id", "title"],
                "additionalProperties": False,
            },
        }
    },
    "required": ["tasks"],
    "additionalProperties": False,
}


def words(text: str, most_tokens: int = 24) -> Question:
    return Question(messages=(said(Speaker.USER, text),), most_tokens=most_tokens, temperature=0)


def test_the_weights_are_the_pinned_ones(weights: Path) -> None:
    with weights.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    assert found == shipped_catalogue()[NAME].sha256


def test_it_answers_and_tells_what_that_took(with_model: Use[Reply]) -> None:
    reply = with_model(lambda model: model.ask(words("Reply with the single word: ready")))
    assert "ready" in reply.message.text.lower()
    assert (reply.finish, reply.model, reply.money) == (Finish.STOP, f"local/{NAME}", 0)
    assert reply.use.read > 5
    assert 0 < reply.use.written <= 24


def test_it_is_cut_off_at_what_an_answer_may_have(with_model: Use[Reply]) -> None:
    reply = with_model(lambda model: model.ask(words("Count from one to one hundred in words.", 8)))
    assert (reply.finish, reply.use.written) == (Finish.LENGTH, 8)


def test_its_words_are_heard_as_they_come(with_model: Use[Reply]) -> None:
    pieces: list[str] = []
    reply = with_model(lambda model: model.ask(words("Count from one to five in words."), pieces.append))
    assert len(pieces) > 3
    assert "".join(pieces) == reply.message.text


def test_held_to_a_schema_its_plan_is_one_each_time(with_model: Use[list[Reply]]) -> None:
    goals = ("a command that renames photos by date", "a page that shows the weather", "a test for a parser")

    async def ask(model: Model) -> list[Reply]:
        return [
            await model.ask(
                Question(
                    messages=(said(Speaker.USER, f"Plan the work in short tasks: {goal}"),),
                    shape=Shape(name="plan", json_schema=PLAN),
                    most_tokens=300,
                )
            )
            for goal in goals
        ]

    for reply in with_model(ask):
        tasks = json.loads(reply.message.text)["tasks"]
        assert tasks
        assert all(set(task) == {"id", "title"} for task in tasks)


def test_held_to_the_union_of_tools_it_calls_the_right_one(with_model: Use[Reply]) -> None:
    question = question_of(TASK, TOOLS, CallStyle.SHAPE, 120).model_copy(update={"temperature": 0})
    assert question.shape == shape_of(TOOLS)
    (call,) = _read(with_model(lambda model: model.ask(question)).message).calls
    assert (call.tool, call.arguments.get("path")) == ("read", "src/app.py")


def test_held_to_nothing_it_writes_its_call_in_words_which_are_read(with_model: Use[Reply]) -> None:
    question = question_of(TASK, TOOLS, CallStyle.TEXT, 120).model_copy(update={"temperature": 0})
    reply = with_model(lambda model: model.ask(question))
    assert reply.message.calls == ()
    (call,) = _read(reply.message).calls[:1]
    # it may put the value into the schema it was shown, instead of giving it: the tool itself says so then
    assert call.tool == "read"
    assert "src/app.py" in json.dumps(call.arguments)


def test_killed_in_mid_answer_it_answers_the_next_question(
    with_model: Use[Reply], servers: LocalServers
) -> None:
    async def ask(model: Model) -> Reply:
        seat = Seat(servers.folder / NAME)

        def kill(_piece: str) -> None:
            facts = seat.facts()
            assert facts
            os.kill(facts.pid, signal.SIGKILL)

        with pytest.raises(ModelBusyError):
            await model.ask(words("Count from one to one hundred in words.", 200), kill)
        return await model.ask(words("Reply with the single word: ready"))

    assert "ready" in with_model(ask).message.text.lower()


def _read(message: Message) -> Message:
    return with_calls_read(message, {tool.name for tool in TOOLS}, 1)
