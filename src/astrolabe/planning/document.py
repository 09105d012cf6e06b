"""A plan file, YAML or JSON, read into a plan: every fault at once, with line and column."""

import re
from collections.abc import Collection, Iterator, Mapping

from pydantic import BaseModel

from astrolabe.domain.plan import MOST_TASKS, Plan
from astrolabe.errors import InputError, PlanValidationError
from astrolabe.planning.outline import outline_of
from astrolabe.planning.places.node import Entries, Fault, Items
from astrolabe.planning.places.reading import Document, read_document
from astrolabe.planning.places.validation import held_against, held_below, problems
from astrolabe.planning.validation import Finding, findings, findings_in

NO_INPUTS: Mapping[str, type[BaseModel]] = {}


def read_plan(
    content: str | bytes,
    name: str,
    agents: Collection[str] | None = None,
    inputs: Mapping[str, type[BaseModel]] = NO_INPUTS,
) -> Plan:
    """Return the plan in a file; `name` is what places call it, `agents` are those there are (None: any will do).

    `inputs` are what agents say of the `inputs` of their tasks, by the agent's name. What stands under `understanding`
    (`astrolabe plan GOAL --json` writes it) is left aside.

    Raises:
        PlanValidationError: with everything that is wrong: in how the file is written, in its fields, and in how its
            tasks fit together. Places read `plan.yaml:12:5 tasks[2].depends_on[0]`.
    """
    document = read_document(content, name, PlanValidationError)
    if (fault := _too_many(document)) is not None:
        raise PlanValidationError(f"{document.name} is no plan that can run", problems(document, [fault]))
    plan, faults = held_against(document, Plan)
    faults = [fault for fault in faults if not _follows_from_id(fault)]
    found = findings(plan, agents) if plan else _findings_in_broken(document, agents)
    faults.extend(_placed(document, finding) for finding in found)
    faults.extend(_faults_in_inputs(document, inputs))
    if plan is None or faults:
        listed = problems(document, faults)
        raise PlanValidationError(f"{document.name} is no plan that can run", listed)
    return plan.model_copy(update={"understanding": None})


def _too_many(document: Document) -> Fault | None:
    """Look at the number of tasks before each is looked at: of too many, that is all there is to say."""
    tasks = document.root.nodes.get("tasks") if isinstance(document.root, Entries) else None
    if not isinstance(tasks, Items) or len(tasks.nodes) <= MOST_TASKS:
        return None
    text = f"has {len(tasks.nodes):,} tasks, but a plan can have {MOST_TASKS:,}"
    return Fault(tasks.mark, text, "make several plans of it, and run one after another", ("tasks",))


def is_plan(content: str | bytes, name: str) -> bool:
    """Tell whether a file is meant as a plan: it can be read, and it has `tasks` at its top.

    A file that breaks the rules of YAML still is when lines of it begin with `goal:` and `tasks:`.
    """
    try:
        root = read_document(content, name).root
    except InputError:
        text = content if isinstance(content, str) else content.decode(errors="replace")
        return all(re.search(rf'(?m)^[ \t{{]*"?{key}"?[ \t]*:', text) for key in ("goal", "tasks"))
    return isinstance(root, Entries) and "tasks" in root.nodes


def _follows_from_id(fault: Fault) -> bool:
    """Tell whether a fault is only that a task without an id has no name: a name is the id unless it is given."""
    return fault.text == "`name` is missing" and len(fault.path) == len(("tasks", 0))


def _findings_in_broken(document: Document, agents: Collection[str] | None) -> list[Finding]:
    tasks = document.at(["tasks"])
    outlines = [outline_of(task) for task in tasks] if isinstance(tasks, list) else []
    return findings_in(document.at(["goal"]), outlines, agents)


def _faults_in_inputs(document: Document, inputs: Mapping[str, type[BaseModel]]) -> Iterator[Fault]:
    """Hold what tasks give their agents against what those agents say they need."""
    tasks = document.node(["tasks"])
    for index in range(len(tasks.nodes) if isinstance(tasks, Items) else 0):
        model = inputs.get(str(document.at(["tasks", index, "agent"])))
        given = document.node(["tasks", index, "inputs"])
        if model is not None and (given is None or isinstance(given, Entries)):
            yield from held_below(document, ("tasks", index, "inputs"), model)


def _placed(document: Document, finding: Finding) -> Fault:
    path, text, hint = finding
    return Fault(document.mark(path), text, hint, path)
