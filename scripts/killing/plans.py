"""The cheap plans of the battery, and how each must end whatever happens on the way."""

from dataclasses import dataclass
from typing import Any

from killing.agents import TOKENS_USED

OVER_BUDGET_EXIT = 7


@dataclass(frozen=True)
class Work:
    """A plan as its file holds it. `attempts` of tasks that are not begun once; `tokens` is its limit, if it has one.

    `lines` says how many lines each task's file has in the end.
    """

    kind: str
    plan: dict[str, Any]
    status: str
    exit_code: int
    attempts: dict[str, int]
    lines: dict[str, int]
    tokens: int | None = None


def diamond(of: str) -> Work:
    """Commands in the sandbox, a person's word, retries and another agent that steps in."""
    tasks = [
        command("first", "printf 'first\\n' > first.txt; sleep 0.1; echo 0 >> first.txt", lines=2),
        scribe(of, "left", ["first"], calls=20, lines=1),
        scribe(of, "right", ["first"], calls=1, beside=3)
        | {"agent": "breaking", "fallback": ["scribe"], "retries": 1, "backoff": {"base": 0.1}},
        scribe(of, "asked", ["first"], calls=1) | {"approval": "Shall it go on?"},
        command("last", "cat left.txt right.txt asked.txt > last.txt", ["left", "right", "asked"], lines=4),
    ]
    lines = {"first": 2, "left": 2, "right": 1, "asked": 1, "last": 4}
    plan = {"goal": f"diamond {of}", "tasks": tasks}
    return Work("diamond", plan, "passed", 0, {"right": 3}, lines)


def fan(of: str) -> Work:
    """Many calls side by side, in tasks side by side."""
    middle = [f"m{number}" for number in range(10)]
    tasks = [
        scribe(of, "root", [], calls=1),
        *(scribe(of, name, ["root"], calls=20, beside=2) for name in middle),
        scribe(of, "join", middle, calls=1, lines=1),
    ]
    lines = {"root": 1, "join": 2} | dict.fromkeys(middle, 1)
    budget = {"tokens": 100_000, "tool_calls": 1000}
    return Work("fan", {"goal": f"fan {of}", "budget": budget, "tasks": tasks}, "passed", 0, {}, lines)


def limited(of: str) -> Work:
    """More calls than its budget allows, so that a hard stop is its end."""
    tasks = [scribe(of, "spend", [], calls=100), scribe(of, "never", ["spend"], calls=1)]
    tokens = 60 * TOKENS_USED
    plan = {"goal": f"limited {of}", "budget": {"tokens": tokens}, "tasks": tasks}
    return Work("limited", plan, "over-budget", OVER_BUDGET_EXIT, {"never": 0}, {}, tokens)


KINDS = (diamond, fan, limited)


def command(name: str, line: str, needs: list[str] | None = None, *, lines: int) -> dict[str, Any]:
    return _task(name, needs or [], {"run": line}, lines) | {"agent": "command"}


def scribe(
    of: str, name: str, needs: list[str], *, calls: int, beside: int = 0, lines: int = 0
) -> dict[str, Any]:
    inputs = {"of": of, "calls": calls, "beside": beside, "lines": lines}
    return _task(name, needs, inputs, lines + 1) | {"agent": "scribe"}


def _task(name: str, needs: list[str], inputs: dict[str, Any], lines: int) -> dict[str, Any]:
    check = {"name": "lines", "run": f'test "$(wc -l < {name}.txt)" -eq {lines}'}
    return {
        "id": name,
        "inputs": inputs,
        "depends_on": needs,
        "writes": [f"{name}.txt"],
        "checks": [check],
    }
