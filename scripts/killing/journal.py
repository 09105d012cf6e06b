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

    def rows(self, query: str, *values: object) -> list[Sequence[Any]]:
        """Return what a query with `?` for values finds."""
        if self._url is not None:
            with psycopg.connect(self._url, autocommit=True) as connection:
                try:
                    return connection.execute(query.replace("?", "%s").encode(), values).fetchall()
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

    def runs(self, target: Path) -> list[tuple[str, str]]:
        """Return id and status of each run for a target, the first one first."""
        return [
            tuple(row)
            for row in self.rows("SELECT id, status FROM runs WHERE target = ? ORDER BY id", str(target))
        ]

    def events(self, run: str) -> list[Event]:
        query = "SELECT run, seq, type, at, task, attempt, actor, data FROM events WHERE run = ? ORDER BY seq"
        return [Event(*row[:-1], json.loads(row[-1])) for row in self.rows(query, run)]

    def done(self) -> set[tuple[str, str, str]]:
        """Return what is durable and must stay: tasks that passed and steps with their replies."""
        query = "SELECT run, type, task, data FROM events WHERE type IN ('task.passed', 'step.done')"
        return {
            (run, task, json.loads(data)["key"] if kind == "step.done" else "")
            for run, kind, task, data in self.rows(query)
        }
