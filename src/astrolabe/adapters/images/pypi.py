"""Fetch wheels with pip, as this machine has it configured. Nothing of a package runs."""

import hashlib
import shutil
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from astrolabe.adapters.images.clients import Watch, refuse_full_disk, run_client
from astrolabe.adapters.images.shelf import in_thread
from astrolabe.adapters.images.toolchain_lock import Package, PinnedFile
from astrolabe.errors import FetchError


@dataclass(frozen=True)
class Pip:
    """The pip that Astrolabe was installed with; `environment` is its whole environment."""

    environment: Mapping[str, str]
    stall_seconds: float

    async def fetch(
        self, package: Package, file: PinnedFile, work: Path, on_bytes: Callable[[int], None]
    ) -> Path:
        """Fetch one pinned wheel into `work` and return its path; its hash is the pinned one.

        Raises:
            FetchError: the registry does not answer, does not have it, or has another file of that name.
        """
        folder, scratch = work / "pypi", work / "pip"
        for each in (folder, scratch):
            each.mkdir(exist_ok=True)
        wanted = work / "wanted.txt"
        wanted.write_text(f"{package.name}=={package.version} --hash={file.hash}\n", "ascii")
        done = await run_client(
            [*_DOWNLOAD, "--dest", str(folder), "--requirement", str(wanted)],
            cwd=work,
            environment={**self.environment, "TMPDIR": str(scratch), "PIP_REQUIRE_VIRTUALENV": "0"},
            watch=Watch(work, self.stall_seconds, on_bytes),
        )
        path = folder / file.name
        if done.exit_code != 0 or not path.is_file():
            refuse_full_disk(done, work)
            raise _fault(package, done.stderr or done.stdout)
        await in_thread(lambda: check_hash(path, package, file))
        await in_thread(lambda: shutil.rmtree(scratch))
        return path


_DOWNLOAD = (
    *(sys.executable, "-m", "pip", "download", "--no-input", "--disable-pip-version-check"),
    *("--no-deps", "--only-binary", ":all:", "--require-hashes", "--progress-bar", "off"),
)


def check_hash(path: Path, package: Package, file: PinnedFile) -> None:
    """Compare a file with the lock.

    Raises:
        FetchError: it is not the pinned file.
    """
    algorithm, _, wanted = file.hash.partition(":")
    with path.open("rb") as opened:
        found = hashlib.file_digest(opened, algorithm).hexdigest()
    if found != wanted:
        raise _mismatch(package, f"{algorithm} is {found}, pinned is {wanted}")


def _mismatch(package: Package, detail: str) -> FetchError:
    return FetchError(
        f"The registry's {package.name} {package.version} is not the file that is pinned; it was not used.",
        hint=f"Use another registry or mirror, or report it: this may be an attack ({detail}).",
    )


def _fault(package: Package, output: str) -> FetchError:
    if "DO NOT MATCH THE HASHES" in output:
        return _mismatch(package, "pip refused its hash")
    errors = [line.removeprefix("ERROR: ") for line in output.splitlines() if line.startswith("ERROR:")]
    reason = (errors or output.strip().splitlines() or ["pip gave no reason"])[0]
    return FetchError(
        f"{package.name} {package.version} could not be fetched from the package index: {reason}",
        hint="Check the connection, the proxy, and pip's index settings (`pip config list`), then try again.",
    )
