"""The agent that plans: looks at the repository, asks a model, sends back what cannot run, and shares what came of it."""

from pydantic import BaseModel, Field, JsonValue

from astrolabe.roles.planner.asking import TRIES, Tries, Wish, asked
from astrolabe.roles.planner.forms import form_for
from astrolabe.roles.planner.proof import proofs_of, standing_of
from astrolabe.sdk import (
    AgentFailedError,
    Hand,
    Measure,
    Plan,
    Task,
    Terms,
    Workbench,
    marked,
    proposed_plan,
    whole_plan,
)

SHARED = "plan"
"""The name under which the outcome is shared in the run's context."""
_OLD = "No task is blamed for that: make it a check only if the goal is to mend it."
_WHOLE = (
    f"none of the model's {TRIES} answers was a plan that can run; this one was made without it: "
    "all of the goal is one task, and the repository's own tests prove it"
)
REVIEWER = "reviewer"
"""Whoever is installed under this name looks at what was made, as the last task."""
TESTER = "test"
"""Whoever is installed under this name runs tests of which some failed before: nothing may fail that did not."""
HEALING = (Measure.SPLIT, Measure.REPLAN)
"""What is tried when no agent can do a task of a model's plan: it was a model that planned it too large, or wrongly."""


class Offered(BaseModel):
    """An agent that tasks may be given to."""

    name: str
    purpose: str = ""
    writes: bool = True
    inputs: dict[str, str] = Field(default_factory=dict, description="what each input is for, by its name")
    needs: tuple[str, ...] = ()

    def hand(self) -> Hand:
        return Hand(self.name, self.writes, tuple(self.inputs), self.needs, self.purpose, self.inputs)


class PlannerInputs(BaseModel):
    """What a task of this agent is given. `seen` is what else the plan hangs on, so that another one is another task."""

    agents: tuple[Offered, ...] = Field(min_length=1, description="who can be given tasks")
    agent: str = Field(description="who gets the tasks of agents that nobody knows")
    seen: dict[str, str] = Field(default_factory=dict, description="what the plan hangs on besides")
    notes: tuple[str, ...] = Field(default=(), description="what is unusual about the repository")


class PlannerAgent:
    """Asks a model for the plan that reaches a goal in a repository; changes nothing."""

    name = "planner"
    version = "2"
    asks_models = True
    purpose = "Plans a goal as tasks with what each may change and the checks that prove it; changes nothing."
    planned = False
    reads_only = True
    inputs = PlannerInputs

    async def work(self, task: Task, bench: Workbench) -> None:
        """Leave the plan, and how it came about, in the shared context under `plan`.

        Raises:
            AgentFailedError: no answer was a plan that can run, with every fault of the last one.
        """
        given = PlannerInputs.model_validate(task.inputs)
        hands = tuple(one.hand() for one in given.agents)
        checks, environment = await proofs_of(bench)
        standing = await standing_of(bench, checks)
        terms = Terms(
            task.goal,
            hands,
            given.agent,
            standing.proofs,
            environment,
            healing=HEALING,
            reviewer=REVIEWER,
            tester=TESTER,
            old=standing.old,
            doubts=(*given.notes, *standing.doubts),
        )
        wish = Wish(
            form=form_for(bench.models(), terms, standing.proofs),
            terms=terms,
            beginning=(f"Goal: {task.goal.strip()}",),
            end=(
                *(f"The repository's own tests are run by: {proof.run}" for proof in standing.proofs),
                *(marked(f"{one}\n{_OLD}", task.id) for one in terms.old),
                *(marked(one, task.id) for one in terms.doubts),
                "Answer with the plan now.",
            ),
            make=proposed_plan,
        )
        tries = Tries()
        plan = await asked(task, bench, wish, tries) or _without_model(bench, terms)
        outcome: dict[str, JsonValue] = {
            "plan": None if plan is None else plan.model_dump(mode="json", by_alias=True),
            "tries": tries.told,
        }
        await bench.context.set(SHARED, outcome)
        if plan is None:
            raise AgentFailedError(f"{TRIES} answers were no plan that can run; the last: {tries.last}")


def _without_model(bench: Workbench, terms: Terms) -> Plan | None:
    """Return the plan that takes no model; whoever watches, and whoever reads the plan, is told that it is one."""
    plan = whole_plan(terms, _WHOLE)
    if plan is not None:
        bench.say(_WHOLE)
    return plan
