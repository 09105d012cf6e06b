"""Rules of the house that no other tool can hold."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import astrolabe
from astrolabe.engine.faults import CrashPoint


def test_every_crash_point_is_reached_somewhere() -> None:
    sources = "".join(path.read_text() for path in Path(astrolabe.__file__).parent.rglob("*.py"))
    reached = set(re.findall(r"reach\(CrashPoint\.(\w+)\)", sources))
    assert reached == {point.name for point in CrashPoint}


IN_WORKFLOWS = (
    *(f"adapters/temporal/{name}.py" for name in ("workflow", "course", "skeleton", "words")),
    *(f"engine/{name}.py" for name in ("scheduler", "asking", "decisions")),
)
DOORS = frozenset(
    {
        "datetime.datetime",
        "logging",
        "os",
        "pathlib",
        "random",
        "secrets",
        "socket",
        "sqlalchemy",
        "subprocess",
    }
    | {"sys", "tempfile", "threading", "time", "uuid"}
)


@pytest.mark.parametrize("name", IN_WORKFLOWS)
def test_what_workflows_are_made_of_has_neither_a_clock_nor_a_door(name: str) -> None:
    module = ast.parse((Path(astrolabe.__file__).parent / name).read_text())
    assert not {door for door in imported(module) if door in DOORS or door.partition(".")[0] in DOORS}


def imported(module: ast.Module) -> Iterator[str]:
    for node in ast.walk(module):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
