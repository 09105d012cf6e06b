"""How a project's tests are run: a pure function of its listing."""

from astrolabe.projects.compiled import compiled_runners
from astrolabe.projects.listing import Listing
from astrolabe.projects.node import node_runners
from astrolabe.projects.python import python_runners
from astrolabe.projects.runner import Runner


def runners(listing: Listing) -> tuple[Runner, ...]:
    """Return every way in which the project's tests are run, one a folder and language; none when it has no tests."""
    found = (*python_runners(listing), *node_runners(listing), *compiled_runners(listing))
    return tuple(
        sorted(found, key=lambda runner: (runner.folder.count("/") + bool(runner.folder), runner.folder))
    )


def test_command(listing: Listing) -> Runner | None:
    """Return the runner of the tests nearest to the root; None when the project has no tests.

    Its `command` is the line a check may have, its `environment` what the check needs.
    """
    return next(iter(runners(listing)), None)
