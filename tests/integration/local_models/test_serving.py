"""One server a model, whoever uses it: started when needed, started again when killed, gone when nobody needs it."""

import asyncio
import contextlib
import functools
import json
import os
import signal
import stat
import subprocess
import sys
import textwrap
import urllib.error
import urllib.request
from collections.abc import Callable, Coroutine, Generator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from astrolabe.adapters.local_models.options import LocalModelOptions
from astrolabe.adapters.local_models.seat import Seat
from astrolabe.adapters.local_models.serving import Endpoint, LocalServers, Program
from astrolabe.adapters.local_models.shelf import WeightsShelf
from astrolabe.domain.contacts import Contacts
from astrolabe.errors import ConflictError, MissingError, UnavailableError
from astrolabe.ports.weights import Weights

STAND_IN = Program((sys.executable, str(Path(__file__).with_name("stand_in.py"))), "json")
LONG = LocalModelOptions(idle_seconds=60)
SHORT = LocalModelOptions(idle_seconds=0.2)


def in_loop(test: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
    @functools.wraps(test)
    def run(*arguments: Any, **named: Any) -> None:
        asyncio.run(test(*arguments, **named))

    return run


@dataclass(frozen=True)
class Place:
    """A folder of weights and one of seats."""

    folder: Path

    def servers(self, options: LocalModelOptions = LONG, program: Program = STAND_IN) -> LocalServers:
        shelf = WeightsShelf(self.folder / "models", Contacts(), self.catalogue())
        return LocalServers(self.folder / "seats", shelf, options, program)

    def catalogue(self) -> dict[str, Weights]:
        return {
            name: Weights(
                name=name,
                summary="",
                file=f"{name}.gguf",
                url="",
                sha256="",
                size_bytes=3,
                licence="",
                context_tokens=1,
            )
            for name in ("tiny", "broken", "missing")
        }

    def pid(self, name: str = "tiny") -> int | None:
        facts = Seat(self.folder / "seats" / name).facts()
        return facts.pid if facts else None


@pytest.fixture
def place(tmp_path: Path) -> Generator[Place]:
    (tmp_path / "models").mkdir()
    for name in ("tiny", "broken"):
        (tmp_path / f"models/{name}.gguf").write_bytes(b"xyz")
    made = Place(tmp_path)
    yield made
    if pid := made.pid():
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def ask(endpoint: Endpoint, path: str = "", key: str | None = None) -> dict[str, Any]:
    headers = {"Authorization": f"Bearer {endpoint.key if key is None else key}"}
    request = urllib.request.Request(f"{endpoint.url}/{path}", headers=headers)
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)


async def until_gone(servers: LocalServers) -> None:
    async with asyncio.timeout(60):
        while servers.runs("tiny"):  # noqa: ASYNC110 - the kernel tells nobody that a lock is free
            await asyncio.sleep(0.01)


@in_loop
async def test_all_who_use_it_get_the_same_server(place: Place) -> None:
    async def use(servers: LocalServers) -> int:
        async with servers.using("tiny") as endpoint:
            return (await asyncio.to_thread(ask, endpoint))["pid"]

    assert len(set(await asyncio.gather(*(use(place.servers()) for _ in range(8))))) == 1


@in_loop
async def test_it_answers_nobody_without_the_key_and_knows_nothing_of_ours(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "secret")
    async with place.servers().using("tiny") as endpoint:
        assert endpoint.url.startswith("http://127.0.0.1:")
        told = await asyncio.to_thread(ask, endpoint)
        with pytest.raises(urllib.error.HTTPError, match="401"):
            await asyncio.to_thread(ask, endpoint, "", "other")
    assert told["model"] == str(place.folder / "models/tiny.gguf")
    assert not any("KEY" in name for name in told["environment"])
    seat = place.folder / "seats/tiny"
    assert stat.S_IMODE(seat.stat().st_mode) == 0o700
    assert stat.S_IMODE((seat / "server.json").stat().st_mode) == 0o600
    assert endpoint.key not in await asyncio.to_thread(Path(f"/proc/{told['pid']}/cmdline").read_text)


