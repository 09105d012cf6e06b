"""A model changes no file that is not as it knows it: what it has not read is not replaced, what changed since is read again."""

from typing import Any

import pytest
from tests.bench import Room
from tests.unit.agents.test_loop import DONE, results, work
from tests.world import Boxes

from astrolabe.sdk import Task
from astrolabe.testing.models_double import ScriptedModel, ScriptedModels, calls

READ = ("read", {"path": "a.txt"})
WRITE = ("write", {"path": "a.txt", "content": "mine\n"})
AGAIN = ("write", {"path": "a.txt", "content": "mine again\n"})
EDIT = ("edit", {"path": "a.txt", "old": "one", "new": "two"})
FORMAT = ("run", {"command": "format"})
FILES = {"a.txt": b"one\n", "empty.txt": b""}
UNREAD, CHANGED = "you have not read it", "has changed since you read it"


def formatted(files: dict[str, bytes]) -> int:
    files["a.txt"] += b"formatted\n"
    return 0


@pytest.mark.parametrize(
    ("deeds", "refused", "left"),
    [
        ((WRITE,), UNREAD, "one\n"),
        ((WRITE, READ, WRITE), UNREAD, "mine\n"),
        ((READ, WRITE, AGAIN), "", "mine again\n"),
        ((("search", {"pattern": "one"}), WRITE), UNREAD, "one\n"),
        ((EDIT, WRITE), "", "mine\n"),
        ((READ, FORMAT, WRITE), CHANGED, "one\nformatted\n"),
        ((READ, FORMAT, EDIT), CHANGED, "one\nformatted\n"),
        ((READ, FORMAT, READ, EDIT), "", "two\nformatted\n"),
        ((FORMAT, EDIT), "", "two\nformatted\n"),
    ],
)
def test_only_what_is_known_is_replaced(deeds: tuple[Any, ...], refused: str, left: str) -> None:
    task = Task(id="fix", name="fix", agent="code", goal="Change a.txt", writes=("**",))
    model = ScriptedModel([*(calls(deed) for deed in deeds), calls(DONE)])
    here = Room(task, ScriptedModels(model), FILES, Boxes({"format": formatted}))
    assert work(here)["a.txt"] == left
    told = "\n".join(text for turn in range(1, len(deeds) + 1) for text in results(model, turn))
    for reason in (UNREAD, CHANGED):
        assert (reason in told) is (reason == refused), told


def test_new_and_empty_files_need_no_reading() -> None:
    task = Task(id="fix", name="fix", agent="code", goal="Write", writes=("**",))
    deeds = [("write", {"path": path, "content": "x\ud800"}) for path in ("new.txt", "empty.txt")]
    here = Room(task, ScriptedModels(ScriptedModel([calls(*deeds), calls(DONE)])), FILES)
    left = work(here)
    assert (left["new.txt"], left["empty.txt"]) == ("x\ufffd", "x\ufffd")
