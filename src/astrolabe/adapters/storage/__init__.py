"""The store: SQLite through SQLAlchemy, migrations, blobs, ownership of runs."""
