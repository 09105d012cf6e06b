"""How a model is asked for a plan: by its size, and by what proves a repository whole."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from astrolabe.sdk import (
    Check,
    Extracted,
    Hand,
    ModelInfo,
    PlanValidationError,
    Problem,
    Prompt,
    Shape,
    Terms,
    as_steps,
    plan_shape,
    steps_shape,
)

_ANSWER_TOKENS = 4096
_SMALL_TOKENS = 1024
_LEAST_TOKENS = 256
_ECHO = 20
"""Characters of a task's goal from which it cannot stand in the question by chance."""
_CHECKS = """
- `checks`: one or two shell lines, run at the root of the repository without a network, that fail as long as the task is not \
done and pass then."""
_EXAMPLE = ', "checks": ["python -m pytest -q tests/test_validate.py"]'


@dataclass(frozen=True)
class Form:
    """What a model is asked with. `prompt` names it, `filling` is what it says besides.

    `steps`: it is the short form, in which each step is to be proved by `proofs`.
    """

    prompt: str
    filling: dict[str, str]
    shape: Shape
    most_tokens: int
    steps: bool = False
    proofs: tuple[Check, ...] = ()

    def written(self, extracted: Extracted, terms: Terms, prompt: Prompt) -> Extracted:
        """Return what was written in this form as it is in the long one; PlanValidationError when it repeats the example."""
        _must_be_its_own(extracted, prompt)
        return as_steps(extracted, replace(terms, proofs=self.proofs)) if self.steps else extracted


def form_for(
    models: Sequence[ModelInfo], terms: Terms, proofs: tuple[Check, ...], prompt: str = "planner"
) -> Form:
    """Return the form for the model that is asked first. `proofs` prove each part of it, however it is cut."""
    room = min(model.window // 3 for model in models)
    agents = _told(terms.hands)
    if models[0].small:
        proved = bool(proofs)
        filling = {"checks": "" if proved else _CHECKS, "example": "" if proved else _EXAMPLE}
        named = "planner-small" if prompt == "planner" else prompt
        most = max(_LEAST_TOKENS, min(room, _SMALL_TOKENS))
        shape = steps_shape(checks=not proved)
        return Form(named, {**filling, "agents": agents}, shape, most, steps=True, proofs=proofs)
    inputs = any(hand.needs for hand in terms.hands)
    most = max(_LEAST_TOKENS, min(room, _ANSWER_TOKENS))
    return Form(prompt, {"agents": agents}, plan_shape(terms.names, inputs=inputs), most)


def _told(hands: Sequence[Hand]) -> str:
    lines: list[str] = []
    for hand in hands:
        needs = "; ".join(f"{name}: {hand.told.get(name, '')}" for name in hand.needs)
        lines.append(f"- {hand.name}: {hand.purpose}" + (f" Needs `inputs`: {needs}" if needs else ""))
    return "\n".join(lines)


def _must_be_its_own(extracted: Extracted, prompt: Prompt) -> None:
    goals = [str(task.get("goal") or "").strip() for task in extracted.tasks if isinstance(task, dict)]
    problems = [
        Problem(f"tasks[{at}].goal", "repeats what the question says of plans", "say what is to be done here")
        for at, goal in enumerate(goals)
        if len(goal) >= _ECHO and goal in prompt.text
    ]
    if problems:
        raise PlanValidationError("it is the example of the question", problems)
