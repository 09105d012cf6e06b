"""Slots as rows. Every step locks the one row of `slot_turns` first, so that steps come one after another.

Which run goes next is decided by self-clocked fair queueing (Golestani 1994): a run that begins to wait gets the tag
V + 1/weight, where V is the tag that was granted last; the lowest tag goes first, and the run's next one is V + 1/weight again.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from astrolabe.adapters.storage import schema
from astrolabe.adapters.storage.health import SqlHealth
from astrolabe.adapters.storage.processes import SqlProcesses
from astrolabe.domain.health import Breaker, Kind, Record
from astrolabe.domain.limits import SlotLimits
from astrolabe.ports.slots import Request, Standing, Terms
from astrolabe.ports.store import Owner
from astrolabe.ports.wakeups import WakeUps

UNIT = 720_720
"""What a grant costs a run of weight 1; divisible by every weight up to 16, so that those are exact."""

_Kind = tuple[str, str, str]
"""Tenant, agent and provider: requests that agree on them count against the same limits."""

_slots, _turns = schema.slots, schema.slot_turns
_KIND = (_slots.c.tenant, _slots.c.agent, _slots.c.provider)
_OWNER = (_slots.c.owner_token, _slots.c.owner_pid, _slots.c.owner_boot_id, _slots.c.owner_started_ticks)
_WAITS, _HOLDS = _slots.c.held == 0, _slots.c.held == 1


@dataclass
class _Clock:
    """`virtual` is the tag that was granted last, `count` numbers requests and turns."""

    virtual: int
    count: int

    def next(self) -> int:
        self.count += 1
        return self.count


class _Gate:
    """What the breakers of agents and providers let through in one step."""

    def __init__(self, records: Mapping[tuple[str, str, str], Record], breaker: Breaker) -> None:
        self.ill = {key: record for key, record in records.items() if record.kind is not Kind.TOOL}
        self._breaker = breaker
        self._probed: set[tuple[str, str, str]] = set()
        self.due_seconds: float | None = None

    def lets(self, kind: _Kind) -> bool:
        """Tell whether a request may be granted; where it must wait for a breaker, note for how long."""
        waits = [self.ill[key].wait_seconds(self._breaker) for key in self._of(kind)]
        if longest := max(waits, default=0.0):
            self.due_seconds = min(longest, self.due_seconds or longest)
            return False
        return not any(key in self._probed for key in self._of(kind))

    def probes(self, kind: _Kind) -> bool:
        """Note that one of this kind has been let through; tell whether that tries if all is well again."""
        self._probed.update(self._of(kind))
        return bool(self._of(kind))

    def _of(self, kind: _Kind) -> list[tuple[str, str, str]]:
        tenant, agent, provider = kind
        asked = ((tenant, Kind.AGENT.value, agent), (tenant, Kind.PROVIDER.value, provider))
        return [key for key in asked if key in self.ill]


class SqlSlots:
    """The slots as a tenant's processes see them; those of other tenants count against limits as well."""

    def __init__(self, wakeups: WakeUps, processes: SqlProcesses, health: SqlHealth, tenant: str) -> None:
        self._wakeups = wakeups
        self._processes = processes
        self._health = health
        self._tenant = tenant

    async def ask(self, ticket: str, request: Request, owner: Owner, terms: Terms) -> Standing:
        def add(connection: Connection, clock: _Clock) -> None:
            tag, turn = _turn_of(connection, clock, request)
            row = _row(request) | {"id": ticket, "tenant": self._tenant, "number": clock.next()}
            holder = {column.name: value for column, value in zip(_OWNER, _told(owner), strict=True)}
            connection.execute(insert(_slots).values(**row, **holder, held=0, probe=0, tag=tag, turn=turn))

        return await self._step(add, owner, terms)

    async def give_back(self, tickets: Collection[str], owner: Owner, terms: Terms) -> Standing:
        def remove(connection: Connection, _clock: _Clock) -> None:
            connection.execute(delete(_slots).where(_slots.c.id.in_(tuple(tickets))))

        return await self._step(remove, owner, terms)

    async def look(self, owner: Owner, terms: Terms) -> Standing:
        return await self._step(lambda _connection, _clock: None, owner, terms)

    async def _step(
        self, change: Callable[[Connection, _Clock], None], owner: Owner, terms: Terms
    ) -> Standing:
        def write(connection: Connection) -> tuple[set[str], Standing]:
            clock = _Clock(
                *connection.execute(select(_turns.c.virtual, _turns.c.count).with_for_update()).one()
            )
            change(connection, clock)
            self._free_the_dead(connection)
            gate = self._gate(connection, terms.breaker)
            granted = _grant_all(connection, clock, terms.limits, gate)
            connection.execute(update(_turns).values(virtual=clock.virtual, count=clock.count))
            held = select(_slots.c.id).where(_slots.c.owner_token == owner.token, _HOLDS)
            return granted, Standing(frozenset(connection.execute(held).scalars()), gate.due_seconds)

        granted, standing = await self._processes.change(write)
        for token in sorted(granted - {owner.token}):
            await self._wakeups.wake(token)
        return standing

    async def ill(self, breaker: Breaker) -> Collection[Record]:
        records = await self._health.ill(breaker.failures)
        return [record for record in records if record.kind is not Kind.TOOL]

    async def wake_all(self) -> None:
        for process in await self._processes.list():
            await self._wakeups.wake(process.token)

    def _gate(self, connection: Connection, breaker: Breaker) -> "_Gate":
        gate = _Gate(self._health.everywhere(connection, breaker.failures), breaker)
        if gate.ill:
            for row in connection.execute(select(*_KIND).where(_HOLDS, _slots.c.probe == 1)):
                gate.probes(_kind(row))
        return gate

    def _free_the_dead(self, connection: Connection) -> None:
        owners = [Owner(*row) for row in connection.execute(select(*_OWNER).distinct())]
        dead = {owner.token for owner in owners} - self._processes.living(connection, owners)
        if dead:
            connection.execute(delete(_slots).where(_slots.c.owner_token.in_(sorted(dead))))


