"""Which processes work on a state, and which of them live.

On one host the kernel knows: each process holds a lock on a file of its own, which is freed when it dies, however that
happens, and whatever process ids it and its observer see. Over hosts each writes down by the database's clock when it was
last there; who has not for as long as it promised is dead. On its own host a process that was killed is known to be dead
at once all the same. A process that is taken for dead and is not can write nothing more: see the fence of a run.
"""

import asyncio
import contextlib
import fcntl
import json
import os
import socket
import time
from collections.abc import Callable, Collection, Iterable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import (
    ColumnElement,
    Connection,
    Float,
    Row,
    cast,
    delete,
    extract,
    func,
    insert,
    literal,
    select,
    update,
)

from astrolabe import __version__
from astrolabe.adapters.storage import schema
from astrolabe.adapters.storage.database import Database
from astrolabe.adapters.storage.ownership import boot_id, lives
from astrolabe.errors import StorageError
from astrolabe.ports.determinism import Determinism
from astrolabe.ports.processes import Process
from astrolabe.ports.store import Owner

T = TypeVar("T")
BEATS_A_LEASE = 3
KEPT_SECONDS = 3600.0
"""For how long a process that went silent is still listed."""
_table = schema.processes


class SqlProcesses:
    """This process among the others.

    `folder` is where the processes of this host keep their locks. `lease_seconds` is for how long this process counts as
    alive after each beat; None where all processes are on this host, so that nothing has to beat.
    """

    def __init__(
        self,
        database: Database,
        folder: Path,
        owner: Owner,
        determinism: Determinism,
        lease_seconds: float | None = None,
    ) -> None:
        self._database = database
        self._locks = Locks(folder)
        self._owner = owner
        self._determinism = determinism
        self._lease_seconds = lease_seconds
        self._kind = "run"
        self._agents: tuple[str, ...] = ()
        self._entered = False
        self._changed = False
        self._beating: asyncio.Task[None] | None = None

    async def present(self, kind: str, agents: Sequence[str]) -> None:
        self._kind, self._agents = kind, tuple(agents)
        self._entered, self._changed = False, True
        await self.change(lambda _connection: None)

    async def change(self, do: Callable[[Connection], T]) -> T:
        """Run a change that may make this process the owner of something: it is among the living before that."""
        if self._entered:
            return await self._database.writer.change(do)
        self._locks.hold(self._owner.token)

        def enter(connection: Connection) -> T:
            if self._changed or not self._is_known(
                connection
            ):  # another change of the same moment may have entered it
                self._enter(connection)
            return do(connection)

        done = await self._database.writer.change(enter)
        self._entered, self._changed = True, False
        if self._lease_seconds is not None and self._beating is None:
            self._beating = asyncio.get_running_loop().create_task(self._beat(self._lease_seconds))
        return done

    async def close(self) -> None:
        """Leave; what this process still owns can be taken over."""
        if self._beating is not None:
            self._beating.cancel()
            self._beating = None
        try:
            if self._entered:
                mine = delete(_table).where(_table.c.token == self._owner.token)
                with contextlib.suppress(StorageError):  # whoever comes next removes it
                    await self._database.writer.change(lambda connection: connection.execute(mine))
        finally:
            self._entered = False
            self._locks.release(self._owner.token)

    def living(self, connection: Connection, owners: Iterable[Owner]) -> frozenset[str]:
        """Return the tokens of those owners that live."""
        asked = {owner.token: owner for owner in owners}
        known = self._known(connection, asked)
        return frozenset(token for token, owner in asked.items() if self._lives(owner, known.get(token)))

    async def list(self) -> tuple[Process, ...]:
        def read(connection: Connection) -> list[Process]:
            rows = connection.execute(
                select(_table, self._fresh(connection)).order_by(_table.c.started_at)
            ).all()
            return [_process(row, alive=self._lives(_owner(row), row.fresh)) for row in rows]

        found = await self._database.read(read)
        return tuple(process for process in found if process.alive or self._lease_seconds is not None)

    def _known(self, connection: Connection, tokens: Collection[str]) -> dict[str, bool]:
        """Return, for those that are written down, whether they have said in time that they are there."""
        if self._lease_seconds is None or not tokens:
            return {}
        query = select(_table.c.token, self._fresh(connection)).where(_table.c.token.in_(tuple(tokens)))
        return {row.token: row.fresh for row in connection.execute(query)}

    def _fresh(self, connection: Connection) -> ColumnElement[bool]:
        """Whether a beat is recent. Nobody can beat while the server is away: the time is counted from its start then."""
        if connection.dialect.name != "postgresql":
            return literal(True).label("fresh")
        since = func.greatest(
            _table.c.heartbeat_at, cast(extract("epoch", func.pg_postmaster_start_time()), Float)
        )
        return (since + _table.c.lease_seconds > _server_time()).label("fresh")

    def _lives(self, owner: Owner, fresh: bool | None) -> bool:
        """Tell whether a process lives; `fresh` is None when it is not written down."""
        if fresh is False:
            return False
        here = owner.boot_id == boot_id()
        held = self._locks.held(owner.token) if here else None
        if (
            held is None
        ):  # it has no lock here: another host's, another folder's, or of an Astrolabe that had none yet
            return fresh if fresh is not None and self._lease_seconds is not None else lives(owner)
        return held

    def _is_known(self, connection: Connection) -> bool:
        mine = select(_table.c.pid, _table.c.started_ticks).where(_table.c.token == self._owner.token)
        return connection.execute(mine).first() == (self._owner.pid, self._owner.started_ticks)

    def _enter(self, connection: Connection) -> None:
        server = connection.dialect.name == "postgresql"
        now: Any = _server_time() if server else self._determinism.now()
        connection.execute(delete(_table).where(self._gone(connection)))
        row = {
            "token": self._owner.token,
            "host": socket.gethostname(),
            "pid": self._owner.pid,
            "boot_id": self._owner.boot_id,
            "started_ticks": self._owner.started_ticks,
            "started_at": now,
            "heartbeat_at": now,
            "lease_seconds": self._lease_seconds or 0.0,
            "version": __version__,
            "kind": self._kind,
            "agents": json.dumps(self._agents),
        }
        connection.execute(insert(_table).values(**row))

    def _gone(self, connection: Connection) -> ColumnElement[bool]:
        """Which rows nobody needs any more: this process's former one, and those of the long dead."""
        mine = _table.c.token == self._owner.token
        if connection.dialect.name == "postgresql":
            return mine | (_table.c.heartbeat_at < _server_time() - KEPT_SECONDS)
        owners = [_owner(row) for row in connection.execute(select(_table))]
        return mine | _table.c.token.in_([owner.token for owner in owners if not self._lives(owner, None)])

    async def _beat(self, lease_seconds: float) -> None:
        mine = update(_table).where(_table.c.token == self._owner.token).values(heartbeat_at=_server_time())

        def write(connection: Connection) -> None:
            if connection.execute(mine).rowcount == 0:  # away for so long that it was forgotten
                self._enter(connection)

        while True:
            await asyncio.sleep(lease_seconds / BEATS_A_LEASE)
            with contextlib.suppress(
                StorageError
            ):  # told to whoever has something to write; the next beat may succeed
                await self._database.writer.change(write)


