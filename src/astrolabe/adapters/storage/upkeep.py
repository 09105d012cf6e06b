"""Looking after a database; see `ports/upkeep.py`. It works beside runs that go on, except for putting a copy in its place."""

import re
import tempfile
from collections.abc import Callable, Collection, Generator, Iterable, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol, TypeVar

from sqlalchemy import ColumnElement, Connection, String, Table, delete, func, or_, select

from astrolabe.adapters.storage import schema
from astrolabe.adapters.storage.backups import Backups
from astrolabe.adapters.storage.database import Place
from astrolabe.adapters.storage.shelves import Shelf
from astrolabe.adapters.storage.snapshot import copied_whole, revision_of
from astrolabe.domain.run import RunStatus
from astrolabe.errors import InputError
from astrolabe.ports.upkeep import BackupFile, DatabaseStatus, OldRun, Restored

T = TypeVar("T")
_DIGEST = re.compile(r"\b[0-9a-f]{64}\b")
_FINAL = tuple(status.value for status in RunStatus if status.final)
_runs, _events, _plans = schema.runs, schema.events, schema.plans


class KeptPlace(Place, Protocol):
    """A place that can be copied and replaced. While it is not open, `replace_by` may be called."""

    def size(self) -> int:
        """Return how many bytes it takes."""
        ...

    def damages(self) -> tuple[str, ...]:
        """Return what is wrong with it below its tables, after looking at all of it."""
        ...

    def copy_to(self, file: Path) -> None:
        """Write a copy as it is at one instant."""
        ...

    def replace_by(self, copy: Path | None, backups: Backups) -> Path | None:
        """Put a copy, or nothing, in its place; return what keeps what was there before.

        Raises:
            RefusedError: a process has it open.
        """
        ...


class SqlUpkeep:
    """`state` is the folder in which copies are kept."""

    def __init__(self, place: KeptPlace, shelf: Shelf, state: Path) -> None:
        self._place = place
        self._shelf = shelf
        self._backups = Backups(state / "backups")

    def status(self) -> DatabaseStatus:
        with self._opened():
            by_status = select(_runs.c.status, func.count()).group_by(_runs.c.status)
            return DatabaseStatus(
                kind=self._place.probe(),
                name=self._place.name,
                schema=schema.REVISION,
                size_bytes=self._place.size(),
                runs={str(status): many for status, many in self._rows(by_status)},
                events=self._rows(select(func.count()).select_from(_events))[0][0],
                blobs=len(self._shelf.known(float("inf"))),
                processes=self._rows(select(func.count()).select_from(schema.processes))[0][0],
                backups=self._backups.files(),
            )

    def back_up(self, file: Path) -> BackupFile:
        if file.exists():
            raise InputError(f"there is a file {file} already", hint="Name another: nothing is overwritten.")
        with self._opened():
            self._place.copy_to(file)
        made = file.stat()
        return BackupFile(file, made.st_mtime, made.st_size)

    def restore(self, file: Path | None) -> Restored:
        with self._of_this_schema(file) as copy:
            replaced = self._place.replace_by(copy, self._backups)
        with self._opened():
            self._shelf.adopt(self._place)
            return Restored(replaced, self._rows(select(func.count()).select_from(_runs))[0][0])

    def old_runs(self, finished_before: float, keep: int) -> tuple[OldRun, ...]:
        newest = select(_runs.c.id).order_by(_runs.c.created_at.desc(), _runs.c.id.desc()).limit(keep)
        query = (
            select(_runs.c.id, _runs.c.target)
            .where(_is_old(finished_before), _runs.c.id.not_in(newest))
            .order_by(_runs.c.created_at, _runs.c.id)
        )
        with self._opened():
            return tuple(OldRun(*row) for row in self._rows(query))

    def forget_runs(self, runs: Collection[str], finished_before: float) -> tuple[str, ...]:
        gone: list[str] = []

        def do(connection: Connection) -> None:
            old = select(_runs.c.id).where(_runs.c.id.in_(tuple(runs)), _is_old(finished_before))
            gone[:] = connection.execute(old.order_by(_runs.c.id).with_for_update()).scalars()
            for table in schema.metadata.tables.values():
                if "run" in table.c:
                    connection.execute(delete(table).where(table.c.run.in_(gone)))
            connection.execute(delete(_runs).where(_runs.c.id.in_(gone)))

        with self._opened():
            self._place.write(do)
        return tuple(gone)

    def forget_plans(self, created_before: float) -> int:
        used = [
            select(table.c.plan_id)
            for table in schema.metadata.tables.values()
            if "plan_id" in table.c and table is not _plans
        ]
        unused = [_plans.c.id.not_in(query.where(query.selected_columns[0].is_not(None))) for query in used]
        count: list[int] = []

        def do(connection: Connection) -> None:
            count[:] = [
                connection.execute(
                    delete(_plans).where(_plans.c.created_at < created_before, *unused)
                ).rowcount
            ]

        with self._opened():
            self._place.write(do)
        return count[0]

    def unused_blobs(self, without: Collection[str], written_before: float) -> tuple[str, ...]:
        with self._opened():
            known = self._shelf.known(written_before)
            used = (
                self._place.read(lambda connection: _digests_in(connection, frozenset(without)))
                if known
                else ()
            )
        return tuple(digest for digest in known if digest not in used)

    def forget_blobs(self, digests: Sequence[str], written_before: float) -> int:
        with self._opened():
            self._shelf.sweep()
            return sum(self._shelf.remove(digest, written_before) for digest in digests)

    def faults(self) -> tuple[str, ...]:
        with self._opened():
            damages = self._place.damages()
            return damages or (*self._faults_of_logs(), *self._faults_of_blobs())

    def _faults_of_logs(self) -> Iterable[str]:
        count, last = func.count(_events.c.seq), func.coalesce(func.max(_events.c.seq), 0)
        query = (
            select(_runs.c.id, _runs.c.seq, count, last)
            .join(_events, _events.c.run == _runs.c.id, isouter=True)
            .group_by(_runs.c.id, _runs.c.seq)
            .having(or_(count != last, last != _runs.c.seq))
        )
        for run, seq, many, newest in self._rows(query):
            yield f"run {run}: its log should hold events 1 to {seq}, and holds {many}, the last of which is {newest}"

    def _faults_of_blobs(self) -> Iterable[str]:
        known = frozenset(self._shelf.known(float("inf")))
        lost = self._place.read(lambda connection: _digests_of_evidence(connection) - known)
        return (f"the blob {digest}, to which evidence refers, is gone" for digest in sorted(lost))

    @contextmanager
    def _of_this_schema(self, file: Path | None) -> Generator[Path | None]:
        """Give a copy of a backup; one of an earlier schema is upgraded when it is opened, a newer one is refused."""
        if file is None:
            yield None
            return
        found = revision_of(file)
        if found > schema.REVISION:
            raise InputError(
                f"{file} is at schema {found!r}, which this version of Astrolabe does not know ({schema.REVISION!r})",
                hint="Restore it with the newer Astrolabe that made it.",
            )
        with tempfile.TemporaryDirectory(prefix="astrolabe-restore-") as folder:
            yield copied_whole(file, Path(folder) / "copy.db")

    @contextmanager
    def _opened(self) -> Generator[None]:
        self._place.open()
        try:
            yield
        finally:
            self._place.close()

    def _rows(self, query: Any) -> Sequence[Any]:
        return self._place.read(lambda connection: connection.execute(query).all())


