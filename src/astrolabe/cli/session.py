"""Running a command's coroutine: settings, an installation, and signals that end it cleanly."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeVar

from astrolabe.cli.terminal import clean, say

if TYPE_CHECKING:
    from astrolabe.services.installation import Installation

T = TypeVar("T")


class InterruptedByPersonError(Exception):
    """SIGINT or SIGTERM; no KeyboardInterrupt, of which typer would make an exit code of its own."""


def with_installation(use: "Callable[[Installation], Awaitable[T]]") -> T:
    """Open the installation the settings describe, await `use` with it, close it; SIGTERM ends it as Ctrl-C does."""
    import asyncio
    import signal

    from astrolabe.bootstrap import open_installation
    from astrolabe.settings import load_settings

    async def go() -> T:
        task = asyncio.current_task()
        if task is not None:
            asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
        async with open_installation(load_settings(), report=_note) as installation:
            return await use(installation)

    try:
        return asyncio.run(go())
    except (asyncio.CancelledError, KeyboardInterrupt):
        raise InterruptedByPersonError from None


def _note(sentence: str) -> None:
    say(f"astrolabe: {clean(sentence)}", err=True)
