"""Planning a goal by a model: a run of one task that changes nothing, and the run of the plan that came of it."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

from pydantic import JsonValue

from astrolabe.agents.agent import check_inputs
from astrolabe.agents.asking import error_of
from astrolabe.domain.budget import Usage
from astrolabe.domain.checkpoint import GENERATED
from astrolabe.domain.plan import Plan, Task
from astrolabe.domain.run import Ground, RunStatus
from astrolabe.engine.offering import offered
from astrolabe.errors import (
    AstrolabeError,
    ConflictError,
    GoalError,
    ModelError,
    NoModelError,
)
from astrolabe.planning.proposed import Hand
from astrolabe.planning.recipe import Goal
from astrolabe.planning.static import recognises
from astrolabe.planning.validation import validated
from astrolabe.ports.store import PlanVersion, RunRecord
from astrolabe.ports.workspace import TargetKind, TargetState
from astrolabe.services.builds import (
    PLANNED_BY,
    Begun,
    Proposal,
    must_be_workable,
    origin_of,
    propose_plan,
    require_sandbox,
    start,
    take_up,
)
from astrolabe.services.installation import Installation
from astrolabe.services.oddities import oddities_of
from astrolabe.services.runs import RunView, view_run

PLANNER = "planner"
SHARED = "plan"
"""What the agent shares its outcome as."""
_FALLBACK_AGENT = "code"
_LOOKED_AT = 100


@dataclass(frozen=True)
class Planned:
    """A model's plan and the run that it came from; `tries` tell of each answer, `reused` that nobody was asked again."""

    plan: Plan
    record: RunRecord
    tries: tuple[Mapping[str, Any], ...] = ()
    reused: bool = False


async def needs_model(installation: Installation, goal: Goal, folder: Path | None) -> bool:
    """Tell whether a goal goes to a model: no recipe recognises it, or the place is a repository that was not built here.

    Raises:
        NoModelError: it does, and no model is set up.
    """
    if recognises(goal, installation.recipes) and (
        folder is None or await _takes_generation(installation, folder)
    ):
        return False
    try:
        return bool(installation.models.chain(PLANNER))
    except NoModelError as error:
        known = ", ".join(recipe.name for recipe in installation.recipes)
        error.hint = (
            f"{error.hint}. Without a model these kinds of goals can be built, in a new folder: {known}."
        )
        raise


async def begin_planning(
    installation: Installation, goal: Goal, folder: Path | None
) -> Begun | Planned | Proposal:
    """Begin the run that plans a goal for a repository (None: for none), or take it up; nothing is written there.

    Returns the plan itself when it has been made before - for the same goal, commit, agents and prompts - and a proposal when
    the run of the plan itself was cut off.

    Raises:
        TargetError: the place cannot be worked on.
        ConflictError: another run is on its way there.
    """
    place = folder or _nowhere(installation, goal)
    workspace = installation.workspace(place)
    target = await workspace.inspect()
    if folder is not None:
        must_be_workable(installation, target)
    unfinished = await installation.store.runs(unfinished=True, target=str(target.path))
    for record in unfinished:
        if await _carries_out(installation, record, goal):
            return await _cut_off(installation, record, target)
    base = await workspace.start()
    plan = planning_plan(installation, goal, base, await oddities_of(workspace, base))
    for record in unfinished:
        if record.origin == origin_of(plan):
            return await take_up(installation, record)
        raise _on_its_way(record)
    for record in await installation.store.runs(target=str(target.path), limit=_LOOKED_AT):
        if record.origin == origin_of(plan) and record.status is RunStatus.PASSED:
            return replace(await planned_in(installation, record), reused=True)
    await require_sandbox(installation)
    return await start(installation, plan, str(target.path), workspace, Ground(base=base, aside=True))


def planning_plan(
    installation: Installation, goal: Goal, base: str | None, notes: Sequence[str] = ()
) -> Plan:
    """Return the plan of a run that plans a goal for the commit `base`; equal for equal circumstances."""
    digests = {f"{one.name}/{one.variant}": f"{one.version}:{one.digest}" for one in installation.prompts}
    hands = offered(installation.agents, installation.plugins_of, installation.recipe_plugins)
    inputs: dict[str, JsonValue] = {
        "agents": [_told(hand) for hand in hands],
        "agent": _FALLBACK_AGENT,
        "seen": {
            "base": base or "",
            "prompts": hashlib.sha256(repr(sorted(_of_planner(digests).items())).encode()).hexdigest(),
        },
    }
    if notes:
        inputs["notes"] = list(notes)
    task = Task(id=PLANNER, name="Plan the goal", agent=PLANNER, goal=goal.text, inputs=inputs)
    return Plan(goal=f"Plan: {goal.title}", tasks=(task,), source="static")


