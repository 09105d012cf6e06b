"""Memory on both databases, through any course of remembering and forgetting in two processes."""

import asyncio
import itertools
import tempfile
from collections.abc import Callable, Generator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from astrolabe.domain.memory import Document
from astrolabe.domain.secrets.redaction import Redactor
from astrolabe.memory.home import MemoryHome
from astrolabe.ports.embedding import Embedder
from astrolabe.ports.store import Store
from tests.integration.storage.home import Home
from tests.remembering import Letters, each

WORDS = [
    "anchor",
    "brick",
    "copper",
    "delta",
    "ember",
    "flint",
    "garnet",
    "harbor",
    "island",
    "jasper",
    "kettle",
]
SENTENCES = st.lists(st.sampled_from(WORDS), min_size=4, max_size=9, unique=True).map(" ".join)
TEXTS = st.lists(SENTENCES, min_size=1, max_size=60).map("\n".join)
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["one", "other"]),
        st.sampled_from(["first", "second"]),
        st.sampled_from(["a.md", "b.py", "c.txt"]),
        st.one_of(st.none(), TEXTS),
    ),
    min_size=1,
    max_size=8,
)
Made = Callable[[Path], Home]
NUMBERS = itertools.count()


@pytest.fixture
def memory() -> Generator[Path]:
    """A folder that is no disk's: waiting for one would be most of this."""
    with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
        yield Path(folder)


def home(store: Store, model: Embedder | None) -> MemoryHome:
    async def embedder() -> Embedder | None:
        return model

    return MemoryHome(store, embedder, Redactor())


def test_what_is_said_is_found_where_it_stands_and_in_no_other_project(homes: Made, memory: Path) -> None:

    async def course(
        one: Store, other: Store, steps: list[tuple[str, str, str, str | None]], model: Embedder | None
    ) -> None:
        """Two processes work on two projects; afterwards each sees what both have left."""
        present: dict[str, dict[str, str]] = {"first": {}, "second": {}}
        number = next(NUMBERS)
        processes = {"one": home(one, model), "other": home(other, model)}
        for who, project, name, text in steps:
            place = f"/{number}/{project}"
            if text is None:
                present[project].pop(name, None)
                await processes[who].forget(place, lambda source, name=name: source.name == name)
            else:
                present[project][name] = text
                await processes[who].remember(place, each(Document(name, text)))
            await processes[who].recall(place, "anchor", 3)
        for project, texts in present.items():
            for process in processes.values():
                await holds(process, f"/{number}/{project}", texts)

    async def holds(process: MemoryHome, place: str, texts: dict[str, str]) -> None:
        for name, text in texts.items():
            lines = text.split("\n")
            wanted = lines[len(lines) // 2]
            found = (await process.recall(place, wanted, 50)).passages
            assert any(wanted in one.chunk.text for one in found if one.name == name)
            assert wanted in found[0].chunk.text
            for one in found:
                assert one.chunk.text == "\n".join(
                    texts[one.name].split("\n")[one.chunk.first - 1 : one.chunk.last]
                )
        if not texts:
            assert (await process.recall(place, "anchor brick", 50)).passages == ()

    @settings(max_examples=12)
    @given(STEPS, st.sampled_from([Letters(), None]))
    def courses(steps: list[tuple[str, str, str, str | None]], model: Embedder | None) -> None:
        async def go() -> None:
            async with state.store("one") as one, state.store("other") as other:
                await course(one, other, steps, model)

        asyncio.run(go())

    state = homes(memory)
    courses()
