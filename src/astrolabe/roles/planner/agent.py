"""The agent that plans: looks at the repository, asks a model, sends back what cannot run, and shares what came of it."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from pydantic import BaseModel, Field, JsonValue

from astrolabe.roles.planner.forms import Form, form_for
from astrolabe.roles.planner.looking import told_repository
from astrolabe.roles.planner.proof import proofs_of, standing_of
from astrolabe.sdk import (
    NOTICE,
    AgentFailedError,
    Finish,
    Hand,
    Message,
    Plan,
    PlanValidationError,
    Problem,
    Prompt,
    Question,
    Reply,
    Speaker,
    Task,
    Terms,
    WindowExceededError,
    Workbench,
    extract_plan,
    load_prompts,
    marked,
    notes_for,
    said,
    whole_plan,
    without_circle,
)

PROMPTS = load_prompts("astrolabe.roles.planner")
TRIES = 3
"""Answers that a model may give to one question for a plan."""
SHARED = "plan"
"""The name under which the outcome is shared in the run's context."""
_LETTERS_A_TOKEN = 3
_MOST_LETTERS = 60_000
_HALVINGS = 8
_PAIR = 2
_OLD = "No task is blamed for that: make it a check only if the goal is to mend it."
_SHOWN_PROBLEMS = 20
_SHOWN_REPLY = 6000
_ONCE = "plan fewer tasks, and name each thing once"
_WHOLE = (
    f"none of the model's {TRIES} answers was a plan that can run; this one was made without it: "
    "all of the goal is one task, and the repository's own tests prove it"
)


REVIEWER = "reviewer"
"""Whoever is installed under this name looks at what was made, as the last task."""
TESTER = "test"
"""Whoever is installed under this name runs tests of which some failed before: nothing may fail that did not."""


class Offered(BaseModel):
    """An agent that tasks may be given to."""

    name: str
    purpose: str = ""
    writes: bool = True
    inputs: dict[str, str] = Field(default_factory=dict, description="what each input is for, by its name")
    needs: tuple[str, ...] = ()


class PlannerInputs(BaseModel):
    """What a task of this agent is given. `seen` is what else the plan hangs on, so that another one is another task."""

    agents: tuple[Offered, ...] = Field(min_length=1, description="who can be given tasks")
    agent: str = Field(description="who gets the tasks of agents that nobody knows")
    seen: dict[str, str] = Field(default_factory=dict, description="what the plan hangs on besides")
    notes: tuple[str, ...] = Field(default=(), description="what is unusual about the repository")


@dataclass
class _Tries:
    """What became of each answer."""

    told: list[JsonValue] = field(default_factory=list)
    last: PlanValidationError | None = None

    def add(self, reply: Reply, prompt: Prompt, problems: tuple[Problem, ...] = ()) -> None:
        self.told.append(
            {
                "model": reply.model,
                "prompt": f"{prompt.name}/{prompt.variant}/{prompt.version}",
                "finish": reply.finish.value,
                "problems": [str(problem) for problem in problems[:_SHOWN_PROBLEMS]],
            }
        )


class PlannerAgent:
    """Asks a model for the plan that reaches a goal in a repository; changes nothing."""

    name = "planner"
    version = "1"
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
        checks, environment = await proofs_of(bench)
        standing = await standing_of(bench, checks)
        terms = Terms(
            task.goal,
            _hands(given),
            given.agent,
            standing.proofs,
            environment,
            reviewer=REVIEWER,
            tester=TESTER,
            old=standing.old,
            doubts=(*given.notes, *standing.doubts),
        )
        form = form_for(bench.models(), terms, _told_agents(given))
        prompt = await bench.prompt(PROMPTS, form.prompt)
        tries = _Tries()
        openings = await _openings(task, bench, terms, prompt.filled(form.filling))
        plan = await _asked(bench, form, terms, prompt, openings, tries) or _without_model(bench, terms)
        outcome: dict[str, JsonValue] = {
            "plan": None if plan is None else plan.model_dump(mode="json", by_alias=True),
            "tries": tries.told,
        }
        await bench.context.set(SHARED, outcome)
        if plan is None:
            raise AgentFailedError(f"{TRIES} answers were no plan that can run; the last: {tries.last}")


