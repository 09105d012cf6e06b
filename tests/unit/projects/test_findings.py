"""What tools found is read in each of their forms; whatever they wrote, reading it returns."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from astrolabe.projects.analysers import analysers
from astrolabe.projects.bill import bill_of
from astrolabe.projects.findings import (
    Finding,
    FindingsForm,
    Level,
    compared,
    read_findings,
    sarif_of,
    told_once,
)
from astrolabe.projects.listing import Listing
from astrolabe.projects.locks import parts_of

ESLINT = json.dumps(
    [
        {
            "filePath": "/workspace/src/a.ts",
            "messages": [{"ruleId": "no-eval", "severity": 2, "line": 3, "column": 4, "message": "m"}],
        }
    ]
)
MYPY = "src/a.py:3:4: error: Incompatible types  [assignment]\nsrc/a.py:9: note: see\nFound 1 error"
TSC = "src/a.ts(3,4): error TS2322: Type 'x' is not assignable.\n  more\n"
ONE = Finding(tool="t", rule="no-eval", level=Level.ERROR, path="src/a.ts", line=3, column=4, message="m")


@pytest.mark.parametrize(
    ("form", "text", "expected"),
    [
        (FindingsForm.SARIF, json.dumps(sarif_of({"t": "1"}, [ONE])), ("no-eval", "src/a.ts", 3, 4)),
        (FindingsForm.ESLINT, ESLINT, ("no-eval", "src/a.ts", 3, 4)),
        (FindingsForm.LINES, MYPY, ("assignment", "src/a.py", 3, 4)),
        (FindingsForm.LINES, TSC, ("TS2322", "src/a.ts", 3, 4)),
    ],
)
def test_each_form_is_read(form: FindingsForm, text: str, expected: tuple[str, str, int, int]) -> None:
    [found], fault = read_findings("t", form, text)
    assert (found.rule, found.path, found.line, found.column) == expected
    assert (found.level, fault) == (Level.ERROR, "")


def test_a_finding_that_moved_is_old_and_a_second_one_is_new() -> None:
    moved = ONE.model_copy(update={"line": 30})
    assert [one.new for one in compared([moved, ONE], [ONE])] == [False, True]


def test_what_two_tools_say_of_one_line_is_told_once() -> None:
    def of(tool: str, rule: str, message: str, line: int = 1) -> Finding:
        return Finding(tool=tool, rule=rule, path="a.py", line=line, message=message)

    told = [
        of("ruff", "F821", "Undefined name `gone`"),
        of("mypy", "name-defined", 'Name "gone" is not defined'),
        of("mypy", "name-defined", 'Name "other" is not defined'),
        of("mypy", "name-defined", 'Name "gone" is not defined', line=2),
        of("eslint", "eqeqeq", "m"),
        of("eslint", "eqeqeq", "m"),
        of("tsc", "TS2345", "m"),
    ]
    assert told_once(told) == (told[0], told[2], told[3], told[4], told[6])


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "runs",
                    "results",
                    "locations",
                    "physicalLocation",
                    "region",
                    "startLine",
                    "message",
                    "text",
                    "level",
                    "ruleId",
                    "messages",
                    "line",
                    "severity",
                    "packages",
                    "version",
                    "license",
                    "integrity",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=15,
)


@given(
    st.sampled_from(FindingsForm),
    st.one_of(
        st.text(),
        JSON.map(json.dumps),
        JSON.map(lambda one: json.dumps({"runs": [one, {"results": [one]}]})),
        JSON.map(lambda one: json.dumps([{"messages": [one]}])),
    ),
)
def test_any_text_is_read(form: FindingsForm, text: str) -> None:
    found, _ = read_findings("t", form, text)
    again, fault = read_findings("t", FindingsForm.SARIF, json.dumps(sarif_of({"t": ""}, found)))
    assert (len(again), fault) == (len(found), "")


@given(JSON)
def test_any_lock_gives_a_bill(value: object) -> None:
    lock = json.dumps(
        {
            "packages": {
                "node_modules/a": value,
                "node_modules/b": {"version": "1", "integrity": value, "license": value},
            }
        }
    )
    bill = bill_of(parts_of(Listing(("package-lock.json",), {"package-lock.json": lock})))
    assert any(one["name"] == "b" for one in bill["components"])


def test_what_cannot_look_is_told_with_the_reason() -> None:
    files = {"a.py": "", "package.json": '{"devDependencies": {"eslint": "9", "typescript": "5"}}'}
    fit, unfit = analysers(Listing(tuple(files), files))
    assert [one.name for one in fit] == ["ruff"]
    assert [one.name for one in unfit] == ["mypy", "eslint", "typescript"]
    locked = files | {"package-lock.json": "{}", "tsconfig.json": ""}
    fit, _ = analysers(Listing(tuple(locked), locked))
    assert [one.name for one in fit] == ["ruff", "eslint", "tsc"]
