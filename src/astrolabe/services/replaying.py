"""Playing a recorded run again: what models and tools said comes from the recording, all else is done anew by today's code."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from astrolabe.domain.budget import Usage
from astrolabe.domain.conversation import Question, Reply
from astrolabe.domain.plan import Backoff, Budget, Plan
from astrolabe.domain.run import Ground
from astrolabe.engine.tape import Tape, Taped, Turn
from astrolabe.engine.workshop import Watcher
from astrolabe.errors import InputError, MissingError, ModelRequestError, NoModelError
from astrolabe.ports.model import Heard, Model, ModelInfo, unheard
from astrolabe.ports.workspace import Change, Workspace
from astrolabe.services.builds import start
from astrolabe.services.installation import Installation
from astrolabe.services.recording import Recording
from astrolabe.services.runs import view_run

SHAPE = "astrolabe.replay/1"
_INFO = TypeAdapter[ModelInfo](ModelInfo)


class _Remembered:
    """A model of which only what was known of it is left."""

    def __init__(self, told: Mapping[str, Any]) -> None:
        self._info = _INFO.validate_python(told)

    @property
    def info(self) -> ModelInfo:
        return self._info

    async def ask(self, question: Question, heard: Heard = unheard) -> Reply:
        del question, heard
        raise ModelRequestError(f"{self._info.name} is only remembered: nobody can be asked in a replay")


class _Cast:
    """The models a recorded run knew of."""

    def __init__(self, chains: Mapping[str, Sequence[Mapping[str, Any]]]) -> None:
        self._chains = {agent: [_Remembered(told) for told in chain] for agent, chain in chains.items()}

    def chain(self, agent: str) -> Sequence[Model]:
        if agent not in self._chains:
            raise NoModelError(f"the recording knows of no model of the agent {agent!r}")
        return self._chains[agent]

    def named(self, name: str) -> Model:
        for chain in self._chains.values():
            for model in chain:
                if model.info.name == name:
                    return model
        raise MissingError(f"the recording knows of no model {name!r}")


@dataclass(frozen=True)
class Replay:
    """What came of it: where the course was another one, and how the tasks ended then and now."""

    recording: Recording
    turns: tuple[Turn, ...]
    tasks: dict[str, dict[str, Any]]

    @property
    def same(self) -> bool:
        """Whether every question, every tree and every verdict was the same, byte for byte."""
        return not self.turns and all(task["same"] for task in self.tasks.values())

    def document(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {
            "shape": SHAPE,
            "run": self.recording.run,
            "same": self.same,
            "steps": len(self.recording.steps),
            "turns": [{"step": turn.step, "then": turn.then, "now": turn.now} for turn in self.turns],
            "tasks": [{"id": name, **told} for name, told in self.tasks.items()],
        }


async def replay(installation: Installation, recording: Recording, target: Path, watcher: Watcher) -> Replay:
    """Play a recording in an installation of its own, for an empty folder.

    Raises:
        InputError: the plan it holds is none.
        SandboxUnavailableError: nothing here can isolate what its checks run.
    """
    tape = Tape(
        {
            key: Taped(step.about, step.reply, Usage.model_validate(step.used))
            for key, step in recording.steps.items()
        }
    )
    workspace = installation.workspace(target)
    await workspace.start()
    ground = await _laid_out(recording, workspace)
    plan = _unhindered(Plan.model_validate(recording.plan))
    begun = await start(installation, plan, str(target), workspace, ground, skills=_had_skills(recording))
    if begun.lease is None:
        raise MissingError("a replay is driven by one process", hint="Unset ASTROLABE_TEMPORAL_ADDRESS.")
    driver = installation.driver.playing(_Cast(recording.chains), tape)
    await driver.drive(begun.lease, plan, workspace, watcher)
    view = await view_run(installation, begun.record)
    tasks = {
        name: _held_together(
            recording,
            name,
            task.status,
            task.tree or task.worked_tree,
            {item.check: item.verdict.value for item in task.evidence},
        )
        for name, task in view.state.tasks.items()
    }
    return Replay(recording, (*tape.turns, *tape.left()), tasks)


def _unhindered(plan: Plan) -> Plan:
    """Return the plan without what keeps a run waiting or stops it: nothing is spent, and what was asked was answered."""
    tasks = [
        task.model_copy(update={"approval": None, "backoff": Backoff(base=0), "budget": Budget()})
        for task in plan.tasks
    ]
    return plan.model_copy(update={"tasks": tuple(tasks), "budget": Budget()})


async def _laid_out(recording: Recording, workspace: Workspace) -> Ground:
    """Put the recorded trees into the workspace's clone; commits are made anew, for only trees are compared."""
    empty = await workspace.tree_of(None)
    for tree in recording.trees:
        changes = [Change(entry.path, entry) for entry in recording.files(tree)]
        if await workspace.changed(empty, changes) != tree:
            raise InputError(f"the recording was changed: its tree {tree[:12]} holds something else")
    commits = {
        name: await workspace.commit(tree, (), f"The {name} of run {recording.run}\n", 0)
        for name, tree in recording.ground.items()
        if name != "previous"
    }
    return Ground(
        base=commits.get("base"), onto=commits.get("onto"), previous=recording.ground.get("previous")
    )


def _held_together(
    recording: Recording, name: str, status: str, tree: str | None, verdicts: dict[str, str]
) -> dict[str, Any]:
    then = recording.tasks.get(name)
    if then is None:
        return {"same": False, "then": None, "now": {"status": status, "tree": tree, "checks": verdicts}}
    before = {"status": then.status, "tree": then.tree, "checks": then.verdicts}
    now = {"status": str(status), "tree": tree, "checks": verdicts}
    return {"same": before == now, "then": before, "now": now}


def _had_skills(recording: Recording) -> bool:
    """Tell whether agents of the recorded run were given skills: one that was not is to be asked in the same words."""
    return any(key.endswith("/skills:chosen") for key in recording.steps)
