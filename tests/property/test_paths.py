"""Patterns select the paths they describe, in no more time than their length asks for, and overlap wherever both select one."""

import time
from functools import cache

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from astrolabe.domain.paths import covers, may_overlap, path_fault

PARTS = st.sampled_from(
    ["**", "*", "?", "a", "b", "ab", "a*", "*b", "a*b", "*a*", "a?", "**a", "a*b*a", ".a", "[a]"]
)
PATTERNS = st.lists(PARTS, min_size=1, max_size=5).map("/".join)
PATHS = st.lists(st.text("ab.", min_size=1, max_size=5), min_size=1, max_size=5).map("/".join)


@given(PATTERNS, PATHS)
@example("ab*b", "ab")
@example("**/a/**/b", "a/a/b")
@example("a/**", "a")
def test_a_pattern_selects_what_it_describes(pattern: str, path: str) -> None:
    assert covers(pattern, path) == described(tuple(pattern.split("/")), tuple(path.split("/")))


@given(PATTERNS, PATTERNS, PATHS)
def test_patterns_that_select_one_path_overlap(one: str, other: str, path: str) -> None:
    if covers(one, path) and covers(other, path) and path_fault(path) is None:
        assert may_overlap(one, other)


@pytest.mark.parametrize(
    ("pattern", "path"),
    [
        ("*a" * 12 + "b", "a" * 60),
        ("**/a/" * 8 + "b", "a/" * 120),
        ("a*" * 20 + "b", "a" * 60),
        ("*" * 40 + "b", "a" * 90),
    ],
)
def test_wildcards_do_not_multiply_the_time(pattern: str, path: str) -> None:
    """A run waits for this, and a model writes the patterns: 17 characters took half a minute of CPU once."""
    begun = time.process_time()
    assert not covers(pattern, path)
    assert time.process_time() - begun < 2


@cache
def described(pattern: tuple[str, ...], path: tuple[str, ...]) -> bool:
    """Say the same, part by part: what is left of the path when the pattern ends lies below what it names."""
    if not pattern:
        return True
    if pattern == ("**",):
        return bool(path)
    if pattern[0] == "**":
        return described(pattern[1:], path) or (bool(path) and described(pattern, path[1:]))
    return bool(path) and like(pattern[0], path[0]) and described(pattern[1:], path[1:])


@cache
def like(part: str, name: str) -> bool:
    if not part:
        return not name
    if part[0] == "*":
        return like(part[1:], name) or (bool(name) and like(part, name[1:]))
    return bool(name) and part[0] in {"?", name[0]} and like(part[1:], name[1:])
