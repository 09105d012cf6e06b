"""The tables, for SQLite and PostgreSQL alike. Changing one needs a migration in `migrations/versions`."""

from sqlalchemy import BigInteger, Column, Float, Index, Integer, LargeBinary, MetaData, String, Table, Text

REVISION = "0004"
"""The newest migration; a database at another one is upgraded before use, or refused when it is newer."""

metadata = MetaData()
_Long = Integer().with_variant(BigInteger(), "postgresql")
"""More than 32 bits wherever it is kept: an INTEGER of SQLite's has 64 already."""

runs = Table(
    "runs",
    metadata,
    Column("id", String(26), primary_key=True),
    Column("tenant", String(64), nullable=False),
    Column("goal", Text, nullable=False),
    Column("plan_id", String(26), nullable=False),
    Column("plan_version", Integer, nullable=False),
    Column("target", Text, nullable=False),
    Column("origin", String(64), nullable=False),
    Column("options", Text, nullable=False),
    Column("status", String(16), nullable=False),
    Column("reason", Text, nullable=False),
    Column("commit_id", String(64)),
    Column("created_at", Float, nullable=False),
    Column("finished_at", Float),
    Column("seq", Integer, nullable=False),
    Column("fence", Integer, nullable=False),
    Column("owner_token", String(26)),
    Column("owner_pid", Integer),
    Column("owner_boot_id", String(64)),
    Column("owner_started_ticks", _Long),
    Column("weight", Integer, nullable=False, server_default="1"),
    Index("runs_by_target", "tenant", "target", "created_at"),
    Index("runs_by_status", "tenant", "status", "created_at"),
    Index("runs_by_age", "tenant", "created_at", "id"),
    Index("runs_by_plan", "tenant", "plan_id"),
)

