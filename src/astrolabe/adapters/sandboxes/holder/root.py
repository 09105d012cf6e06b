"""Give the holder a root of its own, with the workspace and what commands may see, and take its privileges away."""

import os
import stat

from astrolabe.adapters.sandboxes.holder import kernel
from astrolabe.adapters.sandboxes.holder.spec import BOX, OUTPUT, OVERLAYS, SCRATCH, WORKSPACE, Spec

_STAGE = "/tmp"  # noqa: S108 - only a place to mount on, in a mount namespace of our own; bubblewrap needs it too
_UNUSED_UIDS = 0x70000000
_LAST_MAPPED_UID = 65000
_DEVICES = ("null", "zero", "full", "random", "urandom", "tty")
_MOST_OF_THE_USERS = {"max_inotify_instances": 64, "max_inotify_watches": 65536}
"""What a user has of these counts for all the user runs: commands get a part of it."""
_FOLDERS = ("proc", "dev", "tmp", WORKSPACE[1:], OUTPUT[1:], OVERLAYS[1:], SCRATCH[1:], BOX[1:])


class RootRefusedError(Exception):
    """A command would have run as uid 0."""


def enter(spec: Spec) -> int:
    """Leave the host's file system and privileges behind; return the uid that commands run as."""
    os.umask(0o022)
    if os.geteuid() == 0:
        return _enter_as_root(spec)
    uid = os.geteuid()
    _own_namespaces(uid)
    _build(spec, uid)
    _be_first()
    kernel.forbid_new_privileges()
    return refuse_root(uid)


def _enter_as_root(spec: Spec) -> int:
    """Mount first and drop the uid then: root reads below private parents, the dropped uid does not."""
    uid = free_uid(os.getpid()) if spec.uid is None else spec.uid
    refuse_root(uid)
    kernel.unshare(kernel.CLONE_NEWNS)
    if spec.output:
        os.chown(spec.output, uid, uid)
    _build(spec, uid)
    kernel.drop_capability_bounds()
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)
    kernel.forbid_new_privileges()
    kernel.become_dumpable()
    _own_namespaces(uid)
    _be_first()
    return refuse_root(os.getuid())


def refuse_root(uid: int) -> int:
    """Return the uid; files of the host that belong to root would be writable for a command that has uid 0."""
    if uid == 0:
        raise RootRefusedError("a command would run as uid 0")
    return uid


def free_uid(number: int) -> int:
    """A uid nobody has, another for each session; within a container that maps few, the last it maps safely."""
    with open("/proc/self/uid_map") as file:
        ranges = [tuple(int(part) for part in line.split()) for line in file]
    wanted = _UNUSED_UIDS + number
    return wanted if any(first <= wanted < first + count for first, _, count in ranges) else _LAST_MAPPED_UID


def _be_first() -> None:
    """Go on as process 1 of a namespace of its own: when that ends, however it does, the kernel ends all that is in it.

    What was started here stays outside and only waits; whoever waits for it waits for all of it.
    """
    pid = os.fork()
    if pid:
        os.closerange(3, os.sysconf("SC_OPEN_MAX"))
        os._exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) & 0xFF)
    kernel.die_with_parent()
    kernel.mount("proc", "/proc", "proc", kernel.MS_NOSUID | kernel.MS_NODEV | kernel.MS_NOEXEC)


def _own_namespaces(uid: int) -> None:
    """Enter a user namespace in which mounting is allowed; only this uid exists there. Children get their processes'."""
    gid = os.getegid()
    kernel.unshare(kernel.CLONE_NEWUSER | kernel.CLONE_NEWNS | kernel.CLONE_NEWPID)
    for name, text in (("setgroups", "deny"), ("uid_map", f"{uid} {uid} 1"), ("gid_map", f"{gid} {gid} 1")):
        with open(f"/proc/self/{name}", "w") as file:
            file.write(text)
    for name, most in _MOST_OF_THE_USERS.items():
        with open(f"/proc/sys/user/{name}", "w") as file:
            file.write(str(most))


def _build(spec: Spec, uid: int) -> None:
    kernel.mount("none", "/", None, kernel.MS_REC | kernel.MS_PRIVATE)
    # Sources are opened before the stage hides any of them.
    opened = [(os.open(source, os.O_PATH | os.O_CLOEXEC), target) for source, target in _all_binds(spec)]
    kernel.mount("tmpfs", _STAGE, "tmpfs", kernel.MS_NOSUID | kernel.MS_NODEV, "mode=0755")
    for folder in (*_FOLDERS, *spec.folders, *(f"{OVERLAYS}/{index}" for index in range(len(spec.overlays)))):
        os.makedirs(f"{_STAGE}/{folder.lstrip('/')}", exist_ok=True)
    for place, target in spec.links:
        _link(f"{_STAGE}{place}", target)
    for place, content in spec.files:
        _file(f"{_STAGE}{place}", content)
    for descriptor, target in opened:
        _bind(descriptor, f"{_STAGE}{target}")
    _workspace(spec, uid)
    kernel.pivot_root(_STAGE)


def _all_binds(spec: Spec) -> list[tuple[str, str]]:
    devices = [(f"/dev/{name}", f"/dev/{name}") for name in _DEVICES]
    output = [(spec.output, OUTPUT)] if spec.output else []
    return [("/proc", "/proc"), *devices, *spec.binds, *output]


def _link(place: str, target: str) -> None:
    os.makedirs(os.path.dirname(place), exist_ok=True)
    os.symlink(target, place)


def _file(place: str, content: str) -> None:
    os.makedirs(os.path.dirname(place), exist_ok=True)
    with open(place, "w") as file:
        file.write(content)


def _bind(descriptor: int, target: str) -> None:
    if stat.S_ISDIR(os.fstat(descriptor).st_mode):
        os.makedirs(target, exist_ok=True)
    elif not os.path.lexists(target):
        _file(target, "")
    kernel.mount(f"/proc/self/fd/{descriptor}", target, None, kernel.MS_BIND | kernel.MS_REC)
    os.close(descriptor)


def _workspace(spec: Spec, uid: int) -> None:
    options = f"mode=0755,uid={uid},gid={os.getegid() if os.geteuid() else uid}"
    options += f",size={spec.workspace_bytes},nr_inodes={spec.workspace_inodes}"
    kernel.mount("tmpfs", _STAGE + WORKSPACE, "tmpfs", kernel.MS_NOSUID | kernel.MS_NODEV, options)
