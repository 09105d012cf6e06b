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
    marked,
    notes_for,
    skills_for,
    told_task,
)

PROMPTS = load_prompts("astrolabe.roles.code")
_SMALL_TURNS = 20
"""What a small model has not done after as many turns it will not do."""
_MOST_SHOWN, _MOST_NAMED = 6, 12
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
        small = bench.models()[0].small
        told = told_task(task, bench.setbacks)
        if small:
            told = "\n\n".join((told, *await _shown(task, bench)))
        remembering = (RECALL, REMEMBER) if given.memory else ()
        more = () if small else (*PAST, *((SKILL,) if skills.text else ()), *remembering, LOOK_INTO)
        tools = (*WORKING, *more, FINISH)
        brief = Brief(prompt.text, told, pinned)
        limits = LoopLimits(
            turns=min(given.turns, _SMALL_TURNS) if small else given.turns, tokens=given.tokens
        )
        outcome = await converse(
            task,
            bench,
            brief,
            tools,
            limits=limits,
            accept=_Checking(task, bench).accept,
        )
        bench.say(outcome.text)


async def _shown(task: Task, bench: Workbench) -> tuple[str, ...]:
    """Return the files a task changes, where they are few and short: a small model makes up what it has not seen."""
    left = min(model.window for model in bench.models())  # characters: about a quarter of it in tokens
    shown: list[str] = []
    paths = await bench.paths(*task.writes) if task.writes else ()
    for path in paths if len(paths) <= _MOST_NAMED else ():
        text = (await bench.read(path)).decode(errors="replace")
        if not text.strip() or "\0" in text or len(text) > left:
            continue
        left -= len(text)
        shown.append(f"{path} holds now:\n{marked(text, task.id)}")
        if len(shown) == _MOST_SHOWN:
            break
    return tuple(shown)


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
