from tests.contract.sandbox.conftest import marker
from tests.integration.storage.conftest import home, homes, server
from tests.person import person

__all__ = ["home", "homes", "marker", "person", "server"]
