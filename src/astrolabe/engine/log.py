"""The log of one owned run: the only way its state changes."""

from collections.abc import Callable, Sequence

from astrolabe.domain.event import Event, NewEvent
from astrolabe.domain.run import RunState
from astrolabe.engine.faults import CrashPoint, Reach
from astrolabe.ports.store import Lease, Store

Watch = Callable[[Sequence[Event]], None]
"""Called with events once they are durable, in the order of the log."""


class RunLog:
    """Appends under a lease, and folds what became durable into `state`."""

    def __init__(self, store: Store, lease: Lease, state: RunState, reach: Reach) -> None:
        self.state = state
        self._store = store
        self._lease = lease
        self._watchers: list[Watch] = []
        self._reach = reach
        self._early: dict[int, Event] = {}

    def watch(self, watcher: Watch) -> None:
        """Call `watcher` with all that is appended from now on, after the state has taken it in."""
        self._watchers.append(watcher)

    async def append(self, *events: NewEvent) -> None:
        """Make events durable, then take them in. Raises LeaseLostError when the run has another owner now."""
        self._reach(CrashPoint.BEFORE_APPEND)
        durable = await self._store.append(self._lease, events)
        self._reach(CrashPoint.AFTER_APPEND)
        self._early.update((event.seq, event) for event in durable)
        self._take_in()

    def _take_in(self) -> None:
        """Apply what continues the state; appends that return out of order wait for each other here."""
        ready: list[Event] = []
        while (event := self._early.pop(self.state.seq + 1 + len(ready), None)) is not None:
            ready.append(event)
        self.state.apply(ready)
        for watch in self._watchers:
            watch(ready)
