"""Where weights come from: a server that may be able to go on in the middle of a file, or a file of this machine."""

import http.client
import io
import re
import urllib.error
import urllib.request
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from astrolabe import __version__
from astrolabe.domain.contacts import Contacts, is_this_machine
from astrolabe.errors import FetchError, InputError

_RANGE = re.compile(r"bytes (\d+)-\d+/(\d+)\Z")
_PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})
_NOT_THAT_FAR = 416
"""The status (RFC 9110, 15.5.17) of a request for bytes that a file does not have."""


class BrokenOffError(Exception):
    """A server did not answer, or stopped answering; asked again it may."""


class BeyondTheEndError(Exception):
    """What was asked for begins behind the end of what the server has."""


@dataclass(frozen=True)
class Reading:
    """A source being read from `begins_at`, which is where was asked for, or 0 where it can only be read whole."""

    stream: io.BufferedIOBase
    begins_at: int
    total_bytes: int | None


@dataclass(frozen=True)
class FileSource:
    """A file of this machine."""

    path: Path

    def __str__(self) -> str:
        return str(self.path)

    @contextmanager
    def reading(self, offset: int) -> Generator[Reading]:
        """Read from an offset.

        Raises:
            FetchError: it cannot be read.
        """
        try:
            file = self.path.open("rb")
        except OSError as fault:
            raise FetchError(
                f"{self.path} cannot be read: {fault.strerror}", hint="Name a file you can read."
            ) from fault
        with file:
            total = file.seek(0, 2)
            file.seek(min(offset, total))
            yield Reading(file, min(offset, total), total)


@dataclass(frozen=True)
class WebSource:
    """A file behind an address; `stall_seconds` is how long a server may say nothing."""

    url: str
    contacts: Contacts
    stall_seconds: float

    def __str__(self) -> str:
        return self.url

    @contextmanager
    def reading(self, offset: int) -> Generator[Reading]:
        """Read from an offset, where the server can do that.

        Raises:
            OfflineError: the host, or one it leads to, may not be contacted.
            FetchError: it does not have the file, or does not give it to us.
            BrokenOffError: it does not answer now.
            BeyondTheEndError: it has no more than `offset` bytes.
        """
        wanted = {
            "User-Agent": f"astrolabe/{__version__}",
            **({"Range": f"bytes={offset}-"} if offset else {}),
        }
        request = urllib.request.Request(self.url, headers=wanted)  # noqa: S310 - `source_of` lets only http(s) pass
        _Asking(self.contacts).may_ask(self.url)
        try:
            answer = self._opener().open(request, timeout=self.stall_seconds)
        except urllib.error.HTTPError as refusal:
            raise self._refused(refusal) from refusal
        except (OSError, http.client.HTTPException) as fault:
            raise BrokenOffError(_reason(fault)) from fault
        with answer:
            yield self._begun(answer)

    def _opener(self) -> urllib.request.OpenerDirector:
        # what lies on this machine is not asked of a proxy
        here = is_this_machine(urlsplit(self.url).hostname or "")
        return urllib.request.build_opener(
            *([urllib.request.ProxyHandler({})] if here else []), _Asking(self.contacts)
        )

    def _begun(self, answer: Any) -> Reading:
        span = _RANGE.match(answer.headers.get("Content-Range", ""))
        if answer.status == http.client.PARTIAL_CONTENT and span:
            return Reading(answer, int(span[1]), int(span[2]))
        length = answer.headers.get("Content-Length", "")
        return Reading(answer, 0, int(length) if length.isdigit() else None)

    def _refused(self, refusal: urllib.error.HTTPError) -> Exception:
        with refusal:
            if refusal.code == _NOT_THAT_FAR:
                return BeyondTheEndError()
            if refusal.code in _PASSING:
                return BrokenOffError(f"it answered {refusal.code} {refusal.reason}")
            return FetchError(
                f"{self.url} was not given to us: {refusal.code} {refusal.reason}",
                hint="Check the address, or take the file from another place: --from URL or --from FILE.",
            )


class _Asking(urllib.request.HTTPRedirectHandler):
    """Follows a server that sends us elsewhere, unless we may not go there."""

    def __init__(self, contacts: Contacts) -> None:
        self._contacts = contacts

    def may_ask(self, url: str) -> None:
        host = urlsplit(url).hostname or ""
        self._contacts.require(f"fetching from {host}", host)

    def redirect_request(self, req: Any, fp: Any, code: int, msg: str, headers: Any, newurl: str) -> Any:
        self.may_ask(newurl)
        return super().redirect_request(req, fp, code, msg, headers, newurl)


Source = FileSource | WebSource


def source_of(text: str, contacts: Contacts, stall_seconds: float) -> Source:
    """Return what an address or the path of a file names.

    Raises:
        InputError: it is an address of a kind that nothing is fetched from.
    """
    scheme, found, _ = text.partition("://")
    if not found:
        return FileSource(Path(text).expanduser())
    if scheme.lower() not in {"http", "https"} or not urlsplit(text).hostname:
        raise InputError(
            f"{text} is no address weights are fetched from",
            hint="Give an address with http:// or https://, or the path of a file.",
        )
    return WebSource(text, contacts, stall_seconds)


def _reason(fault: Exception) -> str:
    inner = fault.reason if isinstance(fault, urllib.error.URLError) else fault
    return str(inner) or type(inner).__name__
