"""Turns: never more at once than there are places, the lowest rank first, and no place lost to a cancelled waiter."""

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from astrolabe.engine.turns import Turns


@given(places=st.integers(1, 3), ranks=st.lists(st.integers(0, 9), max_size=12), data=st.data())
def test_turns_go_by_rank_and_none_is_lost(places: int, ranks: list[int], data: st.DataObject) -> None:
    given_up = data.draw(st.sets(st.integers(0, max(0, len(ranks) - 1))))
    asyncio.run(_all_go_by_rank(places, ranks, given_up))


async def _all_go_by_rank(places: int, ranks: list[int], given_up: set[int]) -> None:
    turns = Turns(places)
    running: set[int] = set()
    began: list[int] = []
    release = asyncio.Event()

    async def body(number: int) -> None:
        async with turns.turn(ranks[number]):
            running.add(number)
            began.append(number)
            assert len(running) <= places
            await release.wait()
            await asyncio.sleep(0)
            running.remove(number)

    waiting = [asyncio.create_task(body(number)) for number in range(len(ranks))]
    await asyncio.sleep(0)
    first = set(began)
    for number in given_up & (set(range(len(ranks))) - first):
        waiting[number].cancel()
    release.set()
    await asyncio.gather(*waiting, return_exceptions=True)

    assert set(began) == first | (set(range(len(ranks))) - given_up)
    later = [ranks[number] for number in began if number not in first]
    assert later == sorted(later)
    async with asyncio.timeout(1):
        for _ in range(places):
            await turns.turn(0).__aenter__()
