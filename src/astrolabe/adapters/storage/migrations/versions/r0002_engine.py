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
    _budgets()
    _approvals()
    _schedules()
    _task_leases()
    _slots()
    _health()
    _context()


def _runs() -> None:
    """What a run was started with besides its plan."""
    op.add_column("runs", sa.Column("weight", sa.Integer, nullable=False, server_default="1"))


# storage on a server


def _server() -> None:
    op.create_index("runs_by_age", "runs", ["tenant", "created_at", "id"])
    op.create_index("runs_by_plan", "runs", ["tenant", "plan_id"])
    if op.get_context().dialect.name == "sqlite":
        _number_messages_once()
    if op.get_context().dialect.name == "postgresql":  # SQLite's INTEGER has 64 bits already
        op.alter_column("runs", "owner_started_ticks", type_=sa.BigInteger)
    op.create_table(
        "writers",
        sa.Column("token", sa.String(26), primary_key=True),
        sa.Column("number", _long(), nullable=False),
        sa.Column("at", sa.Float, nullable=False),
    )
    op.create_table(
        "processes",
        sa.Column("token", sa.String(26), primary_key=True),
        sa.Column("host", sa.Text, nullable=False),
        sa.Column("pid", sa.Integer, nullable=False),
        sa.Column("boot_id", sa.String(64), nullable=False),
        sa.Column("started_ticks", _long(), nullable=False),
        sa.Column("started_at", sa.Float, nullable=False),
        sa.Column("heartbeat_at", sa.Float, nullable=False),
        sa.Column("lease_seconds", sa.Float, nullable=False),
        sa.Column("version", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("agents", sa.Text, nullable=False),
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


def _number_messages_once() -> None:
    """Make the inbox anew so that SQLite does not give the number of a removed message again; a sequence never does."""
    op.drop_index("inbox_by_run", "inbox")
    op.rename_table("inbox", "inbox_before")
    op.create_table(
        "inbox",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("run", sa.String(26), nullable=False),
        sa.Column("tenant", sa.String(64), nullable=False),
        sa.Column("verb", sa.String(32), nullable=False),
        sa.Column("at", sa.Float, nullable=False),
        sa.Column("data", sa.Text, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("inbox_by_run", "inbox", ["run", "id"])
    op.execute("INSERT INTO inbox SELECT id, run, tenant, verb, at, data FROM inbox_before")
    op.drop_table("inbox_before")


def _long() -> sa.types.TypeEngine[int]:
    return sa.Integer().with_variant(sa.BigInteger(), "postgresql")


def _budgets() -> None:
    """What calls reserve and are charged."""
    op.create_table(
        "accounts",
        sa.Column("tenant", sa.String(64), primary_key=True),
        sa.Column("run", sa.String(26), primary_key=True),
        sa.Column("task", sa.String(200), primary_key=True),
        sa.Column("period", sa.String(16), primary_key=True),
        sa.Column("money_reserved", sa.BigInteger, nullable=False),
        sa.Column("money_spent", sa.BigInteger, nullable=False),
        sa.Column("tokens_reserved", sa.BigInteger, nullable=False),
        sa.Column("tokens_spent", sa.BigInteger, nullable=False),
        sa.Column("model_calls_reserved", sa.BigInteger, nullable=False),
        sa.Column("model_calls_spent", sa.BigInteger, nullable=False),
        sa.Column("tool_calls_reserved", sa.BigInteger, nullable=False),
        sa.Column("tool_calls_spent", sa.BigInteger, nullable=False),
        sa.Column("wall_seconds_reserved", sa.BigInteger, nullable=False),
        sa.Column("wall_seconds_spent", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "charges",
        sa.Column("id", sa.String(26), primary_key=True),
        sa.Column("tenant", sa.String(64), nullable=False),
        sa.Column("run", sa.String(26), nullable=False),
        sa.Column("task", sa.Text, nullable=False),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("accounts", sa.Text, nullable=False),
        sa.Column("reserved", sa.Text, nullable=False),
        sa.Column("used", sa.Text),
        sa.Column("at", sa.Float, nullable=False),
        sa.Column("seconds", sa.Float, nullable=False),
    )
    op.create_index("charges_by_run", "charges", ["tenant", "run", "state"])


# people


def _approvals() -> None:
    """What people were asked."""
    op.create_table(
        "approvals",
        sa.Column("run", sa.String(26), primary_key=True),
        sa.Column("task", sa.Text, primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("tenant", sa.String(64), nullable=False),
        sa.Column("occasion", sa.String(16), nullable=False),
        sa.Column("question", sa.Text, nullable=False),
        sa.Column("asked_at", sa.Float, nullable=False),
        sa.Column("deadline_at", sa.Float),
        sa.Column("escalate_to", sa.Text, nullable=False),
        sa.Column("escalated_at", sa.Float),
        sa.Column("outcome", sa.String(16)),
        sa.Column("granted", sa.Integer),
        sa.Column("answered_at", sa.Float),
        sa.Column("answered_by", sa.Text),
        sa.Column("comment", sa.Text),
    )
    op.create_index("approvals_by_outcome", "approvals", ["tenant", "outcome", "asked_at"])


def _schedules() -> None:
    """When work begins by itself."""
    op.create_table(
        "schedules",
        sa.Column("tenant", sa.String(64), primary_key=True),
        sa.Column("name", sa.String(64), primary_key=True),
        sa.Column("cron", sa.String(200), nullable=False),
        sa.Column("timezone", sa.String(64), nullable=False),
        sa.Column("plan_id", sa.String(26), nullable=False),
        sa.Column("plan_version", sa.Integer, nullable=False),
        sa.Column("workspace", sa.Text, nullable=False),
        sa.Column("catch_up", sa.String(16), nullable=False),
        sa.Column("overlap", sa.String(16), nullable=False),
        sa.Column("paused", sa.Integer, nullable=False),
        sa.Column("created_at", sa.Float, nullable=False),
        sa.Column("looked_at", sa.Float, nullable=False),
    )
    op.create_table(
        "firings",
        sa.Column("tenant", sa.String(64), primary_key=True),
        sa.Column("schedule", sa.String(64), primary_key=True),
        sa.Column("due_at", sa.Float, primary_key=True),
        sa.Column("run", sa.String(26), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
    )
    op.create_index("firings_by_state", "firings", ["tenant", "state", "due_at"])


# tasks taken by workers on many hosts


def _task_leases() -> None:
    op.create_table(
        "task_leases",
        sa.Column("run", sa.String(26), primary_key=True),
        sa.Column("task", sa.Text, primary_key=True),
        sa.Column("tenant", sa.String(64), nullable=False),
        sa.Column("fence", sa.Integer, nullable=False),
        sa.Column("since", sa.Integer, nullable=False),
        sa.Column("notes", sa.Integer, nullable=False),
    )


# slots


def _slots() -> None:
    """What is limited over runs: who holds it, and who waits for it."""
    op.create_table(
        "slots",
        sa.Column("id", sa.String(26), primary_key=True),
        sa.Column("tenant", sa.String(64), nullable=False),
        sa.Column("run", sa.String(26), nullable=False),
        sa.Column("task", sa.Text, nullable=False),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("agent", sa.Text, nullable=False),
        sa.Column("provider", sa.Text, nullable=False),
        sa.Column("weight", sa.Integer, nullable=False),
        sa.Column("priority", sa.Integer, nullable=False),
        sa.Column("number", sa.BigInteger, nullable=False),
        sa.Column("held", sa.Integer, nullable=False),
        sa.Column("probe", sa.Integer, nullable=False),
        sa.Column("tag", sa.BigInteger, nullable=False),
        sa.Column("turn", sa.BigInteger, nullable=False),
        sa.Column("owner_token", sa.String(26), nullable=False),
        sa.Column("owner_pid", sa.Integer, nullable=False),
        sa.Column("owner_boot_id", sa.String(64), nullable=False),
        sa.Column("owner_started_ticks", sa.BigInteger, nullable=False),
    )
    op.create_index("slots_by_turn", "slots", ["held", "tenant", "agent", "provider", "tag", "turn"])
    op.create_index("slots_by_run", "slots", ["run", "held"])
    op.create_index("slots_by_owner", "slots", ["owner_token", "held"])
    turns = op.create_table(
        "slot_turns",
        sa.Column("virtual", sa.BigInteger, nullable=False),
        sa.Column("count", sa.BigInteger, nullable=False),
    )
    op.bulk_insert(turns, [{"virtual": 0, "count": 0}])


# health


def _health() -> None:
    """How agents and providers have fared lately."""
    op.create_table(
        "health",
        sa.Column("tenant", sa.String(64), primary_key=True),
        sa.Column("kind", sa.String(16), primary_key=True),
        sa.Column("name", sa.String(200), primary_key=True),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("since", sa.Float, nullable=False),
        sa.Column("failed_at", sa.Float, nullable=False),
        sa.Column("failure", sa.String(16), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("run", sa.String(26), nullable=False),
        sa.Column("task", sa.Text, nullable=False),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("reset_at", sa.Float),
    )


def _context() -> None:
    """What the tasks of a run share."""
    op.create_table(
        "context",
        sa.Column("tenant", sa.String(64), primary_key=True),
        sa.Column("run", sa.String(26), primary_key=True),
        sa.Column("key", sa.String(200), primary_key=True),
        sa.Column("version", sa.Integer, primary_key=True),
        sa.Column("value", sa.Text, nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("step", sa.Text, nullable=False),
        sa.Column("at", sa.Float, nullable=False),
        sa.Column("damaged", sa.Integer, nullable=False),
    )
    op.create_index("context_by_step", "context", ["tenant", "run", "step"], unique=True)
