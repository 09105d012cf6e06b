"""Which addresses may be read: public ones, whatever name leads there and however it is written."""

import ipaddress
from dataclasses import dataclass
from urllib.parse import urlsplit

from astrolabe.domain.egress import is_anybodys
from astrolabe.errors import InputError

_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_PORTS = frozenset({80, 443, 8080, 8443})
_DEFAULT = {"http": 80, "https": 443}
_MOST_CHARACTERS = 2000


@dataclass(frozen=True)
class Place:
    """An address on the web, taken apart; `host` is in ASCII, `target` what the request line asks for."""

    scheme: str
    host: str
    port: int
    target: str

    @property
    def authority(self) -> str:
        return f"{self.host}:{self.port}"

    @property
    def url(self) -> str:
        shown = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if _DEFAULT[self.scheme] == self.port else f":{self.port}"
        return f"{self.scheme}://{shown}{port}{self.target}"


def place_of(url: str, private: frozenset[str] = frozenset()) -> Place:
    """Take an address apart; `private` are the `host:port` on which other ports are right as well.

    Raises:
        InputError: it is none that may be read.
    """
    try:
        parts = urlsplit(url)
        host = _ascii(parts.hostname or "")
        port = parts.port or _DEFAULT.get(parts.scheme, 0)
    except ValueError as error:
        raise InputError(f"{url[:200]!r} is no address of the web: {error}") from error
    fault = _fault(url, parts.scheme, host, user=parts.username is not None or parts.password is not None)
    if not fault and port not in _PORTS and f"{host}:{port}" not in private:
        fault = f"names port {port}, where no pages are read"
    if fault:
        raise InputError(f"{url[:200]!r} {fault}", hint="Name a page as https://host/path.")
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Place(parts.scheme, host, port, target)


def _ascii(host: str) -> str:
    return host if ":" in host else host.rstrip(".").encode("idna").decode("ascii").lower()


def _fault(url: str, scheme: str, host: str, *, user: bool) -> str:
    if len(url) > _MOST_CHARACTERS:
        return f"has more than {_MOST_CHARACTERS} characters"
    if any(ord(letter) < 0x21 or ord(letter) == 0x7F for letter in url):  # noqa: PLR2004 - control characters, blanks
        return "has blanks or control characters"
    if scheme not in _DEFAULT:
        return "is neither http nor https"
    if not host:
        return "names no host"
    return "has credentials in it" if user else ""


def is_public(address: str) -> bool:
    """Tell whether an IP address is one of the public internet; what stands for another one is judged by that."""
    try:
        number = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(number, ipaddress.IPv6Address):
        inner = number.ipv4_mapped or number.sixtofour or (number.teredo or (None, None))[1]
        if inner is None and number in _NAT64:
            inner = ipaddress.IPv4Address(int(number) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(str(inner))
    return is_anybodys(number)
