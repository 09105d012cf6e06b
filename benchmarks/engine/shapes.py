"""The shapes of S3: a chain, a fan-out with a join, and many short runs side by side."""

from astrolabe.domain.plan import Check, Plan, Task

CHECK = Check(name="true", run="true")


def chain(length: int) -> Plan:
    """Return tasks one after another."""
    return _plan([_task(number, () if number == 0 else (f"t{number - 1}",)) for number in range(length)])


def fan(width: int) -> Plan:
    """Return one root, `width` tasks that need only it, and one that needs them all."""
    middle = [_task(number, ("t0",)) for number in range(1, width + 1)]
    last = _task(width + 1, tuple(task.id for task in middle))
    return _plan([_task(0, ()), *middle, last])


def _task(number: int, needs: tuple[str, ...]) -> Task:
    return Task(id=f"t{number}", name=f"t{number}", agent="idle", depends_on=needs, checks=(CHECK,))


def _plan(tasks: list[Task]) -> Plan:
    return Plan(goal="nothing", tasks=tuple(tasks))