events = Table(
    "events",
    metadata,
    Column("run", String(26), primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("tenant", String(64), nullable=False),
    Column("type", String(64), nullable=False),
    Column("v", Integer, nullable=False),
    Column("at", Float, nullable=False),
    Column("task", Text),
    Column("attempt", Integer),
    Column("actor", String(64), nullable=False),
    Column("data", Text, nullable=False),
)

tasks = Table(
    "tasks",
    metadata,
    Column("run", String(26), primary_key=True),
    Column("id", Text, primary_key=True),
    Column("tenant", String(64), nullable=False),
    Column("status", String(16), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("started_at", Float),
    Column("ended_at", Float),
    Column("commit_id", String(64)),
    Column("tree", String(64)),
    Column("reason", Text, nullable=False),
)

attempts = Table(
    "attempts",
    metadata,
    Column("run", String(26), primary_key=True),
    Column("task", Text, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("tenant", String(64), nullable=False),
    Column("agent", Text, nullable=False),
    Column("started_at", Float, nullable=False),
    Column("ended_at", Float),
    Column("failure", String(16)),
    Column("reason", Text, nullable=False),
)

evidence = Table(
    "evidence",
    metadata,
    Column("run", String(26), primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("tenant", String(64), nullable=False),
    Column("task", Text, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("check_name", Text, nullable=False),
    Column("verdict", String(16), nullable=False),
    Column("inputs_digest", String(64), nullable=False),
    Column("data", Text, nullable=False),
    Index("evidence_by_inputs", "tenant", "inputs_digest", "verdict"),
)

plans = Table(
    "plans",
    metadata,
    Column("id", String(26), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("tenant", String(64), nullable=False),
    Column("created_at", Float, nullable=False),
    Column("data", Text, nullable=False),
)

inbox = Table(
    "inbox",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("run", String(26), nullable=False),
    Column("tenant", String(64), nullable=False),
    Column("verb", String(32), nullable=False),
    Column("at", Float, nullable=False),
    Column("data", Text, nullable=False),
    Index("inbox_by_run", "run", "id"),
    sqlite_autoincrement=True,  # the number of a message that was taken in and removed is never given anew
)

# storage on a server

writers = Table(
    "writers",
    metadata,
    Column("token", String(26), primary_key=True),
    Column("number", _Long, nullable=False),
    Column("at", Float, nullable=False),
)
"""How many transactions each process has committed; see `postgresql.py`. Of no tenant."""

processes = Table(
    "processes",
    metadata,
    Column("token", String(26), primary_key=True),
    Column("host", Text, nullable=False),
    Column("pid", Integer, nullable=False),
    Column("boot_id", String(64), nullable=False),
    Column("started_ticks", _Long, nullable=False),
    Column("started_at", Float, nullable=False),
    Column("heartbeat_at", Float, nullable=False),
    Column("lease_seconds", Float, nullable=False),
    Column("version", String(64), nullable=False),
    Column("kind", String(32), nullable=False),
    Column("agents", Text, nullable=False),
)
"""Who works on the state; see `processes.py`. On a server the times are by its clock. Of no tenant."""

blobs = Table(
    "blobs",
    metadata,
    Column("tenant", String(64), primary_key=True),
    Column("digest", String(64), primary_key=True),
    Column("piece", Integer, primary_key=True),
    Column("pieces", Integer, nullable=False),
    Column("at", Float, nullable=False),
    Column("content", LargeBinary, nullable=False),
)
"""Blobs on a server, in pieces; on SQLite they are files. The first piece is written last."""
# budgets: what calls reserve and are charged; an account's `run` is empty for the tenant's, `task` for a run's

accounts = Table(
    "accounts",
    metadata,
    Column("tenant", String(64), primary_key=True),
    Column("run", String(26), primary_key=True),
    Column("task", String(200), primary_key=True),
    Column("period", String(16), primary_key=True),
    Column("money_reserved", BigInteger, nullable=False),
    Column("money_spent", BigInteger, nullable=False),
    Column("tokens_reserved", BigInteger, nullable=False),
    Column("tokens_spent", BigInteger, nullable=False),
    Column("model_calls_reserved", BigInteger, nullable=False),
    Column("model_calls_spent", BigInteger, nullable=False),
    Column("tool_calls_reserved", BigInteger, nullable=False),
    Column("tool_calls_spent", BigInteger, nullable=False),
    Column("wall_seconds_reserved", BigInteger, nullable=False),
    Column("wall_seconds_spent", BigInteger, nullable=False),
)

charges = Table(
    "charges",
    metadata,
    Column("id", String(26), primary_key=True),
    Column("tenant", String(64), nullable=False),
    Column("run", String(26), nullable=False),
    Column("task", Text, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("key", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("state", String(16), nullable=False),
    Column("accounts", Text, nullable=False),
    Column("reserved", Text, nullable=False),
    Column("used", Text),
    Column("at", Float, nullable=False),
    Column("seconds", Float, nullable=False),
    Index("charges_by_run", "tenant", "run", "state"),
)

# people

approvals = Table(
    "approvals",
    metadata,
    Column("run", String(26), primary_key=True),
    Column("task", Text, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("tenant", String(64), nullable=False),
    Column("occasion", String(16), nullable=False),
    Column("question", Text, nullable=False),
    Column("asked_at", Float, nullable=False),
    Column("deadline_at", Float),
    Column("escalate_to", Text, nullable=False),
    Column("escalated_at", Float),
    Column("outcome", String(16)),
    Column("granted", Integer),
    Column("answered_at", Float),
    Column("answered_by", Text),
    Column("comment", Text),
    Index("approvals_by_outcome", "tenant", "outcome", "asked_at"),
)

# schedules; a time is kept once, with the id its run will have

schedules = Table(
    "schedules",
    metadata,
    Column("tenant", String(64), primary_key=True),
    Column("name", String(64), primary_key=True),
    Column("cron", String(200), nullable=False),
    Column("timezone", String(64), nullable=False),
    Column("plan_id", String(26), nullable=False),
    Column("plan_version", Integer, nullable=False),
    Column("workspace", Text, nullable=False),
    Column("catch_up", String(16), nullable=False),
    Column("overlap", String(16), nullable=False),
    Column("paused", Integer, nullable=False),
    Column("created_at", Float, nullable=False),
    Column("looked_at", Float, nullable=False),
)

firings = Table(
    "firings",
    metadata,
    Column("tenant", String(64), primary_key=True),
    Column("schedule", String(64), primary_key=True),
    Column("due_at", Float, primary_key=True),
    Column("run", String(26), nullable=False),
    Column("state", String(16), nullable=False),
    Column("reason", Text, nullable=False),
    Index("firings_by_state", "tenant", "state", "due_at"),
)
# tasks taken by workers on many hosts

task_leases = Table(
    "task_leases",
    metadata,
    Column("run", String(26), primary_key=True),
    Column("task", Text, primary_key=True),
    Column("tenant", String(64), nullable=False),
    Column("fence", Integer, nullable=False),
    Column("since", Integer, nullable=False),
    Column("notes", Integer, nullable=False),
)
"""Who may tell of a task. The log tells of it after `since`; the run's own row (no task) counts the notes written."""

# slots: who holds or wants what is limited over runs

slots = Table(
    "slots",
    metadata,
    Column("id", String(26), primary_key=True),
    Column("tenant", String(64), nullable=False),
    Column("run", String(26), nullable=False),
    Column("task", Text, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("agent", Text, nullable=False),
    Column("provider", Text, nullable=False),
    Column("weight", Integer, nullable=False),
    Column("priority", Integer, nullable=False),
    Column("number", BigInteger, nullable=False),
    Column("held", Integer, nullable=False),
    Column("probe", Integer, nullable=False),
    Column("tag", BigInteger, nullable=False),
    Column("turn", BigInteger, nullable=False),
    Column("owner_token", String(26), nullable=False),
    Column("owner_pid", Integer, nullable=False),
    Column("owner_boot_id", String(64), nullable=False),
    Column("owner_started_ticks", BigInteger, nullable=False),
    Index("slots_by_turn", "held", "tenant", "agent", "provider", "tag", "turn"),
    Index("slots_by_run", "run", "held"),
    Index("slots_by_owner", "owner_token", "held"),
)

slot_turns = Table(
    "slot_turns",
    metadata,
    Column("virtual", BigInteger, nullable=False),
    Column("count", BigInteger, nullable=False),
)
"""One row, which whoever changes slots locks; see `slots.py`. Of no tenant."""

# health: how those that work have fared lately

health = Table(
    "health",
    metadata,
    Column("tenant", String(64), primary_key=True),
    Column("kind", String(16), primary_key=True),
    Column("name", String(200), primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("since", Float, nullable=False),
    Column("failed_at", Float, nullable=False),
    Column("failure", String(16), nullable=False),
    Column("reason", Text, nullable=False),
    Column("run", String(26), nullable=False),
    Column("task", Text, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("reset_at", Float),
)
"""Of agents and providers that have failed; `failures` counts those in a row, `since` is when the first of them was."""

# what the tasks of a run share; versions are added, never changed

context = Table(
    "context",
    metadata,
    Column("tenant", String(64), primary_key=True),
    Column("run", String(26), primary_key=True),
    Column("key", String(200), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("value", Text, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("by", Text, nullable=False),
    Column("step", Text, nullable=False),
    Column("at", Float, nullable=False),
    Column("damaged", Integer, nullable=False),
    Index("context_by_step", "tenant", "run", "step", unique=True),
)

# skills: those of projects that a person has vouched for, and which attempts were given which

trusted_skills = Table(
    "trusted_skills",
    metadata,
    Column("tenant", String(64), primary_key=True),
    Column("digest", String(64), primary_key=True),
    Column("name", Text, nullable=False),
    Column("place", Text, nullable=False),
    Column("at", Float, nullable=False),
)

skill_uses = Table(
    "skill_uses",
    metadata,
    Column("tenant", String(64), primary_key=True),
    Column("name", String(128), primary_key=True),
    Column("run", String(26), primary_key=True),
    Column("task", Text, primary_key=True),
    Column("attempt", Integer, primary_key=True),
    Column("at", Float, nullable=False),
)

# memory: what is remembered of projects; a source and its chunks are written and removed together

memory_projects = Table(
    "memory_projects",
    metadata,
    Column("tenant", String(64), primary_key=True),
    Column("scope", String(32), primary_key=True),
    Column("project", Text, nullable=False),
    Column("revision", BigInteger, nullable=False),
)
"""`scope` is the digest of `project`, the folder of a project; `revision` grows with each change."""

memory_sources = Table(
    "memory_sources",
    metadata,
    Column("id", String(26), primary_key=True),
    Column("tenant", String(64), nullable=False),
    Column("scope", String(32), nullable=False),
    Column("key", String(32), nullable=False),
    Column("origin", String(16), nullable=False),
    Column("name", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("model", String(64), nullable=False),
    Column("chunks", Integer, nullable=False),
    Column("at", Float, nullable=False),
    Column("directions", LargeBinary, nullable=False),
    Column("words", LargeBinary, nullable=False),
    Index("memory_sources_by_key", "tenant", "scope", "key", unique=True),
)

memory_chunks = Table(
    "memory_chunks",
    metadata,
    Column("source", String(26), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("tenant", String(64), nullable=False),
    Column("text", Text, nullable=False),
    Column("first", Integer, nullable=False),
    Column("last", Integer, nullable=False),
    Column("heading", Text, nullable=False),
)
