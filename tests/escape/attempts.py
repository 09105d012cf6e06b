"""More attempts to get out, beside those of the self-test; run inside by the same means, judged where they can be outside."""

import ctypes
import mmap
import os
import pty
import resource
import signal
import socket
import struct
import subprocess
import sys
import time

from astrolabe.adapters.sandboxes.probes import NUMBERS, Facts, address, any_of, any_works, call, main


def read_a_file_of_the_host_through_process_one(facts: Facts) -> str | None:
    return any_of(
        lambda way: open(f"/proc/1/{way}{facts['secret']}").read(),
        (
            "root",
            "cwd",
            "root/..",
            "root/../..",
            "task/1/root",
            "fd/0/..",
            "fd/3",
            "fd/4",
            "fd/5",
        ),
    )


def read_a_file_of_the_host_through_parent_links(facts: Facts) -> str | None:
    return any_works(lambda: open("../" * 40 + facts["secret"].lstrip("/")).read())


def read_a_file_of_the_host_through_a_link(facts: Facts) -> str | None:
    def linked() -> str:
        os.symlink(facts["secret"], "/workspace/to-secret")
        try:
            return open("/workspace/to-secret").read()
        finally:
            os.unlink("/workspace/to-secret")

    return any_works(linked)


def hard_link_a_system_file(_: Facts) -> str | None:
    return any_works(
        lambda: os.link("/usr/bin/true", "/workspace/true"),
        lambda: os.link("/etc/passwd", "/workspace/passwd"),
    )


def change_a_system_program(_: Facts) -> str | None:
    return any_works(
        lambda: os.chmod("/usr/bin/true", 0o777),
        lambda: os.rename("/usr/bin/true", "/usr/bin/false"),
        lambda: os.unlink("/etc/hosts"),
        lambda: os.utime("/usr/bin/true"),
        lambda: os.setxattr("/usr/bin/true", "user.x", b"x"),
        lambda: os.truncate("/usr/bin/true", 0),
    )


def write_to_an_output_nobody_gave(_: Facts) -> str | None:
    return any_works(lambda: open("/output/x", "w"), lambda: os.mkdir("/output"))


def read_the_secrets_of_the_account(_: Facts) -> str | None:
    places = (
        "/root/.ssh",
        "/root/.bashrc",
        "/home",
        "/etc/shadow",
        "/etc/gshadow",
        "/etc/ssh",
        "/var/lib",
        "/etc/sudoers",
    )
    return any_of(lambda place: os.stat(place) and open(place).read(1), places)


def see_accounts_of_the_host(_: Facts) -> str | None:
    names = {line.split(":")[0] for line in open("/etc/passwd")}
    return f"sees {sorted(names)}" if names - {"root", "sandbox", "nobody"} else None


def see_mounts_of_the_host(_: Facts) -> str | None:
    allowed = ("/usr", "/etc/", "/proc", "/dev", "/tmp", "/workspace", "/opt/", "/lib", "/bin", "/sbin")
    points = [line.split()[1] for line in open("/proc/self/mounts")]
    strange = [
        point for point in points if point != "/" and not point.startswith((*allowed, sys.base_prefix))
    ]
    return f"sees {strange}" if strange else None


def set_user_id_program_gains_nothing(_: Facts) -> str | None:
    for line in open("/proc/self/mounts"):
        _device, point, _kind, options = line.split()[:4]
        if "nosuid" not in options.split(","):
            return f"{point} honours set-user-id"
    return None


def run_a_set_user_id_program(_: Facts) -> str | None:
    for program in ("su", "mount", "passwd", "newgrp", "sudo", "pkexec", "fusermount3"):
        path = f"/usr/bin/{program}"
        if os.path.exists(path) and os.stat(path).st_mode & 0o4000:
            script = f"exec {path} --version >/dev/null 2>&1"
            subprocess.run(["sh", "-c", script], stdin=subprocess.DEVNULL, timeout=5, check=False)
            if 0 in {os.getuid(), os.geteuid()}:
                return f"{program} made this process root"
    return None


