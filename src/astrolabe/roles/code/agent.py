"""The agent that changes code."""

from pydantic import BaseModel, Field

from astrolabe.sdk import (
    FINISH,
    LOOK_INTO,
    PAST,
    RECALL,
    REMEMBER,
    SKILL,
    WORKING,
    Brief,
    LoopLimits,
    Outcome,
    Task,
    Workbench,
    converse,
    failing_checks,
    load_prompts,
    notes_for,
    skills_for,
    told_task,
)

PROMPTS = load_prompts("astrolabe.roles.code")
_SENT_BACK = 4
"""Times a model is told that its checks fail; then the engine judges what it has left."""


class CodeInputs(BaseModel):
    """What a task of this agent may be given."""

    turns: int = Field(default=80, ge=1, le=1000, description="how often the model is asked at most")
    tokens: int | None = Field(default=None, ge=1, description="tokens it may use; no limit when absent")
    memory: bool = Field(
        default=False, description="whether it may recall and remember what concerns the project"
    )


class CodeAgent:
    """Reads, changes and runs code with a model's help until the task's checks pass."""

    name = "code"
    version = "1"
    purpose = "Changes the code of a repository to reach a goal: reads, searches, edits, runs its tests."
    inputs = CodeInputs
    asks_models = True

    async def work(self, task: Task, bench: Workbench) -> None:
        """Reach the task's goal within its `writes`; its checks are tried before it may say that it is done."""
        given = CodeInputs.model_validate(task.inputs)
        prompt = await bench.prompt(PROMPTS, "code")
        skills = await skills_for(task, bench)
        pinned = (*await notes_for(task, bench), *filter(None, [skills.text]))
        brief = Brief(prompt.text, told_task(task, bench.setbacks), pinned)
        remembering = (RECALL, REMEMBER) if given.memory else ()
        tools = (*WORKING, *PAST, *((SKILL,) if skills.text else ()), *remembering, LOOK_INTO, FINISH)
        limits = LoopLimits(turns=given.turns, tokens=given.tokens)
        outcome = await converse(
            task,
            bench,
            brief,
            tools,
            limits=limits,
            accept=_Checking(task, bench).accept,
        )
        bench.say(outcome.text)


class _Checking:
    """Sends a model back while checks of its task fail, a few times."""

    def __init__(self, task: Task, bench: Workbench) -> None:
        self._task = task
        self._bench = bench
        self._left = _SENT_BACK

    async def accept(self, _outcome: Outcome) -> str:
        """Return what fails."""
        if self._left == 0:
            return ""
        self._left -= 1
        return await failing_checks(self._task, self._bench)
