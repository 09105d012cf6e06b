"""The memory of one installation: what is to be remembered goes in here, and what is recalled comes out, project by project.

What finds the pieces of a project is kept in this process. Before each question one number is read that tells whether
somebody has changed that memory since; only what was added is then read.
"""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from astrolabe.domain.memory import Document, Origin, Recalled, Source
from astrolabe.domain.secrets.redaction import Redactor
from astrolabe.errors import InputError, Problem, UnavailableError, without_extra
from astrolabe.memory.ranking import ranked
from astrolabe.memory.runs import MOST_RUNS, fact_of
from astrolabe.memory.texts import digest_of, discreet, pieces_of, told
from astrolabe.ports.embedding import Embedder
from astrolabe.ports.memory import Findable, NewSource
from astrolabe.ports.store import RunRecord, Store

if TYPE_CHECKING:
    from astrolabe.retrieval.passages import Passages, Stored

_CHUNKS_AT_ONCE = 256
"""What is written at once, and what is done again after a kill."""
_LOOKED_AT = 40
"""Pieces that are read for a question before the best are chosen."""
_INDEXES = 4
"""Projects whose index is kept in this process."""
_MOST_PARTS = 12
_LONGEST_QUESTION = 4000


@dataclass
class Told:
    """What became of documents that were to be remembered."""

    added: int = 0
    unchanged: int = 0
    chunks: int = 0


@dataclass(frozen=True)
class _Index:
    revision: int
    model: str
    passages: "Passages"
    unseen: frozenset[str]


class MemoryHome:
    """Used from one event loop. `embedder` returns what ranks by meaning, None where words alone are to."""

    def __init__(
        self,
        store: Store,
        embedder: Callable[[], Awaitable[Embedder | None]],
        redactor: Redactor,
    ) -> None:
        self.records = store.memory
        self._store = store
        self._embedder = embedder
        self._redactor = redactor
        self._indexes: OrderedDict[str, _Index] = OrderedDict()
        self._lock = asyncio.Lock()
        self._seen: set[tuple[str, float | None]] = set()

    async def project_of(self, run: str) -> str:
        """Return the project that a run works on."""
        return (await self._store.run(run)).target

    async def remember(
        self, project: str, documents: AsyncIterable[Document], secrets: Sequence[str] = ()
    ) -> Told:
        """Remember documents, each in place of one of its name; one whose text is unchanged costs next to nothing.

        They are written some at a time, each whole or not at all. `secrets` are values that must not be in them, besides
        those known everywhere.

        Raises:
            UnavailableError: what it takes is not installed.
        """
        model = await self._embedder()
        redactor = self._redactor.knowing(dict.fromkeys(secrets))
        known = {
            (one.origin, one.name): (one.digest, one.model) for one in await self.records.sources(project)
        }
        result = Told()
        waiting: list[NewSource] = []
        async for document in documents:
            new = await asyncio.to_thread(_made, document, redactor, known, model)
            if new is None:
                result.unchanged += 1
                continue
            waiting.append(new)
            if sum(len(one.chunks) for one in waiting) >= _CHUNKS_AT_ONCE:
                await self._keep(project, waiting, result)
        await self._keep(project, waiting, result)
        return result

    async def recall(self, project: str, question: str, most: int) -> Recalled:
        """Return up to `most` pieces of what is remembered of a project that fit a question, the best first.

        Raises:
            InputError: there is no question.
            UnavailableError: what it takes is not installed.
        """
        question = question.strip()[:_LONGEST_QUESTION]
        if not question:
            raise InputError("nothing is asked", [Problem("question", "is empty", "say what to look for")])
        _vectors()
        model = await self._embedder()
        index = await self._index(project, model)
        direction = None if model is None else (await asyncio.to_thread(model.embed, [question]))[0]
        count = max(_LOOKED_AT, 2 * most)
        near = await asyncio.to_thread(index.passages.nearest, question, direction, count)
        found = await self.records.pieces(project, [(one.source, one.number) for one in near])
        passages = ranked(question, near, found, model.related if model else None)
        how = f"meaning ({model.name}) and words" if model else "words alone"
        return Recalled(passages[:most], how, len(index.unseen))

    async def remember_runs(self, project: str) -> Told:
        """Remember what became of a project's newest runs, of those that have ended since this was last done."""
        records = await self._store.runs(target=project, limit=MOST_RUNS)
        ended = [one for one in records if one.status.final and (one.id, one.finished_at) not in self._seen]
        result = await self._remembered_runs(project, ended) if ended else Told()
        self._seen |= {(one.id, one.finished_at) for one in ended}
        return result

    async def _remembered_runs(self, project: str, ended: Sequence[RunRecord]) -> Told:
        model = await self._embedder()
        name = model.name if model else ""
        runs = [one for one in await self.records.sources(project) if one.origin is Origin.RUN]
        known = {one.name: one.at for one in runs if one.model == name}

        async def facts() -> AsyncIterator[Document]:
            for record in ended:
                if known.get(record.id, 0.0) <= (record.finished_at or 0.0):
                    fact = await fact_of(self._store, record)
                    if fact is not None:
                        yield fact

        return await self.remember(project, facts())

    async def forget(self, project: str, which: Callable[[Source], bool]) -> int:
        """Forget those sources of a project that `which` names; return how many there were."""
        gone = [source.id for source in await self.records.sources(project) if which(source)]
        return await self.records.forget(project, gone)

    async def forget_gone(self, project: str, present: Collection[str], within: Callable[[str], bool]) -> int:
        """Forget documents that are not `present` any more, of those whose path `within` names."""

        def which(source: Source) -> bool:
            return source.origin is Origin.DOCUMENT and source.name not in present and within(source.name)

        return await self.forget(project, which)

    async def _keep(self, project: str, waiting: list[NewSource], result: Told) -> None:
        await self.records.keep(project, waiting)
        result.added += len(waiting)
        result.chunks += sum(len(one.chunks) for one in waiting)
        waiting.clear()

    async def _index(self, project: str, model: Embedder | None) -> _Index:
        async with self._lock:
            revision = await self.records.revision(project)
            index = self._indexes.get(project)
            name = model.name if model else ""
            if index is None or (index.revision, index.model) != (revision, name):
                index = await self._built(project, revision, model, index)
                self._indexes[project] = index
            self._indexes.move_to_end(project)
            while len(self._indexes) > _INDEXES:
                self._indexes.popitem(last=False)
            return index

    async def _built(
        self, project: str, revision: int, model: Embedder | None, before: _Index | None
    ) -> _Index:
        """Read what was added since; where something was forgotten, or much was added in small steps, read all anew."""
        name, dimensions = (model.name, model.dimensions) if model else ("", 1)
        base = before if before is not None and before.model == name else None
        known = base.passages.ids if base else frozenset[str]()
        ids, added = await self.records.findable(project, known)
        if base and (not known <= set(ids) or base.passages.parts >= _MOST_PARTS):
            base = None
            _, added = await self.records.findable(project, frozenset())
        unseen = {one.id for one in added if one.model != name} | (base.unseen if base else set[str]())
        passages = await asyncio.to_thread(_indexed, base.passages if base else None, added, name, dimensions)
        return _Index(revision, name, passages, frozenset(unseen))


