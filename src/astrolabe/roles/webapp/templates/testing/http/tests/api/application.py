"""The built application on a SQLite database of its own: run `npm run build` first."""

import os
import secrets
import shutil
import socket
import subprocess
import time
from pathlib import Path

import requests

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 60
STOP_SECONDS = 20
REQUEST_SECONDS = 30
LOG_SHOWN = 20_000


def migrated(folder: Path) -> Path:
    """Return an empty database with every migration applied, to start applications on copies of it."""
    database = folder / "empty.db"
    for built in ("api/dist/server.js", "api/dist/admin.js"):
        if not (ROOT / built).is_file():
            raise FileNotFoundError(f'{built} is missing: run "npm run build" first.')
    _node({"DATABASE_URL": f"file:{database}"}, "scripts/prisma.mjs", "migrate", "deploy")
    return database


class Application:
    """A running server; `send` asks it as nobody in particular."""

    def __init__(self, database: Path, folder: Path) -> None:
        self.url = f"http://127.0.0.1:{_free_port()}"
        self._log = folder / "server.log"
        self._variables = {
            "NODE_ENV": "test",
            "DATABASE_URL": f"file:{shutil.copyfile(database, folder / 'tests.db')}",
            "HOST": "127.0.0.1",
            "PORT": self.url.rpartition(":")[2],
            "APP_URL": self.url,
            "JWT_SECRET": secrets.token_hex(32),
            "RATE_LIMIT_PER_MINUTE": "0",
            "AUTH_RATE_LIMIT_PER_MINUTE": "0",
            "LOG_LEVEL": "error",
        }
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                ["node", "api/dist/server.js"],
                cwd=ROOT,
                env=os.environ | self._variables,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def wait(self) -> None:
        """Return once it answers."""
        deadline = time.monotonic() + START_SECONDS
        while not self._is_ready():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"The application did not start:\n{self.log()}")
            time.sleep(0.05)

    def _is_ready(self) -> bool:
        try:
            return requests.get(f"{self.url}/readyz", timeout=REQUEST_SECONDS).ok
        except requests.ConnectionError:
            return False  # nobody listens yet

    def log(self) -> str:
        """Return what the server wrote to its log."""
        return self._log.read_text("utf-8", "replace")

    def make_admin(self, email: str) -> None:
        """Do what an operator does to make the first administrator."""
        _node(self._variables, "api/dist/admin.js", email)

    def stop(self) -> None:
        """End it as an operator would; it has to obey, and to have failed nowhere."""
        self._process.terminate()
        try:
            code = self._process.wait(STOP_SECONDS)
        finally:
            self._process.kill()
            self._process.wait()
        if code != 0 or '"level":50' in self.log():
            raise RuntimeError(f"The application ended with {code}; its log:\n{self.log()[-LOG_SHOWN:]}")


def _node(variables: dict[str, str], *arguments: str) -> None:
    done = subprocess.run(
        ["node", *arguments],
        cwd=ROOT,
        env=os.environ | variables,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise RuntimeError(f"node {' '.join(arguments)} ended with {done.returncode}:\n{done.stderr}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
