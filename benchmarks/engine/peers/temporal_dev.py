"""Temporal: a run is a workflow, a task an activity; the dev server keeps its state in an SQLite file set to WAL."""

import asyncio
import uuid
from datetime import timedelta
from pathlib import Path

from temporalio import activity, workflow

with workflow.unsafe.imports_passed_through():
    import measuring
    from temporal_server import DevelopmentServer
    from temporalio.common import RetryPolicy
    from temporalio.worker import Worker

LONGEST = timedelta(seconds=5)
RETRY = RetryPolicy(initial_interval=timedelta(milliseconds=100))


@activity.defn
async def task(name: str) -> str:
    if measuring.slow():
        measuring.note("S", name)
        await asyncio.sleep(measuring.TASK_SECONDS)
        measuring.note("E", name)
    return name


async def call(name: str) -> str:
    return await workflow.execute_activity(task, name, start_to_close_timeout=LONGEST, retry_policy=RETRY)


@workflow.defn
class Chain:
    @workflow.run
    async def run(self, length: int) -> None:
        for number in range(length):
            await call(str(number))


@workflow.defn
class Fan:
    @workflow.run
    async def run(self, width: int, parallel: int) -> None:
        await call("root")
        slots = asyncio.Semaphore(parallel)

        async def one(number: int) -> str:
            async with slots:
                return await call(str(number))

        await asyncio.gather(*(one(number) for number in range(width)))
        await call("join")


class Temporal:
    def open(self, folder: Path, url: str) -> None:
        del url
        self._server = DevelopmentServer(folder)
        self._runner = asyncio.Runner()
        self._client = self._runner.run(self._server.reached())
        self._worker: Worker | None = None

    async def _work(self, parallel: int) -> None:
        """Start the worker, once: neither its start nor its end is measured."""
        if self._worker is None:
            self._worker = Worker(
                self._client,
                task_queue="q",
                workflows=[Chain, Fan],
                activities=[task],
                max_concurrent_activities=parallel,
            )
            await self._worker.__aenter__()

    def carry_out(self, work: measuring.Work) -> None:
        self._runner.run(self._all(work))

    async def _all(self, work: measuring.Work) -> None:
        await self._work(work.parallel)
        await asyncio.gather(*(self._one(work, uuid.uuid4().hex) for _ in range(work.count)))

    async def _one(self, work: measuring.Work, name: str) -> None:
        if work.shape == "chain":
            await self._client.execute_workflow(Chain.run, work.size, id=name, task_queue="q")
        else:
            arguments = [work.size, work.parallel]
            await self._client.execute_workflow(Fan.run, args=arguments, id=name, task_queue="q")

    def begin(self, work: measuring.Work) -> None:
        async def whole() -> None:
            await self._work(work.parallel)
            await self._one(work, "fan")

        self._runner.run(whole())

    def resume(self, work: measuring.Work) -> None:
        async def whole() -> None:
            await self._work(work.parallel)
            await self._client.get_workflow_handle("fan").result()

        self._runner.run(whole())

    def close(self) -> None:
        if self._worker is not None:
            self._runner.run(self._worker.__aexit__(None, None, None))
        self._runner.close()
        self._server.stop()


if __name__ == "__main__":
    measuring.run(Temporal())
