"""A web of one server on loopback, that speaks as pages and as the providers' APIs do."""

import json
import threading
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class LocalWeb:
    """`pages` by path: (status, headers, body). `asked` is each request: method, path, headers, body."""

    port: int
    pages: dict[str, tuple[int, Mapping[str, str], bytes]]
    asked: list[tuple[str, str, dict[str, str], bytes]] = field(default_factory=list)

    @property
    def authority(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        return f"http://{self.authority}"

    def page(self, path: str, body: str | bytes, *, status: int = 200, **headers: str) -> str:
        raw = body if isinstance(body, bytes) else body.encode()
        told = {name.replace("_", "-"): value for name, value in headers.items()}
        self.pages[path] = status, {"content-type": "text/html; charset=utf-8"} | told, raw
        return self.url + path

    def answers(self, path: str, document: Any, status: int = 200) -> None:
        self.page(path, json.dumps(document), status=status, content_type="application/json")


@contextmanager
def local_web() -> Generator[LocalWeb]:
    pages: dict[str, tuple[int, Mapping[str, str], bytes]] = {}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            length = int(self.headers.get("content-length") or 0)
            web.asked.append(
                (
                    self.command,
                    self.path,
                    {k.lower(): v for k, v in self.headers.items()},
                    self.rfile.read(length),
                )
            )
            status, headers, body = pages.get(self.path.partition("?")[0], (404, {}, b"nothing"))
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET  # noqa: N815

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    web = LocalWeb(server.server_address[1], pages)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield web
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
