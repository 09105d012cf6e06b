"""What steering, limits, budgets and more than one host need.

Frozen once released: it spells its tables out rather than importing them, since those of the code move on.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add what the second schema has."""
    _runs()
    _server()


def _runs() -> None:
    """What a run was started with besides its plan."""
    op.add_column("runs", sa.Column("weight", sa.Integer, nullable=False, server_default="1"))


# storage on a server


def _server() -> None:
    if op.get_context().dialect.name == "postgresql":  # SQLite's INTEGER has 64 bits already
        op.alter_column("runs", "owner_started_ticks", type_=sa.BigInteger)
    op.create_table(
        "writers",
        sa.Column("token", sa.String(26), primary_key=True),
        sa.Column("number", _long(), nullable=False),
        sa.Column("at", sa.Float, nullable=False),
    )
    op.create_table(
        "blobs",
        sa.Column("tenant", sa.String(64), primary_key=True),
        sa.Column("digest", sa.String(64), primary_key=True),
        sa.Column("piece", sa.Integer, primary_key=True),
        sa.Column("pieces", sa.Integer, nullable=False),
        sa.Column("at", sa.Float, nullable=False),
        sa.Column("content", sa.LargeBinary, nullable=False),
    )


def _long() -> sa.types.TypeEngine[int]:
    return sa.Integer().with_variant(sa.BigInteger(), "postgresql")
