"""The planner without a model: which recipe reads a goal, and what is said when none does."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest

from astrolabe.domain.plan import Task
from astrolabe.errors import GoalError, PlanValidationError, Problem
from astrolabe.planning.recipe import Goal, Reading, Sentence, Understanding
from astrolabe.planning.static import plan_goal, read_goal


@dataclass
class Book:
    """A recipe that recognises goals with a word in them."""

    name: str
    word: str = "app"
    unread: int = 0
    canonical: bool = False
    refusal: GoalError | None = None
    title: str = "An app"
    made: tuple[Task, ...] = (Task(id="a", name="a", agent="code"),)
    about: Mapping[str, object] = field(default_factory=lambda: {"description": "Web applications.\nMore."})

    def read(self, goal: Goal) -> Understanding | None:
        if self.refusal:
            raise self.refusal
        if self.word not in goal.text:
            return None
        sentences = tuple(Sentence(str(number), Reading.UNREAD) for number in range(self.unread))
        return Understanding(self.name, self.title, goal.text, "app.yaml", sentences, self.canonical)

    def tasks(self, understanding: Understanding) -> tuple[Task, ...]:
        return self.made

    def start_commands(self, folder: str) -> tuple[str, ...]:
        return ()

    def schema(self) -> Mapping[str, object]:
        return self.about


GOAL = Goal("an app\nwith more", "brief.md")


def chosen(*recipes: Book) -> str | None:
    plan, understanding = plan_goal(GOAL, recipes)
    assert understanding.recipe == plan.recipe
    return plan.recipe


def test_the_recipe_that_recognises_a_goal_makes_its_plan() -> None:
    plan, understanding = plan_goal(GOAL, [Book("other", word="zzz"), Book("web")], ["code"])
    assert (plan.goal, plan.source, plan.recipe) == ("An app", "static", "web")
    assert [task.id for task in plan.tasks] == ["a"]
    assert understanding.document == GOAL.text


def test_a_goal_without_a_title_is_named_by_its_first_line() -> None:
    assert plan_goal(GOAL, [Book("web", title=" ")])[0].goal == "an app"


def test_a_canonical_document_wins_then_the_fewest_unread_sentences() -> None:
    assert chosen(Book("a"), Book("b", canonical=True, unread=5)) == "b"
    assert chosen(Book("b", canonical=True, unread=5), Book("a")) == "b"
    assert chosen(Book("a", unread=2), Book("b", unread=1)) == "b"
    assert chosen(Book("a", canonical=True, unread=2), Book("b", canonical=True, unread=1)) == "b"


def test_two_equally_good_readings_are_not_guessed_between() -> None:
    with pytest.raises(GoalError, match="equally well: a, b") as caught:
        plan_goal(GOAL, [Book("b"), Book("a"), Book("c", unread=1)])
    assert caught.value.hint


def test_no_recipe_means_that_a_model_is_needed() -> None:
    with pytest.raises(GoalError, match="a language model would have to plan it") as caught:
        plan_goal(Goal("world peace"), [Book("web"), Book("odd", about={})])
    assert (
        caught.value.hint.partition("; ")[2]
        == "without one these can be built: web: Web applications.; odd: see its schema"
    )
    with pytest.raises(GoalError) as caught:
        plan_goal(GOAL, [])
    assert "no recipe is installed" in caught.value.hint


def test_a_recipe_that_finds_its_kind_of_goal_wrong_has_the_word_only_if_no_other_reads_it() -> None:
    wrong = GoalError("the model is wrong", [Problem("f:1:1", "no")], hint="mend it")
    assert chosen(Book("a", refusal=wrong), Book("b")) == "b"
    with pytest.raises(GoalError) as caught:
        plan_goal(GOAL, [Book("a", refusal=wrong), Book("b", word="zzz")])
    assert caught.value is wrong


def test_the_problems_of_several_refusals_are_joined() -> None:
    one, two = GoalError("one", [Problem("a", "1")]), GoalError("two", [Problem("b", "2")], hint="mend")
    with pytest.raises(GoalError, match="one; two") as caught:
        plan_goal(GOAL, [Book("a", refusal=one), Book("b", refusal=two)])
    assert caught.value.problems == (Problem("a", "1"), Problem("b", "2"))
    assert caught.value.hint == "mend"


def test_a_recipe_whose_tasks_are_no_plan_is_named() -> None:
    with pytest.raises(PlanValidationError, match="the recipe web") as caught:
        plan_goal(GOAL, [Book("web")], ["other"])
    assert "unknown agent" in caught.value.problems[0].text


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "nothing in it"),
        (b" \n\t ", "nothing in it"),
        (b"\xff\xfea\x00", "UTF-16"),
        (b"MZ\x90\x00", "no UTF-8"),
        (b"a\x00b", "\\x00"),
        (b"x" * 10_000_000, "10.0 MB are more than the 0.5 MB"),
    ],
)
def test_what_says_nothing_is_no_goal(content: bytes, said: str) -> None:
    with pytest.raises(GoalError) as caught:
        read_goal(content, "brief.md")
    (problem,) = caught.value.problems
    assert said in problem.text
    assert problem.place.startswith("brief.md:1:")


def test_a_goal_file_is_read_without_its_byte_order_mark() -> None:
    assert read_goal(b"\xef\xbb\xbf# Caf\xc3\xa9\n", "brief.md") == Goal("# Café\n", "brief.md")


def test_a_goal_given_directly_is_checked_too() -> None:
    with pytest.raises(GoalError, match="empty"):
        plan_goal(Goal("  "), [Book("web")])
    for words in ("an app\x00", "a" * 500_001):
        with pytest.raises(GoalError, match="cannot be read"):
            plan_goal(Goal(words), [Book("web")])
