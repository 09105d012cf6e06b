"""Letting attempts start under limits that span runs and processes: the scheduler orders what is ready, this admits it."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from astrolabe.domain.health import Kind
from astrolabe.domain.limits import SlotLimits
from astrolabe.ports.slots import Request, Slots, Standing, Terms
from astrolabe.ports.store import Owner

LOOK_SECONDS = 5.0
"""While something waits, the store is looked at again after this long, even when no wake-up came: a holder may have died."""


@dataclass(frozen=True, eq=False)
class Ticket:
    """A place in the queue, and then a slot. `granted` is done when it is one; it fails when the store does."""

    id: str
    granted: "asyncio.Future[None]"

    @property
    def held(self) -> bool:
        """Whether it is a slot now. Raises StorageError when it will never be one."""
        if not self.granted.done():
            return False
        self.granted.result()
        return True


class Admission:
    """The way to slots for all runs of a process. Where no limit applies, it is open and nothing is written."""

    def __init__(
        self,
        slots: Slots,
        terms: Terms,
        owner: Owner,
        new_id: Callable[[], str],
        woken: Callable[[str, float], Awaitable[None]],
        tenant: str = "default",
    ) -> None:
        self._slots = slots
        self._terms = terms
        self._limited = terms.limits != SlotLimits()
        self._owner = owner
        self._new_id = new_id
        self._woken = woken
        self._tenant = tenant
        self._waiting: dict[str, Ticket] = {}
        self._beside: set[asyncio.Task[None]] = set()
        self._listening: asyncio.Task[None] | None = None
        self._watched = 0
        self._due_seconds: float | None = None
        self._ill: frozenset[tuple[str, str]] = frozenset()

    def needs(self, agent: str, provider: str | None) -> bool:
        """Tell whether an attempt of that agent needs a slot: because of a limit, or because the agent is not well."""
        if self._limited and self._terms.limits.of(self._tenant, agent, provider):
            return True
        return not self.well(agent, provider)

    def well(self, agent: str, provider: str | None) -> bool:
        """Tell whether the breakers of an agent and its provider are closed, as far as is known here."""
        if not self._ill:
            return True
        return self._ill.isdisjoint({(Kind.AGENT.value, agent), (Kind.PROVIDER.value, provider or "")})

    @asynccontextmanager
    async def watching(self) -> AsyncGenerator[None]:
        """Know, as long as the context lasts, whose breaker is not closed."""
        await self.refresh()
        self._watched += 1
        self._listens()
        try:
            yield
        finally:
            self._watched -= 1

    async def refresh(self) -> None:
        """Look whose breaker is not closed."""
        self._ill = frozenset(
            (one.kind.value, one.name) for one in await self._slots.ill(self._terms.breaker)
        )

    async def tell_all(self) -> None:
        """Have every process look who is well and what may start."""
        await self._slots.wake_all()

    def failed(self) -> None:
        """Take note that an attempt has failed of its agent: if that opens a breaker, every process is told."""
        self._do(self._look_who_is_ill())

    async def _look_who_is_ill(self) -> Standing:
        before = self._ill
        await self.refresh()
        if self._ill - before:
            await self._slots.wake_all()
        return Standing(())

    @asynccontextmanager
    async def slot(self, request: Request) -> AsyncGenerator[None]:
        """Wait for a slot, hold it while the body runs, and give it back.

        Raises:
            StorageError: the store could not be asked.
        """
        if not self.needs(request.agent, request.provider):
            yield
            return
        ticket = self.ask(request)
        try:
            await ticket.granted
            yield
        finally:
            await asyncio.shield(self.give_back(ticket))

    def ask(self, request: Request) -> Ticket:
        """Queue a request, to be given back whether it was granted or not. The store is asked after this has returned."""
        ticket = Ticket(self._new_id(), asyncio.get_running_loop().create_future())
        self._waiting[ticket.id] = ticket
        self._do(self._slots.ask(ticket.id, request, self._owner, self._terms))
        return ticket

    def give_back(self, *tickets: Ticket) -> "asyncio.Task[None]":
        """Give slots back, and requests that wait; what is returned is done when that is durable.

        It is written after everything that was handed to the store before, with it where that is still on its way.
        """
        for ticket in tickets:
            self._waiting.pop(ticket.id, None)
            ticket.granted.cancel()
        ids = [ticket.id for ticket in tickets]
        return self._do(self._slots.give_back(ids, self._owner, self._terms))

    def close(self) -> None:
        """Stop listening; what waits is left to whoever asks next."""
        if self._listening is not None:
            self._listening.cancel()

    def _do(self, step: Coroutine[Any, Any, Standing]) -> "asyncio.Task[None]":
        task = asyncio.get_running_loop().create_task(self._take_in(step))
        self._beside.add(task)
        task.add_done_callback(self._done)
        return task

    async def _take_in(self, step: Coroutine[Any, Any, Standing]) -> None:
        standing = await step
        self._due_seconds = standing.due_seconds
        for ticket in standing.held:
            waiting = self._waiting.pop(ticket, None)
            if waiting is not None and not waiting.granted.done():
                waiting.granted.set_result(None)
        self._listens()

    def _listens(self) -> None:
        if (self._waiting or self._watched) and self._listening is None:
            self._listening = asyncio.get_running_loop().create_task(self._listen())
            self._listening.add_done_callback(self._done)

    async def _listen(self) -> None:
        """Look whenever this process was woken, for as long as something waits or goes on."""
        try:
            while self._waiting or self._watched:
                await self._woken("slots", min(LOOK_SECONDS, self._due_seconds or LOOK_SECONDS))
                await self.refresh()
                if self._waiting:
                    await self._take_in(self._slots.look(self._owner, self._terms))
        finally:
            self._listening = None

    def _done(self, task: "asyncio.Task[None]") -> None:
        """End what waits when the store failed: nobody would ever be told otherwise."""
        self._beside.discard(task)
        error = None if task.cancelled() else task.exception()
        while error is not None and self._waiting:
            _, ticket = self._waiting.popitem()
            ticket.granted.set_exception(error)
            ticket.granted.exception()  # asked for once here: whoever withdraws its request does not ask
