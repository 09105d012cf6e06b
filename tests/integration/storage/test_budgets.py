"""The ledger on a real database: never overdrawn by however many processes, and exact to the last unit."""

import asyncio
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from astrolabe.adapters.storage.ownership import this_process
from astrolabe.adapters.storage.store import SqlStore
from astrolabe.domain.budget import Account, Amounts, Charge, ChargeState, Limit, Refusal, Resource
from astrolabe.errors import LeaseLostError
from astrolabe.ports.store import Lease
from tests.integration.storage.home import Home, fresh_id
from tests.integration.storage.test_store import DEAD, create, with_store

TENANT = Account(period="2026-11")


def charge(run: str, *accounts: Account, key: str = "a/1/1/model", **reserved: int) -> Charge:
    return Charge(
        id=fresh_id(),
        run=run,
        task="a",
        attempt=1,
        key=key,
        kind="model",
        accounts=accounts,
        reserved=reserved,
        at=1.0,
    )


def _told(amounts: Amounts) -> dict[str, int]:
    return {name: amount for name, amount in amounts.items() if amount}


async def balance(store: SqlStore, account: Account) -> tuple[dict[str, int], dict[str, int]]:
    for found in await store.budgets.balances(account.run):
        if found.account == account:
            return _told(found.reserved), _told(found.spent)
    return {}, {}


def test_what_does_not_fit_one_account_is_reserved_in_none(home: Home) -> None:
    async def use(store: SqlStore) -> None:
        lease = await create(store, this_process("token"))
        run, task = Account(lease.run), Account(lease.run, "a")
        limits = [Limit(run, {"tokens": 100}), Limit(task, {"tokens": 1000, "money": 5})]
        first = charge(lease.run, task, run, TENANT, tokens=60, money=5)
        assert await store.budgets.reserve(first, limits, lease) is None
        second = charge(lease.run, task, run, TENANT, key="a/1/2/model", tokens=41)
        refused = await store.budgets.reserve(second, limits, lease)
        assert refused == Refusal(run, Resource.TOKENS, most=100, spent=0, reserved=60, asked=41)
        assert refused is not None
        assert refused.may_pass
        for account in (task, run, TENANT):
            assert await balance(store, account) == ({"tokens": 60, "money": 5}, {})
        await store.budgets.settle(first, {"tokens": 70}, 1.0)  # more than it had said
        await store.budgets.settle(first, {"tokens": 70}, 1.0)
        for account in (task, run, TENANT):
            assert await balance(store, account) == ({}, {"tokens": 70})
        refused = await store.budgets.reserve(second, limits, lease)
        assert refused is not None
        assert not refused.may_pass
        free = charge(lease.run, run, key="a/1/3/run", tool_calls=1)
        assert await store.budgets.reserve(free, limits, lease) is None, "tokens limit no tool call"

    with_store(home, use)


def test_a_process_that_was_taken_over_reserves_nothing(home: Home) -> None:
    async def use(store: SqlStore) -> None:
        old = await create(store, DEAD)
        new = await store.claim(old.run, this_process("token"))
        account = Account(old.run)
        with pytest.raises(LeaseLostError):
            await store.budgets.reserve(charge(old.run, account, tokens=1), [], old)
        assert await store.budgets.reserve(charge(old.run, account, tokens=1), [], new) is None
        assert await balance(store, account) == ({"tokens": 1}, {})

    with_store(home, use)


class Ledger:
    """What the ledger should say: each charge's reservation and use, and sums that follow from them."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.entries: dict[str, tuple[Charge, int | None]] = {}

    @property
    def spent(self) -> int:
        return sum(used for _, used in self.entries.values() if used is not None)

    @property
    def reserved(self) -> int:
        return sum(entry.reserved["tokens"] for entry, used in self.entries.values() if used is None)

    def held(self) -> list[Charge]:
        return [entry for entry, used in self.entries.values() if used is None]

    def cut_off(self, charges: Sequence[Charge], known: dict[str, int]) -> None:
        for entry in charges:
            self.entries[entry.id] = (entry, known.get(entry.key, entry.reserved["tokens"]))


@settings(max_examples=25, deadline=None)
@given(data=st.data(), most=st.integers(0, 40))
def test_the_ledger_agrees_with_a_model_of_it(
    data: st.DataObject, most: int, homes: Callable[[Path], Home], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Reservations, settlements, repeated ones, and deaths of the process in any order."""
    rules = data.draw(st.lists(st.sampled_from(["reserve", "settle", "again", "death", "step"]), max_size=25))

    async def use(store: SqlStore) -> None:
        lease = await create(store, this_process("token"))
        account, model = Account(lease.run), Ledger(most)
        for number, rule in enumerate(rules):
            lease = await step(store, lease, account, model, rule, f"a/1/{number}/model", data)
            reserved, spent = await balance(store, account)
            assert (reserved.get("tokens", 0), spent.get("tokens", 0)) == (model.reserved, model.spent)
            assert model.reserved + model.spent <= most, "overdrawn"

    with_store(homes(tmp_path_factory.mktemp("ledger")), use)


