"""Record histories of runs with the code that is installed beside this interpreter: histories.py FOLDER.

Run it with an interpreter of the environment of any commit; what that code cannot do yet is left out. The files belong to
`tests/data/histories/rules-N`: whatever is changed later, they must still fold, and be decided, as they were.
"""

import json
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from killing.home import Home
from pydantic import TypeAdapter

from astrolabe.domain.event import Event, EventType
from astrolabe.domain.run import RunState

LONGEST_SECONDS = 120.0
PARALLEL = 2
STEERED = hasattr(EventType, "RUN_PAUSED")
"""Whether this code can pause, ask, fork, plan anew and stop at a budget."""
COLUMNS = ("run", "seq", "type", "v", "at", "task", "attempt", "actor", "data")
ROWS = f"SELECT {', '.join(COLUMNS)} FROM events WHERE run = ? ORDER BY seq"


class Recorder:
    """A home in which runs are made one after another."""

    def __init__(self, folder: Path) -> None:
        self._home = Home(folder, None, plugin="history_agents:plugin")
        self._home.settings["ASTROLABE_ENGINE__PARALLEL_TASKS"] = str(PARALLEL)
        self._file = self._home.state / "astrolabe.db"

    def begin(self, name: str, tasks: list[dict[str, Any]], **more: Any) -> subprocess.Popen[bytes]:
        plan = self._home.folder / "plans" / f"{name}.json"
        plan.write_text(json.dumps({"goal": name, "tasks": tasks, **more}))
        target = self._home.folder / "targets" / name
        return self._home.start("run", str(plan), "--workspace", str(target))

    def do(self, *words: str) -> None:
        self._home.start(*words).wait(LONGEST_SECONDS)

    def start(self, *words: str) -> subprocess.Popen[bytes]:
        return self._home.start(*words)

    def rows(self, query: str, *values: object) -> list[Any]:
        if not self._file.exists():
            return []
        with closing(sqlite3.connect(f"file:{self._file}?mode=ro", uri=True, timeout=30)) as connection:
            try:
                return connection.execute(query, values).fetchall()
            except sqlite3.OperationalError:  # before the schema is there
                return []

    def run(self) -> str:
        return self.rows("SELECT id FROM runs ORDER BY created_at DESC LIMIT 1")[0][0]

    def wait_for(self, kind: str, task: str | None = None) -> None:
        """Wait until the newest run has an event."""
        query = "SELECT 1 FROM events WHERE run = (SELECT id FROM runs ORDER BY created_at DESC LIMIT 1) AND type = ? AND task IS ?"
        deadline = time.monotonic() + LONGEST_SECONDS
        while not self.rows(query, kind, task):
            if time.monotonic() > deadline:
                raise TimeoutError(kind)
            time.sleep(0.02)

    def history(self) -> dict[str, Any]:
        run = self.run()
        rows = [
            {**dict(zip(COLUMNS, row, strict=True)), "data": json.loads(row[-1])}
            for row in self.rows(ROWS, run)
        ]
        events = [Event(**row) for row in rows]
        state = TypeAdapter(RunState).dump_python(RunState(run).apply(events), mode="json")
        state["intended"].sort()
        query = "SELECT data FROM plans WHERE id = (SELECT plan_id FROM runs WHERE id = ?) ORDER BY version"
        plans = [json.loads(data) for (data,) in self.rows(query, run)]
        return {
            "parallel": PARALLEL,
            "plans": plans,
            "events": [{name: value for name, value in row.items() if value is not None} for row in rows],
            "state": state,
        }


def task(name: str, *needs: str, run: str = "true", **more: Any) -> dict[str, Any]:
    line = f"{run} && echo {name} > {name}.txt"
    check = {"name": "there", "run": f"test -s {name}.txt"}
    return {"id": name, "agent": "command", "inputs": {"run": line}, "depends_on": list(needs)} | {
        "writes": [f"{name}.txt"],
        "checks": [check],
        **more,
    }


DIAMOND = [task("top"), task("left", "top"), task("right", "top", priority=5), task("end", "left", "right")]
SOON = {"base": 0.05, "max": 1, "jitter": 0.1}


def passed(recorder: Recorder) -> None:
    recorder.begin("passed", DIAMOND).wait(LONGEST_SECONDS)


def failed(recorder: Recorder) -> None:
    tasks = [
        task("good"),
        task("bad", run="false", agent="shaky", retries=2, backoff=SOON),
        task("after", "bad"),
        task("other"),
    ]
    recorder.begin("failed", tasks, on_failure="keep-going").wait(LONGEST_SECONDS)


def failed_fast(recorder: Recorder) -> None:
    tasks = [task("bad", run="false"), task("long", run="sleep 1"), task("third"), task("after", "bad")]
    recorder.begin("failed-fast", tasks).wait(LONGEST_SECONDS)


