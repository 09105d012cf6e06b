"""A package index and an npm registry on this machine, a sandbox that does as it is told, and caches over them."""

import asyncio
import base64
import hashlib
import io
import itertools
import json
import os
import tarfile
import threading
import time
import zipfile
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from astrolabe.adapters.images import ImageCache, ImageOptions
from astrolabe.adapters.images.toolchain_lock import Toolchain
from astrolabe.ports.determinism import Determinism
from astrolabe.ports.sandbox import Ending, FileEntry, Outcome, Setup

IDS = itertools.count()
DETERMINISM = Determinism(time.time, time.monotonic, lambda: f"{os.getpid()}-{next(IDS)}")


class Registry:
    """Serves `pages` by path; a path in `stuck` sends half of it and then nothing until the test is over."""

    def __init__(self) -> None:
        self.pages: dict[str, bytes] = {}
        self.asked: list[str] = []
        self.stuck: set[str] = set()
        self.token: str | None = None
        self.reached = threading.Event()
        self._over = threading.Event()
        registry = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                registry.answer(self)

            def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 - the base class's name
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        path = handler.path.replace("%2f", "/").replace("%2F", "/")
        self.asked.append(path)
        denied = self.token and handler.headers.get("Authorization") != f"Bearer {self.token}"
        page = None if denied else self.pages.get(path)
        handler.send_response(401 if denied else 404 if page is None else 200)
        handler.send_header("Content-Length", str(len(page or b"")))
        handler.send_header("Content-Type", "application/json" if (page or b"")[:1] == b"{" else "text/html")
        handler.end_headers()
        if page is not None and path in self.stuck:
            handler.wfile.write(page[: len(page) // 2])
            handler.wfile.flush()
            self.reached.set()
            self._over.wait(60)
        elif page is not None:
            handler.wfile.write(page)

    def times_asked(self, part: str) -> int:
        return sum(part in path for path in self.asked)

    def add_wheel(self, name: str, file: str, content: bytes) -> None:
        self.pages[f"/files/{file}"] = content
        self.pages[f"/simple/{name}/"] = f'<a href="/files/{file}">{file}</a>'.encode()

    def add_npm(self, name: str, version: str, archive: bytes, *, elsewhere: str | None = None) -> str:
        """Offer a package, at npm's conventional address or another; return its integrity."""
        path = elsewhere or f"/npm/{name}/-/{name.rsplit('/', maxsplit=1)[-1]}-{version}.tgz"
        integrity = "sha512-" + base64.b64encode(hashlib.sha512(archive).digest()).decode()
        self.pages[path] = archive
        dist = {"tarball": self.url + path, "integrity": integrity}
        one = {"name": name, "version": version, "dist": dist}
        whole = {"name": name, "dist-tags": {"latest": version}, "versions": {version: one}}
        self.pages[f"/npm/{name}"] = json.dumps(whole).encode()
        return integrity

    def close(self) -> None:
        self._over.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@pytest.fixture
def registry() -> Iterator[Registry]:
    served = Registry()
    yield served
    served.close()


class ScriptedSandbox:
    """Runs nothing: `install` gets what a command would have seen, and fills the output folder."""

    name = "scripted"

    def __init__(self, install: Callable[[Setup, dict[str, bytes]], int] = lambda setup, files: 0) -> None:
        self.install = install
        self.setups: list[Setup] = []

    @asynccontextmanager
    async def open(self, setup: Setup) -> AsyncGenerator["ScriptedSession"]:
        self.setups.append(setup)
        yield ScriptedSession(self, setup)

    async def self_test(self, *, fresh: bool = False) -> Any:
        raise NotImplementedError


class ScriptedSession:
    def __init__(self, sandbox: ScriptedSandbox, setup: Setup) -> None:
        self._sandbox = sandbox
        self._setup = setup
        self._files: dict[str, bytes] = {}

    async def put(self, files: Sequence[FileEntry]) -> None:
        self._files |= {file.path: file.content for file in files}

    async def run(self, command: Sequence[str], **options: Any) -> Outcome:
        code = await asyncio.to_thread(self._sandbox.install, self._setup, self._files)
        return Outcome(code, Ending.EXITED, b"", b"what npm said" if code else b"", 0.1)

    async def take(self, patterns: Sequence[str] = (), *, leave_out: Sequence[str] = ()) -> Any:
        raise NotImplementedError


class Machine:
    """One cache folder and one home, over one registry."""

    def __init__(self, root: Path, registry: Registry) -> None:
        self.cache = root / "cache"
        self.home = root / "home"
        self.home.mkdir()
        self.sandbox = ScriptedSandbox()
        self.reports: list[str] = []
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.home),
            "PIP_CONFIG_FILE": "/dev/null",
            "PIP_INDEX_URL": f"{registry.url}/simple",
            "PIP_NO_CACHE_DIR": "1",
            "PIP_RETRIES": "0",
            "npm_config_registry": f"{registry.url}/npm/",
            "npm_config_fetch_retries": "0",
        }

    def images(self, lock: Mapping[str, Toolchain] | None = None, **options: Any) -> ImageCache:
        return ImageCache(
            self.cache,
            lambda: self.sandbox,
            DETERMINISM,
            self.environment,
            options=ImageOptions(**options),
            lock=lock,
            machine="x86_64-glibc",
        )

    def report(self, progress: Any) -> None:
        self.reports.append(f"{progress.subject}: {progress.text}")

    def kept(self) -> list[str]:
        folder = self.cache / "images"
        return sorted(path.name for path in folder.iterdir()) if folder.exists() else []

    def left_over(self) -> list[Path]:
        """Return whatever is still being made, or was left by its maker."""
        drafts = self.cache / "drafts"
        return list(drafts.iterdir()) if drafts.exists() else []


@pytest.fixture
def machine(tmp_path: Path, registry: Registry) -> Machine:
    return Machine(tmp_path, registry)


def wheel_of(files: Mapping[str, bytes], name: str = "toy") -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as wheel:
        for path, content in files.items():
            wheel.writestr(path, content)
        about = f"{name}-1.0.dist-info"
        wheel.writestr(f"{about}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        wheel.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        wheel.writestr(f"{about}/RECORD", "")
    return out.getvalue()


def archive_of(files: Mapping[str, bytes]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as tar:
        for name, content in files.items():
            info = tarfile.TarInfo(f"package/{name}")
            info.size, info.mode = len(content), 0o755
            tar.addfile(info, io.BytesIO(content))
    return out.getvalue()


def toy(wheel: bytes, **changes: Any) -> dict[str, Toolchain]:
    """Return a lock with one toolchain `toy`, pinned to that wheel."""
    file = {
        "machine": "any",
        "name": "toy-1.0-py3-none-any.whl",
        "hash": f"sha256:{hashlib.sha256(wheel).hexdigest()}",
        "size_bytes": len(wheel),
    }
    package = {"registry": "pypi", "name": "toy", "version": "1.0", "take": {"toy": "lib"}, "files": [file]}
    whole = {
        "name": "toy",
        "summary": "says hello",
        "licence": "MIT",
        "packages": [package],
        "path": ["bin"],
        "executables": ["lib/hello.sh"],
        "links": {"bin/hello": "../lib/hello.sh"},
        "environment": {"TOY": "{home}/lib"},
    }
    return {"toy": Toolchain.model_validate(whole | changes)}