class Locks:
    """A folder with one locked file a process."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._mine: dict[str, int] = {}

    def hold(self, token: str) -> None:
        """Lock the file of a token, until this process ends or releases it; those of the dead are removed."""
        if token in self._mine:
            return
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._remove_left()
            while token not in self._mine:
                self._try_to_hold(token)
        except OSError as error:
            raise StorageError(
                f"this process cannot make itself known in {self._folder}: {error.strerror}",
                hint="Make the state folder writable, or set ASTROLABE_HOME to another.",
            ) from error

    def release(self, token: str) -> None:
        """Remove the file of a token, and free its lock."""
        opened = self._mine.pop(token, None)
        if opened is not None:
            self._file(token).unlink(missing_ok=True)
            os.close(opened)

    def held(self, token: str) -> bool | None:
        """Tell whether somebody holds the lock of a token; None when it has no file."""
        try:
            opened = os.open(self._file(token), os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            return None
        try:
            fcntl.flock(
                opened, fcntl.LOCK_SH | fcntl.LOCK_NB
            )  # shared: two who ask do not deceive each other
        except BlockingIOError:
            return True
        finally:
            os.close(opened)
        return False

    def _file(self, token: str) -> Path:
        return self._folder / f"{token}.lock"

    def _try_to_hold(self, token: str) -> None:
        """Lock a file that is still there then: another process may take it for left over before it is locked."""
        opened = os.open(self._file(token), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(opened, fcntl.LOCK_EX)
            if self._file(token).stat().st_ino == os.fstat(opened).st_ino:
                self._mine[token], opened = opened, -1
        except FileNotFoundError:
            return
        finally:
            if opened >= 0:
                os.close(opened)

    def _remove_left(self) -> None:
        """Remove what the dead have left, some while after that was noticed: until then it tells that they are dead."""
        for file in self._folder.glob("*.lock"):
            with contextlib.suppress(FileNotFoundError):
                opened = os.open(file, os.O_RDWR | os.O_CLOEXEC)
                try:
                    fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    _noticed(file, opened)
                except BlockingIOError:
                    pass
                finally:
                    os.close(opened)


def _noticed(file: Path, opened: int) -> None:
    """Note in the file of a process that it is dead, or remove it when that was noted long ago."""
    state = os.fstat(opened)
    if state.st_size == 0:
        os.write(opened, b"dead\n")
    elif time.time() - state.st_mtime > KEPT_SECONDS:
        file.unlink()


def _server_time() -> ColumnElement[float]:
    return cast(extract("epoch", func.clock_timestamp()), Float)


def _owner(row: Row[Any]) -> Owner:
    return Owner(row.token, row.pid, row.boot_id, row.started_ticks)


def _process(row: Row[Any], *, alive: bool) -> Process:
    return Process(
        token=row.token,
        host=row.host,
        pid=row.pid,
        kind=row.kind,
        version=row.version,
        agents=tuple(json.loads(row.agents)),
        started_at=row.started_at,
        heartbeat_at=row.heartbeat_at,
        alive=alive,
    )
