"""What every peer shares: how it is called, what is measured, and the notes of its tasks. Standard library only.

    PEER.py measure SHAPE SIZE COUNT PARALLEL FOLDER [--url URL] [--server PID]   prints {"wall": ..., "cpu": ...}, ms a task
    PEER.py begin SIZE PARALLEL FOLDER [--url URL]                                a fan-out whose tasks take a while
    PEER.py resume SIZE PARALLEL FOLDER [--url URL]                               goes on with it after a kill

CPU is that of all processes: this one, those below it (also those that have ended meanwhile), and the server's and those below
that (a database that was started outside).
"""

import argparse
import json
import os
import resource
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from http import HTTPStatus
from pathlib import Path
from typing import NamedTuple, Protocol
from urllib.request import urlopen

TASK_SECONDS = 0.01
SMALL = 3


class Work(NamedTuple):
    """`count` runs of a shape ("chain" or "fan") of `size`, at most `parallel` tasks of a run at once."""

    shape: str
    size: int
    count: int
    parallel: int

    @property
    def tasks(self) -> int:
        return self.count * (self.size if self.shape == "chain" else self.size + 2)


class Peer(Protocol):
    """An engine under measurement. Its state lies in a folder or at a URL."""

    def open(self, folder: Path, url: str) -> None:
        """Start what is needed before work can be taken in; none of that is measured."""
        ...

    def carry_out(self, work: Work) -> None:
        """Do it all, and return when it is durable that it is done."""
        ...

    def begin(self, work: Work) -> None:
        """Do one fan-out, whose tasks call `slow_task`."""
        ...

    def resume(self, work: Work) -> None:
        """Go on with it in a new process."""
        ...

    def close(self) -> None: ...


def run(peer: Peer) -> None:
    """Do what the command line says."""
    options = _parsed()
    options.folder.mkdir(parents=True, exist_ok=True)
    if options.what != "measure":
        os.environ["PEER_NOTES"] = str(options.folder / "notes")
    peer.open(options.folder, options.url)
    try:
        if options.what == "measure":
            print(json.dumps(_measured(peer, options)), flush=True)
            return
        work = Work("fan", options.size, 1, options.parallel)
        (peer.begin if options.what == "begin" else peer.resume)(work)
    finally:
        peer.close()


def _measured(peer: Peer, options: argparse.Namespace) -> dict[str, float]:
    """Measure a work after a small one of the same kind."""
    work = Work(options.shape, options.size, options.count, options.parallel)
    peer.carry_out(Work(work.shape, SMALL, 1, work.parallel))
    began = time.perf_counter(), cpu_seconds(options.server)
    peer.carry_out(work)
    wall, cpu = time.perf_counter() - began[0], cpu_seconds(options.server) - began[1]
    return {"wall": wall / work.tasks * 1e3, "cpu": cpu / work.tasks * 1e3}


def cpu_seconds(servers: Iterable[int] = ()) -> float:
    """Return what this process, those below it and those below the servers have used so far."""
    others = _below([os.getpid()]) - {os.getpid()} | _below(servers)
    return _own(resource.RUSAGE_SELF) + _own(resource.RUSAGE_CHILDREN) + sum(map(_used, others))


def _own(whose: int) -> float:
    used = resource.getrusage(whose)
    return used.ru_utime + used.ru_stime


def _below(pids: Iterable[int]) -> set[int]:
    parents: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and (stat := _stat(int(entry.name))):
            parents.setdefault(int(stat[1]), []).append(int(entry.name))
    found: set[int] = set()
    left = list(pids)
    while left:
        pid = left.pop()
        found.add(pid)
        left += parents.get(pid, [])
    return found


def _used(pid: int) -> float:
    """Return the seconds of a process and of the children it has seen end (proc(5), fields 14 to 17)."""
    stat = _stat(pid)
    return sum(map(int, stat[11:15])) / os.sysconf("SC_CLK_TCK") if stat else 0.0


def _stat(pid: int) -> list[str]:
    try:
        return Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return []


def note(what: str, task: str) -> None:
    """Append a line about a task: "S" when it starts, "E" when it ends."""
    notes = os.open(os.environ["PEER_NOTES"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    os.write(notes, f"{what} {task}\n".encode())
    os.close(notes)


def slow() -> bool:
    """Tell whether tasks are to take a while and note what they do."""
    return "PEER_NOTES" in os.environ


class Server:
    """What a peer's state is served by: it outlives the process that started it when that is killed, and is found again."""

    def __init__(self, folder: Path) -> None:
        self._left = folder / "server.pid"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def runs(self) -> bool:
        return self._left.exists()

    def start(self, command: Iterable[object], **settings: str) -> None:
        """Start it in a session of its own, and leave its process id where whoever measures looks for it."""
        quiet = subprocess.DEVNULL
        self._process = subprocess.Popen(
            [str(word) for word in command],
            env=os.environ | settings,
            stdout=quiet,
            stderr=quiet,
            start_new_session=True,
        )
        self._left.write_text(str(self._process.pid))

    def stop(self) -> None:
        """End it with all below it, if this process has started it: nobody needs its state any more."""
        if self._process is not None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._left.unlink()


def ports(folder: Path, count: int) -> list[int]:
    """Return free ports of this host; the same ones for each process on a folder."""
    chosen = folder / "ports"
    if not chosen.exists():
        with ExitStack() as open_ones:
            free = [open_ones.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
            chosen.write_text(" ".join(str(one.getsockname()[1]) for one in free))
    return [int(word) for word in chosen.read_text().split()]


def answers(url: str) -> bool:
    """Tell whether a server answers there."""
    try:
        with urlopen(url, timeout=2) as reply:
            return reply.status < HTTPStatus.BAD_REQUEST
    except OSError:
        return False


def wait_for(look: Callable[[], bool], seconds: float = 60.0) -> None:
    """Wait until something is so.

    Raises:
        TimeoutError: it was not in time.
    """
    deadline = time.monotonic() + seconds
    while not look():
        if time.monotonic() > deadline:
            raise TimeoutError
        time.sleep(0.02)


def _parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parsers = parser.add_subparsers(dest="what", required=True)
    measure = parsers.add_parser("measure")
    measure.add_argument("shape")
    measure.add_argument("size", type=int)
    measure.add_argument("count", type=int)
    for name in ("begin", "resume"):
        parsers.add_parser(name).add_argument("size", type=int)
    for one in parsers.choices.values():
        one.add_argument("parallel", type=int)
        one.add_argument("folder", type=Path)
        one.add_argument("--url", default="")
        one.add_argument("--server", type=int, action="append", default=[])
    return parser.parse_args()
