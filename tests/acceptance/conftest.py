from tests.contract.sandbox.conftest import marker
from tests.person import person

__all__ = ["marker", "person"]
