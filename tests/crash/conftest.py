"""What crash tests share: a server for those whose state is on one, and a state on each database."""

from tests.integration.storage.conftest import home, homes, server

__all__ = ["home", "homes", "server"]
