"""What a model is told of a task, and of how a repository wants things done."""

from collections.abc import Sequence

from astrolabe.agents.agent import Workbench
from astrolabe.agents.marking import marked
from astrolabe.domain.plan import Task
from astrolabe.skills.injection import Injected
from astrolabe.skills.instructions import block, files_for, instructions_for

_SETBACK = 2000
_SKILL_TOKENS = 4000
_SKILL_SHARE = 8
"""What skills may take of a model's window is its eighth, and no more than that many tokens."""


def told_task(task: Task, setbacks: Sequence[str] = ()) -> str:
    """Return a task as a model reads it: its goal, what it may change, what proves it, why earlier attempts failed."""
    parts = [f"Task: {task.name}"]
    if task.goal.strip() and task.goal.strip() != task.name.strip():
        parts.append(f"Goal: {task.goal.strip()}")
    parts.append(f"Files you may change: {', '.join(task.writes) or 'none'}")
    if task.checks:
        checks = "\n".join(f"- {check.name}: {check.run}" for check in task.checks)
        parts.append(f"Checks that must pass at the end:\n{checks}")
    if setbacks:
        told = "\n\n".join(marked(text[:_SETBACK], task.id) for text in setbacks[-3:])
        parts.append(f"Earlier attempts at this task failed, and left nothing behind:\n{told}")
    return "\n\n".join(parts)


async def notes_for(task: Task, bench: Workbench) -> tuple[str, ...]:
    """Return what the repository's own instruction files say about work on what the task writes."""
    folders = {pattern.partition("*")[0].rpartition("/")[0] for pattern in task.writes}
    paths = sorted(folder for folder in folders if folder) or [""]
    files = {path: await bench.read(path) for path in files_for(await bench.paths(), paths)}
    told = block(instructions_for(files, paths))
    return (told,) if told else ()


async def skills_for(task: Task, bench: Workbench) -> Injected:
    """Return the skills that a model is to be given for a task; raises NoModelError when there is no model."""
    window = min(model.window for model in bench.models())
    wanted = f"{task.name}. {task.goal}" if task.goal.strip() != task.name.strip() else task.goal
    return await bench.skills.choose(wanted, min(_SKILL_TOKENS, window // _SKILL_SHARE))
