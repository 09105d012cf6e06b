"""The network of one command: a loopback of its own, and nothing else; on it, at most, a door that somebody outside opens."""

import fcntl
import socket
import struct

PROXY_PORT = 3128
"""Where the way out is on the loopback, for a command that has one."""
_MOST_WAITING = 64
_SET_FLAGS = 0x8914
_UP = 0x1
_SMALL = {"tcp_rmem": "4096 131072 212992", "tcp_wmem": "4096 16384 212992"}


def prepare(*, small_buffers: bool) -> None:
    """Set up the network namespace this process is in.

    The namespace belongs to the holder's user namespace, not to the one a command is in: no command, whatever
    privileges it wins there, can change it. With `small_buffers` TCP's do not grow beyond what the memory watch
    counts for a socket.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, _SET_FLAGS, struct.pack("16sH14x", b"lo", _UP))
    if small_buffers:
        for name, sizes in _SMALL.items():
            with open(f"/proc/sys/net/ipv4/{name}", "w") as file:
                file.write(sizes)


def lend(over: int) -> None:
    """Listen on this network's loopback, and hand the listening socket to whoever has the other end of `over`.

    No process of the sandbox keeps it: what connects inside is accepted outside, or by nobody.
    """
    with (
        socket.socket(fileno=over) as lender,
        socket.socket(socket.AF_INET, socket.SOCK_STREAM) as listening,
    ):
        listening.bind(("127.0.0.1", PROXY_PORT))
        listening.listen(_MOST_WAITING)
        socket.send_fds(lender, [b"l"], [listening.fileno()])
