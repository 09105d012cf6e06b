"""The agent that lays files out: the workspace before a trial, the solution an oracle knows, the checks nobody saw."""

from pydantic import BaseModel, Field

from astrolabe.evaluation.answering import Answer
from astrolabe.evaluation.suite import Files
from astrolabe.sdk import Plugin, Task, Workbench


class Layout(BaseModel):
    """What a task of this agent is given."""

    files: Files = Field(
        default_factory=dict, description="Contents by path; `base64:…` where they are no text."
    )
    removes: tuple[str, ...] = Field(default=(), description="Patterns of paths to take away first.")


class LayOut:
    """Writes the files it is given over what is there."""

    name = "lay-out"
    version = "1"
    purpose = "Lays out files that are given with the task; for measurements."
    passes_on = True
    planned = False
    inputs = Layout

    async def work(self, task: Task, bench: Workbench) -> None:
        """Remove what is to go, then write."""
        layout = Layout.model_validate(task.inputs)
        if layout.removes:
            await bench.remove(await bench.paths(*layout.removes))
        if layout.files:
            await bench.write(layout.files)


plugin = Plugin(name="evaluation", agents=(LayOut(), Answer()))
