"""Bringing a database from any released schema to the newest."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from astrolabe.adapters.storage import schema
from astrolabe.errors import StorageError


def upgrade(connection: Connection, found: str | None) -> None:
    """Upgrade from revision `found` (None: an empty database) in the transaction that has been begun.

    Raises:
        StorageError: `found` is a revision this version does not know.
    """
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if found is not None and found not in known:
        raise StorageError(
            f"the database is at schema {found!r}, which this version of Astrolabe does not know ({schema.REVISION!r})",
            hint="Use the newer Astrolabe that wrote it; going back is not possible without losing what it added.",
        )
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
