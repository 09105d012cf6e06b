"""A process that works under limits it shares with others, and writes when each of its attempts begins and ends.

python -m tests.crash.slot_worker FOLDER NAME RUNS ATTEMPTS [KILLED_AT]
"""

import asyncio
import os
import signal
import sys
import time
from pathlib import Path

from astrolabe.adapters.storage.database import Database
from astrolabe.adapters.storage.health import SqlHealth
from astrolabe.adapters.storage.ownership import this_process
from astrolabe.adapters.storage.processes import SqlProcesses
from astrolabe.adapters.storage.slots import SqlSlots
from astrolabe.adapters.storage.sqlite import SqliteFile
from astrolabe.adapters.storage.wakeup import SocketWakeUps
from astrolabe.bootstrap import real_determinism
from astrolabe.domain.health import Breaker
from astrolabe.domain.limits import SlotLimits
from astrolabe.engine.admission import Admission
from astrolabe.ports.slots import Request, Terms

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


async def work(folder: Path, name: str, runs: int, attempts: int, killed_at: int) -> None:
    owner = this_process(f"{name}-{os.getpid()}-{time.monotonic_ns():x}"[-26:])
    database, wakeups = (
        Database(SqliteFile(folder / "astrolabe.db")),
        SocketWakeUps(folder / "wake", owner.token),
    )
    processes = SqlProcesses(database, folder / "processes", owner, real_determinism())
    database.open()
    wakeups.open()
    numbers = iter(range(10**9))
    health = SqlHealth(database, real_determinism(), "default")
    slots = SqlSlots(wakeups, processes, health, "default")
    admission = Admission(
        slots, Terms(LIMITS, Breaker()), owner, lambda: f"{owner.token[-18:]}-{next(numbers)}", wakeups.wait
    )
    ledger = Ledger(folder / "ledger", killed_at)
    try:
        await asyncio.gather(*(run(admission, ledger, f"{name}{k}", attempts) for k in range(runs)))
    finally:
        admission.close()
        await processes.close()
        await database.close()
        wakeups.close()


def main() -> None:
    folder, name, runs, attempts, *killed_at = sys.argv[1:]
    asyncio.run(work(Path(folder), name, int(runs), int(attempts), int(killed_at[0]) if killed_at else 0))


if __name__ == "__main__":
    main()
