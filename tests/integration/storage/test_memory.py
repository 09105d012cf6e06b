"""What is kept of memory, on both databases."""

import asyncio
import base64
import hashlib
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from astrolabe.adapters.storage.store import SqlStore
from astrolabe.domain.memory import Chunk, Document, Origin
from astrolabe.domain.secrets.redaction import Redactor
from astrolabe.memory.home import MemoryHome
from astrolabe.ports.embedding import Embedder
from astrolabe.ports.memory import NewSource
from tests.integration.storage.home import DETERMINISM, Home
from tests.integration.storage.test_store import with_store
from tests.remembering import Letters, each

LONG = "\n".join(f"line {number} of a text that has many" for number in range(400))


def source(name: str, *texts: str) -> NewSource:
    chunks = tuple(Chunk(text, at, at) for at, text in enumerate(texts, 1))
    return NewSource(Origin.DOCUMENT, name, "", "d", "m", chunks, b"\1" * len(texts), b"")


def memory_of(store: SqlStore, model: Embedder | None) -> MemoryHome:
    async def embedder() -> Embedder | None:
        return model

    return MemoryHome(store, embedder, Redactor(["hunter2hunter2"]))


def test_a_source_takes_the_place_of_one_of_its_name_and_all_or_nothing_is_written(home: Home) -> None:
    async def use(store: SqlStore) -> None:
        memory = store.memory
        assert await memory.revision("/p") == 0
        await memory.keep("/p", [source("a", "one", "two"), source("b", "three")])
        await memory.keep("/p", [source("a", "four")])
        first = await memory.revision("/p")
        with pytest.raises(Exception, match=r".*"):
            await memory.keep("/p", [source("c", "five"), source("c", "six")])
        assert (await memory.revision("/p"), first) == (2, 2)
        told = {one.name: one for one in await memory.sources("/p")}
        assert sorted(told) == ["a", "b"]
        pieces = await memory.pieces("/p", [(told["a"].id, 0), (told["a"].id, 1), (told["b"].id, 0)])
        assert sorted(chunk.text for _, chunk in pieces.values()) == ["four", "three"]
        assert await memory.pieces("/q", [(told["a"].id, 0)]) == {}
        assert await memory.forget("/q", [told["a"].id]) == 0
        assert await memory.forget("/p", [told["a"].id]) == 1
        assert [(one.project, one.sources, one.chunks) for one in await memory.projects()] == [("/p", 1, 1)]

    with_store(home, use)
    assert home.run("SELECT count(*) FROM memory_chunks") == [(1,)]


def test_a_tenants_memory_is_its_own(home: Home) -> None:
    async def go() -> None:
        async with home.store() as store:
            other = SqlStore(
                store._database, store._blobs, store._wakeups, store.processes, DETERMINISM, "other"
            )
            await store.memory.keep("/p", [source("a", "one")])
            assert await other.memory.sources("/p") == ()
            assert await other.memory.projects() == ()
            assert (await other.memory.findable("/p", frozenset())) == ((), ())
            await other.memory.keep("/p", [source("a", "two")])
            assert len(await store.memory.sources("/p")) == 1

    asyncio.run(go())


def test_unchanged_texts_are_not_embedded_again_by_any_process(home: Home) -> None:
    model = Letters()

    async def use(store: SqlStore) -> None:
        told = await memory_of(store, model).remember(
            "/p", each(Document("a", LONG), Document("b", "short text"))
        )
        assert (told.added, told.unchanged) == (2, 0)

    async def again(store: SqlStore) -> None:
        told = await memory_of(store, model).remember(
            "/p", each(Document("a", LONG), Document("b", "other text"))
        )
        assert (told.added, told.unchanged) == (1, 1)

    with_store(home, use)
    before = len(model.asked)
    with_store(home, again)
    assert len(model.asked) == before + 1


def test_secrets_are_not_kept_and_lines_stay_in_their_places(home: Home) -> None:
    body = [base64.b64encode(hashlib.sha512(bytes([number])).digest())[:64].decode() for number in range(8)]
    key = "\n".join(["-----BEGIN RSA PRIVATE KEY-----", *body, "-----END RSA PRIVATE KEY-----"])
    text = f"first\n{key}\nthe password is hunter2hunter2\nlast words of this text\n"

    async def use(store: SqlStore) -> None:
        memory = memory_of(store, Letters())
        await memory.remember("/p", each(Document("a.txt", text, "hunter2hunter2")))
        (found,) = (await memory.recall("/p", "last words of this text", 5)).passages
        assert found.chunk.text.split("\n")[12] == "last words of this text"
        assert "hunter2" not in found.chunk.text + found.title
        assert not any(line in found.chunk.text for line in body)

    with_store(home, use)


def test_another_model_finds_by_words_what_it_has_not_seen_and_says_so(home: Home) -> None:
    async def use(store: SqlStore) -> None:
        documents = Document("a", "the harbor is closed in winter"), Document("b", "nothing of the kind")
        await memory_of(store, None).remember("/p", each(*documents))
        memory = memory_of(store, Letters())
        recalled = await memory.recall("/p", "when is the harbor closed", 5)
        assert (recalled.passages[0].name, recalled.unseen) == ("a", 2)
        assert (await memory.remember("/p", each(*documents))).added == 2
        assert (await memory.recall("/p", "when is the harbor closed", 5)).unseen == 0

    with_store(home, use)


KILLED = """
import asyncio, os, signal, sys
from pathlib import Path
from tests.integration.storage.home import Home
from tests.integration.storage.test_memory import indexes
from tests.remembering import Letters

class Dying(Letters):
    def embed(self, texts):
        if len(self.asked) > int(sys.argv[3]):
            os.kill(os.getpid(), signal.SIGKILL)
        return super().embed(texts)

indexes(Home(Path(sys.argv[1]), sys.argv[2]), Dying())
"""


def indexes(home: Home, model: Embedder) -> None:
    async def use(store: SqlStore) -> None:
        documents = [Document(f"{number}.txt", f"{number}\n{LONG}") for number in range(60)]
        await memory_of(store, model).remember("/p", each(*documents))

    with_store(home, use)


def test_killed_while_it_indexes_it_leaves_no_half_document_and_goes_on(home: Home) -> None:
    done = subprocess.run(
        [sys.executable, "-c", KILLED, home.folder, home.url, "500"],
        check=False,
        timeout=120,
        cwd=Path(__file__).parents[3],
        env={**os.environ},
    )
    assert done.returncode == -signal.SIGKILL
    kept = home.run("SELECT name, chunks FROM memory_sources")
    assert 0 < len(kept) < 60
    counted = home.run(
        "SELECT s.name, count(*) FROM memory_sources s JOIN memory_chunks c ON c.source = s.id GROUP BY s.name"
    )
    assert sorted(counted) == sorted(kept)
    assert home.run("SELECT count(*) FROM memory_chunks") == [(sum(chunks for _, chunks in kept),)]
    model = Letters()
    indexes(home, model)
    each_document = kept[0][1]
    assert len(model.asked) == (60 - len(kept)) * each_document