def cancelled(recorder: Recorder) -> None:
    running = recorder.begin(
        "cancelled", [task("first"), task("long", "first", run="sleep 60"), task("after", "long")]
    )
    recorder.wait_for("task.started", "long")
    recorder.do("runs", "cancel", recorder.run())
    running.wait(LONGEST_SECONDS)


def cut_off(recorder: Recorder) -> None:
    running = recorder.begin(
        "cut-off", [task("first"), task("long", "first", run="sleep 60"), task("after", "long")]
    )
    recorder.wait_for("step.intended", "long")
    running.send_signal(signal.SIGKILL)
    running.wait()


def taken_up(recorder: Recorder) -> None:
    running = recorder.begin(
        "taken-up", [task("first"), task("long", "first", run="sleep 2"), task("after", "long")]
    )
    recorder.wait_for("step.intended", "long")
    running.send_signal(signal.SIGKILL)
    running.wait()
    recorder.do("resume", recorder.run())


def approved(recorder: Recorder) -> None:
    asked = {"question": "Shall it?", "escalate_after": 0.3, "escalate_to": "the chief"}
    running = recorder.begin(
        "approved", [task("first"), task("asked", "first", approval=asked), task("after", "asked")]
    )
    recorder.wait_for("approval.escalated", "asked")
    recorder.do("approvals", "approve", recorder.run(), "asked")
    running.wait(LONGEST_SECONDS)


def unanswered(recorder: Recorder) -> None:
    denied, granted = (
        {"question": "Well?", "deadline": 0.4, "unanswered": way} for way in ("deny", "approve")
    )
    tasks = [
        task("no", approval=denied),
        task("yes", approval=granted),
        task("after", "no"),
        task("then", "yes"),
    ]
    recorder.begin("unanswered", tasks, on_failure="keep-going").wait(LONGEST_SECONDS)


def fallback(recorder: Recorder) -> None:
    tasks = [
        task("hard", agent="shaky", fallback=["command"], retries=1, backoff=SOON),
        task("after", "hard"),
    ]
    recorder.begin("fallback", tasks).wait(LONGEST_SECONDS)


def paused(recorder: Recorder) -> None:
    running = recorder.begin("paused", [task("first", run="sleep 12"), task("second", "first")])
    recorder.wait_for("step.intended", "first")
    recorder.do("runs", "pause", recorder.run())
    running.wait(LONGEST_SECONDS)
    recorder.do("resume", recorder.run())


def forked(recorder: Recorder) -> None:
    recorder.begin("forked", DIAMOND).wait(LONGEST_SECONDS)
    recorder.do("runs", "fork", recorder.run(), "--from", "right")


def retried(recorder: Recorder) -> None:
    recorder.begin("retried", [task("first"), task("bad", "first", run="false"), task("after", "bad")]).wait(
        LONGEST_SECONDS
    )
    recorder.do("runs", "retry", recorder.run())


def replanned(recorder: Recorder) -> None:
    tasks = [task("first"), task("hard", "first", agent="shaky", healing=["split"]), task("after", "hard")]
    recorder.begin("replanned", tasks).wait(LONGEST_SECONDS)


def asked_again(recorder: Recorder) -> None:
    running = recorder.begin(
        "asked-again", [task("hard", agent="shaky", healing=["replan", "ask"]), task("after", "hard")]
    )
    recorder.wait_for("approval.requested", "hard")
    recorder.do("approvals", "deny", recorder.run(), "hard", "--comment", "enough")
    running.wait(LONGEST_SECONDS)


def over_budget(recorder: Recorder) -> None:
    tasks = [task("first"), task("second", "first"), task("third", "second")]
    recorder.begin("over-budget", tasks, budget={"tool_calls": 2}).wait(LONGEST_SECONDS)


ALWAYS: tuple[Callable[[Recorder], None], ...] = (passed, failed, failed_fast, cancelled, cut_off, taken_up)
WHEN_STEERED = (approved, unanswered, fallback, paused, forked, retried, replanned, asked_again, over_budget)


def main() -> None:
    into = Path(sys.argv[1])
    into.mkdir(parents=True, exist_ok=True)
    for record in (*ALWAYS, *(WHEN_STEERED if STEERED else ())):
        with tempfile.TemporaryDirectory() as folder:
            recorder = Recorder(Path(folder))
            record(recorder)
            history = recorder.history()
        name = record.__name__.replace("_", "-")
        (into / f"{name}.json").write_text(json.dumps(history, ensure_ascii=False, indent=1) + "\n")
        print(name, history["state"]["status"], len(history["events"]), "events")


if __name__ == "__main__":
    main()
