"""What a sandbox looks like inside, as the specification its holder gets. Pure but for looking at what exists."""

import base64
import platform
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from astrolabe.adapters.sandboxes import seccomp
from astrolabe.adapters.sandboxes.enforcement import OWN_PROCESSES, Enforcement
from astrolabe.adapters.sandboxes.gate import inside
from astrolabe.adapters.sandboxes.holder import commands
from astrolabe.adapters.sandboxes.holder.spec import (
    BOX,
    OUTPUT,
    OVERLAYS,
    SHARED_MEMORY,
    SOURCES,
    TEMPORARY,
    TERMINALS,
    Spec,
)
from astrolabe.adapters.sandboxes.holder.spec import WORKSPACE as HELD_WORKSPACE
from astrolabe.domain.policy import MIB, Policy
from astrolabe.errors import MissingError, PolicyViolationError
from astrolabe.ports.sandbox import WORKSPACE, Mount, MountKind, Setup

UID = 1000
"""The uid a command sees itself as."""
HOSTNAME = "sandbox"
HOME = "/tmp/home"  # noqa: S108 - inside the sandbox
SYSTEM_PATH = ("/usr/local/bin", "/usr/bin", "/bin")
ENVIRONMENT = {"HOME": HOME, "LANG": "C.UTF-8", "TMPDIR": "/tmp"}  # noqa: S108
_BACKEND = "/backend"
_ROOT_LINKS = ("bin", "sbin", "lib", "lib32", "lib64", "libx32")
_ETC = (
    "ld.so.cache",
    "alternatives",
    "ssl/certs",
    "pki/tls/certs",
    "pki/ca-trust/extracted",
    "nsswitch.conf",
    "localtime",
    "fonts",
    # Debian's Java and Maven do not start without these. What could name a password (jmxremote, settings.xml) is not among them.
    "java-*-openjdk/jvm-*.cfg",
    "java-*-openjdk/*.properties",
    "java-*-openjdk/security",
    "maven/m2.conf",
    "maven/logging",
)
"""Below /etc; a star stands for any name."""
_MASKED = ("kallsyms", "keys", "key-users", "timer_list", "sched_debug", "kcore", "sysrq-trigger")
_RESOURCES_OF_THE_USER = {
    "RLIMIT_RTPRIO": 0,
    "RLIMIT_NICE": 0,
    "RLIMIT_MSGQUEUE": 0,
    "RLIMIT_SIGPENDING": 4096,
    "RLIMIT_MEMLOCK": 8 * MIB,
}
"""Some machines let a person's programs run before all others, or lock memory; commands have no use for that. Signals
and queues count for all programs of a user."""
_RESERVED = ("/proc", "/dev", "/sys", "/output")
_PER_COMMAND = (WORKSPACE, "/tmp")  # noqa: S108
_FILES = {
    "/etc/passwd": f"root:x:0:0:root:/root:/bin/sh\nsandbox:x:{UID}:{UID}:sandbox:{HOME}:/bin/sh\n"
    "nobody:x:65534:65534:nobody:/:/bin/sh\n",
    "/etc/group": f"root:x:0:\nsandbox:x:{UID}:\nnogroup:x:65534:\n",
    "/etc/hosts": f"127.0.0.1 localhost {HOSTNAME}\n::1 localhost\n",
    "/etc/hostname": f"{HOSTNAME}\n",
}


@dataclass(frozen=True)
class _Bound:
    """Where a mount lies in the holder's root, and whether each command must mount it anew."""

    mount: Mount
    held: str
    per_command: bool


