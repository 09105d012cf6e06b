"""Replies as no model would write them, and as some do: reading one ends, soon, in a plan or in our own error."""

import json
import time
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from astrolabe.domain.plan import Check, Plan
from astrolabe.errors import PlanValidationError, Problem
from astrolabe.planning.extraction import Extracted, extract_plan
from astrolabe.planning.proposed import Hand, Terms, proposed_plan
from astrolabe.planning.validation import problems_in

PLAN = json.dumps(
    {
        "reasoning": "why",
        "tasks": [{"id": "a", "agent": "code", "goal": 'do "it"'}, {"id": "b", "depends_on": ["a"]}],
    }
)
BITS = [
    *'{}[]",:\\\n\'`#-*<>&!|% ', "```json\n", "~~~", "<think>", "</think>", "//", "/*", "*/", "tasks", '"tasks": [', "tasks:\n",
    "  - id: a\n", "- name: b\n", "&a [*a, *a]", "\\u", "\\ud800", "\x00", "null", "True", "NaN", "1e999", "9" * 50, "é", "\u2028", "😀",
    "{'id': ", 'agent: "code', PLAN, PLAN[:60], PLAN[60:],
]  # fmt: skip
noise = st.lists(st.sampled_from(BITS) | st.text(max_size=8), max_size=40).map("".join)
cuts = st.tuples(st.integers(0, len(PLAN)), st.integers(0, len(PLAN)))


@st.composite
def damaged(draw: st.DrawFn) -> str:
    """Give a plan with pieces taken out, doubled, and put in."""
    text = PLAN
    for start, length in draw(st.lists(cuts, max_size=4)):
        end = start + length % 30
        text = draw(st.sampled_from([text[:start] + text[end:], text[:end] + text[start:]]))
        text = text[:start] + draw(noise.filter(lambda bit: len(bit) < 60)) + text[start:]
    return text


@given(noise | damaged())
def test_a_reply_gives_a_plan_or_our_error(reply: str) -> None:
    found = read(reply)
    if isinstance(found, PlanValidationError):
        assert found.problems
        assert str(found).encode()
    else:
        assert any(isinstance(task, dict) for task in found.tasks)
        assert json.loads(json.dumps(found.plan, allow_nan=False)) == found.plan


REPEATED = [*((one,) for one in BITS), *pairwise(BITS)]


@pytest.mark.parametrize("before", ["", '{"tasks": ['])
def test_a_reply_that_repeats_itself_without_end_takes_as_long_as_its_length(before: str) -> None:
    """Ten times as long is to take ten times as long; a hundred times, where time goes with the square of the length."""
    for bits in REPEATED:
        short, long = (spent(before + bit_of(bits, length)) for length in (4_000, 40_000))
        assert long < 40 * max(short, 0.01), bits


def bit_of(bits: tuple[str, ...], length: int) -> str:
    unit = "".join(bits)
    return unit * (length // len(unit))


def spent(reply: str) -> float:
    begun = time.process_time()
    read(reply)
    return time.process_time() - begun


def read(reply: str) -> Extracted | PlanValidationError:
    try:
        return extract_plan(reply)
    except PlanValidationError as refused:
        return refused


TERMS = Terms(
    goal="it",
    hands=(Hand("code"), Hand("look", writes=False)),
    agent="code",
    proofs=(Check(name="t", run="t"),),
)
odd = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6) | st.sampled_from(["a", "b", "code", "../x", "/a/b"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["name", "run", "a"]), inner, max_size=3),
    max_leaves=6,
)  # fmt: skip
KEYS = [
    "id",
    "name",
    "agent",
    "goal",
    "inputs",
    "depends_on",
    "dependencies",
    "writes",
    "checks",
    "retries",
    "timeout",
]
MORE = ["backoff", "priority", "budget", "approval", "x"]


@given(
    st.lists(st.dictionaries(st.sampled_from([*KEYS, *MORE]), odd, max_size=9) | odd, min_size=1, max_size=5)
)
def test_whatever_a_task_holds_the_plan_can_run_or_its_faults_are_listed(tasks: list[Any]) -> None:
    try:
        plan = proposed_plan(Extracted({"tasks": tasks}), TERMS)
    except PlanValidationError as refused:
        found: tuple[Problem, ...] = refused.problems
        assert_told(found)
    else:
        assert problems_in(plan, TERMS.names) == ()
        assert Plan.model_validate_json(plan.model_dump_json()) == plan


def assert_told(problems: tuple[Problem, ...]) -> None:
    assert problems
