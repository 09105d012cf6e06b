"""Make the project's own environment in `.venv` from `uv.lock`, then become one of its programs.

Usage: environment.py [--dev] PROGRAM [ARGUMENT ...]

Needs nothing but Python 3.11 and a package index: uv is taken from PATH if it is there, else its wheel is fetched by pip,
and where Python came without pip, from the index directly; its hash is checked either way.
ASTROLABE_EXTRAS=anthropic,local installs these extras as well, and they stay.
"""

import hashlib
import html
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import urllib.parse
import urllib.request
import zipfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
STAMP = VENV / "made-from.json"
UV_VERSION = "0.13.8"
UV_WHEELS = {
    "x86_64": {
        "uv-0.13.8-py3-none-manylinux_2_17_x86_64.manylinux2014_x86_64.whl": (
            "e18a57b8b352eb7c8feb317b9f6f533c8f0ad9673fd6cf34bbe3cf1a9f6a8984"
        )
    },
    "aarch64": {
        "uv-0.13.8-py3-none-manylinux_2_17_aarch64.manylinux2014_aarch64.musllinux_1_1_aarch64.whl": (
            "0b3e8b1a4f5e405e31e2ff33de8af4744831e9f7338539671efbd8c3c94e791d"
        ),
        "uv-0.13.8-py3-none-manylinux_2_28_aarch64.whl": (
            "5337c30bb893b4f9ce0ceb921ba2da0d13f649da644f40ad3bef84083bef0203"
        ),
    },
}
OLDEST = (3, 11)


def main() -> None:
    """Bring `.venv` up to the lock file if it is not, and run the program in it."""
    arguments = sys.argv[1:]
    dev = arguments[:1] == ["--dev"]
    program, *rest = arguments[1:] if dev else arguments
    if sys.version_info < OLDEST:
        become_newer()
    if sys.platform != "linux":
        stop(
            "Astrolabe isolates what it runs with Linux namespaces; use Linux, or a Linux virtual machine or WSL 2."
        )
    wanted = extras()
    if not is_made(dev, wanted):
        synchronise(dev, wanted)
    place = VENV / "bin" / program
    os.execv(place, [str(place), *rest])


def become_newer() -> None:
    """Start again under a newer Python of the machine, if it has one."""
    for minor in range(16, OLDEST[1] - 1, -1):
        found = shutil.which(f"python3.{minor}")
        if found and subprocess.run([found, "-c", "pass"], check=False, capture_output=True).returncode == 0:
            os.execv(found, [found, *sys.argv])
    stop(f"Python 3.11 or newer is needed; this is {platform.python_version()}.")


def extras() -> tuple[str, ...]:
    """Return the extras that are wanted: those that were asked for before, too."""
    named = (
        os.environ.pop("ASTROLABE_EXTRAS", "").replace(",", " ").split()
    )  # it is no setting of Astrolabe's
    return tuple(sorted({*named, *made_from().get("extras", ())}))


def is_made(dev: bool, wanted: tuple[str, ...]) -> bool:
    """Tell whether the environment is there; one for development has all that can be wanted."""
    made = made_from()
    return made.get("dev") == state_of(("dev",)) or (not dev and made.get("plain") == state_of(wanted))


def state_of(what: tuple[str, ...]) -> str:
    """Name what the environment has to be made from."""
    parts = [(ROOT / name).read_bytes() for name in ("uv.lock", "pyproject.toml")]
    return hashlib.sha256(
        b"\0".join([*parts, sys.version.encode(), str(ROOT).encode(), *map(str.encode, what)])
    ).hexdigest()


def made_from() -> dict[str, Any]:
    """Return what the environment was last made from."""
    return json.loads(STAMP.read_text(encoding="utf-8")) if STAMP.exists() else {}


