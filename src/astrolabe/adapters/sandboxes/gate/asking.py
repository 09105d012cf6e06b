"""What a client of a proxy asks for: the head of a request, read strictly."""

import re
from dataclasses import dataclass

from astrolabe.domain.egress import is_address

MOST_BYTES = 16_384
_LINE = re.compile(rb"([A-Za-z]{1,20}) (\S{1,2048}) HTTP/1\.[01]")
_TARGET = re.compile(r"([A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.%]{1,80}\]):([0-9]{1,5})")
_URL = re.compile(r"[a-z]{1,10}://(?:[^/@]{0,200}@)?([A-Za-z0-9._-]{1,253})(?::([0-9]{1,5}))?")
"""Of what is no business of a log, as paths and passwords are, nothing is taken."""
_HEADER = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+:[^\x00\r\n]*")
_BODIES = (b"content-length:", b"transfer-encoding:")


@dataclass(frozen=True)
class Asked:
    """Where a request is to go, and why it is refused whatever the policy says, if it is; `status` answers it then."""

    host: str
    port: int
    fault: str = ""
    status: int = 403

    @property
    def destination(self) -> str:
        return f"{self.host.lower()}:{self.port}"


def asked(head: bytes) -> Asked:
    """Read the head of a request, its empty line included."""
    first, *headers = head.removesuffix(b"\r\n\r\n").split(b"\r\n")
    line = _LINE.fullmatch(first)
    if line is None or not all(map(_HEADER.fullmatch, headers)):
        return Asked("", 0, "what was asked is no request of HTTP/1.1", 400)
    method, target = line[1].decode().upper(), line[2].decode("ascii", "replace")
    if method != "CONNECT":
        place = _URL.match(target)
        host, port = (place[1], int(place[2] or 0)) if place else ("", 0)
        return Asked(host, port, f"{method} is not passed on: only HTTPS is, through CONNECT", 405)
    place = _TARGET.fullmatch(target)
    if place is None:
        return Asked("", 0, "CONNECT needs host:port", 400)
    if any(header.lower().startswith(_BODIES) for header in headers):
        return Asked(place[1], int(place[2]), "CONNECT has no content", 400)
    if is_address(place[1]):
        return Asked(place[1], int(place[2]), "it is an address; hosts are asked for by name")
    return Asked(place[1], int(place[2]))
