"""Breakers against a plain model: attempts fail, work, die with their process, and time goes by, in any order."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from astrolabe.domain.event import EventType, NewEvent
from astrolabe.domain.health import Breaker, Circuit, Health
from astrolabe.domain.limits import SlotLimits
from astrolabe.ports.slots import Request, Standing, Terms
from tests.integration.storage.home import Home
from tests.integration.storage.test_store import create
from tests.property.kept import kept, living

BREAKER = Breaker(failures=2, cooldown_seconds=1000)
TERMS = Terms(SlotLimits(), BREAKER)
PROVIDERS = {"a": "p", "b": "p", "c": None}
WAITS = (400, 700)
"""No sum of them lies where the time the test itself takes would count."""


@dataclass
class Ill:
    """What the model knows of an agent or a provider."""

    failures: int = 0
    ago: float = 0.0

    @property
    def circuit(self) -> Circuit:
        if self.failures < BREAKER.failures:
            return Circuit.CLOSED
        return Circuit.OPEN if self.ago < BREAKER.cooldown_seconds else Circuit.HALF_OPEN

    @property
    def health(self) -> Health:
        if self.circuit is not Circuit.CLOSED:
            return Health.FAILED
        return Health.DEGRADED if self.failures else Health.IDLE


@dataclass
class Place:
    """A request as the model knows it."""

    agent: str
    owner: str
    held: bool = False
    probe: bool = False

    @property
    def names(self) -> list[str]:
        return [name for name in (self.agent, PROVIDERS[self.agent]) if name]


class Breakers(RuleBasedStateMachine):
    """Closed lets all through, open none, half-open one at a time, whichever process it is of."""

    def __init__(self, homes: Callable[[Path], Home]) -> None:
        super().__init__()
        self._kept = kept(homes)
        self._lease = self._kept.do(create(self._kept.store, living("x")))
        self._seq = 1
        self.known = {name: Ill() for name in "abcp"}
        self.told: set[str] = set()
        self.places: dict[str, Place] = {}
        self.count = 0

    def teardown(self) -> None:
        self._kept.close()

    @rule(agents=st.lists(st.sampled_from("aabc"), min_size=1, max_size=4), owner=st.sampled_from("xyz"))
    def ask(self, agents: list[str], owner: str) -> None:
        for agent in agents:
            self.count += 1
            ticket = f"t{self.count}"
            self.places[ticket] = Place(agent, owner)
            request = Request(self._lease.run, ticket, 1, agent, PROVIDERS[agent])
            self._agrees(self._kept.do(self._kept.slots.ask(ticket, request, living(owner), TERMS)), owner)

    @precondition(lambda self: any(place.held for place in self.places.values()))
    @rule(data=st.data(), ends=st.lists(st.sampled_from(["works", "fails", "is refused"]), min_size=1))
    def end(self, data: st.DataObject, ends: list[str]) -> None:
        for how in ends:
            held = sorted(ticket for ticket, place in self.places.items() if place.held)
            if not held:
                return
            ticket = data.draw(st.sampled_from(held))
            place = self.places.pop(ticket)
            self._tell(ticket, place, how)
            given = self._kept.slots.give_back([ticket], living(place.owner), TERMS)
            self._agrees(self._kept.do(given), place.owner)

    def _tell(self, ticket: str, place: Place, how: str) -> None:
        """Have the log tell how an attempt ended; a permanent failure says nothing of the provider."""
        blamed = place.names[:1] if how == "is refused" else place.names
        by = dict(zip(("agent", "provider"), blamed, strict=False))
        if how == "works":
            self._append(EventType.TASK_WORKED, ticket, tree="t", by=by)
        else:
            kind = "transient" if how == "fails" else "permanent"
            self._append(EventType.TASK_FAILED, ticket, failure=kind, reason="r", retry_at=None, by=by)
        for name in blamed:
            known = self.known[name]
            if how == "works":
                known.failures = 0
            else:
                known.failures, known.ago = known.failures + 1, 0.0
                self.told.add(name)

    def _append(self, kind: EventType, task: str, **data: Any) -> None:
        self._seq += 1
        new = NewEvent(type=kind, task=task, attempt=1, data=data)
        event = new.placed(self._lease.run, self._seq, at=time.time(), actor="t")

        async def append() -> None:
            await self._kept.store.append(self._lease, [event])

        self._kept.do(append())

    @rule(seconds=st.sampled_from(WAITS), owner=st.sampled_from("xyz"))
    def wait(self, seconds: int, owner: str) -> None:
        self._kept.change(f"UPDATE health SET failed_at = failed_at - {seconds}, since = since - {seconds}")
        for known in self.known.values():
            known.ago += seconds
        self._look(owner)

    @rule(owner=st.sampled_from("yz"), next_one=st.sampled_from("xyz"))
    def die(self, owner: str, next_one: str) -> None:
        self._kept.kill(owner)
        self.places = {ticket: place for ticket, place in self.places.items() if place.owner != owner}
        self._look(next_one)

    @rule(name=st.sampled_from("abcp"), owner=st.sampled_from("xyz"))
    def reset(self, name: str, owner: str) -> None:
        assert self._kept.do(self._kept.store.health.reset(name)) is (name in self.told)
        self.known[name].failures = 0
        self._look(owner)

    @invariant()
    def all_are_as_well_as_the_model_says(self) -> None:
        records = {record.name: record for record in self._kept.do(self._kept.store.health.records())}
        assert records.keys() == self.told
        for name, record in records.items():
            known = self.known[name]
            found = record.failures, record.circuit(BREAKER), record.health(BREAKER, busy=False)
            assert found == (known.failures, known.circuit, known.health)

    @invariant()
    def one_at_a_time_tries(self) -> None:
        for name, known in self.known.items():
            probes = [place for place in self.places.values() if place.probe and name in place.names]
            assert known.circuit is Circuit.CLOSED or len(probes) <= 1

    def _look(self, owner: str) -> None:
        self._agrees(self._kept.do(self._kept.slots.look(living(owner), TERMS)), owner)

    def _agrees(self, standing: Standing, owner: str) -> None:
        for place in self.places.values():
            if not place.held and self._may_go(place):
                place.held, place.probe = True, bool(list(self._ill(place)))
        expected = {ticket for ticket, place in self.places.items() if place.held and place.owner == owner}
        assert standing.held == expected

    def _ill(self, place: Place) -> Iterator[str]:
        return (name for name in place.names if self.known[name].circuit is not Circuit.CLOSED)

    def _may_go(self, place: Place) -> bool:
        tried = {name for other in self.places.values() if other.probe for name in self._ill(other)}
        return all(
            self.known[name].circuit is Circuit.HALF_OPEN and name not in tried for name in self._ill(place)
        )


def test_who_is_let_through_is_who_the_model_lets_through(homes: Callable[[Path], Home]) -> None:
    machine: Any = lambda: Breakers(homes)  # noqa: E731 - called for a new one each time; its type says it must be a class
    run_state_machine_as_test(machine, settings=settings(max_examples=15, stateful_step_count=20))
