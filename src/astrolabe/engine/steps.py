"""The one seam through which an agent's effects go: intended, done, and never repeated once the reply is durable."""

from collections.abc import Awaitable, Callable
from typing import Any

from astrolabe.domain.event import EventType, NewEvent
from astrolabe.engine.faults import CrashPoint, Reach
from astrolabe.engine.log import RunLog


class Steps:
    """The steps of one attempt, numbered in the order the agent takes them."""

    def __init__(self, log: RunLog, task: str, attempt: int, reach: Reach) -> None:
        self._log = log
        self._task = task
        self._attempt = attempt
        self._reach = reach
        self._ordinal = 0

    async def recorded(self, kind: str, do: Callable[[], Awaitable[Any]]) -> Any:
        """Return what `do` returned, JSON-shaped, from the log if this step is in it.

        A step that was intended before a crash and has no reply is in doubt: it runs once more, which is why `do` must
        begin from what earlier steps recorded and not from what a lost process left behind.
        """
        self._ordinal += 1
        key = f"{self._task}/{self._attempt}/{self._ordinal}/{kind}"
        if key in self._log.state.steps:
            return self._log.state.steps[key]
        if key not in self._log.state.intended:
            await self._log.append(self._event(EventType.STEP_INTENDED, {"key": key}))
        self._reach(CrashPoint.BEFORE_STEP)
        reply = await do()
        self._reach(CrashPoint.AFTER_STEP)
        await self._log.append(self._event(EventType.STEP_DONE, {"key": key, "reply": reply}))
        return reply

    def _event(self, kind: EventType, data: dict[str, Any]) -> NewEvent:
        return NewEvent(type=kind, task=self._task, attempt=self._attempt, data=data)
