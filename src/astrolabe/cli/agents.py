"""`astrolabe agents`: who can work, how they fare, and which processes do."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from astrolabe.cli.documents import print_json
from astrolabe.cli.groups import Group
from astrolabe.cli.overview import SUMMARIES
from astrolabe.cli.terminal import clean, duration, one_line, say

if TYPE_CHECKING:
    from collections.abc import Sequence

    from astrolabe.services.agents import Worker, Working
    from astrolabe.services.installation import Installation

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
Name = Annotated[str, typer.Argument(metavar="NAME", help="An agent, or a provider that has failed.")]

_BESIDE, _BESIDE_WIDE, _LEAST = 44, 76, 20
"""Columns that the other cells of an agent take, so that what it is for stays on one line."""


class _Agents(Group):
    """Lists the agents when nothing else is asked of it."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        own = not args or (args[0] not in self.commands and "--help" not in args)
        return super().parse_args(ctx, ["list", *args] if own else args)


app = typer.Typer(cls=_Agents, help=SUMMARIES["agents"])


@app.command("list")
def list_(json: Json = False) -> None:
    """List every agent with its health and what it does now, and every process that works."""
    from astrolabe.cli.session import with_installation
    from astrolabe.services.agents import list_agents, list_processes

    async def use(installation: "Installation") -> None:
        agents, processes = await list_agents(installation), await list_processes(installation)
        if json:
            print_json(
                {
                    "agents": [_document(agent) for agent in agents],
                    "processes": [_process(process) for process in processes],
                    "broken_plugins": [
                        {"name": one.name, "reason": one.reason} for one in installation.broken_plugins
                    ],
                }
            )
            return
        _print_agents(agents)
        _print_processes(processes)
        for one in installation.broken_plugins:
            say(f"plugin {one_line(one.name)} could not be loaded: {one_line(one.reason)}")

    with_installation(use)


@app.command("show")
def show(name: Name, json: Json = False) -> None:
    """Show one agent: what its tasks are given, how it fares, and what it does now."""
    from astrolabe.cli.session import with_installation
    from astrolabe.services.agents import find_agent

    async def use(installation: "Installation") -> None:
        _show(await find_agent(installation, name), json=json)

    with_installation(use)


@app.command("reset")
def reset(name: Name, json: Json = False) -> None:
    """Forget an agent's failures in a row, so that what waits for it starts at once; when it was done is kept."""
    from astrolabe.cli.session import with_installation
    from astrolabe.services.agents import reset_agent

    async def use(installation: "Installation") -> None:
        _show(await reset_agent(installation, name), json=json)

    with_installation(use)


def _show(agent: "Worker", *, json: bool) -> None:
    if json:
        print_json(_document(agent))
        return
    told = [("for", agent.purpose)] if agent.purpose else []
    told += [("health", f"{agent.health.value}, {_circuit(agent)}"), ("plugin", agent.plugin)]
    told += [("version", agent.version), ("provider", agent.provider or "none declared")]
    told += [("limit", "none" if agent.limit is None else f"{agent.limit} attempts at once over all runs")]
    if agent.record is not None:
        record = agent.record
        told += [
            (
                "failures",
                f"{record.failures} in a row" + (f" since {_at(record.since)}" if record.failures else ""),
            )
        ]
        told += [("last failure", f"{_at(record.failed_at)}, {record.failure}: {record.reason}")]
        told += [("", f"in task {record.task} of run {record.run}, attempt {record.attempt}")]
        told += [("reset", _at(record.reset_at))] if record.reset_at is not None else []
    told += [("works on", f"{one.task} of run {one.run} since {_at(one.since)}") for one in agent.busy]
    for item in agent.inputs or ():
        told.append((f"input {item.name}", ("" if item.required else "optional; ") + item.told))
    say(one_line(agent.name))
    for label, text in told:
        say(f"  {label:<14} {clean(text)}".rstrip())


