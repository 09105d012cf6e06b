"""The command, driving a run while servers go away and come back, or while the way to them is cut."""

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests import postgresql, redis
from tests.person import CACHE
from tests.proxy import Proxy
from tests.temporal import free_port

LONG_SECONDS = 40.0
SOCKET = ".s.PGSQL.5432"
_FRESH = "SELECT 1 FROM processes WHERE heartbeat_at + lease_seconds > extract(epoch FROM clock_timestamp())"


@dataclass
class Host:
    """Somebody who types commands on a machine whose state is on a server."""

    folder: Path
    url: str
    more: dict[str, str] = field(default_factory=dict)

    @contextmanager
    def types(self, *words: str | Path, through: str = "") -> Generator[subprocess.Popen[str]]:
        """Begin a command; `through` is another way to the same database."""
        kept = {
            name: value for name, value in os.environ.items() if not name.startswith(("ASTROLABE_", "PYTHON"))
        }
        settings = {
            "ASTROLABE_HOME": str(self.folder / "home"),
            "ASTROLABE_CACHE": str(CACHE),
            "ASTROLABE_DATABASE_URL": through or self.url,
            "ASTROLABE_ENGINE__LEASE_SECONDS": "1",
        }
        with subprocess.Popen(
            [Path(sys.executable).parent / "astrolabe", *words],
            env=kept | settings | self.more,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            try:
                yield process
            finally:
                process.kill()

    def runs(self, plan: list[dict[str, Any]], **through: str) -> Any:
        """Begin to run a plan on the folder `target`."""
        file = self.folder / "plan.json"
        file.write_text(json.dumps({"goal": "go on", "tasks": plan}))
        return self.types("run", file, "--workspace", self.folder / "target", "--json", **through)

    def ask(self, query: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.url) as connection:
            return connection.execute(query.encode()).fetchall()

    def until(self, query: str, *, none: bool = False) -> None:
        """Wait until a query finds something, or nothing any more."""
        deadline = time.monotonic() + LONG_SECONDS
        with psycopg.connect(self.url, autocommit=True) as connection:
            while bool(connection.execute(query.encode()).fetchall()) is none:
                assert time.monotonic() < deadline, query
                time.sleep(0.02)

    def until_begun(self, task: str) -> None:
        self.until(f"SELECT 1 FROM events WHERE type = 'task.started' AND task = '{task}'")

    def events(self) -> list[tuple[Any, ...]]:
        return self.ask("SELECT seq, type, task, at, actor, data FROM events ORDER BY seq")

    def refs(self) -> str:
        """Return all that a person sees of the result."""
        command = ["git", "-C", str(self.folder / "target"), "for-each-ref"]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def chain(*names: str, seconds: float) -> list[dict[str, Any]]:
    """Return tasks that need each other in turn, each of which adds a line to what the ones before it wrote."""
    return [
        {
            "id": name,
            "agent": "command",
            "depends_on": [names[number - 1]] if number else [],
            "inputs": {"run": f"sleep {seconds}; echo {name} >> all.txt"},
            "writes": ["all.txt"],
        }
        for number, name in enumerate(names)
    ]


def ended(process: "subprocess.Popen[str]", code: int = 0) -> str:
    out, err = process.communicate(timeout=LONG_SECONDS)
    assert process.returncode == code, f"{process.returncode}\n{out}\n{err}"
    return out + err


def is_whole(host: Host, *names: str) -> None:
    """Nothing is missing from the log of the one run there is, nothing was done twice, and its result is there."""
    events = host.events()
    assert [event[0] for event in events] == list(range(1, len(events) + 1))
    for kind in ("task.started", "task.passed"):
        assert Counter(task for _, type_, task, *_ in events if type_ == kind) == Counter(names)
    steps = [json.loads(data)["key"] for _, type_, *_, data in events if type_ == "step.done"]
    assert len(steps) == len(set(steps)) == len(names)
    assert [json.loads(data)["status"] for _, kind, *_, data in events if kind == "run.finished"] == [
        "passed"
    ]
    assert (host.folder / "target" / "all.txt").read_text().split() == list(names)


@pytest.fixture(scope="module")
def own() -> Iterator[postgresql.Server]:
    """A server of this module's own, which may be stopped."""
    with postgresql.running() as started:
        yield started


def test_a_run_goes_on_when_its_database_is_restarted_again_and_again(
    own: postgresql.Server, tmp_path: Path
) -> None:
    host = Host(tmp_path, own.migrated())
    names = ("one", "two", "three", "four")
    with host.runs(chain(*names, seconds=0.2)) as run:
        for name in names[::2]:
            host.until_begun(name)
            own.stop()
            own.start()
        ended(run)
    is_whole(host, *names)


def test_a_run_goes_on_when_redis_is_killed_and_hears_what_was_said_meanwhile(
    own: postgresql.Server, tmp_path: Path
) -> None:
    with redis.running() as wakeups:
        host = Host(tmp_path, own.migrated(), {"ASTROLABE_REDIS_URL": wakeups.url})
        tasks = chain("one", "two", "three", seconds=0.2)
        for task in tasks[1:]:
            task["approval"] = "Go on?"
        with host.runs(tasks) as run:
            host.until_begun("one")
            wakeups.kill()
            host.until("SELECT 1 FROM approvals WHERE task = 'two'")
            with host.types("approvals", "approve", "last", "two") as approving:
                ended(approving)
            wakeups.start()
            host.until("SELECT 1 FROM approvals WHERE task = 'three'")
            with host.types("approvals", "approve", "last", "three") as approving:
                ended(approving)
            ended(run)
    is_whole(host, "one", "two", "three")


@contextmanager
def way_to(host: Host) -> Generator[tuple[Proxy, str]]:
    """Open another way to the database, by TCP, which can be cut; yields it and the URL that leads over it."""
    port = free_port()
    name, _, folder = host.url.partition("@/")[2].partition("?host=")
    with Proxy(port, Path(folder) / SOCKET) as way:
        yield way, f"postgresql://postgres@127.0.0.1:{port}/{name}"


def test_a_run_cut_off_for_longer_than_its_lease_goes_on_when_nobody_has_taken_it(
    own: postgresql.Server, tmp_path: Path
) -> None:
    host = Host(tmp_path, own.migrated())
    with way_to(host) as (way, url), host.runs(chain("one", "two", seconds=0.5), through=url) as run:
        host.until_begun("one")
        way.cut()
        host.until(_FRESH, none=True)
        way.mend()
        ended(run)
    is_whole(host, "one", "two")


def test_a_run_cut_off_and_taken_over_is_ended_by_the_other_and_its_zombie_changes_nothing(
    own: postgresql.Server, tmp_path: Path
) -> None:
    host = Host(tmp_path, own.migrated())
    with way_to(host) as (way, url), host.runs(chain("one", "two", seconds=0.5), through=url) as zombie:
        host.until_begun("two")
        way.cut()
        host.until(_FRESH, none=True)
        with host.types("resume", "last", "--json") as other:
            ended(other)
        before = host.events(), host.refs()
        way.mend()
        assert "is now owned by another process" in ended(zombie, 2)
        assert (host.events(), host.refs()) == before
    is_whole(host, "one", "two")


def test_a_run_whose_database_does_not_answer_ends_when_it_is_told_to_and_goes_on_later(
    own: postgresql.Server, tmp_path: Path
) -> None:
    host = Host(tmp_path, own.migrated())
    with way_to(host) as (way, url), host.runs(chain("one", "two", seconds=0.5), through=url) as run:
        host.until_begun("two")
        way.cut()
        run.send_signal(signal.SIGTERM)
        assert run.stderr is not None
        assert "a second signal ends it at once" in run.stderr.readline()
        run.send_signal(signal.SIGTERM)
        assert "does not answer" in ended(run, 4)
    with host.types("resume", "last", "--json") as again:
        ended(again)
    is_whole(host, "one", "two")
