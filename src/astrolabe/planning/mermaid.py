"""Tasks as a Mermaid flowchart. Ids become n0, n1, …, and labels hold nothing that Mermaid gives a meaning to."""

from collections.abc import Iterable, Mapping, Sequence

from astrolabe.domain.plan import Plan, Task
from astrolabe.planning.visible import visible

_LABEL_LENGTH = 80
_SAFE = frozenset(" .,/+-_")

Styles = Mapping[str, str]
"""Class names with their CSS."""


def as_mermaid(plan: Plan) -> str:
    """Return a flowchart of the plan: an arrow leads from a task to each one that waits for it."""
    numbers: dict[str, int] = {}
    for index, task in enumerate(plan.tasks):
        numbers.setdefault(task.id, index)
    arrows = [
        (numbers[needed], index)
        for index, task in enumerate(plan.tasks)
        for needed in task.depends_on
        if needed in numbers
    ]
    return flowchart([labels_of(task) for task in plan.tasks], arrows)


def labels_of(task: Task) -> tuple[str, ...]:
    """Return the lines that stand in a task's box."""
    named = (task.id,) if task.name == task.id else (task.id, task.name)
    return (*named, task.agent)


def flowchart(
    boxes: Sequence[Sequence[str]],
    arrows: Iterable[tuple[int, int]],
    classes: Mapping[int, str] | None = None,
    styles: Styles | None = None,
    dotted: Iterable[tuple[int, int]] = (),
) -> str:
    """Return Mermaid text: `boxes` are lines of any text, `arrows` go between their positions.

    `classes` gives a box one of the names in `styles`; `dotted` are arrows that are no longer there.
    """
    lines = ["flowchart TD"]
    lines += [f'    n{index}["{"<br/>".join(map(_escaped, box))}"]' for index, box in enumerate(boxes)]
    lines += [f"    n{start} --> n{end}" for start, end in arrows]
    lines += [f"    n{start} -.-> n{end}" for start, end in dotted]
    lines += [f"    classDef {name} {css}" for name, css in (styles or {}).items()]
    lines += [f"    class n{index} {name}" for index, name in sorted((classes or {}).items())]
    return "\n".join(lines) + "\n"


def _escaped(text: str) -> str:
    shown = visible(text, _LABEL_LENGTH)
    return "".join(char if char.isalnum() or char in _SAFE else f"#{ord(char)};" for char in shown)