def signal_everyone(_: Facts) -> str | None:
    """Everyone is this sandbox; whoever watches outside is still there afterwards, which the test checks."""
    previous = signal.signal(signal.SIGTERM, signal.SIG_IGN)
    try:
        os.kill(-1, signal.SIGTERM)
    except OSError:
        return None
    finally:
        signal.signal(signal.SIGTERM, previous)
    return None


def signal_the_parent_namespace(_: Facts) -> str | None:
    return any_works(lambda: os.kill(os.getppid(), 0) if os.getppid() == 0 else _refused())


def _refused() -> None:
    raise PermissionError


def raise_its_own_limits(_: Facts) -> str | None:
    return any_of(
        _raised, (resource.RLIMIT_FSIZE, resource.RLIMIT_CPU, resource.RLIMIT_NOFILE, resource.RLIMIT_CORE)
    )


def _raised(number: int) -> int:
    hard = resource.getrlimit(number)[1]
    try:
        resource.setrlimit(number, (hard, hard if hard == resource.RLIM_INFINITY else hard + 1))
    except ValueError as error:
        raise PermissionError from error
    if hard != resource.RLIM_INFINITY and resource.getrlimit(number)[1] <= hard:
        raise PermissionError
    return hard


def raise_its_priority(_: Facts) -> str | None:
    return any_works(
        lambda: os.setpriority(os.PRIO_PROCESS, 0, -20),
        lambda: os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1)),
    )


def spare_itself_when_memory_is_short(_: Facts) -> str | None:
    def spared() -> int:
        with open("/proc/self/oom_score_adj", "w") as file:
            return file.write("-1000")

    return any_works(spared)


def leave_its_control_group(_: Facts) -> str | None:
    return any_works(
        lambda: os.listdir("/sys/fs/cgroup"),
        lambda: call("mount", address(b"none"), address(b"/tmp"), address(b"cgroup2"), 0, 0),
        lambda: call("mount", address(b"none"), address(b"/tmp"), address(b"cgroup"), 0, address(b"memory")),
    )


def mount_a_file_system_of_its_own(_: Facts) -> str | None:
    kinds = (b"proc", b"sysfs", b"overlay", b"devpts", b"mqueue", b"fuse", b"ext4", b"debugfs", b"tracefs")
    return any_of(lambda kind: call("mount", address(kind), address(b"/tmp"), address(kind), 0, 0), kinds)


def unmount_a_mask(_: Facts) -> str | None:
    number = 166 if os.uname().machine == "x86_64" else 39
    NUMBERS["umount2"] = number
    places = (b"/proc/kallsyms", b"/proc", b"/workspace", b"/usr")
    return any_of(lambda place: call("umount2", address(place), 2), places)


def trace_a_child_of_its_own(_: Facts) -> str | None:
    """Even its own: tracing is how a filter is walked around on old kernels."""
    child = subprocess.Popen(["sleep", "5"])
    try:
        return any_works(lambda: call("ptrace", 16, child.pid, 0, 0))
    finally:
        child.kill()
        child.wait()


def call_through_another_architecture(_: Facts) -> str | None:
    """A 64-bit program may call through the 32-bit table, where numbers mean other calls; the filter kills that."""
    if os.uname().machine != "x86_64":
        return None
    code = "import ctypes; ctypes.CDLL(None).syscall(ctypes.c_long(0x40000000 | 39))"
    done = subprocess.run([sys.executable, "-I", "-S", "-c", code], check=False)
    return None if done.returncode < 0 else f"the x32 table answered with {done.returncode}"


