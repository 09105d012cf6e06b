"""What is kept about skills, on both databases, by every process that looks."""

from astrolabe.adapters.storage.store import SqlStore
from astrolabe.ports.skills import Trusted
from tests.integration.storage.home import Home
from tests.integration.storage.test_store import with_store

RUN = "R" * 26


def test_what_was_trusted_and_used_is_still_known_after_a_restart(home: Home) -> None:
    async def first(store: SqlStore) -> None:
        assert await store.skills.trusted() == frozenset()
        one, two = Trusted("a" * 64, "one", "/p/one", 1.0), Trusted("b" * 64, "two", "/p/two", 1.0)
        await store.skills.trust([one])
        await store.skills.trust([one, two])
        await store.skills.used(["one", "two"], run=RUN, task="t", attempt=1)
        await store.skills.used(["one"], run=RUN, task="t", attempt=2)

    async def second(store: SqlStore) -> None:
        await store.skills.used(["one", "two"], run=RUN, task="t", attempt=1)
        await store.skills.used([], run=RUN, task="t", attempt=3)
        assert await store.skills.trusted() == {"a" * 64, "b" * 64}
        assert [(use.name, use.count) for use in await store.skills.uses()] == [("one", 2), ("two", 1)]

    with_store(home, first)
    with_store(home, second)
