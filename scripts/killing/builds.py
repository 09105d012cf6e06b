"""Real builds, killed at random instants and finished."""

import argparse
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from killing.orphans import orphans

ROOT = Path(__file__).resolve().parent.parent.parent
ASTROLABE = Path(sys.executable).parent / "astrolabe"
KILLS_OF_A_BUILD = 8
SHORTEST_SECONDS = 60.0
"""What a build is taken to last at least, so that the kills of the first one are spread too."""


@dataclass
class Ledger:
    """What is counted."""

    kills: int = 0
    runs: int = 0
    lost_tasks: int = 0
    begun_anew: int = 0
    repeated_tasks: int = 0
    repeated_steps: int = 0
    repeated_checks: int = 0
    trees_unlike_journal: int = 0
    orphans: int = 0
    failures: list[str] = field(default_factory=list)

    def clean(self) -> bool:
        counts = (
            self.lost_tasks,
            self.begun_anew,
            self.trees_unlike_journal,
            self.orphans,
            len(self.failures),
        )
        return not any((*counts, self.repeated_tasks, self.repeated_steps, self.repeated_checks))


def storms(options: argparse.Namespace) -> bool:
    """Kill, resume, count, print; tell whether all but the kills is 0."""
    chance = random.Random(options.seed)
    ledger = Ledger()
    home = options.work / "home"
    length = SHORTEST_SECONDS
    while ledger.kills < options.kills:
        ledger.runs += 1
        target = options.work / f"target-{ledger.runs}"
        length = storm(ledger, options, home, target, chance, length)
        print(
            f"{ledger.kills} kills, {ledger.runs} runs, {'clean' if ledger.clean() else ledger}",
            file=sys.stderr,
        )
    print(json.dumps(vars(ledger), indent=2))
    return ledger.clean()


def storm(
    ledger: Ledger,
    options: argparse.Namespace,
    home: Path,
    target: Path,
    chance: random.Random,
    length: float,
) -> float:
    """Kill one build a few times, let it end, and count; return how many seconds its processes took in all."""
    began, before = time.monotonic(), Counter()
    kills = min(KILLS_OF_A_BUILD, options.kills - ledger.kills)
    for _ in range(kills):
        process = start(options, home, target)
        try:
            judge(ledger, options, target, process.wait(chance.uniform(0.3, 2 * length / kills)))
            break
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait()
            ledger.kills += 1
        ledger.orphans += len(orphans())
        before = passed(events(home, target))
    else:
        judge(ledger, options, target, start(options, home, target).wait())
    count(ledger, target, before, events(home, target))
    return max(SHORTEST_SECONDS, time.monotonic() - began)


def judge(ledger: Ledger, options: argparse.Namespace, target: Path, code: int) -> None:
    if code != 0:
        said = log_of(options).read_text(errors="replace")
        ledger.failures.append(f"{target.name}: exit {code}: {said[-1000:]}")


def start(options: argparse.Namespace, home: Path, target: Path) -> subprocess.Popen[bytes]:
    command = [str(ASTROLABE), "build", options.brief, "--into", str(target), "--yes", "--json"]
    settings = os.environ | {"ASTROLABE_HOME": str(home), "ASTROLABE_ENGINE__REUSE_EVIDENCE": "false"}
    with log_of(options).open("wb") as log:  # a pipe nobody reads would hold up the end of a build
        return subprocess.Popen(
            command, cwd=ROOT, env=settings, stdin=subprocess.DEVNULL, stdout=log, stderr=log
        )


def log_of(options: argparse.Namespace) -> Path:
    return options.work / "build.log"


def events(home: Path, target: Path) -> dict[str, list[tuple[str, str | None, dict]]]:
    """Return type, task and data of the events of each run for a target, the first run first."""
    database = home / "state" / "astrolabe.db"
    if not database.exists():
        return {}
    query = "SELECT e.run, e.type, e.task, e.data FROM events e JOIN runs r ON r.id = e.run WHERE r.target = ? ORDER BY r.id, e.seq"
    with closing(sqlite3.connect(database)) as connection:
        try:
            found = connection.execute(query, (str(target),)).fetchall()
        except sqlite3.OperationalError:  # killed before the schema was made
            return {}
    logs: dict[str, list[tuple[str, str | None, dict]]] = {}
    for run, kind, task, data in found:
        logs.setdefault(run, []).append((kind, task, json.loads(data)))
    return logs


def passed(logs: dict[str, list[tuple[str, str | None, dict]]]) -> Counter:
    return Counter((run, task) for run, log in logs.items() for kind, task, _ in log if kind == "task.passed")


def count(
    ledger: Ledger, target: Path, before: Counter, logs: dict[str, list[tuple[str, str | None, dict]]]
) -> None:
    """Count what the logs of a target's runs tell; one killed after its end was durable is followed by another."""
    after = passed(logs)
    ledger.lost_tasks += sum((before - after).values())
    ledger.repeated_tasks += sum(number - 1 for number in after.values())
    ledger.begun_anew += sum(log[-1][0] != "run.finished" for log in logs.values())
    for log in logs.values():
        steps = Counter(data["key"] for kind, _, data in log if kind == "step.done")
        ledger.repeated_steps += sum(number - 1 for number in steps.values())
        checks = Counter((task, data["check"]) for kind, task, data in log if kind == "check.finished")
        ledger.repeated_checks += sum(number - 1 for number in checks.values())
        for kind, _, data in log:
            if kind == "task.passed":
                told = subprocess.run(
                    ["git", "-C", target, "rev-parse", f"{data['commit']}^{{tree}}"],
                    check=False,
                    capture_output=True,
                    text=True,
                )
                ledger.trees_unlike_journal += told.stdout.strip() != data["tree"]
