"""Attempts to get out, made from inside: this file is put into a sandbox and run there by a bare interpreter.

It is called with one JSON object: `names` of the attempts to make (all when absent), and facts about the host:
`secret` (a file outside), `port` (a server on the host's loopback), `abstract` (a socket's abstract name),
`pid` (a process outside), `overlay` and `read_only` (folders mounted so), `variables` (allowed in the environment).
It prints one JSON object a line: `name`, `held`, `detail`. An attempt returns what it achieved, or nothing;
an OSError means that the kernel refused it.
"""

import ctypes
import errno
import fcntl
import functools
import json
import os
import platform
import pty
import signal
import socket
import struct
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, TypeVar

T = TypeVar("T")
Facts = dict[str, Any]
Attempt = Callable[[Facts], str | None]
_SIGNATURES = [{name: Facts, "return": str | None} for name in ("_", "facts")]

_LIBC = ctypes.CDLL(None, use_errno=True)
_CALLS = {
    "x86_64": {
        "ptrace": 101, "mount": 165, "chroot": 161, "unshare": 272, "setns": 308, "keyctl": 250, "add_key": 248,
        "bpf": 321, "perf_event_open": 298, "userfaultfd": 323, "init_module": 175, "clone": 56, "syslog": 103,
        "process_vm_readv": 310, "open_by_handle_at": 304, "kexec_load": 246, "swapon": 167, "pivot_root": 155,
        "clock_settime": 227, "sethostname": 170, "personality": 135, "modify_ldt": 154, "reboot": 169,
        "mknodat": 259, "quotactl": 179, "acct": 163, "iopl": 172, "fanotify_init": 300,
    },
    "aarch64": {
        "ptrace": 117, "mount": 40, "chroot": 51, "unshare": 97, "setns": 268, "keyctl": 219, "add_key": 217,
        "bpf": 280, "perf_event_open": 241, "userfaultfd": 282, "init_module": 105, "clone": 220, "syslog": 116,
        "process_vm_readv": 270, "open_by_handle_at": 265, "kexec_load": 104, "swapon": 224, "pivot_root": 41,
        "clock_settime": 112, "sethostname": 161, "personality": 92, "reboot": 142, "mknodat": 33, "quotactl": 60,
        "acct": 89, "fanotify_init": 262,
    },
}  # fmt: skip
_BOTH = {
    "io_uring_setup": 425, "open_tree": 428, "fsopen": 430, "clone3": 435, "pidfd_open": 434, "pidfd_getfd": 438,
    "mount_setattr": 442, "memfd_secret": 447,
}  # fmt: skip
NUMBERS = _CALLS[platform.machine()] | _BOTH
_PAGE = ctypes.create_string_buffer(4096)
_CURRENT_FOLDER = -100
_TIOCSTI = 0x5412


def call(name: str, *arguments: int) -> int:
    """Make a system call that ends in OSError when it fails."""
    values = [ctypes.c_long(argument) for argument in arguments]
    result = int(_LIBC.syscall(ctypes.c_long(NUMBERS[name]), *values))
    if result < 0:
        raise OSError(ctypes.get_errno(), name)
    return result


def address(text: bytes) -> int:
    """Keep a C string alive for as long as the process and return where it lies."""
    _KEPT.append(ctypes.create_string_buffer(text))
    return ctypes.addressof(_KEPT[-1])


_KEPT: list[ctypes.Array[ctypes.c_char]] = []


def any_of(attempt: Callable[[T], object], values: Iterable[T]) -> str | None:
    """Return what the first value gave that the kernel let through."""
    return any_works(*(functools.partial(attempt, value) for value in values))


def any_works(*attempts: Callable[[], object]) -> str | None:
    """Return what the first attempt that the kernel lets through gave."""
    for number, attempt in enumerate(attempts):
        try:
            return f"attempt {number} gave {attempt()!r}"
        except OSError:
            continue
    return None


def read_host_file(facts: Facts) -> str | None:
    return any_works(*(lambda path=path: open(path).read(9) for path in (facts["secret"], "/etc/shadow")))


def list_private_folders(_: Facts) -> str | None:
    found = [path for path in ("/home", "/boot", "/sys", "/srv", "/mnt", "/oldroot") if os.path.exists(path)]
    return f"sees {found}" if found else None


def write_system_folders(_: Facts) -> str | None:
    places = ("/usr/x", "/etc/x", "/x", "/usr/bin/true", "/etc/passwd", "/dev/x", "/var/x", "/run/x")
    return any_works(*(lambda place=place: open(place, "ab") for place in places))


def write_read_only_mount(facts: Facts) -> str | None:
    return any_works(lambda: open(facts["read_only"] + "/planted", "w"))


def write_overlay(facts: Facts) -> str | None:
    """What is written here is looked for on the host; being unable to write would be the fault of the sandbox."""
    try:
        with open(facts["overlay"] + "/planted", "w") as file:
            file.write("planted")
    except OSError as error:
        return f"the overlay cannot be written: {error}"
    return None


