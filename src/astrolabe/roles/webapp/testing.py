"""The testing agent: API tests (Jest), component tests (Vitest), and a browser that drives the built application."""

from astrolabe.roles.webapp.api_tests import WRITES as API_WRITES
from astrolabe.roles.webapp.api_tests import api_test_files
from astrolabe.roles.webapp.view import AppView
from astrolabe.roles.webapp.web_tests import WRITES as WEB_WRITES
from astrolabe.roles.webapp.web_tests import web_test_files
from astrolabe.roles.webapp.writing import Files, app_of, write
from astrolabe.sdk import Task, Workbench

WRITES = (*API_WRITES, *WEB_WRITES)


def testing_files(app: AppView) -> Files:
    """Return all tests by their path, as they are before prettier."""
    return api_test_files(app) | web_test_files(app)


class TestingAgent:
    """Writes the tests."""

    name = "testing"
    version = "1"
    purpose = "Writes the tests of a web application from its model; only for plans of the recipe `webapp`."

    async def work(self, task: Task, bench: Workbench) -> None:
        """Write the tests. Raises UnavailableError when a file is no valid code."""
        app = await app_of(bench)
        bench.say(f"{task.name}: {len(app.entities)} entities")
        await write(bench, testing_files(app), WRITES)
