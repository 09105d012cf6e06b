"""Fetch wheels with pip, as this machine has it configured. Nothing of a package runs."""

import hashlib
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from astrolabe.adapters.images.clients import Finished, Watch, refuse_full_disk, run_client
from astrolabe.adapters.images.shelf import in_thread
from astrolabe.adapters.images.toolchain_lock import Pinned
from astrolabe.domain.contacts import Contacts
from astrolabe.errors import FetchError

_SHOWN = 5


@dataclass(frozen=True)
class Pip:
    """The pip that Astrolabe was installed with; `environment` is its whole environment."""

    environment: Mapping[str, str]
    stall_seconds: float
    contacts: Contacts = field(default_factory=Contacts)

    async def fetch(
        self, pinned: Sequence[Pinned], work: Path, on_bytes: Callable[[int], None]
    ) -> list[Path]:
        """Fetch pinned wheels into `work` and return their paths; their hashes are the pinned ones.

        Raises:
            FetchError: the index does not answer, does not have one, or has another file of that name.
            StorageError: the disk is full.
            OfflineError: nothing may be fetched.
        """
        self.contacts.require(f"fetching {', '.join(package.name for package, _ in pinned)}")
        folder, scratch, wanted = work / "pypi", work / "pip", work / "wanted.txt"
        asked = "".join(f"{p.name}=={p.version} --hash={file.hash}\n" for p, file in pinned)
        await in_thread(lambda: (folder.mkdir(), scratch.mkdir(), wanted.write_text(asked, "ascii")))
        done = await self._download(folder, wanted, scratch, work, on_bytes)
        paths = [folder / file.name for _, file in pinned]
        if done.exit_code != 0 or not await in_thread(lambda: all(path.is_file() for path in paths)):
            refuse_full_disk(done, work)
            raise _fault([package.name for package, _ in pinned], done.stderr or done.stdout)
        await in_thread(lambda: check_hashes(paths, pinned))
        return paths

    async def fetch_locked(
        self, lines: Sequence[str], work: Path, on_bytes: Callable[[int], None]
    ) -> list[Path]:
        """Fetch the wheels that requirements name for this interpreter; pip holds each against its hashes.

        Raises:
            FetchError: the index does not answer, does not have one, or has another file of that name.
            StorageError: the disk is full.
            OfflineError: nothing may be fetched.
        """
        self.contacts.require(f"fetching {', '.join(line.split('==')[0] for line in lines[:_SHOWN])}")
        folder, scratch, wanted = work / "pypi", work / "pip", work / "wanted.txt"
        asked = "".join(f"{line}\n" for line in lines)
        await in_thread(lambda: (folder.mkdir(), scratch.mkdir(), wanted.write_text(asked, "utf-8")))
        done = await self._download(folder, wanted, scratch, work, on_bytes)
        if done.exit_code != 0:
            refuse_full_disk(done, work)
            raise _fault([line.split("==")[0] for line in lines], done.stderr or done.stdout)
        return await in_thread(lambda: sorted(folder.glob("*.whl")))

    async def _download(
        self, folder: Path, wanted: Path, scratch: Path, work: Path, on_bytes: Callable[[int], None]
    ) -> Finished:
        return await run_client(
            [*_DOWNLOAD, "--dest", str(folder), "--requirement", str(wanted)],
            cwd=work,
            environment={**self.environment, "TMPDIR": str(scratch), "PIP_REQUIRE_VIRTUALENV": "0"},
            watch=Watch(work, self.stall_seconds, on_bytes),
        )


_DOWNLOAD = (
    *(sys.executable, "-m", "pip", "download", "--no-input", "--disable-pip-version-check"),
    *("--no-deps", "--only-binary", ":all:", "--require-hashes", "--progress-bar", "off"),
)


def check_hashes(paths: Sequence[Path], pinned: Sequence[Pinned]) -> None:
    """Compare files with the lock.

    Raises:
        FetchError: one is not the pinned file.
    """
    for path, (package, file) in zip(paths, pinned, strict=True):
        algorithm, _, wanted = file.hash.partition(":")
        with path.open("rb") as opened:
            found = hashlib.file_digest(opened, algorithm).hexdigest()
        if found != wanted:
            raise _mismatch(package.name, f"{algorithm} is {found}, pinned is {wanted}")


def _mismatch(name: str, detail: str) -> FetchError:
    return FetchError(
        f"What the registry has for {name} is not the file that is pinned; nothing of it was used.",
        hint=f"Use another registry or mirror, or report it: this may be an attack ({detail}).",
    )


def _fault(names: Sequence[str], output: str) -> FetchError:
    if "DO NOT MATCH THE HASHES" in output:
        blamed = [name for name in names if name in output.split("DO NOT MATCH THE HASHES", 1)[1]]
        return _mismatch(", ".join(blamed or names), "pip refused its hash")
    errors = [line.removeprefix("ERROR: ") for line in output.splitlines() if line.startswith("ERROR:")]
    reason = (errors or output.strip().splitlines() or ["pip gave no reason"])[0]
    return FetchError(
        f"{', '.join(names)} could not be fetched from the package index: {reason}",
        hint="Check the connection, the proxy, and pip's index settings (`pip config list`), then try again.",
    )
