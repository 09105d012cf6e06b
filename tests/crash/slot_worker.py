"""A process that works under limits it shares with others, and writes when each of its attempts begins and ends.

python -m tests.crash.slot_worker FOLDER URL NAME RUNS ATTEMPTS [KILLED_AT]; URL is empty where the state is a file
"""

import asyncio
import os
import signal
import sys
import time
from pathlib import Path

from astrolabe.adapters.storage.ownership import this_process
from astrolabe.domain.health import Breaker
from astrolabe.domain.limits import SlotLimits
from astrolabe.engine.admission import Admission
from astrolabe.ports.slots import Request, Terms
from tests.integration.storage.home import Home

LIMITS = SlotLimits(total=3, agents={"odd": 1})
AGENTS = ("even", "odd")


class Ledger:
    """Lines that processes append to one file; each is written whole, in the order in which things happened."""

    def __init__(self, file: Path, killed_at: int) -> None:
        self._opened = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        self._left = killed_at

    def write(self, *words: str) -> None:
        os.write(self._opened, (" ".join(words) + "\n").encode())
        self._left -= 1
        if self._left == 0:
            os.kill(os.getpid(), signal.SIGKILL)


async def run(admission: Admission, ledger: Ledger, name: str, attempts: int) -> None:
    """Make attempts two at a time, so that the run always has one that waits."""

    async def attempt(number: int) -> None:
        agent = AGENTS[number % 2]
        async with admission.slot(Request(name, f"t{number}", 1, agent)):
            ledger.write("begin", str(os.getpid()), name, agent)
            for _ in range(5):
                await asyncio.sleep(0)
            ledger.write("end", str(os.getpid()), name, agent)

    for number in range(0, attempts, 2):
        await asyncio.gather(attempt(number), attempt(number + 1))


async def work(folder: Path, url: str, name: str, runs: int, attempts: int, killed_at: int) -> None:
    owner = this_process(f"{name}-{os.getpid()}-{time.monotonic_ns():x}"[-26:])
    numbers = iter(range(10**9))
    ledger = Ledger(folder / "ledger", killed_at)
    async with Home(folder, url).store(owner.token) as store:
        admission = Admission(
            store.slots,
            Terms(LIMITS, Breaker()),
            owner,
            lambda: f"{owner.token[-18:]}-{next(numbers)}",
            store._wakeups.wait,
        )
        try:
            await asyncio.gather(*(run(admission, ledger, f"{name}{k}", attempts) for k in range(runs)))
        finally:
            admission.close()


def main() -> None:
    folder, url, name, runs, attempts, *killed_at = sys.argv[1:]
    most = int(killed_at[0]) if killed_at else 0
    asyncio.run(work(Path(folder), url, name, int(runs), int(attempts), most))


if __name__ == "__main__":
    main()
