"""A plan out of whatever a model replied."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from astrolabe.errors import PlanValidationError
from astrolabe.planning.extraction import LARGEST_REPLY, Extracted, extract_plan

TASKS: list[Any] = [
    {"id": "read", "name": "Read", "agent": "analysis", "goal": 'Say what "slug" does', "depends_on": []},
    {
        "id": "fix",
        "name": "Fix",
        "agent": "code",
        "goal": "Change {slug}",
        "depends_on": ["read"],
        "checks": ["pytest -q"],
    },
    {
        "id": "look",
        "name": "Look",
        "agent": "reviewer",
        "goal": "Look [closely]",
        "depends_on": ["fix"],
        "checks": [],
    },
]
PLAN: dict[str, Any] = {"reasoning": "Read first.", "tasks": TASKS}
CLEAN = json.dumps(PLAN, indent=2)
LINE = json.dumps(PLAN)
YAML = """reasoning: Read first.
tasks:
  - {id: read, name: Read, agent: analysis, goal: 'Say what "slug" does', depends_on: []}
  - id: fix
    name: Fix
    agent: code
    goal: Change {slug}
    depends_on: [read]
    checks: [pytest -q]
  - {id: look, name: Look, agent: reviewer, goal: "Look [closely]", depends_on: [fix], checks: []}
