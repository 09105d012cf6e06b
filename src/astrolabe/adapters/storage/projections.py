"""Which rows follow from an event; written in the event's own transaction."""

import json
from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection, insert, update

from astrolabe.adapters.storage import schema
from astrolabe.domain.event import Event, EventType
from astrolabe.domain.run import TaskStatus

Project = Callable[[Connection, str, Event], None]


def project(connection: Connection, tenant: str, event: Event) -> None:
    """Bring the projections up to an event of a tenant's run; types without one change nothing."""
    write = _WRITERS.get(event.type)
    if write is not None:
        write(connection, tenant, event)


def _created(connection: Connection, tenant: str, event: Event) -> None:
    rows = [
        {
            "run": event.run,
            "id": task,
            "tenant": tenant,
            "status": TaskStatus.WAITING,
            "attempts": 0,
            "reason": "",
        }
        for task in event.data["tasks"]
    ]
    connection.execute(insert(schema.tasks), rows)


def _started(connection: Connection, tenant: str, event: Event) -> None:
    _set_task(connection, event, status=TaskStatus.RUNNING, attempts=event.attempt, started_at=event.at)
    connection.execute(
        insert(schema.attempts).values(
            run=event.run,
            task=event.task,
            number=event.attempt,
            tenant=tenant,
            agent=event.data["agent"],
            started_at=event.at,
            reason="",
        )
    )


def _passed(connection: Connection, _tenant: str, event: Event) -> None:
    data = event.data
    _set_task(
        connection,
        event,
        status=TaskStatus.PASSED,
        ended_at=event.at,
        commit_id=data["commit"],
        tree=data["tree"],
    )
    _end_attempt(connection, event, None, "")


def _failed(connection: Connection, _tenant: str, event: Event) -> None:
    data = event.data
    status = TaskStatus.FAILED if data["retry_at"] is None else TaskStatus.RETRYING
    _set_task(connection, event, status=status, ended_at=event.at, reason=data["reason"])
    _end_attempt(connection, event, data["failure"], data["reason"])


def _skipped(connection: Connection, _tenant: str, event: Event) -> None:
    _set_task(connection, event, status=event.data["status"], ended_at=event.at, reason=event.data["reason"])
    if event.attempt is not None:
        _end_attempt(connection, event, None, event.data["reason"])


def _checked(connection: Connection, tenant: str, event: Event) -> None:
    connection.execute(
        insert(schema.evidence).values(
            run=event.run,
            seq=event.seq,
            tenant=tenant,
            task=event.task,
            attempt=event.attempt,
            check_name=event.data["check"],
            verdict=event.data["verdict"],
            inputs_digest=event.data["inputs_digest"],
            data=_json(event.data),
        )
    )


def _finished(connection: Connection, _tenant: str, event: Event) -> None:
    data = event.data
    connection.execute(
        update(schema.runs)
        .where(schema.runs.c.id == event.run)
        .values(status=data["status"], reason=data["reason"], commit_id=data["commit"], finished_at=event.at)
    )


def _set_task(connection: Connection, event: Event, **values: Any) -> None:
    rows = schema.tasks
    connection.execute(update(rows).where(rows.c.run == event.run, rows.c.id == event.task).values(**values))


def _end_attempt(connection: Connection, event: Event, failure: str | None, reason: str) -> None:
    rows = schema.attempts
    connection.execute(
        update(rows)
        .where(rows.c.run == event.run, rows.c.task == event.task, rows.c.number == event.attempt)
        .values(ended_at=event.at, failure=failure, reason=reason)
    )


def _json(data: dict[str, Any]) -> str:
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"))


_WRITERS: dict[str, Project] = {
    EventType.RUN_CREATED: _created,
    EventType.TASK_STARTED: _started,
    EventType.TASK_PASSED: _passed,
    EventType.TASK_FAILED: _failed,
    EventType.TASK_SKIPPED: _skipped,
    EventType.CHECK_FINISHED: _checked,
    EventType.RUN_FINISHED: _finished,
}
