"""DBOS with a workflow of its own for each task, which has one step: a unit that is started, found and resumed by itself."""

import asyncio

import dbos_steps
import measuring
from dbos import DBOS


@DBOS.workflow()
async def child(name: str) -> str:
    return await dbos_steps.task(name)


@DBOS.workflow()
async def chain_of_children(length: int) -> None:
    for number in range(length):
        await child(str(number))


@DBOS.workflow()
async def fan_of_children(width: int, parallel: int) -> None:
    await child("root")
    slots = asyncio.Semaphore(parallel)

    async def one(number: int) -> str:
        async with slots:
            return await child(str(number))

    await asyncio.gather(*(one(number) for number in range(width)))
    await child("join")


if __name__ == "__main__":
    measuring.run(dbos_steps.Dbos(chain_of_children, fan_of_children))
