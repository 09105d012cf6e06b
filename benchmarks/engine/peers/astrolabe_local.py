"""Astrolabe's local driver on SQLite or PostgreSQL, with doubles of agent, sandbox and workspace that do nothing."""

import asyncio
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parent.parent))

import measuring
import ours
import shapes
import still

from astrolabe.domain.plan import Plan, Task
from astrolabe.sdk import Workbench


class Worker(still.Idle):
    """Does nothing; where it is to take a while, it says when it starts and when it has ended."""

    async def work(self, task: Task, bench: Workbench) -> None:
        del bench
        if measuring.slow():
            measuring.note("S", task.id)
            await asyncio.sleep(measuring.TASK_SECONDS)
            measuring.note("E", task.id)


class Astrolabe:
    def open(self, folder: Path, url: str) -> None:
        self._folder, self._url = folder, url

    def carry_out(self, work: measuring.Work) -> None:
        asyncio.run(self._run(work))

    def begin(self, work: measuring.Work) -> None:
        asyncio.run(self._run(work))

    def resume(self, work: measuring.Work) -> None:
        async def whole() -> None:
            async with self._bench(work).opened() as bench:
                await bench.resume()

        asyncio.run(whole())

    def close(self) -> None:
        pass

    async def _run(self, work: measuring.Work) -> None:
        async with self._bench(work).opened() as bench:
            await bench.runs(self._plan(work), work.count)

    def _bench(self, work: measuring.Work) -> ours.Bench:
        return ours.Bench(self._folder, work.parallel, self._url, Worker())

    def _plan(self, work: measuring.Work) -> Plan:
        return shapes.chain(work.size) if work.shape == "chain" else shapes.fan(work.size)


if __name__ == "__main__":
    measuring.run(Astrolabe())