async def planned_in(installation: Installation, record: RunRecord) -> Planned:
    """Return the plan that a planning run has left.

    Raises:
        GoalError: it has none, and why.
    """
    shared = await installation.store.contexts.get(record.id, SHARED)
    told = cast("dict[str, Any]", shared.value) if shared and isinstance(shared.value, dict) else {}
    tries = tuple(cast("list[dict[str, Any]]", told.get("tries") or []))
    if not told.get("plan"):
        raise await _unplanned(installation, record, tries)
    plan = Plan.model_validate(told["plan"])
    validated(plan, installation.agents.keys())
    for task in plan.tasks:
        check_inputs(installation.agents[task.agent], task)
    return Planned(plan, record, tries)


async def propose_planned(
    installation: Installation, planned: Planned, folder: Path, edited: Plan | None = None
) -> Proposal:
    """Look at the place a model's plan is to run on; `edited` is what a person made of it: the plan's second version.

    Raises:
        TargetError: the place cannot be worked on.
        ConflictError: another run is on its way there.
    """
    proposal = await propose_plan(installation, edited or planned.plan, folder)
    version: PlanVersion | None = None
    if edited is not None and edited != planned.plan:
        first = await installation.store.add_plan(planned.plan)
        version = await installation.store.add_plan(edited, first.id)
    return replace(proposal, planned_by=planned.record.id, version=version)


def outcome_document(planned: Planned) -> dict[str, Any]:
    """Return how a plan came about, for programs and tables."""
    return {
        "run": planned.record.id,
        "reused": planned.reused,
        "tries": list(planned.tries),
        "reasoning": planned.plan.reasoning,
        "warnings": list(planned.plan.warnings),
    }


async def planning_cost(installation: Installation, record: RunRecord) -> dict[str, JsonValue] | None:
    """Return which run planned a run, and what that used in all; None for a run that no other planned."""
    planner = record.options.get(PLANNED_BY)
    if not planner:
        return None
    state = (await view_run(installation, await installation.store.run(planner))).state
    used = [Usage.model_validate(one) for one in state.used.values()]
    return {
        "run": planner,
        "model_calls": sum(one.model_calls for one in used),
        "tokens": sum(one.tokens for one in used),
        "money": sum(one.money for one in used),
    }


async def _takes_generation(installation: Installation, folder: Path) -> bool:
    """Tell whether a recipe's result can go to a folder: it is new, empty, or was built before."""
    workspace = installation.workspace(folder)
    target = await workspace.inspect()
    if target.kind is not TargetKind.REPOSITORY or target.head is None:
        return True
    head = await workspace.start()
    return head is None or await workspace.last_naming(head, GENERATED) is not None


def _nowhere(installation: Installation, goal: Goal) -> Path:
    """Return the place that stands for a repository where none is given; nothing is ever written there."""
    return installation.state / "planning" / hashlib.sha256(goal.text.encode()).hexdigest()[:16]


async def _carries_out(installation: Installation, record: RunRecord, goal: Goal) -> bool:
    """Tell whether a run carries out a plan that was made for the goal."""
    planner = record.options.get(PLANNED_BY)
    if not planner:
        return False
    versions = await installation.store.plan_versions((await installation.store.run(planner)).plan_id)
    return versions[0].plan.tasks[0].goal == goal.text


async def _cut_off(installation: Installation, record: RunRecord, target: TargetState) -> Proposal:
    view = await view_run(installation, record)
    return Proposal(None, view.plan, target, record, planned_by=record.options[PLANNED_BY])


def _on_its_way(record: RunRecord) -> ConflictError:
    return ConflictError(
        f"run {record.id} with another goal is not finished for {record.target}",
        hint=f"Type: astrolabe resume {record.id}   or: astrolabe runs cancel {record.id}",
    )


def _told(hand: Hand) -> dict[str, JsonValue]:
    return {
        "name": hand.name,
        "purpose": hand.purpose,
        "writes": hand.writes,
        "inputs": {**hand.told},
        "needs": list(hand.needs),
    }


def _of_planner(digests: Mapping[str, str]) -> dict[str, str]:
    return {name: digest for name, digest in digests.items() if name.startswith(PLANNER)}


async def _unplanned(
    installation: Installation, record: RunRecord, tries: Sequence[Mapping[str, Any]]
) -> AstrolabeError:
    view = await view_run(installation, record)
    if (unanswered := _unanswered(view)) is not None:
        return unanswered
    reason = view.state.tasks[PLANNER].reason or view.state.reason or view.status
    problems = list(dict.fromkeys(problem for one in tries for problem in one.get("problems", ())))
    told = f"no model could plan the goal: {reason}" if not tries else "no model could plan the goal"
    error = GoalError(
        told,
        hint="Say the goal more exactly, name another model, or write the plan yourself: astrolabe plan --help",
    )
    if problems:
        error.message = f"{told}: {len(tries)} answers were no plan that can run ({problems[-1]})"
        error.args = (error.message,)
    return error


def _unanswered(view: RunView) -> ModelError | None:
    """Return why no model answered, when that is how planning ended."""
    steps = view.state.steps.items()
    asked = [reply for key, reply in steps if key.startswith(f"{PLANNER}/") and key.endswith("/model")]
    return error_of(asked[-1]["error"]) if asked and "error" in asked[-1] else None
