"""Trying a task's checks before the end of a conversation, so that a model learns what fails while it can still mend it.

Evidence it is not: that comes from the engine, on the tree the agent has left.
"""

from astrolabe.agents.agent import CommandResult, Workbench
from astrolabe.agents.marking import marked
from astrolabe.domain.plan import Check, Task

_SHOWN = 3000


async def failing(task: Task, bench: Workbench) -> str:
    """Return what the checks that fail now say, for a model to read; nothing when none fails.

    Nothing that they change is kept. Checks with an environment of their own cannot be tried here.
    """
    told: list[str] = []
    for check in task.checks:
        if check.environment is not None and check.environment != task.environment:
            continue
        result = await bench.run(check.run, timeout_seconds=check.timeout_seconds, allowed=_nothing)
        if _fails(check, result):
            told.append(_in_words(check, result))
    if not told:
        return ""
    return "It is not done, for these checks of the task fail:\n\n" + "\n\n".join(told)


def _nothing(_path: str) -> bool:
    return False


def _fails(check: Check, result: CommandResult) -> bool:
    return result.timed_out or result.exit_code not in {0, check.not_run_exit_code}


def _in_words(check: Check, result: CommandResult) -> str:
    how = "took too long" if result.timed_out else f"ended with {result.exit_code}"
    said = "\n".join(part.strip() for part in (result.stdout, result.stderr) if part.strip())
    shown = said if len(said) <= _SHOWN else f"[…]\n{said[-_SHOWN:]}"
    return f"{check.name} ({check.run}) {how}:\n{marked(shown, check.name)}"
