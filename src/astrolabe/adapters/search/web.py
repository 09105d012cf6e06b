"""The Web port: a provider's search, and pages behind a guard against requests that are meant for other machines."""

import asyncio
import hashlib
import socket
from collections.abc import Awaitable, Callable, Sequence
from email.message import Message
from urllib.parse import urljoin, urlsplit

from astrolabe.adapters.search.addresses import Place, is_public, place_of
from astrolabe.adapters.search.http import Answer, Request, asked
from astrolabe.adapters.search.options import SearchOptions
from astrolabe.adapters.search.providers import PROVIDERS, Provider
from astrolabe.domain.contacts import Contacts
from astrolabe.errors import FetchError, InputError, UnavailableError
from astrolabe.ports.web import Hit, Page

_MOST_REDIRECTS = 5
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_TEXTS = frozenset({"application/xhtml+xml", "application/json", "application/xml"})
_SET = "Set `search: {provider: searxng, base_url: ...}`, or brave or tavily with a key (ASTROLABE_SEARCH__PROVIDER, ASTROLABE_SEARCH__KEY)."

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]


async def resolved(host: str, port: int) -> Sequence[str]:
    """Return the IP addresses of a name; FetchError when it has none."""
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise FetchError(f"{host} has no address: {error}") from error
    return [str(address[0]) for *_, address in found]


class GuardedWeb:
    """One installation's access to the web. A name is resolved once, and the request goes to exactly that address."""

    def __init__(self, options: SearchOptions, contacts: Contacts, resolve: Resolve = resolved) -> None:
        self.provider: str | None = options.provider
        self._options = options
        self._contacts = contacts
        self._resolve = resolve
        self._private = frozenset(host.lower() for host in options.private_hosts)

    async def search(self, query: str, most: int) -> tuple[Hit, ...]:
        if self.provider is None:
            raise UnavailableError("no search provider is set, so nothing can be searched for", hint=_SET)
        provider = PROVIDERS[self.provider]
        base = (self._options.base_url or provider.base_url).rstrip("/")
        if not base:
            raise UnavailableError(f"{self.provider} has no address", hint="Set `search.base_url`.")
        return await self._searched(provider, base, query, most)

    async def _searched(self, provider: Provider, base: str, query: str, most: int) -> tuple[Hit, ...]:
        key = self._options.key.get_secret_value() if self._options.key else ""
        method, url, headers, body = provider.request(base, query, most, key)
        place = place_of(url, frozenset({_authority(base)}))
        self._contacts.require(f"searching with {self.provider}", place.host)
        address = (await self._resolve(place.host, place.port))[0]
        request = Request(place, address, method, headers, body)
        answer = await asked(
            request, most_bytes=self._options.page_bytes, seconds=self._options.timeout_seconds
        )
        _require_answer(self.provider or "", answer)
        hits = [hit for hit in provider.hits(answer.json()) if hit.url.startswith(("http://", "https://"))]
        return tuple({hit.url: hit for hit in reversed(hits)}.values())[::-1][:most]

    async def fetch(self, url: str) -> Page:
        try:
            async with asyncio.timeout(self._options.timeout_seconds):
                return await self._followed(url)
        except TimeoutError as error:
            raise FetchError(f"{url[:200]} took longer than {self._options.timeout_seconds:g} s") from error

    async def _followed(self, url: str) -> Page:
        for _ in range(_MOST_REDIRECTS + 1):
            place = place_of(url, self._private)
            answer = await self._asked(place)
            target = answer.headers.get("location")
            if answer.status not in _REDIRECTS or target is None:
                return _page(place, answer)
            url = urljoin(place.url, target)
        raise FetchError(f"{url[:200]} leads on and on: more than {_MOST_REDIRECTS} redirects")

    async def _asked(self, place: Place) -> Answer:
        """Ask at an address that was judged; each redirect comes through here anew."""
        self._contacts.require(f"reading {place.host}", place.host)
        addresses = await self._resolve(place.host, place.port)
        inside = [address for address in addresses if not is_public(address)]
        if (inside or not addresses) and place.authority not in self._private:
            raise InputError(
                f"{place.host} is not on the public web: it leads to {', '.join(inside) or 'nowhere'}",
                hint="If its pages may be read, name it as host:port in the setting `search.private_hosts`.",
            )
        request = Request(place, addresses[0], headers={"Accept": "text/html, text/plain;q=0.9, */*;q=0.1"})
        return await asked(
            request, most_bytes=self._options.page_bytes, seconds=self._options.timeout_seconds
        )


def _authority(base: str) -> str:
    """Return the `host:port` of an address that the operator has named: its port is theirs to choose."""
    parts = urlsplit(base)
    return f"{(parts.hostname or '').lower()}:{parts.port or (443 if parts.scheme == 'https' else 80)}"


def _require_answer(provider: str, answer: Answer) -> None:
    if answer.status in {401, 403}:
        raise UnavailableError(
            f"{provider} did not take the key ({answer.status})", hint="Check `search.key`."
        )
    if answer.status == 429:  # noqa: PLR2004 - too many requests
        wait = answer.headers.get("retry-after", "")
        raise UnavailableError(
            f"{provider} takes no more requests for now",
            hint=f"Try again in {wait} s." if wait.isdigit() else "",
        )
    if answer.status != 200:  # noqa: PLR2004 - OK
        raise UnavailableError(f"{provider} answered {answer.status}")


def _page(place: Place, answer: Answer) -> Page:
    if not 200 <= answer.status < 300:  # noqa: PLR2004 - success
        raise FetchError(f"{place.host} answered {answer.status}")
    header = Message()
    header["content-type"] = answer.headers.get("content-type", "text/plain")
    kind = header.get_content_type()
    if not kind.startswith("text/") and kind not in _TEXTS:
        raise FetchError(f"{place.url[:200]} is {kind}, which has no text to read")
    charset = header.get_content_charset("utf-8") or "utf-8"
    digest = hashlib.sha256(answer.body).hexdigest()
    return Page(place.url, kind, answer.body, charset, digest)
