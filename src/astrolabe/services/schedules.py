"""Schedules: making them, finding what is due, and running it."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import islice, takewhile
from pathlib import Path

from astrolabe.domain.plan import Plan
from astrolabe.domain.run import RunStatus
from astrolabe.domain.schedule import CatchUp, Firing, FiringState, Overlap, Schedule
from astrolabe.engine.workshop import Watcher
from astrolabe.errors import AstrolabeError, ConflictError, InputError, MissingError, Problem, StorageError
from astrolabe.planning.cron import read_cron
from astrolabe.planning.visible import visible
from astrolabe.ports.store import RunRecord
from astrolabe.services.builds import Begun, Proposal, begin, carry_out, must_be_ours, propose_plan, take_up
from astrolabe.services.installation import Installation

MISSED_SECONDS = 300.0
"""A time that nobody looked at for this long has been missed."""
MOST_AT_ONCE = 100
LOOK_SECONDS = 30.0
"""Whoever watches looks this often at least, for schedules that others have made and runs that others have ended."""
AT = "{at}"
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}\Z")
_REMEMBERED = 50


@dataclass(frozen=True)
class Order:
    """What a schedule is made of. `workspace` is absolute, and may hold `{at}`, which stands for the time."""

    name: str
    cron: str
    timezone: str
    plan: Plan
    workspace: Path
    catch_up: CatchUp = CatchUp.LATEST
    overlap: Overlap = Overlap.SKIP


async def add_schedule(installation: Installation, order: Order) -> Schedule:
    """Make a schedule, whose times count from now on.

    Raises:
        InputError: its name, expression, time zone or workspace cannot be used.
        ConflictError: there is one of that name.
    """
    _check(order)
    if AT not in str(order.workspace):
        await _proposed(installation, order.plan, order.workspace)
    version = await installation.store.add_plan(order.plan)
    now = installation.determinism.now()
    schedule = Schedule(
        name=order.name,
        cron=read_cron(order.cron, order.timezone).expression,
        timezone=order.timezone,
        plan_id=version.id,
        plan_version=version.version,
        workspace=str(order.workspace),
        catch_up=order.catch_up,
        overlap=order.overlap,
        paused=False,
        created_at=now,
        looked_at=now,
    )
    await installation.store.schedules.add(schedule)
    return schedule


def _check(order: Order) -> None:
    read_cron(order.cron, order.timezone)
    problems: list[Problem] = []
    if not _NAME.match(order.name):
        fault = f"{visible(order.name, 80)!r} cannot be a name"
        problems.append(Problem("NAME", fault, "use a-z, 0-9, - and _, at most 64, as in nightly-build"))
    if order.overlap is Overlap.ALLOW and AT not in str(order.workspace):
        fault = "two runs cannot work on one folder at once"
        problems.append(
            Problem("--overlap allow", fault, f"give each its own: --workspace {order.workspace}/{AT}")
        )
    if problems:
        raise InputError("the schedule cannot be made so", problems)


async def _proposed(installation: Installation, plan: Plan, workspace: Path) -> Proposal:
    proposal = await propose_plan(installation, plan, workspace)
    if plan.recipe is not None:
        await must_be_ours(installation.workspace(workspace), proposal.target)
    return proposal


def next_times(schedule: Schedule, after: float) -> Iterator[float]:
    """Give the times of a schedule after a moment, in order."""
    return read_cron(schedule.cron, schedule.timezone).times(after)


def settled_until(schedule: Schedule, now: float) -> tuple[float, list[float]]:
    """Return the times that have come and are to be begun, and until when that settles what becomes of a schedule's times."""
    cron = read_cron(schedule.cron, schedule.timezone)
    if now <= schedule.looked_at:
        return schedule.looked_at, []
    if schedule.catch_up is CatchUp.LATEST:
        latest = cron.latest(schedule.looked_at, now)
        return now, [] if latest is None else [latest]
    since = schedule.looked_at
    if schedule.catch_up is CatchUp.NONE:
        since = max(since, now - MISSED_SECONDS)
    times = list(islice(takewhile(lambda due: due <= now, cron.times(since)), MOST_AT_ONCE))
    return (times[-1] if len(times) == MOST_AT_ONCE else now), times


async def fire(installation: Installation) -> None:
    """Make durable which times have come. Of several processes that do it at once, one makes each firing."""
    now, store = installation.determinism.now(), installation.store.schedules
    for schedule in await store.every():
        if schedule.paused:
            continue
        looked_at, times = settled_until(schedule, now)
        firings = [Firing(schedule.name, due, installation.determinism.new_id()) for due in times]
        if firings:
            await store.fire(schedule, looked_at, firings)


async def next_due(installation: Installation) -> float | None:
    """Return when the next time of any schedule comes (seconds since the epoch)."""
    now = installation.determinism.now()
    active = [each for each in await installation.store.schedules.every() if not each.paused]
    return min((next(next_times(each, max(now, each.looked_at)), now + 1e9) for each in active), default=None)


@dataclass(frozen=True)
class Ended:
    """What became of a firing: the status of its run, or why there is none."""

    firing: Firing
    status: str
    reason: str = ""


