"""Memory a command takes by any way the kernel offers is refused or ends the command, whatever holds the limit."""

from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import pytest

from astrolabe.adapters.sandboxes import enforcement, self_test
from astrolabe.adapters.sandboxes.enforcement import Means
from astrolabe.domain.policy import MIB, Policy
from astrolabe.ports.sandbox import Ending, FileEntry, Outcome, Session, Setup

from .conftest import bubblewraps, namespaces

_LIMIT = 192 * MIB
_MOST = _LIMIT * 5 // 4
"""What version 1 of control groups counts apart, TCP's buffers, has a quarter of the limit of its own."""
_POLICY = Policy(
    memory_bytes=_LIMIT,
    workspace_bytes=512 * MIB,
    temporary_bytes=512 * MIB,
    processes=64,
    wall_seconds=60,
)
_PREPARED = """
import ctypes, mmap, os, socket, sys, time
libc = ctypes.CDLL(None, use_errno=True)
libc.mmap.restype = libc.shmat.restype = ctypes.c_void_p
MIB, KEPT = 1 << 20, []
def checked(result):
    if result in (-1, None, ctypes.c_void_p(-1).value): raise OSError(ctypes.get_errno(), "refused")
    return result
def fill(write):
    taken = 0
    try:
        while taken < 600 * MIB: taken += write(b"x" * 65536)
    except BlockingIOError: pass
    return taken
"""
_AFTERWARDS = """
time.sleep(2)
print("took", total // MIB, "MiB")
"""

_WAYS = {
    "pages of its own": "b = bytearray(600 * MIB)\nfor i in range(0, len(b), 4096): b[i] = 1\ntotal = len(b)",
    "files without a name": """
fds = [os.memfd_create("x") for _ in range(6)]
total = sum(os.write(fd, b"x" * MIB) for fd in fds for _ in range(100))
""",
    "shared pages nobody maps any more": """
m = mmap.mmap(-1, 600 * MIB)
for i in range(0, 600 * MIB, MIB):
    m[i:i + MIB] = b"x" * MIB
    m.madvise(mmap.MADV_DONTNEED, i, MIB)
total = len(m)
""",
    "shared pages of a device": """
with open("/dev/zero", "r+b", buffering=0) as file:
    m = mmap.mmap(file.fileno(), 600 * MIB)
for i in range(0, 600 * MIB, MIB):
    m[i:i + MIB] = b"x" * MIB
    m.madvise(mmap.MADV_DONTNEED, i, MIB)
total = len(m)
""",
    "System V shared memory": """
total = 0
for _ in range(6):
    place = checked(libc.shmat(checked(libc.shmget(0, 100 * MIB, 0o1600)), None, 0))
    ctypes.memset(place, 1, 100 * MIB)
    libc.shmdt(ctypes.c_void_p(place))
    total += 100 * MIB
""",
    "System V semaphores": """
for _ in range(300): checked(libc.semget(0, 32000, 0o1600))
total = 300 * 32000 * 64
""",
    "files in memory": """
total = 0
for place in ("/tmp/x", "/workspace/x", "/dev/shm/x"):
    with open(place, "wb", buffering=0) as file:
        total += sum(file.write(b"x" * MIB) for _ in range(200))
""",
    "files in memory without a name": """
total = 0
for place in ("/tmp", "/workspace"):
    KEPT.append(os.open(place, os.O_TMPFILE | os.O_RDWR))
    total += sum(os.write(KEPT[-1], b"x" * MIB) for _ in range(300))
""",
    "unix sockets": """
total = 0
for _ in range(2000):
    if total > 600 * MIB: break
    KEPT.append(socket.socketpair())
    KEPT[-1][0].setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4 * MIB)
    KEPT[-1][0].setblocking(False)
    total += fill(KEPT[-1][0].send)
""",
    "TCP": """
server = socket.create_server(("127.0.0.1", 0), backlog=2000)
total = 0
for _ in range(1500):
    if total > 600 * MIB: break
    client = socket.create_connection(server.getsockname())
    client.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4 * MIB)
    client.setblocking(False)
    KEPT.append((client, server.accept()))
    total += fill(client.send)
""",
    "TCP nobody has open any more": """
total = 0
for _ in range(20):
    server = socket.create_server(("127.0.0.1", 0), backlog=2000)
    KEPT.append(server)
    for _ in range(100):
        client = socket.create_connection(server.getsockname())
        client.setblocking(False)
        total += fill(client.send)
        client.close()
""",
    "datagrams whose sender is gone": """
total = 0
for _ in range(3500):
    one, other = socket.socketpair(type=socket.SOCK_DGRAM)
    one.setblocking(False)
    total += fill(one.send)
    one.close()
    KEPT.append(other)
""",
    "page tables": """
size = 400 << 30
start = checked(libc.mmap(None, ctypes.c_size_t(size), 1, 0x4022, -1, ctypes.c_long(0)))
libc.madvise(ctypes.c_void_p(start), ctypes.c_size_t(size), 15)
for place in range(start, start + size, 2 * MIB): ctypes.c_char.from_address(place).value
total = (size >> 21) * 4096
""",
    "many processes that are small": """
for _ in range(40):
    if not os.fork():
        b = bytearray(15 * MIB)
        for i in range(0, len(b), 4096): b[i] = 1
        time.sleep(20); os._exit(0)
total = 600 * MIB
""",
    "pages a pipe holds": """
class Vector(ctypes.Structure): _fields_ = [("base", ctypes.c_void_p), ("length", ctypes.c_size_t)]
total = 0
for _ in range(300):
    start = checked(libc.mmap(None, ctypes.c_size_t(4 * MIB), 3, 0x22, -1, ctypes.c_long(0)))
    place = (start + 2 * MIB - 1) & ~(2 * MIB - 1)
    libc.madvise(ctypes.c_void_p(place), ctypes.c_size_t(2 * MIB), 14)
    ctypes.memset(place, 1, 2 * MIB)
    KEPT.append(os.pipe())
    vector = Vector(place, 4096)
    checked(libc.vmsplice(KEPT[-1][1], ctypes.byref(vector), 1, 0))
    libc.munmap(ctypes.c_void_p(start), ctypes.c_size_t(4 * MIB))
    total += 2 * MIB
""",
}

