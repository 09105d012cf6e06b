"""The same person as in the acceptance tests."""

from tests.person import person

__all__ = ["person"]
