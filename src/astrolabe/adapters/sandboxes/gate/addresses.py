"""Which addresses of a host are reached: public ones, and those that an operator has named."""

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Callable, Sequence

from astrolabe.domain.egress import is_anybodys

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""Returns the addresses of a host, for a port, as numbers; OSError if there are none."""


async def resolved(host: str, port: int) -> Sequence[str]:
    """Ask the system, once, beside the event loop."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    return tuple(dict.fromkeys(str(entry[4][0]) for entry in found))


def reachable(addresses: Sequence[str], private: str | None) -> tuple[str, ...]:
    """Return those addresses that may be reached, in order; `private` is one the operator has named."""
    return tuple(one for one in addresses if is_public(one) or same(one, private))


def same(address: str, other: str | None) -> bool:
    """Tell whether two spellings are the same address."""
    return other is not None and ipaddress.ip_address(address) == ipaddress.ip_address(other)


def is_public(address: str) -> bool:
    """Tell whether an address is anybody's on the internet: nothing local, private, shared, reserved, or wrapped around one."""
    try:
        number = ipaddress.ip_address(address)
    except ValueError:  # with a scope: link-local
        return False
    if isinstance(number, ipaddress.IPv6Address):
        wrapped = number.ipv4_mapped or number.sixtofour or (number.teredo or (None, None))[1]
        if wrapped is not None:
            return False
    return is_anybodys(number)
