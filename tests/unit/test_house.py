"""Rules of the house that no other tool can hold."""

import re
from pathlib import Path

import astrolabe
from astrolabe.engine.faults import CrashPoint


def test_every_crash_point_is_reached_somewhere() -> None:
    sources = "".join(path.read_text() for path in Path(astrolabe.__file__).parent.rglob("*.py"))
    reached = set(re.findall(r"reach\(CrashPoint\.(\w+)\)", sources))
    assert reached == {point.name for point in CrashPoint}
