"""Try a sandbox before anything runs in it: escapes from inside, limits by their effect, judged from outside."""

import asyncio
import contextlib
import json
import os
import shutil
import socket
import sys
import tempfile
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path

from astrolabe.adapters.sandboxes import command_line, owners, probes
from astrolabe.adapters.sandboxes.patience import to_the_end, waited
from astrolabe.domain.policy import MIB, Policy
from astrolabe.errors import PolicyViolationError
from astrolabe.ports.sandbox import Ending, FileEntry, Mount, MountKind, Outcome, Probe, Session, Setup

POLICY = Policy(
    wall_seconds=20,
    memory_bytes=96 * MIB,
    processes=24,
    workspace_bytes=16 * MIB,
    temporary_bytes=16 * MIB,
    output_bytes=64 * 1024,
    files=500,
)
Visited = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
Opener = Callable[[Setup], AbstractAsyncContextManager[Session]]
_FILE = 0o100644
_MARK = "astrolabe-self-test-orphan"
_READ_ONLY, _OVERLAY = "/opt/astrolabe-probe", "/workspace/overlay"


@dataclass(frozen=True)
class Host:
    """What an escape would reach: a file, a folder to write in, sockets that note who connects."""

    secret: Path
    folder: Path
    port: int
    abstract: str
    visits: list[str]

    def facts(self) -> dict[str, object]:
        return {
            "secret": str(self.secret),
            "port": self.port,
            "abstract": self.abstract,
            "pid": os.getpid(),
            "overlay": _OVERLAY,
            "read_only": _READ_ONLY,
            "variables": [*command_line.ENVIRONMENT, "PATH", "PWD", "LC_CTYPE"],
        }

    def mounts(self) -> tuple[Mount, ...]:
        return (
            *interpreter(),
            Mount(self.folder, _READ_ONLY),
            Mount(self.folder, _OVERLAY, MountKind.OVERLAY),
        )


PYTHON = str(Path(sys.executable).resolve())
"""The interpreter this process runs on; inside it lies at the same place."""
_PREFIX = Path(sys.base_prefix).resolve()


def interpreter() -> tuple[Mount, ...]:
    """What makes `PYTHON` usable inside; nothing when /usr has it."""
    return () if _PREFIX.is_relative_to("/usr") else (Mount(_PREFIX, str(_PREFIX)),)


