"""Ending a run that nobody works on, and of which nothing can go on any more: as after a denied question."""

from astrolabe.domain.plan import Plan
from astrolabe.domain.run import RunState, RunStatus
from astrolabe.engine.finishing import is_over
from astrolabe.engine.workshop import Watcher
from astrolabe.errors import ConflictError
from astrolabe.ports.store import RunRecord
from astrolabe.services.builds import carry_out, take_up
from astrolabe.services.installation import Installation
from astrolabe.services.runs import plan_of


async def settle(installation: Installation, record: RunRecord) -> bool:
    """End a run if that is all that is left to be done of it; tell whether it was ended here.

    Raises:
        TargetError: the place it goes to can no longer take what has passed.
    """
    newest = await installation.store.run(record.id)
    if newest.status is not RunStatus.RUNNING or await installation.store.is_owned(newest):
        return False
    plan, state = await _left(installation, newest)
    if not is_over(plan, state, installation.determinism.now()):
        return False
    try:
        begun = await take_up(installation, newest)
    except ConflictError:  # somebody else goes on with it
        return False
    return (await carry_out(installation, begun, Watcher())).status.final


async def _left(installation: Installation, record: RunRecord) -> tuple[Plan, RunState]:
    state = RunState(record.id).apply(await installation.store.events(record.id))
    return await plan_of(installation, record, state), state
