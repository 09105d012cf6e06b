"""The planner that needs no model: it asks the recipes."""

from collections.abc import Collection, Sequence

from astrolabe.domain.plan import Plan
from astrolabe.errors import GoalError, PlanValidationError, Problem
from astrolabe.planning.places.node import UnreadableError
from astrolabe.planning.places.reading import check_size, text_of
from astrolabe.planning.recipe import Goal, Reading, Recipe, Understanding
from astrolabe.planning.validation import problems_in
from astrolabe.planning.visible import visible

_Found = tuple[Recipe, Understanding]

LARGEST_GOAL = 500_000
"""Bytes of a file, or characters of words: far more than anybody writes by hand."""


def check_goal_size(size: int, path: str) -> None:
    """Refuse a goal's file by its size, before it is read.

    Raises:
        GoalError: it has more than `LARGEST_GOAL` bytes.
    """
    try:
        check_size(size, LARGEST_GOAL)
    except UnreadableError as unreadable:
        raise _refusal(unreadable, path) from unreadable


def read_goal(content: bytes, path: str) -> Goal:
    """Return the goal in a file.

    Raises:
        GoalError: it is empty, no UTF-8 text, or longer than `LARGEST_GOAL`.
    """
    return checked_goal(Goal(_text(content, path), path))


def checked_goal(goal: Goal) -> Goal:
    """Return the goal as it is.

    Raises:
        GoalError: it says nothing, is no text, or is longer than `LARGEST_GOAL`.
    """
    name = goal.path or "goal"
    if not _text(goal.text, name).strip():
        hint = "say what is to be made: in a sentence, a Markdown brief or a YAML model"
        raise GoalError(
            "the goal is empty", [Problem(f"{visible(name)}:1:1", "there is nothing in it")], hint=hint
        )
    return goal


def _text(content: str | bytes, path: str) -> str:
    try:
        return text_of(content, LARGEST_GOAL)
    except UnreadableError as unreadable:
        raise _refusal(unreadable, path) from unreadable


def _refusal(unreadable: UnreadableError, path: str) -> GoalError:
    fault = unreadable.fault
    line, column = fault.mark
    problem = Problem(f"{visible(path)}:{line}:{column}", fault.text, fault.hint)
    return GoalError("the goal cannot be read", [problem])


def plan_goal(
    goal: Goal, recipes: Sequence[Recipe], agents: Collection[str] | None = None
) -> tuple[Plan, Understanding]:
    """Return the plan for a goal, and how it was understood.

    When several recipes recognise a goal, one that finds its own canonical document wins, then the one that leaves the
    fewest sentences unread; the recipes' order never decides. `agents` are those there are; None leaves that unchecked.

    Raises:
        GoalError: no recipe recognises it, two do equally well, or the one that does says that it is wrong.
        PlanValidationError: the recipe's tasks are no plan that can run.
    """
    recipe, understanding = _recognised(checked_goal(goal), recipes)
    title = understanding.title.strip() or goal.title
    unread = [sentence for sentence in understanding.sentences if sentence.reading is Reading.UNREAD]
    plan = Plan(
        goal=title,
        tasks=recipe.tasks(understanding),
        source="static",
        recipe=recipe.name,
        warnings=tuple(
            f"not read: {visible(sentence.text, 200)} ({sentence.meaning})" for sentence in unread
        ),
    )
    problems = problems_in(plan, agents)
    if problems:
        raise PlanValidationError(f"the recipe {recipe.name} made a plan that cannot run", problems)
    return plan, understanding


def recognises(goal: Goal, recipes: Sequence[Recipe]) -> bool:
    """Tell whether a recipe takes a goal for one of its kind, wrong as the goal may be."""
    return any(_readings(goal, recipes))


def _recognised(goal: Goal, recipes: Sequence[Recipe]) -> _Found:
    found, refusals = _readings(goal, recipes)
    if found:
        return _best(found)
    if refusals:
        raise _joined(refusals)
    raise _unrecognised(recipes)


def _readings(goal: Goal, recipes: Sequence[Recipe]) -> tuple[list[_Found], list[GoalError]]:
    found: list[_Found] = []
    refusals: list[GoalError] = []
    for recipe in recipes:
        try:
            understanding = recipe.read(goal)
        except GoalError as refusal:
            refusals.append(refusal)
        else:
            if understanding is not None:
                found.append((recipe, understanding))
    return found, refusals


def _joined(refusals: Sequence[GoalError]) -> GoalError:
    """Return one error for all recipes that took the goal for one of theirs, and found it wrong."""
    if len(refusals) == 1:
        return refusals[0]
    problems = [problem for refusal in refusals for problem in refusal.problems]
    message = "; ".join(dict.fromkeys(refusal.message for refusal in refusals))
    return GoalError(message, problems, hint=next((refusal.hint for refusal in refusals if refusal.hint), ""))


def _best(found: Sequence[_Found]) -> _Found:
    def rank(candidate: _Found) -> tuple[bool, int]:
        understanding = candidate[1]
        unread = sum(sentence.reading is Reading.UNREAD for sentence in understanding.sentences)
        return not understanding.canonical, unread

    best = min(map(rank, found))
    winners = [candidate for candidate in found if rank(candidate) == best]
    if len(winners) > 1:
        names = ", ".join(sorted(recipe.name for recipe, _ in winners))
        hint = "give it as the canonical document of the one that is meant"
        raise GoalError(f"several recipes recognise this goal equally well: {names}", hint=hint)
    return winners[0]


def _unrecognised(recipes: Sequence[Recipe]) -> GoalError:
    """Say that a model is needed, and what would have been understood without one."""
    known = "; ".join(f"{recipe.name}: {_subject(recipe)}" for recipe in recipes)
    known = f"without one these can be built: {known}" if known else "no recipe is installed"
    return GoalError(
        "no recipe recognises this goal, so a language model would have to plan it",
        hint=f"with a model: astrolabe run GOAL --repo FOLDER; {known}",
    )


def _subject(recipe: Recipe) -> str:
    """Return the first line of what a recipe's schema says about itself."""
    schema = recipe.schema()
    said = schema.get("description") or schema.get("title") or "see its schema"
    return visible(str(said).strip().splitlines()[0], 200)
