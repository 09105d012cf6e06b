"""Running one command as agents' commands are run."""

import os
import stat
from collections.abc import Generator, Sequence
from pathlib import Path

from pydantic import ValidationError

from astrolabe.domain.policy import Policy
from astrolabe.errors import InputError, PolicyViolationError, Problem
from astrolabe.ports.images import Report
from astrolabe.ports.sandbox import FileEntry, Input, Outcome, Output, Setup
from astrolabe.services.builds import require_sandbox
from astrolabe.services.installation import Installation


async def execute(
    installation: Installation,
    command: Sequence[str],
    folder: Path | None,
    *,
    toolchains: Sequence[str] = (),
    network: Sequence[str] = (),
    stdin: Input = b"",
    wall_seconds: float | None = None,
    on_output: Output | None = None,
    report: Report | None = None,
) -> Outcome:
    """Run `command` on a copy of `folder`'s files, `.git` left out; what it writes is gone with the sandbox.

    Raises:
        SandboxUnavailableError: nothing here can isolate it; it was not started.
        InputError: the folder is none, or holds more than the policy allows.
    """
    await require_sandbox(installation)
    files = (
        []
        if folder is None
        else list(_files(folder, installation.policy.workspace_bytes, installation.policy.files))
    )
    images = [await installation.images.toolchain(name, report) for name in toolchains]
    setup = Setup(
        policy=_policy(installation.policy, network),
        mounts=tuple(mount for image in images for mount in image.mounts),
        environment={name: value for image in images for name, value in image.environment.items()},
        path=tuple(place for image in images for place in image.path),
    )
    async with installation.sandbox.open(setup) as session:
        await session.put(files)
        return await session.run(command, stdin=stdin, wall_seconds=wall_seconds, on_output=on_output)


def _policy(policy: Policy, network: Sequence[str]) -> Policy:
    """Return a policy that reaches more; whoever types a command is the operator."""
    try:
        return Policy.model_validate({**policy.model_dump(), "network": (*policy.network, *network)})
    except ValidationError as fault:
        wrong = [Problem(network[-1], one["msg"]) for one in fault.errors()]
        raise InputError("there is no such host to reach", wrong) from fault


def _files(folder: Path, bytes_left: int, files_left: int) -> Generator[FileEntry]:
    """Read a folder's regular files and inward links, following none."""
    if not folder.is_dir():
        raise InputError(
            f"{folder} is no folder", [Problem(str(folder), "no folder", "name an existing folder")]
        )
    for path, status in _walk(folder):
        bytes_left -= status.st_size
        files_left -= 1
        if bytes_left < 0 or files_left < 0:
            raise InputError(
                f"{folder} holds more than the sandbox's workspace may",
                hint="Raise ASTROLABE_SANDBOX__WORKSPACE_BYTES or ASTROLABE_SANDBOX__FILES, or name a smaller folder.",
            )
        yield _entry(folder, path, status)


def _walk(folder: Path) -> Generator[tuple[Path, os.stat_result]]:
    for root, names, files in os.walk(folder, followlinks=False):
        links = [name for name in names if (Path(root) / name).is_symlink()]
        names[:] = sorted(name for name in names if name != ".git" and name not in links)
        for name in sorted([*files, *links]):
            path = Path(root) / name
            status = path.lstat()
            if name != ".git" and (stat.S_ISREG(status.st_mode) or stat.S_ISLNK(status.st_mode)):
                yield path, status


def _entry(folder: Path, path: Path, status: os.stat_result) -> FileEntry:
    name = str(path.relative_to(folder))
    if stat.S_ISLNK(status.st_mode):
        return FileEntry(name, 0o120000, os.fsencode(path.readlink()))
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        with open(os.open(path, flags), "rb") as file:  # noqa: PTH123 - the descriptor refuses links
            return FileEntry(
                name, 0o100755 if status.st_mode & 0o100 else 0o100644, file.read(status.st_size)
            )
    except OSError as error:
        raise PolicyViolationError(f"{path} cannot be read: {error.strerror}") from error
