"""A server that behaves like one of a model, at once: it answers with its process id, and `die` ends it in mid-answer."""

import json
import os
import signal
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from astrolabe.adapters.local_models.keeping import Order, become_server


def listen(order: Order) -> str:
    if order.name == "broken":
        raise SystemExit("the weights are damaged")

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.headers.get("Authorization") != f"Bearer {order.key}":
                self.send_error(401)
                return
            if self.path == "/v1/die":
                os.kill(os.getpid(), signal.SIGKILL)
            body = json.dumps(
                {"pid": os.getpid(), "environment": dict(os.environ), "model": order.model}
            ).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name in the standard library
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_port}"


if __name__ == "__main__":
    become_server(listen)
