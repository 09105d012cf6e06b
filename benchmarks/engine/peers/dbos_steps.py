"""DBOS: a run is a workflow, a task a step of it; on SQLite (set to WAL, which DBOS itself leaves off) or PostgreSQL."""

import asyncio
import os
import sqlite3
from pathlib import Path
from typing import Any

import measuring
from dbos import DBOS, SetWorkflowID

POLL_SECONDS = 0.02


@DBOS.step()
async def task(name: str) -> str:
    if measuring.slow():
        measuring.note("S", name)
        await asyncio.sleep(measuring.TASK_SECONDS)
        measuring.note("E", name)
    return name


@DBOS.workflow()
async def chain(length: int) -> None:
    for number in range(length):
        await task(str(number))


@DBOS.workflow()
async def fan(width: int, parallel: int) -> None:
    await task("root")
    slots = asyncio.Semaphore(parallel)

    async def one(number: int) -> str:
        async with slots:
            return await task(str(number))

    await asyncio.gather(*(one(number) for number in range(width)))
    await task("join")


class Dbos:
    """Carries out workflows of the two shapes."""

    def __init__(self, chain: Any, fan: Any) -> None:
        self._chain, self._fan = chain, fan

    def open(self, folder: Path, url: str) -> None:
        if not url:
            file = folder / "dbos.db"
            with sqlite3.connect(file) as connection:
                connection.execute("PRAGMA journal_mode=WAL")
            url = f"sqlite:///{file}"
        config: Any = {
            "name": "peer",
            "system_database_url": url.replace("postgresql://", "postgresql+psycopg://"),
            "executor_id": "local",
            "application_version": "1",
            "log_level": "ERROR",
            "console_log_level": "ERROR",
        }
        if "postgresql" in url:
            config["sys_db_pool_size"] = 40
        DBOS(config=config)
        DBOS.launch()

    def carry_out(self, work: measuring.Work) -> None:
        asyncio.run(self._all(work))

    def begin(self, work: measuring.Work) -> None:
        async def whole() -> None:
            with SetWorkflowID("fan"):
                handle = await DBOS.start_workflow_async(self._fan, work.size, work.parallel)
            await handle.get_result(polling_interval_sec=POLL_SECONDS)

        asyncio.run(whole())

    def resume(self, work: measuring.Work) -> None:
        del work

        async def whole() -> None:
            handle = await DBOS.retrieve_workflow_async("fan")  # taken up by the launch
            await handle.get_result(polling_interval_sec=POLL_SECONDS)

        asyncio.run(whole())

    def close(self) -> None:
        if measuring.slow():
            os._exit(0)  # its threads have nothing to say any more
        DBOS.destroy()

    async def _all(self, work: measuring.Work) -> None:
        if work.shape == "chain":
            handles = [await DBOS.start_workflow_async(self._chain, work.size) for _ in range(work.count)]
        else:
            handles = [await DBOS.start_workflow_async(self._fan, work.size, work.parallel)]
        for handle in handles:
            await handle.get_result(polling_interval_sec=POLL_SECONDS)


if __name__ == "__main__":
    measuring.run(Dbos(chain, fan))
