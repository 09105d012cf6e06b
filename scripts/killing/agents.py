"""What the battery's plans need: agents that write every effect of theirs to a ledger, durably, before and after it.

The processes under test load them as a plugin like any other; CHAOS_LEDGER names the file.
"""

import asyncio
import json
import os
import random
import time
from collections.abc import Awaitable, Callable

from astrolabe.sdk import Plugin, Task, UnavailableError, Usage, Workbench

CALL_SECONDS = 0.01, 0.12
TOKENS_RESERVED, TOKENS_USED = 10, 4


class Scribe:
    """Writes a file, makes calls, and appends lines to the file by commands in the sandbox; `inputs` say how many.

    `calls` go one after another, `beside` side by side, then come `lines`.
    """

    name = "scribe"
    version = "1"

    async def work(self, task: Task, bench: Workbench) -> None:
        note(task, "work")
        calls, beside, lines = (int(str(task.inputs.get(name, 0))) for name in ("calls", "beside", "lines"))
        await bench.write({f"{task.id}.txt": f"{task.id}\n"})
        for number in range(1, calls + 1):
            await bench.call("ask", asked(task, f"{number}/ask"), reserve=Usage(tokens=TOKENS_RESERVED))
        side = [
            bench.call("ask", asked(task, f"ask:{n}"), reserve=Usage(tokens=TOKENS_RESERVED), call_id=str(n))
            for n in range(beside)
        ]
        await asyncio.gather(*side)
        for number in range(lines):
            await bench.run(f"echo {number} >> {task.id}.txt")
        note(task, "worked")


class Breaking:
    """Can never do its task, for a reason that may pass; how often it fails is to open no breaker, but to be counted."""

    name = "breaking"
    version = "1"
    passes_on = True

    async def work(self, task: Task, bench: Workbench) -> None:
        note(task, "broken")
        await bench.write({f"{task.id}.txt": "half of it"})
        raise UnavailableError(f"{task.id} is not to be had now")


def asked(task: Task, step: str) -> Callable[[], Awaitable[tuple[str, Usage]]]:
    """Return the outside effect of a step; `step` is the end of the key under which the engine records it."""

    async def do() -> tuple[str, Usage]:
        note(task, "begin", step)
        await asyncio.sleep(random.uniform(*CALL_SECONDS))
        note(task, "end", step)
        return step, Usage(tokens=TOKENS_USED)

    return do


def note(task: Task, what: str, step: str = "") -> None:
    """Make a line of the ledger durable."""
    line = {
        "at": time.time(),
        "pid": os.getpid(),
        "of": task.inputs["of"],
        "task": task.id,
        "what": what,
        "step": step,
    }
    ledger = os.open(os.environ["CHAOS_LEDGER"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(ledger, json.dumps(line).encode() + b"\n")
        os.fsync(ledger)
    finally:
        os.close(ledger)


plugin = Plugin(name="chaos", agents=(Scribe(), Breaking()))
