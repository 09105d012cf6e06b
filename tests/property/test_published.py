"""Whatever tools and lock files told, what is written of it is valid by the published schemas."""

import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from astrolabe.projects.bill import bill_of
from astrolabe.projects.findings import FindingsForm, read_findings, sarif_of
from astrolabe.projects.listing import Listing
from astrolabe.projects.locks import parts_of
from tests.published import cyclonedx_faults, sarif_faults

WORDS = st.text(st.characters(), max_size=30) | st.sampled_from(
    ["../a b", "/x", "//y", "c:\\d", "file:///workspace/ä.py", "%zz"]
)
"""Any text that JSON can hold, lone surrogates among it: what tools write is not ours."""
ODD = st.text(st.characters(), max_size=5) | st.integers() | st.floats() | st.none() | st.just([{}])
NUMBERS = st.integers() | st.sampled_from([2**31, 10**20, -1, True, "7", None])


def sarif(results: list[dict[str, Any]]) -> str:
    return json.dumps({"runs": [{"results": results}]})


PLACES = st.fixed_dictionaries(
    {
        "artifactLocation": st.fixed_dictionaries({"uri": WORDS | ODD}),
        "region": st.fixed_dictionaries({"startLine": NUMBERS, "startColumn": NUMBERS}),
    }
)
RESULTS = st.fixed_dictionaries(
    {
        "ruleId": WORDS | ODD,
        "level": WORDS | st.sampled_from(["error", "none", "note"]),
        "message": st.fixed_dictionaries({"text": WORDS | ODD}),
        "locations": st.lists(st.fixed_dictionaries({"physicalLocation": PLACES}), max_size=2),
    }
)


@given(WORDS.filter(bool), WORDS, st.lists(RESULTS, max_size=4))
def test_findings_become_a_valid_log(tool: str, version: str, results: list[dict[str, Any]]) -> None:
    found, fault = read_findings(tool, FindingsForm.SARIF, sarif(results))
    assert (len(found), fault) == (len(results), "")
    assert sarif_faults(sarif_of({tool: version}, found)) == []


@given(
    st.dictionaries(
        WORDS.map(lambda name: f"node_modules/{name}"),
        st.fixed_dictionaries(
            {"version": WORDS | ODD},
            optional={
                "license": WORDS | ODD | st.sampled_from(["MIT", "(MIT OR Apache-2.0)", "SEE LICENSE IN x"]),
                "integrity": WORDS | st.sampled_from(["sha512-YQ==", "sha1-2jmj7l5rSw0yVb/vlWAYkK/YBwk="]),
                "name": WORDS | ODD,
            },
        ),
        max_size=4,
    )
)
def test_a_lock_becomes_a_valid_bill(packages: dict[str, Any]) -> None:
    lock = json.dumps({"packages": packages})
    bill = bill_of(parts_of(Listing(("package-lock.json",), {"package-lock.json": lock})))
    assert cyclonedx_faults(bill) == []


PIECES = st.sampled_from(
    [
        *[
            "{",
            "}",
            "[",
            "]",
            ":",
            ",",
            '"',
            "=",
            "#",
            "@",
            "/",
            "(",
            ")",
            "${a}",
            "<a>",
            "</a>",
            "null",
            "true",
            "1e999",
            "\\ï",
        ],
        *(
            "\n",
            "  ",
            "packages:",
            "[[package]]\n",
            'name = "a"\n',
            'version = "1"\n',
            "a==1",
            "--hash=sha256:00",
            "require (",
        ),
        *(
            "<project>",
            "<dependencies>",
            "<dependency>",
            "<groupId>g</groupId>",
            "<artifactId>n</artifactId>",
            "</dependency>",
        ),
        *(
            "<!DOCTYPE a [",
            '<!ENTITY a "&a;&a;">',
            "&a;",
            "<properties><a>${b}${b}</a><b>${a}${a}</b></properties>",
        ),
        *(
            "a@npm:b@^1:\n",
            '  version "1"\n',
            "  /@a/b@1.0:\n",
            "github.com/a/b v1.0.0",
            " h1:",
            "a:b:1=c",
            '"\\ud800"',
            "9" * 5000,
        ),
    ]
)
NAMES = [
    *(
        "package-lock.json",
        "npm-shrinkwrap.json",
        "pnpm-lock.yaml",
        "yarn.lock",
        "requirements.txt",
        "uv.lock",
        "poetry.lock",
    ),
    *("pylock.toml", "Pipfile.lock", "go.mod", "go.sum", "Cargo.lock", "pom.xml", "gradle.lockfile"),
]


@given(st.sampled_from(NAMES), st.lists(PIECES | st.text(max_size=5), max_size=40).map("".join))
def test_any_lock_becomes_a_valid_bill(name: str, text: str) -> None:
    assert cyclonedx_faults(bill_of(parts_of(Listing((name,), {name: text})))) == []


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "piece", ["[", "(", "a", "@", "/", " ", "\\\n", "${a}", "<a>", "a@b ", '{"a":', "  a@1:\n"]
)
def test_no_lock_is_read_slower_than_it_is_long(name: str, piece: str) -> None:
    """Of processor time it takes about a second at most; whatever tried over and over would take hours."""
    listing = Listing((name,), {name: piece * 100_000})
    began = time.process_time()
    parts_of(listing)
    assert time.process_time() - began < 30


@pytest.mark.parametrize(
    ("document", "faults"),
    [
        ({"version": "2.1.0", "runs": [{"tool": {"driver": {"name": "a"}}, "results": [{}]}]}, "message"),
        ({"version": "2.0.0", "runs": []}, "2.1.0"),
    ],
)
def test_the_schema_of_sarif_is_looked_at(document: dict[str, Any], faults: str) -> None:
    assert faults in " ".join(sarif_faults(document))


def test_the_schema_of_cyclonedx_is_looked_at() -> None:
    assert cyclonedx_faults({"bomFormat": "CycloneDX", "specVersion": "1.6", "components": [{"name": "a"}]})
