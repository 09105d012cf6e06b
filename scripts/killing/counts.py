"""What the battery counts, from the agents' ledger and from the logs."""

import json
import subprocess
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from killing.journal import Event, Journal
from killing.plans import Work


@dataclass(frozen=True)
class Resume:
    """From the start of a process by command to when another could read the first event of its own, that an attempt goes on.

    `cpu_seconds` are its own in that time, and those of programs that had ended by then.
    """

    seconds: float
    cpu_seconds: float


@dataclass
class Counts:
    """`faults` must all be 0; what is in `told` is only told. `resumed` are processes started by command that nothing disturbed."""

    faults: Counter[str] = field(default_factory=Counter[str])
    told: Counter[str] = field(default_factory=Counter[str])
    resumed: list[Resume] = field(default_factory=list[Resume])
    said: list[str] = field(default_factory=list[str])

    def __post_init__(self) -> None:
        self.faults.update(dict.fromkeys(MUST_BE_ZERO, 0))

    @property
    def clean(self) -> bool:
        return not any(self.faults.values())

    def blame(self, fault: str, why: str, times: int = 1) -> None:
        if times > 0:
            self.faults[fault] += times
            self.said.append(f"{fault}: {why}")


MUST_BE_ZERO = (
    "finished tasks lost",
    "finished tasks repeated",
    "attempts begun anew",
    "runs begun anew",
    "recorded steps lost",
    "recorded steps repeated",
    "steps recorded that were not taken",
    "in-doubt calls repeated more than once a crash",
    "checks repeated",
    "logs with gaps or two ends",
    "trees unlike the journal",
    "files unlike the work",
    "budgets overshot",
    "reservations left",
    "orphans",
    "ends unlike the plan's",
    "processes that failed",
)


@dataclass(frozen=True)
class Line:
    """One of the agents' ledger."""

    at: float
    pid: int
    of: str
    task: str
    what: str
    step: str


def ledger(file: Path, of: str) -> list[Line]:
    lines = [Line(**json.loads(line)) for line in file.read_text().splitlines()] if file.exists() else []
    return [line for line in lines if line.of == of]


def count(
    counts: Counts,
    work: Work,
    journal: Journal,
    run: str,
    lines: Sequence[Line],
    kills: int,
    clone: Path,
    target: Path,
) -> None:
    """Count all of a finished run; `kills` is how often its process was killed."""
    events = journal.events(run)
    _log(counts, work, run, events)
    _steps(counts, run, events, lines, kills)
    _attempts(counts, work, run, events)
    _trees(counts, work, run, events, clone)
    _result(counts, run, events, target)
    _budget(counts, work, journal, run)


def _log(counts: Counts, work: Work, run: str, events: Sequence[Event]) -> None:
    whole = [event.seq for event in events] == list(range(1, len(events) + 1))
    ends = [event for event in events if event.type == "run.finished"]
    if not whole or len(ends) != 1 or events[-1].type != "run.finished":
        counts.blame("logs with gaps or two ends", run)
    status = ends[-1].data["status"] if ends else "no end"
    if status != work.status:
        counts.blame(
            "ends unlike the plan's",
            f"{run} ({work.kind}): {status}: {ends[-1].data.get('reason') if ends else ''}",
        )


def _steps(counts: Counts, run: str, events: Sequence[Event], lines: Sequence[Line], kills: int) -> None:
    done = {event.step: event.at for event in events if event.type == "step.done"}
    recorded = Counter(event.data["key"] for event in events if event.type == "step.done")
    counts.blame("recorded steps repeated", f"{run}: {recorded}", sum(recorded.values()) - len(recorded))
    begun: Counter[tuple[str, str]] = Counter()
    by_process: Counter[tuple[str, str, int]] = Counter()
    ended: set[tuple[str, str]] = set()
    for line in lines:
        step = line.task, line.step
        if line.what == "begin":
            begun[step] += 1
            by_process[*step, line.pid] += 1
            if line.at > done.get(step, line.at):
                counts.blame("recorded steps repeated", f"{run} {step} by process {line.pid}")
        elif line.what == "end":
            ended.add(step)
    for step, times in begun.items():
        counts.told["calls made"] += times
        counts.told["in-doubt calls repeated"] += times - 1
        counts.blame("in-doubt calls repeated more than once a crash", f"{run} {step}", times - 1 - kills)
    for step, times in by_process.items():
        counts.blame("in-doubt calls repeated more than once a crash", f"{run} {step}", times - 1)
    for step in done:
        if step[1].startswith("ask:") or step[1].endswith("/ask"):
            counts.blame("steps recorded that were not taken", f"{run} {step}", step not in ended)
    _finished_tasks(counts, run, events, lines)


def _finished_tasks(counts: Counts, run: str, events: Sequence[Event], lines: Sequence[Line]) -> None:
    passed = Counter(event.task for event in events if event.type == "task.passed")
    counts.told["tasks finished"] += len(passed)
    counts.blame("finished tasks repeated", f"{run}: {passed}", sum(passed.values()) - len(passed))
    at = {event.task: event.at for event in events if event.type == "task.passed"}
    for line in lines:
        if line.at > at.get(line.task, line.at):
            counts.blame("finished tasks repeated", f"{run} {line}")


def _attempts(counts: Counts, work: Work, run: str, events: Sequence[Event]) -> None:
    started = Counter(event.task for event in events if event.type == "task.started")
    for task in work.plan["tasks"]:
        expected = work.attempts.get(task["id"], 1)
        if started[task["id"]] != expected:
            counts.blame(
                "attempts begun anew", f"{run} {task['id']}: {started[task['id']]} and not {expected}"
            )
    checked = Counter(
        (event.task, event.attempt, event.data["check"]) for event in events if event.type == "check.finished"
    )
    counts.blame("checks repeated", f"{run}: {checked}", sum(checked.values()) - len(checked))


def _trees(counts: Counts, work: Work, run: str, events: Sequence[Event], clone: Path) -> None:
    for event in events:
        if event.type != "task.passed":
            continue
        task, commit = event.task, event.data["commit"]
        if _git(clone, "rev-parse", f"{commit}^{{tree}}").strip() != event.data["tree"]:
            counts.blame("trees unlike the journal", f"{run} {task}")
        content = _git(clone, "show", f"{commit}:{task}.txt")
        if content.count("\n") != work.lines.get(str(task)):
            counts.blame("files unlike the work", f"{run} {task}: {content!r}")


def _result(counts: Counts, run: str, events: Sequence[Event], target: Path) -> None:
    """Hold what a person finds against what the last event says."""
    commit = events[-1].data.get("commit")
    if commit is not None and (
        _git(target, "rev-parse", "HEAD").strip() != commit or _git(target, "status", "--porcelain")
    ):
        counts.blame("trees unlike the journal", f"{run}: the result in {target}")


def _git(clone: Path, *arguments: str) -> str:
    done = subprocess.run(["git", "-C", clone, *arguments], check=False, capture_output=True, text=True)
    return done.stdout


def _budget(counts: Counts, work: Work, journal: Journal, run: str) -> None:
    query = "SELECT tokens_spent, tokens_reserved + tool_calls_reserved + wall_seconds_reserved FROM accounts WHERE run = ?"
    for spent, reserved in journal.rows(query, run):
        counts.told["tokens charged"] += spent
        if work.tokens is not None and spent > work.tokens:
            counts.blame("budgets overshot", f"{run}: {spent} of {work.tokens}")
        if reserved:
            counts.blame("reservations left", f"{run}: {reserved}")
