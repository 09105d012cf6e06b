"""What a person may call a run or a plan: its id, the beginning or end of it, or `last`."""

from collections.abc import Iterable

from astrolabe.errors import InputError, MissingError
from astrolabe.planning.visible import visible
from astrolabe.ports.store import RunRecord
from astrolabe.services.installation import Installation

LAST = "last"
_EVERY_RUN = 1_000_000
_SHOWN = 5


async def find_run(installation: Installation, name: str) -> RunRecord:
    """Return the run of that id, or the one whose id begins or ends with `name`; `last` is the newest.

    Raises:
        MissingError: there is none.
        InputError: there is more than one.
    """
    runs = await installation.store.runs(limit=_EVERY_RUN)
    if name == LAST and runs:
        return runs[0]
    found = set(_called(name, (run.id for run in runs)))
    if not found:
        raise MissingError(f"there is no run {visible(name, 80)!r}", hint=_where_to_look(bool(runs)))
    _must_be_one(name, "run", sorted(found, reverse=True))
    return next(run for run in runs if run.id in found)


async def find_plan(installation: Installation, name: str) -> str:
    """Return the id of the plan called `name`, or of the plan of the run called so.

    Raises:
        MissingError: there is none.
        InputError: there is more than one.
    """
    if name.isascii() and await installation.store.plan_versions(name.upper()):
        return name.upper()
    runs = await installation.store.runs(limit=_EVERY_RUN)
    if name == LAST and runs:
        return runs[0].plan_id
    plan_of = {run.id: run.plan_id for run in runs} | {run.plan_id: run.plan_id for run in runs}
    found = sorted({plan_of[identity] for identity in _called(name, plan_of)}, reverse=True)
    if not found:
        raise MissingError(
            f"there is no plan {visible(name, 80)!r}",
            hint="Name a plan file, or a run, whose plan is meant then.",
        )
    _must_be_one(name, "plan", found)
    return found[0]


def _called(name: str, ids: Iterable[str]) -> list[str]:
    wanted = name.upper()
    known = list(ids)
    if not wanted or wanted in known:
        return [wanted] if wanted else []
    return [identity for identity in known if identity.startswith(wanted) or identity.endswith(wanted)]


def _must_be_one(name: str, what: str, found: list[str]) -> None:
    if len(found) > 1:
        shown = ", ".join(found[:_SHOWN]) + (", …" if len(found) > _SHOWN else "")
        raise InputError(
            f"{visible(name, 80)!r} can mean {len(found)} {what}s: {shown}",
            hint="Ids made soon after each other begin alike; give more of the id, or its end.",
        )


def _where_to_look(any_runs: bool) -> str:
    return "List them with: astrolabe runs list" if any_runs else "Nothing has been run yet."
