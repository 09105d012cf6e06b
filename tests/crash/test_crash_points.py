"""Killed at any point, a run is finished by the next process: nothing that finished is lost or done again."""

import json
import signal
import sqlite3
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import LiteralString

import psycopg
import pytest
from psycopg.sql import SQL

from astrolabe.engine.faults import CrashPoint
from tests import postgresql
from tests.crash.orphans import adopt, orphans_of
from tests.crash.worker import url_of

EXPECTED = {name: f"{name}\none\ntwo\n" for name in ("first", "left", "right", "last")}
ONCE = {CrashPoint.BEFORE_PUBLISH, CrashPoint.AFTER_PUBLISH, CrashPoint.BEFORE_RELEASE}
CASES = [(point, n) for point in CrashPoint for n in ((1,) if point in ONCE else (1, 3))]


def work(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tests.crash.worker", str(folder), *arguments]
    return subprocess.run(command, check=False, capture_output=True, text=True, timeout=120)


def rows(folder: Path, query: LiteralString) -> list[tuple]:
    """Read the state, whether it is on a server or in a file."""
    if (url := url_of(folder)) is not None:
        with psycopg.connect(url) as connection:
            known = connection.execute("SELECT to_regclass('events')").fetchone()
            return [] if known == (None,) else connection.execute(SQL(query)).fetchall()
    database = folder / "home" / "state" / "astrolabe.db"
    if not database.exists():
        return []
    with sqlite3.connect(database) as connection:
        return connection.execute(query).fetchall()


def happened(folder: Path, kind: LiteralString) -> list[tuple[str, dict]]:
    """Return the task and the data of each event of a kind."""
    found = rows(folder, f"SELECT task, data FROM events WHERE type = '{kind}'")
    return [(task, json.loads(data)) for task, data in found]


def passed(folder: Path) -> set[str]:
    return {task for task, _ in happened(folder, "task.passed")}


def answered(folder: Path) -> set[str]:
    return {task for task, data in happened(folder, "step.done") if data["key"].endswith("/ask")}


def finished(folder: Path) -> bool:
    """Whether the run's end is durable: a process begun after that has nothing to take up."""
    return bool(rows(folder, "SELECT 1 FROM events WHERE type = 'run.finished'"))


def git(folder: Path, *arguments: str) -> str:
    command = ["git", "-C", str(folder / "target"), *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


@pytest.mark.parametrize("point", CrashPoint)
def test_a_killed_run_whose_state_is_on_a_server_is_finished_by_the_next_process(
    point: CrashPoint, server: postgresql.Server, tmp_path: Path
) -> None:
    (tmp_path / "url").write_text(server.migrated())
    test_a_killed_run_is_finished_by_the_next_process(point, 1, tmp_path)


@pytest.mark.parametrize(("point", "occurrence"), CASES)
def test_a_killed_run_is_finished_by_the_next_process(
    point: CrashPoint, occurrence: int, tmp_path: Path
) -> None:
    with adopt():
        killed = work(tmp_path, point, str(occurrence))
        assert killed.returncode == -signal.SIGKILL, killed.stderr
        assert orphans_of(tmp_path) == []
    finished_before = passed(tmp_path)
    ledger = tmp_path / "ledger"
    lines_before = ledger.read_text().splitlines() if ledger.exists() else []
    answered_before = answered(tmp_path)

    if not finished(tmp_path):
        resumed = work(tmp_path)
        assert resumed.stdout == "passed", resumed.stderr
    check_tree(tmp_path)
    check_log(tmp_path)
    check_context(tmp_path)
    check_charges(tmp_path, in_doubt=2)  # two tasks go on side by side
    lines_after = ledger.read_text().splitlines()[len(lines_before) :]
    again = {line.split()[1] for line in lines_after if line.startswith("work ")} & finished_before
    asked = Counter(line.split()[1] for line in lines_after if line.startswith("asked "))
    assert not answered_before & set(asked), "asked again for an answer that was durable"
    assert set(asked.values()) <= {1}, "asked more than once after one crash"
    assert not again, f"finished tasks were worked on again: {again}"


def check_tree(folder: Path) -> None:
    for name, content in EXPECTED.items():
        assert (folder / "target" / f"{name}.txt").read_text() == content
    assert git(folder, "status", "--porcelain") == ""
    for commit, tree in rows(folder, "SELECT commit_id, tree FROM tasks"):
        assert git(folder, "rev-parse", f"{commit}^{{tree}}").strip() == tree


def check_log(folder: Path) -> None:
    found = rows(folder, "SELECT run, seq, type, task, data FROM events")
    told = [(*event, json.loads(data)) for *event, data in found]
    events = [(*event, data.get("key"), data.get("check")) for *event, data in told]
    assert len({event[0] for event in events}) == 1, "a second run was begun instead of taking up the first"
    assert sorted(event[1] for event in events) == list(range(1, len(events) + 1))
    for kind, key in (("task.passed", 3), ("step.done", 4), ("run.finished", 2)):
        counted = Counter(event[key] for event in events if event[2] == kind)
        assert set(counted.values()) == {1}, f"{kind} more than once: {counted}"
    checked = Counter((event[3], event[5]) for event in events if event[2] == "check.finished")
    assert set(checked.values()) == {1}
    assert Counter(event[2] for event in events)["task.started"] == len(EXPECTED), "an attempt was begun anew"


def check_context(folder: Path) -> None:
    """Each task has added itself once to what they share, whatever was cut off on the way."""
    values = [json.loads(value) for (value,) in rows(folder, "SELECT value FROM context ORDER BY version")]
    assert [len(value) for value in values] == [1, 2, 3, 4]
    assert sorted(values[-1]) == sorted(EXPECTED)


def check_charges(folder: Path, in_doubt: int) -> None:
    """Each step is charged once, and once more where a crash left nobody who knows what it used; nothing stays reserved."""
    charges = rows(folder, "SELECT key, state FROM charges")
    steps = {data["key"] for _, data in happened(folder, "step.done")}
    assert {key for key, _ in charges} == {key for key in steps if "/context:" not in key}
    settled = Counter(key for key, state in charges if state == "settled")
    assert set(settled.values()) == {1}
    assert len(settled) == 3 * len(EXPECTED)
    assert Counter(state for _, state in charges)["in-doubt"] <= in_doubt
    asked = [state for key, state in charges if key.endswith("/ask")]
    tokens = 4 * asked.count("settled") + 10 * asked.count("in-doubt")
    columns = "tool_calls_spent, tokens_spent, tool_calls_reserved, tokens_reserved"
    assert rows(folder, f"SELECT {columns} FROM accounts") == [(len(charges) - len(asked), tokens, 0, 0)]


@pytest.mark.parametrize("point", [CrashPoint.AFTER_STEP, CrashPoint.AFTER_APPEND])
def test_a_run_killed_again_and_again_still_ends(point: CrashPoint, tmp_path: Path) -> None:
    kills = 0
    while not finished(tmp_path) and work(tmp_path, point, "4").returncode == -signal.SIGKILL:
        kills += 1
        assert kills < 40, "it gets no further"
    assert kills > 1
    check_tree(tmp_path)
    check_log(tmp_path)
