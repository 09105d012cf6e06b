"""The agent that reviews."""

from pydantic import BaseModel, Field

from astrolabe.roles.reviewer.verdict import VERDICT, Verdict
from astrolabe.sdk import (
    LOOKING,
    PAST,
    READ,
    AgentFailedError,
    Brief,
    LoopLimits,
    Outcome,
    Task,
    Workbench,
    converse,
    load_prompts,
    marked,
    notes_for,
    told_task,
)

PROMPTS = load_prompts("astrolabe.roles.reviewer")
_DIFF_BYTES = 60_000
"""Of what was changed, what is told at once; less where a model's window has fewer tokens: then it may look at the rest."""
_SMALL_TURNS = 10
"""What a small model has not judged after as many turns it will not judge."""


class ReviewerInputs(BaseModel):
    """What a task of this agent may be given."""

    goal: str = Field(
        default="", description="what the changes were to reach; the task's own goal when absent"
    )
    turns: int = Field(default=30, ge=1, le=1000, description="how often the model is asked at most")


class ReviewerAgent:
    """Judges what a run has changed, by what it can show: it can send work back, and never make a failed check good."""

    name = "reviewer"
    version = "1"
    asks_models = True
    reads_only = True
    purpose = "Reviews what the tasks before it have changed against the goal; fails, with findings, where it must be mended."
    inputs = ReviewerInputs

    async def work(self, task: Task, bench: Workbench) -> None:
        """Leave the verdict in the shared context as `review/TASK`.

        Raises:
            AgentFailedError: something must be mended first; its message holds each finding with its file and line.
        """
        given = ReviewerInputs.model_validate(task.inputs)
        models = bench.models()
        changes = await bench.changes(min(_DIFF_BYTES, *(model.window for model in models)))
        if not changes.strip():
            await _leave(task, bench, Verdict(summary="Nothing was changed.", verdict="pass"))
            return
        prompt = await bench.prompt(PROMPTS, "reviewer")
        brief = Brief(prompt.text, _told(task, given, changes), await notes_for(task, bench))
        small = models[0].small
        limits = LoopLimits(turns=min(given.turns, _SMALL_TURNS) if small else given.turns)
        tools = (*((READ,) if small else (*LOOKING, *PAST)), VERDICT)
        outcome = await converse(task, bench, brief, tools, limits=limits, accept=_has_verdict)
        verdict = Verdict.model_validate(outcome.given)
        await _leave(task, bench, verdict)
        if not verdict.passes:
            found = "\n".join(map(str, verdict.grave))
            raise AgentFailedError(
                f"the review asks for changes: {verdict.summary}\n{found}",
                hint="Mend what it found, or read the verdict in the run's shared context.",
            )


def _told(task: Task, given: ReviewerInputs, changes: str) -> str:
    goal = f"What was to be reached: {given.goal}\n\n" if given.goal else ""
    return f"{told_task(task)}\n\n{goal}What was changed:\n{marked(changes, task.id)}"


async def _has_verdict(outcome: Outcome) -> str:
    return "" if "verdict" in outcome.given else "Give your verdict by the tool `verdict`."


async def _leave(task: Task, bench: Workbench, verdict: Verdict) -> None:
    await bench.context.set(f"review/{task.id}", verdict.model_dump(mode="json"))
    bench.say(f"{verdict.verdict}: {verdict.summary}")
    for finding in verdict.findings:
        bench.say(str(finding))
