"""LangGraph with its SQLite saver: a node a task, a checkpoint after each super-step (`durability="sync"`)."""

import asyncio
import itertools
import operator
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, Any, TypedDict

import measuring
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver
from langgraph.graph import END, START, StateGraph
from langgraph.types import Send


class State(TypedDict, total=False):
    size: int
    number: int
    done: Annotated[list[str], operator.add]


async def task(name: str) -> str:
    if measuring.slow():
        measuring.note("S", name)
        await asyncio.sleep(measuring.TASK_SECONDS)
        measuring.note("E", name)
    return name


async def step(state: State) -> State:
    await task(str(state.get("number", 0)))
    return {"number": state.get("number", 0) + 1}


def named(name: str) -> Callable[[State], Awaitable[State]]:
    async def node(_state: State) -> State:
        await task(name)
        return {}

    return node


async def one(state: State) -> State:
    return {"done": [await task(str(state["number"]))]}


def chain(saver: AsyncSqliteSaver) -> Any:
    graph = StateGraph(State)
    graph.add_node("step", step)
    graph.add_edge(START, "step")
    graph.add_conditional_edges("step", lambda state: "step" if state["number"] < state["size"] else END)
    return graph.compile(checkpointer=saver)


def fan(saver: AsyncSqliteSaver) -> Any:
    graph = StateGraph(State)
    for name, node in (("root", named("root")), ("one", one), ("join", named("join"))):
        graph.add_node(name, node)
    graph.add_edge(START, "root")
    graph.add_conditional_edges(
        "root", lambda state: [Send("one", {"number": number}) for number in range(state["size"])], ["one"]
    )
    graph.add_edge("one", "join")
    return graph.compile(checkpointer=saver)


class LangGraph:
    def open(self, folder: Path, url: str) -> None:
        del url
        self._file = str(folder / "checkpoints.db")
        self._numbers = itertools.count()

    def carry_out(self, work: measuring.Work) -> None:
        threads = [f"t{next(self._numbers)}" for _ in range(work.count)]
        asyncio.run(self._invoke(work, threads, {"size": work.size}))

    def begin(self, work: measuring.Work) -> None:
        asyncio.run(self._invoke(work, ["fan"], {"size": work.size}))

    def resume(self, work: measuring.Work) -> None:
        asyncio.run(self._invoke(work, ["fan"], None))

    def close(self) -> None:
        pass

    async def _invoke(self, work: measuring.Work, threads: list[str], state: State | None) -> None:
        async with AsyncSqliteSaver.from_conn_string(self._file) as saver:
            graph = (chain if work.shape == "chain" else fan)(saver)
            limits = {"recursion_limit": 5000, "max_concurrency": work.parallel}
            await asyncio.gather(
                *(
                    graph.ainvoke(state, {"configurable": {"thread_id": thread}, **limits}, durability="sync")
                    for thread in threads
                )
            )


if __name__ == "__main__":
    measuring.run(LangGraph())
