"""Our side: runs of no-op tasks on the real store and the real local driver."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from types import MappingProxyType

from still import HEAD, Idle, StillSandbox, StillWorkspace

from astrolabe.adapters.storage.blobs import Blobs, FileBlobs, ServerBlobs
from astrolabe.adapters.storage.database import Database
from astrolabe.adapters.storage.notification import ServerWakeUps
from astrolabe.adapters.storage.ownership import this_process
from astrolabe.adapters.storage.postgresql import PostgresServer
from astrolabe.adapters.storage.processes import SqlProcesses
from astrolabe.adapters.storage.sqlite import SqliteFile
from astrolabe.adapters.storage.store import SqlStore
from astrolabe.adapters.storage.wakeup import SocketWakeUps
from astrolabe.bootstrap import real_determinism, spare_the_collector
from astrolabe.domain.event import EventType, NewEvent
from astrolabe.domain.health import Breaker
from astrolabe.domain.limits import SlotLimits
from astrolabe.domain.plan import Plan
from astrolabe.domain.run import RunStatus
from astrolabe.engine.admission import Admission
from astrolabe.engine.local import LocalDriver
from astrolabe.engine.workshop import Limits, Watcher, Workshop
from astrolabe.ports.slots import Terms
from astrolabe.ports.store import Lease, RunRecord
from astrolabe.ports.wakeups import WakeUps
from astrolabe.sdk import Agent

LEASE_SECONDS = 15.0


class Bench:
    """A store on a file, or on the PostgreSQL server at `url`, and a driver whose agent and sandbox do nothing."""

    def __init__(self, folder: Path, parallel: int, url: str = "", agent: Agent | None = None) -> None:
        self._determinism = real_determinism()
        self._owner = this_process(self._determinism.new_id())
        self.database, blobs, self.wakeups = self._storage(folder, url)
        lease = LEASE_SECONDS if url else None
        processes = SqlProcesses(self.database, folder / "processes", self._owner, self._determinism, lease)
        self._store = SqlStore(self.database, blobs, self.wakeups, processes, self._determinism)
        self.workshop = Workshop(
            store=self._store,
            owner=self._owner,
            sandbox=StillSandbox(),
            images=None,  # pyright: ignore[reportArgumentType] - no task here names one
            agents={"idle": agent or Idle()},
            determinism=self._determinism,
            woken=self.wakeups.wait,
            admission=Admission(
                self._store.slots,
                Terms(SlotLimits(), Breaker()),
                self._owner,
                self._determinism.new_id,
                self.wakeups.wait,
            ),
            limits=Limits(parallel, parallel),
            reuse_evidence=False,
        )
        self._driver = LocalDriver(self.workshop)

    def _storage(self, folder: Path, url: str) -> tuple[Database, Blobs, WakeUps]:
        if not url:
            sockets = SocketWakeUps(folder / "wake", self._owner.token)
            return Database(SqliteFile(folder / "astrolabe.db")), FileBlobs(folder / "blobs"), sockets
        server = PostgresServer(url)
        database = Database(server)
        return database, ServerBlobs(database, self._determinism), ServerWakeUps(server, self._owner.token)

    @asynccontextmanager
    async def opened(self) -> AsyncGenerator["Bench"]:
        self.database.open()
        self.wakeups.open()
        spare_the_collector()
        try:
            yield self
        finally:
            await self._store.close()

    async def runs(self, plan: Plan, count: int) -> None:
        """Carry `count` runs of a plan out side by side.

        Raises:
            RuntimeError: one of them did not pass.
        """
        await asyncio.gather(*(self._run(plan, number) for number in range(count)))

    async def _run(self, plan: Plan, number: int) -> None:
        _, lease = await self.begun(plan, number)
        await self._drive(lease, plan)

    async def begun(
        self, plan: Plan, number: int, options: Mapping[str, str] = MappingProxyType({})
    ) -> tuple[RunRecord, Lease]:
        """Make a run of which nothing has been done yet."""
        version = await self._store.add_plan(plan)
        record = RunRecord(
            id=self._determinism.new_id(),
            tenant="default",
            goal=plan.goal,
            plan_version=version.version,
            plan_id=version.id,
            target=f"/nowhere/{version.id}/{number}",
            origin="",
            status=RunStatus.RUNNING,
            created_at=self._determinism.now(),
            finished_at=None,
            commit=None,
            reason="",
            owner=None,
            options={**options},
        )
        data = {"tasks": [task.id for task in plan.tasks], "ground": {"base": HEAD}}
        lease = await self._store.create_run(
            record, self._owner, NewEvent(type=EventType.RUN_CREATED, data=data)
        )
        return record, lease

    async def asked(self) -> int:
        """Return how many questions wait for an answer."""
        return len(await self._store.approvals(waiting=True, limit=1_000_000))

    async def resume(self) -> None:
        """Carry on what another process left."""
        for record in await self._store.runs(unfinished=True):
            lease = await self._store.claim(record.id, self._owner)
            (version,) = await self._store.plan_versions(record.plan_id)
            await self._drive(lease, version.plan)

    async def _drive(self, lease: Lease, plan: Plan) -> None:
        state = await self._driver.drive(lease, plan, StillWorkspace(), Watcher())
        if state.status is not RunStatus.PASSED:
            raise RuntimeError(f"the run ended as {state.status}: {state.reason}")


async def carry_out(folder: Path, plan: Plan, count: int, parallel: int) -> None:
    """Do it on the store in `folder`, which is made where there is none."""
    async with Bench(folder, parallel).opened() as bench:
        await bench.runs(plan, count)
