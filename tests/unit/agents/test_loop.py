"""The loop with models that say what a script has for them."""

import asyncio
import json
from collections import Counter
from typing import Any

import pytest
from tests.bench import Room
from tests.world import Boxes

from astrolabe.agents.agent import Workbench
from astrolabe.agents.exchanges import digest_of
from astrolabe.domain.conversation import Finish, Question, Reply, Speaker
from astrolabe.errors import AgentFailedError, ModelRequestError
from astrolabe.ports.model import CallStyle
from astrolabe.roles.code.agent import CodeAgent
from astrolabe.sdk import Check, Task
from astrolabe.testing.models_double import ScriptedModel, ScriptedModels, calls, words

FILES = {"src/slug.py": b"def slug(text):\n    return text\n", "README.md": b"# Slugs\n"}
FIX = ("edit", {"path": "src/slug.py", "old": "return text", "new": "return text.lower()"})
DONE = ("finish", {"summary": "Lower case."})
FIXED = "def slug(text):\n    return text.lower()\n"


def task(**fields: Any) -> Task:
    return Task(id="fix", agent="code", goal="Make slugs lower case", writes=("src",), **fields)


def room(*answers: Any, **fields: Any) -> tuple[Room, ScriptedModel]:
    model = ScriptedModel(answers)
    return Room(fields.pop("task", task()), ScriptedModels(model), FILES, **fields), model


def work(room: Room, agent: Any = None) -> dict[str, str]:
    async def life() -> dict[str, str]:
        async with room.bench() as bench:
            protocol: Workbench = bench
            await (agent or CodeAgent()).work(room.task, protocol)
            return room.content(bench)

    return asyncio.run(life())


def results(model: ScriptedModel, at: int = -1) -> list[str]:
    """Return what the tools answered before the question `at`."""
    return [part.text for part in model.asked[at].messages[-1].parts if part.kind == "result"]


def test_it_reads_edits_runs_and_finishes() -> None:
    ran = Boxes({"pytest": lambda _: 0})
    here, model = room(
        calls(("read", {"path": "src/slug.py"})),
        calls(FIX),
        calls(("run", {"command": "pytest"})),
        calls(DONE),
        boxes=ran,
    )
    assert work(here)["src/slug.py"] == FIXED
    assert ran.ran == ["pytest"]
    assert "    2      return text" in "".join(results(model, 1))
    assert "Exit code 0." in "".join(results(model, 3))


def test_an_answer_without_a_call_ends_it() -> None:
    here, _ = room(calls(FIX), words("It is lower case now."))
    assert work(here)["src/slug.py"] == FIXED


WRITTEN = {
    "fenced": '```json\n{"name": "edit", "arguments": %s}\n```',
    "bare": 'I will change it: {"tool": "edit", "parameters": %s}',
    "function": "edit(%s)",
    "tool_call element": '<tool_call>\n{"name": "edit", "arguments": %s}\n</tool_call>',
    "list": '[TOOL_CALLS] [{"name": "edit", "arguments": %s}]',
    "nested": '{"action": {"tool": "edit", "arguments": %s}}',
    "openai": '{"tool_calls": [{"type": "function", "function": {"name": "edit", "arguments": %s}}]}',
}
ELEMENTS = {
    "qwen": "<function=edit><parameter=path>src/slug.py</parameter><parameter=old>return text</parameter>"
    "<parameter=new>return text.lower()</parameter></function>",
    "invoke": '<invoke name="edit"><parameter name="path">src/slug.py</parameter><parameter name="old">return text</parameter>'
    '<parameter name="new">return text.lower()</parameter></invoke>',
    "named": "<edit>\n<path>src/slug.py</path>\n<old>return text</old>\n<new>return text.lower()</new>\n</edit>",
    "python": 'edit(path="src/slug.py", old="return text", new="return text.lower()")',
}
TEXTS = {name: text % json.dumps(FIX[1]) for name, text in WRITTEN.items()} | ELEMENTS


@pytest.mark.parametrize("name", TEXTS)
def test_calls_that_are_written_as_text_are_read_as_calls(name: str) -> None:
    here, _ = room(words(TEXTS[name]), words('{"tool": "finish", "arguments": {"summary": "done"}}'))
    assert work(here)["src/slug.py"] == FIXED


