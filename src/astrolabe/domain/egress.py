"""What a sandbox may reach over a network, and the record of what was asked for."""

import ipaddress
import re
from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, Field

from astrolabe.domain.value import Value

_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_HOST = re.compile(rf"(?=.{{1,253}}:){_LABEL}(?:\.{_LABEL})*:[1-9][0-9]{{0,4}}")
_MOST_PORT = 65_535


def _destination(text: str) -> str:
    lowered = text.lower()
    host, _, port = lowered.rpartition(":")
    if not _HOST.fullmatch(lowered) or int(port) > _MOST_PORT:
        raise ValueError("is no host and port, written like registry.npmjs.org:443")
    if is_address(host):
        raise ValueError("names an address; name a host, whose certificate can be held against it")
    return lowered


def is_address(host: str) -> bool:
    """Tell whether a host is written as an address, in any of the ways that resolvers take for one."""
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return re.fullmatch(r"[0-9.]+|0x[0-9a-f.x]+", host.lower()) is not None
    return True


_NOBODYS = tuple(
    map(
        ipaddress.ip_network,
        (
            "192.0.0.0/24",
            "192.88.99.0/24",
            "::/96",
            "64:ff9b::/96",
            "64:ff9b:1::/48",
            "fec0::/10",
            "5f00::/16",
            "3fff::/20",
        ),
    )
)
"""Protocols' own (a cloud keeps its metadata at 192.0.0.192), IPv4 within IPv6 (RFC 4291, 6052, 8215), once site-local,
documentation's (RFC 9637): what `is_global` of some version of Python takes for anybody's."""


def is_anybodys(number: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    """Tell whether an address, as it stands, is one of the public internet: nothing local, private, shared or reserved."""
    if any(number in network for network in _NOBODYS if network.version == number.version):
        return False
    return (
        number.is_global and not number.is_multicast and not number.is_reserved and not number.is_unspecified
    )


Destination = Annotated[str, AfterValidator(_destination)]
"""`host:port`, in small letters; never a pattern, never an address."""


def _private(text: str) -> str:
    destination, _, address = text.partition("=")
    try:
        return f"{_destination(destination)}={ipaddress.ip_address(address)}"
    except ValueError as error:
        raise ValueError(f"is not written as host:port=address: {error}") from error


class EgressOptions(Value):
    """What an operator lets sandboxes reach. Nothing in a plan or a workspace adds to it."""

    hosts: tuple[Destination, ...] = Field(
        default=(), description="host:port that plans may name for their tasks and checks."
    )
    private: tuple[Annotated[str, AfterValidator(_private)], ...] = Field(
        default=(),
        description="host:port=address of registries whose address is not public; no other such address is reached.",
    )
    most_bytes: int = Field(
        default=2 * 1024**3, gt=0, le=2**50, description="Of one command, over all it asks for, both ways."
    )
    most_seconds: float = Field(default=900, gt=0, le=86_400, description="Of one connection.")

    def private_address(self, destination: str) -> str | None:
        """Return the address that a destination may have though it is not public."""
        known = dict(entry.split("=", 1) for entry in self.private)
        return known.get(destination)


class Ruling(StrEnum):
    """FAILED was allowed, and came to nothing."""

    ALLOWED = "allowed"
    REFUSED = "refused"
    FAILED = "failed"


class Request(Value):
    """One connection a command asked for. `host` is as it was written; 0 for a port that could not be read.

    Bytes are those within the connection, as seen from the command. `at` is in seconds since the epoch.
    """

    host: str
    port: int
    ruling: Ruling
    reason: str = ""
    sent_bytes: int = 0
    received_bytes: int = 0
    at: float
    duration_seconds: float
