"""The engine's battery: cheap plans in real processes, killed at random instants and taken up again."""

import json
import random
import signal
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

from astrolabe.adapters.git.clone import clone_folder
from killing.counts import Counts, count, count_resumes, ledger
from killing.home import Home, end, kill, start_seconds
from killing.journal import Journal
from killing.orphans import children, orphans
from killing.plans import KINDS, Work

KILLS_OF_A_WAVE = 15
SHORTEST_PAUSE_SECONDS = 0.05
STARTS_A_PAUSE = 2.0
"""The longest pause between two kills, counted in what a process takes here to start and to read its state."""
ALL_AT_ONCE = 0.3
"""In how many of the kills all processes of the home go."""
LONGEST_SECONDS = 180.0
"""A wave that is killed no more must have ended after this."""
LOOK_SECONDS = 0.03
COME_AGAIN = ("is being worked on", "is no longer open", "asks nothing", "has been answered", "already")
"""What is said to one who came when another was at it; that one may come again."""

Process = subprocess.Popen[bytes]


@dataclass
class Job:
    """One run under test, and the process that is to carry it on. `started` tells when each was that took it up."""

    name: str
    work: Work
    plan: Path
    target: Path
    process: Process | None = None
    kills: int = 0
    started: dict[int, float] = field(default_factory=dict[int, float])
    done: bool = False

    @property
    def at_work(self) -> bool:
        return self.process is not None and self.process.poll() is None


class Battery:
    """Runs of one home, and what is counted of them."""

    def __init__(self, folder: Path, url: str | None, chance: random.Random) -> None:
        self.counts = Counts()
        self._home = Home(folder, url)
        self._journal = Journal(self._home.state, url)
        self._chance = chance
        self._others = set(children())
        self._answers: dict[tuple[str, str], Process] = {}
        self._durable: set[tuple[str, str, str]] = set()
        self._jobs: list[Job] = []
        self._probe = Home(folder / "probe", None)
        self._longest_pause = STARTS_A_PAUSE * start_seconds(self._probe)

    def wave(self, number: int, kills: int) -> int:
        """Carry one run of each kind to its end, killing up to `kills` times; return how often it was."""
        self._jobs = [
            self._job(f"r{number}{make.__name__[0]}", make(f"r{number}{make.__name__[0]}")) for make in KINDS
        ]
        self._longest_pause = STARTS_A_PAUSE * start_seconds(self._probe)
        killed, due, last = 0, self._next(), time.monotonic()
        while not all(job.done for job in self._jobs) and time.monotonic() < last + LONGEST_SECONDS:
            self._carry_on()
            self._answer()
            if killed < kills and time.monotonic() >= due:
                killed += self._kill()
                due, last = self._next(), time.monotonic()
            time.sleep(LOOK_SECONDS)
        self._end()
        return killed

    def _job(self, name: str, work: Work) -> Job:
        plan = self._home.folder / "plans" / f"{name}.json"
        plan.write_text(json.dumps(work.plan))
        return Job(name, work, plan, self._home.folder / "targets" / name)

    def _next(self) -> float:
        return time.monotonic() + self._chance.uniform(SHORTEST_PAUSE_SECONDS, self._longest_pause)

    def _carry_on(self) -> None:
        """Have a process at work on each run that has not ended."""
        for job in self._jobs:
            if job.done or job.at_work:
                continue
            runs = self._journal.runs(job.target)
            job.done = bool(runs) and runs[-1][1] not in {"running", "paused"}
            if job.process is not None:
                self._judge(job, job.process)
                job.process = None
            if not job.done:
                self._set_to_work(job, runs[-1][0] if runs else None)

    def _set_to_work(self, job: Job, run: str | None) -> None:
        before = time.time()
        if run is None:
            job.process = self._home.start("run", str(job.plan), "--workspace", str(job.target))
        else:
            job.process = self._home.start("resume", run)
            job.started[job.process.pid] = before

    def _judge(self, job: Job, process: Process) -> None:
        expected = {-signal.SIGKILL, job.work.exit_code} if job.done else {-signal.SIGKILL}
        self._judge_by(process, expected, job.name)

    def _judge_by(self, process: Process, expected: set[int], name: str) -> None:
        """Look at how a process has ended."""
        said = self._home.said(process)
        if process.returncode in expected:
            return
        if any(words in said for words in COME_AGAIN):
            self.counts.told["processes told to come again"] += 1
        else:
            self.counts.blame("processes that failed", f"{name}: exit {process.returncode}: {said[-1500:]}")

    def _answer(self) -> None:
        """Say yes, from another process, to whatever is asked."""
        for key, process in list(self._answers.items()):
            if process.poll() is not None:
                del self._answers[key]
                self._judge_by(process, {0, -signal.SIGKILL}, f"the answer to {key}")
        for run, task in self._journal.rows("SELECT run, task FROM approvals WHERE outcome IS NULL"):
            if (run, task) not in self._answers:
                self._answers[run, task] = self._home.start("approvals", "approve", run, task)

    def _kill(self) -> int:
        """Kill the process of one run, or all of the home; return how many kills that is."""
        alive = [job for job in self._jobs if job.at_work]
        if not alive:
            return 0
        everything = self._chance.random() < ALL_AT_ONCE
        chosen = alive if everything else [self._chance.choice(alive)]
        victims = [job.process for job in chosen if job.process is not None]
        if everything:
            victims += self._answers.values()
        kill(victims)
        for job in chosen:
            job.kills += 1
        self.counts.told["kills"] += 1
        self.counts.told["kills of all at once"] += everything
        self.counts.told["processes killed"] += len(victims)
        self._look_for_orphans()
        self._durable |= self._journal.done()
        return 1

    def _look_for_orphans(self) -> None:
        own = {
            process.pid
            for process in (*self._answers.values(), *(job.process for job in self._jobs))
            if process
        }
        left = orphans(self._others | own)
        self.counts.blame("orphans", "; ".join(left), len(left))

    def _end(self) -> None:
        for process in self._answers.values():
            end(process, 30)
        for job in self._jobs:
            if job.process is not None:
                end(job.process, 0)
        self._answers.clear()
        self._look_for_orphans()
        for job in self._jobs:
            self._count(job)

    def _count(self, job: Job) -> None:
        runs = self._journal.runs(job.target)
        self.counts.told["runs"] += len(runs)
        self.counts.blame("runs begun anew", f"{job.name}: {runs}", len(runs) - 1)
        if not job.done:
            self.counts.blame("ends unlike the plan's", f"{job.name} has not ended: {runs}")
            return
        run = runs[-1][0]
        clone = clone_folder(self._home.state, job.target)
        lines = ledger(self._home.ledger, job.name)
        count(self.counts, job.work, self._journal, run, lines, job.kills, clone, job.target)
        count_resumes(self.counts, self._journal.events(run), job.started)
        for _, task, step in {done for done in self._durable if done[0] == run} - self._journal.done():
            self.counts.blame(
                "recorded steps lost" if step else "finished tasks lost", f"{run} {task} {step}"
            )