def specification(setup: Setup, backend: Path, enforcement: Enforcement) -> Spec:
    """Describe a session.

    Raises:
        PolicyViolationError: a mount is not where mounts may be.
        MissingError: there is nothing to mount.
    """
    policy = setup.policy
    bounds = tuple(_bounds(setup.mounts))
    binary, backend_binds = _backend(backend)
    overlays = tuple(bound.mount.target for bound in bounds if bound.mount.kind is MountKind.OVERLAY)
    return Spec(
        backend=(binary, *_options(setup, bounds, enforcement)),
        binds=(*_system_binds(), *backend_binds, *_mount_binds(bounds)),
        links=(*_system_links(), *_box_links()),
        files=tuple((BOX + path, content) for path, content in _FILES.items()),
        folders=(*_box_folders(setup), *(BOX + bound.mount.target for bound in bounds if _in_box(bound))),
        overlays=overlays,
        seccomp=base64.b64encode(_filter(enforcement)).decode(),
        workspace_bytes=policy.workspace_bytes,
        workspace_inodes=_inodes(policy),
        temporary_bytes=policy.temporary_bytes,
        temporary_inodes=_inodes(policy),
        memory_bytes=policy.memory_bytes,
        resources=_resources(policy, enforcement),
        cgroups=enforcement.cgroups,
        oom=enforcement.oom,
        watch_memory=enforcement.watch_memory,
        reserve_bytes=enforcement.reserve_bytes,
        output=_existing(setup.output) if setup.output else None,
        mount_points=tuple(_below_workspace(bounds)),
        lends=bool(policy.network),
    )


def _filter(enforcement: Enforcement) -> bytes:
    return seccomp.program(platform.machine(), watched=enforcement.watch_memory)


def _inodes(policy: Policy) -> int:
    """Room for files that never come out; without a limit, empty files alone fill the kernel's memory."""
    return 4 * policy.files + 16_384


def _resources(policy: Policy, enforcement: Enforcement) -> dict[str, int]:
    limits = {
        "RLIMIT_CORE": 1,  # see `seccomp`
        "RLIMIT_CPU": policy.cpu_seconds,
        "RLIMIT_FSIZE": policy.file_bytes,
        "RLIMIT_NOFILE": policy.open_files,
        **_RESOURCES_OF_THE_USER,
    }
    if enforcement.watch_memory:
        limits["RLIMIT_DATA"] = policy.memory_bytes
    if enforcement.limit_processes:
        limits["RLIMIT_NPROC"] = policy.processes + OWN_PROCESSES
    return limits


def _bounds(mounts: Sequence[Mount]) -> Iterator[_Bound]:
    overlays = 0
    for index, mount in enumerate(mounts):
        fault = _target_fault(mount.target)
        if fault:
            raise PolicyViolationError(
                f"nothing may be mounted at {mount.target!r}: {fault}", hint="Choose another target."
            )
        if mount.kind is MountKind.OVERLAY:
            yield _Bound(mount, f"{SOURCES}/{overlays}", per_command=True)
            overlays += 1
        elif _is_below(mount.target, _PER_COMMAND):
            yield _Bound(mount, f"{SOURCES}/r{index}", per_command=True)
        else:
            yield _Bound(mount, BOX + mount.target, per_command=False)


def _target_fault(target: str) -> str:
    path = PurePosixPath(target)
    if not path.is_absolute() or ".." in path.parts or str(path) != target:
        return "it is not a plain absolute path"
    if _is_below(target, _RESERVED) or target in {"/", *_PER_COMMAND}:
        return "the sandbox itself needs that place"
    return ""


def _is_below(path: str, folders: Iterable[str]) -> bool:
    return any(path == folder or path.startswith(folder + "/") for folder in folders)


def _in_box(bound: _Bound) -> bool:
    return bound.per_command and not _is_below(bound.mount.target, _PER_COMMAND)


def _below_workspace(bounds: Iterable[_Bound]) -> Iterator[str]:
    for bound in bounds:
        if _is_below(bound.mount.target, (WORKSPACE,)):
            yield bound.mount.target.removeprefix(WORKSPACE + "/")


def _backend(binary: Path) -> tuple[str, tuple[tuple[str, str], ...]]:
    """Where the backend lies in the holder's root; libraries a wheel brought stay beside it."""
    binary = binary.resolve(strict=True)
    if binary.is_relative_to("/usr"):
        return str(binary), ()
    folder = binary.parent
    places = [folder, *folder.parent.parent.glob(f"{folder.parent.name}*.libs")]
    base = folder.parent.parent
    return (
        f"{_BACKEND}/{binary.relative_to(base)}",
        tuple((str(place), f"{_BACKEND}/{place.relative_to(base)}") for place in places),
    )


