"""Running a command's coroutine: settings, an installation, and signals that end it cleanly."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeVar, cast

from astrolabe.cli.ending import Ending, note

if TYPE_CHECKING:
    from astrolabe.services.installation import Installation
    from astrolabe.settings import Settings

T = TypeVar("T")


class InterruptedByPersonError(Exception):
    """SIGINT or SIGTERM; its text, if any, says how what was begun goes on. Typer would make an exit code of KeyboardInterrupt."""


def with_installation(
    use: "Callable[[Installation], Awaitable[T]]", adjusted: "Callable[[Settings], Settings] | None" = None
) -> T:
    """Open the installation the settings describe, await `use` with it, close it; SIGTERM lets runs end first.

    `adjusted` changes settings that a command has an option for.
    """
    import asyncio
    import signal

    from astrolabe.bootstrap import open_installation, spare_the_collector
    from astrolabe.settings import load_settings

    endings: list[Ending] = []

    async def go() -> T:
        settings = load_settings() if adjusted is None else adjusted(load_settings())
        task = cast("asyncio.Task[T]", asyncio.current_task())  # a coroutine of `run` is in one
        ending = Ending(task, settings.engine.drain_seconds)
        endings.append(ending)
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ending.asked)
        with ending.interruptible():
            async with open_installation(settings, report=note) as installation:
                ending.driver = installation.driver
                spare_the_collector()
                return await use(installation)

    try:
        return asyncio.run(go())
    except (asyncio.CancelledError, KeyboardInterrupt):
        raise InterruptedByPersonError from None
    finally:
        for ending in endings:
            ending.settled()
