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


def _runs() -> None:
    """What a run was started with besides its plan."""
    op.add_column("runs", sa.Column("weight", sa.Integer, nullable=False, server_default="1"))
