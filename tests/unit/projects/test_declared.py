"""Tests that would run are told from a file's text, so that it is seen when some are taken away or put to sleep."""

import pytest

from astrolabe.projects.declared import decides, declared, is_in_the_way, lost, told_how

PYTHON = """import unittest
import pytest

def test_one():
    assert 1

async def test_two():
    \"\"\"Says what it is for.\"\"\"
    assert 2

def helper_test():
    assert 3

class Cases(unittest.TestCase):
    def test_three(self):
        self.assertTrue(3)

    @pytest.mark.skipif(sys.platform == "win32", reason="elsewhere")
    def test_four(self):
        self.assertTrue("skip")
"""
SCRIPT = """// it('is not one', () => {})
describe('sums', () => {
  it('adds', () => { expect(1 + (1)).toBe(2) })
  test.each([1])("each %i", () => {})
  test(`with ${'ticks'}`, async () => {})
})
test.only ? 0 : 0
"""
GO = "package a\n\nfunc TestOne(t *testing.T) {\n\tt.Log()\n}\nfunc TestTwo(t *testing.T) { x() }\nfunc helper() {}\n"
RUST = "fn one() {}\n#[test]\nfn two() {\n    assert!(true);\n}\n#[tokio::test]\n#[should_panic]\nasync fn three() { x() }\n"
JAVA = "class A {\n  @Test\n  void one() { a(); }\n  @ParameterizedTest\n  @ValueSource(ints = 1)\n  public void two(int a) throws B { a(); }\n  void three() {}\n}\n"

WHOLE = {
    "tests/test_a.py": (PYTHON, ["test_one", "test_two", "Cases.test_three", "Cases.test_four"]),
    "src/a.test.ts": (SCRIPT, ["adds", "with ${'ticks'}"]),
    "a/a_test.go": (GO, ["TestOne", "TestTwo"]),
    "src/lib.rs": (RUST, ["two", "three"]),
    "src/test/java/A.java": (JAVA, ["one", "two"]),
    "src/a.py": (PYTHON, []),
    "src/a.ts": (SCRIPT, []),
    "tests/test_b.py": ("def test_a(:", []),
    "tests/test_c.py": ("(" * 5000, []),
}


@pytest.mark.parametrize("path", WHOLE)
def test_what_would_run_is_declared(path: str) -> None:
    text, names = WHOLE[path]
    assert [one.name for one in declared(path, text.encode())] == names


ASLEEP = {
    "removed": ("tests/test_a.py", "def test_one():\n    assert 1\n", ""),
    "renamed away": ("tests/test_a.py", "def test_one():\n    assert 1\n", "def tst_one():\n    assert 1\n"),
    "emptied": ("tests/test_a.py", "def test_one():\n    assert 1\n", "def test_one():\n    '''x'''\n    pass\n"),
    "returned from": ("tests/test_a.py", "def test_one():\n    assert 1\n", "def test_one():\n    return\n    assert 1\n"),
    "marked": ("tests/test_a.py", "def test_one():\n    assert 1\n", "@pytest.mark.skip\ndef test_one():\n    assert 1\n"),
    "expected to fail": ("tests/test_a.py", "def test_one():\n    assert 1\n", "@pytest.mark.xfail(reason='x')\ndef test_one():\n    assert 1\n"),
    "always": ("tests/test_a.py", "def test_one():\n    assert 1\n", "@pytest.mark.skipif(True, reason='x')\ndef test_one():\n    assert 1\n"),
    "class": (
        "test_a.py",
        "class T(C):\n    def test_one(self):\n        a()\n",
        "@unittest.skip('x')\nclass T(C):\n    def test_one(self):\n        a()\n",
    ),
    "all of it": ("test_a.py", "def test_one():\n    assert 1\n", "pytestmark = pytest.mark.skip('x')\ndef test_one():\n    assert 1\n"),
    "on import": ("test_a.py", "def test_one():\n    assert 1\n", "raise unittest.SkipTest('x')\ndef test_one():\n    assert 1\n"),
    "inside": ("test_a.py", "def test_one():\n    assert 1\n", "def test_one():\n    pytest.skip('x')\n    assert 1\n"),
    "it.skip": ("a.test.js", "it('adds', f)", "it.skip('adds', f)"),
    "xit": ("a.test.js", "it('adds', f)", "xit('adds', f)"),
    "describe.skip": ("a.spec.ts", "describe('a', () => { it('adds', f) })", "describe.skip('a', () => { it('adds', f) })"),
    "only another": ("a.test.js", "it('adds', f); it('b', f)", "it('adds', f); it.only('b', f)"),
    "commented out": ("a.test.js", "it('adds', f)", "// it('adds', f)"),
    "t.Skip": ("a_test.go", "func TestA(t *testing.T) {\n\ta()\n}", "func TestA(t *testing.T) {\n\tt.Skip()\n\ta()\n}"),
    "#[ignore]": ("src/a.rs", "#[test]\nfn a() {\n b() }", "#[test]\n#[ignore]\nfn a() {\n b() }"),
    "@Disabled": ("src/test/java/A.java", "@Test\nvoid a() { b(); }", "@Test @Disabled\nvoid a() { b(); }"),
    "npm test": ("package.json", '{"scripts": {"test": "jest"}}', '{"scripts": {"test": "true"}}'),
}  # fmt: skip


@pytest.mark.parametrize("how", ASLEEP)
def test_one_that_no_longer_runs_is_lost(how: str) -> None:
    path, before, after = ASLEEP[how]

    def told(text: str) -> list[object]:
        return [*declared(path, text.encode()), *told_how(path, text.encode())]

    assert len(told(before)) > 0
    assert len(lost(told(before), told(after))) == 1  # type: ignore[arg-type]
    assert lost(told(before), told(before)) == ()  # type: ignore[arg-type]


def test_one_that_was_moved_is_not_lost() -> None:
    text = b"def test_one():\n    assert 1\n"
    assert lost(declared("test_a.py", text), declared("tests/test_b.py", text)) == ()


@pytest.mark.parametrize(
    ("path", "way"),
    [
        ("unittest/__main__.py", True),
        ("src/pytest.py", True),
        ("sitecustomize.py", True),
        ("x.pth", True),
        ("tests/unittest/test_a.py", False),
        ("unittests.py", False),
    ],
)
def test_what_stands_in_the_way_of_the_tools_is_known(path: str, way: bool) -> None:
    assert is_in_the_way(path) == way
    assert decides(path) == way
