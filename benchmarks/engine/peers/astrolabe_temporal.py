"""Astrolabe's Temporal driver on SQLite or PostgreSQL; agent, sandbox, workspace and hub do nothing."""

import asyncio
import sys
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parent.parent))

import measuring
import ours
import shapes
import still
from temporal_server import DevelopmentServer

from astrolabe.adapters.storage.tasks import SqlTaskJournal
from astrolabe.adapters.temporal.cluster import TemporalCluster
from astrolabe.adapters.temporal.place import Place
from astrolabe.adapters.temporal.worker import WorkerOptions, serve
from astrolabe.domain.plan import Plan
from astrolabe.domain.run import RunState
from astrolabe.engine.errand import Errands
from astrolabe.ports.store import RunRecord

HOST = "here"
HEARTBEAT_SECONDS = 5.0
OPTIONS = {"driver": "temporal", "host": HOST}


class AstrolabeByTemporal:
    """Its worker is started with the first work, and stays."""

    def open(self, folder: Path, url: str) -> None:
        self._server = DevelopmentServer(folder)
        self._folder, self._url = folder, url
        self._loop = asyncio.Runner()
        self._client = self._loop.run(self._server.reached())
        self._open = AsyncExitStack()
        self._bench: ours.Bench | None = None

    def carry_out(self, work: measuring.Work) -> None:
        self._loop.run(self._all(work))

    def begin(self, work: measuring.Work) -> None:
        raise NotImplementedError  # what a kill does to a worker is seen in tests/crash

    resume = begin

    def close(self) -> None:
        self._loop.run(self._open.aclose())
        self._loop.close()
        self._server.stop()

    async def _all(self, work: measuring.Work) -> None:
        plan = shapes.chain(work.size) if work.shape == "chain" else shapes.fan(work.size)
        bench = await self._opened(work)
        await asyncio.gather(*(self._one(bench, plan, number) for number in range(work.count)))

    async def _opened(self, work: measuring.Work) -> ours.Bench:
        if self._bench is None:
            bench = ours.Bench(self._folder, work.parallel, self._url)
            self._bench = await self._open.enter_async_context(bench.opened())
            await self._open.enter_async_context(self._worker(bench, work))
        return self._bench

    @asynccontextmanager
    async def _worker(self, bench: ours.Bench, work: measuring.Work) -> AsyncGenerator[None]:
        shop, stop = bench.workshop, asyncio.Event()
        journal = SqlTaskJournal(bench.database, bench.wakeups, shop.determinism, "worker")
        errands = Errands(shop, journal, _workspace, HOST)
        serving = asyncio.create_task(
            serve(
                self._place,
                errands,
                journal,
                shop.determinism,
                shop.store.probe,
                WorkerOptions("1", 1.0, HEARTBEAT_SECONDS),
                ["idle"],
                work.parallel,
                stop,
            )
        )
        try:
            yield
        finally:
            stop.set()
            await serving

    @property
    def _place(self) -> Place:
        return Place(self._server.address, "default")

    async def _one(self, bench: ours.Bench, plan: Plan, number: int) -> None:
        record, _ = await bench.begun(plan, number, OPTIONS)
        state = RunState(record.id).apply(await bench.workshop.store.events(record.id))
        await TemporalCluster(self._place, HEARTBEAT_SECONDS).start(plan, state)
        ended = await self._client.get_workflow_handle(record.id).result()
        if ended != "passed":
            raise RuntimeError(f"the run ended as {ended}")


async def _workspace(_record: RunRecord) -> still.StillWorkspace:
    return still.StillWorkspace()


if __name__ == "__main__":
    measuring.run(AstrolabeByTemporal())
