"""Edits: what is replaced is what was meant and nothing else, or nothing is."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from astrolabe.agents.tools.matching import edited, places
from astrolabe.errors import InputError

LINES = st.lists(
    st.sampled_from(["a", "  a", "\tb", "b ", "", "return x", "    return x", "é", "12  a"]), max_size=12
)
ENDS = st.sampled_from(["\n", "\r\n"])
WORDS = st.text(st.sampled_from("ab \n\té.*\\"), max_size=12)


@st.composite
def contents(draw: st.DrawFn) -> str:
    end = draw(ENDS)
    return end.join(draw(LINES)) + draw(st.sampled_from(["", end]))


@given(contents(), WORDS, WORDS, contents())
def test_a_text_that_stands_there_once_is_replaced_exactly(
    before: str, old: str, new: str, after: str
) -> None:
    assume(old != new)
    content = before + old + after
    assume(old and content.count(old) == 1 and content.find(old, content.find(old) + 1) < 0)
    crlf = "\r\n" in content and content.count("\n") == content.count("\r\n")
    written = new.replace("\n", "\r\n") if crlf else new
    assume(written != old)
    assert edited("f", content, old, new) == before + written + after


@given(contents(), WORDS, WORDS)
def test_an_edit_changes_one_place_or_is_refused(content: str, old: str, new: str) -> None:
    try:
        changed = edited("f", content, old, new)
    except InputError:
        assert old == new or len(list(places(content, old, new))) != 1
        return
    [place] = places(content, old, new)
    assert changed == content[: place.start] + place.new + content[place.end :]
    assert "".join(content[place.start : place.end].split()) == "".join(
        _unnumbered(old, content, place.start).split()
    )


def _unnumbered(old: str, content: str, start: int) -> str:
    """Return what was meant: the numbers that reading puts before lines are no part of it, unless the file has them."""
    there = "".join(content[start:].split())
    if there.startswith("".join(old.split())):
        return old
    return "\n".join(
        line.lstrip().removeprefix("12").lstrip() if line.strip() else "" for line in old.splitlines()
    )


@given(contents(), st.integers(0, 11), st.integers(1, 4), st.sampled_from(["", "  ", "\t"]), ENDS)
def test_lines_are_found_but_for_white_space_and_keep_the_files_own(
    content: str, first: int, count: int, indent: str, end: str
) -> None:
    """Lines copied with other indentation and line ends mean the lines of the file, if they are the only such lines."""
    lines = content.splitlines(keepends=True)[first : first + count]
    assume(lines and lines[0].strip() and lines[-1].strip())
    old = end.join(indent + line.strip() for line in lines)
    found = list(places(content, old, "new"))
    assume(len(found) == 1)
    [place] = found
    assert [line.strip() for line in content[place.start : place.end].splitlines()] == [
        line.strip() for line in lines
    ]
    changed = edited("f", content, old, f"{indent}new{end}{indent}newer")
    before, after = content[: place.start], content[place.end :]
    assert changed.startswith(before)
    assert changed.endswith(after)
    written = changed[len(before) : len(changed) - len(after)]
    assert [line.strip() for line in written.splitlines()] == ["new", "newer"]
    if "\r\n" in content:
        assert "\n" not in written.replace("\r\n", ""), "the file's line ends are kept"
    assert written.endswith(("\n", "\r\n")) == (content[place.end - 1 : place.end] == "\n"), (
        "the last line's end is kept"
    )


FILE = "def one():\n    x = 1\n    return x\n\n\ndef two():\n    x = 1\n    return x + 1\n"


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("    return x\n\n", "    return 2\n\n", ("return x\n\n", "return 2\n\n")),
        ("return x + 1", "return 3", ("return x + 1", "return 3")),
        ("x=1", "y", None),
        ("  return x + 1  ", "  return 3", ("return x + 1", "return 3")),
        (
            "def two():\n  x = 1\n  return x + 1",
            "def two():\n  return 2",
            ("two():\n    x = 1\n    return x + 1", "two():\n    return 2"),
        ),
        (
            "    6  def two():\n    7      x = 1\n",
            "    6  def three():\n    7      x = 1\n",
            ("two", "three"),
        ),
        ("x = 1", "x = 2", None),
        ("def three():", "x", None),
        ("\n", "", None),
        ("\n\n", "", None),
    ],
)
def test_examples(old: str, new: str, expected: tuple[str, str] | None) -> None:
    if expected is None:
        with pytest.raises(InputError):
            edited("f.py", FILE, old, new)
    else:
        assert edited("f.py", FILE, old, new) == FILE.replace(*expected)


def test_what_is_ambiguous_is_said_with_its_lines() -> None:
    with pytest.raises(InputError, match="2 times, at lines 2, 7"):
        edited("f.py", FILE, "x = 1", "x = 2")
    assert edited("f.py", FILE, "x = 1", "x = 2", everywhere=True) == FILE.replace("x = 1", "x = 2")


def test_what_is_not_there_is_answered_with_the_nearest_lines() -> None:
    with pytest.raises(InputError) as missing:
        edited("f.py", FILE, "def two():\n    x = 1\n    return x + 2\n", "")
    assert "return x + 1" in missing.value.hint
