"""Which rows follow from an event; written in the event's own transaction."""

from collections.abc import Callable, Iterable
from typing import Any

from sqlalchemy import bindparam, delete, insert, update
from sqlalchemy.sql.dml import Update

from astrolabe.adapters.storage import health, schema
from astrolabe.adapters.storage.rows import Rows, Statement, json_text
from astrolabe.domain.event import Event, EventType
from astrolabe.domain.run import RunStatus
from astrolabe.domain.task import Outcome, TaskStatus, status_after_failure

FollowUp = Callable[[Rows, str, Event], None]


def follow_ups(rows: Rows, tenant: str, event: Event) -> None:
    """Add what brings the projections up to an event of a tenant's run; types without one add nothing."""
    add = _FOLLOW_UPS.get(event.type)
    if add is not None:
        add(rows, tenant, event)


def _created(rows: Rows, tenant: str, event: Event) -> None:
    for task in event.data["tasks"]:
        _add_task(rows, tenant, event, task)


def _add_task(rows: Rows, tenant: str, event: Event, task: str) -> None:
    row = {
        "run": event.run,
        "id": task,
        "tenant": tenant,
        "status": TaskStatus.WAITING,
        "attempts": 0,
        "reason": "",
    }
    rows.add(ADD_TASK, row, ("task", event.run, task))


def _replanned(rows: Rows, tenant: str, event: Event) -> None:
    """What begins anew gets a new row; what is gone loses its own."""
    data = event.data
    for task in data["dropped"]:
        _close_question(rows, event, task)
        rows.add(DROP_TASK, {"_run": event.run, "_task": task}, ("task", event.run, task))
    for task in data["added"]:
        _add_task(rows, tenant, event, task)
    _wait_again(rows, event, data["again"])
    values = {"_run": event.run, "plan_version": data["plan"]["version"]}
    rows.add(CHANGE_PLAN, values, ("runs", event.run))


def _reopened(rows: Rows, _tenant: str, event: Event) -> None:
    _wait_again(rows, event, event.data["tasks"])
    _run_is(RunStatus.RUNNING)(rows, _tenant, event)


def _wait_again(rows: Rows, event: Event, tasks: Iterable[str]) -> None:
    for task in sorted(tasks):
        _close_question(rows, event, task)
        row = {"_run": event.run, "_task": task, "status": TaskStatus.WAITING, "ended_at": None, "reason": ""}
        rows.add(END_TASK, row, ("task", event.run, task))


def _run_is(status: RunStatus) -> FollowUp:
    def follow(rows: Rows, _tenant: str, event: Event) -> None:
        row = {"_run": event.run, "status": status, "reason": "", "commit_id": None, "finished_at": None}
        rows.add(END_RUN, row, ("runs", event.run))

    return follow


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


def _adopted(rows: Rows, _tenant: str, event: Event) -> None:
    data = event.data
    row = {"commit_id": data["commit"], "tree": data["tree"]}
    _task(rows, PASS_TASK, event, status=TaskStatus.PASSED, ended_at=event.at, **row)


def _failed(rows: Rows, tenant: str, event: Event) -> None:
    data = event.data
    health.failed(rows, tenant, event)
    status = status_after_failure(data)
    _task(rows, END_TASK, event, status=status, ended_at=event.at, reason=data["reason"])
    _end_attempt(rows, event, data["failure"], data["reason"])


def _not_healed(rows: Rows, _tenant: str, event: Event) -> None:
    status = status_after_failure(event.data)
    _task(rows, END_TASK, event, status=status, ended_at=event.at, reason=event.data["reason"])


def _asked(rows: Rows, tenant: str, event: Event) -> None:
    data = event.data
    row = {
        **_question(event),
        "tenant": tenant,
        "occasion": data["occasion"],
        "question": data["question"],
        "asked_at": event.at,
        "deadline_at": data["deadline_at"],
        "escalate_to": data["escalate_to"],
    }
    rows.add(ADD_APPROVAL, row, _key_of_question(event))
    _task(rows, END_TASK, event, status=TaskStatus.ASKING, ended_at=None, reason="")


def _escalated(rows: Rows, _tenant: str, event: Event) -> None:
    row = {**_the_question(event), "escalated_at": event.at}
    rows.add(ESCALATE, row, _key_of_question(event))


