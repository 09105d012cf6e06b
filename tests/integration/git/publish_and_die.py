"""A program that publishes as often as it is told, each time in a process of its own that may die by SIGKILL.

Each line of its input is a JSON list: clone, target, home, PATH, run, final commit, and before which thing done to the
file system, or process started, it dies (0: it lives). Each line of its output: the exit status, and how many such things
there were.
"""

import asyncio
import json
import os
import signal
import sys
import time
from pathlib import Path

from astrolabe.adapters.git import GitWorkspace
from astrolabe.ports.determinism import Determinism

WATCHED = {"os.rename", "os.remove", "os.rmdir", "os.link", "os.mkdir", "subprocess.Popen", "os.chmod"}


def publish(arguments: list[str]) -> None:
    clone, target, home, path, run, final, last = arguments
    determinism = Determinism(time.time, time.monotonic, lambda: str(os.getpid()))
    workspace = GitWorkspace(Path(clone), Path(target), determinism, environment={"HOME": home, "PATH": path})
    happened = 0

    def watch(event: str, _: tuple[object, ...]) -> None:
        nonlocal happened
        if event in WATCHED:
            happened += 1
            if happened == int(last):
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(watch)
    published = asyncio.run(workspace.publish(run, {"t": final}, final))
    assert published is not None
    sys.stdout.write(f"{happened} {published.moved} ")
    sys.stdout.flush()


def main() -> None:
    for line in sys.stdin:
        child = os.fork()
        if not child:
            publish(json.loads(line))
            os._exit(0)
        sys.stdout.write(f"{os.waitpid(child, 0)[1]}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
