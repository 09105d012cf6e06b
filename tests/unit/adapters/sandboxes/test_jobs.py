"""What the holder tells of a command that is over."""

import os
import socket

import pytest

from astrolabe.adapters.sandboxes.holder.channel import read_frame
from astrolabe.adapters.sandboxes.holder.commands import STARTED
from astrolabe.adapters.sandboxes.holder.jobs import RUN, Job


@pytest.mark.parametrize("said", [b"", STARTED + b"\n"])
def test_what_a_command_said_last_counts_however_late_it_is_read(said: bytes) -> None:
    """A command may be over before the holder comes to look at what it has said: it was started all the same."""
    hearing, speaking = os.pipe()
    os.set_blocking(hearing, False)
    ours, theirs = socket.socketpair()
    job = Job(RUN, os.getpid(), theirs, hearing)
    os.write(speaking, b'{ "child-pid": 0 }\n' if said else b"")
    job.hear()
    os.write(speaking, said)
    os.close(speaking)
    job.status = 0
    job.report()
    with ours, ours.makefile("rb") as told:
        assert read_frame(told)["started"] is bool(said)
