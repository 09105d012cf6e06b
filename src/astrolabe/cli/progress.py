"""The live task tree on a terminal; elsewhere a run is quiet until its report."""

import time
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from shlex import quote

from rich.console import Console, ConsoleOptions, RenderResult
from rich.live import Live
from rich.text import Text
from rich.tree import Tree

from astrolabe.cli.output import mark
from astrolabe.cli.terminal import duration, one_line, say
from astrolabe.domain.event import Event, EventType
from astrolabe.domain.plan import Check, Plan, Task
from astrolabe.domain.run import RunState
from astrolabe.domain.task import TaskState, TaskStatus
from astrolabe.engine.workshop import Watcher
from astrolabe.ports.images import Progress
from astrolabe.ports.store import RunRecord

Left = Callable[[RunState], float | None]
"""Tells how many seconds are left of a run, or None when that is anybody's guess."""

REFRESH_PER_SECOND = 6
SAID_CHARACTERS = 120
SHORTEST_TITLE = 12
LINES_BESIDE_THE_TASKS = 4
"""The headline, what is being fetched, and room for the prompt."""


@contextmanager
def watching(plan: Plan, record: RunRecord, left: Left | None, *, quiet: bool) -> Generator[Watcher]:
    """Show a run while it goes on, on stderr, if that is a terminal that can move its cursor."""
    console = Console(stderr=True, highlight=False)
    if quiet or not console.is_terminal or console.is_dumb_terminal:
        plain = _PlainProgress(quiet=quiet)
        yield Watcher(events=plain.take_in, progress=plain)
        return
    tree = TaskTree(plan, record, left=left)
    with Live(tree, console=console, refresh_per_second=REFRESH_PER_SECOND, transient=True):
        yield Watcher(
            events=tree.take_in,
            planned=tree.follow,
            said=tree.said,
            output=tree.output,
            progress=tree.progress,
            heard=tree.heard,
        )


class _PlainProgress:
    """One line for each thing that is fetched or installed, each question, each change of the plan: no long run is silent."""

    def __init__(self, *, quiet: bool) -> None:
        self._quiet = quiet
        self._told: set[str] = set()

    def take_in(self, events: Sequence[Event]) -> None:
        """Tell what the run asks."""
        for event in events:
            if event.type == EventType.APPROVAL_REQUESTED and not self._quiet:
                say(f"{one_line(event.task or '')} asks: {one_line(event.data['question'])}", err=True)
                say(f"  answer with: {_answer_line(event.run, event.task or '')}", err=True)
            elif event.type == EventType.PLAN_CHANGED and not self._quiet:
                new = ", ".join(map(one_line, event.data["added"])) or "no new tasks"
                say(f"{one_line(event.data['task'])} could not be done; the plan is changed: {new}", err=True)

    def __call__(self, progress: Progress) -> None:
        if not self._quiet and progress.subject not in self._told:
            self._told.add(progress.subject)
            say(f"{one_line(progress.subject)}: {one_line(progress.text)}", err=True)


