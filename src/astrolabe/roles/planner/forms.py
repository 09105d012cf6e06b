"""How a model is asked for a plan: by its size, and by what proves a repository whole."""

from collections.abc import Sequence
from dataclasses import dataclass

from astrolabe.sdk import (
    Extracted,
    ModelInfo,
    Plan,
    PlanValidationError,
    Problem,
    Prompt,
    Shape,
    Terms,
    as_steps,
    plan_shape,
    proposed_plan,
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
    """What a model is asked with. `prompt` names it, `filling` is what it says besides; `steps`: it is the short form."""

    prompt: str
    filling: dict[str, str]
    shape: Shape
    most_tokens: int
    steps: bool = False

    def plan(self, extracted: Extracted, terms: Terms, prompt: Prompt) -> Plan:
        """Return the plan that was written in this form; PlanValidationError when it cannot run, or repeats the example."""
        _must_be_its_own(extracted, prompt)
        return proposed_plan(as_steps(extracted, terms) if self.steps else extracted, terms)


def form_for(models: Sequence[ModelInfo], terms: Terms, agents: str) -> Form:
    """Return the form for the model that is asked first; `agents` tells who can be given tasks."""
    room = min(model.window // 3 for model in models)
    if models[0].small:
        proved = bool(terms.proofs)
        filling = {"checks": "" if proved else _CHECKS, "example": "" if proved else _EXAMPLE}
        most = max(_LEAST_TOKENS, min(room, _SMALL_TOKENS))
        return Form("planner-small", filling, steps_shape(checks=not proved), most, steps=True)
    inputs = any(hand.needs for hand in terms.hands)
    most = max(_LEAST_TOKENS, min(room, _ANSWER_TOKENS))
    return Form("planner", {"agents": agents}, plan_shape(terms.names, inputs=inputs), most)


def _must_be_its_own(extracted: Extracted, prompt: Prompt) -> None:
    goals = [str(task.get("goal") or "").strip() for task in extracted.tasks if isinstance(task, dict)]
    problems = [
        Problem(f"tasks[{at}].goal", "repeats what the question says of plans", "say what is to be done here")
        for at, goal in enumerate(goals)
        if len(goal) >= _ECHO and goal in prompt.text
    ]
    if problems:
        raise PlanValidationError("it is the example of the question", problems)
