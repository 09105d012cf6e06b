"""A commit's subject as a model wrote it: taken where it is a line to read, left where it is not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from astrolabe.domain.checkpoint import checkpoint_message
from astrolabe.domain.plan import Task
from astrolabe.domain.subject import LONGEST, subject_in


@pytest.mark.parametrize(
    ("said", "taken"),
    [
        ("Accept dates without a year", "Accept dates without a year"),
        ("  handle unicode in slugs. ", "Handle unicode in slugs"),
        ("fix: handle unicode in slugs", "fix: handle unicode in slugs"),
        ("feat(slug)!: keep letters", "feat(slug)!: keep letters"),
        ("Process names in one pass", "Process names in one pass"),
        ("Focus the first field", "Focus the first field"),
        ("Embed the font", "Embed the font"),
        ("Make `slugify` keep é and ß", "Make `slugify` keep é and ß"),
    ],
)
def test_a_line_that_orders_is_taken(said: str, taken: str) -> None:
    assert subject_in(said) == taken


@pytest.mark.parametrize(
    "said",
    [
        "",
        " ",
        "Update",
        "x" * 40 + " " + "y" * 40,
        "Handle unicode\n\nSigned-off-by: somebody",
        "Handle unicode\rand more",
        "Handle\u2028unicode",
        "Signed-off-by: Ada <ada@example.org>",
        "Astrolabe-Run: 01M8 is done",
        "Co-Authored-By: a model",
        "# handle unicode",
        "- handle unicode",
        "--amend the commit",
        "clock.py: DAY = 24 * HOUR",
        "Handled unicode",
        "Handling unicode",
        "Handles unicode",
        "fix: handled unicode",
        "Handle unicode [skip ci]",
        "Handle unicode [ci skip]",
        "Handle unicode, closes #12",
        "Thank @ada for it",
    ],
)
def test_what_is_no_such_line_is_not_taken(said: str) -> None:
    assert subject_in(said) == ""


@given(st.text(max_size=120))
def test_whatever_is_said_the_message_keeps_its_form(said: str) -> None:
    subject = subject_in(said)
    assert len(subject) <= LONGEST
    task = Task(id="fix", name="Fix it", agent="code", goal="Do it")
    message = checkpoint_message("R", task, "T", (), subject=subject, models=("a/b", "c/d"))
    first, goal, trailers = message.split("\n\n")
    assert first == (subject or "Fix it")
    assert goal == "Do it"
    assert trailers.splitlines() == [
        "Astrolabe-Run: R",
        "Astrolabe-Task: fix",
        "Astrolabe-Tree: T",
        "Astrolabe-Model: a/b",
        "Astrolabe-Model: c/d",
    ]