class Watch:
    """Begins what is due and carries it out side by side; `told` hears how each firing ended."""

    def __init__(
        self,
        installation: Installation,
        told: Callable[[Ended], None],
        watcher: Callable[[Begun], Watcher] = lambda _begun: Watcher(),
    ) -> None:
        self._installation = installation
        self._schedules = installation.store.schedules
        self._told = told
        self._watcher = watcher
        self._going: dict[str, asyncio.Task[None]] = {}

    async def once(self) -> None:
        """Run what is due, and what comes to be due by that, to its end."""
        try:
            await self._begin_due()
            while self._going:
                await asyncio.wait(self._going.values(), return_when=asyncio.FIRST_COMPLETED)
                await self._begin_due()
        finally:
            await self._stop()

    async def always(self, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
        """Stay, and run what comes to be due, until the installation is told to leave."""
        try:
            while not (self._installation.driver.leaving and not self._going):
                await self._begin_due()
                waiting = asyncio.ensure_future(sleep(await self._seconds()))
                await asyncio.wait({waiting, *self._going.values()}, return_when=asyncio.FIRST_COMPLETED)
                waiting.cancel()
        finally:
            await self._stop()

    async def _seconds(self) -> float:
        due = await next_due(self._installation)
        now = self._installation.determinism.now()
        if self._going and self._installation.driver.leaving:
            return LOOK_SECONDS
        return LOOK_SECONDS if due is None else min(LOOK_SECONDS, max(0.0, due - now))

    async def _stop(self) -> None:
        for going in self._going.values():
            going.cancel()
        if self._going:
            await asyncio.wait(self._going.values())

    async def _begin_due(self) -> None:
        """Take up what was cut off, then begin what is due; nothing of it while all is to be left."""
        self._going = {run: going for run, going in self._going.items() if not self._ended(going)}
        if self._installation.driver.leaving:
            return
        await fire(self._installation)
        for schedule in await self._schedules.every():
            await self._take_up_left(schedule)
        for firing in await self._schedules.due():
            await self._begin(firing)

    def _ended(self, going: asyncio.Task[None]) -> bool:
        if going.done():
            going.result()
        return going.done()

    async def _take_up_left(self, schedule: Schedule) -> None:
        """Go on with runs of a schedule whose process is gone."""
        for firing, record in await self._unfinished(schedule):
            await self._take_up(firing, record)

    async def _unfinished(self, schedule: Schedule) -> list[tuple[Firing, RunRecord]]:
        firings = await self._schedules.firings(schedule.name, _REMEMBERED)
        begun = [firing for firing in firings if firing.state is FiringState.STARTED]
        found = [(firing, await self._record(firing)) for firing in begun]
        return [(firing, record) for firing, record in found if record and not record.status.final]

    async def _record(self, firing: Firing) -> RunRecord | None:
        try:
            return await self._installation.store.run(firing.run)
        except MissingError:
            return None

    async def _take_up(self, firing: Firing, record: RunRecord) -> None:
        """Go on with a run unless it is over, paused, or has a living process."""
        if record.id in self._going or record.status is not RunStatus.RUNNING:
            return
        if await self._installation.store.is_owned(record):
            return
        try:
            begun = await take_up(self._installation, record)
        except ConflictError:  # somebody else was faster
            return
        except AstrolabeError as error:
            self._told(Ended(firing, FiringState.FAILED, str(error)))
            return
        self._drive(firing, begun)

    async def _begin(self, firing: Firing) -> None:
        known = await self._record(firing)
        if known is not None:  # begun, and cut off before that was written down
            await self._schedules.settle(firing, FiringState.STARTED)
            await self._take_up(firing, known)
            return
        try:
            schedule = await self._schedules.one(firing.schedule)
        except MissingError:  # removed while others of this time were begun
            return
        unfinished = [each for each in await self._unfinished(schedule) if each[0].run != firing.run]
        if unfinished and schedule.overlap is not Overlap.ALLOW:
            await self._in_the_way(firing, schedule, f"run {unfinished[0][1].id} still goes on")
            return
        try:
            begun = await self._begun(firing, schedule)
        except ConflictError as error:
            if await self._record(firing) is None:
                await self._in_the_way(firing, schedule, str(error))
        except StorageError:
            raise
        except AstrolabeError as error:
            await self._settle(firing, FiringState.FAILED, f"{error}")
        else:
            await self._schedules.settle(firing, FiringState.STARTED)
            self._drive(firing, begun)

    async def _begun(self, firing: Firing, schedule: Schedule) -> Begun:
        versions = await self._installation.store.plan_versions(schedule.plan_id)
        plan = versions[schedule.plan_version - 1].plan
        stamp = f"{datetime.fromtimestamp(firing.due_at, UTC):%Y-%m-%dT%H%MZ}"
        workspace = Path(schedule.workspace.replace(AT, stamp))
        proposal = await _proposed(self._installation, plan, workspace)
        if proposal.interrupted is not None:
            raise ConflictError(f"run {proposal.interrupted.id} of the same plan is not finished there")
        return await begin(self._installation, replace(proposal, run=firing.run))

    async def _in_the_way(self, firing: Firing, schedule: Schedule, reason: str) -> None:
        """Skip a firing, or let it wait; missed times that are all made up for would be in each other's way."""
        missed = firing.due_at + MISSED_SECONDS < self._installation.determinism.now()
        made_up_for = missed and schedule.catch_up is CatchUp.ALL
        if schedule.overlap is not Overlap.QUEUE and not made_up_for:
            await self._settle(firing, FiringState.SKIPPED, reason)

    async def _settle(self, firing: Firing, state: FiringState, reason: str) -> None:
        await self._schedules.settle(firing, state, reason)
        self._told(Ended(firing, state, reason))

    def _drive(self, firing: Firing, begun: Begun) -> None:
        self._going[begun.record.id] = asyncio.create_task(self._carry_out(firing, begun))

    async def _carry_out(self, firing: Firing, begun: Begun) -> None:
        """Drive a run to its end; what breaks it off says so, and leaves the others alone."""
        try:
            state = await carry_out(self._installation, begun, self._watcher(begun))
        except StorageError:
            raise
        except AstrolabeError as error:
            self._told(Ended(firing, "interrupted", str(error)))
        else:
            self._told(Ended(firing, state.status, state.reason))
