"""What runs may spend, and what they have spent on what."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from astrolabe.domain.budget import (
    Account,
    Amounts,
    Balance,
    Charge,
    ChargeState,
    Resource,
    added,
    as_told,
    in_words,
    limits_of,
)
from astrolabe.domain.event import EventType, NewEvent
from astrolabe.domain.plan import Budget
from astrolabe.errors import InputError, Problem
from astrolabe.services.installation import Installation
from astrolabe.services.runs import RunView

SHAPE = "astrolabe.budgets/1"
_EXAMPLE = "write them as RESOURCE=AMOUNT, like tokens=20000 or money=5; of one task as TASK:tokens=20000"


@dataclass(frozen=True)
class Raise:
    """A new limit of a run, or of one of its tasks."""

    resource: Resource
    most: int | float
    task: str = ""


def parse_raises(words: Sequence[str]) -> tuple[Raise, ...]:
    """Read `tokens=20000`, `money=5`, `TASK:tool_calls=9`.

    Raises:
        InputError: names every word that cannot be read.
    """
    problems: list[Problem] = []
    raises: list[Raise] = []
    for word in words:
        try:
            raises.append(_raise(word))
        except ValueError as error:
            problems.append(Problem(f"--budget {word}", str(error), _EXAMPLE))
    if problems:
        raise InputError("not every limit can be read", problems)
    return tuple(raises)


def _raise(word: str) -> Raise:
    name, equals, amount = word.rpartition("=")
    task, _, resource = name.rpartition(":")
    resource = resource.replace("-", "_")
    if not equals:
        raise ValueError("has no amount")
    if resource not in set(Resource):
        raise ValueError(f"is no limit of {', '.join(Resource)}")
    try:
        told = float(amount.removeprefix("$"))
        limit = Budget.model_validate({resource: int(told) if told.is_integer() else told})
    except (ValueError, OverflowError):
        raise ValueError(f"{amount!r} is no amount of {resource}") from None
    return Raise(Resource(resource), getattr(limit, resource), task)


def raise_events(view: RunView, raises: Sequence[Raise]) -> tuple[NewEvent, ...]:
    """Return the events that make new limits durable in a run's log; its owner appends them before it goes on.

    Raises:
        InputError: the run has no such task, or a new limit is not above what is spent; names every problem.
    """
    problems = [problem for each in raises for problem in _problems(view, each)]
    if problems:
        raise InputError("the budget cannot be raised so", problems)
    given: dict[str, dict[str, int | float]] = defaultdict(dict)
    for each in raises:
        given[each.task][each.resource] = each.most
    return tuple(
        NewEvent(type=EventType.RUN_BUDGET_RAISED, data={"of": task, "budget": dict(budget)})
        for task, budget in given.items()
    )


def _problems(view: RunView, each: Raise) -> list[Problem]:
    place = f"--budget {each.task}:{each.resource}" if each.task else f"--budget {each.resource}"
    if each.task and each.task not in view.state.tasks:
        return [Problem(place, f"run {view.record.id} has no task {each.task!r}")]
    now = planned(view, each.task).get(each.resource)
    asked = limits_of(Budget.model_validate({each.resource: each.most}))[each.resource]
    if now is not None and asked <= now:
        told = in_words(each.resource, now)
        return [Problem(place, f"is not more than there is: {told}", "give the new limit, not what to add")]
    return []


def planned(view: RunView, task: str = "") -> dict[str, int]:
    """Return the limits in force for a run or one of its tasks: those of the plan, and what was raised since."""
    budget = view.plan.task(task).budget if task else view.plan.budget
    return limits_of(budget.model_copy(update=view.state.raised.get(task, {})))


async def limited_spending(installation: Installation, view: RunView) -> dict[str, Any] | None:
    """Return the same as `spending_of`; None for a run that nothing limits."""
    tasks = ("", *(task.id for task in view.plan.tasks))
    if not limits_of(installation.budget) and not any(planned(view, task) for task in tasks):
        return None
    return await spending_of(installation, view)


async def spending_of(installation: Installation, view: RunView) -> dict[str, Any]:
    """Return limits, what is reserved and spent, by task and by kind of call, and the calls in doubt, as a document."""
    budgets, run = installation.store.budgets, view.record.id
    charges = await budgets.charges(run)
    balances = {balance.account: balance for balance in await budgets.balances(run)}
    tasks = [task.id for task in view.plan.tasks if planned(view, task.id)]
    calls = [charge for charge in charges if charge.kind != TIME]
    return {
        "shape": SHAPE,
        "run": run,
        "limits": [
            _limit(Account(run, task), planned(view, task), balances)
            for task in ("", *tasks)
            if planned(view, task)
        ],
        "tenant": await tenant_spending(installation),
        "by_task": _sums(charges, lambda charge: charge.task),
        "by_kind": _sums(charges, lambda charge: charge.kind),
        "calls": len(calls),
        "in_doubt": [_call(charge) for charge in charges if charge.state is ChargeState.IN_DOUBT],
    }


async def tenant_spending(installation: Installation) -> dict[str, Any] | None:
    """Return what limits all runs together, and what they have spent in this period; None when nothing does."""
    most = limits_of(installation.budget)
    if not most:
        return None
    period = installation.budget.period.name_at(installation.determinism.now())
    found = {balance.account: balance for balance in await installation.store.budgets.balances("")}
    return {"period": period, **_limit(Account(period=period), most, found)}


TIME = "time"
"""What time is charged as; other kinds are those of calls."""


def _limit(account: Account, most: Mapping[str, int], balances: Mapping[Account, Balance]) -> dict[str, Any]:
    balance = balances.get(account, Balance(account, {}, {}))
    return {
        "scope": account.scope.value,
        "task": account.task or None,
        "most": as_told(most),
        "reserved": as_told(_some(balance.reserved)),
        "spent": as_told(_some(balance.spent)),
    }


def _sums(charges: Sequence[Charge], key: Callable[[Charge], str]) -> dict[str, dict[str, float]]:
    groups: dict[str, list[Charge]] = defaultdict(list)
    for charge in charges:
        if charge.used is not None:
            groups[key(charge)].append(charge)
    return {
        name: {
            **as_told(added(*(charge.used or {} for charge in group))),
            "seconds": round(sum(charge.seconds for charge in group), 3),
        }
        for name, group in sorted(groups.items())
        if name
    }


def _call(charge: Charge) -> dict[str, Any]:
    return {
        "task": charge.task or None,
        "attempt": charge.attempt,
        "step": charge.key,
        "kind": charge.kind,
        "charged": as_told(charge.used or {}),
        "at": charge.at,
    }


def _some(amounts: Amounts) -> dict[str, int]:
    return {name: amount for name, amount in amounts.items() if amount}
