"""What a database refuses because of the rows themselves, told apart from what it cannot do just now."""

from astrolabe.errors import StorageError


class RefusedRowsError(Exception):
    """The rows, not the database, are at fault: writing the others without them would work. Stays inside this package."""


def as_storage_error(error: Exception) -> Exception:
    """Return what a caller is told of an error that ended its write."""
    if not isinstance(error, RefusedRowsError):
        return error
    told = StorageError(
        f"the database refused what was to be written: {error}",
        hint="Nothing of it was written. If it says the same again, please report it.",
    )
    told.__cause__ = error
    return told
