"""What all trials of an evaluation come to: shares with intervals, failures by cause, cost and time; two held side by side."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from astrolabe.domain.evidence import Verdict
from astrolabe.evaluation.statistics import Interval, difference, wilson
from astrolabe.evaluation.suite import Suite
from astrolabe.evaluation.trial import Cause, Contestant, Trial

SHAPE = "astrolabe.eval/1"


@dataclass(frozen=True)
class Evaluation:
    """A suite's trials of one contestant, in the order of the suite, `repeat` for each task."""

    suite: Suite
    contestant: Contestant
    repeat: int
    trials: tuple[Trial, ...]

    @property
    def counted(self) -> tuple[Trial, ...]:
        """Trials that say something of the contestant."""
        return tuple(trial for trial in self.trials if trial.cause is None or trial.cause.counts)

    @property
    def passed(self) -> int:
        return sum(trial.passed for trial in self.counted)

    def document(self) -> dict[str, Any]:
        """Return it as JSON: `total`, `passed`, `pass_rate` with its `interval`, `tasks`, `failures`, cost and time."""
        counted = self.counted
        found = wilson(self.passed, len(counted))
        return {
            "shape": SHAPE,
            "suite": {"name": self.suite.name, "digest": self.suite.digest(), "tasks": len(self.suite.tasks)},
            "agent": self.contestant.agent,
            "agent_version": self.contestant.version,
            "setting": self.contestant.setting,
            "repeat": self.repeat,
            "total": len(counted),
            "passed": self.passed,
            "pass_rate": round(found.estimate, 6),
            "interval": _told(found),
            "not_counted": len(self.trials) - len(counted),
            "failures": dict(self._causes()),
            "checks": self._checks(),
            "seconds": round(sum(trial.seconds for trial in self.trials), 3),
            "median_seconds": round(median(trial.seconds for trial in counted), 3) if counted else None,
            "money": round(sum(trial.money for trial in self.trials), 6),
            "tokens": sum(trial.tokens for trial in self.trials),
            "model_calls": sum(trial.model_calls for trial in self.trials),
            "tasks": [self._task(name, trials) for name, trials in self._by_task().items()],
        }

    def _causes(self) -> Counter[str]:
        found = Counter(trial.cause.value for trial in self.trials if trial.cause is not None)
        return Counter(dict(found.most_common()))

    def _checks(self) -> dict[str, dict[str, Any]]:
        """Return how often each check passed, by its name: what a suite wants scored apart it names alike in every task.

        A trial that did not come to its checks has passed none of them.
        """
        names = dict.fromkeys(check.name for task in self.suite.tasks for check in task.checks)
        asked = {task.name: {check.name for check in task.checks} for task in self.suite.tasks}
        told: dict[str, dict[str, Any]] = {}
        for name in names:
            trials = [trial for trial in self.counted if name in asked[trial.task]]
            passed = sum(trial.checks.get(name) == Verdict.PASSED for trial in trials)
            found = wilson(passed, len(trials))
            told[name] = {
                "passed": passed,
                "total": len(trials),
                "rate": round(found.estimate, 6),
                **_told(found),
            }
        return told

    def _by_task(self) -> dict[str, list[Trial]]:
        found: dict[str, list[Trial]] = defaultdict(list)
        for trial in self.trials:
            found[trial.task].append(trial)
        return found

    def _task(self, name: str, trials: Sequence[Trial]) -> dict[str, Any]:
        counted = [trial for trial in trials if trial.cause is None or trial.cause.counts]
        return {
            "name": name,
            "passed": sum(trial.passed for trial in counted),
            "total": len(counted),
            "solved": bool(counted) and all(trial.passed for trial in counted),
            "trials": [trial.document() for trial in trials],
        }


def compared(first: Mapping[str, Any], second: Mapping[str, Any]) -> dict[str, Any]:
    """Hold two documents of the same suite side by side: `difference` is second less first, task by task.

    Tasks that only one of them counted are left out of the difference, and listed.
    """
    scores = [_scores(document) for document in (first, second)]
    shared = sorted(scores[0].keys() & scores[1].keys())
    found = difference(scores[1], scores[0])
    names = first["checks"].keys() & second["checks"].keys()
    return {
        "shape": SHAPE,
        "same_suite": first["suite"]["digest"] == second["suite"]["digest"],
        "first": _side(first),
        "second": _side(second),
        "shared_tasks": len(shared),
        "only_in_one": sorted(scores[0].keys() ^ scores[1].keys()),
        "difference": _difference(found),
        "checks": {
            name: _difference(difference(_scores(second, name), _scores(first, name)))
            for name in first["checks"]
            if name in names
        },
        "better": [name for name in shared if _mean(scores[1][name]) > _mean(scores[0][name])],
        "worse": [name for name in shared if _mean(scores[1][name]) < _mean(scores[0][name])],
    }


def _scores(document: Mapping[str, Any], check: str | None = None) -> dict[str, list[float]]:
    """Return the scores of each task's counted trials: of the whole, or of one check."""
    told: dict[str, list[float]] = {}
    for task in document["tasks"]:
        trials = [trial for trial in task["trials"] if trial["cause"] is None or Cause(trial["cause"]).counts]
        if trials:
            told[task["name"]] = [_score(trial, check) for trial in trials]
    return told


def _score(trial: Mapping[str, Any], check: str | None) -> float:
    return float(trial["passed"] if check is None else trial["checks"].get(check) == Verdict.PASSED)


def _difference(found: Interval) -> dict[str, Any]:
    return {"estimate": round(found.estimate, 6), **_told(found), "excludes_zero": found.excludes_zero}


def _side(document: Mapping[str, Any]) -> dict[str, Any]:
    names = (
        "agent",
        "agent_version",
        "setting",
        "total",
        "passed",
        "pass_rate",
        "interval",
        "money",
        "seconds",
        "tokens",
    )
    return {name: document[name] for name in names}


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def _told(found: Interval) -> dict[str, float]:
    return {"low": round(found.low, 6), "high": round(found.high, 6)}
