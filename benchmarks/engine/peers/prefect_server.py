"""Prefect: a run is a flow, a task a task whose result is kept; a server of its own on SQLite, without UI and telemetry."""

import asyncio
import os
import sys
import uuid
from pathlib import Path

os.environ["PREFECT_SERVER_ANALYTICS_ENABLED"] = "false"
os.environ["PREFECT_LOGGING_LEVEL"] = "CRITICAL"
os.environ["PREFECT_LOGGING_TO_API_ENABLED"] = "false"
os.environ["PREFECT_SERVER_LOGGING_LEVEL"] = "CRITICAL"
os.environ["DO_NOT_TRACK"] = "1"

import measuring
import prefect
from prefect.cache_policies import INPUTS
from prefect.settings import PREFECT_API_URL, temporary_settings

SERVER_SECONDS = 240


@prefect.task(persist_result=True, cache_policy=INPUTS)
async def task(name: str, run: str) -> str:
    del run
    if measuring.slow():
        measuring.note("S", name)
        await asyncio.sleep(measuring.TASK_SECONDS)
        measuring.note("E", name)
    return name


@prefect.flow
async def chain(length: int, run: str) -> None:
    for number in range(length):
        await task(str(number), run)


@prefect.flow
async def fan(width: int, parallel: int, run: str) -> None:
    await task("root", run)
    slots = asyncio.Semaphore(parallel)

    async def one(number: int) -> str:
        async with slots:
            return await task(str(number), run)

    await asyncio.gather(*(one(number) for number in range(width)))
    await task("join", run)


class Prefect:
    def open(self, folder: Path, url: str) -> None:
        del url
        (port,) = measuring.ports(folder, 1)
        self._server = measuring.Server(folder)
        if not self._server.runs:
            words = ["--host", "127.0.0.1", "--port", port, "--no-ui", "--analytics-off"]
            words += ["--no-scheduler", "--no-late-runs"]
            self._server.start([sys.executable, "-m", "prefect", "server", "start", *words])
        api = f"http://127.0.0.1:{port}/api"
        measuring.wait_for(lambda: measuring.answers(f"{api}/health"), SERVER_SECONDS)
        self._settings = temporary_settings({PREFECT_API_URL: api})
        self._settings.__enter__()
        self._runner = asyncio.Runner()

    def carry_out(self, work: measuring.Work) -> None:
        self._runner.run(self._all(work))

    async def _all(self, work: measuring.Work) -> None:
        await asyncio.gather(*(self._one(work, uuid.uuid4().hex) for _ in range(work.count)))

    async def _one(self, work: measuring.Work, run: str) -> None:
        if work.shape == "chain":
            await chain(work.size, run)
        else:
            await fan(work.size, work.parallel, run)

    def begin(self, work: measuring.Work) -> None:
        self._runner.run(self._one(work, "fan"))

    def resume(self, work: measuring.Work) -> None:
        self.begin(work)  # a flow anew, in which tasks of the same inputs have their results

    def close(self) -> None:
        self._runner.close()
        self._server.stop()


if __name__ == "__main__":
    measuring.run(Prefect())
