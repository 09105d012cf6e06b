"""Connections to a provider."""

import httpx2

from astrolabe.adapters.models.meters import METER
from astrolabe.adapters.models.place import Place

_CONNECT_SECONDS = 10.0


def connections(place: Place) -> httpx2.AsyncClient:
    """Return a client that follows no redirect, so that a key never reaches another address."""
    return httpx2.AsyncClient(
        timeout=httpx2.Timeout(place.timeout_seconds, connect=min(_CONNECT_SECONDS, place.timeout_seconds)),
        headers={"User-Agent": "astrolabe"},
        follow_redirects=False,
        event_hooks={"response": [_heed]},
    )


async def _heed(response: httpx2.Response) -> None:
    """Take note of the limits an answer tells."""
    meter = METER.get()
    if meter is not None:
        await meter.take(response.headers)
