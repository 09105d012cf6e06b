"""What a person may call a run or a plan: its id, the beginning or end of it, or `last`."""

from collections.abc import Sequence

from astrolabe.errors import InputError, MissingError
from astrolabe.planning.visible import visible
from astrolabe.ports.store import RunRecord
from astrolabe.services.installation import Installation

LAST = "last"
_SHOWN = 5


async def find_run(installation: Installation, name: str) -> RunRecord:
    """Return the run of that id, or the one whose id begins or ends with `name`; `last` is the newest.

    Raises:
        MissingError: there is none.
        InputError: there is more than one.
    """
    store = installation.store
    newest = await store.runs(limit=1)
    if name == LAST and newest:
        return newest[0]
    found = await store.runs_called(name.upper(), _SHOWN + 1) if _is_id(name) else ()
    if not found:
        raise MissingError(f"there is no run {visible(name, 80)!r}", hint=_where_to_look(bool(newest)))
    _must_be_one(name, "run", found)
    return await store.run(found[0])


async def find_plan(installation: Installation, name: str) -> str:
    """Return the id of the plan called `name`, or of the plan of the run called so.

    Raises:
        MissingError: there is none.
        InputError: there is more than one.
    """
    store = installation.store
    if name == LAST and (newest := await store.runs(limit=1)):
        return newest[0].plan_id
    wanted = name.upper()
    if _is_id(name) and await store.plan_versions(wanted):
        return wanted
    runs = await store.runs_called(wanted, _SHOWN + 1) if _is_id(name) else ()
    plans = await store.plans_called(wanted, _SHOWN + 1) if _is_id(name) else ()
    found = sorted({(await store.run(run)).plan_id for run in runs} | set(plans), reverse=True)
    if not found:
        raise MissingError(
            f"there is no plan {visible(name, 80)!r}",
            hint="Name a plan file, or a run, whose plan is meant then.",
        )
    _must_be_one(name, "plan", found)
    return found[0]


def _is_id(name: str) -> bool:
    """Tell whether a name can be an id, or a part of one: anything else is searched for in vain."""
    return name.isascii() and name.isalnum()


def _must_be_one(name: str, what: str, found: Sequence[str]) -> None:
    if len(found) > 1:
        shown = ", ".join(found[:_SHOWN]) + (", …" if len(found) > _SHOWN else "")
        many = len(found) if len(found) <= _SHOWN else f"more than {_SHOWN}"
        raise InputError(
            f"{visible(name, 80)!r} can mean {many} {what}s: {shown}",
            hint="Ids made soon after each other begin alike; give more of the id, or its end.",
        )


def _where_to_look(any_runs: bool) -> str:
    return "List them with: astrolabe runs list" if any_runs else "Nothing has been run yet."