def _turn_of(connection: Connection, clock: _Clock, request: Request) -> tuple[int, int]:
    """Return the tag of a request: that of its run if it waits already, else the one of who comes now."""
    waiting = select(_slots.c.tag, _slots.c.turn).where(_slots.c.run == request.run, _WAITS).limit(1)
    known = connection.execute(waiting).first()
    return (known.tag, known.turn) if known else (_tag(clock, request.weight), clock.next())


def _tag(clock: _Clock, weight: int) -> int:
    return clock.virtual + max(1, UNIT // weight)


def _row(request: Request) -> dict[str, Any]:
    same = ("run", "task", "attempt", "agent", "weight", "priority")
    return {name: getattr(request, name) for name in same} | {"provider": request.provider or ""}


def _told(owner: Owner) -> tuple[object, ...]:
    return owner.token, owner.pid, owner.boot_id, owner.started_ticks


def _grant_all(connection: Connection, clock: _Clock, limits: SlotLimits, gate: _Gate) -> set[str]:
    """Grant while anything that waits has room; return the tokens of those it was granted to."""
    kinds = [_kind(row) for row in connection.execute(select(*_KIND).where(_WAITS).distinct())]
    if not kinds:
        return set()
    used = _used(connection, limits)
    granted: set[str] = set()
    while rows := list(
        _first(connection, (kind for kind in kinds if _has_room(used, limits, kind) and gate.lets(kind)))
    ):
        row = min(rows, key=lambda row: (row.tag, row.turn, -row.priority, row.number))
        _grant(connection, clock, row, probe=gate.probes(_kind(row)))
        used.update(dict.fromkeys(limits.of(*_kind(row)), 1))
        granted.add(row.owner_token)
    return granted


def _used(connection: Connection, limits: SlotLimits) -> Counter[str]:
    """Return how much of each limit is in use."""
    used: Counter[str] = Counter()
    for row in connection.execute(select(*_KIND, func.count().label("many")).where(_HOLDS).group_by(*_KIND)):
        used.update(dict.fromkeys(limits.of(*_kind(row)), row.many))
    return used


def _has_room(used: Mapping[str, int], limits: SlotLimits, kind: _Kind) -> bool:
    return all(used.get(name, 0) < limit for name, limit in limits.of(*kind).items())


def _kind(row: Any) -> _Kind:
    return row.tenant, row.agent, row.provider


def _first(connection: Connection, kinds: Iterable[_Kind]) -> Iterable[Row[Any]]:
    """Return of each kind the request that goes first."""
    order = (_slots.c.tag, _slots.c.turn, _slots.c.priority.desc(), _slots.c.number)
    for kind in kinds:
        same = [column == value for column, value in zip(_KIND, kind, strict=True)]
        row = connection.execute(select(_slots).where(_WAITS, *same).order_by(*order).limit(1)).first()
        if row is not None:
            yield row


def _grant(connection: Connection, clock: _Clock, row: Row[Any], *, probe: bool) -> None:
    connection.execute(update(_slots).where(_slots.c.id == row.id).values(held=1, probe=int(probe)))
    clock.virtual = max(clock.virtual, row.tag)
    rest = update(_slots).where(_slots.c.run == row.run, _WAITS)
    connection.execute(rest.values(tag=_tag(clock, row.weight), turn=clock.next()))
