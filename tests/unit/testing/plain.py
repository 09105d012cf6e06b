"""A client without any opinion: what stands on the wire, byte for byte."""

import http.client
import json
from collections.abc import Generator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any

from astrolabe.testing.models import ModelServer


@dataclass(frozen=True)
class Got:
    """A whole reply."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def told(self) -> Any:
        return json.loads(self.body)


def ask(server: ModelServer, path: str, body: Any, headers: Mapping[str, str] | None = None) -> Got:
    """Post JSON and read all of the reply."""
    with asking(server, path, body, headers) as reply:
        return Got(reply.status, {name.lower(): value for name, value in reply.getheaders()}, reply.read())


@contextmanager
def asking(
    server: ModelServer, path: str, body: Any, headers: Mapping[str, str] | None = None
) -> Generator[http.client.HTTPResponse]:
    """Post JSON and give the reply to be read; what is not read when the block ends never will be."""
    host = server.url.removeprefix("http://")
    with closing(http.client.HTTPConnection(host, timeout=60)) as connection:
        connection.request(
            "POST", path, json.dumps(body), {"content-type": "application/json", **(headers or {})}
        )
        with connection.getresponse() as reply:
            yield reply
