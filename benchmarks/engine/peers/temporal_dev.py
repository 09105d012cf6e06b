"""Temporal: a run is a workflow, a task an activity; the dev server keeps its state in an SQLite file set to WAL."""

import asyncio
import socket
import subprocess
import sys
import uuid
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from temporalio import activity, workflow

with workflow.unsafe.imports_passed_through():
    import measuring
    from temporalio.client import Client
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
    """The server belongs to the process that measures; after a kill the next worker finds it by its port in the folder."""

    def open(self, folder: Path, url: str) -> None:
        del url
        self._server: subprocess.Popen[bytes] | None = None
        port = folder / "port"
        if not port.exists():
            port.write_text(str(self._start_server(folder)))
        self._address = f"127.0.0.1:{port.read_text()}"
        asyncio.run(self._reached())

    def _start_server(self, folder: Path) -> int:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        command: list[Any] = [Path(sys.executable).parent / "temporal", "server", "start-dev", "--headless"]
        command += ["--ip", "127.0.0.1", "--port", str(port), "--db-filename", folder / "temporal.db"]
        command += ["--sqlite-pragma", "journal_mode=wal", "--log-level", "never"]
        quiet = subprocess.DEVNULL
        # a server outlives a worker that is killed, so it gets a session of its own; its id is left in the folder
        self._server = subprocess.Popen(command, stdout=quiet, stderr=quiet, start_new_session=True)
        (folder / "server.pid").write_text(str(self._server.pid))
        return port

    async def _reached(self) -> Client:
        for _ in range(600):
            try:
                return await Client.connect(self._address)
            except RuntimeError:
                await asyncio.sleep(0.1)
        raise TimeoutError

    @asynccontextmanager
    async def _client(self, parallel: int) -> AsyncGenerator[Client]:
        client = await self._reached()
        worker = Worker(
            client,
            task_queue="q",
            workflows=[Chain, Fan],
            activities=[task],
            max_concurrent_activities=parallel,
        )
        async with worker:
            yield client

    def carry_out(self, work: measuring.Work) -> None:
        async def whole() -> None:
            async with self._client(work.parallel) as client:
                await asyncio.gather(*(self._one(client, work) for _ in range(work.count)))

        asyncio.run(whole())

    async def _one(self, client: Client, work: measuring.Work) -> None:
        if work.shape == "chain":
            await client.execute_workflow(Chain.run, work.size, id=uuid.uuid4().hex, task_queue="q")
        else:
            arguments = [work.size, work.parallel]
            await client.execute_workflow(Fan.run, args=arguments, id=uuid.uuid4().hex, task_queue="q")

    def begin(self, work: measuring.Work) -> None:
        async def whole() -> None:
            async with self._client(work.parallel) as client:
                arguments = [work.size, work.parallel]
                await client.execute_workflow(Fan.run, args=arguments, id="fan", task_queue="q")

        asyncio.run(whole())

    def resume(self, work: measuring.Work) -> None:
        async def whole() -> None:
            async with self._client(work.parallel) as client:
                await client.get_workflow_handle("fan").result()

        asyncio.run(whole())

    def close(self) -> None:
        if self._server is not None:
            self._server.terminate()
            self._server.wait()


if __name__ == "__main__":
    measuring.run(Temporal())