class TaskTree:
    """A run as it stands, drawn anew at each refresh from the folded state; `now` is in seconds since the epoch."""

    def __init__(
        self, plan: Plan, record: RunRecord, now: Callable[[], float] | None = None, left: Left | None = None
    ) -> None:
        self._plan = plan
        self._state = RunState(record.id)
        self._now: dict[str, str] = {}
        self._words: dict[str, str] = {}
        self._running: dict[tuple[str, str], float] = {}
        self._fetching: Progress | None = None
        self._now_seconds = now or _wall
        self._began = self._now_seconds()
        self._units = sum(1 + len(task.checks) for task in plan.tasks)
        self._left = left
        self._ends_at: float | None = None

    def take_in(self, events: Sequence[Event]) -> None:
        """Fold events of the run."""
        self._state.apply(event for event in events if event.seq > self._state.seq)
        ended = {(task, e.check) for task, state in self._state.tasks.items() for e in state.evidence}
        self._running = {key: since for key, since in self._running.items() if key not in ended}
        left = self._left(self._state) if self._left and self._state.tasks else None
        self._ends_at = None if left is None else self._now_seconds() + left

    def follow(self, plan: Plan) -> None:
        """Show another plan from now on."""
        self._plan = plan
        self._units = sum(1 + len(task.checks) for task in plan.tasks)

    def said(self, task: str, text: str) -> None:
        """Note what an agent says."""
        self._now[task] = one_line(text, SAID_CHARACTERS)

    def heard(self, task: str, piece: str) -> None:
        """Note the line a model is writing."""
        line = (self._words.get(task, "") + piece).splitlines()[-1:] or [""]
        self._words[task] = line[0][-SAID_CHARACTERS:]
        if one_line(line[0]):
            self._now[task] = one_line(self._words[task], SAID_CHARACTERS)

    def output(self, task: str, check: str, piece: bytes) -> None:
        """Note a check's latest line."""
        self._running.setdefault((task, check), self._now_seconds())
        lines = [line for line in piece.decode(errors="replace").splitlines() if one_line(line)]
        if lines:
            self._now[f"{task}/{check}"] = one_line(lines[-1], SAID_CHARACTERS)

    def progress(self, progress: Progress) -> None:
        """Note a fetch or an installation."""
        self._fetching = progress if progress.fraction is None or progress.fraction < 1 else None

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        tree = Tree(self._headline(options.max_width), guide_style="dim")
        room = console.size.height - LINES_BESIDE_THE_TASKS - len(self._plan.tasks)
        for task in self._plan.tasks:
            room -= self._draw(tree, task, self._state.tasks.get(task.id, TaskState()), room)
        yield tree
        if self._fetching is not None:
            share = "" if self._fetching.fraction is None else f" {self._fetching.fraction:.0%}"
            told = f"⇣ {one_line(self._fetching.subject)}: {one_line(self._fetching.text)}{share}"
            yield _line((told, "cyan"))

    def _headline(self, width: int) -> Text:
        now = self._now_seconds()
        told = f"  {self._done_units()}/{self._units}  {duration(now - self._began)}"
        if self._ends_at is not None and self._ends_at - now >= 1:
            told += f", about {duration(self._ends_at - now)} left"
        title = Text(one_line(self._plan.goal), style="bold")
        title.truncate(max(SHORTEST_TITLE, width - len(told)), overflow="ellipsis")
        return _line(title, (told, "dim"))

    def _done_units(self) -> int:
        finished = sum(state.status.final for state in self._state.tasks.values())
        return finished + sum(len(state.evidence) for state in self._state.tasks.values())

    def _draw(self, tree: Tree, task: Task, state: TaskState, room: int) -> int:
        """Draw a task with its checks in about `room` lines; return how many the checks took."""
        line = _line(mark(state.status.value), " ", one_line(task.name))
        if state.attempts and state.status is not TaskStatus.WAITING:
            line.append(f"  {duration(self._seconds(state))}", style="dim")
        if state.status in _AT_WORK and task.id in self._now:
            line.append(f"  {self._now[task.id]}", style="dim")
        if state.question is not None:
            line.append(f"  {one_line(state.question.text)}", style="magenta")
            line.append(f"  {_answer_line(self._state.id, task.id)}", style="dim")
        elif state.reason:
            line.append(f"  {one_line(state.reason)}", style="red")
        branch = tree.add(line)
        if state.status not in {TaskStatus.RUNNING, TaskStatus.FAILED}:
            return 0
        lines = self._checks(task, state, few=len(task.checks) > room)
        for check in lines:
            branch.add(check)
        return len(lines)

    def _checks(self, task: Task, state: TaskState, *, few: bool) -> list[Text]:
        """Return a line a check; when only few have room, those that passed and those that wait are counted instead."""
        known = {evidence.check: evidence for evidence in state.evidence}
        told: list[Text] = []
        counts = {"passed": 0, "waiting": 0}
        for check in task.checks:
            evidence = known.get(check.name)
            running = (task.id, check.name) in self._running
            status = evidence.verdict.value if evidence else "running" if running else "waiting"
            if few and status in counts:
                counts[status] += 1
                continue
            seconds = evidence.duration_seconds if evidence else None
            told.append(self._check(task, check, status, seconds))
        summed = [_line(mark(status), f" {n} checks {status}") for status, n in counts.items() if n]
        return [*summed[:1], *told, *summed[1:]]

    def _check(self, task: Task, check: Check, status: str, seconds: float | None) -> Text:
        if status == "waiting":
            return _line(mark(status), " ", (one_line(check.name), "dim"))
        since = self._running.get((task.id, check.name))
        seconds = self._now_seconds() - since if seconds is None and since is not None else seconds
        line = _line(mark(status), " ", one_line(check.name), (f"  {duration(seconds or 0)}", "dim"))
        if status == "running":
            line.append(f"  {self._now.get(f'{task.id}/{check.name}', '')}", style="dim")
        return line

    def _seconds(self, state: TaskState) -> float:
        last = state.attempts[-1]
        return (last.ended_at if last.ended_at is not None else self._now_seconds()) - last.started_at


_AT_WORK = frozenset({TaskStatus.RUNNING, TaskStatus.HEALING})


def _answer_line(run: str, task: str) -> str:
    return f"astrolabe approvals approve {run[-6:]} {quote(task)}"


def _line(*parts: str | Text | tuple[str, str]) -> Text:
    """Return one line, which ends in an ellipsis where the terminal does."""
    return Text.assemble(*parts, no_wrap=True, overflow="ellipsis")


def _wall() -> float:
    return time.time()  # noqa: TID251 - shown, never decided on
