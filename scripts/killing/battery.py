"""The engine's battery: cheap plans in real processes, killed at random instants and taken up again."""

import json
import random
import signal
import time
from pathlib import Path

from astrolabe.adapters.git.clone import clone_folder
from killing.counts import Counts, count, ledger
from killing.forked import import_all
from killing.home import LOOK_SECONDS, Home, Process, end, kill
from killing.journal import Journal
from killing.lives import Job, Lives
from killing.orphans import children, orphans
from killing.plans import KINDS, command

KILLS_OF_A_WAVE = 15
ANYWHEN = 0.2
"""How many of the kills may fall before anything goes on: while processes start, read the state, take a run over."""
PAUSE_IN_STARTS = 2.0
"""The longest time from when work goes on to a kill, counted in what a process takes here, just now, to go on with work."""
ALL_AT_ONCE = 0.3
"""In how many of the kills all processes of the home go; the last one of a wave is always such."""
LONGEST_SECONDS = 300.0
"""A wave that is killed no more must have ended after this."""
COME_AGAIN = ("is being worked on", "is no longer open", "asks nothing", "has been answered", "already")
"""What is said to one who came when another was at it; that one may come again."""


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
        self._import_all()
        self._lives = Lives(self._home, self._journal, self.counts, chance)

    def _import_all(self) -> None:
        """Carry out a small plan in a child, and import here what it had to, so that no later child has to."""
        plan = self._home.folder / "plans" / "small.json"
        plan.write_text(
            json.dumps({"goal": "small", "tasks": [command("small", "echo > small.txt", lines=1)]})
        )
        names = self._home.folder / "imported"
        first = self._home.fork(
            "run", str(plan), "--workspace", str(self._home.folder / "small"), imported=names
        )
        self._judge(first, {0}, "the first")
        import_all(names)

    def wave(self, number: int, kills: int) -> int:
        """Carry one run of each kind to its end, killing up to `kills` times; return how often it was."""
        names = {f"r{number}{make.__name__[0]}": make for make in KINDS}
        self._jobs = [self._lives.job(make(name), name) for name, make in names.items()]
        self._lives.undisturbed = False
        killed, due, last = 0, self._anywhen(), time.monotonic()
        while not all(job.done for job in self._jobs) and time.monotonic() < last + LONGEST_SECONDS:
            self._carry_on()
            self._answer()
            due = self._when_work_goes_on() if due is None else due
            if killed < kills and due is not None and time.monotonic() >= due:
                killed += self._kill(is_last=killed + 1 == kills)
                due, last = self._anywhen(), time.monotonic()
                self._lives.undisturbed = killed == kills
            time.sleep(LOOK_SECONDS)
        self._end()
        return killed

    def _anywhen(self) -> float | None:
        """Return when to kill whatever goes on then; None leaves it to when work goes on."""
        if self._chance.random() >= ANYWHEN:
            return None
        return time.monotonic() + self._chance.uniform(0, self._lives.start_seconds)

    def _when_work_goes_on(self) -> float | None:
        if not any(job.works for job in self._jobs):
            return None
        return time.monotonic() + self._chance.uniform(0, PAUSE_IN_STARTS * self._lives.start_seconds)

    def _carry_on(self) -> None:
        """Have a process at work on each run that has not ended."""
        for job in self._jobs:
            if not job.done:
                self._lives.look(job)
            if not job.done and not job.alive:
                self._go_on(job)

    def _go_on(self, job: Job) -> None:
        runs = self._journal.runs(job.target)
        job.done = bool(runs) and runs[-1][1] not in {"running", "paused"}
        if job.life is not None:
            expected = {-signal.SIGKILL, job.work.exit_code} if job.done else {-signal.SIGKILL}
            self._judge(job.life.process, expected, job.name)
            job.life = None
        if not job.done:
            self._lives.begin(job, runs[-1][0] if runs else None)

    def _judge(self, process: Process, expected: set[int], name: str) -> None:
        """Look at how a process has ended."""
        code = process.wait()
        said = self._home.said(process)
        if code in expected:
            return
        if any(words in said for words in COME_AGAIN):
            self.counts.told["processes told to come again"] += 1
        else:
            self.counts.blame("processes that failed", f"{name}: exit {code}: {said[-1500:]}")

    def _answer(self) -> None:
        """Say yes, from another process, to whatever is asked."""
        for key, process in list(self._answers.items()):
            if process.poll() is not None:
                del self._answers[key]
                self._judge(process, {0, -signal.SIGKILL}, f"the answer to {key}")
        for run, task in self._journal.rows("SELECT run, task FROM approvals WHERE outcome IS NULL"):
            if (run, task) not in self._answers:
                self._answers[run, task] = self._home.fork("approvals", "approve", run, task)

    def _kill(self, *, is_last: bool) -> int:
        """Kill the process of one run, one at work if there is one, or all of the home; return how many kills that is."""
        alive = [job for job in self._jobs if job.alive]
        if not alive:
            return 0
        everything = is_last or self._chance.random() < ALL_AT_ONCE
        one = self._chance.choice([job for job in alive if job.works] or alive)
        chosen = alive if everything else [one]
        lives = [job.life for job in chosen if job.life is not None]
        kill([life.process for life in lives] + list(self._answers.values() if everything else ()))
        for job in chosen:
            job.kills += 1
        self.counts.told["kills"] += 1
        self.counts.told["kills that met work"] += any(life.works for life in lives)
        self.counts.told["kills of all at once"] += everything
        self.counts.told["processes killed"] += len(lives)
        self.counts.told["processes killed at work"] += sum(life.works for life in lives)
        self._look_for_orphans()
        self._durable |= self._journal.done(self._runs())
        return 1

    def _runs(self) -> list[str]:
        return [run for job in self._jobs for run, _ in self._journal.runs(job.target)]

    def _look_for_orphans(self) -> None:
        lives = [job.life.process for job in self._jobs if job.life is not None]
        left = orphans(self._others | {process.pid for process in (*self._answers.values(), *lives)})
        self.counts.blame("orphans", "; ".join(left), len(left))

    def _end(self) -> None:
        for process in self._answers.values():
            end(process, 30)
        for job in self._jobs:
            if job.life is not None:
                end(job.life.process, 0)
        self._answers.clear()
        self._look_for_orphans()
        for job in self._jobs:
            self._count(job)
        self._durable.clear()

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
        for _, task, step in {done for done in self._durable if done[0] == run} - self._journal.done([run]):
            self.counts.blame(
                "recorded steps lost" if step else "finished tasks lost", f"{run} {task} {step}"
            )
