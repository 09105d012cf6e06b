"""Whoever opens, uses and closes a sandbox is interrupted at every instant of it; nothing is left but what was there."""

import asyncio
import subprocess
import sys
import tempfile
from collections.abc import Coroutine, Generator
from pathlib import Path
from types import coroutine
from typing import Any

import pytest

from astrolabe.adapters.sandboxes import self_test
from astrolabe.domain.policy import Policy
from astrolabe.ports.sandbox import FileEntry, Sandbox, Setup

from .outside import children, groups, mounts

_ROOT = Path(__file__).parents[3]
_FILE = 0o100644


async def _use(sandbox: Sandbox) -> None:
    """All that a self-test and an agent do."""
    async with self_test.host(), sandbox.open(Setup(policy=Policy(wall_seconds=30))) as box:
        await box.put([FileEntry("f", _FILE, b"x")])
        await box.run(["cat", "f"])
        await box.take()


@coroutine
def _cancelled_at(number: int, work: Coroutine[Any, Any, None]) -> Generator[Any, Any, int]:
    """Carry the work on and cancel the task that does it when it waits for the `number`th time; return the times."""
    times, answer, fault = 0, None, None
    while True:
        try:
            waits_for = work.throw(fault) if fault else work.send(answer)
        except StopIteration:
            return times
        times += 1
        if times == number:
            task = asyncio.current_task()
            assert task
            asyncio.get_running_loop().call_soon(task.cancel)
        try:
            answer, fault = (yield waits_for), None
        except BaseException as error:  # noqa: BLE001 - thrown into the work
            fault = error


async def _interrupted(number: int, sandbox: Sandbox) -> int:
    """Return how often it waited; 0 when it was cancelled."""
    try:
        return await _cancelled_at(number, _use(sandbox))
    except asyncio.CancelledError:
        return 0


def _state() -> tuple[set[str], int, list[int], int]:
    return groups(), mounts(), children(), len(list(Path("/proc/self/fd").iterdir()))


async def _nothing_left(number: int, sandbox: Sandbox, before: object) -> bool:
    """Return whether it came to its end before it was cancelled; AssertionError for what is left."""
    times = await _interrupted(number, sandbox)
    assert await asyncio.to_thread(_state) == before, f"cancelled at {number}"
    assert len(asyncio.all_tasks()) == 1, f"cancelled at {number}"
    return times > 0


def test_cancelled_at_any_instant_it_leaves_nothing(
    sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    async def scenario() -> int:
        await _use(sandbox)
        before = await asyncio.to_thread(_state)
        number = 1
        while not await _nothing_left(number, sandbox, before):
            number += 1
        return number

    assert asyncio.run(scenario()) > 8
    assert list(tmp_path.iterdir()) == []


_KILLED = """
import asyncio, ctypes, os, signal, sys, tempfile, time
from pathlib import Path
sys.path[:0] = {path!r}
tempfile.tempdir = {scratch!r}
from astrolabe.adapters import sandboxes
from astrolabe.adapters.sandboxes import cgroups
from tests.contract.sandbox.conftest import namespaces
from tests.contract.sandbox.outside import children
from tests.contract.sandbox.test_interruptions import _use

OURS = str(Path(sandboxes.__file__).parent)

def lines(most):
    # Counts the lines run in the sandbox's own code, and is killed at the one named.
    count = 0
    def each(frame, event, _):
        nonlocal count
        if not frame.f_code.co_filename.startswith(OURS): return None
        if event == "line":
            count += 1
            if count == most: os.kill(os.getpid(), signal.SIGKILL)
        return each
    return each, lambda: count

def use(most):
    each, count = lines(most)
    sys.settrace(each)
    asyncio.run(_use(namespaces(Path({cache!r}))))
    sys.settrace(None)
    return count()

def killed(most):
    pid = os.fork()
    if not pid:
        use(most)
        os._exit(0)
    _, status = os.waitpid(pid, 0)
    deadline = time.monotonic() + 30
    while children():
        try: os.waitpid(-1, os.WNOHANG)
        except ChildProcessError: break
        assert time.monotonic() < deadline, (most, children())
        time.sleep(0.01)
    cgroups.here()
    left = [str(path) for path in Path("/sys/fs/cgroup").rglob(f"astrolabe-*-{{pid}}-*") if path.is_dir()]
    assert not left, (most, left)
    return os.WIFSIGNALED(status)

ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)  # adopt whoever is orphaned below
use(0)  # whoever comes first tests the sandbox and keeps the result, which the others do not
total = use(0)
every = max(1, total // {samples})
found = [killed(most) for most in range(every // 2 + 1, total - every, every)]
use(0)
left = os.listdir({scratch!r})
assert not left, left
print(total, len(found), sum(found))
"""


def test_killed_at_any_line_it_leaves_nothing_to_run_and_nothing_the_next_start_does_not_remove(
    cache: Path, tmp_path: Path
) -> None:
    script = _KILLED.format(path=[str(_ROOT), *sys.path], cache=str(cache), scratch=str(tmp_path), samples=12)
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False, cwd=_ROOT
    )
    assert done.returncode == 0, done.stderr
    total, tried, died = map(int, done.stdout.split())
    assert total > 200
    assert died == tried > 8
