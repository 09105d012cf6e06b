"""Reviews: what they find fails the task that reviews, with places; what they cannot show is not taken."""

import asyncio
from typing import Any

import pytest
from tests.bench import Room

from astrolabe.roles.reviewer.agent import ReviewerAgent
from astrolabe.sdk import AgentFailedError, Shared, Task
from astrolabe.testing.models_double import ScriptedModel, ScriptedModels, calls, words

FILES = {"src/slug.py": b"def slug(text):\n    return text.lower()\n"}
MAJOR = {"file": "src/slug.py", "line": 2, "severity": "major", "text": "Spaces stay; turn them into dashes."}
PASS = {"summary": "It is as asked.", "verdict": "pass"}


def changes(*findings: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    return "verdict", {"summary": "Not yet.", "verdict": "changes", "findings": list(findings)}


class Context:
    """What the run shares, in memory."""

    def __init__(self) -> None:
        self.values: dict[str, Any] = {}

    async def set(self, key: str, value: Any, *, expected: int | None = None) -> Shared:
        self.values[key] = value
        return Shared(key, 1, value, "test", 0)


def reviewed(
    *answers: Any, files: dict[str, bytes] = FILES, small: bool = False
) -> tuple[Any, ScriptedModel, str]:
    """Return the verdict that is left, the model, and why the attempt failed (nothing if it did not)."""
    model = ScriptedModel(answers, small=small)
    task = Task(id="review", name="review", agent="reviewer", goal="Slugs of lower-case words with dashes")
    here, context = Room(task, ScriptedModels(model), files), Context()

    async def life() -> str:
        async with here.bench() as bench:
            bench.context = context  # pyright: ignore[reportAttributeAccessIssue]
            try:
                await ReviewerAgent().work(task, bench)
            except AgentFailedError as failed:
                return str(failed)
        return ""

    fault = asyncio.run(life())
    return context.values.get("review/review"), model, fault


def test_it_sees_the_changes_and_the_goal_and_its_verdict_is_left_for_others() -> None:
    verdict, model, fault = reviewed(calls(("read", {"path": "src/slug.py"})), calls(("verdict", PASS)))
    assert fault == ""
    assert verdict["verdict"] == "pass"
    told = model.asked[0].messages[1].text
    assert "Slugs of lower-case words with dashes" in told
    assert "+    return text.lower()" in told
    assert {tool.name for tool in model.asked[0].tools} == {
        "list",
        "read",
        "search",
        "log",
        "blame",
        "show",
        "verdict",
    }


def test_a_small_model_reads_and_judges_and_has_ended_after_few_turns() -> None:
    verdict, model, fault = reviewed(
        *[calls(("read", {"path": "src/slug.py", "from": at})) for at in range(1, 40)], small=True
    )
    assert (verdict, len(model.asked) <= 10) == (None, True)
    assert fault
    assert {tool.name for tool in model.asked[0].tools} == {"read", "verdict"}


def test_what_must_be_mended_fails_the_attempt_with_its_places() -> None:
    verdict, _, fault = reviewed(calls(changes(MAJOR, {**MAJOR, "severity": "minor", "text": "A nit."})))
    assert verdict["findings"][0]["line"] == 2
    assert "src/slug.py:2: major: Spaces stay" in fault
    assert "A nit" not in fault


REFUSED = {
    "a file that is not there": changes({**MAJOR, "file": "src/nowhere.py"}),
    "a line that is not there": changes({**MAJOR, "line": 3}),
    "changes without a finding": changes(),
    "changes for something minor": changes({**MAJOR, "severity": "minor"}),
    "a pass with a blocker": ("verdict", {**PASS, "findings": [{**MAJOR, "severity": "blocker"}]}),
    "another word": ("verdict", {**PASS, "verdict": "maybe"}),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_verdict_that_nothing_bears_out_is_sent_back(name: str) -> None:
    verdict, model, fault = reviewed(calls(REFUSED[name]), calls(("verdict", PASS)))
    assert (verdict["verdict"], fault) == ("pass", "")
    refused = model.asked[1].messages[-1].parts[0]
    assert refused.kind == "result"
    assert refused.failed


def test_words_are_no_verdict() -> None:
    verdict, model, _ = reviewed(words("Looks good to me."), calls(("verdict", PASS)))
    assert "by the tool `verdict`" in model.asked[1].messages[-1].text
    assert verdict["verdict"] == "pass"


def test_where_nothing_was_changed_nobody_is_asked() -> None:
    verdict, model, fault = reviewed(files={})
    assert (verdict["verdict"], fault, model.asked) == ("pass", "", [])
