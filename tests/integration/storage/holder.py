"""A process that owns a run of a state: prints its id, and for each line it reads tries to append, or to claim the run
that is named in it, and prints how that went.

Usage: holder.py FOLDER URL LEASE TOKEN. Its first word is the id of the run.
"""

import asyncio
import contextlib
import itertools
import os
import subprocess
import sys
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path

from astrolabe.adapters.storage.ownership import this_process
from astrolabe.errors import AstrolabeError
from tests.integration.storage import home, test_store
from tests.postgresql import BUBBLEWRAP


@dataclass(frozen=True)
class Holder:
    """The process, and the run it owns."""

    process: "subprocess.Popen[str]"
    run: str

    def append(self) -> str:
        """Let it append; return `ok` or the code of the error."""
        return self.claim("")

    def claim(self, run: str) -> str:
        """Let it claim a run; return `ok` or the code of the error."""
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(f"{run}\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().strip()


@contextlib.contextmanager
def holding(state: home.Home, token: str = "holder", *, apart: bool = False) -> Generator[Holder]:
    """Start one; `apart` puts it into a pid namespace of its own."""
    place = [str(state.folder), state.url, str(state.lease_seconds)]
    command = [sys.executable, "-m", "tests.integration.storage.holder", *place, token]
    if apart:
        namespace = ["--dev-bind", "/", "/", "--unshare-user", "--unshare-pid", "--proc", "/proc"]
        command = [str(BUBBLEWRAP), *namespace, "--die-with-parent", *command]
    root = Path(__file__).parents[3]
    with subprocess.Popen(
        command, cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        try:
            yield Holder(process, process.stdout.readline().strip())
        finally:
            process.kill()


async def hold(folder: str, url: str, lease: str, token: str) -> None:
    home.IDS = itertools.count(os.getpid() * 1000)
    async with home.Home(Path(folder), url, float(lease)).store(token) as store:
        owned = await test_store.create(
            store, this_process(token), tuple(f"t{number}" for number in range(9))
        )
        sys.stdout.write(f"{owned.run}\n")
        sys.stdout.flush()
        number = 0
        while line := await asyncio.to_thread(sys.stdin.readline):
            try:
                if line.strip():
                    await store.claim(line.strip(), this_process(token))
                else:
                    await store.append(owned, test_store.started(owned, number + 2, f"t{number}"))
                    number += 1
                sys.stdout.write("ok\n")
            except AstrolabeError as error:
                sys.stdout.write(f"{error.code}\n")
            sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(hold(*sys.argv[1:]))
