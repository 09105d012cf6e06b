"""The ledger: what calls reserve before they begin and are charged when they have ended."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from astrolabe.domain.budget import Amounts, Balance, Charge, Limit, Refusal
from astrolabe.ports.leases import Lease, TaskLease


class Budgets(Protocol):
    """Each method is one transaction over all accounts it touches; it returns when that is durable."""

    async def reserve(
        self, charge: Charge, limits: Sequence[Limit], lease: Lease | TaskLease
    ) -> Refusal | None:
        """Reserve what a charge says in each of its accounts, or in none of them and say why.

        Given again with the same id it is reserved once. What earlier charges of the same step still hold is charged.

        Raises:
            LeaseLostError: another process owns the run, or the task, now.
        """
        ...

    async def settle(self, charge: Charge, used: Amounts | None, seconds: float) -> None:
        """Charge what a call has used, its reservation when nobody knows (None); it happens once, however often it is said."""
        ...

    async def give_up(
        self,
        run: str,
        used: Mapping[str, Amounts],
        task: str | None = None,
        attempt: int | None = None,
    ) -> None:
        """Settle all that a run (or an attempt of it) holds, for whoever held it is gone.

        Steps named in `used` are charged that; the others are in doubt, and charged what was reserved for them.
        """
        ...

    async def charges(self, run: str) -> tuple[Charge, ...]:
        """Return a run's charges, oldest first."""
        ...

    async def balances(self, run: str) -> tuple[Balance, ...]:
        """Return what is charged to a run's accounts; to the tenant's when `run` is empty."""
        ...
