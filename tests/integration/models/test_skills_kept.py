"""Skills and policy outlast a compaction: what goes over the wire after it holds both, word for word.

A real agent with a real skill folder works against a server that refuses what does not go into its small window.
"""

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from astrolabe.adapters.models.known import Wire
from astrolabe.agents.marking import NOTICE
from astrolabe.domain.plan import Check
from astrolabe.ports.embedding import Embedder
from astrolabe.ports.skills import SkillUse, Trusted
from astrolabe.roles.code.agent import CodeAgent
from astrolabe.sdk import Task
from astrolabe.skills.home import SkillHome
from astrolabe.testing.models import ModelServer
from astrolabe.testing.models.request import Request
from astrolabe.testing.models.script import Turn, call
from astrolabe.testing.models.wire import ServedModel
from tests.bench import Room
from tests.integration.models.asking import KEY, MODEL, catalogue

WINDOW = 16_000
TOLD = "Anchor every pattern of yours with fullmatch, and say zanzibar in its docstring."
FILES = {f"src/f{n}.txt": f"value {n}: lorem ipsum dolor sit amet\n".encode() * 200 for n in range(12)}
TASK = Task(
    id="t",
    name="validate the zanzibar pattern",
    agent="code",
    writes=("src/only_here.py",),
    checks=(Check(name="ok", run="true"),),
)
SUMMARY = "Sum up this conversation"


class Reader:
    """Reads one file after the other, and finishes."""

    def __init__(self) -> None:
        self.left = [*FILES]

    def __call__(self, request: Request) -> Turn:
        if SUMMARY.encode() in request.body:
            return Turn(text="I have read some files.")
        return call("read", {"path": self.left.pop(0)}) if self.left else call("finish", {"summary": "read"})


class NoRecords:
    """What is kept about skills, nowhere."""

    async def trust(self, skills: Sequence[Trusted]) -> None: ...

    async def trusted(self) -> frozenset[str]:
        return frozenset()

    async def used(self, names: Sequence[str], *, run: str, task: str, attempt: int) -> None: ...

    async def uses(self) -> tuple[SkillUse, ...]:
        return ()


@pytest.mark.parametrize("wire", [Wire.OPENAI, Wire.ANTHROPIC], ids=lambda wire: wire.value)
def test_the_request_after_a_compaction_holds_the_skill_and_the_policy(wire: Wire, tmp_path: Path) -> None:
    folder = tmp_path / "zanzibar-pattern"
    folder.mkdir()
    head = f"---\nname: {folder.name}\ndescription: Validate the zanzibar pattern\n---\n"
    (folder / "SKILL.md").write_text(f"{head}{TOLD}\n")

    async def embedder() -> Embedder | None:
        return None

    home = SkillHome(NoRecords(), [tmp_path], embedder)

    async def life(server: ModelServer) -> Room:
        models = catalogue(server, wire, window=WINDOW)
        here = Room(TASK, models, FILES, skills=home)
        try:
            async with here.bench() as bench:
                await CodeAgent().work(TASK, bench)
        finally:
            await models.aclose()
        return here

    with ModelServer(Reader(), key=KEY, models=[ServedModel(name=MODEL, window_tokens=WINDOW)]) as server:
        asyncio.run(life(server))
        bodies = [one.request.body.decode() for one in server.exchanges if one.request.method == "POST"]
        assert {one.status for one in server.exchanges} == {200}
    working = [told for told in bodies if SUMMARY not in told]
    lengths = [len(told) for told in working]
    shrunk = [at for at in range(1, len(working)) if lengths[at] < lengths[at - 1]]
    assert shrunk, "nothing was made shorter"
    assert any("value 0: lorem" not in working[at] for at in shrunk), "what was read first is still there"
    for at in shrunk:
        for kept in (TOLD, NOTICE, "src/only_here.py", "- ok: true"):
            assert json.dumps(kept, ensure_ascii=False)[1:-1] in working[at]
