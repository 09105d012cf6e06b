"""A real bench over a workspace and a sandbox in memory, whose steps outlast it as those of a run do."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from astrolabe.agents.asking import Asker, Patience
from astrolabe.agents.bench import TreeBench
from astrolabe.agents.environment import Preparer
from astrolabe.agents.memory import BenchMemory
from astrolabe.agents.skills import Attempt, BenchSkills
from astrolabe.agents.web import BenchWeb
from astrolabe.domain.budget import Usage
from astrolabe.domain.plan import Backoff, Task
from astrolabe.domain.policy import Policy
from astrolabe.domain.secrets.redaction import Redactor
from astrolabe.domain.sound import sound
from astrolabe.ports.model import Models
from astrolabe.ports.web import NoWeb
from astrolabe.skills.home import SkillHome
from tests.world import Boxes, NoImages, Trees


@dataclass
class Record:
    """What an attempt has recorded. `done` are the steps by key; in each life they are taken in the same order."""

    done: dict[str, tuple[Any, Usage]] = field(default_factory=dict)
    taken: list[str] = field(default_factory=list)


class Recording:
    """The recorder of one life."""

    def __init__(self, record: Record, reach: Callable[[str], None] = lambda _: None) -> None:
        self._record = record
        self._reach = reach
        self._ordinal = 0

    async def recorded(
        self,
        kind: str,
        do: Callable[[], Awaitable[tuple[Any, Usage]]],
        *,
        reserve: Usage = Usage(),  # noqa: B008
        call_id: str | None = None,
        about: str = "",
    ) -> tuple[Any, Usage]:
        del about
        self._ordinal += 1
        key = f"{self._ordinal}/{kind}" if call_id is None else f"{kind}:{call_id}"
        if key not in self._record.done:
            self._reach(f"before {key}")
            self._record.taken.append(key)
            reply, used = await do()
            self._reach(f"after {key}")
            self._record.done[key] = sound(reply), used
            self._reach(f"durable {key}")
        return self._record.done[key]


async def _at_once(_seconds: float) -> None: ...


@dataclass
class Room:
    """What outlasts a life: files, sandbox, models, the record."""

    task: Task
    models: Models
    files: Mapping[str, bytes] = field(default_factory=dict)
    boxes: Boxes = field(default_factory=Boxes)
    record: Record = field(default_factory=Record)
    trees: Trees = field(default_factory=Trees)
    said: list[str] = field(default_factory=list)
    setbacks: Sequence[str] = ()
    skills: SkillHome | None = None

    @asynccontextmanager
    async def bench(self, reach: Callable[[str], None] = lambda _: None) -> AsyncGenerator[TreeBench]:
        recorder = Recording(self.record, reach)
        patience = Patience(tries=2, backoff=Backoff(base=0, max=0))
        asker = Asker(
            self.models,
            recorder,
            self.task.agent,
            self.task.id,
            self.said.append,
            patience=patience,
            sleep=_at_once,
        )
        context: Any = None
        tree = self.trees._tree(self.files)
        bench = TreeBench(
            task=self.task,
            tree=tree,
            workspace=self.trees,
            sandbox=self.boxes,
            preparer=Preparer(NoImages(), self.trees),
            recorder=recorder,
            web=BenchWeb(NoWeb(), recorder),
            memory=BenchMemory(None, recorder, self.trees, self.task.id, Redactor(), self.said.append),
            context=context,
            skills=BenchSkills(
                self.skills,
                recorder,
                partial(self.trees.files, tree),
                Attempt("run", self.task.id, 1),
                self.said.append,
            ),
            asker=asker,
            policy=Policy(),
            redactor=Redactor(),
            say=self.said.append,
            key=self.task.id,
            setbacks=self.setbacks,
        )
        async with bench:
            yield bench

    def content(self, bench: TreeBench) -> dict[str, str]:
        return {path: data.decode(errors="replace") for path, data in self.trees.trees[bench.tree].items()}
