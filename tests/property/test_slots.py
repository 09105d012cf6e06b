"""The slots against a plain model of the rule: who is granted next, whoever asks, gives back or dies meanwhile."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
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

from astrolabe.domain.health import Breaker
from astrolabe.domain.limits import SlotLimits
from astrolabe.ports.slots import Request, Standing, Terms
from tests.integration.storage.home import Home
from tests.property.kept import kept, living

LIMITS = SlotLimits(total=3, agents={"a": 1, "b": 2}, providers={"p": 2})
AGENTS = {"a": None, "b": "p", "c": "p", "d": None}
WEIGHTS = {"light": 1, "even": 1, "heavy": 3}
TERMS = Terms(LIMITS, Breaker())


@dataclass
class Place:
    """A request as the model knows it."""

    request: Request
    owner: str
    number: int
    held: bool = False


class Slots(RuleBasedStateMachine):
    """Grants are compared with those of a model that looks at everything anew each time."""

    def __init__(self, homes: Callable[[Path], Home]) -> None:
        super().__init__()
        self._kept = kept(homes)
        self.places: dict[str, Place] = {}
        self.granted = Fraction()
        self.tags: dict[str, tuple[Fraction, int]] = {}
        self.count = self.turns = 0
        self.passed_over: dict[str, Counter[str]] = {}

    def teardown(self) -> None:
        self._kept.close()

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
        self._agrees(self._kept.do(self._kept.slots.ask(ticket, request, living(owner), TERMS)), owner)

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
            given = self._kept.slots.give_back([gone], living(owner), TERMS)
            self._agrees(self._kept.do(given), owner)

    @rule(owner=st.sampled_from("xyz"), next_one=st.sampled_from("xyz"))
    def die(self, owner: str, next_one: str) -> None:
        self._kept.kill(owner)
        self.places = {ticket: place for ticket, place in self.places.items() if place.owner != owner}
        self._agrees(self._kept.do(self._kept.slots.look(living(next_one), TERMS)), next_one)

    @invariant()
    def nothing_is_over_a_limit(self) -> None:
        query = "SELECT agent, count(*) FROM slots WHERE held = 1 GROUP BY agent"
        held = Counter(dict(self._kept.rows(query)))
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


def test_grants_are_those_of_the_model(homes: Callable[[Path], Home]) -> None:
    machine: Any = lambda: Slots(homes)  # noqa: E731 - called for a new one each time; its type says it must be a class
    run_state_machine_as_test(machine, settings=settings(max_examples=15, stateful_step_count=20))
