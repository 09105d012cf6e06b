"""How the limits of a session are held: by a control group of ours, by systemd's, or by watching."""

import asyncio
import contextlib
import os
import shutil
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from astrolabe.adapters.sandboxes import cgroups
from astrolabe.adapters.sandboxes.patience import to_the_end, waited
from astrolabe.domain.policy import MIB, Policy

OWN_PROCESSES = cgroups.OWN_PROCESSES
OWN_GROUP = "own"
"""Stands for the control group the holder finds itself in."""
_RESERVE_BYTES = 256 * MIB


class Means(StrEnum):
    """In order of preference. A scope is made by the user's systemd; watching cannot stop a sudden burst."""

    GROUP = "cgroup"
    SCOPE = "systemd scope"
    WATCH = "watched"


@dataclass(frozen=True)
class Enforcement:
    """What the holder is told, and the words it is started with (`prefix`, with `environment`)."""

    cgroups: tuple[str, ...] = ()
    oom: str | None = None
    watch_memory: bool = False
    reserve_bytes: int = 0
    limit_processes: bool = False
    prefix: tuple[str, ...] = ()
    environment: tuple[tuple[str, str], ...] = ()


def available() -> tuple[Means, ...]:
    """What this machine seems to offer; the self-test tells whether it holds."""
    return tuple(means for means in Means if not _lacks(means))


def lacking() -> tuple[str, ...]:
    """Name the means that would be better than what this machine offers, each with what is missing."""
    best = available()[0]
    better = [means for means in Means if list(Means).index(means) < list(Means).index(best)]
    return tuple(f"limits by {means}: {_lacks(means)}" for means in better)


def _lacks(means: Means) -> str:
    if means is Means.GROUP and not cgroups.here():
        return "this user may make no control group for memory and processes here"
    if means is Means.SCOPE and not (_bus().exists() and shutil.which("systemd-run")):
        return "there is no session of systemd's for this user"
    return ""


@contextlib.asynccontextmanager
async def enforced(means: Means, policy: Policy) -> AsyncGenerator[Enforcement]:
    """Set the limits up, and remove what was needed for them."""
    if means is Means.WATCH:
        yield Enforcement(watch_memory=True, reserve_bytes=_RESERVE_BYTES, limit_processes=True)
    elif means is Means.SCOPE:
        yield _scope(policy)
    else:
        making = asyncio.create_task(asyncio.to_thread(lambda: cgroups.make(cgroups.here(), policy)))
        try:
            group = await asyncio.shield(making)
            yield Enforcement(cgroups=group.procs, oom=str(group.oom))
        finally:
            await to_the_end(_removed(making))


async def _removed(making: asyncio.Task[cgroups.Group]) -> None:
    """Take down what was made, or still is being made."""
    await waited(making)
    if making.exception() is None:
        await asyncio.to_thread(making.result().remove)


def limits(means: Means) -> dict[str, str]:
    """Name what holds each limit, for the evidence."""
    return {
        "memory": means.value,
        "processes": "rlimit" if means is Means.WATCH else means.value,
        "cpu": "rlimit",
        "files": "rlimit",
        "workspace": "tmpfs",
        "wall": "timer",
        "network": "namespace",
    }


def _bus() -> Path:
    return Path(f"/run/user/{os.getuid()}/bus")


def _scope(policy: Policy) -> Enforcement:
    properties = (
        f"MemoryMax={policy.memory_bytes}",
        "MemorySwapMax=0",
        f"TasksMax={policy.processes + OWN_PROCESSES}",
    )
    words = [word for name in properties for word in ("-p", name)]
    return Enforcement(
        oom=OWN_GROUP,
        prefix=("systemd-run", "--user", "--scope", "--quiet", "--collect", *words, "--"),
        environment=(("XDG_RUNTIME_DIR", str(_bus().parent)), ("PATH", "/usr/local/bin:/usr/bin:/bin")),
    )
