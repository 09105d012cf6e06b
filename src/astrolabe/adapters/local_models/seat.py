"""The folder in which the processes of this machine agree on one server of a model: locks, and where it listens.

The kernel frees a lock when its holder dies, however that happens; so a lock that is held is somebody who lives.

- `start`: held by whoever starts the server, looks for it, or ends it; nobody else does meanwhile.
- `server`: held by the server, from before it loads the model until it is gone.
- `users`: shared by everybody who uses it just now; its time of change is when the last one ceased to.
"""

import contextlib
import fcntl
import json
import os
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True)
class Facts:
    """What a server tells of itself: where it listens, the key it wants to see, how it was set up."""

    url: str
    key: str
    pid: int
    context_tokens: int
    parallel: int
    threads: int


@dataclass(frozen=True)
class Seat:
    """One model's folder."""

    folder: Path

    @property
    def log(self) -> Path:
        return self.folder / "server.log"

    def prepare(self) -> None:
        """Make the folder; its files are for nobody else, for they hold the key."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    def try_lock(self, name: str) -> int | None:
        """Take a lock if nobody holds it; return the descriptor that holds it until it is closed."""
        descriptor = self._open(name)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return None
        return descriptor

    def is_held(self, name: str) -> bool:
        """Tell whether somebody who lives holds a lock."""
        descriptor = self.try_lock(name)
        if descriptor is None:
            return True
        os.close(descriptor)
        return False

    @contextmanager
    def used(self) -> Generator[None]:
        """Count among the users while the context lasts; it is entered within `start`, so that no server ends meanwhile."""
        descriptor = self._open("users")
        fcntl.flock(
            descriptor, fcntl.LOCK_SH
        )  # a server that looks whether there are users holds it for an instant
        try:
            yield
        finally:
            with contextlib.suppress(OSError):  # the folder is gone, and the server ends with it
                os.utime(descriptor)
            os.close(descriptor)

    def _open(self, name: str) -> int:
        return os.open(self.folder / f"{name}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def facts(self) -> Facts | None:
        """Return what the server tells, once it listens."""
        try:
            return Facts(**json.loads((self.folder / "server.json").read_text("utf-8")))
        except FileNotFoundError:
            return None

    def tell(self, facts: Facts) -> None:
        """Say that the server listens: all of it at once."""
        fresh = self.folder / ".server.json"
        fresh.touch(mode=0o600)
        fresh.write_text(json.dumps(asdict(facts)), "utf-8")
        fresh.replace(self.folder / "server.json")

    def forget(self) -> None:
        """Remove what an earlier server told."""
        (self.folder / "server.json").unlink(missing_ok=True)
