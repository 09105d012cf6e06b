"""What proves that a repository is whole: its own tests, found in it and not made up, and tried before anything changes."""

from collections.abc import Sequence
from dataclasses import dataclass

from astrolabe.sdk import (
    Check,
    CommandResult,
    Environment,
    MissingError,
    OfflineError,
    UnavailableError,
    Workbench,
    listing_of,
    runners,
)

_PROVED = "the project's own tests"
_TRIED_SECONDS = 300
_SHOWN_LINES, _SHOWN_LETTERS = 3, 300
_MOST = 3
"""Runners of a repository with many projects in it: those nearest to its root."""


async def proofs_of(bench: Workbench) -> tuple[tuple[Check, ...], Environment]:
    """Return the checks that are the repository's own, and what its commands need; none where it has no tests."""
    found = runners(await listing_of(bench))[:_MOST]
    checks = tuple(
        Check(
            name=_PROVED
            if len(found) == 1
            else f"{_PROVED} ({runner.name} in {runner.folder or 'the root'})"[:120],
            run=runner.command,
            environment=runner.environment,
        )
        for runner in found
    )
    toolchains = dict.fromkeys(name for runner in found for name in runner.environment.toolchains)
    lockfiles = dict.fromkeys(path for runner in found for path in runner.environment.lockfiles)
    return checks, Environment(toolchains=tuple(toolchains), lockfiles=tuple(lockfiles))


@dataclass(frozen=True)
class Standing:
    """How a repository's own checks stand before any change: those that pass, or could not be tried, and what of the others.

    `old` has a sentence for each that fails now; `doubts` for each that could not be tried, and where there are none at all.
    """

    proofs: tuple[Check, ...]
    old: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()


async def standing_of(bench: Workbench, checks: Sequence[Check]) -> Standing:
    """Try each check on the repository as it is; nothing of what they change is kept."""
    if not checks:
        return Standing(
            (), doubts=("no tests were found in the repository: only the plan's own checks prove anything",)
        )
    proofs: list[Check] = []
    old: list[str] = []
    doubts: list[str] = []
    for check in checks:
        try:
            result = await bench.try_out(
                check.run, timeout_seconds=_TRIED_SECONDS, environment=check.environment
            )
        except (UnavailableError, MissingError, OfflineError) as error:
            doubts.append(f"{check.name} (`{check.run}`) could not be tried before any change: {error}")
            result = None
        if result is None or result.exit_code == 0 or result.timed_out:
            proofs.append(check)
        else:
            old.append(f"{check.name} (`{check.run}`) fail before any change: {_said(result)}")
    for one in (*old, *doubts):
        bench.say(one)
    return Standing(tuple(proofs), tuple(old), tuple(doubts))


def _said(result: CommandResult) -> str:
    lines = [line.strip() for line in f"{result.stdout}\n{result.stderr}".splitlines() if line.strip()]
    told = " / ".join(lines[-_SHOWN_LINES:])[-_SHOWN_LETTERS:]
    return f"exit code {result.exit_code}: {told}" if told else f"exit code {result.exit_code}"
