"""Whether this machine can have a sandbox of this kind at all, and what to do where it cannot."""

import asyncio
import platform
import sys
from pathlib import Path

from astrolabe.adapters.sandboxes import seccomp
from astrolabe.errors import SandboxUnavailableError

_APPARMOR = Path("/proc/sys/kernel/apparmor_restrict_unprivileged_userns")
_CLONE = Path("/proc/sys/kernel/unprivileged_userns_clone")
_MOST = Path("/proc/sys/user/max_user_namespaces")
_CONTAINER_MARKS = (Path("/.dockerenv"), Path("/run/.containerenv"))


def refuse_unsuitable(system: str = sys.platform, architecture: str = platform.machine()) -> None:
    """Raise SandboxUnavailableError where this backend cannot work, whatever is installed."""
    if system != "linux":
        raise SandboxUnavailableError(
            f"foreign code can be isolated on Linux only so far, this is {system}",
            hint="Run Astrolabe in a Linux virtual machine (WSL 2, Lima, a cloud machine). It never runs code unisolated.",
        )
    if architecture not in seccomp.SUPPORTED:
        raise SandboxUnavailableError(
            f"there is no system call filter for {architecture} yet",
            hint=f"Use a machine of one of these architectures: {', '.join(sorted(seccomp.SUPPORTED))}.",
        )


def advice() -> str:
    """Say what most likely keeps namespaces from working here; nothing when that is not known."""
    if _value(_APPARMOR) == "1":
        return (
            "AppArmor keeps user namespaces from unprivileged programs here. Run "
            "`sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0`, or run Astrolabe as root."
        )
    if _value(_CLONE) == "0" or _value(_MOST) == "0":
        return (
            "User namespaces are switched off here. Run "
            "`sudo sysctl -w kernel.unprivileged_userns_clone=1 user.max_user_namespaces=10000`."
        )
    if any(mark.exists() for mark in _CONTAINER_MARKS):
        return (
            "This is a container that may not make namespaces. Run Astrolabe outside, or start the container with "
            "`--security-opt seccomp=unconfined --security-opt apparmor=unconfined --security-opt "
            "systempaths=unconfined --cap-add SYS_ADMIN`."
        )
    return ""


def _value(path: Path) -> str:
    return path.read_text().strip() if path.exists() else ""


async def version(backend: Path) -> str:
    """What the backend calls itself; it has run before this is asked, so it can be started."""
    process = await asyncio.create_subprocess_exec(
        str(backend), "--version", stdout=asyncio.subprocess.PIPE, env={}, cwd="/"
    )
    said, _ = await process.communicate()
    return said.decode(errors="replace").strip()
