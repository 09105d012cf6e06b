"""Toolchains from a real pip and a registry on this machine: whole, or not at all."""

import asyncio
import errno
import os
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from astrolabe.adapters.images.shelf import ABANDONED_SECONDS, Draft, Shelf
from astrolabe.errors import FetchError, MissingError, StorageError
from astrolabe.ports.determinism import Determinism
from tests.integration.images.conftest import DETERMINISM, Machine, Registry, toy, wheel_of

WHEEL = wheel_of({"toy/hello.sh": b"#!/bin/sh\necho hello\n", "toy/data/x": b"1" * 1000, "other/y": b"2"})
FILE = "toy-1.0-py3-none-any.whl"


@pytest.fixture(autouse=True)
def offered(registry: Registry) -> None:
    registry.add_wheel("toy", FILE, WHEEL)


def test_a_toolchain_is_fetched_once_and_laid_out_for_every_sandbox(machine: Machine, registry: Registry):
    image = asyncio.run(machine.images(toy(WHEEL)).toolchain("toy", machine.report))
    content = image.mounts[0].source
    assert subprocess.run([content / "bin/hello"], capture_output=True, check=True).stdout == b"hello\n"
    assert not (content / "other").exists()
    assert {path.stat().st_mode & 0o222 for path in (content, *content.rglob("*"))} == {0}
    assert (image.mounts[0].target, image.path) == ("/opt/astrolabe/toy", ("/opt/astrolabe/toy/bin",))
    assert image.environment == {"TOY": "/opt/astrolabe/toy/lib"}
    assert asyncio.run(machine.images(toy(WHEEL)).toolchain("toy")) == image
    assert registry.times_asked(FILE) == 1
    assert any("MB" in line for line in machine.reports)


def test_a_file_that_is_not_the_pinned_one_is_never_used(machine: Machine, registry: Registry):
    registry.add_wheel("toy", FILE, wheel_of({"toy/hello.sh": b"#!/bin/sh\necho evil\n"}))
    with pytest.raises(FetchError, match="toy is not the file that is pinned"):
        asyncio.run(machine.images(toy(WHEEL)).toolchain("toy"))
    assert machine.kept() == machine.left_over() == []


def test_a_pinned_file_that_reaches_out_of_its_folder_is_never_laid_out(machine: Machine, registry: Registry):
    evil = wheel_of({"toy/hello.sh": b"", "toy/../../../escaped": b"x"})
    registry.add_wheel("toy", FILE, evil)
    with pytest.raises(FetchError, match="not safe"):
        asyncio.run(machine.images(toy(evil)).toolchain("toy"))
    assert machine.kept() == machine.left_over() == []
    assert not list(machine.cache.rglob("escaped"))


def test_a_package_without_what_is_expected_of_it_is_refused(machine: Machine, registry: Registry):
    bare = wheel_of({"another/y": b""})
    registry.add_wheel("toy", FILE, bare)
    with pytest.raises(FetchError, match="does not hold"):
        asyncio.run(machine.images(toy(bare)).toolchain("toy"))
    assert machine.kept() == []


def test_an_unreachable_index_is_named_with_what_to_do(machine: Machine):
    machine.environment["PIP_INDEX_URL"] = "http://127.0.0.1:9/simple"
    with pytest.raises(FetchError, match="toy could not be fetched") as raised:
        asyncio.run(machine.images(toy(WHEEL)).toolchain("toy"))
    assert "pip config list" in raised.value.hint
    assert machine.kept() == machine.left_over() == []


def test_an_index_that_stops_sending_is_given_up(machine: Machine, registry: Registry):
    registry.stuck.add(f"/files/{FILE}")
    with pytest.raises(FetchError, match="received nothing"):
        asyncio.run(machine.images(toy(WHEEL), stall_seconds=2).toolchain("toy"))
    assert machine.kept() == machine.left_over() == []
    assert not _living_in(machine.cache)


def test_cancelling_leaves_no_process_and_no_file(machine: Machine, registry: Registry):
    registry.stuck.add(f"/files/{FILE}")

    async def cancelled() -> None:
        fetching = asyncio.ensure_future(machine.images(toy(WHEEL)).toolchain("toy"))
        assert await asyncio.to_thread(registry.reached.wait, 30)
        fetching.cancel()
        with pytest.raises(asyncio.CancelledError):
            await fetching

    asyncio.run(cancelled())
    assert machine.kept() == machine.left_over() == []
    assert not _living_in(machine.cache)


def test_of_many_who_ask_at_once_one_fetches(machine: Machine, registry: Registry):
    async def together() -> set[Path]:
        asking = [machine.images(toy(WHEEL)).toolchain("toy", machine.report) for _ in range(5)]
        return {image.mounts[0].source for image in await asyncio.gather(*asking)}

    assert len(asyncio.run(together())) == 1
    assert registry.times_asked(FILE) == 1
    assert any("waiting" in line for line in machine.reports)


