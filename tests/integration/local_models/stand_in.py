"""A server that behaves like one of a model, at once: it answers with its process id, and `die` ends it in mid-answer."""

import json
import os
import signal
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

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
            self._tell({"pid": os.getpid(), "environment": dict(os.environ), "model": order.model})

        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            if self.headers.get("Authorization") != f"Bearer {order.key}":
                self.send_error(401)
                return
            if "die" in json.dumps(asked["messages"][-1]):
                os.kill(os.getpid(), signal.SIGKILL)
            message = {"role": "assistant", "content": str(os.getpid())}
            self._tell(
                {
                    "id": "1",
                    "object": "chat.completion",
                    "created": 1,
                    "model": asked["model"],
                    "choices": [{"index": 0, "finish_reason": "stop", "message": message}],
                    "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2},
                }
            )

        def _tell(self, told: Any) -> None:
            body = json.dumps(told).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
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