def connect_host_loopback(facts: Facts) -> str | None:
    return any_works(lambda: socket.create_connection(("127.0.0.1", facts["port"]), 1))


def reach_network(_: Facts) -> str | None:
    def send(family: int, host: str) -> Callable[[], object]:
        return lambda: socket.socket(family, socket.SOCK_DGRAM).sendto(b"x", (host, 53))

    return any_works(send(socket.AF_INET, "192.0.2.1"), send(socket.AF_INET6, "2001:db8::1"))


def see_interfaces(_: Facts) -> str | None:
    names = [name for _, name in socket.if_nameindex() if name != "lo"]
    return f"sees {names}" if names else None


def use_own_loopback(_: Facts) -> str | None:
    """The other way round: servers on the sandbox's own loopback have to work."""
    try:
        with socket.create_server(("127.0.0.1", 0)) as server:
            socket.create_connection(server.getsockname(), 1).close()
    except OSError as error:
        return f"its own loopback does not work: {error}"
    return None


def connect_abstract_socket(facts: Facts) -> str | None:
    return any_works(lambda: socket.socket(socket.AF_UNIX).connect("\0" + facts["abstract"]))


def open_vsock(_: Facts) -> str | None:
    return any_works(lambda: socket.socket(40, socket.SOCK_STREAM))


def open_netlink(_: Facts) -> str | None:
    return any_works(
        *(lambda kind=kind: socket.socket(16, socket.SOCK_RAW, kind) for kind in (9, 12, 15, 16))
    )


def open_raw_sockets(_: Facts) -> str | None:
    families: tuple[tuple[int, int, int], ...] = (
        (17, 3, 3),
        (2, 3, 1),
        (38, 5, 0),
        (15, 3, 2),
        (29, 3, 1),
        (31, 3, 1),
        (44, 3, 0),
    )
    return any_works(*(lambda family=family: socket.socket(*family) for family in families))


def make_user_namespace(_: Facts) -> str | None:
    return any_works(lambda: call("unshare", 0x10000000))


def make_namespaces_by_clone(_: Facts) -> str | None:
    flags = (0x10000000, 0x00020000, 0x20000000, 0x40000000, 0x02000000)
    return any_works(*(lambda flag=flag: _cloned(flag) for flag in flags), lambda: call("clone3", 0, 0))


def _cloned(flag: int) -> int:
    pid = call("clone", flag | signal.SIGCHLD, 0, 0, 0, 0)
    if pid == 0:
        os._exit(0)
    return pid


def enter_namespace(_: Facts) -> str | None:
    return any_works(
        *(lambda name=name: _entered(name) for name in ("mnt", "net", "pid", "user")),
    )


def _entered(name: str) -> int:
    return call("setns", os.open(f"/proc/1/ns/{name}", os.O_RDONLY), 0)


def mount_something(_: Facts) -> str | None:
    kind, place = address(b"tmpfs"), address(b"/tmp")
    return any_works(
        lambda: call("mount", kind, place, kind, 0, 0),
        lambda: call("mount", address(b"/"), place, 0, 0x1000, 0),
        lambda: call("mount", 0, address(b"/"), 0, 0x1020, 0),
        lambda: call("fsopen", kind, 0),
        lambda: call("open_tree", _CURRENT_FOLDER, place, 1),
        lambda: call("mount_setattr", _CURRENT_FOLDER, place, 0, address(b"\0" * 32), 32),
    )


def change_root(_: Facts) -> str | None:
    here = address(b"/tmp")
    return any_works(lambda: call("chroot", here), lambda: call("pivot_root", here, here))


def trace_process_one(_: Facts) -> str | None:
    return any_works(
        lambda: call("ptrace", 16, 1, 0, 0),
        lambda: call("process_vm_readv", 1, 0, 0, 0, 0, 0),
        lambda: call("pidfd_getfd", call("pidfd_open", 1, 0), 0, 0),
    )


def read_environment_of_process_one(_: Facts) -> str | None:
    try:
        with open("/proc/1/environ", "rb") as file:
            found = file.read()
    except OSError:
        return None
    return f"read {found[:60]!r}" if found else None


def inherit_environment(facts: Facts) -> str | None:
    found = sorted(set(os.environ) - set(facts["variables"]))
    return f"has {found}" if found else None


def inherit_descriptors(_: Facts) -> str | None:
    return f"has {_INHERITED}" if _INHERITED else None


def _open_descriptors() -> list[str]:
    """What is open besides the three standard streams and the listing itself."""
    names = sorted(set(os.listdir("/proc/self/fd")) - {"0", "1", "2"})
    return [name for name in names if os.path.exists(f"/proc/self/fd/{name}")]


_INHERITED = _open_descriptors()


