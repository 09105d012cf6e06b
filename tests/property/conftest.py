"""The store's states are tried on both databases."""

from tests.integration.storage.conftest import homes, server

__all__ = ["homes", "server"]
