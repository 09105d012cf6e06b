"""A guard for tests: nothing in this process contacts anybody but this machine and the hosts that are named.

The interpreter itself tells of each contact before it is made (its audit events, PEP 578), whichever library makes it and on
whatever thread; one that does not go through Python's sockets, and what other programs do, it cannot see. For those there is
`programs`: what was started meanwhile.
"""

import ipaddress
import sys
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

_WHERE = {"socket.connect": 1, "socket.sendto": 1, "socket.sendmsg": 1}
"""Events with the place of their address among their arguments."""
_WHO = frozenset({"socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr"})
_STARTED = frozenset({"subprocess.Popen", "os.exec", "os.posix_spawn", "os.spawn"})


class ContactError(AssertionError):
    """Somebody was contacted who may not be. No `except OSError` on the way takes it for a network that is down."""


@dataclass
class NetworkGuard:
    """What was refused, as `connect 192.0.2.1:443`, and which programs were started."""

    named: frozenset[str]
    refused: list[str] = field(default_factory=list[str])
    programs: list[str] = field(default_factory=list[str])
    active: bool = True

    def hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        """Take an event of the interpreter; raise ContactError for a contact that is not allowed."""
        if not self.active:
            return
        if event in _STARTED:
            self.programs.append(str(arguments[0]))
        elif event in _WHO:
            self._judge(event, arguments[0], "")
        elif event in _WHERE:
            address = arguments[_WHERE[event]]
            if isinstance(address, tuple) and len(address) > 1:  # pyright: ignore[reportUnknownArgumentType]
                self._judge(event, address[0], f":{address[1]}")  # pyright: ignore[reportUnknownArgumentType]

    def _judge(self, event: str, host: object, port: str) -> None:
        name = host.decode("ascii", "replace") if isinstance(host, bytes) else host
        if not isinstance(name, str) or not name or name.lower() in self.named or _is_here(name):
            return
        told = f"{event.removeprefix('socket.')} {name}{port}"
        self.refused.append(told)
        raise ContactError(told)


@contextmanager
def guarded_network(*named: str) -> Generator[NetworkGuard]:
    """Refuse every contact but with this machine and `named` hosts, while the context lasts.

    Raises:
        ContactError: where a contact is tried; and at the end, if one was and whoever tried went on regardless.
    """
    guard = NetworkGuard(frozenset(name.lower() for name in named))
    sys.addaudithook(guard.hear)  # it stays for good, and hears nothing once the guard is off
    try:
        yield guard
    finally:
        guard.active = False
    if guard.refused:
        raise ContactError(f"contacted meanwhile: {', '.join(guard.refused)}")


def _is_here(host: str) -> bool:
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return False
