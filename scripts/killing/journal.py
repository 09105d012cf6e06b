"""Reading the state under test from outside, whatever database it is kept in. Nothing is ever written to it."""

import json
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg


@dataclass(frozen=True)
class Event:
    run: str
    seq: int
    type: str
    at: float
    task: str | None
    attempt: int | None
    actor: str
    data: dict[str, Any]

    @property
    def step(self) -> tuple[str, str]:
        """The task and the end of a step's key, as the agents' ledger names it."""
        return self.task or "", self.data["key"].split("/", 2)[2]


class Journal:
    """The rows of a state; none before its schema is there."""

    def __init__(self, state: Path, url: str | None) -> None:
        self._file = state / "astrolabe.db"
        self._url = url
        self._connection: psycopg.Connection | None = None

    def rows(self, query: str, *values: object) -> list[Sequence[Any]]:
        """Return what a query with `?` for values finds."""
        if self._url is not None:
            try:
                return self._server(self._url).execute(query.replace("?", "%s").encode(), values).fetchall()
            except psycopg.errors.UndefinedTable:
                return []
        if not self._file.exists():
            return []
        # read only: a reader that writes would be another process that takes part
        with closing(sqlite3.connect(f"file:{self._file}?mode=ro", uri=True, timeout=30)) as connection:
            try:
                return connection.execute(query, values).fetchall()
            except sqlite3.OperationalError as error:
                if "no such table" in str(error) or "unable to open" in str(error):
                    return []
                raise

    def _server(self, url: str) -> psycopg.Connection:
        """Return the one connection that is kept: to make one for each look would cost the server more than the query."""
        if self._connection is None:
            self._connection = psycopg.connect(url, autocommit=True)
        return self._connection

    def runs(self, target: Path) -> list[tuple[str, str]]:
        """Return id and status of each run for a target, the first one first."""
        return [
            tuple(row)
            for row in self.rows("SELECT id, status FROM runs WHERE target = ? ORDER BY id", str(target))
        ]

    def events(self, run: str) -> list[Event]:
        query = "SELECT run, seq, type, at, task, attempt, actor, data FROM events WHERE run = ? ORDER BY seq"
        return [Event(*row[:-1], json.loads(row[-1])) for row in self.rows(query, run)]

    def first(self, target: Path, actor: str) -> str | None:
        """Return the type of the first event that a process wrote of a run for a target, if it wrote one."""
        query = "SELECT e.type FROM events e JOIN runs r ON r.id = e.run WHERE r.target = ? AND e.actor = ? ORDER BY e.seq LIMIT 1"
        found = self.rows(query, str(target), actor)
        return found[0][0] if found else None

    def done(self, runs: Sequence[str]) -> set[tuple[str, str, str]]:
        """Return what is durable of runs and must stay: tasks that passed and steps with their replies."""
        return {
            (run, event.task or "", event.data["key"] if event.type == "step.done" else "")
            for run in runs
            for event in self.events(run)
            if event.type in {"task.passed", "step.done"}
        }
