"""The system call filter, as classic BPF, for x86_64 and aarch64.

The program format is `struct sock_filter` (linux/filter.h), the fields are those of `struct seccomp_data`
(linux/seccomp.h). What is refused was held against the default profiles of Docker and of systemd's
`SystemCallFilter=` groups: all they keep from an unprivileged program is kept from commands here too.
"""

import errno
import struct
from collections.abc import Iterator, Sequence

from astrolabe.adapters.sandboxes.syscalls import NEWEST, TABLES, Table

SUPPORTED = frozenset(TABLES)

_LOAD, _JUMP_EQUAL, _JUMP_GREATER_EQUAL, _JUMP_SET, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_NUMBER, _ARCHITECTURE, _ARGUMENTS = 0, 4, 16
_ALLOW, _KILL, _REFUSE = 0x7FFF0000, 0x80000000, 0x00050000
_PRETEND = 0
"""No error: the call does nothing and says that it worked."""
_X32_BIT = 0x40000000

_NEW_NAMESPACES = 0x7E020000
_CLONE_THREAD, _CLONE_FILES, _CLOSE_RANGE_UNSHARE = 0x00010000, 0x00000400, 0x2
_TIOCSTI, _TIOCLINUX = 0x5412, 0x541C
_AF_UNIX, _AF_INET, _AF_INET6, _AF_NETLINK, _NETLINK_ROUTE = 1, 2, 10, 16, 0
_SOCK_STREAM, _SOCK_DGRAM, _SOCK_TYPE_FLAGS = 1, 2, (0, 0o4000, 0o2000000, 0o2004000)
_TCP, _UDP = 6, 17
_SOL_SOCKET, _SO_SNDBUF, _SO_RCVBUF, _SO_ZEROCOPY, _TCP_ULP = 1, 7, 8, 60, 31
_SOCKET_PROGRAMS = (26, 50, 51, 52)
"""SO_ATTACH_FILTER, SO_ATTACH_BPF and those of SO_REUSEPORT: programs for the kernel."""
_MAP_SHARED, _MAP_ANONYMOUS, _MAP_HUGETLB = 0x1, 0x20, 0x40000
_F_SETPIPE_SZ, _MADV_COLLAPSE = 1031, 25

_FORBIDDEN = (
    *("ptrace", "process_vm_readv", "process_vm_writev", "process_madvise", "pidfd_getfd", "kcmp"),
    *("mount", "umount2", "pivot_root", "chroot", "open_tree", "move_mount", "fsopen", "fsconfig", "fsmount"),
    *("fspick", "mount_setattr", "statmount", "listmount", "quotactl", "quotactl_fd", "swapon", "swapoff"),
    *("unshare", "setns", "sethostname", "setdomainname", "name_to_handle_at", "open_by_handle_at", "acct"),
    *("reboot", "kexec_load", "kexec_file_load", "create_module", "init_module", "finit_module", "delete_module"),
    *("iopl", "ioperm", "modify_ldt", "personality", "vhangup", "syslog", "uselib", "ustat", "sysfs", "_sysctl"),
    *("nfsservctl", "lookup_dcookie", "lsm_set_self_attr", "settimeofday", "adjtimex", "clock_settime"),
    *("clock_adjtime", "add_key", "request_key", "keyctl", "bpf", "perf_event_open", "fanotify_init"),
    *("mbind", "get_mempolicy", "set_mempolicy", "set_mempolicy_home_node", "move_pages", "migrate_pages"),
    *("memfd_secret",),
)  # fmt: skip
_ABSENT = ("io_uring_setup", "io_uring_enter", "io_uring_register", "userfaultfd", "io_setup")
"""Refused as if this kernel had been built without them, so that programs fall back. `io_setup` takes of a number that
the whole machine shares."""
_UNSEEN = ("memfd_create", "shmget", "semget", "msgget", "vmsplice")
"""Absent too where memory is held by watching: these make memory that no process is seen to have."""

_EVERYWHERE = ("sync", "syncfs")
"""These write out the file systems of the whole machine; a sandbox's own are in memory."""
_RLIMIT_CORE = 4

_Steps = Sequence[bytes]


