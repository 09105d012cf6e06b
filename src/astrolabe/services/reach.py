"""What a plan would reach over a network, held against what the operator allows."""

from collections.abc import Iterator

from astrolabe.agents.environment import HOW_TO_REACH, unreachable
from astrolabe.domain.plan import Plan
from astrolabe.errors import PlanValidationError, Problem
from astrolabe.services.installation import Installation


def must_be_reachable(installation: Installation, plan: Plan) -> None:
    """Return when a plan names no destination but those of the settings.

    Raises:
        PlanValidationError: it names others; says where.
    """
    problems = [
        Problem(place, unreachable([name]), HOW_TO_REACH)
        for place, name in _named(plan)
        if name not in installation.reachable
    ]
    if problems:
        raise PlanValidationError("the plan would reach what the settings do not allow", problems)


def _named(plan: Plan) -> Iterator[tuple[str, str]]:
    for index, task in enumerate(plan.tasks):
        for number, name in enumerate(task.network):
            yield f"tasks[{index}].network[{number}]", name
        for which, check in enumerate(task.checks):
            for number, name in enumerate(check.policy.network if check.policy else ()):
                yield f"tasks[{index}].checks[{which}].policy.network[{number}]", name
