"""Runs under test, and the processes that carry them on one after another."""

import json
import random
import statistics
import time
from collections import deque
from dataclasses import dataclass
from pathlib import Path

from killing.counts import Counts, Resume
from killing.home import Home, Process
from killing.journal import Journal
from killing.orphans import cpu_seconds
from killing.plans import Work

BY_COMMAND = 0.15
"""How many of the processes are started as a person does it; the others are forked from one that has imported all."""
REMEMBERED = 20


@dataclass
class Life:
    """A process that is to carry a run on; it `works` once an event of its own is durable."""

    process: Process
    began: float
    by_command: bool
    works: bool = False


@dataclass
class Job:
    """One run under test."""

    name: str
    work: Work
    plan: Path
    target: Path
    life: Life | None = None
    kills: int = 0
    done: bool = False

    @property
    def alive(self) -> bool:
        return self.life is not None and self.life.process.poll() is None

    @property
    def works(self) -> bool:
        return self.life is not None and self.life.works and self.alive


class Lives:
    """Starts the processes of a home that carry runs on, and sees when work goes on in each.

    While nothing is killed any more (`undisturbed`) all are started by command, and the time they take is kept: that of those
    killed meanwhile would be missing otherwise, and they are the slow ones.
    """

    undisturbed = False

    def __init__(self, home: Home, journal: Journal, counts: Counts, chance: random.Random) -> None:
        self._chance = chance
        self._home = home
        self._journal = journal
        self._counts = counts
        self._starts: deque[float] = deque([self._first_start()], REMEMBERED)

    @property
    def start_seconds(self) -> float:
        """How long, lately, a process that was forked took until an event of its own was durable."""
        return statistics.median(self._starts)

    def _first_start(self) -> float:
        began = time.monotonic()
        self._home.fork("runs", "list").wait()
        return time.monotonic() - began

    def job(self, work: Work, name: str) -> Job:
        plan = self._home.folder / "plans" / f"{name}.json"
        plan.write_text(json.dumps(work.plan))
        return Job(name, work, plan, self._home.folder / "targets" / name)

    def begin(self, job: Job, run: str | None) -> None:
        """Have a process take a run up, or make it when there is none yet."""
        words = ("run", str(job.plan), "--workspace", str(job.target)) if run is None else ("resume", run)
        by_command = self.undisturbed or self._chance.random() < BY_COMMAND
        began = time.monotonic()
        process = self._home.start(*words) if by_command else self._home.fork(*words)
        job.life = Life(process, began, by_command)

    def look(self, job: Job) -> None:
        """See whether the process of a job has begun to write."""
        life = job.life
        if life is None or life.works:
            return
        cpu = cpu_seconds(life.process.pid)
        first = self._journal.first(job.target, f"process-{life.process.pid}")
        if first is None:
            return
        life.works = True
        seconds = time.monotonic() - life.began
        if not life.by_command:
            self._starts.append(seconds)
        elif self.undisturbed and first == "task.resumed":
            self._counts.resumed.append(Resume(seconds, cpu))
