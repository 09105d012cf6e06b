"""Plans without much of a model's help: the few steps of a small one, and one whole task where no model's plan can run."""

from dataclasses import replace
from typing import cast

from pydantic import JsonValue

from astrolabe.domain.plan import Plan
from astrolabe.planning.extraction import Extracted, Raw
from astrolabe.planning.names import Renaming
from astrolabe.planning.proposed import Terms, proposed_plan

_LINE = 72


def as_steps(extracted: Extracted, terms: Terms) -> Extracted:
    """Return a plan in the short form as one in the long form: one step after the other, each with the repository's proofs."""
    tasks = [cast("Raw", task) for task in extracted.tasks if isinstance(task, dict)]
    ids = Renaming([(str(task.get("id") or ""), str(task.get("name") or "")) for task in tasks]).ids
    proofs: list[JsonValue] = [proof.run for proof in terms.proofs]
    steps: list[JsonValue] = [
        {
            "agent": terms.agent,
            "depends_on": cast("list[JsonValue]", ids[max(0, at - 1) : at]),
            "checks": proofs,
            **task,
            "id": ids[at],
        }
        for at, task in enumerate(tasks)
    ]
    return replace(extracted, plan={**extracted.plan, "tasks": steps})


def whole_plan(terms: Terms, why: str) -> Plan | None:
    """Return the plan that needs no model's: all of the goal as one task, proved by the repository's own tests.

    `why` is what its reader is told. None where the repository has nothing that could prove it.
    """
    if not terms.proofs:
        return None
    first = (terms.goal.strip().splitlines() or [""])[0]
    task: Raw = {
        "id": "goal",
        "name": first if len(first) <= _LINE else f"{first[: _LINE - 1].rstrip()}…",
        "agent": terms.agent,
        "goal": terms.goal,
        "writes": ["**"],
    }
    plan = proposed_plan(Extracted({"reasoning": why, "tasks": [task]}), terms)
    return plan.model_copy(update={"source": "static", "warnings": (why, *plan.warnings)})
