"""Ending a command that was told to: what goes on may end, in a while; and it does end, whatever does not answer."""

import os
import signal
import sys
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from astrolabe.cli.documents import fault_document, print_fault
from astrolabe.cli.exits import Exit
from astrolabe.cli.terminal import clean, say

if TYPE_CHECKING:
    import asyncio

    from astrolabe.engine.local import LocalDriver

LAST_SECONDS = 5.0
"""How long a command that is to end at once may take to tell the database, and to clear away."""
DRAINED_SECONDS = 30.0
"""The same for one whose attempts had time to end."""


class Ending:
    """What SIGTERM does: what goes on may end within `seconds`; asked again, or with nothing going on, it ends now.

    `driver` carries the runs, as soon as there is one. A database that does not answer keeps nobody: the process is ended
    then as by a kill, after which a run is taken up again just the same.
    """

    def __init__(self, task: "asyncio.Task[Any]", seconds: float) -> None:
        self.driver: LocalDriver | None = None
        self._task = task
        self._seconds = seconds
        self._last: threading.Timer | None = None

    def asked(self) -> None:
        """End, in a while if something goes on."""
        driver = self.driver
        if driver is None or driver.leaving or not driver.busy:
            self.at_the_latest(LAST_SECONDS)
            self._task.cancel()
            return
        note(f"ending: what goes on has {self._seconds:g} s left; a second signal ends it at once")
        self.at_the_latest(self._seconds + DRAINED_SECONDS)
        driver.leave(self._seconds)

    def at_the_latest(self, seconds: float) -> None:
        """End the process after so long, unless it has ended by itself: on a thread, for the loop itself may hang."""
        self.settled()
        self._last = threading.Timer(seconds, _give_up)
        self._last.daemon = True
        self._last.start()

    def settled(self) -> None:
        """Leave the process to end by itself."""
        if self._last is not None:
            self._last.cancel()

    @contextmanager
    def interruptible(self) -> Generator[None]:
        """Let an interrupt end the process at the latest a while after it came."""
        handler = signal.getsignal(signal.SIGINT)
        if not callable(handler):
            yield
            return
        signal.signal(signal.SIGINT, self._before(handler))
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, handler)

    def _before(self, handler: Callable[[int, Any], Any]) -> Callable[[int, Any], None]:
        def interrupted(number: int, frame: object) -> None:
            self.at_the_latest(LAST_SECONDS)
            handler(number, frame)

        return interrupted


def note(sentence: str) -> None:
    say(f"astrolabe: {clean(sentence)}", err=True)


def _give_up() -> None:
    note("not waiting any longer for what does not answer; what is in the log holds")
    tell_interrupted()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(Exit.INTERRUPTED)


def tell_interrupted(how: str = "") -> Exit:
    """Say that the command was told to end, and how what it was at goes on."""
    message, hint = "interrupted", how or "A run that was begun goes on with: astrolabe resume"
    print_fault(fault_document("interrupted", "interrupted", message, hint), message, hint)
    return Exit.INTERRUPTED