async def _asked(
    bench: Workbench,
    form: Form,
    terms: Terms,
    prompt: Prompt,
    openings: Sequence[Sequence[Message]],
    tries: _Tries,
) -> Plan | None:
    """Return the first plan that can run; one that was cut off only when no other came."""
    again = await bench.prompt(PROMPTS, "planner-again")
    talk = _Talk(bench, form, openings)
    short: Plan | None = None
    for _ in range(TRIES):
        reply = await talk.asked()
        plan, problems = _judged(reply, form, terms, prompt)
        tries.add(reply, prompt, problems)
        if plan is not None and not problems:
            return plan
        short = plan or short
        tries.last = PlanValidationError("it was no plan that can run", problems)
        bench.say(f"the plan goes back to the model: {problems[0]}")
        listed = "\n".join(f"- {problem}" for problem in problems[:_SHOWN_PROBLEMS])
        talk.answer(reply, again.filled({"problems": listed}))
    return short


def _without_model(bench: Workbench, terms: Terms) -> Plan | None:
    """Return the plan that takes no model; whoever watches, and whoever reads the plan, is told that it is one."""
    plan = whole_plan(terms, _WHOLE)
    if plan is not None:
        bench.say(_WHOLE)
    return plan


class _Talk:
    """What is said to the model: an opening, the longest of several that its window takes, and then answers to and fro."""

    def __init__(self, bench: Workbench, form: Form, openings: Sequence[Sequence[Message]]) -> None:
        self._bench = bench
        self._form = form
        self._openings = list(openings)
        self._later: list[Message] = []

    async def asked(self) -> Reply:
        """Return the next answer; WindowExceededError when not even the shortest question fits."""
        while True:
            messages = (*self._openings[0], *self._later)
            question = Question(messages=messages, shape=self._form.shape, most_tokens=self._form.most_tokens)
            try:
                return await self._bench.ask(question)
            except WindowExceededError:
                if len(self._openings) == 1 and len(self._later) <= _PAIR:
                    raise
                if len(self._openings) > 1:
                    del self._openings[0]
                else:
                    del self._later[:_PAIR]

    def answer(self, reply: Reply, text: str) -> None:
        said_before = without_circle(reply.message.text)[:_SHOWN_REPLY] or "(nothing)"
        self._later += [said(Speaker.ASSISTANT, said_before), said(Speaker.USER, text)]


def _judged(
    reply: Reply, form: Form, terms: Terms, prompt: Prompt
) -> tuple[Plan | None, tuple[Problem, ...]]:
    if reply.finish is Finish.REFUSED:
        return None, (Problem("reply", "the model refused to answer"),)
    if reply.finish is Finish.LOOPED:
        return None, (Problem("reply", "it said the same over and over, and was stopped", _ONCE),)
    try:
        extracted = extract_plan(reply.message.text)
        plan = form.plan(extracted, terms, prompt)
    except PlanValidationError as invalid:
        return None, invalid.problems
    if extracted.cut or reply.finish is Finish.LENGTH:
        return plan, (Problem("reply", "it was cut off before the plan ended", "plan fewer, larger tasks"),)
    return plan, ()


async def _openings(task: Task, bench: Workbench, terms: Terms, told: str) -> list[list[Message]]:
    """Return ways to begin, each shorter than the one before: what is told of the repository is halved."""
    system = f"{told}\n\n{NOTICE}"
    window = min(model.window for model in bench.models())
    notes = await notes_for(task, bench)
    proofs = [f"The repository's own tests are run by: {proof.run}" for proof in terms.proofs]
    proofs += [marked(f"{one}\n{_OLD}", task.id) for one in terms.old]
    proofs += [marked(one, task.id) for one in terms.doubts]
    openings: list[list[Message]] = []
    for part in range(_HALVINGS):
        letters = min(window * _LETTERS_A_TOKEN // 2, _MOST_LETTERS) >> part
        parts = [
            f"Goal: {task.goal.strip()}",
            *(marked(text, task.id) for text in await told_repository(bench, letters)),
            *(notes if part < _HALVINGS // 2 else ()),
            *proofs,
            "Answer with the plan now.",
        ]
        openings.append([said(Speaker.SYSTEM, system), said(Speaker.USER, "\n\n".join(parts))])
    return openings


def _hands(given: PlannerInputs) -> tuple[Hand, ...]:
    return tuple(Hand(one.name, one.writes, tuple(one.inputs), one.needs) for one in given.agents)


def _told_agents(given: PlannerInputs) -> str:
    lines: list[str] = []
    for one in given.agents:
        needs = "; ".join(f"{name}: {one.inputs.get(name, '')}" for name in one.needs)
        lines.append(f"- {one.name}: {one.purpose}" + (f" Needs `inputs`: {needs}" if needs else ""))
    return "\n".join(lines)