@contextlib.asynccontextmanager
async def host() -> AsyncGenerator[Host]:
    """Set the bait out, and take it in again."""
    visits: list[str] = []

    async def visited(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        visits.append("visited")
        writer.close()

    laying = asyncio.create_task(asyncio.to_thread(_bait))
    try:
        outer = await asyncio.shield(laying)
        with socket.create_server(("127.0.0.1", 0)) as tcp, socket.socket(socket.AF_UNIX) as unix:
            unix.bind("\0" + outer.name)
            async with _serving(tcp, visited), _serving(unix, visited):
                port: int = tcp.getsockname()[1]
                yield Host(outer / "secret", outer / "mounted", port, outer.name, visits)
    finally:
        await to_the_end(_taken_in(laying))


@contextlib.asynccontextmanager
async def _serving(listening: socket.socket, visited: Visited) -> AsyncGenerator[None]:
    """Serve on a socket made before, so that being cancelled on the way in leaves no server behind."""
    serve = asyncio.start_unix_server if listening.family == socket.AF_UNIX else asyncio.start_server
    async with await serve(visited, sock=listening, start_serving=False) as server:
        await server.start_serving()
        yield


async def _taken_in(laying: asyncio.Task[Path]) -> None:
    await waited(laying)
    if laying.exception() is None:
        await asyncio.to_thread(shutil.rmtree, laying.result())


def _bait() -> Path:
    for left in owners.left_in(Path(tempfile.gettempdir())):
        shutil.rmtree(left, ignore_errors=True)  # another user's, maybe; nothing depends on it
    outer = Path(tempfile.mkdtemp(prefix=owners.prefix()))
    outer.chmod(0o755)
    (outer / "mounted").mkdir(0o755)
    (outer / "secret").write_text("secret")
    (outer / "mounted" / "original").write_text("original")
    return outer


async def probe(opener: Opener) -> tuple[Probe, ...]:
    """Try everything on a sandbox of its own, its limits only when nothing got out.

    Raises:
        SandboxUnavailableError: one cannot even be opened.
    """
    async with host() as bait, opener(Setup(policy=POLICY, mounts=bait.mounts())) as session:
        found = await _from_inside(session, bait)
        if all(one.held for one in found):
            found += [await _judged(name, check(session)) for name, check in _FROM_OUTSIDE.items()]
        return tuple(found)


async def _from_inside(session: Session, bait: Host) -> list[Probe]:
    script = await asyncio.to_thread(Path(probes.__file__).read_bytes)
    await session.put([FileEntry("probes.py", _FILE, script)])
    facts = json.dumps(bait.facts())
    outcome = await session.run([PYTHON, "-I", "-S", "probes.py", facts])
    found = [Probe(**json.loads(line)) for line in outcome.stdout.splitlines()]
    expected = [attempt.__name__ for attempt in probes.attempts()]
    complete = [one.name for one in found] == expected and outcome.exit_code == 0
    planted = await asyncio.to_thread((bait.folder / "planted").exists)
    return [
        *found,
        Probe("all_attempts_made", complete, "" if complete else _text(outcome)),
        Probe("host_untouched", not planted and not bait.visits, f"planted {planted}, {bait.visits}"),
    ]


def _text(outcome: Outcome) -> str:
    return f"{outcome.ending} {outcome.exit_code}: {outcome.stderr.decode(errors='replace')[-400:]}"


async def _judged(name: str, check: Awaitable[str]) -> Probe:
    fault = await check
    return Probe(name, not fault, fault)


async def _memory(session: Session) -> str:
    """A process that takes what is not there ends by the kernel, or is refused by it."""
    hog = "b = []\nwhile True: b.append(b'x' * (1 << 20)); assert len(b) < 200"
    outcome = await session.run([PYTHON, "-I", "-S", "-c", hog])
    refused = outcome.exit_code == 1 and b"MemoryError" in outcome.stderr
    return "" if outcome.ending is Ending.MEMORY or refused else f"took 200 MiB: {_text(outcome)}"


async def _memory_together(session: Session) -> str:
    """Many processes that are small each are large together."""
    hog = "import os, time\npids = [os.fork() for _ in range(3)]\nx = b'x' * (20 << 20)\ntime.sleep(5)"
    outcome = await session.run([PYTHON, "-I", "-S", "-c", hog])
    return "" if outcome.ending is Ending.MEMORY else f"took 160 MiB together: {_text(outcome)}"


async def _processes(session: Session) -> str:
    bomb = (
        "import os, time\n"
        "for n in range(200):\n"
        " try: pid = os.fork()\n"
        " except OSError: print(n); break\n"
        " if not pid: time.sleep(9); os._exit(0)\n"
        "else: print(200)\n"
    )
    outcome = await session.run([PYTHON, "-I", "-S", "-c", bomb])
    made = int(outcome.stdout or b"-1")
    return "" if 0 < made <= POLICY.processes + 8 else f"made {made} processes: {_text(outcome)}"


async def _workspace(session: Session) -> str:
    for place in ("/workspace/full", "/tmp/full", "/dev/shm/full", f"{_OVERLAY}/full"):  # noqa: S108
        outcome = await session.run(["sh", "-c", f"head -c 20000000 /dev/zero > {place}"])
        await session.run(["rm", "-f", place])
        if outcome.exit_code == 0:
            return f"{place} took more than its size"
    return ""


async def _wall(session: Session) -> str:
    outcome = await session.run(["sleep", "9"], wall_seconds=0.2)
    return "" if outcome.ending is Ending.TIMEOUT else _text(outcome)


async def _output(session: Session) -> str:
    outcome = await session.run(["head", "-c", "1000000", "/dev/zero"])
    held = outcome.output_cut and len(outcome.stdout) == POLICY.output_bytes and outcome.exit_code == 0
    return "" if held else f"{len(outcome.stdout)} bytes came out"


async def _orphans(session: Session) -> str:
    mark = f"{_MARK}-{os.urandom(8).hex()}"  # another process may be testing itself at the same time
    daemon = f"trap '' TERM HUP; (setsid sh -c 'sleep 99; : {mark}' &) & exit 0"
    await session.run(["sh", "-c", daemon])
    left = await asyncio.to_thread(_marked, mark)
    return f"left {left}" if left else ""


def _marked(mark: str) -> list[str]:
    return [str(path) for path in Path("/proc").glob("[0-9]*/cmdline") if mark in _read(path)]


def _read(path: Path) -> str:
    try:
        return path.read_bytes().decode(errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return ""


async def _way_out(session: Session) -> str:
    for name, make in (("link", "ln -s /etc/passwd link"), ("pipe", "mkfifo pipe")):
        await session.run(["sh", "-c", make])
        try:
            await session.take([name])
        except PolicyViolationError:
            await session.run(["rm", name])
            continue
        return f"a {name} came out"
    return ""


_FROM_OUTSIDE: dict[str, Callable[[Session], Awaitable[str]]] = {
    "limit_memory": _memory,
    "limit_memory_together": _memory_together,
    "limit_processes": _processes,
    "limit_sizes": _workspace,
    "limit_wall_time": _wall,
    "limit_output": _output,
    "leave_a_daemon": _orphans,
    "send_out_a_link": _way_out,
}
