"""The workbench of an attempt, or of what follows its failure, put together from what the run's attempts share."""

from collections.abc import Callable
from functools import partial

from astrolabe.agents.asking import Asker
from astrolabe.agents.bench import TreeBench
from astrolabe.agents.commits import Hand
from astrolabe.agents.context import BenchContext
from astrolabe.agents.memory import BenchMemory
from astrolabe.agents.skills import Attempt, BenchSkills
from astrolabe.agents.tools.guard import SECRETS, may_see
from astrolabe.agents.web import BenchWeb
from astrolabe.domain.plan import Task, ref_name
from astrolabe.domain.secrets.kept import values_kept
from astrolabe.domain.secrets.redaction import Redactor
from astrolabe.engine.floor import Floor
from astrolabe.engine.steps import Steps
from astrolabe.ports.model import unheard


def bench_of(
    floor: Floor, steps: Steps, task: Task, number: int, tree: str, agent: str, redactor: Redactor
) -> TreeBench:
    """Return a bench for attempt `number` at a task, which begins with `tree`; models are those set for `agent`."""
    attempt, say = f"{task.id}/{number}", partial(floor.say, task.id)
    return TreeBench(
        task=task,
        tree=tree,
        workspace=floor.workspace,
        sandbox=floor.sandbox,
        preparer=floor.preparer,
        recorder=steps,
        skills=_skills(floor, steps, task, number, tree, say),
        context=BenchContext(floor.contexts, steps, floor.run, attempt, say),
        web=BenchWeb(floor.web, steps),
        memory=BenchMemory(floor.memory, steps, floor.workspace, f"{floor.run}/{attempt}", redactor, say),
        asker=Asker(
            floor.models,
            steps,
            agent,
            f"{floor.run}/{attempt}",
            say,
            heard=unheard if floor.heard is None else partial(floor.heard, task.id),
            keep=floor.keep,
        ),
        policy=floor.policy,
        redactor=redactor,
        say=say,
        key=f"{floor.run}/{task.id}",
        commits=Hand(
            floor.ground.onto or floor.ground.base,
            floor.log.state.tasks[task.id].attempts[-1].started_at,
            floor.redactor.redacted,
            f"{floor.run}-{ref_name(task.id)}",
        ),
        base=floor.ground.base,
        setbacks=_setbacks(floor, task, number),
    )


async def discretion(floor: Floor, task: Task, tree: str) -> Redactor:
    """Return what keeps secrets from a model: it knows those too that lie in the tree, where reading them is refused."""
    hidden = [entry for entry in await floor.workspace.files(tree, SECRETS) if not may_see(task, entry.path)]
    kept = [value for entry in hidden for value in values_kept(entry.content.decode(errors="replace"))]
    return floor.redactor.knowing(dict.fromkeys(kept))


def _skills(
    floor: Floor, steps: Steps, task: Task, number: int, tree: str, say: Callable[[str], None]
) -> BenchSkills:
    home = floor.skills if floor.log.state.skills else None
    files = partial(floor.workspace.files, tree)
    return BenchSkills(home, steps, files, Attempt(floor.run, task.id, number), say)


def _setbacks(floor: Floor, task: Task, number: int) -> tuple[str, ...]:
    """Return why the attempts before this one have failed, those of a plan's other agent too."""
    attempts = floor.log.state.tasks[task.id].attempts
    return tuple(attempt.reason for attempt in attempts if attempt.number < number and attempt.reason)
