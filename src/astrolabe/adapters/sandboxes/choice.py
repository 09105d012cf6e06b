"""Which backend and which means this machine's sandboxes use: the first pair that passes, remembered on disk."""

import asyncio
import hashlib
import json
import os
import platform
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import astrolabe
from astrolabe.adapters.sandboxes.enforcement import Means
from astrolabe.adapters.sandboxes.self_test import POLICY
from astrolabe.errors import SandboxUnavailableError
from astrolabe.ports.sandbox import Probe, SelfTest

_SECOND_BEST_SECONDS = 3600
Trial = Callable[[Path, Means], Awaitable[SelfTest]]


@dataclass(frozen=True)
class Choice:
    """A pair, and how it did; `result` has not passed when no pair did, and is then the last one's."""

    backend: Path
    means: Means
    result: SelfTest


class Choices:
    """Makes a choice, or takes the one made before on this kernel, by this user, with these binaries."""

    def __init__(self, cache: Path) -> None:
        self._cache = cache

    async def get(
        self, backends: Sequence[Path], means: Sequence[Means], trial: Trial, *, fresh: bool
    ) -> Choice:
        file = self._cache / f"{await asyncio.to_thread(_key, backends, means)}.json"
        known = None if fresh else await asyncio.to_thread(_read, file, backends)
        if known:
            return known
        choice = await _first_that_passes(backends, means, trial)
        if choice.result.passed:
            await asyncio.to_thread(_write, file, choice, backends)
        return choice


async def _first_that_passes(backends: Sequence[Path], means: Sequence[Means], trial: Trial) -> Choice:
    failed: list[Choice] = []
    for backend in backends:
        for way in means:
            choice = Choice(backend, way, await _tried(backend, way, trial))
            if choice.result.passed:
                return replace(choice, result=_after(failed, choice.result))
            failed.append(choice)
    if not failed:
        raise SandboxUnavailableError("there is nothing to choose a sandbox from")
    return replace(failed[0], result=_after(failed[1:], failed[0].result))


def _after(failed: Sequence[Choice], result: SelfTest) -> SelfTest:
    """Say with a result which pairs were tried besides, and what they did not hold."""
    return replace(result, passed_over=tuple(map(_why_not, failed)))


def _why_not(choice: Choice) -> str:
    faults = "; ".join(f"{probe.name}: {probe.detail}" for probe in choice.result.probes if not probe.held)
    return f"{choice.backend} with limits by {choice.means}: {faults}"


async def _tried(backend: Path, means: Means, trial: Trial) -> SelfTest:
    try:
        return await trial(backend, means)
    except SandboxUnavailableError as error:
        return SelfTest(
            "namespaces", str(backend), (Probe("open_a_sandbox", held=False, detail=str(error)),), {}
        )


def _key(backends: Sequence[Path], means: Sequence[Means]) -> str:
    parts = [
        *(platform.release(), platform.version(), platform.machine(), str(os.geteuid())),
        *(astrolabe.__version__, _digest_of_sources(), POLICY.digest(), *means),
        *(f"{backend}={_digest(backend)}" for backend in backends),
    ]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]


def _digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def _digest_of_sources() -> str:
    """A changed sandbox has not been tested, whatever its version says."""
    files = sorted(Path(__file__).parent.rglob("*.py"))
    return hashlib.sha256("".join(map(_digest, files)).encode()).hexdigest()


def _read(file: Path, backends: Sequence[Path]) -> Choice | None:
    """Return what was found before; a file that others could have written is no evidence.

    That something better failed may have been a busy moment's doing: it is tried again after a while.
    """
    try:
        status = file.stat()
        raw: dict[str, Any] = json.loads(file.read_text())
    except (FileNotFoundError, json.JSONDecodeError):
        return None
    if status.st_uid != os.geteuid() or status.st_mode & 0o022:
        return None
    choice = _remembered(raw, backends)
    old = time.time() - status.st_mtime > _SECOND_BEST_SECONDS
    return None if choice.result.passed_over and old else choice


def _remembered(raw: dict[str, Any], backends: Sequence[Path]) -> Choice:
    result: dict[str, Any] = raw["result"]
    probes = tuple(Probe(**probe) for probe in result["probes"])
    tested = SelfTest(
        *(result["backend"], result["version"], probes, result["limits"]),
        from_cache=True,
        passed_over=tuple(result["passed_over"]),
    )
    number: int = raw["backend"]
    return Choice(backends[number], Means(raw["means"]), tested)


def _write(file: Path, choice: Choice, backends: Sequence[Path]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    raw = {
        "backend": list(backends).index(choice.backend),
        "means": choice.means,
        "result": asdict(choice.result),
    }
    half = file.with_suffix(f".{os.getpid()}")
    half.write_text(json.dumps(raw))
    half.chmod(0o600)
    half.replace(file)
