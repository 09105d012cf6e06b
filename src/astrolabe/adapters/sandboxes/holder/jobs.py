"""One request in work: a child of the holder, and what the holder must know to end it with all it has started."""

import json
import os
import select
import signal
import socket
import time
from collections.abc import Generator
from contextlib import contextmanager

from astrolabe.adapters.sandboxes.holder import kernel
from astrolabe.adapters.sandboxes.holder.channel import frame
from astrolabe.adapters.sandboxes.holder.commands import STARTED

SET_UP, RUN, PUT, TAKE = b"s", b"r", b"p", b"t"


_PATIENCE_SECONDS = 1.0


class Job:
    """`pid` is the backend's outer process (or the worker that moves files), `first` the sandbox's own process 1.

    Only when `first` is gone, everything in its process namespace is: the kernel waits for the rest before it
    lets process 1 go.
    """

    def __init__(self, kind: bytes, pid: int, channel: socket.socket, info: int) -> None:
        self.kind, self.pid, self.channel, self.info = kind, pid, channel, info
        self.status: int | None = None
        self.first: int | None = None
        self.killed_at: float | None = None
        self.out_of_memory = False
        self._heard = bytearray()

    def hear(self) -> bool:
        """Read what the backend and the starting shell say; False when they have nothing more to say."""
        try:
            piece = os.read(self.info, 4096)
        except BlockingIOError:
            return True
        self._heard += piece
        if self.first is None and b"}" in self._heard:
            self._meet_first(json.loads(self._heard[: self._heard.index(b"}") + 1])["child-pid"])
        return bool(piece)

    def _meet_first(self, pid: int) -> None:
        """Hold on to process 1, unless its number already belongs to a stranger."""
        if _parent(pid) in {self.pid, os.getpid()}:
            self.first = kernel.pidfd_open(pid)
            if self.killed_at is not None:
                kernel.pidfd_kill(self.first)

    @property
    def started(self) -> bool:
        return STARTED in self._heard

    def kill(self) -> None:
        """End the command; a backend still setting up has a moment to say whom to end."""
        self.killed_at = self.killed_at or time.monotonic()
        if self.first is not None:
            kernel.pidfd_kill(self.first)
        elif self.kind != RUN:
            self._kill_child()

    @property
    def lingers(self) -> bool:
        """Whether it was to end, but does not know its process 1, so that the backend itself has to be ended."""
        return self.killed_at is not None and self.first is None and self.status is None

    def end_lingering(self) -> None:
        if self.lingers and time.monotonic() - (self.killed_at or 0) > _PATIENCE_SECONDS:
            self._kill_child()

    def _kill_child(self) -> None:
        if self.status is None:
            os.kill(self.pid, signal.SIGKILL)

    @property
    def over(self) -> bool:
        """Whether nothing of it is left; asks process 1 to go when the backend itself is gone."""
        if self.status is None:
            return False
        if self.first is None:
            return True
        kernel.pidfd_kill(self.first)
        return _is_gone(self.first)

    def report(self) -> None:
        """Tell the adapter how it ended, and close. Workers that move files have told by themselves."""
        if self.kind == RUN and self.status is not None:
            self.hear()  # a command that is over in an instant has said last what nobody has come to read yet
            code = os.waitstatus_to_exitcode(self.status)
            value = {
                "exit": code if code >= 0 else 128 - code,
                "started": self.started,
                "memory": self.out_of_memory,
            }
            with _peer_may_be_gone():
                self.channel.send(frame(value), socket.MSG_DONTWAIT | socket.MSG_NOSIGNAL)
        self.channel.close()
        os.close(self.info)
        if self.first is not None:
            os.close(self.first)


@contextmanager
def _peer_may_be_gone() -> Generator[None]:
    try:
        yield
    except (BrokenPipeError, ConnectionResetError):
        return


def _is_gone(pidfd: int) -> bool:
    poll = select.poll()
    poll.register(pidfd, select.POLLIN)
    return bool(poll.poll(0))


def _parent(pid: int) -> int | None:
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            return int(file.read().rsplit(b")", 1)[1].split()[1])
    except (FileNotFoundError, ProcessLookupError):
        return None
