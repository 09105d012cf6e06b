"""What tools write that ran foreign code: test reports, coverage, findings; and what kind of project a tree is."""

import json

from target import JSON_WORDS, Target, files, text

from astrolabe.adapters.images.package_lock import read_package_lock
from astrolabe.adapters.images.requirements import pinned_lines
from astrolabe.errors import InputError
from astrolabe.projects.bill import bill_of
from astrolabe.projects.coverage import read_coverage
from astrolabe.projects.detection import runners
from astrolabe.projects.findings import FindingsForm, compared, read_findings, sarif_of
from astrolabe.projects.listing import Listing
from astrolabe.projects.locks import parts_of
from astrolabe.projects.reports import read_results
from astrolabe.projects.results import MOST_MESSAGE, MOST_NAME
from astrolabe.projects.runner import Coverage, Form, sections

FORMS, COVERAGES, FINDINGS = tuple(Form), tuple(Coverage), tuple(FindingsForm)
MANIFESTS = (
    "pyproject.toml",
    "package.json",
    "Cargo.toml",
    "requirements.txt",
    "setup.cfg",
    "tox.ini",
    "go.mod",
    "package-lock.json",
    "test_a.py",
)
PATHS = (
    *MANIFESTS,
    "a_test.go",
    "src/main.rs",
    "a.test.js",
    "tests/test_b.py",
    "src/test/java/ATest.java",
    "pom.xml",
)


def first(data: bytes, of: int) -> int:
    return data[0] % of if data else 0


def test_reports(data: bytes) -> None:
    results = read_results(FORMS[first(data, len(FORMS))], text(data[1:]))
    assert len({case.id for case in results.cases}) == len(results.cases)
    assert all(len(case.id) <= MOST_NAME and len(case.message) <= MOST_MESSAGE for case in results.cases)
    assert results.model_dump_json()
    sections(text(data))


def coverage(data: bytes) -> None:
    covered = read_coverage(COVERAGES[first(data, len(COVERAGES))], text(data[1:]))
    assert covered is None or covered.lines is None or 0 <= covered.lines <= 100


def findings(data: bytes) -> None:
    found, _ = read_findings("t", FINDINGS[first(data, len(FINDINGS))], text(data[1:]), "below")
    assert json.dumps(sarif_of({"t": ""}, compared(found, found[:1])), allow_nan=False)


def manifests(data: bytes) -> None:
    name = MANIFESTS[first(data, len(MANIFESTS))]
    listing = Listing(PATHS, {name: text(data[1:])})
    assert all(runner.command for runner in runners(listing))
    assert json.dumps(bill_of(parts_of(listing)), allow_nan=False)


def locks(data: bytes) -> None:
    if first(data, 2):
        assert pinned_lines("requirements.txt", data[1:])
        return
    read_package_lock(
        "package-lock.json",
        {
            "package-lock.json": data[1:],
            "package.json": b'{"name": "a", "version": "1", "dependencies": {"b": "1"}}',
        },
    ).for_installation()


JUNIT = b"<?xml version='1.0'?><testsuites><testsuite name='s' file='t.py'><testcase classname='a' name='b' time='0.1'><failure message='m'>x</failure></testcase><testcase name='c'><skipped/></testcase></testsuite></testsuites>"
TAP = b"TAP version 14\n# Subtest: a\n    ok 1 - b\n    1..1\nok 1 - a\n  ---\n  duration_ms: 1.5\n  location: 'a.js:1:2'\n  ...\nnot ok 2 - c # SKIP why\n1..2\n"
GO = b'{"Action":"run","Package":"p","Test":"T"}\n{"Action":"output","Package":"p","Test":"T/U","Output":"x\\n"}\n{"Action":"fail","Package":"p","Test":"T/U","Elapsed":0.1}\n{"Action":"fail","Package":"p"}\n'
JEST = b'{"testResults":[{"name":"/workspace/a.js","status":"failed","message":"m","assertionResults":[{"fullName":"f","status":"passed","duration":5,"failureMessages":["x"]}]}]}'
SARIF = b'{"runs":[{"results":[{"ruleId":"E1","level":"error","message":{"text":"m"},"locations":[{"physicalLocation":{"artifactLocation":{"uri":"file:///workspace/a.py"},"region":{"startLine":3,"startColumn":1}}}]}]}]}'
NPM = b'{"name":"a","version":"1","lockfileVersion":3,"requires":true,"packages":{"":{"name":"a","version":"1","dependencies":{"b":"1"}},"node_modules/b":{"version":"1.0.0","resolved":"https://registry.npmjs.org/b/-/b-1.0.0.tgz","integrity":"sha512-AAAA","os":["linux"]}}}'

