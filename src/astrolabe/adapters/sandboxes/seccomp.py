"""The system call filter, as classic BPF, for x86_64 and aarch64.

Numbers are those of the kernel's `unistd.h` of each architecture; the program format is `struct sock_filter`
(linux/filter.h), the fields are those of `struct seccomp_data` (linux/seccomp.h).
"""

import struct
from collections.abc import Mapping
from dataclasses import dataclass

_LOAD, _JUMP_EQUAL, _JUMP_GREATER_EQUAL, _JUMP_SET, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_NUMBER, _ARCHITECTURE, _FIRST_ARGUMENT, _SECOND_ARGUMENT, _THIRD_ARGUMENT = 0, 4, 16, 24, 32
_ALLOW, _KILL = 0x7FFF0000, 0x80000000
_REFUSE = 0x00050000
_EPERM, _ENOSYS, _EAFNOSUPPORT = 1, 38, 97
_X32_BIT = 0x40000000
_NEW_NAMESPACES = 0x7E020000
_TIOCSTI, _TIOCLINUX = 0x5412, 0x541C
_AF_UNIX, _AF_INET, _AF_INET6, _AF_NETLINK = 1, 2, 10, 16
_NETLINK_ROUTE = 0

_SHARED = {
    "pidfd_getfd": 438, "io_uring_setup": 425, "io_uring_enter": 426, "io_uring_register": 427, "open_tree": 428,
    "move_mount": 429, "fsopen": 430, "fsconfig": 431, "fsmount": 432, "fspick": 433, "mount_setattr": 442,
    "quotactl_fd": 443, "memfd_secret": 447, "open_tree_attr": 467,
}  # fmt: skip
_X86_64 = {
    "ptrace": 101, "mount": 165, "umount2": 166, "pivot_root": 155, "chroot": 161, "swapon": 167, "swapoff": 168,
    "reboot": 169, "sethostname": 170, "setdomainname": 171, "iopl": 172, "ioperm": 173, "init_module": 175,
    "delete_module": 176, "quotactl": 179, "acct": 163, "settimeofday": 164, "adjtimex": 159, "clock_settime": 227,
    "clock_adjtime": 305, "kexec_load": 246, "kexec_file_load": 320, "add_key": 248, "request_key": 249,
    "keyctl": 250, "perf_event_open": 298, "fanotify_init": 300, "name_to_handle_at": 303,
    "open_by_handle_at": 304, "setns": 308, "unshare": 272, "process_vm_readv": 310, "process_vm_writev": 311,
    "kcmp": 312, "finit_module": 313, "bpf": 321, "userfaultfd": 323, "vhangup": 153, "syslog": 103,
    "personality": 135, "lookup_dcookie": 212, "move_pages": 279, "mbind": 237, "set_mempolicy": 238,
    "migrate_pages": 256, "uselib": 134, "ustat": 136, "sysfs": 139, "nfsservctl": 180, "modify_ldt": 154,
}  # fmt: skip
_AARCH64 = {
    "ptrace": 117, "mount": 40, "umount2": 39, "pivot_root": 41, "chroot": 51, "swapon": 224, "swapoff": 225,
    "reboot": 142, "sethostname": 161, "setdomainname": 162, "init_module": 105, "delete_module": 106,
    "quotactl": 60, "acct": 89, "settimeofday": 170, "adjtimex": 171, "clock_settime": 112, "clock_adjtime": 266,
    "kexec_load": 104, "kexec_file_load": 294, "add_key": 217, "request_key": 218, "keyctl": 219,
    "perf_event_open": 241, "fanotify_init": 262, "name_to_handle_at": 264, "open_by_handle_at": 265, "setns": 268,
    "unshare": 97, "process_vm_readv": 270, "process_vm_writev": 271, "kcmp": 272, "finit_module": 273, "bpf": 280,
    "userfaultfd": 282, "vhangup": 58, "syslog": 116, "personality": 92, "lookup_dcookie": 18, "move_pages": 239,
    "mbind": 235, "set_mempolicy": 237, "migrate_pages": 238, "nfsservctl": 42,
}  # fmt: skip
_ABSENT = frozenset({"io_uring_setup", "io_uring_enter", "io_uring_register", "userfaultfd"})
"""Refused as if this kernel had not been built with them, so that programs fall back."""