def test_what_a_killed_process_left_is_removed_by_the_next(machine: Machine, registry: Registry):
    registry.stuck.add(f"/files/{FILE}")
    (machine.home / "wheel").write_bytes(WHEEL)
    script = textwrap.dedent(
        f"""
        import asyncio
        from pathlib import Path
        from astrolabe.adapters.images import ImageCache
        from tests.integration.images.conftest import DETERMINISM, ScriptedSandbox, toy
        lock = toy(Path({str(machine.home)!r}, "wheel").read_bytes())
        cache, environment = Path({str(machine.cache)!r}), {machine.environment!r}
        images = ImageCache(cache, ScriptedSandbox, DETERMINISM, environment, lock=lock, machine="x86_64-glibc")
        asyncio.run(images.toolchain("toy"))
        """
    )
    fetching = subprocess.Popen(
        [sys.executable, "-c", script], cwd=Path(__file__).parents[3], start_new_session=True
    )
    assert registry.reached.wait(30)
    fetching.kill()
    fetching.wait()
    assert machine.left_over()
    registry.stuck.clear()
    assert not _living_in(machine.cache)
    asyncio.run(machine.images(toy(WHEEL)).toolchain("toy"))
    assert machine.left_over() == []
    assert len(machine.kept()) == 1


def test_a_draft_of_another_image_is_removed_when_it_is_old_and_nobody_works_on_it(tmp_path: Path):
    later = Determinism(
        lambda: DETERMINISM.now() + ABANDONED_SECONDS + 60, DETERMINISM.monotonic, DETERMINISM.new_id
    )

    async def make(draft: Draft) -> dict[str, str]:
        return {"drafts": " ".join(sorted(path.name for path in draft.work.parent.parent.iterdir()))}

    async def while_another_is_made() -> str:
        running, go_on = asyncio.Event(), asyncio.Event()

        async def slow(draft: Draft) -> dict[str, str]:
            running.set()
            await go_on.wait()
            return {}

        first = asyncio.ensure_future(Shelf(tmp_path, DETERMINISM).obtain("slow", slow, lambda: None))
        await running.wait()
        (tmp_path / "drafts/dead.1").mkdir()
        kept = await Shelf(tmp_path, later).obtain("new", make, lambda: None)
        go_on.set()
        await first
        return kept.facts["drafts"]

    seen = asyncio.run(while_another_is_made())
    assert "dead" not in seen
    assert "slow" in seen


@pytest.mark.parametrize(
    ("number", "advice"),
    [
        (errno.ENOSPC, "Free some space"),
        (errno.EDQUOT, "Free some space"),
        (errno.EROFS, "Make it writable"),
        (errno.EACCES, "Make it writable"),
        (errno.EIO, "Check that disk"),
    ],
)
def test_what_the_disk_refuses_is_said_and_nothing_is_left(tmp_path: Path, number: int, advice: str):
    async def make(draft: Draft) -> dict[str, str]:
        (draft.content / "half").write_bytes(b"x")
        raise OSError(number, os.strerror(number))

    with pytest.raises(StorageError) as raised:
        asyncio.run(Shelf(tmp_path, DETERMINISM).obtain("key", make, lambda: None))
    assert advice in raised.value.hint
    assert list((tmp_path / "drafts").iterdir()) == list((tmp_path / "images").iterdir()) == []


def test_a_cache_that_cannot_be_a_folder_is_named(tmp_path: Path, machine: Machine):
    machine.cache = tmp_path / "file"
    machine.cache.write_bytes(b"")
    with pytest.raises(StorageError, match="file"):
        asyncio.run(machine.images(toy(WHEEL)).toolchain("toy"))


def test_an_unknown_toolchain_is_answered_with_those_there_are(machine: Machine):
    with pytest.raises(MissingError) as raised:
        asyncio.run(machine.images(toy(WHEEL)).toolchain("cobol"))
    assert "toy" in raised.value.hint


def test_the_status_tells_where_a_toolchain_would_come_from(machine: Machine, registry: Registry):
    images = machine.images(toy(WHEEL))
    (before,) = asyncio.run(images.status())
    assert (before.origin, before.size_bytes, before.licence) == ("registry", len(WHEEL), "MIT")
    assert registry.asked == []
    asyncio.run(images.toolchain("toy"))
    (after,) = asyncio.run(machine.images(toy(WHEEL)).status())
    assert (after.origin, after.version) == ("cache", "1.0")
    assert after.size_bytes == len("#!/bin/sh\necho hello\n") + 1000


def _living_in(folder: Path) -> list[int]:
    """Return the processes that work somewhere below a folder, once those that are dying are gone."""
    until = time.monotonic() + 60
    while (found := [pid for pid in _processes() if _works_in(pid, folder)]) and time.monotonic() < until:
        time.sleep(0.02)
    return found


def _processes() -> list[int]:
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdecimal()]


def _works_in(pid: int, folder: Path) -> bool:
    try:
        return Path(f"/proc/{pid}/cwd").readlink().is_relative_to(folder)
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return False
