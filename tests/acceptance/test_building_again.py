"""Building again into the same folder keeps every edit of a person's, marks what contradicts, and loses nothing."""

import asyncio
import os
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import pytest

from astrolabe.bootstrap import open_installation
from astrolabe.engine.workshop import Watcher
from astrolabe.errors import TargetError
from astrolabe.planning.recipe import Goal
from astrolabe.services.builds import begin, carry_out, propose_build
from astrolabe.services.reports import report
from astrolabe.services.runs import view_run
from astrolabe.settings import Settings
from tests.acceptance.toy import PLUGIN

CACHE = Path(tempfile.gettempdir()) / f"astrolabe-test-cache-{os.geteuid()}"
FIRST = "toy\nfruit: apple, pear, plum, fig, quince\nnuts: hazel, wal, pea"


class Place:
    """A target folder, and the installation that builds into it."""

    def __init__(self, folder: Path) -> None:
        self.target = folder / "target"
        self._settings = Settings(home=folder / "home", cache=CACHE)

    def build(self, goal: str) -> dict[str, Any]:
        return asyncio.run(self._build(goal))

    async def _build(self, goal: str) -> dict[str, Any]:
        async with open_installation(self._settings, plugins=[PLUGIN]) as installation:
            begun = await begin(installation, await propose_build(installation, Goal(goal), self.target))
            await carry_out(installation, begun, Watcher())
            return report(await view_run(installation, begun.record))

    def git(self, *arguments: str) -> str:
        identity = ["-c", "user.name=P", "-c", "user.email=p@example.org"]
        command = ["git", "-C", str(self.target), *identity, *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    def edit(self, name: str, old: str, new: str, *, commit: bool = True) -> None:
        path = self.target / name
        path.write_text(path.read_text().replace(old, new) if path.exists() else new)
        if commit:
            self.git("add", "-A")
            self.git("commit", "-qm", "mine")

    def read(self, name: str) -> str:
        return (self.target / name).read_text()


@pytest.fixture
def place(tmp_path: Path) -> Place:
    built = Place(tmp_path)
    assert built.build(FIRST)["run"]["status"] == "passed"
    assert built.read("fruit.txt") == "apple\npear\nplum\nfig\nquince\n"
    return built


def test_an_edit_and_a_change_of_the_goal_meet_in_one_file(place: Place) -> None:
    place.edit("fruit.txt", "apple", "my own apple")
    place.edit("notes.md", "", "mine alone\n")

    done = place.build(FIRST.replace("quince", "quince, medlar"))

    assert done["run"]["status"] == "passed"
    assert done["run"]["published"]["moved"]
    assert place.read("fruit.txt") == "my own apple\npear\nplum\nfig\nquince\nmedlar\n"
    assert place.read("notes.md") == "mine alone\n"
    assert place.git("status", "--porcelain") == ""


def test_edits_are_carried_through_generation_after_generation(place: Place) -> None:
    place.edit("fruit.txt", "apple", "my own apple")
    for number in range(3):
        goal = FIRST.replace("quince", "quince, medlar" + ", sloe" * number)
        assert place.build(goal)["run"]["status"] == "passed"
    assert place.read("fruit.txt").startswith("my own apple\n")
    assert place.read("fruit.txt").endswith("medlar\nsloe\nsloe\n")


def test_a_contradiction_is_marked_on_a_branch_and_the_branch_checked_out_stays(place: Place) -> None:
    place.edit("fruit.txt", "plum", "damson")
    head = place.git("rev-parse", "HEAD")

    done = place.build(FIRST.replace("plum", "greengage"))

    assert done["run"]["status"] == "failed"
    assert done["run"]["edits"]["conflicts"] == ["fruit.txt"]
    assert place.git("rev-parse", "HEAD") == head
    assert "damson" in place.read("fruit.txt")
    marked = place.git("show", f"astrolabe/{done['run']['id']}/conflicts:fruit.txt")
    assert "<<<<<<<" in marked
    assert "damson" in marked
    assert "greengage" in marked


def test_after_a_resolved_contradiction_building_goes_on(place: Place) -> None:
    place.edit("fruit.txt", "plum", "damson")
    goal = FIRST.replace("plum", "greengage")
    done = place.build(goal)
    subprocess.run(
        ["git", "-C", place.target, "merge", "-q", f"astrolabe/{done['run']['id']}/conflicts"], check=True
    )
    place.edit("fruit.txt", place.read("fruit.txt"), "apple\npear\ndamson and greengage\nfig\nquince\n")

    again = place.build(goal.replace("quince", "quince, medlar"))

    assert again["run"]["status"] == "passed", again["run"]["reason"]
    assert place.read("fruit.txt") == "apple\npear\ndamson and greengage\nfig\nquince\nmedlar\n"


def test_uncommitted_edits_stay_exactly_as_they_are(place: Place) -> None:
    place.edit("fruit.txt", "apple", "not committed yet", commit=False)

    done = place.build(FIRST.replace("quince", "medlar"))

    assert done["run"]["status"] == "passed"
    assert not done["run"]["published"]["moved"]
    assert "fruit.txt" in done["run"]["published"]["reason"]
    assert place.read("fruit.txt").startswith("not committed yet\n")
    branch = done["run"]["published"]["branch"]
    assert "medlar" in place.git("show", f"{branch}:fruit.txt")


def test_an_uncommitted_edit_that_is_what_is_generated_now_does_not_hinder(place: Place) -> None:
    place.edit("fruit.txt", "quince", "medlar", commit=False)

    done = place.build(FIRST.replace("quince", "medlar").replace("hazel", "cashew"))

    assert done["run"]["published"]["moved"], done["run"]["published"]["reason"]
    assert place.read("fruit.txt").endswith("medlar\n")
    assert place.read("nuts.txt").startswith("cashew\n")
    assert place.git("status", "--porcelain") == ""


def test_a_staged_edit_is_not_taken_for_what_lies_in_the_folder(place: Place) -> None:
    place.edit("fruit.txt", "quince", "staged and different", commit=False)
    place.git("add", "fruit.txt")
    place.edit("fruit.txt", "staged and different", "medlar", commit=False)

    done = place.build(FIRST.replace("quince", "medlar"))

    assert not done["run"]["published"]["moved"]
    assert "staged and different" in place.git("show", ":fruit.txt")


def test_uncommitted_edits_elsewhere_do_not_hinder(place: Place) -> None:
    place.edit("nuts.txt", "hazel", "not committed yet", commit=False)

    done = place.build(FIRST.replace("quince", "medlar"))

    assert done["run"]["published"]["moved"]
    assert place.read("nuts.txt").startswith("not committed yet\n")
    assert "medlar" in place.read("fruit.txt")


def test_an_edited_file_that_is_no_longer_generated_is_kept_and_told(place: Place) -> None:
    place.edit("nuts.txt", "hazel", "my own hazel")

    done = place.build(FIRST.replace("nuts: hazel, wal, pea", "nuts: "))

    assert done["run"]["edits"]["kept"] == ["nuts.txt"]
    assert place.read("nuts.txt").startswith("my own hazel")


def test_an_unedited_file_that_is_no_longer_generated_goes(place: Place) -> None:
    place.build(FIRST.replace("nuts: hazel, wal, pea", "nuts: "))
    assert not (place.target / "nuts.txt").exists()


def test_nothing_new_makes_no_commit(place: Place) -> None:
    head = place.git("rev-parse", "HEAD")
    done = place.build(FIRST)
    assert done["run"]["status"] == "passed"
    assert place.git("rev-parse", "HEAD") == head


def test_a_lost_state_folder_does_not_matter(place: Place, tmp_path: Path) -> None:
    place.edit("fruit.txt", "apple", "my own apple")
    elsewhere = Place(tmp_path / "elsewhere")
    elsewhere.target.parent.mkdir()
    subprocess.run(["git", "clone", "-q", place.target, elsewhere.target], check=True)

    assert elsewhere.build(FIRST.replace("quince", "medlar"))["run"]["status"] == "passed"
    assert elsewhere.read("fruit.txt") == "my own apple\npear\nplum\nfig\nmedlar\n"


def test_a_rewritten_history_keeps_the_edits(place: Place) -> None:
    place.edit("fruit.txt", "apple", "my own apple")
    place.git("reset", "-q", "--soft", "HEAD~1")
    place.git("commit", "-q", "--amend", "--no-edit")

    assert place.build(FIRST.replace("quince", "medlar"))["run"]["status"] == "passed"
    assert place.read("fruit.txt") == "my own apple\npear\nplum\nfig\nmedlar\n"


def test_a_repository_of_other_origin_is_refused_untouched(tmp_path: Path) -> None:
    place = Place(tmp_path)
    place.target.mkdir()
    place.git("init", "-q")
    place.edit("fruit.txt", "", "of my own\n")
    before = place.git("rev-parse", "HEAD")

    with pytest.raises(TargetError, match="not empty"):
        place.build(FIRST)

    assert place.git("rev-parse", "HEAD") == before
    assert place.git("for-each-ref").count("\n") == 1
