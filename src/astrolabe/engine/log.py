"""The log of one owned run: the only way its state changes."""

import asyncio
from collections.abc import Awaitable, Callable, Generator, Sequence
from functools import partial
from typing import Any, Protocol

from astrolabe.domain.event import Event, NewEvent
from astrolabe.domain.run import RunState
from astrolabe.engine.faults import CrashPoint, Reach, unharmed
from astrolabe.ports.determinism import Determinism
from astrolabe.ports.leases import Lease, TaskLease
from astrolabe.ports.store import Store

Watch = Callable[[Sequence[Event]], None]
"""Called with events in the order of the log."""


class Log(Protocol):
    """What an attempt is told by and tells to; see `RunLog` for one of a whole run, `TaskLog` for one of a single task."""

    state: RunState

    @property
    def lease(self) -> Lease | TaskLease:
        """The right under which this process tells."""
        ...

    def append(self, *news: NewEvent, patient: bool = False) -> Awaitable[None]: ...

    async def durable(self) -> None: ...

    async def broken(self) -> None: ...


class Durable:
    """Awaited, returns when an append is durable; giving up waiting does not take the append back."""

    def __init__(self, append: "asyncio.Future[None]") -> None:
        self._append = append

    def __await__(self) -> Generator[Any, None, None]:
        return asyncio.shield(self._append).__await__()


class RunLog:
    """Appends under a lease.

    `state` takes an event in when it is appended, so that what follows from it can be decided and made durable together
    with it. Whoever has an effect on the world awaits the append first; if one fails, `broken` ends the drive.
    """

    def __init__(
        self,
        store: Store,
        lease: Lease,
        state: RunState,
        determinism: Determinism,
        reach: Reach = unharmed,
    ) -> None:
        self.state = state
        self._store = store
        self._lease = lease
        self._determinism = determinism
        self._reach = reach
        self._followers: list[Watch] = []
        self._watchers: list[Watch] = []
        self._last: Awaitable[None] | None = None
        self._fault: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    @property
    def lease(self) -> Lease:
        """The right under which it appends."""
        return self._lease

    def follow(self, follower: Watch) -> None:
        """Call `follower` with all that is appended from now on, as soon as the state has taken it in."""
        self._followers.append(follower)

    def watch(self, watcher: Watch) -> None:
        """Call `watcher` with all that is appended from now on, once it is durable."""
        self._watchers.append(watcher)

    def append(self, *news: NewEvent, patient: bool = False) -> Awaitable[None]:
        """Continue the log; await the result where an effect depends on it. A patient append may be durable a little later.

        Raises (when awaited):
            LeaseLostError: the run has another owner now.
            StorageError: the events could not be written.
        """
        self._reach(CrashPoint.BEFORE_APPEND)
        at, actor = self._determinism.now(), self._lease.actor
        events = tuple(
            new.placed(self.state.id, seq, at=at, actor=actor)
            for seq, new in enumerate(news, start=self.state.seq + 1)
        )
        self.state.apply(events)
        for follow in self._followers:
            follow(events)
        append = self._store.append(self._lease, events, patient=patient)
        append.add_done_callback(partial(self._written, events))
        self._last = Durable(append)
        return self._last

    async def durable(self) -> None:
        """Wait until all that has been appended is durable; raises as `append` does."""
        if self._last is not None:
            await self._last

    async def broken(self) -> None:
        """Wait for the first append that fails, and raise its error."""
        await self._fault

    def _written(self, events: Sequence[Event], append: "asyncio.Future[None]") -> None:
        if append.cancelled():
            return
        error = append.exception()
        if error is not None:
            if not self._fault.done():
                self._fault.set_exception(error)
                self._fault.exception()  # asked for once here, so that asyncio does not report it as never asked for
            return
        self._reach(CrashPoint.AFTER_APPEND)
        for watch in self._watchers:
            watch(events)
