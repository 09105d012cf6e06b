"""Lay the parts of a toolchain into one folder; what needs a program to be unpacked is unpacked in a sandbox."""

import shutil
from pathlib import Path

from astrolabe.adapters.images.archives import unpack
from astrolabe.adapters.images.shelf import Draft, in_thread, write_protect
from astrolabe.adapters.images.toolchain_lock import Package, Toolchain
from astrolabe.domain.policy import MIB, Policy
from astrolabe.errors import FetchError
from astrolabe.ports.images import Image
from astrolabe.ports.sandbox import Ending, Mount, Sandbox, Setup

_PACKED = "/packed"
_POLICY = Policy(wall_seconds=300, cpu_seconds=600, file_bytes=1024 * MIB)
_INFLATE = """
const { pipeline } = require("node:stream/promises");
const { createReadStream, createWriteStream } = require("node:fs");
const { createBrotliDecompress } = require("node:zlib");
(async () => {
  for (const [index, packed] of process.argv.slice(1).entries())
    await pipeline(createReadStream(packed), createBrotliDecompress(), createWriteStream(`/output/${index}`));
})();
"""


def lay(archive: Path, package: Package, content: Path) -> None:
    """Unpack the wanted parts of a package's archive; raises FetchError when it is not safe or not as expected."""
    unpack(archive, content, package.take)
    lacking = [place for place in package.take.values() if not (content / place).exists()]
    if lacking:
        raise FetchError(
            f"{package.name} {package.version} does not hold what is expected of it: {', '.join(lacking)}.",
            hint="This is a fault of the toolchain lock: report it.",
        )


async def inflate(toolchain: Toolchain, draft: Draft, node: Image, sandbox: Sandbox) -> None:
    """Replace the brotli files of a toolchain by what they hold.

    Raises:
        FetchError: one of them is broken.
        SandboxUnavailableError: nothing ran.
    """
    output = draft.work / "inflated"
    await in_thread(lambda: output.mkdir(mode=0o755))
    setup = Setup(
        policy=_POLICY,
        mounts=(*node.mounts, Mount(draft.content, _PACKED)),
        environment={**node.environment, "HOME": "/tmp"},  # noqa: S108 - the sandbox's own
        path=node.path,
        output=output,
    )
    packed = [f"{_PACKED}/{name}" for name in toolchain.inflate]
    async with sandbox.open(setup) as session:
        outcome = await session.run(["node", "-e", _INFLATE, *packed])
    if outcome.ending is not Ending.EXITED or outcome.exit_code != 0:
        said = outcome.stderr.decode("utf-8", "replace").strip()[-800:]
        raise FetchError(
            f"{toolchain.name} could not be unpacked in a sandbox: {outcome.ending.value} {said}"
        )
    await in_thread(lambda: _place(toolchain, output, draft.content))


def _place(toolchain: Toolchain, output: Path, content: Path) -> None:
    for index, (packed, place) in enumerate(toolchain.inflate.items()):
        inflated = output / str(index)
        if not inflated.is_file() or inflated.is_symlink():
            raise FetchError(f"{packed} of {toolchain.name} did not unpack to a file.")
        if packed.endswith(".tar.br"):
            unpack(inflated, content, {".": place})
        else:
            shutil.copyfile(inflated, content / place)
        (content / packed).unlink()
    for folder in {(content / packed).parent for packed in toolchain.inflate}:
        if not any(folder.iterdir()):
            folder.rmdir()


def finish(toolchain: Toolchain, content: Path) -> None:
    """Add a toolchain's own files and links, and take away every right to write."""
    for place, text in toolchain.texts.items():
        (content / place).parent.mkdir(parents=True, exist_ok=True)
        (content / place).write_text(text.replace("{home}", toolchain.home), "utf-8")
    for place in toolchain.executables:
        (content / place).chmod(0o755)
    for place, target in toolchain.links.items():
        (content / place).parent.mkdir(parents=True, exist_ok=True)
        (content / place).symlink_to(target)
    write_protect(content)
