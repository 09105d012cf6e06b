"""Turn a forked child of the holder into the backend that runs one command: what can be made before it is known, and the rest."""

import binascii
import os
import resource
import shutil
import signal
from collections.abc import Mapping, Sequence

from astrolabe.adapters.sandboxes.holder import kernel, network
from astrolabe.adapters.sandboxes.holder.files import make_folders
from astrolabe.adapters.sandboxes.holder.root import refuse_root
from astrolabe.adapters.sandboxes.holder.spec import (
    OVERLAYS,
    SCRATCH,
    SHARED_MEMORY,
    SOURCES,
    TEMPORARY,
    TERMINALS,
    Spec,
)

STARTED = b"started"
_TERMINALS = "newinstance,ptmxmode=0666,mode=0620,max=64"
"""The machine has a number of terminals for all; one command's own are few."""
_INFO, _FILTER = 4, 5
_START = 'echo started >&3 && exec "$@" 3>&-'
"""Says that the set-up is over; a shell also gives the exit codes 126 and 127 everyone knows."""

Streams = tuple[int, int, int]


def prepare(spec: Spec) -> None:
    """Give this process a network and scratch space of its own."""
    refuse_root(os.geteuid())
    refuse_root(os.getuid())
    kernel.unshare(kernel.CLONE_NEWNS | kernel.CLONE_NEWNET)
    network.prepare(small_buffers=spec.watch_memory)
    _mount_temporary(spec)


def become(spec: Spec, command: Sequence[str], streams: Streams, info: int) -> None:
    """Replace this process, once it is prepared, by the backend; comes back only by raising."""
    for point in spec.mount_points:
        make_folders(point)
    _give_up_memory_first()
    _place((*streams, info, os.dup(info), _filter(spec.seccomp)))
    _limit(spec.resources)
    for number in (signal.SIGPIPE, signal.SIGXFSZ, signal.SIGINT):
        signal.signal(number, signal.SIG_DFL)
    os.execve(spec.backend[0], [*spec.backend, "/bin/sh", "-c", _START, "sh", *command], {})


def descriptors() -> list[str]:
    """The backend's options for the descriptors `become` hands it."""
    return ["--info-fd", str(_INFO), "--seccomp", str(_FILTER)]


def _mount_temporary(spec: Spec) -> None:
    """Give the command scratch space of its own: /tmp, /dev/shm and what it writes over overlays, of one size."""
    options = f"mode=0755,size={spec.temporary_bytes},nr_inodes={spec.temporary_inodes}"
    kernel.mount("tmpfs", SCRATCH, "tmpfs", kernel.MS_NOSUID | kernel.MS_NODEV, options)
    for place in (TEMPORARY, SHARED_MEMORY):
        os.mkdir(place)
        os.chmod(place, 0o1777)  # noqa: S103 - the usual mode of /tmp
    os.mkdir(TEMPORARY + "/home")
    os.mkdir(TERMINALS)
    kernel.mount("devpts", TERMINALS, "devpts", kernel.MS_NOSUID | kernel.MS_NOEXEC, _TERMINALS)
    for index in range(len(spec.overlays)):
        _mount_overlay(index)


def _mount_overlay(index: int) -> None:
    upper, work, lower = f"{SCRATCH}/{index}u", f"{SCRATCH}/{index}w", f"{SOURCES}/{index}"
    os.mkdir(upper)
    os.mkdir(work)
    options = f"lowerdir={lower},upperdir={upper},workdir={work},userxattr"
    try:
        kernel.mount("overlay", f"{OVERLAYS}/{index}", "overlay", kernel.MS_NOSUID | kernel.MS_NODEV, options)
    except OSError:
        # Kernels before 5.11 keep overlays from user namespaces; a copy is slower and otherwise the same.
        shutil.copytree(lower, upper, symlinks=True, dirs_exist_ok=True)
        kernel.mount(upper, f"{OVERLAYS}/{index}", None, kernel.MS_BIND)


def _limit(resources: Mapping[str, int]) -> None:
    for name, value in resources.items():
        number = getattr(resource, name)
        hard = resource.getrlimit(number)[1]
        limit = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(number, (limit, limit))


def _give_up_memory_first() -> None:
    """When memory is short, the kernel shall end the command, not the holder."""
    with open("/proc/self/oom_score_adj", "w") as file:
        file.write("1000")


def _filter(encoded: str) -> int:
    reading, writing = os.pipe()
    os.write(writing, binascii.a2b_base64(encoded))
    os.close(writing)
    return reading


def _place(wanted: Sequence[int]) -> None:
    """Give the descriptors the numbers 0, 1, 2 … in this order; all others are closed."""
    high = [_above(descriptor, len(wanted)) for descriptor in wanted]
    for number, descriptor in enumerate(high):
        os.dup2(descriptor, number, inheritable=True)
    os.closerange(len(wanted), resource.getrlimit(resource.RLIMIT_NOFILE)[1])


def _above(descriptor: int, least: int) -> int:
    held: list[int] = []
    while descriptor < least:
        held.append(descriptor)
        descriptor = os.dup(descriptor)
    return descriptor