REPORT_WORDS = (b"<testsuite>", b"</testsuite>", b"<testcase name='a'>", b"</testcase>", b"<failure message='", b"<![CDATA[", b"]]>", b"<?xml version='1.0'?>", b"<!DOCTYPE a [", b"<!ENTITY b 'c'>", b"&b;", b"&#", b"\nok 1 - ", b"\nnot ok ", b"\n    ok ", b"# Subtest: a\n", b"\n  ---\n", b"\n  ...\n", b"1..3\n", b"Bail out!", b"# SKIP", b'"Action":"fail"', b'"Test":"T/', b'"testResults"', b"\ntest a ... ok", b"test result: ok. 1 passed", b"---- a stdout ----\n", b"     Running x (target/y)\n")  # fmt: skip
TARGETS = {
    "test-reports": Target(test_reports, (), (*JSON_WORDS, *REPORT_WORDS), lambda: [bytes([number]) + one for number, one in enumerate((JUNIT, TAP, GO, JEST, (files("tests/data/reports/cargo.txt") or [b""])[0]))]),
    "coverage": Target(coverage, (), (*JSON_WORDS, b'"totals"', b'"total"', b'"percent_covered"', b'"num_branches"', b'"covered_branches"', b'"lines"', b'"pct"', b"total:\t(statements)\t", b"%"), lambda: [b'\1{"totals":{"percent_covered":91.5,"num_branches":4,"covered_branches":2}}', b'\2{"total":{"lines":{"pct":50},"branches":{"pct":20,"total":4}}}', b"\3a\ntotal:\t(statements)\t81.3%\n"]),
    "findings": Target(findings, (), (*JSON_WORDS, b'"runs"', b'"results"', b'"level"', b'"ruleId"', b'"messages"', b'"filePath"', b'"severity"', b"a.py:1:2: error: ", b"  [rule]", b"(1,2): error TS1: ", b": ", b"(", b"1"), lambda: [b"\0" + SARIF, b'\1[{"filePath":"/workspace/a.js","messages":[{"ruleId":"r","severity":2,"line":1,"column":2,"message":"m"}]}]', b"\2a.py:1:2: error: bad  [attr]\nb.ts(3,4): error TS99: worse\n"]),
    "manifests": Target(manifests, (), (*JSON_WORDS, b"[tool.pytest.ini_options]\n", b"[project]\n", b"dependencies = [", b'"scripts"', b'"test"', b'"jest"', b'"node --test"', b"[workspace]", b"require ", b"==1.0", b"[a]", b"import unittest\n", b"def test_x", b'"packages"', b'"node_modules/a"', b'"integrity": "sha512-', b"[testenv]\ncommands = "), lambda: [b"\0[project]\nname='a'\ndependencies=['pytest']\n[tool.pytest.ini_options]\ntestpaths=['t']\n", b'\1{"scripts":{"test":"jest"},"devDependencies":{"jest":"1"}}', b"\2[workspace]\nmembers=['a']\n", b"\3a==1.0\nb[x]>=2 ; python_version<'3'\n", b"\5[tox]\n[testenv]\ncommands = pytest\n", b"\7" + NPM, b"\x08import unittest\nclass T(unittest.TestCase):\n  def test_a(self): pass\n"]),
    "locks": Target(locks, (InputError,), (*JSON_WORDS, b'"packages"', b'"node_modules/b"', b'"resolved"', b'"integrity"', b'"link"', b'"dependencies"', b'"lockfileVersion": 3', b" --hash=sha256:" + b"a" * 64, b"a==1.0", b" \\\n    ", b" ; ", b"# "), lambda: [b"\0" + NPM, b"\1a==1.0 --hash=sha256:" + b"0" * 64 + b"\nb==2 ; python_version < '3.9' \\\n    --hash=sha256:" + b"f" * 64 + b"\n"]),
}  # fmt: skip