async def step(
    store: SqlStore, lease: Lease, account: Account, model: Ledger, rule: str, key: str, data: Any
) -> Lease:
    held = model.held()
    if rule == "reserve" or not held:
        asked = charge(lease.run, account, key=key, tokens=data.draw(st.integers(1, 15)))
        refused = await store.budgets.reserve(asked, [Limit(account, {"tokens": model.most})], lease)
        fits = model.spent + model.reserved + asked.reserved["tokens"] <= model.most
        assert (refused is None) == fits
        if fits:
            model.entries[asked.id] = (asked, None)
        return lease
    chosen = data.draw(st.sampled_from(held))
    if rule == "settle":
        used = data.draw(st.integers(0, chosen.reserved["tokens"]))
        await store.budgets.settle(chosen, {"tokens": used}, 1.0)
        model.entries[chosen.id] = (chosen, used)
    elif rule == "again":  # the answer to a reservation was lost, and it is asked for once more
        assert await store.budgets.reserve(chosen, [Limit(account, {"tokens": 0})], lease) is None
    elif rule == "step":  # the same step once more, as after a crash: what it still holds is charged
        fresh = replace(chosen, id=fresh_id())
        limits = [Limit(account, {"tokens": model.most})]
        refused = await store.budgets.reserve(fresh, limits, lease)
        if refused is None:
            model.cut_off([chosen], {})
            model.entries[fresh.id] = (fresh, None)
    else:
        known = {chosen.key: data.draw(st.integers(0, chosen.reserved["tokens"]))}
        await store.release(lease)
        lease = await store.claim(lease.run, this_process("next"))
        await store.budgets.give_up(lease.run, {key: {"tokens": used} for key, used in known.items()})
        model.cut_off(held, known)
    return lease


def test_what_a_dead_process_held_is_charged_and_listed(home: Home) -> None:
    async def use(store: SqlStore) -> None:
        lease = await create(store, this_process("token"))
        account = Account(lease.run)
        done, lost = (
            charge(lease.run, account, key=key, tokens=10) for key in ("a/1/1/model", "a/1/2/model")
        )
        for each in (done, lost):
            await store.budgets.reserve(each, [], lease)
        await store.budgets.give_up(lease.run, {done.key: {"tokens": 3}})
        charges = {found.key: found for found in await store.budgets.charges(lease.run)}
        assert charges[done.key].state is ChargeState.SETTLED
        assert charges[lost.key].state is ChargeState.IN_DOUBT
        assert await balance(store, account) == ({}, {"tokens": 13})
        await store.budgets.settle(lost, {"tokens": 1}, 1.0)
        assert await balance(store, account) == ({}, {"tokens": 13}), "who was given up settles nothing more"

    with_store(home, use)


SPENDER = """
import asyncio, itertools, sys
from pathlib import Path
from astrolabe.adapters.storage.ownership import this_process
from astrolabe.domain.budget import Limit
from tests.integration.storage import home, test_budgets, test_store

async def spend(store, lease, worker):
    granted = 0
    for number in range(40):
        asked = test_budgets.charge(lease.run, test_budgets.TENANT, key=f"{worker}/{number}", tokens=7)
        limits = [Limit(test_budgets.TENANT, {"tokens": 1000})]
        while (refused := await store.budgets.reserve(asked, limits, lease)) and refused.may_pass:
            await asyncio.sleep(0.01)
        if refused:
            return granted
        granted += 5
        await store.budgets.settle(asked, {"tokens": 5}, 0.0)
    return granted

async def main(folder, url, first_id):
    home.IDS = itertools.count(int(first_id))
    async with home.Home(Path(folder), url).store(first_id) as store:
        lease = await test_store.create(store, this_process(first_id))
        print(sum(await asyncio.gather(*(spend(store, lease, worker) for worker in range(8)))))

asyncio.run(main(*sys.argv[1:]))
"""


def test_32_workers_in_4_processes_spend_all_that_may_be_spent_and_nothing_more(home: Home) -> None:
    with_store(home, lambda _store: asyncio.sleep(0))
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", SPENDER, str(home.folder), home.url, str(first_id)],
            cwd=Path(__file__).parents[3],
            stdout=subprocess.PIPE,
            text=True,
        )
        for first_id in (10**6, 2 * 10**6, 3 * 10**6, 4 * 10**6)
    ]
    granted = [int(process.communicate(timeout=120)[0]) for process in processes]
    assert sum(granted) == 995, f"1,000 tokens in calls that reserve 7 and use 5: {granted}"

    async def use() -> None:
        async with home.store() as store:
            assert await balance(store, TENANT) == ({}, {"tokens": 995})

    asyncio.run(use())
