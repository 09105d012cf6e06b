"""Charging time: reserved ahead in slices while a body goes on, so that it is ended when no more is to be had."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from dataclasses import replace

from astrolabe.domain.budget import Limit, Resource, Scope
from astrolabe.engine.budgets import Caller, Held, Spending
from astrolabe.errors import OverBudgetError

SLICE_MILLISECONDS = 20_000
"""A process that is killed is charged the whole of the slice it was in."""
LEAD_SECONDS = 2.0
"""How long before the end of a slice the next one is reserved."""

End = Callable[[OverBudgetError], None]


@asynccontextmanager
async def run_time(spending: Spending, run: str, end: End) -> AsyncGenerator[None]:
    """Charge run and tenant the time the body takes; `end` is called when there is no more of it."""
    async with _timed(spending, Caller(key=f"{run}/time", kind="time"), {Scope.RUN, Scope.TENANT}, end):
        yield


def task_time(spending: Spending, task: str, attempt: int) -> AbstractAsyncContextManager[None]:
    """Charge a task the time an attempt takes.

    Raises (as the context ends):
        OverBudgetError: there is no more of it; the body was stopped then, whatever it made of that.
    """
    return _task_time(spending, task, attempt) if spending.limited else nullcontext()


@asynccontextmanager
async def _task_time(spending: Spending, task: str, attempt: int) -> AsyncGenerator[None]:
    ended: list[OverBudgetError] = []
    deadline = asyncio.timeout(None)

    def end(over: OverBudgetError) -> None:
        ended.append(over)
        deadline.reschedule(asyncio.get_running_loop().time())

    caller = Caller(key=f"{task}/{attempt}/time", kind="time", task=task, attempt=attempt)
    try:
        async with deadline, _timed(spending, caller, {Scope.TASK}, end):
            yield
    except Exception as error:
        if ended:
            raise ended[0] from error
        raise
    if ended:
        raise ended[0]


@asynccontextmanager
async def _timed(spending: Spending, caller: Caller, scopes: set[Scope], end: End) -> AsyncGenerator[None]:
    found = [limit for limit in spending.limits(caller.task) if limit.account.scope in scopes]
    limits = tuple(limit for limit in found if Resource.WALL_SECONDS in limit.most)
    if not limits:
        yield
        return
    meter = _Meter(spending, caller, limits)
    ticking = asyncio.create_task(meter.tick(end))
    try:
        yield
    finally:
        ticking.cancel()
        await asyncio.wait([ticking])
        await asyncio.shield(meter.stop())
        if not ticking.cancelled():
            ticking.result()  # raises what kept it from looking at the time any longer


class _Meter:
    """The slices of one body, each kept until it is settled, with when it ends (the loop's seconds)."""

    def __init__(self, spending: Spending, caller: Caller, limits: tuple[Limit, ...]) -> None:
        self._spending = spending
        self._caller = caller
        self._limits = limits
        self._slices: list[Held] = []
        self._count = 0
        self._ends = asyncio.get_running_loop().time()

    async def tick(self, end: End) -> None:
        """Reserve each slice before the one before it is over; when none is left, call `end` as the last is."""
        while True:
            ends = self._ends
            await _sleep_until(ends - LEAD_SECONDS)
            over = await self._extend()
            await _sleep_until(ends)
            if over is not None:
                end(over)
                return
            if len(self._slices) > 1:
                await self._settle(self._slices.pop(0))

    async def stop(self) -> None:
        """Settle what is reserved still."""
        while self._slices:
            await self._settle(self._slices.pop(0))

    async def _extend(self) -> OverBudgetError | None:
        """Reserve a slice, or what is left of one."""
        self._count += 1
        caller, milliseconds = (
            replace(self._caller, key=f"{self._caller.key}/{self._count}"),
            SLICE_MILLISECONDS,
        )
        while True:
            answer = await self._spending.ask(
                caller, {str(Resource.WALL_SECONDS): milliseconds}, self._limits
            )
            if isinstance(answer, Held):
                begins = max(self._ends, asyncio.get_running_loop().time())
                self._slices.append(replace(answer, began=begins))
                self._ends = begins + milliseconds / 1000
                return None
            milliseconds = answer.most - answer.spent - answer.reserved
            if milliseconds <= 0:
                return await self._spending.over(answer)

    async def _settle(self, held: Held) -> None:
        """Charge the part of a slice that has passed; `began` is the loop's time here."""
        passed = round((asyncio.get_running_loop().time() - held.began) * 1000)
        reserved = held.charge.reserved[Resource.WALL_SECONDS]
        await self._spending.settle(held, {str(Resource.WALL_SECONDS): min(reserved, max(0, passed))})


async def _sleep_until(time: float) -> None:
    await asyncio.sleep(max(0.0, time - asyncio.get_running_loop().time()))