def synchronise(dev: bool, wanted: tuple[str, ...]) -> None:
    """Install exactly what the lock file pins: the base and what is wanted, or for development all there is."""
    say("preparing the environment in .venv (the first time takes a minute)")
    if (
        STAMP.exists()
    ):  # should this fail, it is not made of anything, and what was asked for before is still known
        STAMP.write_text(json.dumps({"extras": made_from().get("extras", ())}), encoding="utf-8")
    chosen = ["--all-extras"] if dev else ["--no-dev", *(f"--extra={name}" for name in wanted)]
    command = [find_uv(), "--system-certs", "sync", "--locked", "--python", sys.executable, *chosen]
    settings = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}
    if subprocess.run(command, cwd=ROOT, env=settings, check=False).returncode != 0:
        stop("the environment could not be made; what is wrong stands above.")
    made = {"dev": state_of(("dev",))} if dev else {"plain": state_of(wanted)}
    STAMP.write_text(json.dumps({**made, "extras": wanted}), encoding="utf-8")


def find_uv() -> str:
    """Return a uv of the pinned version: the machine's, the one fetched before, or one fetched now."""
    for candidate in (shutil.which("uv"), str(VENV.parent / ".venv-uv" / "uv")):
        if candidate and told_version(candidate) == UV_VERSION:
            return candidate
    wheel = fetch_wheel()
    place = ROOT / ".venv-uv" / "uv"
    place.parent.mkdir(exist_ok=True)
    with zipfile.ZipFile(wheel) as archive:
        name = next(name for name in archive.namelist() if name.endswith("/scripts/uv"))
        place.write_bytes(archive.read(name))
    place.chmod(0o755)
    wheel.unlink()
    return str(place)


def told_version(program: str) -> str:
    """Return the version a uv tells, or nothing when it cannot be run."""
    try:
        told = subprocess.run([program, "--version"], check=False, capture_output=True, text=True, cwd="/")
    except OSError:
        return ""
    return told.stdout.split()[1] if told.returncode == 0 else ""


def fetch_wheel() -> Path:
    """Fetch uv's wheel and check its hash."""
    if platform.machine() not in UV_WHEELS:
        stop(f"no uv is pinned for {platform.machine()}; install uv {UV_VERSION} and try again.")
    wheels = UV_WHEELS[platform.machine()]
    folder = ROOT / ".venv-uv"
    folder.mkdir(exist_ok=True)
    say(f"fetching uv {UV_VERSION}")
    if not with_pip(folder):
        from_index(next(iter(wheels)), folder)
    found = next(iter(folder.glob("uv-*.whl")), None)
    if found is None:
        stop("uv could not be fetched: is a package index reachable? (PIP_INDEX_URL names another one)")
    if hashlib.sha256(found.read_bytes()).hexdigest() != wheels.get(found.name):
        found.unlink()
        stop(f"the index gave another file than the pinned {found.name}; nothing was installed.")
    return found


def with_pip(folder: Path) -> bool:
    """Let pip fetch, with the machine's own settings for it."""
    if (
        subprocess.run(
            [sys.executable, "-m", "pip", "--version"], check=False, capture_output=True
        ).returncode
        != 0
    ):
        return False
    command = [
        sys.executable,
        "-m",
        "pip",
        "download",
        "-q",
        "--no-deps",
        "--only-binary",
        ":all:",
        "-d",
        str(folder),
    ]
    return subprocess.run([*command, f"uv=={UV_VERSION}"], check=False).returncode == 0


def from_index(name: str, folder: Path) -> None:
    """Fetch a wheel from the index's page of links (PEP 503)."""
    index = os.environ.get("PIP_INDEX_URL", "https://pypi.org/simple").rstrip("/") + "/uv/"
    try:
        with urllib.request.urlopen(index, timeout=60) as page:
            links = re.findall(r'href="([^"]+)"', page.read().decode())
        link = next(html.unescape(link) for link in links if f"/{name}" in html.unescape(link))
        with urllib.request.urlopen(urllib.parse.urljoin(index, link), timeout=300) as file:
            (folder / name).write_bytes(file.read())
    except (OSError, StopIteration) as error:
        stop(f"uv could not be fetched from {index}: {error or 'it has no such file'}")


def say(text: str) -> None:
    """Tell the person who waits."""
    sys.stderr.write(f"astrolabe: {text}\n")


def stop(text: str) -> None:
    """End with a reason; 6 is the exit code for something that is unavailable."""
    say(text)
    sys.exit(6)


if __name__ == "__main__":
    main()
