"""Whatever stands in a report, reading it returns, bounded, and says when something is wrong."""

from hypothesis import given
from hypothesis import strategies as st

from astrolabe.projects.coverage import read_coverage
from astrolabe.projects.reports import read_results
from astrolabe.projects.results import MOST_MESSAGE, MOST_NAME, Status
from astrolabe.projects.runner import Coverage, Form

PIECES = st.sampled_from(
    [
        "<testsuites>",
        "</testsuites>",
        "<testsuite>",
        "</testsuite>",
        "<testcase name='a'>",
        "<testcase/>",
        "</testcase>",
        "<failure message='x'>",
        "</failure>",
        "<skipped/>",
        "<![CDATA[",
        "]]>",
        "<?xml version='1.0'?>",
        "<!DOCTYPE a",
        "<!ENTITY b 'c'>",
        "&b;",
        "&amp;",
        "\x00",
        "�",
        "\n",
        "ok 1 - a",
        "not ok",
        "    ok 2",
        "# Subtest: b",
        "  ---",
        "  ...",
        "1..3",
        "Bail out!",
        "# SKIP",
        '{"Action":"fail","Package":"p","Test":"T/U"}',
        "{",
        "}",
        "[",
        "]",
        '"testResults"',
        ":",
        ",",
        "null",
        "test a ... ok",
        "test result: ok. 1 passed",
        "---- a stdout ----",
        "   Running x (y)",
        "1e999",
        "-1",
        '{"testResults":[{"name":1,"assertionResults":[{"status":[],"failureMessages":[1]}]}]}',
    ]
)
TEXTS = st.one_of(
    st.text(),
    st.lists(st.one_of(PIECES, st.text(max_size=5)), max_size=40).map("".join),
    st.lists(PIECES).map("\n".join),
)
NAMES = (
    st.text(
        st.characters(codec="utf-8", exclude_categories=("Cc", "Cs"), exclude_characters="<>&\"'#\\"),
        min_size=1,
        max_size=30,
    )
    .map(str.strip)
    .filter(bool)
)


@given(st.sampled_from(Form), TEXTS)
def test_any_text_is_read(form: Form, text: str) -> None:
    results = read_results(form, text)
    assert len({case.id for case in results.cases}) == len(results.cases)
    assert all(len(case.id) <= MOST_NAME and len(case.message) <= MOST_MESSAGE for case in results.cases)


@given(st.sampled_from(Coverage), TEXTS)
def test_any_figures_are_read(form: Coverage, text: str) -> None:
    covered = read_coverage(form, text)
    assert covered is None or covered.lines is None or 0 <= covered.lines <= 100


@given(st.dictionaries(NAMES, st.sampled_from([Status.PASSED, Status.FAILED, Status.SKIPPED]), min_size=1))
def test_what_a_report_tells_is_what_is_read(tests: dict[str, Status]) -> None:
    inside = {Status.PASSED: "", Status.FAILED: "<failure/>", Status.SKIPPED: "<skipped/>"}
    document = "".join(
        f'<testcase name="{name}">{inside[status]}</testcase>' for name, status in tests.items()
    )
    junit = read_results(Form.JUNIT, f"<testsuite>{document}</testsuite>")
    assert {case.id: case.status for case in junit.cases} == tests
    words = {Status.PASSED: ("ok", ""), Status.FAILED: ("not ok", ""), Status.SKIPPED: ("ok", " # SKIP")}
    lines = [
        f"{words[status][0]} {n} - {name}{words[status][1]}"
        for n, (name, status) in enumerate(tests.items(), 1)
    ]
    tap = read_results(Form.TAP, "\n".join([*lines, f"1..{len(tests)}"]))
    assert {case.id: case.status for case in tap.cases} == tests