def see_host_process(facts: Facts) -> str | None:
    """Only processes of this sandbox may be visible: all of them descend from its process 1."""
    own = sorted(int(name) for name in os.listdir("/proc") if name.isdigit())
    return f"sees {len(own)} processes" if len(own) > facts.get("most_processes", 8) else None


def signal_host_process(facts: Facts) -> str | None:
    return any_works(lambda: os.kill(facts["pid"], signal.SIGTERM))


def use_keyrings(_: Facts) -> str | None:
    return any_works(
        lambda: call("keyctl", 0, -4, 0),
        lambda: call("add_key", address(b"user"), address(b"x"), address(b"y"), 1, -4),
    )


def use_io_uring(_: Facts) -> str | None:
    return any_works(lambda: call("io_uring_setup", 1, ctypes.addressof(_PAGE)))


def use_kernel_interfaces(_: Facts) -> str | None:
    page = ctypes.addressof(_PAGE)
    names = ("bpf", "perf_event_open", "userfaultfd", "syslog", "fanotify_init", "memfd_secret")
    return any_works(*(lambda name=name: call(name, 0, page, 128, -1, 0) for name in names))


def load_module(_: Facts) -> str | None:
    page = ctypes.addressof(_PAGE)
    return any_works(lambda: call("init_module", page, 4096, page), lambda: call("kexec_load", 0, 0, 0, 0))


def write_kernel_settings(_: Facts) -> str | None:
    names = ("kernel/core_pattern", "kernel/modprobe", "vm/overcommit_memory", "net/ipv4/ip_forward")
    return any_works(*(lambda name=name: open(f"/proc/sys/{name}", "w") for name in names))


def read_kernel_secrets(_: Facts) -> str | None:
    for name in ("kallsyms", "keys", "timer_list", "kcore", "kmsg"):
        try:
            with open(f"/proc/{name}", "rb", buffering=0) as file:
                if file.read(16):
                    return f"read /proc/{name}"
        except OSError:
            continue
    return None


def be_root(_: Facts) -> str | None:
    if 0 in {os.getuid(), os.geteuid()}:
        return "is root"
    return any_works(lambda: os.setuid(0), lambda: os.setgroups([0]))


def have_privileges(_: Facts) -> str | None:
    """Neither this process nor the sandbox's process 1, whose memory it may well write, has any."""
    return _privileges("self") or _privileges("1")


def _privileges(pid: str) -> str | None:
    with open(f"/proc/{pid}/status") as file:
        status = {name: value.strip() for name, _colon, value in (line.partition(":") for line in file)}
    sets = [name for name in ("CapEff", "CapPrm", "CapBnd", "CapAmb", "CapInh") if int(status[name], 16)]
    if sets or status["NoNewPrivs"] != "1" or status["Seccomp"] != "2":
        return f"{pid}: {sets}, no_new_privs {status['NoNewPrivs']}, seccomp {status['Seccomp']}"
    return None


def type_into_terminal(_: Facts) -> str | None:
    """A terminal of the sandbox's own would take it; the call itself has to be refused."""
    terminal = pty.openpty()[1]
    return any_works(lambda: fcntl.ioctl(terminal, _TIOCSTI, b"x"))


def open_devices(_: Facts) -> str | None:
    known = {
        "null", "zero", "full", "random", "urandom", "tty", "shm", "pts", "ptmx", "core", "fd", "stdin", "stdout",
        "stderr", "console",
    }  # fmt: skip
    strange = sorted(set(os.listdir("/dev")) - known)
    return f"sees {strange}" if strange else None


def make_device(_: Facts) -> str | None:
    place = address(b"/workspace/device")
    return any_works(lambda: call("mknodat", _CURRENT_FOLDER, place, 0o020666, 0x0101))


def open_by_handle(_: Facts) -> str | None:
    root = os.open("/", os.O_RDONLY)
    handle = address(struct.pack("IiQ", 8, 1, 2))
    return any_works(lambda: call("open_by_handle_at", root, handle, 0))


def attempts(module: Mapping[str, Any] = globals()) -> Iterator[Attempt]:
    """All functions of a module that take the facts, in the order they stand there."""
    for value in list(module.values()):
        if getattr(value, "__annotations__", None) in _SIGNATURES:
            yield value


def judge(attempt: Attempt, facts: Facts) -> dict[str, object]:
    try:
        achieved = attempt(facts)
    except OSError as error:
        return {"name": attempt.__name__, "held": True, "detail": errno.errorcode.get(error.errno or 0, "")}
    return {"name": attempt.__name__, "held": achieved is None, "detail": achieved or ""}


def main(module: Mapping[str, Any] = globals()) -> None:
    facts: Facts = json.loads(sys.argv[1])
    wanted = facts.get("names")
    for attempt in attempts(module):
        if wanted is None or attempt.__name__ in wanted:
            sys.stdout.write(json.dumps(judge(attempt, facts)) + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
