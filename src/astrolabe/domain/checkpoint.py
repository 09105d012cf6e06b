"""The message of a checkpoint commit, fixed so that programs can read it."""

import re
from collections.abc import Sequence

from astrolabe.domain.evidence import Evidence, Verdict
from astrolabe.domain.plan import Task

_BREAKS = re.compile(r"[\x00-\x1f\x7f\u2028\u2029]+")


GENERATED = "Astrolabe-Generated"
"""The trailer of a commit whose tree a recipe made with nothing of a person's in it; its value is the tree."""


def checkpoint_message(
    run: str,
    task: Task,
    tree: str,
    evidence: Sequence[Evidence],
    *,
    subject: str = "",
    models: Sequence[str] = (),
    generated: bool = False,
) -> str:
    """Return subject - the task's name where none is given -, goal and trailers.

    Trailers: `Astrolabe-Run`, `Astrolabe-Task`, `Astrolabe-Tree`, one `Astrolabe-Model` a model that worked on it, and one
    `Astrolabe-Check` a check: its verdict, its name, the command's digest of inputs, its exit code.
    """
    trailers = [f"Astrolabe-Run: {run}", f"Astrolabe-Task: {_line(task.id)}", f"Astrolabe-Tree: {tree}"]
    trailers += [f"Astrolabe-Model: {_line(model)}" for model in models]
    trailers += [f"{GENERATED}: {tree}"] if generated else []
    trailers += [f"Astrolabe-Check: {_check(item)}" for item in sorted(evidence, key=lambda item: item.check)]
    paragraphs = [subject or _line(task.name)[:72], _line(task.goal), "\n".join(trailers)]
    return "\n\n".join(paragraph for paragraph in paragraphs if paragraph) + "\n"


def generation_message(run: str, tree: str) -> str:
    """Return the message of a commit that holds one generation."""
    return f"Generate\n\nAstrolabe-Run: {run}\nAstrolabe-Tree: {tree}\n{GENERATED}: {tree}\n"


def _check(item: Evidence) -> str:
    told = f"{item.verdict} {_line(item.check)}"
    if item.verdict is Verdict.NOT_RUN:
        return f"{told} ({_line(item.reason)[:200]})"
    return f"{told} (exit {item.exit_code}, inputs {item.inputs_digest[:16]})"


def _line(text: str) -> str:
    return _BREAKS.sub(" ", text).strip()
