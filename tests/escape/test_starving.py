"""What foreign code may do to whoever runs it, and to the machine, without getting out; judged from outside."""

import asyncio
import contextlib
import tracemalloc
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import pytest

from astrolabe.adapters.sandboxes import self_test
from astrolabe.domain.policy import MIB, Policy
from astrolabe.errors import PolicyViolationError
from astrolabe.ports.sandbox import Ending, Outcome, Session, Setup
from tests.contract.sandbox.conftest import namespaces
from tests.contract.sandbox.outside import processes

T = TypeVar("T")
_POLICY = Policy(wall_seconds=30, workspace_bytes=64 * MIB, temporary_bytes=16 * MIB, processes=64)


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


def within(cache: Path, scenario: Callable[[Session], Awaitable[T]]) -> T:
    async def opened() -> T:
        setup = Setup(policy=_POLICY, mounts=self_test.interpreter())
        async with namespaces(cache).open(setup) as box:
            return await scenario(box)

    return asyncio.run(opened())


async def python(box: Session, script: str, wall_seconds: float | None = None) -> Outcome:
    return await box.run([self_test.PYTHON, "-I", "-S", "-c", script], wall_seconds=wall_seconds)


_NAMES = {
    "deep": """
for _ in range(60): os.mkdir("d" * 250); os.chdir("d" * 250)
for n in range(3000): os.close(os.open(str(n), os.O_CREAT))
""",
    "long": """
for _ in range(15): os.mkdir("d" * 250); os.chdir("d" * 250)
for n in range(20000): os.close(os.open(str(n), os.O_CREAT))
""",
    "links": """
for n in range(12000): os.symlink("t" * 4000, str(n))
""",
}


@pytest.mark.parametrize("way", _NAMES)
def test_names_of_files_cannot_fill_the_memory_of_who_takes_them(cache: Path, way: str) -> None:
    async def scenario(box: Session) -> int:
        done = await python(box, "import os" + _NAMES[way])
        assert done.exit_code == 0, done
        tracemalloc.start()
        with pytest.raises(PolicyViolationError, match="could not be moved"):
            await box.take(["wanted"])
        taken = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert (await box.run(["sh", "-c", "rm -r ./*"])).exit_code == 0
        assert await box.take() == ()
        return taken

    assert within(cache, scenario) < MIB


def test_what_changes_while_it_is_taken_never_leads_outside(cache: Path) -> None:
    """A folder and a link take turns in one place. What the link names is there for whoever takes, not for the command."""
    turns = """
import ctypes, os
os.mkdir("place"); open("place/passwd", "w").write("mine"); os.symlink("/box/etc", "link")
exchange = ctypes.CDLL(None).renameat2
print("ready", flush=True)
while exchange(-100, b"place", -100, b"link", 2) == 0: pass
"""

    async def scenario(box: Session) -> set[bytes]:
        ready = asyncio.Event()
        command = [self_test.PYTHON, "-I", "-S", "-c", turns]
        turning = asyncio.ensure_future(box.run(command, on_output=lambda _stream, _piece: ready.set()))
        await ready.wait()
        found: set[bytes] = set()
        for _ in range(100):
            with contextlib.suppress(PolicyViolationError):
                found |= {entry.content for entry in await box.take(["place/passwd"])}
        turning.cancel()
        await asyncio.wait([turning])
        return found

    assert within(cache, scenario) == {b"mine"}


def test_a_fork_bomb_ends_with_its_command(cache: Path, marker: str) -> None:
    bomb = f"import os\n'{marker}'\nwhile True:\n try: os.fork() or os.setsid()\n except OSError: pass"

    async def scenario(box: Session) -> tuple[Outcome, list[int], Outcome]:
        done = await python(box, bomb, 0.5)
        left = await asyncio.to_thread(processes, marker)
        return done, left, await box.run(["echo", "alive"])

    done, left, after = within(cache, scenario)
    assert (done.ending, left, after.stdout) == (Ending.TIMEOUT, [], b"alive\n")


def test_room_of_deleted_files_comes_back_with_the_end_of_who_held_them(cache: Path) -> None:
    hold = """
import os, sys, time
kept = []
for place in ("/workspace", "/tmp"):
    try:
        while True:
            kept.append(open(place + "/held", "wb", buffering=0)); os.unlink(place + "/held")
            kept[-1].write(bytes(4 << 20)) == 4 << 20 or sys.exit("cut")
            len(kept) < 100 or sys.exit("took 400 MiB")
    except OSError as error: print(error.errno)
"""

    async def scenario(box: Session) -> tuple[Outcome, Outcome]:
        return await python(box, hold), await python(box, "open('/workspace/x', 'wb').write(bytes(60 << 20))")

    held, after = within(cache, scenario)
    assert (held.exit_code, held.stdout) == (0, b"28\n28\n"), held
    assert after.exit_code == 0, after