def test_a_model_that_keeps_writing_its_calls_is_held_to_a_shape() -> None:
    here, model = room(
        words(TEXTS["fenced"]), words('finish({"summary": 1})'), words('finish({"summary": "x"})')
    )
    work(here)
    assert [question.shape is None for question in model.asked] == [True, True, False]
    assert model.asked[0].tools
    assert not model.asked[2].tools


def test_a_model_that_is_best_held_to_a_shape_is_from_the_first() -> None:
    model = ScriptedModel(
        [
            words(TEXTS["nested"]),
            words(json.dumps({"action": {"tool": "finish", "arguments": {"summary": "x"}}})),
        ],
        calls=CallStyle.SHAPE,
    )
    here = Room(task(), ScriptedModels(model), FILES)
    assert work(here)["src/slug.py"] == FIXED
    assert all(question.shape and not question.tools for question in model.asked)
    kinds = {part.kind for question in model.asked for message in question.messages for part in message.parts}
    assert kinds == {"text"}


def test_faults_of_a_call_are_told_and_can_be_mended() -> None:
    here, model = room(
        calls(("edit", {"path": "src/slug.py", "old": "return texts", "new": "x"})),
        calls(("edit", {"path": "README.md", "old": "# Slugs", "new": "x"})),
        calls(("edit", {"file": "src/slug.py"})),
        calls(("erase", {})),
        calls(("read", {"path": "slug.py"})),
        calls(FIX, DONE),
    )
    assert work(here)["src/slug.py"] == FIXED
    told = [results(model, at)[0] for at in range(1, 6)]
    for said, expected in zip(
        told,
        (
            "    return text",
            "It may change: src",
            "It takes: path, old",
            "There are: list",
            "Is it src/slug.py?",
        ),
        strict=True,
    ):
        assert expected in said


def test_it_is_sent_back_while_a_check_fails() -> None:
    def tested(files: dict[str, bytes]) -> int:
        files["src/leftover"] = b""
        return 0 if b"lower" in files["src/slug.py"] else 1

    here, model = room(
        calls(DONE),
        calls(FIX, DONE),
        task=task(checks=(Check(name="tests", run="test"),)),
        boxes=Boxes({"test": tested}),
    )
    assert work(here) == {"README.md": "# Slugs\n", "src/slug.py": FIXED}, "what a check leaves is not kept"
    assert "tests (test) ended with 1" in model.asked[1].messages[-1].text


def test_when_a_model_fails_the_next_one_goes_on_with_the_same_conversation() -> None:
    first = ScriptedModel([calls(FIX), ModelRequestError("no more")], name="scripted/first")
    second = ScriptedModel([calls(DONE)], name="scripted/second", tools=False)
    here = Room(task(), ScriptedModels(first, second), FILES)
    assert work(here)["src/slug.py"] == FIXED
    assert second.asked[0].shape is not None
    assert "src/slug.py is changed." in second.asked[0].messages[-1].text


def test_a_command_may_change_only_what_the_task_may() -> None:
    def spoils(files: dict[str, bytes]) -> int:
        files["README.md"] = b"spoilt"
        files["src/new.py"] = b"new"
        files["stray"] = b""
        return 0

    seen: list[dict[str, bytes]] = []
    boxes = Boxes({"spoil": spoils, "look": lambda files: seen.append(dict(files)) or 0})
    here, model = room(
        calls(("run", {"command": "spoil"})), calls(("run", {"command": "look"})), calls(DONE), boxes=boxes
    )
    assert work(here).keys() == {"README.md", "src/slug.py", "src/new.py"}
    assert seen[0]["README.md"] == b"# Slugs\n"
    assert "stray" not in seen[0]
    assert "undone, for this task may not change it: README.md, stray" in results(model, 1)[0]