def _circuit(agent: "Worker") -> str:
    if agent.circuit.value == "open":
        return f"left alone; one attempt tries again in {duration(agent.probe_seconds or 0)}"
    return {"closed": "takes every task", "half-open": "the next attempt tries whether it is well again"}[
        agent.circuit.value
    ]


def _print_agents(agents: "Sequence[Worker]") -> None:
    from rich.text import Text

    from astrolabe.cli.output import WIDE_COLUMNS, console, mark, table

    out = console()
    wide = out.width >= WIDE_COLUMNS
    shown = table(
        "", "agent", "health", "in a row", *(("version", "plugin", "provider") if wide else ()), "now", "for"
    )
    room = max(_LEAST, out.width - (_BESIDE_WIDE if wide else _BESIDE))
    for agent in agents:
        signs = {"failed": "failed", "degraded": "retrying", "busy": "running"}
        more = (agent.version, agent.plugin, agent.provider or "") if wide else ()
        failures = str(agent.record.failures) if agent.record is not None and agent.record.failures else ""
        told = (_now(agent), one_line(agent.purpose, room))
        cells = (one_line(agent.name), agent.health.value, failures, *more, *told)
        shown.add_row(mark(signs.get(agent.health.value, "passed")), *map(Text, cells))
    out.print(shown)
    for agent in agents:
        if agent.record is not None and agent.record.failures:
            record = agent.record
            reason = one_line(record.reason, 160)
            said = f"{agent.name} failed last at {_at(record.failed_at)} ({record.failure}): {reason}"
            out.print(Text(said, style="yellow"))


def _now(agent: "Worker") -> str:
    if agent.circuit.value != "closed":
        return _circuit(agent)
    told = [f"{one_line(one.task)} of {one.run[-6:]}" for one in agent.busy[:2]]
    more = len(agent.busy) - len(told)
    return ", ".join(told) + (f" and {more} more" if more else "")


def _print_processes(processes: "Sequence[Working]") -> None:
    from rich.text import Text

    from astrolabe.cli.output import console, mark, table

    if not processes:
        say("\nno process works here now")
        return
    out = console()
    out.print()
    shown = table("", "process", "kind", "since (UTC)", "heard", "works on")
    for working in processes:
        one = working.process
        heard = f"{duration(working.silent_seconds)} ago" if _beats(working) else ""
        runs = ", ".join(run[-6:] for run in working.runs) or ", ".join(one.agents)
        cells = (f"{one_line(one.host)}:{one.pid}", one.kind, _at(one.started_at), heard, runs)
        shown.add_row(mark("running" if one.alive else "interrupted"), *map(Text, cells))
    out.print(shown)


def _beats(working: "Working") -> bool:
    """Tell whether a process says from time to time that it is there; on one host none needs to."""
    return working.process.heartbeat_at != working.process.started_at or not working.process.alive


def _at(seconds: float) -> str:
    from datetime import UTC, datetime

    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S")


def _document(agent: "Worker") -> dict[str, Any]:
    from dataclasses import asdict

    record = None
    if agent.record is not None:
        record = asdict(agent.record)
        del record["kind"], record["name"], record["ago_seconds"]
    return {
        "name": agent.name,
        "kind": agent.kind.value,
        "purpose": agent.purpose,
        "version": agent.version,
        "plugin": agent.plugin,
        "provider": agent.provider,
        "inputs": None if agent.inputs is None else [asdict(item) for item in agent.inputs],
        "inputs_schema": agent.schema,
        "limit": agent.limit,
        "health": agent.health.value,
        "breaker": agent.circuit.value,
        "probe_in_seconds": agent.probe_seconds,
        "consecutive_failures": 0 if agent.record is None else agent.record.failures,
        "last_failure": record,
        "busy": [asdict(one) for one in agent.busy],
    }


def _process(working: "Working") -> dict[str, Any]:
    from dataclasses import asdict

    told = asdict(working.process)
    del told["token"]
    silent = working.silent_seconds if _beats(working) else None
    return {
        **told,
        "agents": list(working.process.agents),
        "silent_seconds": silent,
        "runs": list(working.runs),
    }