def _made(
    document: Document,
    redactor: Redactor,
    known: dict[tuple[Origin, str], tuple[str, str]],
    model: Embedder | None,
) -> NewSource | None:
    """Return what is to be kept of a document; None when it is kept already."""
    recorded, directed = _vectors()
    clean = discreet(document, redactor)
    digest, name = digest_of(clean), model.name if model else ""
    if known.get((clean.origin, clean.name)) == (digest, name):
        return None
    chunks = pieces_of(clean)
    texts = told(clean, chunks)
    directions = directed(model, texts) if model else b""
    return NewSource(clean.origin, clean.name, clean.title, digest, name, chunks, directions, recorded(texts))


def _indexed(base: "Passages | None", added: Sequence[Findable], name: str, dimensions: int) -> "Passages":
    from astrolabe.retrieval.passages import Passages, Stored  # noqa: PLC0415 - numpy is an extra

    def stored(one: Findable) -> "Stored":
        return Stored(one.id, one.pieces, one.directions if one.model == name else b"", one.words)

    sources = [stored(one) for one in added]
    return base.with_added(sources) if base else Passages(sources, dimensions)


def _vectors() -> tuple[Callable[[Sequence[str]], bytes], Callable[[Embedder, Sequence[str]], bytes]]:
    """Return what makes words and directions ready to be kept; numpy is an extra."""
    try:
        from astrolabe.retrieval.word_table import recorded  # noqa: PLC0415 - numpy is an extra
    except ImportError as error:
        raise UnavailableError(
            "what remembers documents is not installed",
            hint=f"{without_extra('embeddings')}.",
        ) from error
    return recorded, lambda model, texts: b"".join(model.embed(texts))