@dataclass(frozen=True)
class _Architecture:
    audit: int
    socket: int
    ioctl: int
    clone: int
    refused: Mapping[str, int]
    clone3: int = 435


_ARCHITECTURES = {
    "x86_64": _Architecture(0xC000003E, socket=41, ioctl=16, clone=56, refused=_X86_64 | _SHARED),
    "aarch64": _Architecture(0xC00000B7, socket=198, ioctl=29, clone=220, refused=_AARCH64 | _SHARED),
}

SUPPORTED = frozenset(_ARCHITECTURES)


def _step(code: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("<HBBI", code, if_true, if_false, value)


def _refuse(number: int) -> bytes:
    return _step(_RETURN, _REFUSE | number)


def _on_call(number: int, then: list[bytes]) -> list[bytes]:
    return [_step(_JUMP_EQUAL, number, 0, len(then)), *then]


def _known_abi(arch: _Architecture) -> list[bytes]:
    """Kill what calls through another architecture's table, where the numbers mean something else."""
    steps = [
        _step(_LOAD, _ARCHITECTURE),
        _step(_JUMP_EQUAL, arch.audit, 1, 0),
        _step(_RETURN, _KILL),
        _step(_LOAD, _NUMBER),
    ]
    if arch.refused is _ARCHITECTURES["x86_64"].refused:
        steps += [_step(_JUMP_GREATER_EQUAL, _X32_BIT, 0, 1), _step(_RETURN, _KILL)]
    return steps


def _refused_calls(arch: _Architecture) -> list[bytes]:
    steps: list[bytes] = []
    for name, number in arch.refused.items():
        steps += _on_call(number, [_refuse(_ENOSYS if name in _ABSENT else _EPERM)])
    return steps


def _no_namespaces(arch: _Architecture) -> list[bytes]:
    """clone3 hides its flags behind a pointer no filter can follow: absent, so that libc falls back to clone."""
    flags = [
        _step(_LOAD, _FIRST_ARGUMENT),
        _step(_JUMP_SET, _NEW_NAMESPACES, 0, 1),
        _refuse(_EPERM),
        _step(_LOAD, _NUMBER),
    ]
    return [*_on_call(arch.clone3, [_refuse(_ENOSYS)]), *_on_call(arch.clone, flags)]


def _no_typing_into_terminals(arch: _Architecture) -> list[bytes]:
    request = [
        _step(_LOAD, _SECOND_ARGUMENT),
        *_on_call(_TIOCSTI, [_refuse(_EPERM)]),
        *_on_call(_TIOCLINUX, [_refuse(_EPERM)]),
        _step(_LOAD, _NUMBER),
    ]
    return _on_call(arch.ioctl, request)


def _few_socket_families(arch: _Architecture) -> list[bytes]:
    """No namespace covers AF_VSOCK, for one. os.networkInterfaces of Node needs NETLINK_ROUTE."""
    allow = [_step(_RETURN, _ALLOW)]
    family = [_step(_LOAD, _FIRST_ARGUMENT)]
    for number in (_AF_INET, _AF_INET6, _AF_UNIX):
        family += _on_call(number, allow)
    route = [_step(_LOAD, _THIRD_ARGUMENT), *_on_call(_NETLINK_ROUTE, allow)]
    return _on_call(arch.socket, [*family, *_on_call(_AF_NETLINK, route), _refuse(_EAFNOSUPPORT)])


def program(machine: str) -> bytes:
    """Return the filter for an architecture as `platform.machine()` names it; KeyError for one without a table."""
    arch = _ARCHITECTURES[machine]
    return b"".join(
        [
            *_known_abi(arch),
            *_refused_calls(arch),
            *_no_namespaces(arch),
            *_no_typing_into_terminals(arch),
            *_few_socket_families(arch),
            _step(_RETURN, _ALLOW),
        ]
    )