def program(machine: str, *, watched: bool = False) -> bytes:
    """Return the filter for an architecture as `platform.machine()` names it; KeyError for one without a table.

    `watched` is for sandboxes whose memory no control group holds: it refuses what a watcher could not count.
    """
    table = TABLES[machine]
    return b"".join(
        [
            *_known_abi(table),
            *_calls(table, _FORBIDDEN, errno.EPERM),
            *_calls(table, _ABSENT, errno.ENOSYS),
            *_calls(table, _EVERYWHERE, _PRETEND),
            *_no_handled_crashes(table),
            *_no_namespaces(table),
            *_no_typing_into_terminals(table),
            *_few_sockets(table),
            *_few_socket_options(table, watched),
            *_plain_pages(table, watched),
            *(_countable(table) if watched else ()),
            _step(_RETURN, _ALLOW),
        ]
    )


def _step(code: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("<HBBI", code, if_true, if_false, value)


def _refuse(number: int) -> bytes:
    return _step(_RETURN, _REFUSE | number)


_LOAD_NUMBER = _step(_LOAD, _NUMBER)
_ALLOWED = (_step(_RETURN, _ALLOW),)


def _on(value: int, then: _Steps) -> _Steps:
    """Steps for when what was loaded is this value."""
    return (_step(_JUMP_EQUAL, value, 0, len(then)), *then)


def _on_bits(bits: int, then: _Steps) -> _Steps:
    """Steps for when what was loaded has one of these bits."""
    return (_step(_JUMP_SET, bits, 0, len(then)), *then)


def _unless_bits(bits: int, then: _Steps) -> _Steps:
    return (_step(_JUMP_SET, bits, len(then), 0), *then)


def _load(argument: int) -> bytes:
    """The lower half of an argument, counted from 0; all that is judged here is an `int` to the kernel."""
    return _step(_LOAD, _ARGUMENTS + 8 * argument)


def _on_call(table: Table, name: str, then: _Steps) -> _Steps:
    """Steps for one call, which may load its arguments."""
    return _on(table.numbers[name], (*then, _LOAD_NUMBER))


def _calls(table: Table, names: Sequence[str], fault: int) -> Iterator[bytes]:
    for name in names:
        if name in table.numbers:
            yield from _on(table.numbers[name], (_refuse(fault),))


def _known_abi(table: Table) -> _Steps:
    """Kill what calls through another architecture's table, where the numbers mean something else."""
    x32 = (_step(_JUMP_GREATER_EQUAL, _X32_BIT, 0, 1), _step(_RETURN, _KILL)) if table.has_x32 else ()
    return (
        _step(_LOAD, _ARCHITECTURE),
        _step(_JUMP_EQUAL, table.audit, 1, 0),
        _step(_RETURN, _KILL),
        _LOAD_NUMBER,
        *x32,
        _step(_JUMP_GREATER_EQUAL, NEWEST + 1, 0, 1),
        _refuse(errno.ENOSYS),
    )


def _no_namespaces(table: Table) -> _Steps:
    """clone3 hides its flags behind a pointer no filter can follow: absent, so that libc falls back to clone."""
    flags = (_load(0), *_on_bits(_NEW_NAMESPACES, (_refuse(errno.EPERM),)))
    return (*_calls(table, ("clone3",), errno.ENOSYS), *_on_call(table, "clone", flags))


def _no_handled_crashes(table: Table) -> _Steps:
    """Keep the limit of core dumps at 1, by which the kernel starts no program of the host's to handle a crash.

    At 0 it would (fs/coredump.c): 0 is for files only. Programs that set it, to be safe, are told that they did.
    """
    pretend = (_refuse(_PRETEND),)
    limit = _on(_RLIMIT_CORE, (*_on_pointer(3, (_refuse(errno.EPERM),)), *_on_pointer(2, pretend)))
    return (
        *_on_call(table, "setrlimit", (_load(0), *_on(_RLIMIT_CORE, pretend))),
        *_on_call(table, "prlimit64", (*_on_pointer(2, (_load(1), *limit)),)),
    )


def _on_pointer(argument: int, then: _Steps) -> _Steps:
    """Steps for when an argument, both halves of it, is not null."""
    upper = (_step(_LOAD, _ARGUMENTS + 8 * argument + 4), _step(_JUMP_EQUAL, 0, len(then), 0))
    return (_load(argument), _step(_JUMP_EQUAL, 0, 0, len(upper)), *upper, *then)


def _no_typing_into_terminals(table: Table) -> _Steps:
    refused = (_refuse(errno.EPERM),)
    return _on_call(table, "ioctl", (_load(1), *_on(_TIOCSTI, refused), *_on(_TIOCLINUX, refused)))


def _few_sockets(table: Table) -> _Steps:
    """Unix, TCP, UDP, and the netlink by which Node lists interfaces. No namespace covers AF_VSOCK, for one."""
    absent = (_refuse(errno.EAFNOSUPPORT),)
    protocols = [step for number in (0, _TCP, _UDP) for step in _on(number, _ALLOWED)]
    internet = (*_common_type(), _load(2), *protocols, _refuse(errno.EPROTONOSUPPORT))
    families = (
        _load(0),
        *_on(_AF_UNIX, _ALLOWED),
        *_on(_AF_INET, internet),
        *_on(_AF_INET6, internet),
        *_on(_AF_NETLINK, (_load(2), *_on(_NETLINK_ROUTE, _ALLOWED))),
    )
    pairs = (_load(0), *_on(_AF_UNIX, _ALLOWED))
    return (
        *_on_call(table, "socket", (*families, *absent)),
        *_on_call(table, "socketpair", (*pairs, *absent)),
    )


def _common_type() -> _Steps:
    """Streams and datagrams, with or without the two flags that may stand beside the type."""
    known = [kind | flags for kind in (_SOCK_STREAM, _SOCK_DGRAM) for flags in _SOCK_TYPE_FLAGS]
    last = len(known) - 1
    tests = [_step(_JUMP_EQUAL, kind, last - place + 1, 0) for place, kind in enumerate(known)]
    return (_load(1), *tests, _refuse(errno.ESOCKTNOSUPPORT))


def _few_socket_options(table: Table, watched: bool) -> _Steps:
    """No programs and no protocols loaded into sockets; where memory is watched, buffers stay as large as they are."""
    options: list[bytes] = [_load(2)]
    for number in _SOCKET_PROGRAMS:
        options += _on(number, (_refuse(errno.EPERM),))
    if watched:
        options += _on(_SO_ZEROCOPY, (_refuse(errno.ENOPROTOOPT),))
        for number in (_SO_SNDBUF, _SO_RCVBUF):
            options += _on(number, (_refuse(_PRETEND),))
    tcp = (_load(2), *_on(_TCP_ULP, (_refuse(errno.ENOPROTOOPT),)))
    levels = (_load(1), *_on(_SOL_SOCKET, (*options, _load(1))), *_on(_TCP, tcp))
    return _on_call(table, "setsockopt", levels)


def _plain_pages(table: Table, watched: bool) -> _Steps:
    """Huge pages come out of a pool of the machine's. Shared pages of no file stay when nobody maps them any more."""
    shared = _on_bits(_MAP_ANONYMOUS, _on_bits(_MAP_SHARED, (_refuse(errno.EPERM),))) if watched else ()
    return _on_call(table, "mmap", (_load(3), *_on_bits(_MAP_HUGETLB, (_refuse(errno.ENOMEM),)), *shared))


def _countable(table: Table) -> Iterator[bytes]:
    """What the watcher counts (processes, their descriptors, files in memory, sockets) shall be all there is."""
    yield from _calls(table, _UNSEEN, errno.ENOSYS)
    yield from _on_call(table, "fcntl", (_load(1), *_on(_F_SETPIPE_SZ, (_refuse(errno.EPERM),))))
    yield from _on_call(table, "madvise", (_load(2), *_on(_MADV_COLLAPSE, (_refuse(errno.EINVAL),))))
    own_table = _on_bits(_CLONE_THREAD, _unless_bits(_CLONE_FILES, (_refuse(errno.EPERM),)))
    yield from _on_call(table, "clone", (_load(0), *own_table))
    unshare = _on_bits(_CLOSE_RANGE_UNSHARE, (_refuse(errno.EINVAL),))
    yield from _on_call(table, "close_range", (_load(2), *unshare))
