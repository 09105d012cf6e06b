"""Wake-ups over hosts by a Redis server (extra `astrolabe[redis]`). It holds nothing: killed or wiped, it only costs time."""

import asyncio
import contextlib
from typing import Any, cast

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from astrolabe.errors import UnavailableError
from astrolabe.ports.wakeups import Bell

PAUSE_SECONDS = 0.1, 5.0
"""The shortest and the longest pause before the server is tried again."""
PATIENCE_SECONDS = 2.0
"""How long whoever wakes another waits for the server."""


class RedisWakeUps:
    """A subscription to a channel of this process's own, from the first wait on; a lost one is taken up again."""

    def __init__(self, url: str, token: str) -> None:
        self._url = url
        self._token = token
        self._bell = Bell()
        self._listening: asyncio.Task[None] | None = None

    def open(self) -> None: ...

    def close(self) -> None:
        if self._listening is not None:
            self._listening.cancel()
            self._listening = None

    async def wake(self, token: str) -> None:
        with contextlib.suppress(RedisError, OSError):  # whoever is not woken looks by itself
            async with self._client(PATIENCE_SECONDS) as client:
                await client.publish(_channel(token), b"")

    async def wait(self, waiter: str, seconds: float) -> None:
        if self._listening is None:
            self._listening = asyncio.get_running_loop().create_task(self._listen())
        await self._bell.wait(waiter, seconds)

    async def probe(self) -> str:
        """Return what answers, and its version; raises UnavailableError when nothing does."""
        try:
            async with self._client(PATIENCE_SECONDS) as client:
                told: Any = await client.info("server")
        except (RedisError, OSError) as error:
            raise UnavailableError(
                f"Redis does not answer: {error}",
                hint="Nothing is lost: what other processes ask is heard some seconds later. See whether it runs.",
            ) from error
        return f"Redis {told['redis_version']}"

    async def _listen(self) -> None:
        pause, longest = PAUSE_SECONDS
        while True:
            with contextlib.suppress(RedisError, OSError):
                async with self._client(None) as client, client.pubsub() as subscription:
                    await subscription.subscribe(_channel(self._token))
                    async for _message in subscription.listen():  # the first one tells that it is subscribed
                        pause = PAUSE_SECONDS[0]
                        self._bell.ring()
            await asyncio.sleep(pause)
            pause = min(pause * 2, longest)

    def _client(self, patience_seconds: float | None) -> Any:  # the client's own types are partly unknown
        return cast("Any", Redis).from_url(
            self._url,
            socket_connect_timeout=PATIENCE_SECONDS,
            socket_timeout=patience_seconds,
            **({} if self._url.startswith("unix:") else {"socket_keepalive": True}),
            client_name="astrolabe",
            retry=Retry(NoBackoff(), 0),  # trying again is done here, where nobody waits for it
        )


def _channel(token: str) -> str:
    return f"astrolabe:{token}"
