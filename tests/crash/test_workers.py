"""A run whose worker is killed at each crash point, one after the other: another worker goes on, and nothing is lost or done again."""

import json
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path

import pytest

from astrolabe.engine.faults import CrashPoint
from tests import postgresql, temporal
from tests.crash.orphans import adopt, orphans_of
from tests.crash.test_crash_points import (
    answered,
    check_charges,
    check_context,
    check_log,
    check_tree,
    passed,
)
from tests.person import CACHE

LOCAL = {CrashPoint.BEFORE_RELEASE}
"""Those a worker never comes to: it has no lease of a run to give back."""
LIVES = [point for point in CrashPoint if point not in LOCAL]
LEASE_SECONDS = 1.0


@pytest.fixture(scope="module")
def temporal_server(tmp_path_factory: pytest.TempPathFactory) -> Generator[temporal.Server]:
    with temporal.running(tmp_path_factory.mktemp("temporal")) as started:
        yield started


@contextmanager
def workers(folder: Path, settings: dict[str, object]) -> Generator[Callable[[str], int]]:
    """Return what lives a life to its end; see `forked_workers.py`."""
    command = [sys.executable, "-m", "tests.crash.forked_workers", str(folder), json.dumps(settings)]
    with (
        (folder / "workers.log").open("w") as log,
        subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True
        ) as process,
    ):
        told, said = process.stdin, process.stdout
        assert told
        assert said

        def live(word: str) -> int:
            told.write(f"{word}\n")
            told.flush()
            return int(said.readline())

        try:
            yield live
        finally:
            told.close()


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_a_run_outlives_its_workers_killed_at_each_point(
    database: str, temporal_server: temporal.Server, server: postgresql.Server, tmp_path: Path
) -> None:
    settings: dict[str, object] = {
        "home": str(tmp_path / "home"),
        "cache": str(CACHE),
        "temporal_address": temporal_server.address,
        "temporal_namespace": temporal.namespace(temporal_server.address),
        "engine": {"lease_seconds": LEASE_SECONDS, "drain_seconds": 5, "parallel_commands": 2},
    }
    if database == "postgresql":
        url = server.migrated()
        (tmp_path / "url").write_text(url)
        settings["database_url"] = url
    with workers(tmp_path, settings) as live, adopt():
        assert live("begin") == 0
        for point in LIVES:
            done, known = passed(tmp_path), answered(tmp_path)
            before = ledger(tmp_path)
            assert live(point) == -signal.SIGKILL, (point, (tmp_path / "workers.log").read_text())
            check_life(ledger(tmp_path) - before, done, known)
        before, done, known = ledger(tmp_path), passed(tmp_path), answered(tmp_path)
        assert live("end") == 0, (tmp_path / "workers.log").read_text()
        check_life(ledger(tmp_path) - before, done, known)
        assert orphans_of(tmp_path) == []
    check_tree(tmp_path)
    check_log(tmp_path)
    check_context(tmp_path)
    check_charges(tmp_path, in_doubt=2 * len(LIVES))  # two tasks go on side by side


def ledger(folder: Path) -> Counter[str]:
    """Count what agents have written down, line by line."""
    file = folder / "ledger"
    return Counter(file.read_text().splitlines()) if file.exists() else Counter()


def check_life(lines: Counter[str], done: set[str], known: set[str]) -> None:
    """Nothing that was durable when a worker came was done by it again, and nothing twice by one worker."""
    worked = {line.split()[1] for line in lines if line.startswith("work ")}
    asked = {line.split()[1]: times for line, times in lines.items() if line.startswith("asked ")}
    assert not worked & done, f"finished tasks were worked on again: {worked & done}"
    assert not asked.keys() & known, "asked again for an answer that was durable"
    assert set(asked.values()) <= {1}, "asked more than once in one life"
