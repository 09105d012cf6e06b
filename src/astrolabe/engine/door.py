"""How the attempts of one run come to their slots in the local driver."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from astrolabe.agents.agent import Agent, provider_of
from astrolabe.domain.plan import Plan
from astrolabe.engine.admission import Admission, Ticket
from astrolabe.engine.decisions import Decision, Start
from astrolabe.ports.slots import Request


@dataclass(frozen=True)
class _Place:
    """What a task of the run asks with, or has."""

    attempt: int
    agent: str
    ticket: Ticket


class Door:
    """Lets in what the scheduler wants to start; what must wait is asked for again by nobody, and told of by `changed`."""

    def __init__(
        self,
        admission: Admission,
        run: str,
        agents: Mapping[str, Agent],
        changed: Callable[[], None],
    ) -> None:
        self._admission = admission
        self._run = run
        self._agents = agents
        self._changed = changed
        self._places: dict[str, _Place] = {}
        self._inside: set[str] = set()
        self._leaving: asyncio.Task[None] | None = None
        self._weight = 1
        self._priorities: dict[str, int] = {}
        self._agents_of: dict[str, tuple[str, ...]] = {}

    def follow(self, plan: Plan) -> None:
        """Take weight and priorities from the plan the run has now."""
        self._weight = plan.weight
        self._priorities = {task.id: task.priority for task in plan.tasks}
        self._agents_of = {task.id: (task.agent, *task.fallback) for task in plan.tasks if task.fallback}

    def full(self) -> frozenset[str]:
        """Return the agents for which something waits."""
        return frozenset(
            place.agent
            for task, place in self._places.items()
            if task not in self._inside and not place.ticket.held
        )

    def admit(self, decisions: Sequence[Decision], free: int) -> Sequence[Decision]:
        """Return what can be carried out now, at most `free` starts among it.

        Requests of tasks that are not to start any more are taken back.

        Raises:
            StorageError: the store could not be asked.
        """
        admitted: list[Decision] = []
        for decision in map(self._diverted, decisions):
            if not isinstance(decision, Start):
                admitted.append(decision)
            elif self._has_room(decision) and free > 0:
                free -= 1
                self._inside.add(decision.task)
                admitted.append(decision)
        if self._places:
            wanted = {decision.task for decision in decisions if isinstance(decision, Start)}
            self._leave([task for task in self._places if task not in wanted | self._inside])
        return admitted

    async def enter(self, task: str, attempt: int, agent: str) -> None:
        """Wait until an attempt that has begun already may go on; it is inside until it is `left`."""
        self._inside.add(task)
        place = self._place(task, attempt, agent)
        if place is not None:
            await asyncio.shield(place.ticket.granted)

    def left(self, task: str) -> None:
        """Give back what an attempt held that has ended."""
        self._inside.discard(task)
        if task in self._places:
            self._leave([task])

    async def close(self) -> None:
        """Give everything back, and return when that is durable."""
        self._inside.clear()
        self._leave(list(self._places))
        if self._leaving is not None:
            await self._leaving

    def _diverted(self, decision: Decision) -> Decision:
        """Return a start with the next agent that is well, where the task has one: it need not wait until the first is."""
        agents = self._agents_of.get(decision.task, ()) if isinstance(decision, Start) else ()
        if not isinstance(decision, Start) or self._is_well(decision.agent) or decision.agent not in agents:
            return decision
        rest = agents[agents.index(decision.agent) + 1 :]
        return replace(decision, agent=next(filter(self._is_well, rest), decision.agent))

    def _is_well(self, agent: str) -> bool:
        return self._admission.well(agent, provider_of(self._agents.get(agent)))

    def _has_room(self, start: Start) -> bool:
        place = self._place(start.task, start.attempt, start.agent)
        return place is None or place.ticket.held

    def _place(self, task: str, attempt: int, agent: str) -> _Place | None:
        """Return the place of an attempt, taken now if it has none; None when it needs none."""
        known = self._places.get(task)
        if known is not None and (known.attempt, known.agent) == (attempt, agent):
            return known
        provider = provider_of(self._agents.get(agent))
        if not self._admission.needs(agent, provider):
            return None
        request = Request(
            run=self._run,
            task=task,
            attempt=attempt,
            agent=agent,
            provider=provider,
            weight=self._weight,
            priority=self._priorities.get(task, 0),
        )
        place = _Place(attempt, agent, self._admission.ask(request))
        place.ticket.granted.add_done_callback(lambda _: self._changed())
        if known is not None:
            self._leave([task])
        if agent not in self.full():
            self._changed()  # what is ready for other agents need not wait for this one
        self._places[task] = place
        return place

    def _leave(self, tasks: Sequence[str]) -> None:
        if tasks:
            self._leaving = self._admission.give_back(*(self._places.pop(task).ticket for task in tasks))
