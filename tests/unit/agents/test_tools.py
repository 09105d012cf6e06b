"""Tools with what no model should be shown whole: large, binary, many, long."""

import asyncio
from typing import Any

import pytest
from tests.bench import Room
from tests.unit.agents.test_loop import DONE, results, task, work
from tests.world import Boxes

from astrolabe.agents.tools.tool import MOST_CHARACTERS, SHELF
from astrolabe.ports.sandbox import Ending, Outcome
from astrolabe.testing.models_double import ScriptedModel, ScriptedModels, calls

BIG = b"".join(b"line %d of a large file\n" % n for n in range(1, 80_001))
FILES = {
    "src/big.txt": BIG,
    "src/image.png": b"\x89PNG\r\n\0\0" + bytes(range(256)) * 40,
    "src/one-line.js": b"x" * 300_000,
    "src/empty.txt": b"",
    "src/latin.txt": b"caf\xe9\n",
}
MARKS = 100


def answered(
    *wanted: tuple[str, dict[str, Any]], files: dict[str, bytes] = FILES, boxes: Boxes | None = None
) -> list[str]:
    """Return what tools answer."""
    model = ScriptedModel([*(calls(one) for one in wanted), calls(DONE)])
    work(Room(task(), ScriptedModels(model), files, boxes or Boxes()))
    found = [results(model, at)[0] for at in range(1, len(wanted) + 1)]
    assert all(len(text) <= MOST_CHARACTERS + MARKS + 500 for text in found), "each result is bounded"
    return found


def test_a_large_file_is_read_by_pages() -> None:
    assert len(BIG) > 2_000_000
    first, later, last = answered(
        ("read", {"path": "src/big.txt"}),
        ("read", {"path": "src/big.txt", "first": 40_000, "lines": 3}),
        ("read", {"path": "src/big.txt", "first": 79_999}),
    )
    assert "    1  line 1 of a large file" in first
    assert "[80,000 lines in all; go on with first=" in first
    assert "40002  line 40002" in later
    assert "40003" not in later.replace("first=40003", "")
    assert "80000  line 80000" in last
    assert "go on" not in last


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("src/image.png", "is a binary file of 10,248 bytes"),
        ("src/one-line.js", "300,000 characters"),
        ("src/empty.txt", "is empty"),
        ("src/latin.txt", "caf\ufffd"),
        ("src", "It is a folder with 5 files"),
        ("src/big.tx", "List the folder"),
    ],
)
def test_odd_files_are_told_and_not_dumped(path: str, said: str) -> None:
    assert said in answered(("read", {"path": path}))[0]


def test_a_binary_file_is_not_edited() -> None:
    assert "binary" in answered(("edit", {"path": "src/image.png", "old": "PNG", "new": "GIF"}))[0]


def test_an_edit_leaves_bytes_that_are_no_text_as_they_are() -> None:
    model = ScriptedModel(
        [calls(("edit", {"path": "src/latin.txt", "old": "caf", "new": "tea"})), calls(DONE)]
    )
    here = Room(task(), ScriptedModels(model), {"src/latin.txt": FILES["src/latin.txt"]})

    async def life() -> bytes:
        from astrolabe.roles.code.agent import CodeAgent

        async with here.bench() as bench:
            await CodeAgent().work(here.task, bench)
            return await bench.read("src/latin.txt")

    assert asyncio.run(life()) == b"tea\xe9\n"


def test_many_files_are_counted_by_folder() -> None:
    files = {f"src/{n % 40}/f{n}.py": b"x\n" for n in range(5_000)} | {"README": b""}
    whole, folder, found = answered(
        ("list", {}), ("list", {"path": "src"}), ("search", {"pattern": "x"}), files=files
    )
    assert "src/ (5,000 files)" in whole
    assert "src/7/ (125 files)" in folder
    assert f"read '{SHELF}1'" in found


@pytest.mark.parametrize(
    ("pattern", "said"),
    [
        ("DAY = 12 * HOUR", "characters as they stand are found here]\na.py\n    1  DAY = 12 * HOUR"),
        (r"DAY = \d+", "a.py\n    1  DAY = 12 * HOUR"),
        ("WEEK = 7 * DAY", "Nothing matches."),
        ("WEEK", "Nothing matches."),
    ],
)
def test_a_line_that_is_no_good_expression_is_found_as_it_stands(pattern: str, said: str) -> None:
    (found,) = answered(("search", {"pattern": pattern}), files={"a.py": b"DAY = 12 * HOUR\n"})
    assert said in found
    assert ("nothing matches the expression" in found) is ("stand" in said)


class Loud(Boxes):
    """A sandbox whose commands say a lot."""

    async def do(self, line: str, files: dict[str, bytes]) -> Outcome:
        return Outcome(1, Ending.EXITED, BIG, b"the end\n", 1.0)


def test_a_long_output_is_kept_whole_to_be_read_by_pages() -> None:
    ran, page, gone = answered(
        ("run", {"command": "loud"}),
        ("read", {"path": f"{SHELF}1", "first": 50_000, "lines": 2}),
        ("read", {"path": f"{SHELF}2"}),
        boxes=Loud(),
    )
    assert "Exit code 1." in ran
    assert "line 1 of" in ran
    assert "the end" in ran
    assert f"read '{SHELF}1' for all" in ran
    assert "line 49999 of a large file" in page
    assert f"There are: {SHELF}1" in gone


def test_a_long_output_is_no_file_of_the_tree() -> None:
    model = ScriptedModel([calls(("run", {"command": "loud"})), calls(("list", {})), calls(DONE)])
    assert not any(
        path.startswith(SHELF) for path in work(Room(task(), ScriptedModels(model), FILES, Loud()))
    )


@pytest.mark.parametrize("pattern", ["plain=", "(correct|nothing)", "plain=[cn]"])
def test_what_may_hold_secrets_is_not_shown_by_a_search_either(pattern: str) -> None:
    files = {"deploy/.env": b"FIRST plain=correct-horse\n", "src/a.py": b"FIRST plain=nothing\n"}
    (told,) = answered(("search", {"pattern": pattern}), files=files)
    assert "correct-horse" not in told
    assert "deploy/.env [may hold secrets: not shown]" in told
    assert "plain=nothing" in told
