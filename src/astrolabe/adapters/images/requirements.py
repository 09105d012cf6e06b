"""Locked Python dependencies: a requirements.txt in which every wheel has its version and its hashes."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from astrolabe.adapters.images.archives import unpack
from astrolabe.adapters.images.interpreter import PYTHON
from astrolabe.adapters.images.shelf import Draft, folder_bytes, in_thread, open_up
from astrolabe.domain.policy import MIB, Policy
from astrolabe.errors import FetchError, InputError
from astrolabe.ports.images import Image
from astrolabe.ports.sandbox import Ending, Mount, Sandbox, Setup

LAYOUT_VERSION = 2
"""Grows whenever the same wheels would be laid out differently."""

_LOCK = "Lock it again, for example with `uv pip compile --universal --generate-hashes`."

HOME = "/opt/astrolabe/python/site-packages"
"""Named so that whoever tells a program from the packages it uses by their place can."""

_POLICY = Policy(wall_seconds=300, cpu_seconds=600, open_files=16384, file_bytes=512 * MIB, files=200_000)
_UNPACKED = "/unpacked"
_PINNED = re.compile(
    r"[A-Za-z0-9][A-Za-z0-9._-]*(\[[A-Za-z0-9,._-]+\])?==[A-Za-z0-9.!+_-]+( *;[^-#]*)?( +--hash=sha256:[0-9a-f]{64})+"
)
_COMMENT = re.compile(r"(^|\s+)#.*$", re.MULTILINE)
# Some packages carry files for other Pythons, which do not compile and are never imported: the outcome does not count.
_COMPILE = f"""
cp -R {_UNPACKED}/. /output || exit 1
"${PYTHON}" -I -m compileall -q -q --invalidation-mode unchecked-hash -s /output -p {HOME} /output
exit 0
"""


def pinned_lines(lockfile: str, content: bytes | None) -> tuple[str, ...]:
    """Return the requirements of a lock, one a line.

    Raises:
        InputError: there is no such file, it names nothing, or a line is not `name==version`, an optional marker, and
            SHA-256 hashes.
    """
    text = re.sub(r"\\\r?\n", " ", _COMMENT.sub("", (content or b"").decode("utf-8", "replace")))
    wanted = tuple(line.strip() for line in text.splitlines() if line.strip())
    for line in wanted:
        if not _PINNED.fullmatch(line):
            raise InputError(
                f"{lockfile} is not locked: {line[:120]!r} is not a version with its hashes.", hint=_LOCK
            )
    if not wanted:
        raise InputError(f"{lockfile} is missing or names no package.", hint=_LOCK)
    return wanted


async def lay_out(wheels: Sequence[Path], python: Image, sandbox: Sandbox, draft: Draft) -> dict[str, Any]:
    """Unpack wheels side by side and compile them, inside a sandbox, for the interpreter that will import them.

    Raises:
        FetchError: a wheel is not safe to unpack, or they cannot be laid out.
        SandboxUnavailableError: nothing ran.
    """
    unpacked, output = draft.work / "unpacked", draft.work / "output"
    await in_thread(lambda: (unpacked.mkdir(mode=0o755), output.mkdir(mode=0o755)))
    for wheel in wheels:
        await in_thread(lambda wheel=wheel: unpack(wheel, unpacked, _places(wheel)))
    setup = Setup(
        policy=_POLICY,
        mounts=(*python.mounts, Mount(unpacked, _UNPACKED)),
        environment={**python.environment, "HOME": "/tmp", "LANG": "C.UTF-8"},  # noqa: S108 - the sandbox's own
        output=output,
    )
    async with sandbox.open(setup) as session:
        outcome = await session.run(["/bin/sh", "-c", _COMPILE])
    if outcome.ending is not Ending.EXITED or outcome.exit_code != 0:
        said = outcome.stderr.decode("utf-8", "replace").strip()[-800:]
        raise FetchError(f"Python packages could not be laid out in a sandbox: {outcome.ending.value} {said}")
    return await in_thread(lambda: _collected(output, draft.content, len(wheels)))


def image_of(name: str, key: str, content: Path) -> Image:
    """Return kept packages as a mount that the interpreter looks into first."""
    return Image(name, key, (Mount(content, HOME),), {"PYTHONPATH": HOME})


def _places(wheel: Path) -> dict[str, str]:
    """Return where the parts of a wheel go: what it sets aside for the library folders lies beside the rest."""
    aside = "-".join(wheel.name.split("-")[:2]) + ".data"
    return {f"{aside}/purelib": ".", f"{aside}/platlib": ".", ".": "."}


def _collected(output: Path, content: Path, packages: int) -> dict[str, Any]:
    for entry in output.iterdir():
        entry.rename(content / entry.name)
    open_up(content)
    return {"size_bytes": folder_bytes(content), "packages": packages}
