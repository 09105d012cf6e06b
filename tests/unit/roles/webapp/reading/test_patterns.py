import pytest

from astrolabe.roles.webapp.reading.patterns import pattern_fault


@pytest.mark.parametrize(
    "pattern",
    [
        r"^(97[89])?[0-9]{9}[0-9X]$",
        r"^[a-z]+(-[a-z]+)*$",
        r"^[^@\s]+@[^@\s]+\.[^@\s]+$",
        r"^(?:[A-Z]{2,10} ){1,20}x$",
        r"^([01]\d|2[0-3]):[0-5]\d$",
        r"^(?=.*\d)(?=.*[a-z]).{8,}$",
        r"^(draft|done|open)$",
        r"^[a|b]+$",
        r"^(foo|bar)+$",
    ],
)
def test_usual_patterns_are_fine(pattern):
    assert pattern_fault(pattern) == ""


@pytest.mark.parametrize(
    "pattern",
    [
        r"(a+)+$",
        r"(a*)*",
        r"(a|a)*b",
        r"(aa|aa)*b",
        r"(\w|\d)*x",
        r"(a|ab|b)*$",
        r"(?=(a+)+$)b",
        r"(\w+\s?)*$",
        r".*.*.*x",
    ],
)
def test_patterns_that_run_for_ever_are_found(pattern):
    assert "on a hostile text" in pattern_fault(pattern)


@pytest.mark.parametrize(
    "pattern", [r"(?P<x>a)", r"\Aabc", "a++", "(?i)abc", "[]a]", "(?#x)a", "(?>a)", r"a\Z"]
)
def test_patterns_of_python_only_are_found(pattern):
    assert "not portable" in pattern_fault(pattern)


@pytest.mark.parametrize("pattern", ["[", "(", "*a", "a{2,1}", "(((((a{9}){9}){9}){9}){9}){9}"])
def test_broken_and_huge_patterns_are_found(pattern):
    assert pattern_fault(pattern)
