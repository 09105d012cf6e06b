"""S5: what runs cost that wait for a person's word, all in one process."""

import asyncio
import gc
import resource
import time
from pathlib import Path

from ours import Bench

from astrolabe.domain.plan import Approval, Plan, Task

SETTLE_SECONDS = 6.0
WATCHED_SECONDS = 30.0
PLAN = Plan(
    goal="wait",
    tasks=(Task(id="asked", name="asked", agent="idle", approval=Approval(question="Shall it go on?")),),
)


async def waiting(folder: Path, count: int) -> tuple[float, float]:
    """Return megabytes of the whole process, and percent of a core, while `count` runs wait."""
    async with Bench(folder, 1).opened() as bench:
        runs = asyncio.create_task(bench.runs(PLAN, count))
        while await bench.asked() < count:
            await asyncio.wait([runs], timeout=0.5)
            if runs.done():
                await runs
        gc.collect()
        await asyncio.sleep(SETTLE_SECONDS)
        began = time.monotonic(), _cpu_seconds()
        await asyncio.sleep(WATCHED_SECONDS)
        share = (_cpu_seconds() - began[1]) / (time.monotonic() - began[0])
        megabytes = _resident_megabytes()
        runs.cancel()
        await asyncio.wait([runs])
    return megabytes, share * 100


def _cpu_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _resident_megabytes() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 1e6
