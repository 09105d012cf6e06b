"""What recording histories needs besides the built-in agents: one that fails, and one who plans anew."""

from typing import Any

from astrolabe.sdk import Plugin, Task, UnavailableError, Workbench


class Shaky:
    """Never succeeds, for a reason that may pass."""

    name = "shaky"
    version = "1"

    async def work(self, task: Task, bench: Workbench) -> None:
        bench.say("trying")
        raise UnavailableError(f"{task.id} is not to be had now")


class Splitter:
    """Puts two tasks for another agent in the place of one, where it is asked to split it."""

    async def replan(self, trouble: Any) -> Any:
        if trouble.measure != "split":
            return None
        whole: Task = trouble.task
        parts = [_part(whole, f"{whole.id}-{number}") for number in (1, 2)]
        names = tuple(part.id for part in parts)
        after = [
            other.model_copy(update={"depends_on": names}) if whole.id in other.depends_on else other
            for other in trouble.plan.tasks
            if other.id != whole.id
        ]
        return trouble.plan.model_copy(update={"tasks": (*after, *parts)})


def _part(whole: Task, name: str) -> Task:
    line = {"run": f"echo {name} > {name}.txt"}
    changes = {"id": name, "name": name, "agent": "command", "inputs": line, "writes": (f"{name}.txt",)}
    return whole.model_copy(update={**changes, "checks": ()})


_more = {"replanners": (Splitter(),)} if "replanners" in Plugin.__dataclass_fields__ else {}
plugin = Plugin(name="histories", agents=(Shaky(),), **_more)
