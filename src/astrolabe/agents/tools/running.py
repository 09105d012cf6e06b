"""Running a shell line, in the sandbox and nowhere else."""

from pydantic import Field

from astrolabe.agents.agent import CommandResult
from astrolabe.agents.tools.guard import may_change
from astrolabe.agents.tools.tool import Arguments, Desk, Tool, Touch, bounded

_SECONDS = 120
_MOST_SECONDS = 900


class Run(Arguments):
    """What `run` takes."""

    command: str = Field(min_length=1, description="A shell line, run at the workspace's root.")
    timeout_seconds: int = Field(default=_SECONDS, ge=1, le=_MOST_SECONDS)


async def _run(given: Run, desk: Desk) -> str:
    result = await desk.bench.run(
        given.command,
        timeout_seconds=given.timeout_seconds,
        allowed=lambda path: may_change(desk.task, path),
    )
    return bounded(told(result, given.timeout_seconds), desk.shelf)


def told(result: CommandResult, seconds: float) -> str:
    """Return what a command did, as a model reads it."""
    ending = f"It was stopped after {seconds:g} s." if result.timed_out else f"Exit code {result.exit_code}."
    parts = [ending]
    if result.stdout.strip():
        parts.append(result.stdout.rstrip())
    if result.stderr.strip():
        parts.append(f"Standard error:\n{result.stderr.rstrip()}")
    if result.undone:
        named = ", ".join(result.undone[:10]) + (" …" if len(result.undone) > 10 else "")  # noqa: PLR2004
        parts.append(f"Changed by it and undone, for this task may not change it: {named}")
    if result.dropped:
        parts.append(f"Nothing of what it changed is kept: {result.dropped}")
    return "\n".join(parts)


RUN = Tool(
    "run",
    "Run a shell line in a sandbox without a network.",
    Run,
    _run,
    lambda given: Touch(command=given.command),
)
