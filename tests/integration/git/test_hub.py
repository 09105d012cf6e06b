"""Trees and commits travel between hosts through a hub that is a folder, or a repository behind a server that wants a password."""

import base64
import os
import subprocess
import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from tests.integration.git.conftest import Place, run

from astrolabe.adapters.git.clone import Identity
from astrolabe.adapters.git.command import Git
from astrolabe.adapters.git.hub import Hub
from astrolabe.adapters.git.shared import HubWorkspace
from astrolabe.errors import MissingError, UnavailableError
from astrolabe.ports.sandbox import FileEntry

PASSWORD = "p:ss/w@rd"
FILE = FileEntry("text.txt", 0o100644, b"from afar\n")


class Remote(BaseHTTPRequestHandler):
    """Git's own program behind HTTP, for who knows the password."""

    root: Path

    def do_GET(self) -> None:
        self._answer(b"")

    def do_POST(self) -> None:
        self._answer(self.rfile.read(int(self.headers["Content-Length"])))

    def _answer(self, body: bytes) -> None:
        told = base64.b64encode(f"ada:{PASSWORD}".encode()).decode()
        if self.headers.get("Authorization") != f"Basic {told}":
            self.send_response(401)
            self.send_header("WWW-Authenticate", "Basic")
            self.end_headers()
            return
        url = urlsplit(self.path)
        variables = {
            "PATH": os.environ["PATH"],
            "GIT_PROJECT_ROOT": str(self.root),
            "GIT_HTTP_EXPORT_ALL": "1",
            "PATH_INFO": url.path,
            "QUERY_STRING": url.query,
            "REQUEST_METHOD": self.command,
            "REMOTE_USER": "ada",
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "CONTENT_LENGTH": str(len(body)),
            "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
            "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
            "GIT_CONFIG_COUNT": "1",
            "GIT_CONFIG_KEY_0": "safe.directory",
            "GIT_CONFIG_VALUE_0": "*",
        }
        done = subprocess.run(
            ["git", "http-backend"], input=body, env=variables, capture_output=True, check=True
        )
        head, _, content = done.stdout.partition(b"\r\n\r\n")
        fields = dict(line.split(": ", 1) for line in head.decode().splitlines())
        self.send_response(int(fields.pop("Status", "200 OK").split()[0]))
        for name, value in fields.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        del format, args


@contextmanager
def serving(root: Path) -> Generator[str]:
    """Serve the repositories below a folder; yield `host:port`."""
    handler = type("Served", (Remote,), {"root": root})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield f"127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture(params=["folder", "http"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    root = tmp_path / "served"
    if request.param == "folder":
        yield str(root / "hub.git")
        return
    root.mkdir()
    subprocess.run(["git", "init", "--quiet", "--bare", str(root / "hub.git")], check=True)
    subprocess.run(["git", "-C", str(root / "hub.git"), "config", "http.receivepack", "true"], check=True)
    with serving(root) as place:
        yield f"http://ada:{PASSWORD.replace(':', '%3A').replace('/', '%2F').replace('@', '%40')}@{place}/hub.git"


Host = Callable[[str], HubWorkspace]


@pytest.fixture
def host(tmp_path: Path, address: str) -> Host:
    """Return a host's workspace of the one run; hosts have nothing in common but the hub."""

    def workspace(name: str) -> HubWorkspace:
        place = Place(tmp_path / name)
        environment = {"HOME": str(place.home), "PATH": os.environ["PATH"]}
        own = place.workspace(identity=Identity("Ada", "ada@example.org"))
        shared = HubWorkspace(own, Hub(Git(environment), address, environment), "run", "sha1")
        run(shared.prepare())
        return shared

    return workspace


def test_what_one_host_has_made_is_had_by_the_next(host: Host) -> None:
    here, there = host("here"), host("there")
    empty = run(here.tree_of(None))
    tree = run(here.snapshot(empty, [FILE]))
    first = run(here.commit(tree, [], "first", 1.0))
    second = run(here.commit(tree, [first], "second", 2.0))
    run(here.share([tree, second]))
    assert run(there.files(tree)) == (FILE,)
    assert run(there.tree_of(second)) == tree
    third = run(there.commit(tree, [second], "third", 3.0))
    run(there.share([third]))
    assert run(here.heads([first, second, third])) == (third,)
    run(here.tidy({third}))
    late = host("late")
    assert run(late.tree_of(third)) == tree
    with pytest.raises(MissingError):
        run(late.tree_of("1" * 40))


def test_a_hub_that_cannot_be_reached_is_named_without_its_password(tmp_path: Path) -> None:
    place = Place(tmp_path)
    environment = {"HOME": str(place.home), "PATH": os.environ["PATH"]}
    root = tmp_path / "served"
    root.mkdir()
    with serving(root) as server:
        address = f"http://ada:wrong@{server}/hub.git"
        shared = HubWorkspace(place.workspace(), Hub(Git(environment), address, environment), "run", "sha1")
        run(shared.prepare())
        with pytest.raises(UnavailableError) as told:
            run(shared.tree_of("1" * 40))
    assert f"http://{server}/hub.git" in str(told.value)
    assert "wrong" not in str(told.value)
