from tests.contract.sandbox.conftest import marker

__all__ = ["marker"]