@in_loop
async def test_killed_in_mid_answer_it_is_started_again(place: Place) -> None:
    servers = place.servers()
    async with servers.using("tiny") as endpoint:
        before = (await asyncio.to_thread(ask, endpoint))["pid"]
        with pytest.raises((urllib.error.URLError, ConnectionError, OSError)):
            await asyncio.to_thread(ask, endpoint, "die")
        await until_gone(servers)  # a connection may be closed an instant before the lock is free
        async with servers.using("tiny") as again:
            after = (await asyncio.to_thread(ask, again))["pid"]
    assert after != before


@in_loop
async def test_it_ends_when_nobody_has_used_it_for_a_while_and_not_before(place: Place) -> None:
    servers = place.servers(SHORT)
    async with servers.using("tiny") as endpoint:
        await asyncio.sleep(4 * SHORT.idle_seconds)
        before = (await asyncio.to_thread(ask, endpoint))["pid"]
    await until_gone(servers)
    assert place.pid() is None
    async with servers.using("tiny") as endpoint:
        assert (await asyncio.to_thread(ask, endpoint))["pid"] != before


USER = """
    import asyncio, sys
    from pathlib import Path
    from tests.integration.local_models.test_serving import SHORT, Place

    async def main():
        async with Place(Path(sys.argv[1])).servers(SHORT).using("tiny") as endpoint:
            print("using", flush=True)
            await asyncio.sleep(60)

    asyncio.run(main())
"""


@in_loop
async def test_it_ends_when_its_last_user_was_killed(place: Place) -> None:
    user = subprocess.Popen(  # noqa: ASYNC220 - killed below, whatever the loop does
        [sys.executable, "-c", textwrap.dedent(USER), str(place.folder)],
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[3],
    )
    assert user.stdout
    assert await asyncio.to_thread(user.stdout.readline) == b"using\n"
    assert place.servers().runs("tiny")
    user.kill()
    user.wait()
    user.stdout.close()
    await until_gone(place.servers())


@in_loop
async def test_a_user_who_is_cancelled_while_it_starts_leaves_no_lock_behind(place: Place) -> None:
    servers = place.servers()

    async def use() -> None:
        async with servers.using("tiny"):
            await asyncio.sleep(60)

    task = asyncio.create_task(use())
    await asyncio.sleep(0.05)
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    async with asyncio.timeout(60), servers.using("tiny") as endpoint:
        assert (await asyncio.to_thread(ask, endpoint))["pid"]


@in_loop
async def test_one_set_up_otherwise_is_used_as_it_is_unless_exactly_that_is_wanted(place: Place) -> None:
    other = place.servers(LocalModelOptions(context_tokens=4096))
    async with place.servers().using("tiny") as endpoint:
        async with other.using("tiny") as same:
            assert same == endpoint
        with pytest.raises(ConflictError, match="8192 tokens of context"):
            async with other.using("tiny", exactly=True):
                pass


@pytest.mark.parametrize(
    ("name", "program", "error", "told"),
    [
        ("missing", STAND_IN, MissingError, "are not here"),
        ("other", STAND_IN, MissingError, "no weights named"),
        ("broken", STAND_IN, UnavailableError, "the weights are damaged"),
        ("tiny", replace(STAND_IN, library="xno"), UnavailableError, "xno, which runs models"),
        ("tiny", Program(("/bin/false",), "json"), UnavailableError, "it said nothing"),
    ],
)
@in_loop
async def test_what_cannot_be_served_is_told(
    place: Place, name: str, program: Program, error: type[Exception], told: str
) -> None:
    with pytest.raises(error, match=told):
        async with place.servers(program=program).using(name):
            pass
    assert not place.servers().runs(name)
