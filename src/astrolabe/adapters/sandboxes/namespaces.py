"""The Linux namespaces backend: bubblewrap, started by a holder that lives as long as a session.

    sandbox = NamespaceSandbox(candidates, cache=Path("/var/cache/astrolabe/sandbox"), determinism=determinism)
    async with sandbox.open(Setup(policy=Policy(memory_bytes=512 * MIB))) as session:
        await session.put([FileEntry("main.sh", 0o100755, b"echo hello > out.txt")])
        outcome = await session.run(["sh", "main.sh"], wall_seconds=30)
        files = await session.take(["out.txt"])

`candidates` is asked for bubblewrap binaries, best first: `async def candidates() -> Sequence[Path]`.
"""

import asyncio
import contextlib
import socket
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from pathlib import Path

import astrolabe
from astrolabe.adapters.sandboxes.channel import Channel, ClosedError
from astrolabe.adapters.sandboxes.command_line import Enforcement, specification
from astrolabe.adapters.sandboxes.holder.jobs import SET_UP
from astrolabe.adapters.sandboxes.holder.spec import Spec
from astrolabe.adapters.sandboxes.session import NamespaceSession
from astrolabe.errors import SandboxUnavailableError
from astrolabe.ports.determinism import Determinism
from astrolabe.ports.sandbox import Session, Setup

Candidates = Callable[[], Awaitable[Sequence[Path]]]
_SHOWN = 2000
_PACKAGES = str(Path(astrolabe.__file__).resolve().parent.parent)
_HOLDER = (
    f"import sys; sys.path.append({_PACKAGES!r}); "
    "from astrolabe.adapters.sandboxes.holder.main import main; main(int(sys.argv[1]))"
)


class NamespaceSandbox:
    name = "namespaces"

    def __init__(self, candidates: Candidates, cache: Path, determinism: Determinism) -> None:
        self._candidates = candidates
        self._cache = cache
        self._determinism = determinism

    @contextlib.asynccontextmanager
    async def open(self, setup: Setup) -> AsyncGenerator[Session]:
        backend = (await self._candidates())[0]
        spec = specification(setup, backend, Enforcement())
        async with _holder(spec) as control:
            session = NamespaceSession(control, setup.policy, spec.mount_points, self._determinism.monotonic)
            try:
                yield session
            finally:
                await session.close()


@contextlib.asynccontextmanager
async def _holder(spec: Spec) -> AsyncGenerator[socket.socket]:
    """Start a holder and wait for it to go in the end, whatever happens in between."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ours:
        with theirs:
            process = await _start(theirs.fileno())
        try:
            with Channel(ours, SET_UP) as channel:
                await _set_up(process, channel, spec)
            yield ours
        finally:
            ours.close()
            await process.wait()


async def _start(control: int) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-I", "-S", "-c", _HOLDER, str(control)),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
        pass_fds=(control,),
        start_new_session=True,
        env={},
        cwd="/",
    )


async def _set_up(process: asyncio.subprocess.Process, channel: Channel, spec: Spec) -> None:
    try:
        await channel.send(spec.to_json())
        answer = await channel.receive()
    except ClosedError:
        _, said = await process.communicate()
        answer = {"error": said.decode(errors="replace")[-_SHOWN:]}
    if "error" in answer:
        raise SandboxUnavailableError(f"no sandbox could be set up: {answer['error']}")
