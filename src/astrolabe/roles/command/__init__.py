"""The `command` agent: a task that is one shell line."""

from pydantic import BaseModel, Field

from astrolabe.sdk import AgentFailedError, DeadlineError, Plugin, ShellLine, Task, Workbench


class CommandInputs(BaseModel):
    """What a task of this agent is given."""

    run: ShellLine = Field(description='the shell line to run, as in `inputs: {run: "make site"}`')


class CommandAgent:
    """Runs `inputs.run` at the workspace's root, in the sandbox; a code other than 0 is a failed attempt."""

    name = "command"
    version = "1"
    purpose = (
        "Runs one shell line in the sandbox and keeps the files it changed; for steps a known command does."
    )
    passes_on = True
    inputs = CommandInputs

    async def work(self, task: Task, bench: Workbench) -> None:
        """Run the line; what it changed within the task's `writes` is the task's result."""
        line = CommandInputs.model_validate(task.inputs).run
        result = await bench.run(line)
        if result.timed_out:
            raise DeadlineError(f"the command took too long: {line}")
        if result.exit_code != 0:
            said = (result.stderr or result.stdout).strip()[-500:]
            raise AgentFailedError(f"the command ended with code {result.exit_code}: {said or line}")


plugin = Plugin(name="command", agents=(CommandAgent(),))