def call_through_the_table_of_32_bits(_: Facts) -> str | None:
    """The old door into the kernel, `int 0x80`, where 1 is exit: a filter for 64 bits would not know its numbers."""
    if os.uname().machine != "x86_64":
        return None
    code = (
        "import ctypes, mmap; m = mmap.mmap(-1, 4096, flags=0x22, prot=7); "
        r"m.write(b'\xb8\x01\x00\x00\x00\xbb\x07\x00\x00\x00\xcd\x80\xc3'); "
        "ctypes.CFUNCTYPE(None)(ctypes.addressof(ctypes.c_char.from_buffer(m)))()"
    )
    done = subprocess.run([sys.executable, "-I", "-S", "-c", code], check=False)
    return None if done.returncode == -signal.SIGSYS else f"the table of 32 bits answered: {done.returncode}"


def open_rare_protocols(_: Facts) -> str | None:
    """Multipath, UDP-Lite, SCTP, DCCP, L2TP, SMC, ping: code of the kernel few have looked at."""
    kinds = ((1, 262), (2, 136), (1, 132), (5, 132), (6, 33), (2, 115), (1, 256), (2, 1), (3, 255))
    return any_of(
        lambda way: socket.socket(*way),
        [(family, kind, protocol) for family in (2, 10) for kind, protocol in kinds],
    )


def pair_rare_sockets(_: Facts) -> str | None:
    return any_of(lambda family: socket.socketpair(family, 1, 0), (30, 21, 40, 43, 44))


def load_a_protocol_into_a_socket(_: Facts) -> str | None:
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        socket.create_connection(server.getsockname()) as it,
    ):
        return any_of(lambda name: it.setsockopt(6, 31, name), (b"tls", b"smc", b"mptcp", b"espintcp"))


def load_a_program_into_a_socket(_: Facts) -> str | None:
    code = ctypes.create_string_buffer(struct.pack("<HBBI", 0x06, 0, 0, 0xFFFF))
    program = struct.pack("<HxxxxxxQ", 1, ctypes.addressof(code))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        return any_works(lambda: any_socket.setsockopt(1, 26, program))


def take_from_what_all_share(_: Facts) -> str | None:
    """Old asynchronous I/O takes of a number for the whole machine, huge pages of a pool for the whole machine."""
    NUMBERS["io_setup"] = 206 if os.uname().machine == "x86_64" else 0
    context = ctypes.c_ulong(0)
    return any_works(
        lambda: call("io_setup", 4096, ctypes.addressof(context)),
        lambda: mmap.mmap(-1, 2 << 20, flags=0x40022),
    )


def use_up_the_users_own_counts(_: Facts) -> str | None:
    """Watches, signals and queues count for all a person runs: a command may have few of them."""
    libc = ctypes.CDLL(None, use_errno=True)
    instances = 0
    while instances < 128 and libc.inotify_init() >= 0:
        instances += 1
    if instances > 64:
        return f"took {instances} inotify instances"
    limits = {name: resource.getrlimit(getattr(resource, name))[1] for name in _OF_THE_USER}
    loose = {name: limit for name, limit in limits.items() if not 0 <= limit <= _OF_THE_USER[name]}
    return f"may have {loose}" if loose else None


_OF_THE_USER = {
    "RLIMIT_SIGPENDING": 4096,
    "RLIMIT_MSGQUEUE": 0,
    "RLIMIT_RTPRIO": 0,
    "RLIMIT_NICE": 0,
    "RLIMIT_MEMLOCK": 8 << 20,
}


def connect_to_the_hosts_bus(_: Facts) -> str | None:
    places = (
        "/run/dbus/system_bus_socket",
        "/var/run/docker.sock",
        "/run/systemd/private",
        "/tmp/.X11-unix/X0",
    )
    return any_of(lambda place: socket.socket(socket.AF_UNIX).connect(place), places)


def ask_the_metadata_service(_: Facts) -> str | None:
    return any_works(lambda: socket.create_connection(("169.254.169.254", 80), 1))


def resolve_a_name(_: Facts) -> str | None:
    return any_works(lambda: socket.getaddrinfo("example.org", 80))


