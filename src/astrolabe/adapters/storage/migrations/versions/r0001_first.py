"""The first schema.

Frozen: it spells its tables out rather than importing them, since those of the code move on.
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create every table."""
    op.create_table(
        "runs",
        sa.Column("id", sa.String(26), primary_key=True),
        sa.Column("tenant", sa.String(64), nullable=False),
        sa.Column("goal", sa.Text, nullable=False),
        sa.Column("plan_id", sa.String(26), nullable=False),
        sa.Column("plan_version", sa.Integer, nullable=False),
        sa.Column("target", sa.Text, nullable=False),
        sa.Column("origin", sa.String(64), nullable=False),
        sa.Column("options", sa.Text, nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("commit_id", sa.String(64)),
        sa.Column("created_at", sa.Float, nullable=False),
        sa.Column("finished_at", sa.Float),
        sa.Column("seq", sa.Integer, nullable=False),
        sa.Column("fence", sa.Integer, nullable=False),
        sa.Column("owner_token", sa.String(26)),
        sa.Column("owner_pid", sa.Integer),
        sa.Column("owner_boot_id", sa.String(64)),
        sa.Column("owner_started_ticks", sa.Integer),
    )
    op.create_index("runs_by_target", "runs", ["tenant", "target", "created_at"])
    op.create_index("runs_by_status", "runs", ["tenant", "status", "created_at"])
    op.create_table(
        "events",
        sa.Column("run", sa.String(26), primary_key=True),
        sa.Column("seq", sa.Integer, primary_key=True),
        sa.Column("tenant", sa.String(64), nullable=False),
        sa.Column("type", sa.String(64), nullable=False),
        sa.Column("v", sa.Integer, nullable=False),
        sa.Column("at", sa.Float, nullable=False),
        sa.Column("task", sa.Text),
        sa.Column("attempt", sa.Integer),
        sa.Column("actor", sa.String(64), nullable=False),
        sa.Column("data", sa.Text, nullable=False),
    )
    _create_projections()


def _create_projections() -> None:
    op.create_table(
        "tasks",
        sa.Column("run", sa.String(26), primary_key=True),
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("tenant", sa.String(64), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("started_at", sa.Float),
        sa.Column("ended_at", sa.Float),
        sa.Column("commit_id", sa.String(64)),
        sa.Column("tree", sa.String(64)),
        sa.Column("reason", sa.Text, nullable=False),
    )
    op.create_table(
        "attempts",
        sa.Column("run", sa.String(26), primary_key=True),
        sa.Column("task", sa.Text, primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("tenant", sa.String(64), nullable=False),
        sa.Column("agent", sa.Text, nullable=False),
        sa.Column("started_at", sa.Float, nullable=False),
        sa.Column("ended_at", sa.Float),
        sa.Column("failure", sa.String(16)),
        sa.Column("reason", sa.Text, nullable=False),
    )
    op.create_table(
        "evidence",
        sa.Column("run", sa.String(26), primary_key=True),
        sa.Column("seq", sa.Integer, primary_key=True),
        sa.Column("tenant", sa.String(64), nullable=False),
        sa.Column("task", sa.Text, nullable=False),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("check_name", sa.Text, nullable=False),
        sa.Column("verdict", sa.String(16), nullable=False),
        sa.Column("inputs_digest", sa.String(64), nullable=False),
        sa.Column("data", sa.Text, nullable=False),
    )
    op.create_index("evidence_by_inputs", "evidence", ["tenant", "inputs_digest", "verdict"])
    op.create_table(
        "plans",
        sa.Column("id", sa.String(26), primary_key=True),
        sa.Column("version", sa.Integer, primary_key=True),
        sa.Column("tenant", sa.String(64), nullable=False),
        sa.Column("created_at", sa.Float, nullable=False),
        sa.Column("data", sa.Text, nullable=False),
    )
    op.create_table(
        "inbox",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("run", sa.String(26), nullable=False),
        sa.Column("tenant", sa.String(64), nullable=False),
        sa.Column("verb", sa.String(32), nullable=False),
        sa.Column("at", sa.Float, nullable=False),
        sa.Column("data", sa.Text, nullable=False),
    )
    op.create_index("inbox_by_run", "inbox", ["run", "id"])
