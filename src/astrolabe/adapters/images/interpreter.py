"""The Python that runs this program, for sandboxes: there always is one, and wheels fetched here fit it."""

import hashlib
import sys
from functools import cache
from pathlib import Path

from astrolabe.errors import MissingError
from astrolabe.ports.images import Image
from astrolabe.ports.sandbox import Mount

PYTHON = "ASTROLABE_PYTHON"
"""The variable that names the interpreter inside."""

_USR = Path("/usr")


@cache
def interpreter() -> Image:
    """Return the interpreter below this program's environment, at the place it has on the host.

    Its libraries may be found by absolute paths, so it is not moved; below /usr every sandbox shows it anyway. What else
    was installed into it is no part of the image: run it with `-S`, and only what a lock file names is found.

    Raises:
        MissingError: it is not laid out as Python is on Linux.
    """
    prefix = Path(sys.base_prefix).resolve()
    program = prefix / "bin" / f"python{sys.version_info.major}.{sys.version_info.minor}"
    if not program.is_file():
        raise MissingError(
            f"There is no {program}, so sandboxes have no Python.",
            hint="Install Astrolabe with a Python that has its usual layout.",
        )
    with program.open("rb") as file:
        content = hashlib.file_digest(file, "sha256").hexdigest()
    digest = hashlib.sha256(f"{content} {sys.version}".encode()).hexdigest()
    mounts = () if prefix.is_relative_to(_USR) else (Mount(prefix, str(prefix)),)
    return Image("python", digest, mounts, {PYTHON: str(program), "PYTHONNOUSERSITE": "1"})
