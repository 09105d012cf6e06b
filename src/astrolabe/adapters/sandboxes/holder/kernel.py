"""System calls the standard library of Python 3.11 does not offer."""

import ctypes
import os

_LIBC = ctypes.CDLL(None, use_errno=True)

CLONE_NEWNS = 0x00020000
CLONE_NEWUSER = 0x10000000
CLONE_NEWPID = 0x20000000
CLONE_NEWNET = 0x40000000

MS_RDONLY = 0x1
MS_NOSUID = 0x2
MS_NODEV = 0x4
MS_NOEXEC = 0x8
MS_REMOUNT = 0x20
MS_BIND = 0x1000
MS_REC = 0x4000
MS_PRIVATE = 0x40000

_MNT_DETACH = 2
_PR_SET_PDEATHSIG = 1
_PR_SET_DUMPABLE = 4
_PR_CAPBSET_DROP = 24
_PR_SET_NO_NEW_PRIVS = 38
_PIVOT_ROOT = {"x86_64": 155, "aarch64": 41}
_PIDFD_SEND_SIGNAL = 424
_PIDFD_OPEN = 434
_EINVAL = 22


def _checked(result: int, what: str) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
    return result


def unshare(flags: int) -> None:
    _checked(_LIBC.unshare(ctypes.c_int(flags)), "unshare")


def mount(source: str, target: str, kind: str | None, flags: int, data: str = "") -> None:
    _checked(
        _LIBC.mount(
            os.fsencode(source),
            os.fsencode(target),
            kind.encode() if kind else None,
            ctypes.c_ulong(flags),
            os.fsencode(data) if data else None,
        ),
        f"mount {source} on {target}",
    )


def pivot_root(new_root: str) -> None:
    """Make `new_root` the root and let go of the old one, which nothing can reach afterwards."""
    os.chdir(new_root)
    number = _PIVOT_ROOT[os.uname().machine]
    _checked(_LIBC.syscall(ctypes.c_long(number), b".", b"."), "pivot_root")
    _checked(_LIBC.umount2(b".", ctypes.c_int(_MNT_DETACH)), "umount of the old root")
    os.chdir("/")


def _prctl(option: int, value: int) -> int:
    zero = ctypes.c_ulong(0)
    return int(_LIBC.prctl(ctypes.c_int(option), ctypes.c_ulong(value), zero, zero, zero))


def die_with_parent() -> None:
    _checked(_prctl(_PR_SET_PDEATHSIG, 9), "prctl(PDEATHSIG)")


def become_dumpable() -> None:
    """Own /proc/self again, which a change of uid took away; the uid map is written there."""
    _checked(_prctl(_PR_SET_DUMPABLE, 1), "prctl(DUMPABLE)")


def forbid_new_privileges() -> None:
    _checked(_prctl(_PR_SET_NO_NEW_PRIVS, 1), "prctl(NO_NEW_PRIVS)")


def drop_capability_bounds() -> None:
    """Empty the bounding set, up to the last capability this kernel knows."""
    for capability in range(64):
        if _prctl(_PR_CAPBSET_DROP, capability) < 0:
            if ctypes.get_errno() == _EINVAL:
                return
            _checked(-1, "prctl(CAPBSET_DROP)")


def pidfd_open(pid: int) -> int:
    return _checked(
        _LIBC.syscall(ctypes.c_long(_PIDFD_OPEN), ctypes.c_int(pid), ctypes.c_uint(0)), "pidfd_open"
    )


def pidfd_kill(pidfd: int) -> None:
    """Send SIGKILL; a process that is gone already is what was wanted."""
    arguments = (ctypes.c_int(pidfd), ctypes.c_int(9), None, ctypes.c_uint(0))
    if _LIBC.syscall(ctypes.c_long(_PIDFD_SEND_SIGNAL), *arguments) < 0 and ctypes.get_errno() != 3:  # noqa: PLR2004
        _checked(-1, "pidfd_send_signal")
