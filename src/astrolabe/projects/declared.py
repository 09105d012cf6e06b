"""Which tests a file declares that would run, told from its text alone: enough to see that some were taken away or put to sleep.

What is read may have been written to deceive: a test with nothing in it counts as none, and so does one that is skipped. One
whose words prove nothing is beyond this, and is for whoever reviews.
"""

import ast
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from astrolabe.projects.listing import PYTHON_TEST, mapping, name_of

MOST_BYTES = 2_000_000
_TOOLS = frozenset({"unittest", "pytest", "_pytest", "sitecustomize", "usercustomize"})
_ASLEEP = re.compile(r"skip|xfail|expectedFailure|ignore|disabled", re.IGNORECASE)
_SCRIPT = re.compile(r"(?:\.(?:test|spec)|(?:^|/)(?:__tests__|tests?)/.*)\.[cm]?[jt]sx?\Z")
_JVM = re.compile(r"(?:^|/)src/(?:test|androidTest)/.*\.(?:java|kt)\Z")
_COMMENT = re.compile(r"^\s*//[^\n]*|/\*.*?\*/", re.DOTALL | re.MULTILINE)
_CALLED = re.compile(
    r"(?<![\w.$])(?P<how>x?(?:it|test)|x?describe|f(?:it|describe))(?P<more>(?:\.\w+)*)\s*\(\s*(?P<quote>['\"`])(?P<name>.{0,300}?)(?P=quote)"
)
_GO = re.compile(r"^func (?P<name>Test\w*)\([^)]*\)\s*\{\s*(?P<first>\S[^\n]*)?", re.MULTILINE)
_RUST = re.compile(
    r"(?P<marks>(?:#\[[^\]\n]{0,200}\]\s*){1,10})(?:pub\s+)?(?:async\s+)?fn\s+(?P<name>\w+)\s*\([^)]*\)[^{;]{0,200}\{\s*(?P<first>\S[^\n]*)?"
)
_JAVA = re.compile(
    r"(?P<marks>(?:@\w+(?:\([^)\n]{0,200}\))?\s*){1,10})(?:[\w<>]+\s+){0,4}(?P<name>\w+|`[^`\n]{1,200}`)\s*\([^)]*\)[^{;]{0,200}\{"
)


@dataclass(frozen=True)
class Declared:
    """A test by its name, and the file it stands in."""

    path: str
    name: str

    def __str__(self) -> str:
        return f"{self.path}: {self.name}"


def decides(path: str) -> bool:
    """Tell whether what lies at a path comes before the tools that run tests, or says how they are run."""
    return name_of(path) == "package.json" or is_in_the_way(path)


def is_in_the_way(path: str) -> bool:
    """Tell whether Python would take a file for its own start, or for the library that runs tests."""
    first = path.removeprefix("src/").split("/")[0]
    return first.removesuffix(".py") in _TOOLS or path.endswith(".pth")


def told_how(path: str, content: bytes) -> tuple[Declared, ...]:
    """Return how a manifest says that tests are run."""
    if name_of(path) != "package.json" or len(content) > MOST_BYTES:
        return ()
    try:
        scripts = mapping(mapping(json.loads(content)).get("scripts"))
    except (ValueError, RecursionError):
        return ()
    how = scripts.get("test")
    return (Declared(path, f"`npm test` as {how[:100]!r}"),) if isinstance(how, str) else ()


def is_test_file(path: str) -> bool:
    """Tell whether a runner would look for tests in a file of this name."""
    return bool(
        PYTHON_TEST.match(name_of(path)) or _SCRIPT.search(path) or _JVM.search(path)
    ) or path.endswith(("_test.go", ".rs"))


def declared(path: str, content: bytes) -> tuple[Declared, ...]:
    """Return the tests of a file that would run; none where it is no file of tests, or cannot be read."""
    if not is_test_file(path) or len(content) > MOST_BYTES:
        return ()
    text = content.decode("utf-8", "replace")
    if path.endswith(".py"):
        names = _python(text)
    elif path.endswith("_test.go"):
        names = _go(_COMMENT.sub("", text))
    elif path.endswith(".rs"):
        names = _marked(_RUST, r"\btest\b", _COMMENT.sub("", text))
    elif path.endswith((".java", ".kt")):
        names = _marked(_JAVA, r"@\w*Test\b", _COMMENT.sub("", text))
    else:
        names = _script(_COMMENT.sub("", text))
    return tuple(Declared(path, name) for name in names)