def _system_binds() -> Iterator[tuple[str, str]]:
    for root in ("", BOX):
        yield "/usr", f"{root}/usr"
        for name in _ROOT_LINKS:
            if (root_folder := Path("/", name)).is_dir() and not root_folder.is_symlink():
                yield f"/{name}", f"{root}/{name}"
    for found in (found for name in _ETC for found in sorted(Path("/etc").glob(name))):
        if found.exists():
            yield str(found), f"{BOX}{found}"


def _system_links() -> Iterator[tuple[str, str]]:
    for root in ("", BOX):
        for name in _ROOT_LINKS:
            if (link := Path("/", name)).is_symlink():
                yield f"{root}/{name}", str(link.readlink())


def _box_links() -> Iterator[tuple[str, str]]:
    yield f"{BOX}/var/tmp", "/tmp"  # noqa: S108
    if Path("/usr/lib/os-release").exists():
        yield f"{BOX}/etc/os-release", "../usr/lib/os-release"


def _mount_binds(bounds: Iterable[_Bound]) -> Iterator[tuple[str, str]]:
    for bound in bounds:
        yield _existing(bound.mount.source), bound.held


def _existing(source: Path) -> str:
    try:
        return str(source.resolve(strict=True))
    except OSError as error:
        raise MissingError(
            f"{source} cannot be mounted: {error.strerror}", hint="Make it first; the image cache does."
        ) from error


def _box_folders(setup: Setup) -> Iterator[str]:
    for name in ("proc", "dev", "tmp", "run", "var", WORKSPACE[1:]):
        yield f"{BOX}/{name}"
    if setup.output:
        yield f"{BOX}/output"


def _options(setup: Setup, bounds: Sequence[_Bound], enforcement: Enforcement) -> list[str]:
    return [
        *_isolation(),
        *_environment(setup),
        *("--ro-bind", BOX, "/"),
        *_processes_and_devices(enforcement),
        *("--bind", TEMPORARY, "/tmp"),  # noqa: S108
        *("--bind", HELD_WORKSPACE, WORKSPACE),
        *(("--bind", OUTPUT, "/output") if setup.output else ()),
        *_mounts(bounds),
        *("--chdir", WORKSPACE),
        *commands.descriptors(),
        "--",
    ]


def _isolation() -> list[str]:
    """All but the network, which is the holder's to make (`holder.network`)."""
    namespaces = [f"--unshare-{name}" for name in ("user", "pid", "ipc", "uts", "cgroup")]
    identity = ["--uid", str(UID), "--gid", str(UID), "--hostname", HOSTNAME]
    return [
        *namespaces,
        *identity,
        *("--disable-userns", "--die-with-parent", "--new-session", "--cap-drop", "ALL"),
    ]


def _environment(setup: Setup) -> Iterator[str]:
    path = ":".join((*setup.path, *SYSTEM_PATH))
    variables: dict[str, str] = {**ENVIRONMENT, "PATH": path}
    if setup.policy.network:
        variables |= inside.variables()
    variables |= setup.environment
    yield "--clearenv"
    for name, value in variables.items():
        yield from ("--setenv", name, value)


def _processes_and_devices(enforcement: Enforcement) -> Iterator[str]:
    yield from ("--proc", "/proc")
    for name in _MASKED:
        if Path("/proc", name).exists():
            yield from ("--ro-bind", "/dev/null", f"/proc/{name}")
    yield from ("--dev", "/dev", "--bind", SHARED_MEMORY, "/dev/shm")  # noqa: S108
    yield from ("--dev-bind", TERMINALS, "/dev/pts")
    if enforcement.watch_memory:
        # Reads the same, but cannot be mapped: shared pages of /dev/zero belong to no file and to no process.
        yield from ("--dev-bind", "/dev/full", "/dev/zero")
    yield from ("--remount-ro", "/dev")


def _mounts(bounds: Iterable[_Bound]) -> Iterator[str]:
    """Outer targets before those inside them."""
    overlays = 0
    lines: list[tuple[str, str, str]] = []
    for bound in bounds:
        if bound.mount.kind is MountKind.OVERLAY:
            lines.append((bound.mount.target, "--bind", f"{OVERLAYS}/{overlays}"))
            overlays += 1
        elif bound.per_command:
            lines.append((bound.mount.target, "--ro-bind", bound.held))
    for target, option, source in sorted(lines):
        yield from (option, source, target)