def _is_old(finished_before: float) -> ColumnElement[bool]:
    """Which runs have ended before a time, and nobody has in hand; the owner of one a cluster drove only followed it."""
    elsewhere = _runs.c.options.contains('"driver":"', autoescape=True)
    free = _runs.c.owner_token.is_(None) | elsewhere
    return _runs.c.status.in_(_FINAL) & (_runs.c.finished_at < finished_before) & free


def _digests_in(connection: Connection, without: frozenset[str]) -> frozenset[str]:
    """Return everything in any text of any table that may be a blob's digest, but for the rows of some runs."""
    found: set[str] = set()
    for table in schema.metadata.tables.values():
        if table is not schema.blobs and (columns := _texts(table)):
            run = table.c.get("run") if table is not _runs else _runs.c.id
            query = select(*columns) if run is None else select(*columns, run.label("of_run"))
            _streamed(connection, query, lambda row: _gather(found, row, without))
    return frozenset(found)


def _gather(found: set[str], row: Any, without: frozenset[str]) -> None:
    if row.get("of_run") not in without:
        for value in row.values():
            if isinstance(value, str):
                found.update(_DIGEST.findall(value))


def _texts(table: Table) -> list[ColumnElement[Any]]:
    return [column for column in table.c if isinstance(column.type, String)]


def _digests_of_evidence(connection: Connection) -> set[str]:
    """Return the blobs that evidence names; the other digests in it are of no blobs."""
    found: set[str] = set()
    named = re.compile(r'"(?:output_digest|digest)":"([0-9a-f]{64})"')
    query = select(schema.evidence.c.data)
    _streamed(connection, query, lambda row: found.update(named.findall(row["data"])))
    return found


def _streamed(connection: Connection, query: Any, take: Callable[[Any], None]) -> None:
    result = connection.execution_options(stream_results=True, yield_per=500).execute(query)
    for row in result.mappings():
        take(row)
