"""Killed in the middle of a conversation, a real process is followed by one that goes on where it was.

The model is a server that outlives both, and counts what it is asked.
"""

import json
import signal
import sqlite3
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from astrolabe.testing.models import ModelServer
from astrolabe.testing.models.request import Request
from astrolabe.testing.models.script import Turn, call


def named(number: int, turn: Turn) -> Turn:
    """Return a turn whose call has a name of its own: the server's follow from how often it was asked."""
    (asked,) = turn.calls
    return turn.model_copy(update={"calls": (asked.model_copy(update={"id": f"call-{number}"}),)})


CALLS = (
    call("list", {}),
    call("write", {"path": "hello.txt", "content": "hello\n"}),
    call("run", {"command": "cat hello.txt; echo once >> ran.txt"}),
    call("edit", {"path": "hello.txt", "old": "hello", "new": "hello world"}),
    call("finish", {"summary": "Said."}),
)
STEPS = tuple(named(number, turn) for number, turn in enumerate(CALLS))
HELLO = {"hello.txt": "hello world\n", "ran.txt": "once\n"}


def by_turn(request: Request) -> Turn:
    """Answer by how far the conversation is: one that is asked again is answered the same."""
    messages = json.loads(request.body)["messages"]
    return STEPS[sum(message["role"] == "assistant" for message in messages)]


def conversing(folder: Path, url: str, last: int = 0) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tests.crash.conversing", str(folder), url, str(last)]
    return subprocess.run(command, check=False, capture_output=True, text=True, timeout=120)


def questions(server: ModelServer) -> list[bytes]:
    """Return what was asked of the model; whether its key is taken is asked as well, before a run begins."""
    return [exchange.request.body for exchange in server.exchanges if exchange.request.method == "POST"]


def rows(folder: Path, query: str) -> list[tuple[str, ...]]:
    with sqlite3.connect(folder / "home/state/astrolabe.db") as connection:
        return connection.execute(query).fetchall()


def replies(folder: Path) -> list[dict[str, Any]]:
    """Return the steps of the conversation, in order."""
    found = rows(folder, "SELECT data FROM events WHERE type = 'step.done' ORDER BY seq")
    return [json.loads(data) for (data,) in found]


def spoken(folder: Path) -> list[str]:
    """Return what was asked and answered and run, without what tells two runs of it apart."""
    told = [(step["key"].partition("/")[2], step["reply"]) for step in replies(folder)]
    return [
        json.dumps([key, reply.get("question"), reply.get("reply"), reply.get("result")])
        for key, reply in told
        if "model" in key or "run" in key
    ]


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[str], int]:
    """Return what is said where nothing happens, and how many crash points are passed."""
    folder = tmp_path_factory.mktemp("undisturbed")
    with ModelServer(by_turn, key="test") as server:
        ended = conversing(folder, server.openai_url)
        assert ended.stdout == "passed", ended.stderr
        assert len(questions(server)) == len(STEPS)
    check_target(folder)
    return spoken(folder), int((folder / "points").read_text().split()[0])


def check_target(folder: Path) -> None:
    for name, content in HELLO.items():
        assert (folder / "target" / name).read_text() == content


@pytest.mark.parametrize("part", [0.3, 0.45, 0.6, 0.75])
def test_a_killed_conversation_is_gone_on_with_by_the_next_process(
    part: float, undisturbed: tuple[list[str], int], tmp_path: Path
) -> None:
    expected, points = undisturbed
    with ModelServer(by_turn, key="test") as server:
        killed = conversing(tmp_path, server.openai_url, round(points * part))
        assert killed.returncode == -signal.SIGKILL, killed.stderr
        durable = {step["reply"]["question"] for step in replies(tmp_path) if "question" in step["reply"]}
        before = len(questions(server))
        resumed = conversing(tmp_path, server.openai_url)
        assert resumed.stdout == "passed", resumed.stderr
        asked = questions(server)
    check_target(tmp_path)
    assert spoken(tmp_path) == expected
    assert len(asked) - before == len(STEPS) - len(durable), "what was answered durably is not asked again"
    assert sum(times - 1 for times in Counter(asked).values()) <= 1, "at most one question is asked twice"
    charges = Counter(state for (state,) in rows(tmp_path, "SELECT state FROM charges"))
    assert charges["in-doubt"] <= 1
