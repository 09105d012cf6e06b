"""What runners wrote is read as they meant it; what is broken or hostile is told, never raised."""

from pathlib import Path

import pytest

from astrolabe.projects.alone import alone
from astrolabe.projects.coverage import Covered, read_coverage
from astrolabe.projects.reports import read_results
from astrolabe.projects.results import Case, Status
from astrolabe.projects.runner import Coverage, Form, Runner, sections

DATA = Path(__file__).parents[2] / "data/reports"

JUNIT = """<?xml version="1.0"?>
<testsuites><testsuite name="pytest"><testcase classname="tests.test_a.TestX" name="test_b[1]" file="tests/test_a.py" time="0.01"/>
<testcase classname="tests.test_a" name="test_c" time="1,000.5"><failure message="assert 1 == 2">def test_c(): ...</failure></testcase>
<testcase classname="tests.test_a" name="test_d"><skipped message="why"/></testcase>
<testcase classname="tests.test_a" name="test_e"><error message="boom"/><system-out>x</system-out></testcase>
</testsuite></testsuites>
<?xml version="1.0"?><testsuite file="b.js"><testcase classname="B" name="ok"/></testsuite>"""

TAP = """TAP version 13
# Subtest: adds
    # Subtest: small
    ok 1 - small
      ---
      duration_ms: 250
      ...
    # Subtest: large
    not ok 2 - large
      ---
      duration_ms: 1.5
      location: 'file:///workspace/sum.test.js:5:3'
      error: 'not equal'
      ...
    1..2
not ok 1 - adds
  ---
  type: 'suite'
  error: '1 subtest failed'
  ...
# Subtest: a \\# name
ok 2 - a \\# name # SKIP later
ok 3 - last # TODO one day
1..3
"""

GO = """{"Action":"run","Package":"x/y","Test":"TestA"}
{"Action":"run","Package":"x/y","Test":"TestA/sub one"}
{"Action":"output","Package":"x/y","Test":"TestA/sub one","Output":"    a_test.go:3: bad\\n"}
{"Action":"fail","Package":"x/y","Test":"TestA/sub one","Elapsed":0.5}
{"Action":"fail","Package":"x/y","Test":"TestA","Elapsed":0.5}
{"Action":"pass","Package":"x/y","Test":"TestB","Elapsed":0}
{"Action":"skip","Package":"x/y","Test":"TestC","Elapsed":0}
{"Action":"fail","Package":"x/y","Elapsed":1}
{"Action":"output","Package":"x/z","Output":"z.go:1: undefined: foo\\n"}
{"Action":"fail","Package":"x/z","Elapsed":0}
"""

JEST = """{"testResults": [
 {"name": "/workspace/a.test.ts", "status": "failed", "assertionResults": [
  {"fullName": "adds one", "status": "passed", "duration": 12},
  {"fullName": "adds (two)", "status": "failed", "failureMessages": ["Error: no"]},
  {"fullName": "adds later", "status": "pending"}]},
 {"name": "/workspace/b.test.ts", "status": "failed", "message": "SyntaxError: x", "assertionResults": []}]}"""

P, F, S = Status.PASSED, Status.FAILED, Status.SKIPPED
READ: list[tuple[Form, str, dict[str, Status]]] = [
    (
        Form.JUNIT,
        JUNIT,
        {
            "tests.test_a.TestX::test_b[1]": P,
            "tests.test_a::test_c": F,
            "tests.test_a::test_d": S,
            "tests.test_a::test_e": F,
            "B::ok": P,
        },
    ),
    (Form.TAP, TAP, {"adds > small": P, "adds > large": F, "a # name": S, "last": S}),
    (Form.GO, GO, {"x/y::TestA/sub one": F, "x/y::TestB": P, "x/y::TestC": S, "x/z": F}),
    (
        Form.JEST,
        JEST,
        {"a.test.ts::adds one": P, "a.test.ts::adds (two)": F, "a.test.ts::adds later": S, "b.test.ts": F},
    ),
    (
        Form.CARGO,
        (DATA / "cargo.txt").read_text(),
        {
            "unittests src/lib.rs::tests::good": P,
            "unittests src/lib.rs::tests::later": S,
            "unittests src/lib.rs::tests::panics": P,
            "unittests src/lib.rs::tests::bad": F,
            "slug::src/lib.rs - one (line 1)": P,
        },
    ),
]


