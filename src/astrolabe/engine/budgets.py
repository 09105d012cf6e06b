"""Spending within limits: a call reserves before it begins what it may use, and is charged what it did use."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Self

from astrolabe.domain.budget import (
    Account,
    Amounts,
    Charge,
    Limit,
    Refusal,
    Resource,
    Scope,
    TenantBudget,
    amounts_of,
    in_words,
    limits_anything,
    limits_of,
)
from astrolabe.domain.plan import Budget, Plan
from astrolabe.engine.faults import CrashPoint, Reach
from astrolabe.engine.log import Log
from astrolabe.errors import OverBudgetError
from astrolabe.ports.budgets import Budgets
from astrolabe.ports.determinism import Determinism

LOOK_AGAIN_SECONDS = 5.0
"""A call that waits for another's reservation looks after this long even when none of this process has ended."""

within_a_call: ContextVar[bool] = ContextVar("within_a_call", default=False)
"""Set while a recorded call goes on: what it reserves itself must not wait for it to end."""


@dataclass(frozen=True)
class Caller:
    """Who spends: a step of a task's attempt; a run itself has neither."""

    key: str
    kind: str
    task: str = ""
    attempt: int = 0


@dataclass(frozen=True)
class Held:
    """A reservation, and when its call began (monotonic seconds)."""

    charge: Charge
    began: float


@dataclass(frozen=True)
class Planned:
    """The limits a plan sets: the run's, and those of tasks that have any. Taken out of it once: plans may be large."""

    run: Budget
    tasks: Mapping[str, Budget]

    @classmethod
    def of(cls, plan: Plan) -> Self:
        return cls(plan.budget, {task.id: task.budget for task in plan.tasks if limits_anything(task.budget)})


class Spending:
    """What one run may spend, as this process knows it."""

    def __init__(
        self,
        budgets: Budgets,
        log: Log,
        planned: Planned,
        tenant: TenantBudget,
        determinism: Determinism,
        reach: Reach,
    ) -> None:
        self._budgets = budgets
        self._log = log
        self._tenant = tenant
        self._tenant_most = limits_of(tenant)
        self._determinism = determinism
        self._reach = reach
        self._freed = asyncio.Event()
        self.follow(planned)

    def follow(self, planned: Planned) -> None:
        """Take the limits from these from now on."""
        self._run, self._tasks = planned.run, planned.tasks
        self._planned = bool(self._tenant_most or self._tasks or limits_anything(self._run))

    @property
    def limited(self) -> bool:
        """Tell whether anything limits any part of the run."""
        return self._planned or bool(self._log.state.raised)

    def limits(self, task: str = "") -> tuple[Limit, ...]:
        """Return the accounts a task's calls are charged to (a run's own without one); those nothing limits are left out."""
        if not self.limited:
            return ()
        run = self._log.state.id
        found = [Limit(Account(run=run), self._most("", self._run))]
        if self._tenant_most:
            period = self._tenant.period.name_at(self._determinism.now())
            found.append(Limit(Account(period=period), self._tenant_most))
        if task:
            found.append(Limit(Account(run, task), self._most(task, self._tasks.get(task, _UNLIMITED))))
        return tuple(limit for limit in found if limit.most)

    async def recover(self) -> None:
        """Settle what processes that are gone have left reserved for this run."""
        if self.limited:
            used = {key: amounts_of(usage) for key, usage in self._log.state.used.items()}
            await self._budgets.give_up(self._log.state.id, used)

    async def reserve(self, caller: Caller, amounts: Amounts) -> Held | None:
        """Reserve before a call; None when nothing limits it. Waits while only others' reservations are in the way.

        Raises:
            OverBudgetError: a limit is reached.
        """
        while amounts and (limits := self.limits(caller.task)):
            freed = self._freed
            answer = await self.ask(caller, amounts, limits)
            if isinstance(answer, Held):
                return answer
            if not answer.may_pass or within_a_call.get():
                raise await self.over(answer)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOK_AGAIN_SECONDS):
                    await freed.wait()
        return None

    async def ask(self, caller: Caller, amounts: Amounts, limits: tuple[Limit, ...]) -> Held | Refusal:
        """Reserve at once, or say why not."""
        charge = Charge(
            id=self._determinism.new_id(),
            run=self._log.state.id,
            task=caller.task,
            attempt=caller.attempt,
            key=caller.key,
            kind=caller.kind,
            accounts=tuple(limit.account for limit in limits),
            reserved=amounts,
            at=self._determinism.now(),
        )
        self._reach(CrashPoint.BEFORE_RESERVE)
        refusal = await self._budgets.reserve(charge, limits, self._log.lease)
        self._reach(CrashPoint.AFTER_RESERVE)
        return refusal or Held(charge, self._determinism.monotonic())

    async def settle(self, held: Held | None, used: Amounts | None) -> None:
        """Charge what a call has used; its reservation when nobody knows (None)."""
        if held is None:
            return
        self._reach(CrashPoint.BEFORE_SETTLE)
        await self._budgets.settle(held.charge, used, self._determinism.monotonic() - held.began)
        self._reach(CrashPoint.AFTER_SETTLE)
        self._freed.set()
        self._freed = asyncio.Event()

    async def over(self, refusal: Refusal) -> OverBudgetError:
        """Return the error that says whose limit is reached, and what it was spent on."""
        spent: Counter[str] = Counter()
        for charge in await self._budgets.charges(self._log.state.id):
            if refusal.account in charge.accounts:
                spent[charge.kind] += (charge.used or {}).get(refusal.resource, 0)
        return over_budget(self._log.state.id, refusal, spent)

    def _most(self, task: str, planned: Budget) -> dict[str, int]:
        raised = self._log.state.raised.get(task)
        return limits_of(planned.model_copy(update=raised)) if raised else limits_of(planned)


