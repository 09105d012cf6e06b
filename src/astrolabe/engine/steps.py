"""The one seam through which an agent's effects go: intended, done, and never repeated once the reply is durable."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from astrolabe.domain.budget import Usage, amounts_of
from astrolabe.domain.event import EventType, NewEvent
from astrolabe.domain.sound import sound
from astrolabe.engine.budgets import Caller, Held, Spending, within_a_call
from astrolabe.engine.faults import CrashPoint, Reach
from astrolabe.engine.log import Log
from astrolabe.engine.tape import Tape
from astrolabe.errors import OverBudgetError

NOTHING = Usage()


class Steps:
    """The steps of one attempt, numbered in the order the agent takes them. `over` is the limit that stopped one.

    With a `part`, they are those of what follows the attempt's failure, and stand under a name of their own.
    """

    def __init__(
        self,
        log: Log,
        spending: Spending,
        task: str,
        attempt: int,
        reach: Reach,
        tape: Tape | None = None,
        part: str = "",
    ) -> None:
        self.over: OverBudgetError | None = None
        self._log = log
        self._spending = spending
        self._task = task
        self._attempt = attempt
        self._reach = reach
        self._tape = tape
        self._place = f"{task}/{attempt}{part}"
        self._ordinal = 0

    async def recorded(
        self,
        kind: str,
        do: Callable[[], Awaitable[tuple[Any, Usage]]],
        *,
        reserve: Usage = NOTHING,
        call_id: str | None = None,
        about: str = "",
    ) -> tuple[Any, Usage]:
        """Return what `do` returned, JSON-shaped, with what it used: from the log if this step is in it.

        `about` says in a word or a digest what is asked; it is kept beside the step, and played runs are held against it.

        A step that was intended before a crash and has no reply is in doubt: it is charged `reserve` and runs once more,
        which is why `do` must begin from what earlier steps recorded and not from what a lost process left behind.

        Raises:
            OverBudgetError: `reserve` does not go into what is left; the attempt is to end.
        """
        caller = self._caller(kind, call_id)
        state, key = self._log.state, caller.key
        if key in state.steps:
            return state.steps[key], Usage.model_validate(state.used.get(key, {}))
        if self._tape is not None:
            return await self._played(self._tape, key, about)
        held = await self._begun(caller, reserve, about)
        self._reach(CrashPoint.BEFORE_STEP)
        reply, used = await self._do(held, do)
        self._reach(CrashPoint.AFTER_STEP)
        await self._log.append(self._event(EventType.STEP_DONE, _done(key, reply, used)))
        await self._spending.settle(held, amounts_of(used))
        return reply, used

    def _caller(self, kind: str, call_id: str | None) -> Caller:
        self._ordinal += 1
        name = f"{self._ordinal}/{kind}" if call_id is None else f"{kind}:{call_id}"
        return Caller(f"{self._place}/{name}", kind, self._task, self._attempt)

    async def _played(self, tape: Tape, key: str, about: str) -> tuple[Any, Usage]:
        """Take the step from a recording: nothing is done, and nothing is charged."""
        taped = tape.play(key, about)
        await self._log.append(self._event(EventType.STEP_DONE, _done(key, taped.reply, taped.used)))
        return taped.reply, taped.used

    async def _begun(self, caller: Caller, reserve: Usage, about: str) -> Held | None:
        """Make durable that a step is about to be taken, with its reservation."""
        try:
            held = await self._spending.reserve(caller, amounts_of(reserve))
        except OverBudgetError as over:
            self.over = over
            raise
        if caller.key not in self._log.state.intended:
            await self._log.append(
                self._event(EventType.STEP_INTENDED, _intended(caller.key, reserve, about))
            )
        return held

    async def _do(
        self, held: Held | None, do: Callable[[], Awaitable[tuple[Any, Usage]]]
    ) -> tuple[Any, Usage]:
        """Take the step; one that fails or is stopped is charged its reservation, for nobody knows what it used."""
        inside = within_a_call.set(held is not None)
        try:
            reply, used = await do()
        except asyncio.CancelledError:
            await asyncio.shield(self._spending.settle(held, None))
            raise
        except BaseException:
            await self._spending.settle(held, held.charge.reserved if held else None)
            raise
        finally:
            within_a_call.reset(inside)
        return sound(reply), used

    def _event(self, kind: EventType, data: dict[str, Any]) -> NewEvent:
        return NewEvent(type=kind, task=self._task, attempt=self._attempt, data=data)


def _intended(key: str, reserve: Usage, about: str) -> dict[str, Any]:
    told: dict[str, Any] = {"key": key} if reserve == NOTHING else {"key": key, "reserve": _told(reserve)}
    return told | {"about": about} if about else told


def _done(key: str, reply: Any, used: Usage) -> dict[str, Any]:
    done = {"key": key, "reply": reply}
    return done if used == NOTHING else done | {"used": _told(used)}


def _told(usage: Usage) -> dict[str, Any]:
    return usage.model_dump(mode="json", exclude_defaults=True)
