"""A server of one file on loopback, with `Range`, and with faults: cut off, other bytes, no `Range`, sent elsewhere."""

import threading
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from mmap import mmap

PIECE_BYTES = 4096


@dataclass
class FileServer:
    """Serves `content`; each request takes the next of `faults`, and none when they are used up.

    Faults: `cut:N` closes after N bytes of the body, `hang:N` stays silent after them, `status:N` answers so, `whole`
    ignores `Range`, `to:URL` sends elsewhere.
    """

    content: bytes | mmap
    url: str = ""
    faults: list[str] = field(default_factory=list[str])
    ranges: list[str] = field(default_factory=list[str])
    sent_bytes: int = 0
    fell_silent: threading.Event = field(default_factory=threading.Event)
    released: threading.Event = field(default_factory=threading.Event)

    def next_fault(self) -> tuple[str, str]:
        name, _, argument = (self.faults.pop(0) if self.faults else "").partition(":")
        return name, argument


@contextmanager
def file_server(content: bytes | mmap) -> Generator[FileServer]:
    """Run a server as long as the context lasts."""
    served = FileServer(content)
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(served))
    server.daemon_threads = True
    served.url = f"http://127.0.0.1:{server.server_port}/weights.gguf"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield served
    finally:
        served.released.set()
        server.shutdown()
        server.server_close()
        thread.join()


def _handler(served: FileServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            fault, argument = served.next_fault()
            wanted = self.headers.get("Range", "")
            served.ranges.append(wanted)
            if fault == "status":
                self.send_error(int(argument))
            elif fault == "to":
                self.send_response(302)
                self.send_header("Location", argument)
                self.end_headers()
            else:
                self._serve("" if fault == "whole" else wanted, fault, argument)

        def _serve(self, wanted: str, fault: str, argument: str) -> None:
            start = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted else 0
            total = len(served.content)
            if start >= total:
                self.send_error(416)
                return
            self.send_response(206 if wanted else 200)
            self.send_header("Content-Length", str(total - start))
            if wanted:
                self.send_header("Content-Range", f"bytes {start}-{total - 1}/{total}")
            self.end_headers()
            self._write(start, start + int(argument) if fault in {"cut", "hang"} else total)
            if fault == "hang":
                served.fell_silent.set()
                served.released.wait()

        def _write(self, start: int, end: int) -> None:
            for at in range(start, end, PIECE_BYTES):
                piece = served.content[at : min(end, at + PIECE_BYTES)]
                self.wfile.write(piece)
                served.sent_bytes += len(piece)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name in the standard library
            pass

    return Handler
