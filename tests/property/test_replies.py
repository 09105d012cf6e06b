"""Replies as no model would write them, and as some do: reading one ends, soon, in a plan or in our own error."""

import json
import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from astrolabe.errors import PlanValidationError
from astrolabe.planning.extraction import Extracted, extract_plan

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
