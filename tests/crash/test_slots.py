"""Limits over processes: never more than so many at any instant, everybody gets a turn, and what a killed one held is free."""

import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

from tests.crash.slot_worker import LIMITS
from tests.integration.storage.home import Home


def started(home: Home, *arguments: object) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "tests.crash.slot_worker", home.folder, home.url, *arguments]
    return subprocess.Popen([*map(str, command)], stderr=subprocess.PIPE, text=True)


def ended(process: "subprocess.Popen[str]") -> int:
    _, said = process.communicate(timeout=200)
    assert process.returncode in {0, -signal.SIGKILL}, said
    return process.returncode


def check_ledger(folder: Path, killed: set[int]) -> Counter[str]:
    """Return how many attempts each run ended, if no limit was passed; what a killed process had begun ends with it."""
    underway: Counter[tuple[str, str]] = Counter()
    finished: Counter[str] = Counter()
    lines = [line.split() for line in (folder / "ledger").read_text().splitlines()]
    last = {pid: max(at for at, line in enumerate(lines) if line[1] == str(pid)) for pid in killed}
    for at, (what, pid, run, agent) in enumerate(lines):
        underway[pid, agent] += 1 if what == "begin" else -1
        finished[run] += what == "end"
        assert underway.total() <= (LIMITS.total or 0)
        assert sum(many for (_, name), many in underway.items() if name == "odd") <= LIMITS.agents["odd"]
        for gone in (pid for pid, end in last.items() if end == at):
            underway = Counter({key: many for key, many in underway.items() if key[0] != str(gone)})
    return finished


def test_processes_share_limits(home: Home) -> None:
    workers = [started(home, name, 3, 10) for name in "abc"]
    assert [ended(worker) for worker in workers] == [0, 0, 0]
    assert check_ledger(home.folder, set()) == {f"{name}{k}": 10 for name in "abc" for k in range(3)}
    assert home.run("SELECT count(*) FROM slots") == [(0,)]


def test_what_a_killed_process_held_goes_to_the_others(home: Home) -> None:
    killed = [started(home, name, 3, 10, at) for name, at in (("a", 3), ("b", 7))]
    other = started(home, "c", 2, 10)
    assert [ended(worker) for worker in killed] == [-signal.SIGKILL, -signal.SIGKILL]
    assert ended(other) == 0
    finished = check_ledger(home.folder, {worker.pid for worker in killed})
    assert {run: many for run, many in finished.items() if run.startswith("c")} == {"c0": 10, "c1": 10}