def over_budget(run: str, refusal: Refusal, spent_on: Mapping[str, int]) -> OverBudgetError:
    """Return the error for a refused reservation; `spent_on` maps kinds of calls to what was spent on them."""
    account, resource = refusal.account, refusal.resource
    timed = resource == Resource.WALL_SECONDS
    message = _time_is_over(refusal) if timed else _has_no_room(refusal, spent_on)
    hints = {
        Scope.TASK: f"Raise it: astrolabe runs retry {run} --budget {account.task}:{resource}=AMOUNT",
        Scope.RUN: f"Go on with more: astrolabe runs retry {run} --budget {resource}=AMOUNT",
        Scope.TENANT: f"Raise ASTROLABE_BUDGET__{resource.upper()}, or wait for its next period.",
    }
    return OverBudgetError(message, account.scope, hint=hints[account.scope])


def _time_is_over(refusal: Refusal) -> str:
    """Nobody asks for time: how much of it is reserved at once is not told."""
    account = refusal.account
    whose = {
        Scope.TASK: f"task {account.task!r}",
        Scope.RUN: "the run",
        Scope.TENANT: f"all runs together ({account.period})",
    }[account.scope]
    return f"the time {whose} may take, {in_words(refusal.resource, refusal.most)}, is over"


def _has_no_room(refusal: Refusal, spent_on: Mapping[str, int]) -> str:
    account, resource = refusal.account, refusal.resource
    whose = {
        Scope.TASK: f"the budget of task {account.task!r}",
        Scope.RUN: "the run's budget",
        Scope.TENANT: f"the budget of all runs together ({account.period})",
    }[account.scope]
    told = f"{in_words(resource, refusal.spent)} spent, {in_words(resource, refusal.reserved)} reserved"
    on = ", ".join(
        f"{kind} {in_words(resource, amount)}" for kind, amount in sorted(spent_on.items()) if amount
    )
    return (
        f"{whose}, {in_words(resource, refusal.most)}, has no room for {in_words(resource, refusal.asked)} more: {told}"
        + (f" (by kind of call: {on})" if on else "")
    )


_UNLIMITED = Budget()