def make_an_interface(_: Facts) -> str | None:
    """Route netlink is open for reading; adding a dummy link needs a capability."""
    link = struct.pack("=BBHiII", 0, 0, 0, 0, 1, 1)
    kind = struct.pack("=HH", 10, 1) + b"dummy\0\0\0"
    attributes = struct.pack("=HH", 4 + len(kind), 18) + kind
    body = link + attributes
    head = struct.pack("=IHHII", 16 + len(body), 16, 0x605, 1, 0)

    def made() -> int:
        with socket.socket(16, socket.SOCK_RAW, 0) as netlink:
            netlink.settimeout(2)
            netlink.send(head + body)
            number = struct.unpack("=i", netlink.recv(4096)[16:20])[0]
            if number:
                raise OSError(-number, "netlink")
            return 0

    return any_works(made)


def bind_a_server_on_the_host(facts: Facts) -> str | None:
    """Binding the port the host listens on works here, because this is another network; the host is not visited."""
    try:
        socket.create_server(("127.0.0.1", facts["port"])).close()
    except OSError as error:
        return f"its loopback is not its own: {error}"
    return None


def send_a_descriptor_out(facts: Facts) -> str | None:
    def sent() -> None:
        with socket.socket(socket.AF_UNIX) as unix:
            unix.connect("\0" + facts["abstract"])
            socket.send_fds(unix, [b"x"], [1])

    return any_works(sent)


def share_memory_with_the_host(facts: Facts) -> str | None:
    """System V memory the test made outside under this key must not exist here."""
    libc = ctypes.CDLL(None, use_errno=True)
    found = libc.shmget(ctypes.c_int(facts["key"]), ctypes.c_size_t(0), ctypes.c_int(0))
    return "found the host's shared memory" if found >= 0 else None


def see_the_hosts_shared_memory(facts: Facts) -> str | None:
    return any_works(lambda: open(f"/dev/shm/{facts['shared']}").read())


def keep_a_crash_where_it_was(_: Facts) -> str | None:
    child = subprocess.run(["sh", "-c", "kill -SEGV $$"], check=False, cwd="/workspace")
    dumps = [name for name in os.listdir("/workspace") if name.startswith("core")]
    return f"left {dumps} after {child.returncode}" if dumps else None


def set_the_clock_or_the_name(_: Facts) -> str | None:
    now = address(struct.pack("qq", 0, 0))
    return any_works(lambda: call("clock_settime", 0, now), lambda: call("sethostname", address(b"x"), 1))


def restart_the_machine(_: Facts) -> str | None:
    # A magic number that is none, so that even a kernel that listens does nothing.
    return any_works(lambda: call("reboot", 1, 2, 0, 0))


def swap_and_account(_: Facts) -> str | None:
    place = address(b"/workspace/swap")
    return any_works(
        lambda: call("swapon", place, 0),
        lambda: call("acct", place),
        lambda: call("quotactl", 0, place, 0, 0),
    )


def trigger_the_kernel_by_proc(_: Facts) -> str | None:
    places = (
        "sysrq-trigger",
        "sys/kernel/sysrq",
        "sys/vm/drop_caches",
        "irq/default_smp_affinity",
        "acpi/wakeup",
    )
    return any_of(lambda place: open(f"/proc/{place}", "w"), places)


def map_another_user(_: Facts) -> str | None:
    return any_works(
        lambda: os.write(os.open("/proc/self/uid_map", os.O_WRONLY), b"0 0 1"),
        lambda: os.write(os.open("/proc/self/setgroups", os.O_WRONLY), b"allow"),
        lambda: os.setresuid(0, 0, 0),
        lambda: os.chown("/workspace", 0, 0),
    )


def allow_user_namespaces_again(_: Facts) -> str | None:
    def allowed() -> int:
        with open("/proc/sys/user/max_user_namespaces", "w") as file:
            return file.write("1000")

    return any_works(allowed)


def undo_no_new_privileges(_: Facts) -> str | None:
    libc = ctypes.CDLL(None, use_errno=True)
    return "no_new_privs was undone" if libc.prctl(38, 0, 0, 0, 0) == 0 else None