"""
OTHER = LINE.replace("Read first.", "A draft.").replace('"look"', '"glance"')
WHOLE = {
    "clean": CLEAN,
    "with a mark before": "\ufeff" + LINE,
    "fenced": f"```json\n{CLEAN}\n```",
    "fenced without a word": f"Here you are:\n```\n{CLEAN}\n```\nGood luck!",
    "fenced with waves": f"~~~JSON\n{CLEAN}\n~~~",
    "fence that never closes": f"```json\n{CLEAN}",
    "in prose": f"I looked at {{slug}} and at [1]. The plan: {LINE} Tell me if it is [not] what you want.",
    "prose with an open bracket": f"As in f(x) {{ I would do:\n{LINE}\nso be it",
    "after another object": f'{{"note": "let me think"}}\n\n{LINE}',
    "before another object": f'{LINE}\n{{"done": true}}',
    "after a draft": f"{OTHER}\n\nOn second thought:\n```json\n{LINE}\n```",
    "after thoughts": f"<think>maybe {OTHER}?</think>\n{LINE}",
    "in a call of a tool": json.dumps({"name": "submit_plan", "arguments": PLAN}),
    "in a call with a text for arguments": json.dumps({"name": "submit_plan", "arguments": LINE}),
    "one level down": json.dumps({"plan": PLAN}),
    "by id": json.dumps(
        {
            "reasoning": "Read first.",
            "tasks": {t["id"]: {k: v for k, v in t.items() if k != "id"} for t in TASKS},
        }
    ),
    "YAML": YAML,
    "YAML in a fence": f"Sure.\n```yaml\n{YAML}```\nDone.",
    "YAML after words": f"The plan is this.\n\n{YAML}",
    "lines that end as on Windows": CLEAN.replace("\n", "\r\n"),
}
BARE = {
    "a list of tasks": json.dumps(TASKS),
    "a list in a fence": f"```json\n{json.dumps(TASKS, indent=1)}\n```",
    "a task a line": "\n".join(map(json.dumps, TASKS)),
    "as steps": json.dumps({"steps": TASKS}),
}
BROKEN = {
    "commas before ends": CLEAN.replace("}\n", "},\n").replace("\n  ]", ",\n  ]").replace(",,", ","),
    "comments": CLEAN.replace('"tasks"', '// the tasks\n "tasks"').replace(
        '"agent": "code",', '"agent": "code", # writes\n'
    ),
    "single quotes": str(PLAN).replace("'Say what \"slug\" does'", "'Say what \"slug\" does'"),
    "words of Python": CLEAN.replace(
        '"depends_on": []', '"depends_on": [], "approval": None, "x": True'
    ).replace("}\n  ]", "},\n  ]"),
    "keys without quotes": CLEAN.replace('"id":', "id:").replace('"goal":', "goal:"),
    "no comma between tasks": LINE.replace("}, {", "} {"),
    "raw new lines in strings": CLEAN.replace("Read first.", "Read\nfirst."),
    "an end that is missing": CLEAN.rstrip("}\n ").rstrip("]"),
    "in a fence, and broken": f"Sure!\n```json\n{CLEAN[:-4]},]\n}}\n```\nGood luck.",
}


@pytest.mark.parametrize("reply", WHOLE.values(), ids=WHOLE)
def test_a_plan_that_is_whole_is_taken_as_it_stands(reply: str) -> None:
    assert extract_plan(reply) == Extracted(PLAN)


@pytest.mark.parametrize("reply", BARE.values(), ids=BARE)
def test_tasks_alone_are_a_plan(reply: str) -> None:
    assert extract_plan(reply) == Extracted({"tasks": TASKS})


@pytest.mark.parametrize("reply", BROKEN.values(), ids=BROKEN)
def test_a_plan_that_breaks_the_rules_of_json_is_mended(reply: str) -> None:
    found = extract_plan(reply)
    assert found.mended or found.cut
    assert [task["id"] for task in found.tasks] == ["read", "fix", "look"]  # type: ignore[index,call-overload]
    assert [task["depends_on"] for task in found.tasks] == [[], ["read"], ["fix"]]  # type: ignore[index,call-overload]


@pytest.mark.parametrize("form", [str, "```json\n{}".format, "Here it is: {}".format])
def test_of_a_plan_that_is_cut_off_what_is_whole_is_kept(form: Callable[[str], str]) -> None:
    ends = range(CLEAN.index('"fix"'), len(CLEAN) - 4)
    kept = [extract_plan(form(CLEAN[:end])) for end in ends]
    assert all(found.cut for found in kept)
    for found in kept:
        assert found.tasks == TASKS[: len(found.tasks)]
    assert len(kept[-1].tasks) >= 2


@pytest.mark.parametrize(
    ("reply", "told"),
    [
        ("", "it is empty"),
        ("I need to know more before I can plan this.", "it is only words"),
        ("1. Which framework?\n2. Which database?", "it is only words"),
        ("<think>Let me see, first", "in the midst of thinking"),
        ('{"type": "object", "properties": {"tasks": {"type": "array"}}}', "gives a JSON Schema back"),
        ('{"answer": 42, "tasks": []}', "no list `tasks`"),
        ('{"tasks": "first read it, then fix it"}', "no list `tasks`"),
        ("{{{{ [[ ((", "no JSON that can be read"),
        ("[" * 100_000, "no JSON that can be read"),
        ('{"tasks":' * 20_000, "no JSON that can be read"),
        ("x" * 2_000_000, "more than the 400,000 that are read"),
    ],
)
def test_what_is_no_plan_is_told(reply: str, told: str) -> None:
    with pytest.raises(PlanValidationError) as refused:
        extract_plan(reply)
    assert told in refused.value.problems[0].text
    assert len(str(refused.value)) < 1000


def test_a_long_plan_that_is_cut_off_loses_only_its_last_task() -> None:
    tasks = [{"id": f"t{number}", "agent": "code", "goal": "x" * 100} for number in range(2000)]
    reply = json.dumps({"tasks": tasks})[:-70]
    found = extract_plan(reply)
    assert len(reply) > 200_000
    assert (found.tasks, found.cut) == (tasks[:-1], True)


def test_a_long_plan_with_a_comma_too_many_is_mended_task_by_task() -> None:
    tasks = [{"id": f"t{number}", "agent": "code", "goal": "x" * 100} for number in range(200)]
    reply = json.dumps({"tasks": tasks}).replace("]}", ",]}")
    assert extract_plan(reply).tasks == tasks


def test_nothing_that_no_file_and_no_command_can_have_comes_through() -> None:
    found = extract_plan(r'{"tasks": [{"id": "a", "agent": "code", "goal": "\ud800 \u0000 \u0007 ok"}]}')
    text = json.dumps(found.plan, ensure_ascii=False)
    assert text.encode()
    assert "\\u" not in text


def test_replies_that_are_about_other_things_hold_no_plan() -> None:
    """Texts, calls and structured answers that providers sent to programs of all kinds."""
    replies = json.loads((Path(__file__).parents[2] / "data/replies/transcripts.json").read_text())
    assert len(replies) > 150
    assert all(len(reply) < LARGEST_REPLY for reply in replies)
    for reply in replies:
        with pytest.raises(PlanValidationError):
            extract_plan(reply)


@pytest.mark.parametrize(
    "reply",
    ['{"tasks": [0{"{"id": "a", "agent": "code"}]}', '{"tasks": [{"id":1e999 "b", "agent": "code"}]}'],
)
def test_what_fuzzing_found_gives_tasks_that_can_be_kept(reply: str) -> None:
    found = extract_plan(reply)
    assert any(isinstance(task, dict) for task in found.tasks)
    assert json.dumps(found.plan, allow_nan=False)
