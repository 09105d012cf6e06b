"""Asking a model for a plan: an opening that fits its window, and what cannot run goes back, a few times."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from pydantic import JsonValue

from astrolabe.roles.planner.forms import Form
from astrolabe.roles.planner.looking import told_repository
from astrolabe.sdk import (
    NOTICE,
    Extracted,
    Finish,
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
    without_circle,
)

PROMPTS = load_prompts("astrolabe.roles.planner")
TRIES = 3
"""Answers that a model may give to one question for a plan."""
_LETTERS_A_TOKEN = 3
_MOST_LETTERS = 60_000
_HALVINGS = 8
_PAIR = 2
_SHOWN_PROBLEMS = 20
_SHOWN_REPLY = 6000
_ONCE = "plan fewer tasks, and name each thing once"


@dataclass
class Tries:
    """What became of each answer; `last` is the error that holds every fault of the last one."""

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


@dataclass(frozen=True)
class Wish:
    """What is asked for, and what the answer is held against. `beginning` and `end` stand around what is told of the files.

    `make` makes what was written a plan that can run, or raises PlanValidationError.
    """

    form: Form
    terms: Terms
    beginning: tuple[str, ...]
    end: tuple[str, ...]
    make: Callable[[Extracted, Terms], Plan]


async def asked(task: Task, bench: Workbench, wish: Wish, tries: Tries) -> Plan | None:
    """Return the first plan that can run; one that was cut off only when no other came."""
    prompt = await bench.prompt(PROMPTS, wish.form.prompt)
    openings = await _openings(task, bench, wish, prompt)
    again = await bench.prompt(PROMPTS, "planner-again")
    talk = _Talk(bench, wish.form, openings)
    short: Plan | None = None
    for _ in range(TRIES):
        reply = await talk.asked()
        plan, problems = _judged(reply, wish, prompt)
        tries.add(reply, prompt, problems)
        if plan is not None and not problems:
            return plan
        short = plan or short
        tries.last = PlanValidationError("it was no plan that can run", problems)
        bench.say(f"the plan goes back to the model: {problems[0]}")
        listed = "\n".join(f"- {problem}" for problem in problems[:_SHOWN_PROBLEMS])
        talk.answer(reply, again.filled({"problems": listed}))
    return short


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


def _judged(reply: Reply, wish: Wish, prompt: Prompt) -> tuple[Plan | None, tuple[Problem, ...]]:
    if reply.finish is Finish.REFUSED:
        return None, (Problem("reply", "the model refused to answer"),)
    if reply.finish is Finish.LOOPED:
        return None, (Problem("reply", "it said the same over and over, and was stopped", _ONCE),)
    try:
        extracted = extract_plan(reply.message.text)
        plan = wish.make(wish.form.written(extracted, wish.terms, prompt), wish.terms)
    except PlanValidationError as invalid:
        return None, invalid.problems
    if extracted.cut or reply.finish is Finish.LENGTH:
        return plan, (Problem("reply", "it was cut off before the plan ended", "plan fewer, larger tasks"),)
    return plan, ()


async def _openings(task: Task, bench: Workbench, wish: Wish, prompt: Prompt) -> list[list[Message]]:
    """Return ways to begin, each shorter than the one before: what is told of the repository is halved."""
    window = min(model.window for model in bench.models())
    notes = await notes_for(task, bench)
    openings: list[list[Message]] = []
    for part in range(_HALVINGS):
        letters = min(window * _LETTERS_A_TOKEN // 2, _MOST_LETTERS) >> part
        parts = [
            *wish.beginning,
            *(marked(text, task.id) for text in await told_repository(bench, letters)),
            *(notes if part < _HALVINGS // 2 else ()),
            *wish.end,
        ]
        filling = wish.form.filling
        if part >= _HALVINGS // 2:
            filling = {**filling, "agents": ", ".join(wish.terms.names)}
        system = f"{prompt.filled(filling)}\n\n{NOTICE}"
        openings.append([said(Speaker.SYSTEM, system), said(Speaker.USER, "\n\n".join(parts))])
    return openings
