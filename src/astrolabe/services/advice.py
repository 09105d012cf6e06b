"""What a person can do next with a run: a reason and a line to type, each of which works as it stands."""

import re
from dataclasses import dataclass
from shlex import quote

from astrolabe.domain.budget import Resource
from astrolabe.domain.evidence import Evidence, Verdict
from astrolabe.domain.plan import ref_name
from astrolabe.domain.run import RunStatus
from astrolabe.domain.task import TaskStatus
from astrolabe.services.artifacts import CheckResult, checks_of, typeable
from astrolabe.services.runs import INTERRUPTED, RunView

SHORT_CHARACTERS = 6
_MOST_OF_A_KIND = 3
_RAISE = re.compile(rf"--budget (?P<resource>{'|'.join(Resource)})=")
"""What the reason of a run names that reached a limit of its own; all runs' together is not raised by a retry."""


@dataclass(frozen=True)
class NextStep:
    """What to type, and what for: a verb and what goes with it."""

    why: str
    commands: tuple[str, ...]


def short_id(run: str) -> str:
    """Return the end of a run's id: enough to name it, and unlike the beginning not the same for runs of one day."""
    return run[-SHORT_CHARACTERS:]


def next_steps(view: RunView) -> tuple[NextStep, ...]:
    """Return what to type next, the likeliest first; nothing for a run that is going on."""
    run = short_id(view.record.id)
    if view.status == INTERRUPTED:
        return (
            NextStep("go on where it was cut off", (f"astrolabe resume {run}",)),
            NextStep("give it up", (f"astrolabe runs cancel {run}",)),
        )
    if view.state.status is RunStatus.PAUSED:
        return (
            NextStep("go on with it", (f"astrolabe resume {run}",)),
            NextStep("give it up", (f"astrolabe runs cancel {run}",)),
        )
    if view.state.status is RunStatus.PASSED:
        return (*_handed_over(view), *_unproved(view))
    if not view.state.status.final:
        return ()
    return (
        *_resolve(view),
        *_failed_checks(view, run),
        *_files(view, run),
        *_passed_parts(view),
        _again(view, run),
    )


def _again(view: RunView, run: str) -> NextStep:
    """Say how to try again; with twice the limit that was reached, for within it the run would stop again at once."""
    command, why = f"astrolabe runs retry {run}", "try again what has not passed"
    reached = _RAISE.search(view.state.reason) if view.state.status is RunStatus.OVER_BUDGET else None
    if reached is None:
        return NextStep(why, (command,))
    name = reached["resource"]
    most = view.state.raised.get("", {}).get(name) or getattr(view.plan.budget, name)
    return NextStep(f"{why}, with twice the limit", (f"{command} --budget {name}={most * 2:g}",))


def unproved(view: RunView) -> tuple[Evidence, ...]:
    """Return required checks that could not run."""
    evidence = (item for state in view.state.tasks.values() for item in state.evidence)
    return tuple(item for item in evidence if item.verdict is Verdict.NOT_RUN and item.required)


def _unproved(view: RunView) -> list[NextStep]:
    why = "see what the checks lack that could not run"
    return [NextStep(why, ("astrolabe doctor",))] if unproved(view) else []


def _handed_over(view: RunView) -> list[NextStep]:
    """Say how to get a result whose branch could not be moved."""
    published = view.state.published or {}
    steps = (
        [NextStep("take the result over", tuple(commands))] if (commands := published.get("commands")) else []
    )
    if restore := published.get("restore"):
        why = "nothing uncommitted was touched; should you ever miss it, bring it back as it was"
        steps.append(NextStep(why, (restore,)))
    return steps


def _resolve(view: RunView) -> list[NextStep]:
    if not (view.state.merged and view.state.merged["conflicts"] and view.state.published):
        return []
    git = f"git -C {quote(view.record.target)}"
    branch = f"{view.state.published['branch']}conflicts"
    return [
        NextStep(
            "find the marked contradictions in your files",
            (f"{git} merge --no-edit {branch}", f"{git} grep --line-number '^<<<<<<<'"),
        ),
        NextStep(
            "go on when you have decided at each mark, before you build again",
            (f"{git} commit --all --message Decided",),
        ),
    ]


def _failed_checks(view: RunView, run: str) -> list[NextStep]:
    failed = [result for result in checks_of(view) if result.evidence.verdict is Verdict.FAILED]
    return [
        NextStep(
            f"read all that {result.evidence.check!r} printed",
            (f"astrolabe runs log {run} {_named(view, result)}",),
        )
        for result in failed[:_MOST_OF_A_KIND]
    ]


def _named(view: RunView, result: CheckResult) -> str:
    check = f"--check {quote(typeable(result.evidence.check))}"
    alike = checks_of(view, None, typeable(result.evidence.check))
    return check if len(alike) == 1 else f"{check} --task {quote(result.task)}"


def _files(view: RunView, run: str) -> list[NextStep]:
    if not any(state.worked_tree for state in view.state.tasks.values()):
        return []
    why = "look at the files as the checks saw them"
    return [NextStep(why, (f"astrolabe runs files {run} --out run-{run}",))]


def _passed_parts(view: RunView) -> list[NextStep]:
    """Say where the work of tasks that passed lies: a branch for each of them that no other one contains."""
    published = view.state.published
    if not published:
        return []
    passed = [task for task in view.plan.tasks if view.state.tasks[task.id].status is TaskStatus.PASSED]
    built_on = {needed for task in passed for needed in task.depends_on}
    ends = [task for task in passed if task.id not in built_on and view.state.tasks[task.id].commit]
    git = f"git -C {quote(view.record.target)}"
    return [
        NextStep(
            f"see what {task.id!r} did, which passed, and take it over",
            tuple(
                f"{git} {verb}{published['branch']}{ref_name(task.id)}" for verb in ("log -p ..", "merge ")
            ),
        )
        for task in ends[:_MOST_OF_A_KIND]
    ]
