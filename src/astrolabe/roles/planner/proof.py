"""What proves that a repository is whole: its own tests, found in it and not made up."""

from astrolabe.sdk import Check, Environment, Workbench, listing_of, runners

_PROVED = "the project's own tests"
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