def test_a_question_is_handed_to_a_fresh_conversation_that_changes_nothing() -> None:
    answers = [
        calls(("look_into", {"question": "Where are slugs made?"})),
        calls(("read", {"path": "src/slug.py"})),
        calls(("edit", FIX[1])),
        calls(("finish", {"summary": "In src/slug.py, line 1."})),
        calls(FIX, DONE),
    ]
    here, model = room(*answers)
    assert work(here)["src/slug.py"] == FIXED
    inner = model.asked[1:4]
    assert all("Where are slugs made?" in question.messages[1].text for question in inner)
    assert {tool.name for tool in inner[0].tools} == {"list", "read", "search", "finish"}
    assert "there is no tool 'edit'" in results(model, 3)[0]
    assert "In src/slug.py, line 1." in results(model, 4)[0]
    assert len(model.asked[4].messages) == 4, "the outer conversation holds the answer alone"
    assert len([key for key in here.record.done if key.endswith("model")]) == 5, "each call is the task's own"


def test_what_a_fresh_conversation_uses_counts() -> None:
    aside = calls(("look_into", {"question": "?"}))
    here, model = room(
        aside, words("So it is."), aside, words("So it is."), task=task(inputs={"tokens": 300})
    )
    with pytest.raises(AgentFailedError, match="440 tokens"):
        work(here)
    assert len(model.asked) == 4


def test_a_model_that_never_ends_is_stopped() -> None:
    model = ScriptedModel(after=lambda _: calls(("list", {})))
    here = Room(task(inputs={"turns": 5}), ScriptedModels(model), FILES)
    with pytest.raises(AgentFailedError):
        work(here)
    assert len(model.asked) <= 5


class DeathError(Exception):
    """Ends a life."""


SCRIPT = (
    calls(("read", {"path": "src/slug.py"})),
    words("I will", Finish.LENGTH),
    calls(FIX),
    calls(("run", {"command": "pytest"}), ("search", {"pattern": "slug"})),
    calls(DONE),
)


def by_turn(question: Question) -> Reply:
    """Say what the script has for a question: a model that is asked the same again says the same."""
    return SCRIPT[sum(message.speaker is Speaker.ASSISTANT for message in question.messages)]


def killed_at(place: int | None) -> tuple[Room, list[str], dict[str, str]]:
    """Live until the point of that number, and once more until the end; return also the points that were reached."""
    here = Room(task(), ScriptedModels(ScriptedModel(after=by_turn)), FILES, Boxes({"pytest": lambda _: 0}))
    points: list[str] = []

    def reach(point: str) -> None:
        points.append(point)
        if len(points) - 1 == place:
            raise DeathError

    async def life() -> dict[str, str]:
        async with here.bench(reach) as bench:
            await CodeAgent().work(here.task, bench)
            return here.content(bench)

    if place is not None:
        with pytest.raises(DeathError):
            asyncio.run(life())
    return here, points, asyncio.run(life())


UNDISTURBED, POINTS, EXPECTED = killed_at(None)


@pytest.mark.parametrize("place", range(len(POINTS)), ids=POINTS)
def test_a_killed_conversation_goes_on_where_it_was(place: int) -> None:
    """Only the step that was cut off is taken once more, and every question is the one that was asked before."""
    here, _, content = killed_at(place)
    assert content == EXPECTED
    assert here.record.done == UNDISTURBED.record.done
    again = [key for key, times in Counter(here.record.taken).items() if times > 1]
    assert again == ([POINTS[place].partition(" ")[2]] if POINTS[place].startswith("after") else [])
    assert asked_of(here) == asked_of(UNDISTURBED)


def asked_of(room: Room) -> set[str]:
    [model] = room.models.chain("code")
    assert isinstance(model, ScriptedModel)
    return set(map(digest_of, model.asked))


def test_a_small_model_sees_the_files_it_may_change_and_has_few_tools() -> None:
    model = ScriptedModel([calls(FIX), calls(DONE)], small=True, tools=False)
    here = Room(task(), ScriptedModels(model), FILES)
    assert work(here)["src/slug.py"] == FIXED
    rules, told = (message.text for message in model.asked[0].messages)
    assert "def slug(text)" in told
    assert "# Slugs" not in told
    assert "look_into" not in rules


def test_a_small_model_ends_after_few_turns() -> None:
    model = ScriptedModel(
        [calls(("read", {"path": "src/slug.py", "from": at})) for at in range(1, 200)], small=True
    )
    with pytest.raises(AgentFailedError):
        work(Room(task(), ScriptedModels(model), FILES))
    assert len(model.asked) <= 21
