"""What of a task matters for how tasks fit together. It can be had of a broken task too, so that all its faults show at once."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, cast

from astrolabe.domain.plan import Backoff, Plan

Place = tuple[str | int, ...]

_USUAL = Backoff()


class Said(NamedTuple):
    """A text somewhere in a task; `place` is the path to it within the task."""

    place: Place
    text: str


@dataclass(frozen=True, slots=True)
class Outline:
    """The parts of a task that refer to something outside it. `id` and `agent` are None when they are missing or wrong.

    `waits` are the base and the most of its backoff, `patience` is after how long its question is passed on and after how
    long it counts as unanswered; seconds.
    """

    id: str | None
    agent: str | None
    name: str | None
    depends_on: tuple[Said, ...]
    paths: tuple[Said, ...]
    check_names: tuple[Said, ...]
    commands: tuple[Said, ...]
    uses: tuple[Said, ...] = ()
    waits: tuple[float, float] = (0, 0)
    fallbacks: tuple[Said, ...] = ()
    patience: tuple[float | None, float | None] = (None, None)


_BLANK = Outline(None, None, None, (), (), (), ())


def outlines_of(plan: Plan) -> list[Outline]:
    """Return the outline of every task of a plan."""
    return [outline_of(task) for task in plan.model_dump(include={"tasks"})["tasks"]]


def outline_of(raw: Any) -> Outline:
    """Return what can be made out of a task as it was written, whatever else is wrong with it."""
    task = _mapping(raw)
    if not task:
        return _BLANK
    checks = [(index, _check(check)) for index, check in enumerate(_list(task.get("checks")))]
    return Outline(
        id=_text(task.get("id")),
        agent=_text(task.get("agent")),
        name=_text(task.get("name")),
        depends_on=_listed(("depends_on",), task.get("depends_on")),
        paths=(
            *_listed(("writes",), task.get("writes")),
            *_listed(("environment", "lockfiles"), _mapping(task.get("environment")).get("lockfiles")),
            *(said for index, check in checks for said in _check_paths(index, check)),
        ),
        check_names=_of_checks(checks, "name"),
        commands=_of_checks(checks, "run"),
        uses=tuple(
            said for index, check in checks for said in _listed(("checks", index, "uses"), check.get("uses"))
        ),
        waits=_waits(task.get("backoff")),
        fallbacks=_listed(("fallback",), task.get("fallback")),
        patience=_patience(_mapping(task.get("approval"))),
    )


def _patience(approval: Mapping[str, Any]) -> tuple[float | None, float | None]:
    return _seconds(approval, "escalate_after"), _seconds(approval, "deadline")


def _seconds(written: Mapping[str, Any], key: str) -> float | None:
    value = written.get(key, written.get(f"{key}_seconds"))
    return float(value) if isinstance(value, int | float) else None


def _waits(raw: Any) -> tuple[float, float]:
    written = _mapping(raw) if not isinstance(raw, int | float) else {"base": raw}
    base, most = (written.get("base", _USUAL.base), written.get("max", _USUAL.max))
    return (base, most) if isinstance(base, int | float) and isinstance(most, int | float) else (0, 0)


def _check(raw: Any) -> Mapping[str, Any]:
    return {"name": raw.strip()[:120] or raw, "run": raw} if isinstance(raw, str) else _mapping(raw)


def _of_checks(checks: list[tuple[int, Mapping[str, Any]]], key: str) -> tuple[Said, ...]:
    return tuple(
        Said(("checks", index, key), text) for index, check in checks if (text := _text(check.get(key)))
    )


def _check_paths(index: int, check: Mapping[str, Any]) -> tuple[Said, ...]:
    lockfiles = _mapping(check.get("environment")).get("lockfiles")
    return (
        *_listed(("checks", index, "inputs"), check.get("inputs")),
        *_listed(("checks", index, "produces"), check.get("produces")),
        *_listed(("checks", index, "environment", "lockfiles"), lockfiles),
    )


def _listed(place: Place, raw: Any) -> tuple[Said, ...]:
    if not raw:
        return ()
    return tuple(
        Said((*place, index), text) for index, text in enumerate(_list(raw)) if isinstance(text, str)
    )


def _list(raw: Any) -> list[Any]:
    return list(cast("list[Any]", raw)) if isinstance(raw, list | tuple) else []


def _mapping(raw: Any) -> Mapping[str, Any]:
    return cast("Mapping[str, Any]", raw) if isinstance(raw, Mapping) else {}


def _text(raw: Any) -> str | None:
    return raw if isinstance(raw, str) and raw else None
