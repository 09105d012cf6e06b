"""The message of a checkpoint commit, fixed so that programs can read it."""

import re
from collections.abc import Sequence

from astrolabe.domain.evidence import Evidence, Verdict
from astrolabe.domain.plan import Task

_BREAKS = re.compile(r"[\x00-\x1f\x7f\u2028\u2029]+")


def checkpoint_message(run: str, task: Task, tree: str, evidence: Sequence[Evidence]) -> str:
    """Return subject, goal and trailers.

    Trailers: `Astrolabe-Run`, `Astrolabe-Task`, `Astrolabe-Tree`, and one `Astrolabe-Check` a check: its verdict, its
    name, the command's digest of inputs, its exit code.
    """
    trailers = [f"Astrolabe-Run: {run}", f"Astrolabe-Task: {_line(task.id)}", f"Astrolabe-Tree: {tree}"]
    trailers += [f"Astrolabe-Check: {_check(item)}" for item in sorted(evidence, key=lambda item: item.check)]
    paragraphs = [_line(task.name)[:72], _line(task.goal), "\n".join(trailers)]
    return "\n\n".join(paragraph for paragraph in paragraphs if paragraph) + "\n"


def _check(item: Evidence) -> str:
    told = f"{item.verdict} {_line(item.check)}"
    if item.verdict is Verdict.NOT_RUN:
        return f"{told} ({_line(item.reason)[:200]})"
    return f"{told} (exit {item.exit_code}, inputs {item.inputs_digest[:16]})"


def _line(text: str) -> str:
    return _BREAKS.sub(" ", text).strip()
