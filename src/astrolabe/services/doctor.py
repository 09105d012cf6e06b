"""Looking at what a machine offers, feature by feature."""

import os
import platform
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum

from astrolabe.domain.policy import MIB
from astrolabe.errors import AstrolabeError
from astrolabe.ports.images import ToolchainStatus
from astrolabe.services.installation import Installation
from astrolabe.services.models import Answer, ask_providers


class State(StrEnum):
    """ON_DEMAND is not there yet, and will be fetched when first needed."""

    WORKS = "works"
    ON_DEMAND = "on-demand"
    MISSING = "missing"


@dataclass(frozen=True)
class Finding:
    """One part, what is known of it, and what to do. `blocks`: without it nothing can be run."""

    part: str
    state: State
    detail: str
    fix: str = ""
    blocks: bool = False

    @property
    def sign(self) -> str:
        """The status whose mark is shown beside it."""
        return {State.WORKS: "passed", State.ON_DEMAND: "waiting", State.MISSING: "failed"}[self.state]


async def examine(installation: Installation) -> tuple[Finding, ...]:
    """Probe everything live; never raises for what it finds."""
    return (
        _python(),
        await _sandbox(installation),
        *[_toolchain(status) for status in await installation.images.status()],
        await _database(installation),
        *[await _redis(probe) for probe in [installation.redis] if probe],
        *await _models(installation),
        Finding("state", State.WORKS, f"{installation.state} ({_free(installation.state)} free)"),
        Finding("cache", State.WORKS, f"{installation.cache} ({_free(installation.cache)} free)"),
        *_plugins(installation),
    )


def _python() -> Finding:
    detail = f"{platform.python_version()} at {sys.executable}; {platform.system()} {platform.release()} {platform.machine()}"
    return Finding("python", State.WORKS, detail)


async def _sandbox(installation: Installation) -> Finding:
    try:
        tested = await installation.sandbox.self_test()
    except AstrolabeError as error:
        return Finding("sandbox", State.MISSING, str(error), error.hint, blocks=True)
    held = sum(probe.held for probe in tested.probes)
    limits = ", ".join(f"{name} by {how}" for name, how in tested.limits.items())
    detail = f"{tested.backend} {tested.version}: {held} of {len(tested.probes)} probes held; {limits}"
    detail += "".join(f"; not {better}" for better in tested.passed_over)
    if tested.passed:
        return Finding("sandbox", State.WORKS, detail)
    return Finding("sandbox", State.MISSING, detail, "See: astrolabe sandbox selftest", blocks=True)


async def _database(installation: Installation) -> Finding:
    try:
        return Finding("database", State.WORKS, await installation.store.probe())
    except AstrolabeError as error:
        return no_database(error)


async def _models(installation: Installation) -> list[Finding]:
    """Say of each provider in use whether it answers and takes its key; without any, agents that need one cannot work."""
    if not installation.models.used():
        fix = "Name one: ASTROLABE_MODELS__USE=provider/model; see: astrolabe models list"
        return [Finding("models", State.ON_DEMAND, "none is set up; agents that need one say so", fix)]
    return [_provider(answer) for answer in await ask_providers(installation)]


def _provider(answer: Answer) -> Finding:
    part = f"models {answer.provider}"
    if answer.error is not None:
        return Finding(part, State.MISSING, str(answer.error), answer.error.hint)
    for name, likely in answer.missing:
        fix = f"Did you mean {likely[0]}?" if likely else ""
        return Finding(part, State.MISSING, f"has no model {name!r}", fix or "See: astrolabe models check")
    return Finding(part, State.WORKS, f"answers, and has {len(answer.models)} models")


async def _redis(probe: Callable[[], Awaitable[str]]) -> Finding:
    try:
        return Finding("redis", State.WORKS, await probe())
    except AstrolabeError as error:
        return Finding("redis", State.MISSING, str(error), error.hint)


def no_database(error: AstrolabeError) -> Finding:
    """Return what is told of a database that could not be opened, or does not answer."""
    return Finding("database", State.MISSING, str(error), error.hint, blocks=True)


def _toolchain(status: ToolchainStatus) -> Finding:
    state = {"registry": State.ON_DEMAND, "none": State.MISSING}.get(status.origin, State.WORKS)
    size = f"{status.size_bytes / MIB:.0f} MiB"
    told = {"registry": f"fetched when first needed, {size}", "none": "not for this machine"}.get(
        status.origin
    )
    detail = f"{status.version} ({told or f'from the {status.origin}'}); {status.summary}; {status.licence}"
    return Finding(status.name, state, detail, status.detail if state is State.MISSING else "")


def _plugins(installation: Installation) -> list[Finding]:
    agents = ", ".join(sorted(installation.agents))
    found = [Finding("agents", State.WORKS, agents)]
    found += [
        Finding(f"plugin {broken.name}", State.MISSING, broken.reason, "Repair or uninstall it.")
        for broken in installation.broken_plugins
    ]
    return found


def _free(folder: os.PathLike[str]) -> str:
    try:
        status = os.statvfs(folder)
    except FileNotFoundError:
        return "not there yet; unknown"
    return f"{status.f_bavail * status.f_frsize / 1024**3:.1f} GiB"
