"""Which rows follow from an event; written in the event's own transaction."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import bindparam, insert, update
from sqlalchemy.sql.dml import Update

from astrolabe.adapters.storage import schema
from astrolabe.adapters.storage.rows import Rows, Statement, json_text
from astrolabe.domain.event import Event, EventType
from astrolabe.domain.task import TaskStatus

FollowUp = Callable[[Rows, str, Event], None]


def follow_ups(rows: Rows, tenant: str, event: Event) -> None:
    """Add what brings the projections up to an event of a tenant's run; types without one add nothing."""
    add = _FOLLOW_UPS.get(event.type)
    if add is not None:
        add(rows, tenant, event)


def _created(rows: Rows, tenant: str, event: Event) -> None:
    for task in event.data["tasks"]:
        row = {
            "run": event.run,
            "id": task,
            "tenant": tenant,
            "status": TaskStatus.WAITING,
            "attempts": 0,
            "reason": "",
        }
        rows.add(ADD_TASK, row, ("task", event.run, task))


def _started(rows: Rows, tenant: str, event: Event) -> None:
    _task(rows, START_TASK, event, status=TaskStatus.RUNNING, attempts=event.attempt, started_at=event.at)
    row = {
        "run": event.run,
        "task": event.task,
        "number": event.attempt,
        "tenant": tenant,
        "agent": event.data["agent"],
        "started_at": event.at,
        "reason": "",
    }
    rows.add(ADD_ATTEMPT, row, ("attempt", event.run, event.task, event.attempt))


def _passed(rows: Rows, _tenant: str, event: Event) -> None:
    data = event.data
    _task(
        rows,
        PASS_TASK,
        event,
        status=TaskStatus.PASSED,
        ended_at=event.at,
        commit_id=data["commit"],
        tree=data["tree"],
    )
    _end_attempt(rows, event, None, "")


def _failed(rows: Rows, _tenant: str, event: Event) -> None:
    data = event.data
    status = TaskStatus.FAILED if data["retry_at"] is None else TaskStatus.RETRYING
    _task(rows, END_TASK, event, status=status, ended_at=event.at, reason=data["reason"])
    _end_attempt(rows, event, data["failure"], data["reason"])


def _skipped(rows: Rows, _tenant: str, event: Event) -> None:
    data = event.data
    _task(rows, END_TASK, event, status=data["status"], ended_at=event.at, reason=data["reason"])
    if event.attempt is not None:
        _end_attempt(rows, event, None, data["reason"])


def _checked(rows: Rows, tenant: str, event: Event) -> None:
    row = {
        "run": event.run,
        "seq": event.seq,
        "tenant": tenant,
        "task": event.task,
        "attempt": event.attempt,
        "check_name": event.data["check"],
        "verdict": event.data["verdict"],
        "inputs_digest": event.data["inputs_digest"],
        "data": json_text(event.data),
    }
    rows.add(ADD_EVIDENCE, row, ("evidence", event.run, event.seq))


def _finished(rows: Rows, _tenant: str, event: Event) -> None:
    data = event.data
    row = {
        "_run": event.run,
        "status": data["status"],
        "reason": data["reason"],
        "commit_id": data["commit"],
        "finished_at": event.at,
    }
    rows.add(END_RUN, row, ("runs", event.run))


def _task(rows: Rows, statement: Statement, event: Event, **values: Any) -> None:
    key = ("task", event.run, event.task)
    rows.add(statement, {"_run": event.run, "_task": event.task, **values}, key)


def _end_attempt(rows: Rows, event: Event, failure: str | None, reason: str) -> None:
    row = {
        "_run": event.run,
        "_task": event.task,
        "_number": event.attempt,
        "ended_at": event.at,
        "failure": failure,
        "reason": reason,
    }
    rows.add(END_ATTEMPT, row, ("attempt", event.run, event.task, event.attempt))


def _setting(query: Update, *columns: str) -> Statement:
    return Statement(query.values({column: bindparam(column) for column in columns}))


_tasks, _attempts = schema.tasks, schema.attempts
_THE_TASK = update(_tasks).where(_tasks.c.run == bindparam("_run"), _tasks.c.id == bindparam("_task"))
_THE_ATTEMPT = update(_attempts).where(
    _attempts.c.run == bindparam("_run"),
    _attempts.c.task == bindparam("_task"),
    _attempts.c.number == bindparam("_number"),
)
_THE_RUN = update(schema.runs).where(schema.runs.c.id == bindparam("_run"))

ADD_TASK = Statement(insert(_tasks), ("run", "id", "tenant", "status", "attempts", "reason"))
START_TASK = _setting(_THE_TASK, "status", "attempts", "started_at")
PASS_TASK = _setting(_THE_TASK, "status", "ended_at", "commit_id", "tree")
END_TASK = _setting(_THE_TASK, "status", "ended_at", "reason")
ADD_ATTEMPT = Statement(
    insert(_attempts), ("run", "task", "number", "tenant", "agent", "started_at", "reason")
)
END_ATTEMPT = _setting(_THE_ATTEMPT, "ended_at", "failure", "reason")
ADD_EVIDENCE = Statement(insert(schema.evidence), tuple(schema.evidence.c.keys()))
END_RUN = _setting(_THE_RUN, "status", "reason", "commit_id", "finished_at")

_FOLLOW_UPS: dict[str, FollowUp] = {
    EventType.RUN_CREATED: _created,
    EventType.TASK_STARTED: _started,
    EventType.TASK_PASSED: _passed,
    EventType.TASK_FAILED: _failed,
    EventType.TASK_SKIPPED: _skipped,
    EventType.CHECK_FINISHED: _checked,
    EventType.RUN_FINISHED: _finished,
}
