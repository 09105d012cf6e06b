"""What work costs, counted in whole units so that sums are exact, and the accounts it is charged to."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from enum import StrEnum
from typing import Any

from pydantic import Field

from astrolabe.domain.plan import Budget
from astrolabe.domain.value import Value

Amounts = Mapping[str, int]
"""By the value of `Resource`, in its smallest units: micro-dollars, tokens, calls, milliseconds. What is absent is 0."""


class Resource(StrEnum):
    """What is limited; the names are those of the fields of `Budget`."""

    MONEY = "money"
    TOKENS = "tokens"
    MODEL_CALLS = "model_calls"
    TOOL_CALLS = "tool_calls"
    WALL_SECONDS = "wall_seconds"

    @property
    def units(self) -> int:
        """How many of its smallest units are one of those a person writes."""
        return _UNITS.get(self, 1)


_UNITS = {Resource.MONEY: 1_000_000, Resource.WALL_SECONDS: 1000}


class Usage(Value):
    """What a call is to use at most, or has used. Money in US dollars. How long it took is measured, not told."""

    money: float = Field(default=0.0, ge=0, allow_inf_nan=False)
    tokens: int = Field(default=0, ge=0)
    model_calls: int = Field(default=0, ge=0)
    tool_calls: int = Field(default=0, ge=0)


class Period(StrEnum):
    """After how long a tenant's budget begins anew, in UTC."""

    DAY = "day"
    MONTH = "month"
    NONE = "none"

    def name_at(self, at: float) -> str:
        """Return what the period is called that `at` (seconds since the epoch) lies in."""
        moment = datetime.fromtimestamp(at, UTC)
        return {Period.DAY: f"{moment:%Y-%m-%d}", Period.MONTH: f"{moment:%Y-%m}"}.get(self, "ever")


class TenantBudget(Budget):
    """What all runs of a tenant may spend together in a period."""

    period: Period = Field(default=Period.MONTH, description="Begins anew each day, month, or never; in UTC.")


class Scope(StrEnum):
    """Whose limit it is."""

    TENANT = "tenant"
    RUN = "run"
    TASK = "task"


@dataclass(frozen=True, order=True)
class Account:
    """What amounts are charged to. In this order accounts are locked, so that nobody waits in a circle."""

    run: str = ""
    task: str = ""
    period: str = ""

    @property
    def scope(self) -> Scope:
        if not self.run:
            return Scope.TENANT
        return Scope.TASK if self.task else Scope.RUN


@dataclass(frozen=True)
class Limit:
    """The most that may be charged to an account, of each resource that is limited at all."""

    account: Account
    most: Amounts


@dataclass(frozen=True)
class Balance:
    """What has been charged to an account, and what is reserved for calls that go on."""

    account: Account
    reserved: Amounts
    spent: Amounts


@dataclass(frozen=True)
class Refusal:
    """Why a reservation was not made: `asked` does not go into `most` beside what is spent and reserved."""

    account: Account
    resource: Resource
    most: int
    spent: int
    reserved: int
    asked: int

    @property
    def may_pass(self) -> bool:
        """Tell whether there would be room once calls that go on turn out to need less than was reserved for them."""
        return self.reserved > 0 and self.spent + self.asked <= self.most


class ChargeState(StrEnum):
    """RESERVED until the call has ended; IN_DOUBT when nobody can say what it used, and its reservation was charged."""

    RESERVED = "reserved"
    SETTLED = "settled"
    IN_DOUBT = "in-doubt"


@dataclass(frozen=True)
class Charge:
    """One call's entry in the ledger. `key` is its step's; `used` is None until it is settled. Seconds of the epoch."""

    id: str
    run: str
    task: str
    attempt: int
    key: str
    kind: str
    accounts: tuple[Account, ...]
    reserved: Amounts
    at: float
    state: ChargeState = ChargeState.RESERVED
    used: Amounts | None = None
    seconds: float = 0.0


def amounts_of(usage: Usage | Mapping[str, Any]) -> dict[str, int]:
    """Return what a usage comes to, rounded up; zeros are left out."""
    told = usage if isinstance(usage, Usage) else Usage.model_validate(usage)
    raw = {resource: getattr(told, resource, 0) for resource in Resource}
    return {str(name): _whole(name, value, ROUND_CEILING) for name, value in raw.items() if value}


def limits_anything(budget: Budget) -> bool:
    """Tell whether a budget has any limit; asked of every task of a plan, most of which have none."""
    calls = budget.model_calls is not None or budget.tool_calls is not None
    return calls or not (budget.money is None and budget.tokens is None and budget.wall_seconds is None)


def limits_of(budget: Budget) -> dict[str, int]:
    """Return the limits of a budget, rounded down."""
    raw = {resource: getattr(budget, resource) for resource in Resource}
    return {str(name): _whole(name, value, ROUND_FLOOR) for name, value in raw.items() if value is not None}


def _whole(resource: Resource, value: float, rounding: str) -> int:
    return int((Decimal(repr(value)) * resource.units).to_integral_value(rounding))


def in_words(resource: str, amount: int) -> str:
    """Return an amount as a person reads it: `$0.25`, `1,200 tokens`, `3 tool calls`, `90 s`."""
    match Resource(resource):
        case Resource.MONEY:
            dollars = f"{Decimal(amount) / Resource.MONEY.units:,.6f}".rstrip("0")
            whole, _, part = dollars.partition(".")
            return f"${whole}.{part:0<2}"
        case Resource.WALL_SECONDS:
            return f"{amount / Resource.WALL_SECONDS.units:g} s"
        case other:
            name = other.replace("_", " ")
            return f"{amount:,} {name.removesuffix('s') if amount == 1 else name}"


def as_told(amounts: Amounts) -> dict[str, float]:
    """Return amounts in the units of `Budget`, as documents tell them."""
    return {
        name: amount / units if (units := Resource(name).units) > 1 else amount
        for name, amount in amounts.items()
    }


def added(*many: Amounts) -> dict[str, int]:
    """Return the sum."""
    names = dict.fromkeys(name for amounts in many for name in amounts)
    return {name: sum(amounts.get(name, 0) for amounts in many) for name in names}
