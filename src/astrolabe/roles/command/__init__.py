"""The `command` agent: a task that is one shell line."""

from astrolabe.sdk import AgentFailedError, DeadlineError, InputError, Plugin, Task, Workbench


class CommandAgent:
    """Runs `inputs.run` at the workspace's root, in the sandbox; a code other than 0 is a failed attempt."""

    name = "command"
    version = "1"

    async def work(self, task: Task, bench: Workbench) -> None:
        """Run the line; what it changed within the task's `writes` is the task's result."""
        line = task.inputs.get("run")
        if not isinstance(line, str) or not line.strip():
            raise InputError(f"{task.id!r} has no command", hint='Give it `inputs: {run: "shell line"}`.')
        result = await bench.run(line)
        if result.timed_out:
            raise DeadlineError(f"the command took too long: {line}")
        if result.exit_code != 0:
            said = (result.stderr or result.stdout).strip()[-500:]
            raise AgentFailedError(f"the command ended with code {result.exit_code}: {said or line}")


plugin = Plugin(name="command", agents=(CommandAgent(),))
