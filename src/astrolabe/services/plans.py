"""Reading plans, and the versions that are kept."""

from shlex import quote

from astrolabe.agents.agent import declared_inputs
from astrolabe.domain.plan import Plan
from astrolabe.errors import GoalError, InputError, MissingError
from astrolabe.planning import document
from astrolabe.planning.overlap import warnings_in
from astrolabe.planning.visible import visible
from astrolabe.ports.store import PlanVersion
from astrolabe.services.files import content_of, find_file
from astrolabe.services.finding import find_plan
from astrolabe.services.installation import Installation
from astrolabe.services.reach import must_be_reachable

_HINT = "Name a plan file: YAML or JSON."


def read_plan(installation: Installation, file: str) -> Plan:
    """Return a person's plan, ready to run.

    Raises:
        PlanValidationError: everything that is wrong with it, each with its place.
        InputError: the file cannot be read.
    """
    found = find_file(file, InputError, _HINT)
    if found is None:
        raise InputError(f"there is no file {visible(file, 200)}", hint=_HINT)
    content, agents = content_of(found, InputError), installation.agents
    try:
        plan = document.read_plan(content, file, agents.keys(), declared_inputs(agents))
    except InputError as error:
        if not error.hint and not document.is_plan(content, file):
            error.hint = f"If it is a goal, plan it with: astrolabe plan {quote(file)}"
        raise
    must_be_reachable(installation, plan)
    return plan


def with_warnings(plan: Plan) -> Plan:
    """Return the plan with warnings of what is allowed, but seldom meant; for showing, not for running."""
    found = [str(problem) for problem in warnings_in(plan)]
    return plan.model_copy(update={"warnings": (*plan.warnings, *found)})


def refuse_plan(words: str, hint: str) -> None:
    """Raise GoalError when a plan file was given where a goal is meant; `hint` says what to type instead."""
    if is_plan(words):
        raise GoalError(f"{visible(words, 200)} is a plan, and a goal is needed here", hint=hint)


def is_plan(words: str) -> bool:
    """Tell whether `words` name an existing file with `tasks`; anything else is a goal."""
    file = find_file(words, InputError, "Name a file: a goal, or a plan in YAML or JSON.")
    return file is not None and document.is_plan(content_of(file, InputError), words)


async def plan_named(installation: Installation, name: str) -> Plan:
    """Return the plan of a file, or the kept one of `PLAN`, `RUN`, `PLAN:VERSION` or `RUN:VERSION`.

    Raises:
        MissingError: there is none of that name.
        InputError: there is more than one.
    """
    if find_file(name, InputError, _HINT) is not None:
        return read_plan(installation, name)
    identity, _, number = name.partition(":")
    versions = await history_of(installation, identity)
    if not number:
        return versions[-1].plan
    found = [version.plan for version in versions if str(version.version) == number]
    if not found:
        raise MissingError(
            f"plan {versions[0].id} has no version {visible(number, 20)}; it has 1 to {versions[-1].version}",
            hint=f"See: astrolabe plan history {versions[0].id}",
        )
    return found[0]


async def history_of(installation: Installation, name: str) -> tuple[PlanVersion, ...]:
    """Return the versions of a plan, oldest first, by its name or that of a run of it; see `find_plan`."""
    return await installation.store.plan_versions(await find_plan(installation, name))
