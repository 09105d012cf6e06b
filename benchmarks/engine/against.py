"""S3 and W5: the same work by other durable engines, each in an environment of its own that is made on demand."""

import json
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Generator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from engines import PEERS, RUNS, Peer, python_of, started_at
from rich.table import Table

FOLDER = Path(__file__).resolve().parent / "peers"
SHAPES = {
    "chain of 200": ("chain", 200, 1),
    "fan-out of 1,000": ("fan", 1000, 1),
    f"{RUNS} runs of 10": ("chain", 10, RUNS),
}
PARALLEL = 100
KILLED_FAN = 1000
LONGEST_SECONDS = 240


@dataclass
class Taken:
    """What was measured of a peer, by shape: pairs of wall and CPU, ms a task; and what a kill did to it."""

    costs: dict[str, list[tuple[float, float]]] = field(default_factory=dict[str, list[tuple[float, float]]])
    kills: list[tuple[int, int, float]] = field(default_factory=list[tuple[int, int, float]])
    failed: str = ""


class Place(NamedTuple):
    """Where a peer keeps its state, and what its command line says beside."""

    folder: Path
    more: tuple[object, ...]


class Server:
    """A PostgreSQL server with its durability on, started when the first peer asks for it."""

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp"))
        self._server = None

    def database(self) -> tuple[str, int]:
        """Return the URL of an empty database, and the process below which the server runs."""
        if self._server is None:
            sys.path.append(str(FOLDER.parents[2]))
            from tests import postgresql  # noqa: PLC0415 - only where it is asked for

            self._server = postgresql.Server(self._folder)
            self._server.start("-c fsync=on")
        return self._server.empty(), self._server.pid

    def close(self) -> None:
        if self._server is not None:
            self._server.stop()
        shutil.rmtree(self._folder)


def table(rounds: int, names: Sequence[str], sizes: float = 1.0) -> Table:
    """Measure all in turn, round by round, and return medians; `sizes` shrinks the work, to try it out."""
    chosen = [peer for peer in PEERS if not names or any(name.lower() in peer.name.lower() for name in names)]
    taken = {peer.name: Taken() for peer in chosen}
    server = Server()
    try:
        for _ in range(rounds):
            for peer in chosen:
                _round(peer, taken[peer.name], server, sizes)
    finally:
        server.close()
    return _table(chosen, taken, sizes)


def _round(peer: Peer, taken: Taken, server: Server, sizes: float) -> None:
    try:
        script = [python_of(peer), FOLDER / f"{peer.script}.py"]
        for name in SHAPES:
            taken.costs.setdefault(name, []).append(cost_of(peer, server, name, sizes))
        if peer.killed:
            with _place(peer, server) as place:
                taken.kills.append(_killed(script, max(20, int(KILLED_FAN * sizes)), place))
    except (subprocess.SubprocessError, OSError) as error:
        taken.failed = f"{type(error).__name__}: {getattr(error, 'stderr', None) or error}"[-300:]
        print(f"{peer.name}: {taken.failed}", file=sys.stderr)


def cost_of(peer: Peer, server: Server, name: str, sizes: float) -> tuple[float, float]:
    """Have a peer do the work of a shape in a place of its own; return wall and CPU, ms a task."""
    script = [python_of(peer), FOLDER / f"{peer.script}.py"]
    with _place(peer, server) as place:
        return _measured(script, name, _count(peer, name, sizes), sizes, place)


def _count(peer: Peer, name: str, sizes: float) -> int:
    return max(1, int(min(SHAPES[name][2], peer.runs) * sizes))


def _measured(
    script: Sequence[object], name: str, count: int, sizes: float, place: Place
) -> tuple[float, float]:
    """Return wall and CPU of a shape, ms a task."""
    shape, size, _ = SHAPES[name]
    length = size if shape == "chain" and count > 1 else max(2, int(size * sizes))
    words = [*script, "measure", shape, length, count, PARALLEL, place.folder, *place.more]
    done = subprocess.run(
        _command(words, place), check=True, capture_output=True, text=True, timeout=LONGEST_SECONDS
    )
    cost = json.loads(done.stdout.splitlines()[-1])
    return cost["wall"], cost["cpu"]