def lost(before: Iterable[Declared], after: Iterable[Declared]) -> tuple[Declared, ...]:
    """Return the tests that were there and are no more, whatever file they stand in: one that was moved is not lost."""
    left = Counter(one.name for one in after)
    gone: list[Declared] = []
    for one in before:
        if left[one.name] > 0:
            left[one.name] -= 1
        else:
            gone.append(one)
    return tuple(gone)


def _python(text: str) -> Iterator[str]:
    try:
        body = ast.parse(text).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
    if any(
        isinstance(one, ast.Assign | ast.AnnAssign | ast.Expr | ast.Raise) and _sleeps(one) for one in body
    ):
        return  # pytestmark = pytest.mark.skip, pytest.skip(..., allow_module_level=True), raise SkipTest
    yield from _python_tests(body, "")


def _python_tests(body: Iterable[ast.stmt], prefix: str) -> Iterator[str]:
    for one in body:
        if isinstance(one, ast.If | ast.Try | ast.With):
            yield from _python_tests(one.body, prefix)
        if not isinstance(one, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        if any(_names_sleep(mark) for mark in one.decorator_list):
            continue
        if isinstance(one, ast.ClassDef):
            yield from _python_tests(one.body, f"{prefix}{one.name}.")
        elif one.name.startswith("test") and not _idle(one.body):
            yield f"{prefix}{one.name}"


def _idle(body: list[ast.stmt]) -> bool:
    """Tell whether a test does nothing, or skips itself before it does anything."""
    told = [one for one in body if not (isinstance(one, ast.Expr) and isinstance(one.value, ast.Constant))]
    if all(isinstance(one, ast.Pass) or _empty_return(one) for one in told[:1]):
        return True
    return isinstance(told[0], ast.Expr | ast.Raise) and _sleeps(told[0])


def _empty_return(one: ast.stmt) -> bool:
    return isinstance(one, ast.Return) and (one.value is None or isinstance(one.value, ast.Constant))


def _sleeps(one: ast.stmt) -> bool:
    """Tell whether a statement's own words, and not a text in it, say that it skips."""
    if isinstance(one, ast.Assign | ast.AnnAssign):
        targets = one.targets if isinstance(one, ast.Assign) else [one.target]
        named = any(isinstance(target, ast.Name) and target.id == "pytestmark" for target in targets)
        return named and one.value is not None and _names_sleep(one.value)
    if isinstance(one, ast.Raise):
        return one.exc is not None and _names_sleep(one.exc)
    return isinstance(one, ast.Expr) and isinstance(one.value, ast.Call) and _names_sleep(one.value.func)


def _names_sleep(node: ast.expr) -> bool:
    """Tell whether a mark says that a test is always skipped; one with a condition that can change is its own affair."""
    if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
        return bool(_ASLEEP.search(_words(node.func)))
    return any(not word.endswith(("if", "unless")) and _ASLEEP.search(word) for word in _words(node).split())


def _words(node: ast.expr) -> str:
    """Return the names in an expression, not its texts."""
    named = (one for one in ast.walk(node) if isinstance(one, ast.Attribute | ast.Name))
    return " ".join(one.attr if isinstance(one, ast.Attribute) else one.id for one in named).lower()


def _script(text: str) -> Iterator[str]:
    found = list(_CALLED.finditer(text))
    asleep = [_block(text, one.start()) for one in found if _is_group(one) and _is_asleep(one)]
    only = [one for one in found if one["how"].startswith("f") or ".only" in one["more"]]
    for one in only or found:
        covered = any(one.start() in block for block in asleep)
        if not (covered or _is_group(one) or _is_asleep(one)):
            yield one["name"]


def _is_group(call: re.Match[str]) -> bool:
    return call["how"].endswith("describe")


def _is_asleep(call: re.Match[str]) -> bool:
    return call["how"].startswith("x") or bool(re.search(r"\.(?:skip|todo|fails|failing)\b", call["more"]))


def _block(text: str, start: int) -> range:
    """Return the places between a call's parentheses, as far as they can be told without reading the language."""
    open_ones = 0
    for mark in re.compile(r"[()]").finditer(text, start):
        open_ones += 1 if mark[0] == "(" else -1
        if open_ones == 0:
            return range(start, mark.end())
    return range(start, len(text))


def _go(text: str) -> Iterator[str]:
    for one in _GO.finditer(text):
        first = one["first"] or "}"
        if not first.startswith("}") and not re.match(r"\w+\.Skip", first):
            yield one["name"]


def _marked(pattern: re.Pattern[str], mark: str, text: str) -> Iterator[str]:
    for one in pattern.finditer(text):
        if re.search(mark, one["marks"]) and not _ASLEEP.search(one["marks"]):
            yield one["name"]