Opener = Any


@pytest.fixture(params=[means for means in enforcement.available() if means is not Means.SCOPE])
def held(request: pytest.FixtureRequest, tmp_path: Path) -> Opener:
    """Open a session whose limits are held by one of the means this machine has."""
    sandbox, backend = namespaces(tmp_path), bubblewraps()[-1]
    setup = Setup(policy=_POLICY, mounts=self_test.interpreter())

    def opened() -> AbstractAsyncContextManager[Session]:
        return sandbox._opened(backend, request.param, setup)

    return opened


async def _run(box: Session, script: str) -> Outcome:
    return await box.run([self_test.PYTHON, "-I", "-S", "-c", script])


@pytest.mark.parametrize("way", _WAYS)
def test_no_way_to_take_memory_goes_around_the_limit(run: Any, held: Opener, way: str) -> None:
    async def scenario() -> tuple[Outcome, Outcome]:
        async with held() as box:
            outcome = await _run(box, _PREPARED + _WAYS[way] + _AFTERWARDS)
            return outcome, await box.run(["rm", "-f", "/workspace/x"])

    outcome, after = run(scenario())
    refused = outcome.exit_code == 1 and any(
        word in outcome.stderr for word in (b"OSError", b"PermissionError", b"MemoryError")
    )
    little = outcome.stdout.startswith(b"took ") and int(outcome.stdout.split()[1]) * MIB <= _MOST
    assert outcome.ending is Ending.MEMORY or refused or little, outcome
    assert after.exit_code == 0, after


def test_what_ends_is_the_command_even_if_every_process_of_it_spares_itself(run: Any, held: Opener) -> None:
    """The largest process the kernel can find shall not be the one that holds the sandbox."""
    script = """
import os, time
open("/proc/self/oom_score_adj", "w").write("0")
for _ in range(20):
    if os.fork() == 0:
        os.execv("/bin/sh", ["sh", "-c", "while :; do head -c 1M /dev/zero; done >> /dev/shm/$$"])
time.sleep(30)
"""

    async def scenario() -> tuple[Outcome, Outcome]:
        async with held() as box:
            return await _run(box, script), await box.run(["echo", "alive"])

    outcome, after = run(scenario())
    assert outcome.ending is Ending.MEMORY, outcome
    assert after.stdout == b"alive\n"


def test_a_workspace_that_is_full_of_memory_fails_commands_not_the_sandbox(run: Any, held: Opener) -> None:
    script = "head -c 300M /dev/zero > x"

    async def scenario() -> list[Outcome]:
        async with held() as box:
            found = [await box.run(["sh", "-c", script]), await box.run(["sh", "-c", script])]
            return [*found, await box.run(["echo", "alive"])]

    first, second, third = run(scenario())
    assert first.ending is second.ending is Ending.MEMORY
    assert third.ending is Ending.MEMORY or third.stdout == b"alive\n"


def test_what_outran_the_watch_can_be_looked_at_and_removed_but_not_added_to(
    run: Any, tmp_path: Path
) -> None:
    """Files put from outside stand for a command that wrote faster than it was looked at."""
    sandbox, backend = namespaces(tmp_path), bubblewraps()[-1]
    setup = Setup(policy=_POLICY, mounts=self_test.interpreter())
    left = [FileEntry(f"{n}.bin", 0o100644, b"x" * (64 * MIB)) for n in range(4)]

    async def scenario() -> list[Outcome]:
        async with sandbox._opened(backend, Means.WATCH, setup) as box:
            await box.put(left)
            looked = await box.run(["sh", "-c", "cat *.bin | wc -c"])
            added = await _run(box, "import time; open('/workspace/y', 'wb').write(b'x'); time.sleep(5)")
            taken = await _run(box, "b = bytearray(b'x') * (100 << 20); import time; time.sleep(5)")
            removed = await box.run(["sh", "-c", "rm *.bin y && ls"])
            return [looked, added, taken, removed]

    looked, added, taken, removed = run(scenario())
    assert looked.stdout.strip() == str(256 * MIB).encode()
    assert added.ending is taken.ending is Ending.MEMORY
    assert (removed.exit_code, removed.stdout) == (0, b"")
