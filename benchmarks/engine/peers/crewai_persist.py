"""CrewAI: a run is a flow, a task a method of it, the state is saved after each (`@persist`); no model, telemetry is off."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

os.environ["CREWAI_DISABLE_TELEMETRY"] = "true"
os.environ["CREWAI_DISABLE_VERSION_CHECK"] = "true"
os.environ["CREWAI_TRACING_ENABLED"] = "false"
os.environ["OTEL_SDK_DISABLED"] = "true"

import measuring
from crewai.flow.flow import Flow, and_, listen, start
from crewai.flow.persistence import persist
from crewai.flow.persistence.sqlite import SQLiteFlowPersistence

RUN = "00000000-0000-4000-8000-000000000001"
Method = Callable[[Any], Awaitable[str]]


def method(name: str, slots: asyncio.Semaphore) -> Method:
    async def run(self: Any) -> str:
        if measuring.slow():
            async with slots:
                await task(self.state, name)
        return name

    run.__name__ = run.__qualname__ = name
    return run


async def task(state: dict[str, Any], name: str) -> None:
    """Take a while, unless the state of a flow that was killed says that it is done."""
    done = state.setdefault("done", [])
    if name in done:
        return
    measuring.note("S", name)
    await asyncio.sleep(measuring.TASK_SECONDS)
    measuring.note("E", name)
    done.append(name)


def chain(length: int, slots: asyncio.Semaphore) -> dict[str, Any]:
    methods = {"t0": start()(method("t0", slots))}
    for number in range(1, length):
        name = f"t{number}"
        methods[name] = listen(f"t{number - 1}")(method(name, slots))
    return methods


def fan(width: int, slots: asyncio.Semaphore) -> dict[str, Any]:
    middle = [f"t{number}" for number in range(width)]
    methods = {"root": start()(method("root", slots))}
    methods |= {name: listen("root")(method(name, slots)) for name in middle}
    return methods | {"join": listen(and_(*middle))(method("join", slots))}


class CrewAi:
    def open(self, folder: Path, url: str) -> None:
        del url
        self._states = SQLiteFlowPersistence(str(folder / "flows.db"))

    def carry_out(self, work: measuring.Work) -> None:
        asyncio.run(self._all(work))

    async def _all(self, work: measuring.Work) -> None:
        kind = self._kind(work)
        flows = [kind(suppress_flow_events=True, tracing=False) for _ in range(work.count)]
        await asyncio.gather(*(flow.kickoff_async() for flow in flows))

    def begin(self, work: measuring.Work) -> None:
        flow = self._kind(work)(suppress_flow_events=True, tracing=False)
        asyncio.run(flow.kickoff_async(inputs={"id": RUN}))

    def resume(self, work: measuring.Work) -> None:
        self.begin(work)

    def close(self) -> None:
        pass

    def _kind(self, work: measuring.Work) -> Any:
        methods = (chain if work.shape == "chain" else fan)(work.size, asyncio.Semaphore(work.parallel))
        return persist(self._states)(type("Peer", (Flow,), methods))


if __name__ == "__main__":
    measuring.run(CrewAi())
