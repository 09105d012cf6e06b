"""Plans that mean harm or have bad luck: each ends by itself, is told in words, and leaves nothing running."""

import asyncio
from pathlib import Path

import pytest

from astrolabe.cli.exits import Exit
from tests.contract.sandbox.outside import has_process, within
from tests.person import Person

MIB = 1024 * 1024
SLEEPER = "tail -f /dev/null {marker} 2>/dev/null"
TREE = """
trap '' TERM INT HUP
setsid sh -c 'trap "" TERM; {sleeper}' &
(setsid {sleeper} >/dev/null 2>&1 &)
{sleeper} | {sleeper} &
{sleeper}
"""
STORM = "for i in $(seq 3000); do {sleeper} & done; wait"
PLAN = """
goal: harm
tasks:
- id: bad
  agent: command
  writes: [mine.txt]
  timeout: {timeout}
  inputs: {{run: {line}}}
  checks: [{{name: checked, timeout: 1, run: {check}}}]
"""


def quoted(text: str) -> str:
    return '"' + text.strip().replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


async def is_gone(marker: str) -> bool:
    return not await has_process(marker)


def sizes(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize(
    ("line", "check", "told"),
    [
        (TREE, "true", "it took longer than 2 s (If it needs longer, give the task a longer `timeout`.)"),
        (STORM, "true", "bad: failed"),
        ("true", TREE, "still ran after 1 s"),
        ("yes", "true", "it took longer than 2 s"),
        ("true", "yes", "still ran after 1 s"),
        ("echo x > mine.txt; echo y > other.txt", "true", "'other.txt', which its `writes` does not name (mine.txt)"),
        ("ln -s /etc/passwd mine.txt", "true", "mine.txt"),
    ],
    ids=["tree", "storm", "endless check", "endless output", "endless output of a check", "elsewhere", "a link out"],
)  # fmt: skip
def test_a_plan_that_does_harm_ends_with_a_reason(
    line: str, check: str, told: str, person: Person, marker: str
) -> None:
    sleeper = SLEEPER.format(marker=marker)
    plan = PLAN.format(
        timeout=2, line=quoted(line.format(sleeper=sleeper)), check=quoted(check.format(sleeper=sleeper))
    )
    done = person.types("run", person.file("plan.yaml", plan), "--workspace", person.folder / "target")
    assert done.code == Exit.CHECKS_FAILED, done.out + done.err
    assert told in " ".join(done.out.split())
    assert "astrolabe runs retry" in done.out
    asyncio.run(within(lambda: is_gone(marker)))
    assert sizes(person.folder / "home") < 40 * MIB, "what it printed was kept whole"
    if check == "yes":
        kept = person.types("runs", "log", "last", "--check", "checked").out
        assert "the rest of this output was cut" in kept[-400:]
