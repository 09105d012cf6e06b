"""The live task tree on a terminal; elsewhere a run is quiet until its report."""

import sys
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.text import Text
from rich.tree import Tree

from astrolabe.cli.output import mark
from astrolabe.cli.terminal import clean, duration
from astrolabe.domain.event import Event
from astrolabe.domain.plan import Plan, Task
from astrolabe.domain.run import RunState, TaskState, TaskStatus
from astrolabe.engine.local import Watcher
from astrolabe.ports.images import Progress
from astrolabe.ports.store import RunRecord

REFRESH_PER_SECOND = 6
SAID_CHARACTERS = 70


@contextmanager
def watching(plan: Plan, record: RunRecord, *, quiet: bool) -> Generator[Watcher]:
    """Show a run while it goes on, on stderr, if that is a terminal."""
    console = Console(stderr=True, highlight=False)
    if quiet or not console.is_terminal:
        yield Watcher(progress=_PlainProgress(quiet=quiet))
        return
    tree = TaskTree(plan, record)
    with Live(tree, console=console, refresh_per_second=REFRESH_PER_SECOND, transient=True):
        yield Watcher(events=tree.take_in, said=tree.said, output=tree.output, progress=tree.progress)


class _PlainProgress:
    """One line for each thing that is fetched or installed, so that a long first run is not silent."""

    def __init__(self, *, quiet: bool) -> None:
        self._quiet = quiet
        self._told: set[str] = set()

    def __call__(self, progress: Progress) -> None:
        if not self._quiet and progress.subject not in self._told:
            self._told.add(progress.subject)
            sys.stderr.write(f"{clean(progress.subject)}: {clean(progress.text)}\n")


class TaskTree:
    """A run as it stands, drawn anew at each refresh from the folded state; `now` is in seconds since the epoch."""

    def __init__(self, plan: Plan, record: RunRecord, now: Callable[[], float] | None = None) -> None:
        self._plan = plan
        self._record = record
        self._state = RunState(record.id)
        self._now: dict[str, str] = {}
        self._running: set[tuple[str, str]] = set()
        self._fetching: Progress | None = None
        self._now_seconds = now or _wall
        self._began = self._now_seconds()
        self._units = sum(1 + len(task.checks) for task in plan.tasks)
        self._units_before: int | None = None

    def take_in(self, events: Sequence[Event]) -> None:
        """Fold events of the run."""
        self._state.apply(event for event in events if event.seq > self._state.seq)
        if self._units_before is None:
            self._units_before = self._done_units()
        self._running = {
            key
            for key in self._running
            if key[1] not in {e.check for e in self._state.tasks[key[0]].evidence}
        }

    def said(self, task: str, text: str) -> None:
        """Note what an agent says."""
        self._now[task] = text

    def output(self, task: str, check: str, piece: bytes) -> None:
        """Note a check's latest line."""
        self._running.add((task, check))
        lines = piece.decode(errors="replace").strip().splitlines()
        if lines:
            self._now[f"{task}/{check}"] = lines[-1]

    def progress(self, progress: Progress) -> None:
        """Note a fetch or an installation."""
        self._fetching = progress if progress.fraction is None or progress.fraction < 1 else None

    def __rich__(self) -> RenderableType:
        tree = Tree(self._headline(), guide_style="dim")
        for task in self._plan.tasks:
            self._draw(tree, task, self._state.tasks.get(task.id, TaskState()))
        parts: list[RenderableType] = [tree]
        if self._fetching is not None:
            share = "" if self._fetching.fraction is None else f" {self._fetching.fraction:.0%}"
            parts.append(
                Text(clean(f"⇣ {self._fetching.subject}: {self._fetching.text}{share}"), style="cyan")
            )
        return Group(*parts)

    def _headline(self) -> Text:
        elapsed = self._now_seconds() - self._began
        left = self._left(elapsed)
        told = f"{duration(elapsed)}" + (f", about {duration(left)} left" if left is not None else "")
        title = clean(self._plan.goal.strip().splitlines()[0][:SAID_CHARACTERS])
        return Text.assemble((title, "bold"), (f"  {self._done_units()}/{self._units}  {told}", "dim"))

    def _left(self, elapsed: float) -> float | None:
        """Estimate the time left from the share of tasks and checks done so far by this process."""
        before = self._units_before or 0
        done = self._done_units() - before
        return None if done <= 0 else elapsed * (self._units - before - done) / done

    def _done_units(self) -> int:
        finished = sum(state.status.final for state in self._state.tasks.values())
        return finished + sum(len(state.evidence) for state in self._state.tasks.values())

    def _draw(self, tree: Tree, task: Task, state: TaskState) -> None:
        line = Text.assemble(mark(state.status.value), " ", clean(task.name))
        if state.attempts and state.status is not TaskStatus.WAITING:
            line.append(f"  {duration(self._seconds(state))}", style="dim")
        if state.status is TaskStatus.RUNNING and task.id in self._now:
            line.append(f"  {clean(self._now[task.id])[:SAID_CHARACTERS]}", style="dim")
        if state.reason:
            line.append(f"  {clean(state.reason)[:SAID_CHARACTERS]}", style="red")
        branch = tree.add(line)
        if state.status in {TaskStatus.RUNNING, TaskStatus.FAILED}:
            self._draw_checks(branch, task, state)

    def _draw_checks(self, branch: Tree, task: Task, state: TaskState) -> None:
        known = {evidence.check: evidence for evidence in state.evidence}
        for check in task.checks:
            evidence = known.get(check.name)
            if evidence is not None:
                line = Text.assemble(mark(evidence.verdict.value), " ", clean(check.name))
                line.append(f"  {duration(evidence.duration_seconds)}", style="dim")
            elif (task.id, check.name) in self._running:
                now = clean(self._now.get(f"{task.id}/{check.name}", ""))[:SAID_CHARACTERS]
                line = Text.assemble(mark("running"), " ", clean(check.name), (f"  {now}", "dim"))
            else:
                line = Text.assemble(mark("waiting"), " ", (clean(check.name), "dim"))
            branch.add(line)

    def _seconds(self, state: TaskState) -> float:
        last = state.attempts[-1]
        return (last.ended_at if last.ended_at is not None else self._now_seconds()) - last.started_at


def _wall() -> float:
    return time.time()  # noqa: TID251 - shown, never decided on
