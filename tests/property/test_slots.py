"""The slots against a plain model of the rule: who is granted next, whoever asks, gives back or dies meanwhile."""

import asyncio
import os
import sqlite3
import tempfile
from collections import Counter
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from astrolabe.adapters.storage.database import Database
from astrolabe.adapters.storage.health import SqlHealth
from astrolabe.adapters.storage.ownership import this_process
from astrolabe.adapters.storage.processes import SqlProcesses
from astrolabe.adapters.storage.slots import SqlSlots
from astrolabe.adapters.storage.sqlite import SqliteFile
from astrolabe.adapters.storage.wakeup import SocketWakeUps
from astrolabe.bootstrap import real_determinism
from astrolabe.domain.health import Breaker
from astrolabe.domain.limits import SlotLimits
from astrolabe.ports.slots import Request, Standing, Terms
from astrolabe.ports.store import Owner

LIMITS = SlotLimits(total=3, agents={"a": 1, "b": 2}, providers={"p": 2})
AGENTS = {"a": None, "b": "p", "c": "p", "d": None}
WEIGHTS = {"light": 1, "even": 1, "heavy": 3}
TERMS = Terms(LIMITS, Breaker())
MEMORY = "/dev/shm"
HERE = this_process("here")


@dataclass
class Place:
    """A request as the model knows it."""

    request: Request
    owner: str
    number: int
    held: bool = False


class Slots(RuleBasedStateMachine):
    """Grants are compared with those of a model that looks at everything anew each time."""

    def __init__(self) -> None:
        super().__init__()
        self._folder = tempfile.TemporaryDirectory(dir=MEMORY if os.access(MEMORY, os.W_OK) else None)
        self._loop = asyncio.Runner()
        folder = Path(self._folder.name)
        self._file = folder / "astrolabe.db"
        self._database = Database(SqliteFile(self._file))
        self._processes = SqlProcesses(self._database, folder / "processes", HERE, real_determinism())
        health = SqlHealth(self._database, real_determinism(), "default")
        self._slots = SqlSlots(SocketWakeUps(folder / "wake", HERE.token), self._processes, health, "default")
        self._loop.run(self._opened())
        self.places: dict[str, Place] = {}
        self.granted = Fraction()
        self.tags: dict[str, tuple[Fraction, int]] = {}
        self.count = self.turns = 0
        self.passed_over: dict[str, Counter[str]] = {}

    async def _opened(self) -> None:
        self._database.open()

    def teardown(self) -> None:
        self._loop.run(self._processes.close())
        self._loop.run(self._database.close())
        self._loop.close()
        self._folder.cleanup()

    @rule(
        asked=st.lists(
            st.tuples(st.sampled_from(sorted(WEIGHTS)), st.sampled_from(sorted(AGENTS)), st.integers(-1, 1)),
            min_size=2,
            max_size=8,
        ),
        owner=st.sampled_from("xyz"),
    )
    def ask(self, asked: list[tuple[str, str, int]], owner: str) -> None:
        for run, agent, priority in asked:
            self._ask(run, agent, owner, priority)

    def _ask(self, run: str, agent: str, owner: str, priority: int) -> None:
        self.count += 1
        ticket = f"t{self.count}"
        request = Request(run, ticket, 1, agent, AGENTS[agent], WEIGHTS[run], priority)
        if not any(place.request.run == run and not place.held for place in self.places.values()):
            self._line_up(run)
            self.passed_over[run] = Counter()
        self.places[ticket] = Place(request, owner, self.count)
        held = self._loop.run(self._slots.ask(ticket, request, living(owner), TERMS))
        self._agrees(held, owner)

    @precondition(lambda self: self.places)
    @rule(data=st.data(), owner=st.sampled_from("xyz"))
    def give_back(self, data: st.DataObject, owner: str) -> None:
        """One after another, so that what waits has to be put into an order."""
        held = sorted(ticket for ticket, place in self.places.items() if place.held)
        waiting = sorted(self.places.keys() - held)
        for _ in range(data.draw(st.integers(1, 6))):
            choice = [ticket for ticket in [*held, *waiting] if ticket in self.places]
            if not choice:
                return
            gone = data.draw(st.sampled_from(choice))
            del self.places[gone]
            self._agrees(self._loop.run(self._slots.give_back([gone], living(owner), TERMS)), owner)

    @rule(owner=st.sampled_from("xyz"), next_one=st.sampled_from("xyz"))
    def die(self, owner: str, next_one: str) -> None:
        with sqlite3.connect(self._file) as connection:
            connection.execute(
                "UPDATE slots SET owner_boot_id = 'another' WHERE owner_token = ?", (living(owner).token,)
            )
        connection.close()
        self.places = {ticket: place for ticket, place in self.places.items() if place.owner != owner}
        self._agrees(self._loop.run(self._slots.look(living(next_one), TERMS)), next_one)

    @invariant()
    def nothing_is_over_a_limit(self) -> None:
        with sqlite3.connect(self._file) as connection:
            held = Counter(
                dict(connection.execute("SELECT agent, count(*) FROM slots WHERE held GROUP BY agent"))
            )
        connection.close()
        assert held.total() <= 3
        assert held["a"] <= 1
        assert held["b"] <= 2
        assert held["b"] + held["c"] <= 2

    def _agrees(self, standing: Standing, owner: str) -> None:
        self._grant()
        expected = {ticket for ticket, place in self.places.items() if place.held and place.owner == owner}
        assert standing.held == expected

    def _grant(self) -> None:
        while fitting := [ticket for ticket, place in self.places.items() if self._fits(place)]:
            first = min(fitting, key=self._rank)
            self._grant_one(self.places[first])

    def _grant_one(self, place: Place) -> None:
        run = place.request.run
        self._count_passing(run)
        place.held = True
        self.granted = max(self.granted, self.tags[run][0])
        self._line_up(run)
        self.passed_over[run] = Counter()

    def _line_up(self, run: str) -> None:
        self.turns += 1
        self.tags[run] = self.granted + Fraction(1, WEIGHTS[run]), self.turns

    def _count_passing(self, run: str) -> None:
        """A run that has something which fits is passed over by another only as often as their weights say."""
        for other in {place.request.run for place in self.places.values() if self._fits(place)} - {run}:
            self.passed_over[other][run] += 1
            assert self.passed_over[other][run] <= -(-WEIGHTS[run] // WEIGHTS[other]) + 1

    def _fits(self, place: Place) -> bool:
        if place.held:
            return False
        held = Counter(p.request.agent for p in self.places.values() if p.held)
        agent = place.request.agent
        room = held.total() < 3 and held[agent] < LIMITS.agents.get(agent, 99)
        return room and (AGENTS[agent] is None or held["b"] + held["c"] < 2)

    def _rank(self, ticket: str) -> tuple[object, ...]:
        place = self.places[ticket]
        return *self.tags[place.request.run], -place.request.priority, place.number


def living(name: str) -> Owner:
    return replace(HERE, token=name)


TestSlots = Slots.TestCase
TestSlots.settings = settings(max_examples=15, stateful_step_count=20, deadline=None)
