"""Redis only wakes: killed in the middle it loses nothing, and what it did before is done again once it is back."""

import asyncio
import time
from collections.abc import Iterator

import pytest

from astrolabe.adapters.redis.wakeups import RedisWakeUps
from astrolabe.errors import UnavailableError
from tests import redis
from tests.redis import Server

LONG = 120.0


@pytest.fixture
def server() -> Iterator[Server]:
    with redis.running() as started:
        yield started


async def woken(waiting: RedisWakeUps, waking: RedisWakeUps, token: str) -> None:
    """Wake until it is heard: a subscription may just be under way."""
    waiter = asyncio.create_task(waiting.wait("", LONG))
    while not waiter.done():
        await waking.wake(token)
        await asyncio.wait({waiter}, timeout=0.05)
    await waiter


def test_a_process_is_woken_and_no_other_is(server: Server) -> None:
    async def go() -> None:
        one, other = RedisWakeUps(server.url, "one"), RedisWakeUps(server.url, "other")
        await other.wait("", LONG)  # rung once it listens
        await woken(one, other, "one")
        waiting = asyncio.create_task(other.wait("", LONG))
        await woken(one, other, "one")
        assert not waiting.done()
        waiting.cancel()
        one.close()
        other.close()

    asyncio.run(go())


def test_killed_and_wiped_it_only_costs_time(server: Server) -> None:
    async def go() -> None:
        one, other = RedisWakeUps(server.url, "one"), RedisWakeUps(server.url, "other")
        await woken(one, other, "one")
        await asyncio.to_thread(server.kill)
        began = time.monotonic()
        await other.wake("one")  # says nothing
        await one.wait("", 0.05)  # returns by itself
        assert time.monotonic() - began < LONG / 2
        with pytest.raises(UnavailableError, match="does not answer") as told:
            await one.probe()
        assert "Nothing is lost" in told.value.hint
        await asyncio.to_thread(server.start)
        await woken(one, other, "one")
        assert (await one.probe()).startswith("Redis ")
        one.close()
        other.close()

    asyncio.run(go())


def test_a_server_that_was_never_there_is_waited_for(server: Server) -> None:
    server.kill()

    async def go() -> None:
        one = RedisWakeUps(server.url, "one")
        await one.wait("", 0.01)
        await asyncio.to_thread(server.start)
        await one.wait("", LONG)
        one.close()

    asyncio.run(go())