def _answered(rows: Rows, _tenant: str, event: Event) -> None:
    data = event.data
    row = {
        **_the_question(event),
        "outcome": data["outcome"],
        "granted": int(data["granted"]),
        "answered_at": event.at,
        "answered_by": data["by"],
        "comment": data["comment"],
    }
    rows.add(ANSWER, row, _key_of_question(event))
    status = TaskStatus.WAITING if data["granted"] else TaskStatus.FAILED
    ended_at = None if data["granted"] else event.at
    _task(rows, END_TASK, event, status=status, ended_at=ended_at, reason=data["reason"])


def _close_question(rows: Rows, event: Event, task: str) -> None:
    """End what a task may still ask: nothing is to come of an answer."""
    row = {"_run": event.run, "_task": task, "outcome": Outcome.UNANSWERED, "answered_at": event.at}
    rows.add(CLOSE_QUESTION, row, ("approvals", event.run, task))


def _question(event: Event) -> dict[str, Any]:
    return {"run": event.run, "task": event.task, "number": event.data["number"]}


def _the_question(event: Event) -> dict[str, Any]:
    return {f"_{name}": value for name, value in _question(event).items()}


def _key_of_question(event: Event) -> tuple[Any, ...]:
    return ("approvals", event.run, event.task)


def _skipped(rows: Rows, _tenant: str, event: Event) -> None:
    data = event.data
    _task(rows, END_TASK, event, status=data["status"], ended_at=event.at, reason=data["reason"])
    if event.attempt is not None:
        _end_attempt(rows, event, None, data["reason"])
    elif event.task is not None:
        _close_question(rows, event, event.task)


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
_approvals = schema.approvals
_THE_APPROVAL = update(_approvals).where(
    _approvals.c.run == bindparam("_run"),
    _approvals.c.task == bindparam("_task"),
    _approvals.c.number == bindparam("_number"),
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
DROP_TASK = Statement(
    delete(_tasks).where(_tasks.c.run == bindparam("_run"), _tasks.c.id == bindparam("_task"))
)
CHANGE_PLAN = _setting(_THE_RUN, "plan_version")
ADD_APPROVAL = Statement(
    insert(_approvals),
    (
        "run",
        "task",
        "number",
        "tenant",
        "occasion",
        "question",
        "asked_at",
        "deadline_at",
        "escalate_to",
    ),
)
ESCALATE = _setting(_THE_APPROVAL, "escalated_at")
CLOSE_QUESTION = Statement(
    update(_approvals)
    .where(
        _approvals.c.run == bindparam("_run"),
        _approvals.c.task == bindparam("_task"),
        _approvals.c.outcome.is_(None),
    )
    .values(outcome=bindparam("outcome"), answered_at=bindparam("answered_at"))
)
ANSWER = _setting(_THE_APPROVAL, "outcome", "granted", "answered_at", "answered_by", "comment")
ADD_EVIDENCE = Statement(insert(schema.evidence), tuple(schema.evidence.c.keys()))
END_RUN = _setting(_THE_RUN, "status", "reason", "commit_id", "finished_at")

_FOLLOW_UPS: dict[str, FollowUp] = {
    EventType.RUN_CREATED: _created,
    EventType.RUN_PAUSED: _run_is(RunStatus.PAUSED),
    EventType.RUN_RESUMED: _run_is(RunStatus.RUNNING),
    EventType.RUN_REOPENED: _reopened,
    EventType.PLAN_CHANGED: _replanned,
    EventType.TASK_ADOPTED: _adopted,
    EventType.TASK_NOT_HEALED: _not_healed,
    EventType.APPROVAL_REQUESTED: _asked,
    EventType.APPROVAL_ESCALATED: _escalated,
    EventType.APPROVAL_ANSWERED: _answered,
    EventType.TASK_STARTED: _started,
    EventType.TASK_WORKED: health.worked,
    EventType.TASK_PASSED: _passed,
    EventType.TASK_FAILED: _failed,
    EventType.TASK_SKIPPED: _skipped,
    EventType.CHECK_FINISHED: _checked,
    EventType.RUN_FINISHED: _finished,
}