def _killed(script: Sequence[object], size: int, place: Place) -> tuple[int, int, float]:
    """Kill a fan-out half way and have it resumed; return tasks finished twice, tasks lost, seconds to go on to the end.

    Raises:
        subprocess.CalledProcessError: it ended before it could be killed.
        TimeoutError: it did not come half way in time.
    """
    words = [size, PARALLEL, place.folder, *place.more]
    notes = place.folder / "notes"
    with _started([*script, "begin", *words], place) as first:
        deadline = time.monotonic() + LONGEST_SECONDS
        while sum(_ends(notes).values()) < size / 2:
            if first.poll() is not None:
                raise subprocess.CalledProcessError(first.returncode, "begin")
            if time.monotonic() > deadline:
                raise TimeoutError("it did not come half way")
            time.sleep(0.005)
    began = time.monotonic()
    with _started([*script, "resume", *words], place) as second:
        ended = _ended(second)
    ends = _ends(notes)
    seconds = time.monotonic() - began if ended else float("inf")
    return sum(times > 1 for times in ends.values()), size + 2 - len(ends), seconds


def _command(words: Sequence[object], place: Place) -> list[str]:
    return [*started_at(place.folder.parent), *(str(word) for word in words)]


@contextmanager
def _started(command: Sequence[object], place: Place) -> Generator[subprocess.Popen[bytes]]:
    """Start a command, and kill it in the end if it still runs."""
    quiet = subprocess.DEVNULL
    process = subprocess.Popen(_command(command, place), stdout=quiet, stderr=quiet)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def _ended(process: subprocess.Popen[bytes]) -> bool:
    try:
        return process.wait(LONGEST_SECONDS) == 0
    except subprocess.TimeoutExpired:
        return False


def _ends(notes: Path) -> Counter[str]:
    lines = notes.read_text().splitlines() if notes.exists() else []
    return Counter(line[2:] for line in lines if line.startswith("E "))


@contextmanager
def _place(peer: Peer, server: Server) -> Generator[Place]:
    """Make a folder for a peer's state, and a database where it wants one; a server it has left there is ended."""
    with tempfile.TemporaryDirectory(prefix="peer-") as made:
        url, pid = server.database() if peer.server else ("", 0)
        folder = Path(made) / "state"
        try:
            yield Place(folder, ("--url", url, "--server", pid) if url else ())
        finally:
            left = folder / "server.pid"
            if left.exists():
                with suppress(ProcessLookupError):
                    os.killpg(int(left.read_text()), signal.SIGKILL)


def _table(chosen: Sequence[Peer], taken: dict[str, Taken], sizes: float) -> Table:
    shown = Table("engine", *SHAPES, "killed -9: twice / lost / s to the end", "what is to be known of it")
    shown.title = "S3, W5: wall / CPU, ms a task (CPU of all processes); medians"
    if sizes != 1.0:
        shown.title += f"; sizes times {sizes:g}"
    for peer in chosen:
        one = taken[peer.name]
        costs = [_cost(one.costs.get(name, []), _fewer(peer, name)) for name in SHAPES]
        shown.add_row(peer.name, *costs, _kill(one.kills) if peer.killed else "-", one.failed or peer.caveat)
    return shown


def _fewer(peer: Peer, name: str) -> str:
    """Say of how many runs it is measured, where they are fewer than the others'."""
    return f" ({peer.runs} runs)" if peer.runs < SHAPES[name][2] else ""


def _cost(pairs: Sequence[tuple[float, float]], note: str) -> str:
    if not pairs:
        return "failed"
    return " / ".join(f"{statistics.median(side):.2f}" for side in zip(*pairs, strict=True)) + note


def _kill(kills: Sequence[tuple[int, int, float]]) -> str:
    if not kills:
        return "failed"
    twice, lost, seconds = zip(*kills, strict=True)
    time_taken = statistics.median(seconds)
    return f"{_span(twice)} / {_span(lost)} / " + (
        f"{time_taken:.1f}" if time_taken < LONGEST_SECONDS else "no end"
    )


def _span(numbers: Sequence[int]) -> str:
    low, high = min(numbers), max(numbers)
    return str(low) if low == high else f"{low} to {high}"