def replace_the_filter(_: Facts) -> str | None:
    """Further filters may be added; what the first refuses stays refused."""
    libc = ctypes.CDLL(None, use_errno=True)
    allow = struct.pack("<HBBI", 0x06, 0, 0, 0x7FFF0000)
    code = ctypes.create_string_buffer(allow)
    program = ctypes.create_string_buffer(struct.pack("<HxxxxxxQ", 1, ctypes.addressof(code)))
    libc.prctl(22, 2, ctypes.addressof(program), 0, 0)
    return any_works(lambda: call("keyctl", 0, -4, 0), lambda: socket.socket(40, socket.SOCK_STREAM))


def take_all_terminals_of_the_machine(_: Facts) -> str | None:
    kept: list[tuple[int, int]] = []
    try:
        while len(kept) < 200:
            kept.append(pty.openpty())
    except OSError:
        return None
    finally:
        for descriptor in (number for pair in kept for number in pair):
            os.close(descriptor)
    return f"took {len(kept)} terminals"


def write_out_the_disks_of_the_machine(_: Facts) -> str | None:
    """The kernel says that -1 is no descriptor; whoever only pretends to write out never looks."""
    NUMBERS["syncfs"] = 306 if os.uname().machine == "x86_64" else 267
    try:
        call("syncfs", -1)
    except OSError as error:
        return f"the kernel was asked: {error}"
    return None


def have_a_crash_handled_outside(facts: Facts) -> str | None:
    """At a limit of 0 the kernel starts the host's crash handler all the same, as root; at 1 it does not."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    limit = resource.getrlimit(resource.RLIMIT_CORE)[1]
    return None if limit == min(1, facts["core_limit"]) else f"the limit is {limit}"


def write_into_what_process_one_has_open(_: Facts) -> str | None:
    """Its standard streams are this command's own; beyond them lie the pipes to whoever started the sandbox."""
    others = set(os.listdir("/proc/1/fd")) - {"0", "1", "2"}
    return any_of(lambda number: os.write(os.open(f"/proc/1/fd/{number}", os.O_WRONLY), b"x"), others)


def make_a_file_larger_than_any_may_be(_: Facts) -> str | None:
    """Holes cost nothing here, and all the more where the file is taken to."""
    with open("/workspace/sparse", "wb") as file:
        try:
            return any_works(
                lambda: file.truncate(1 << 45),
                lambda: os.posix_fallocate(file.fileno(), 0, 1 << 45),
                lambda: os.pwrite(file.fileno(), b"x", 1 << 45),
            )
        finally:
            os.unlink("/workspace/sparse")


def open_more_files_than_it_may(_: Facts) -> str | None:
    most, kept = resource.getrlimit(resource.RLIMIT_NOFILE)[1], []
    try:
        while len(kept) <= most:
            kept.append(os.open("/dev/null", os.O_RDONLY))
    except OSError:
        return None
    finally:
        for descriptor in kept:
            os.close(descriptor)
    return f"opened {len(kept)} files"


def set_more_timers_than_it_may(_: Facts) -> str | None:
    """Each holds a signal of the user's in store."""
    NUMBERS["timer_create"] = 222 if os.uname().machine == "x86_64" else 107
    made = ctypes.c_int(0)
    try:
        for _number in range(10_000):
            call("timer_create", 1, 0, ctypes.addressof(made))
    except OSError:
        return None
    return "set 10,000 timers"


def outlive_the_sandbox(facts: Facts) -> str | None:
    """A daemon that tries everything to stay; the test looks for it when this is over."""
    if os.fork() == 0:
        os.setsid()
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGPIPE):
            signal.signal(number, signal.SIG_IGN)
        if os.fork() == 0:
            os.execvp("sh", ["sh", "-c", f"sleep 300; : {facts['marker']}"])
        os._exit(0)
    time.sleep(0.05)
    return None


if __name__ == "__main__":
    main(globals())
