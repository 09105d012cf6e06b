"""The command, interrupted: it says so, leaves nothing behind, and goes on when asked."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.crash.orphans import adopt, orphans_of

PLAN = """
goal: wait
tasks:
  - {id: quick, agent: command, inputs: {run: "echo done > quick.txt"}, writes: [quick.txt]}
  - {id: slow, agent: command, depends_on: [quick], inputs: {run: "sleep 300; echo x > slow.txt"}, writes: [slow.txt]}
"""


def astrolabe(home: Path, *arguments: str, drain: float = 30) -> subprocess.Popen[str]:
    cache = Path(tempfile.gettempdir()) / f"astrolabe-test-cache-{os.geteuid()}"
    settings = os.environ | {"ASTROLABE_HOME": str(home), "ASTROLABE_CACHE": str(cache)}
    settings["ASTROLABE_ENGINE__DRAIN_SECONDS"] = str(drain)
    command = [str(Path(sys.executable).parent / "astrolabe"), *arguments]
    return subprocess.Popen(command, env=settings, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def told(home: Path, *arguments: str) -> Any:
    process = astrolabe(home, *arguments, "--json")
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    return json.loads(out)


def wait_until_slow_runs(home: Path) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        runs = told(home, "runs", "list")
        if runs and any(
            task["id"] == "slow" and task["status"] == "running"
            for task in told(home, "runs", "show", "last")["tasks"]
        ):
            return
    raise AssertionError("it did not begin")


def wait_until_asked(home: Path) -> None:
    deadline = time.monotonic() + 60
    with closing(sqlite3.connect(home / "state" / "astrolabe.db")) as connection:
        while time.monotonic() < deadline:
            if connection.execute("SELECT count(*) FROM inbox").fetchone() != (0,):
                return
    raise AssertionError("nothing was asked")


@pytest.mark.parametrize(
    ("numbers", "code"),
    [([signal.SIGINT], 4), ([signal.SIGTERM], 0), ([signal.SIGTERM, signal.SIGTERM], 4)],
    ids=["interrupt", "terminate", "terminate-twice"],
)
def test_an_interrupted_run_leaves_nothing_and_can_be_cancelled(
    numbers: list[signal.Signals], code: int, tmp_path: Path
) -> None:
    """Told to end once, it lets attempts go on for a while and ends well; told again, it ends at once."""
    (tmp_path / "plan.yaml").write_text(PLAN)
    home = tmp_path / "home"
    with adopt():
        process = astrolabe(
            home,
            "run",
            str(tmp_path / "plan.yaml"),
            "--workspace",
            str(tmp_path / "target"),
            drain=0.5 if code == 0 else 300,
        )
        wait_until_slow_runs(home)
        process.send_signal(numbers[0])
        for number in numbers[1:]:
            assert process.stderr is not None
            assert "a second signal ends it at once" in process.stderr.readline()
            process.send_signal(number)
        out, err = process.communicate(timeout=60)
        assert process.returncode == code
        assert "astrolabe resume" in out + err
        assert orphans_of(tmp_path) == []
    (listed,) = told(home, "runs", "list")
    assert listed["status"] == "interrupted"
    assert told(home, "runs", "cancel", "last")["status"] == "cancelled"
    assert told(home, "resume") == {"runs": []}


def test_a_run_is_cancelled_from_another_terminal(tmp_path: Path) -> None:
    (tmp_path / "plan.yaml").write_text(PLAN)
    home = tmp_path / "home"
    process = astrolabe(home, "run", str(tmp_path / "plan.yaml"), "--workspace", str(tmp_path / "target"))
    wait_until_slow_runs(home)
    assert told(home, "runs", "cancel", "last")["status"] == "cancelled"
    process.communicate(timeout=30)
    assert process.returncode == 4


def test_a_run_is_cancelled_though_its_process_dies_of_something_else(tmp_path: Path) -> None:
    (tmp_path / "plan.yaml").write_text(PLAN)
    home = tmp_path / "home"
    process = astrolabe(home, "run", str(tmp_path / "plan.yaml"), "--workspace", str(tmp_path / "target"))
    wait_until_slow_runs(home)
    process.send_signal(signal.SIGSTOP)
    cancelling = astrolabe(home, "runs", "cancel", "last")
    wait_until_asked(home)
    process.kill()
    out, err = cancelling.communicate(timeout=60)
    process.communicate(timeout=30)
    assert out.rstrip().endswith("is cancelled"), err
    assert [run["status"] for run in told(home, "runs", "list")] == ["cancelled"]
