"""Running a command's coroutine: settings, an installation, and signals that end it cleanly."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, TypeVar

from astrolabe.cli.terminal import clean, say

if TYPE_CHECKING:
    import asyncio

    from astrolabe.services.installation import Installation
    from astrolabe.settings import Settings

T = TypeVar("T")


class InterruptedByPersonError(Exception):
    """SIGINT or SIGTERM; no KeyboardInterrupt, of which typer would make an exit code of its own."""


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

    async def go() -> T:
        task = asyncio.current_task()
        loop = asyncio.get_running_loop()
        settings = load_settings() if adjusted is None else adjusted(load_settings())
        if task is not None:
            loop.add_signal_handler(signal.SIGTERM, task.cancel)
        async with open_installation(settings, report=_note) as installation:
            if task is not None:
                ending = _Ending(installation, settings.engine.drain_seconds, task)
                loop.add_signal_handler(signal.SIGTERM, ending)
            spare_the_collector()
            return await use(installation)

    try:
        return asyncio.run(go())
    except (asyncio.CancelledError, KeyboardInterrupt):
        raise InterruptedByPersonError from None


class _Ending:
    """What SIGTERM does: what goes on may end, in a while; asked a second time, or with nothing going on, it ends now."""

    def __init__(self, installation: "Installation", seconds: float, task: "asyncio.Task[Any]") -> None:
        self._installation = installation
        self._seconds = seconds
        self._task = task

    def __call__(self) -> None:
        driver = self._installation.driver
        if driver.leaving or not driver.busy:
            self._task.cancel()
            return
        _note(f"ending: what goes on has {self._seconds:g} s left; a second signal ends it at once")
        driver.leave(self._seconds)


def _note(sentence: str) -> None:
    say(f"astrolabe: {clean(sentence)}", err=True)