@pytest.mark.parametrize(("form", "text", "expected"), READ, ids=[form.value for form, _, _ in READ])
def test_each_form_is_read(form: Form, text: str, expected: dict[str, Status]) -> None:
    results = read_results(form, text)
    assert {case.id: case.status for case in results.cases} == expected
    assert results.fault == ""
    assert all(case.message for case in results.of(F))
    assert not any(case.message for case in results.of(P))


def test_details_are_kept() -> None:
    first, second, *_ = read_results(Form.JUNIT, JUNIT).cases
    assert (first.file, first.seconds, second.seconds) == ("tests/test_a.py", 0.01, 1000.5)
    assert second.message.startswith("assert 1 == 2")
    small, large, *_ = read_results(Form.TAP, TAP).cases
    assert (small.seconds, large.file) == (0.25, "sum.test.js")


LAUGHS = """<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]><testsuite><testcase name="&b;"/></testsuite>"""
OUTSIDE = """<!DOCTYPE x SYSTEM "file:///etc/passwd"><testsuite><testcase name="a"/></testsuite>"""


@pytest.mark.parametrize(
    ("form", "text", "fault"),
    [
        (Form.JUNIT, "", "empty"),
        (Form.JUNIT, LAUGHS, "document type"),
        (Form.JUNIT, OUTSIDE, "document type"),
        (Form.JUNIT, "<a>" * 10_000, "nested"),
        (Form.JUNIT, JUNIT[:300], "no whole XML"),
        (Form.TAP, "ok 1 - a\n", "without a plan"),
        (Form.TAP, "1..2\nok 1 - a\n", "planned 2"),
        (Form.TAP, "ok 1 - a\nBail out! no server\n", "no server"),
        (Form.GO, "# x/y\nbuild failed\n", "no event"),
        (Form.JEST, "[]", "testResults"),
        (Form.CARGO, "error: could not compile", "did not compile"),
        (Form.EXIT, "x", "no report"),
    ],
)
def test_what_is_broken_is_told(form: Form, text: str, fault: str) -> None:
    assert fault in read_results(form, text).fault


def test_what_was_read_before_a_fault_stays() -> None:
    results = read_results(Form.JUNIT, JUNIT.partition("</testsuite>")[0])
    assert [case.status for case in results.cases] == [P, F, S, F]
    assert results.fault


def test_a_name_told_twice_counts_once_and_by_its_worse_end() -> None:
    both = "<testsuite><testcase name='a'><failure/></testcase><testcase name='a'/></testsuite>"
    assert [case.status for case in read_results(Form.JUNIT, both).cases] == [F]


def test_figures_of_coverage() -> None:
    python = '{"totals": {"percent_covered": 90.5, "num_branches": 4, "covered_branches": 3}}'
    jest = '{"total": {"lines": {"pct": 80}, "branches": {"total": 0, "pct": 100}}}'
    assert read_coverage(Coverage.PYTHON, python) == Covered(lines=90.5, branches=75)
    assert read_coverage(Coverage.JEST, jest) == Covered(lines=80)
    assert read_coverage(Coverage.GO, "x\ntotal:\t(statements)\t66.7%\n") == Covered(lines=66.7)
    for form in Coverage:
        assert read_coverage(form, '{"totals": {"percent_covered": "a"}, "total": 3}') is None
        assert read_coverage(form, "") is None


def test_one_test_is_selected_as_its_runner_wants_it() -> None:
    def selected(name: str, case: str, file: str = "", folder: str = "") -> str | None:
        runner = Runner(name, "", folder, "", "", Form.JUNIT)
        return alone(runner, Case(id=case, status=F, file=file))

    assert (
        selected("pytest", "tests.test_a.TestX::test_b[a b]", "tests/test_a.py")
        == "'tests/test_a.py::TestX::test_b[a b]'"
    )
    assert (
        selected("jest", "web/a.test.ts::adds (two)", "web/a.test.ts", "web")
        == r"a.test.ts -t '^adds \(two\)$'"
    )
    assert selected("go test", "x/y::TestA/sub") == "-run '^TestA$/^sub$' x/y"
    assert selected("cargo test", "unittests src/lib.rs::tests::bad") == "-- --exact tests::bad"
    assert (
        selected("maven", "com.ATest::works")
        == "-Dtest='com.ATest#works' -Dsurefire.failIfNoSpecifiedTests=false"
    )
    assert selected("npm test", "all tests") is None
    assert selected("unittest", "a.T.test; rm -rf /") == "'a.T.test; rm -rf /'"


def test_sections_are_told_apart() -> None:
    text = "noise\n-----astrolabe-section----- results\n<a/>\n\n-----astrolabe-section----- coverage\n{}"
    assert sections(text) == {"results": "<a/>\n", "coverage": "{}"}
