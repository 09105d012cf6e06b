"""Children of the holder forked ahead of their request.

Joining a control group takes the kernel up to 50 ms, making a network and scratch space some more; a child that has
done so waits for the next request, so that no command does.
"""

import os
import signal
import socket
from collections.abc import Callable, Sequence
from typing import NamedTuple

from astrolabe.adapters.sandboxes.holder import kernel
from astrolabe.adapters.sandboxes.holder.channel import frame
from astrolabe.adapters.sandboxes.holder.root import RootRefusedError

MOST_DESCRIPTORS = 6
_FAILED = 125

Serve = Callable[[bytes, list[int]], None]


class Spare(NamedTuple):
    """A child that waits: `pid`, and the socket its request is given over."""

    pid: int
    orders: socket.socket

    def give(self, kind: bytes, descriptors: Sequence[int]) -> None:
        """Hand the request over; one to a child that died meanwhile is lost, and the child's end tells."""
        with self.orders:
            try:
                socket.send_fds(self.orders, [kind], descriptors)
            except (BrokenPipeError, ConnectionResetError):
                return


def fork(groups: Sequence[int], prepare: Callable[[], None], serve: Serve) -> Spare:
    """Fork a child that joins the groups, prepares, waits, serves one request and exits.

    `groups` are open `cgroup.procs` files. `serve` is given the kind of the request and its descriptors.
    """
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    pid = os.fork()
    if pid == 0:
        _be_spare(theirs, groups, prepare, serve)
    theirs.close()
    return Spare(pid, ours)


def _be_spare(
    orders: socket.socket, groups: Sequence[int], prepare: Callable[[], None], serve: Serve
) -> None:
    """Be the child; whatever happens, it does not return into the holder's loop."""
    received: list[int] = []
    try:
        kernel.die_with_parent()
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        _keep_only((0, 1, 2, orders.fileno(), *groups))
        fault = _fault_of(groups, prepare)
        kind, received = receive(orders, MOST_DESCRIPTORS)
        orders.close()
        if kind:
            _serve(fault, serve, kind, received)
    except BaseException as error:  # noqa: BLE001 - told to who asked
        _tell(received, error)
        os._exit(_FAILED)
    os._exit(0)


def _serve(fault: Exception | None, serve: Serve, kind: bytes, received: list[int]) -> None:
    if fault:
        raise fault
    serve(kind, received)


def _fault_of(groups: Sequence[int], prepare: Callable[[], None]) -> Exception | None:
    """Get ready; what goes wrong is told once there is someone to tell."""
    try:
        for group in groups:
            os.write(group, b"0")
            os.close(group)
        prepare()
    except (OSError, RootRefusedError) as error:
        return error
    return None


def _keep_only(descriptors: Sequence[int]) -> None:
    """What the holder has open belongs to other requests, which end when the last copy is closed."""
    kept = sorted(descriptors)
    for low, high in zip(kept, [*kept[1:], os.sysconf("SC_OPEN_MAX")], strict=True):
        os.closerange(low + 1, high)


def _tell(received: Sequence[int], error: BaseException) -> None:
    if received:
        try:
            os.write(received[0], frame({"error": type(error).__name__, "text": str(error)}))
        except OSError:
            return


def receive(source: socket.socket, most: int) -> tuple[bytes, list[int]]:
    """Take the next message: one byte and its descriptors; no byte when the other side is gone."""
    kind, descriptors, _, _ = socket.recv_fds(source, 1, most, socket.MSG_CMSG_CLOEXEC)
    return kind, descriptors
