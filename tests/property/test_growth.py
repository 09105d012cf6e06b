"""Foreign words that repeat themselves take as long as they are long: a page, an edit, a shell line must not stop all work.

Each row was found by `just fuzz`, and took seconds to hours once. Time is CPU time; eight times the length is to take far
less than the sixty-four times that going with the square would.
"""

import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from astrolabe.agents.calls import with_calls_read
from astrolabe.agents.tools.matching import edited
from astrolabe.agents.tools.rules import refused_line
from astrolabe.domain.conversation import Speaker, said
from astrolabe.errors import InputError
from astrolabe.evaluation.exercises import read_exercise
from astrolabe.planning.cron import read_cron
from astrolabe.planning.extraction import Extracted
from astrolabe.planning.proposed import Hand, Terms, proposed_plan
from astrolabe.planning.recipe import Goal
from astrolabe.projects.detection import runners
from astrolabe.projects.listing import Listing
from astrolabe.projects.locks import parts_of
from astrolabe.projects.reports import read_results
from astrolabe.projects.runner import Form
from astrolabe.roles.research.extraction import words_of
from astrolabe.roles.webapp.reading import read_goal
from astrolabe.skills.reading import FILE, Content, validate

SHORT, TIMES = 6_000, 8
TERMS = Terms(goal="it", hands=(Hand("code"),), agent="code")


def calls(text: str) -> object:
    return with_calls_read(said(Speaker.ASSISTANT, text), ("read", "edit"), 1)


def half(text: str) -> object:
    """Edit with a text that is half of the file."""
    return edited("f", text, " " + text[: len(text) // 2], "new")


def everywhere(text: str) -> object:
    return edited("f", text, " " + text[: len(text) // 2], "new\n", everywhere=True)


def unlike(text: str) -> object:
    """Edit with a text that the file does not have."""
    return edited("f", text, text[::-7], "new")


def page(text: str) -> object:
    return words_of(text, "text/html")


def runners_of(text: str) -> object:
    return runners(Listing(("test_a.py",), {"test_a.py": text}))


def bill(text: str) -> object:
    return parts_of(Listing(("requirements.txt",), {"requirements.txt": text}))


def junit(text: str) -> object:
    return read_results(Form.JUNIT, text)


def tap(text: str) -> object:
    return read_results(Form.TAP, text)


def skill(text: str) -> object:
    return validate(Content("/skills/one", {FILE: text.encode()}))


def sentences(text: str) -> object:
    return read_goal(Goal(f"A web application for a library. {text}"))


def check(text: str) -> object:
    return proposed_plan(Extracted({"tasks": [{"id": "a", "agent": "code", "checks": [text]}]}), TERMS)


@pytest.mark.parametrize(
    ("door", "before", "unit", "after"),
    [
        (calls, "", "<read>", ""),
        (calls, "", "<tool=read>", ""),
        (calls, "<read>", "<a>", "</read>"),
        (calls, "", "\nread(", ")"),
        (calls, "", "\nread([]", ""),
        (calls, "", '\nread(a="', '")'),
        (half, "", "a\n", ""),
        (everywhere, "", "a\n", ""),
        (half, "", "a", ""),
        (unlike, "", "".join(map(chr, range(0x4E00, 0x5600))), ""),
        (page, "<a ", "<div id ", ""),
        (page, "", "<a b='", ""),
        (page, "", "<!", ""),
        (page, "<div hidden>" * 300, "</p>", ""),
        (page, "", "<div hidden></p>", ""),
        (refused_line, "git", " -c", ""),
        (refused_line, "", "\n", "x"),
        (refused_line, "", ";rm ", ""),
        (refused_line, "", "a(){ ", ""),
        (runners_of, "", "\n", "x"),
        (bill, "", "a[\n", ""),
        (junit, "", "<?xml ", ""),
        (tap, "not ok 1 - a\n  ---\n  type: a", " ", "'x\n  ...\n"),
        (skill, "---\na: b: c", " ", "d\n---\n"),
        (check, "", " ", "x"),
        (sentences, "", ".", "x"),
        (check, "", "echo ", "|"),
    ],
)  # fmt: skip
def test_what_is_repeated_takes_as_long_as_it_is(
    door: Callable[[str], object], before: str, unit: str, after: str
) -> None:
    short, long = (spent(door, before, unit, after, length) for length in (SHORT, SHORT * TIMES))
    assert long < 3 * TIMES * max(short, 0.02)


@pytest.mark.parametrize(
    "text", ["<![DOCTYPE", "<![<script\0\0>", "&#" + "9" * 5000 + ";", '<a b="', "<", "</", "<!-", "<title>"]
)
def test_a_page_is_read_whatever_it_holds(text: str) -> None:
    title, words = words_of(f"<title>T</title><p>a<p hidden>b</p>c{text}", "text/html")
    assert (title, words[:3]) == ("T", "a\nc")


def test_nesting_without_end_is_refused(tmp_path: Path) -> None:
    for name in ("a.py", "a_test.py", ".docs/instructions.md", ".meta/example.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x = 1\n")
    (tmp_path / ".meta/config.json").write_text("[" * 100_000)
    with pytest.raises(InputError, match="no JSON"):
        read_exercise(tmp_path, tmp_path)
    with pytest.raises(InputError, match="unknown time zone"):
        read_cron("* * * * *", "a." * 10_000)


def spent(door: Callable[[str], object], before: str, unit: str, after: str, length: int) -> float:
    text = before + unit * max(1, length // len(unit)) + after
    begun = time.process_time()
    with suppress(InputError):
        door(text)
    return time.process_time() - begun
