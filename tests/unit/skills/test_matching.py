"""Which skills a task calls for, and why."""

from collections.abc import Sequence

import pytest

from astrolabe.adapters.embeddings.static import StaticWords
from astrolabe.domain.skill import Scope, Skill
from astrolabe.skills.matching import Matcher

TOLD = {
    "rate-limit": "Throttle callers that send too many requests",
    "commit-message": "Summarise staged changes as a conventional one line log entry",
    "testing": "Write small isolated tests for one function or class and run them",
    "c++": "Work on C++ code",
}
SKILLS = [Skill(name, told, "body", Scope.USER, f"/{name}", name) for name, told in TOLD.items()]


def names(matcher: Matcher, task: str) -> list[str]:
    return [match.skill.name for match in matcher.match(task) if match.related]


@pytest.mark.parametrize(
    ("task", "named"),
    [
        ("use the commit-message skill", ["commit-message"]),
        ("Commit-Message, please", ["commit-message"]),
        ("fix pre-commit-messages", []),
        ("testing is important", []),
        ("use skill testing here", ["testing"]),
        ("with the `testing` skill", ["testing"]),
        ("$testing then rate-limit", ["rate-limit", "testing"]),
        ("see src/testing/x.py", []),
        ("the c++ skill", ["c++"]),
    ],
)
def test_a_task_that_names_a_skill_means_it(task: str, named: list[str]) -> None:
    for embedder in (None, StaticWords()):
        found = [
            match for match in Matcher(SKILLS, embedder).match(task) if match.reason == "the task names it"
        ]
        assert [match.skill.name for match in found] == named
        assert all(match.score == 1 and match.related for match in found)
        assert [match.skill.name for match in Matcher(SKILLS, embedder).match(task)][: len(named)] == named


def test_without_an_embedder_words_rank_and_it_says_so() -> None:
    matcher = Matcher(SKILLS, None)
    assert names(matcher, "throttle requests of a caller") == ["rate-limit"]
    (best, *_) = matcher.match("throttle requests of a caller")
    assert "Throttle" in best.reason
    assert names(matcher, "bake a cake") == []
    assert "no embedder" in matcher.how


def test_with_an_embedder_meaning_ranks() -> None:
    matcher = Matcher(SKILLS, StaticWords())
    (best, *_) = matcher.match("unit test this method")
    assert best.skill.name == "testing"
    assert best.related
    assert "near in meaning" in best.reason
    assert "wordllama" in matcher.how


def test_no_skills_and_no_words_match_nothing() -> None:
    assert Matcher([], StaticWords()).match("x") == ()
    assert Matcher(SKILLS, StaticWords()).match("  ") == ()
    assert len(Matcher(SKILLS, StaticWords()).match("test", most=2)) == 2


def test_directions_of_skills_are_made_once() -> None:
    class Counting(StaticWords):
        asked = 0

        def embed(self, texts: Sequence[str]) -> list[bytes]:
            self.asked += len(texts)
            return super().embed(texts)

    embedder = Counting()
    matcher = Matcher(SKILLS, embedder)
    matcher.match("one")
    once = embedder.asked
    matcher.match("two")
    assert embedder.asked == once + 1
