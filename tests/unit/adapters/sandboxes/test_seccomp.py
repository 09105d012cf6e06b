"""The filter, run by an interpreter of its own on the calls it must judge (struct seccomp_data, linux/seccomp.h)."""

import struct

import pytest

from astrolabe.adapters.sandboxes import seccomp, syscalls

_ALLOW, _KILL, _ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
_AUDIT = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_SOCKET = {"x86_64": 41, "aarch64": 198}
_IOCTL = {"x86_64": 16, "aarch64": 29}
_CLONE = {"x86_64": 56, "aarch64": 220}


def judge(
    machine: str, number: int | str, *arguments: int, audit: int | None = None, watched: bool = False
) -> int:
    """Interpret the program as the kernel does; IndexError when a jump leaves it. A call may be named."""
    if isinstance(number, str):
        number = syscalls.TABLES[machine].numbers[number]
    code = seccomp.program(machine, watched=watched)
    steps = [struct.unpack_from("<HBBI", code, place) for place in range(0, len(code), 8)]
    padded = [*arguments, 0, 0, 0, 0, 0, 0][:6]
    data = struct.pack("<IIQ6Q", number, _AUDIT[machine] if audit is None else audit, 0, *padded)
    place = accumulator = 0
    while True:
        operation, if_true, if_false, value = steps[place]
        place += 1
        match operation:
            case 0x20:
                (accumulator,) = struct.unpack_from("<I", data, value)
            case 0x15:
                place += if_true if accumulator == value else if_false
            case 0x35:
                place += if_true if accumulator >= value else if_false
            case 0x45:
                place += if_true if accumulator & value else if_false
            case 0x06:
                return int(value)
            case _:
                raise AssertionError(operation)


machines = pytest.mark.parametrize("machine", sorted(seccomp.SUPPORTED))


@machines
def test_it_is_short_enough_for_the_kernel_and_every_jump_stays_inside(machine: str) -> None:
    assert len(seccomp.program(machine)) // 8 <= 4096
    for number in range(600):
        judge(machine, number)


@machines
def test_calls_of_another_architecture_kill(machine: str) -> None:
    assert judge(machine, 0, audit=0x40000003) == _KILL


def test_calls_of_the_x32_table_kill() -> None:
    assert judge("x86_64", 0x40000000 | 39) == _KILL


@machines
@pytest.mark.parametrize(
    ("family", "kind", "protocol"), [(1, 1, 0), (2, 1, 0), (2, 2, 17), (10, 1, 0), (16, 3, 0)]
)
def test_common_sockets_are_allowed(machine: str, family: int, kind: int, protocol: int) -> None:
    assert judge(machine, _SOCKET[machine], family, kind, protocol) == _ALLOW


@machines
@pytest.mark.parametrize("family", [0, 3, 4, 5, 9, 15, 17, 29, 31, 38, 40, 44, 45])
def test_other_families_do_not_exist(machine: str, family: int) -> None:
    assert judge(machine, _SOCKET[machine], family, 1, 0) == _ERRNO | 97


@machines
@pytest.mark.parametrize("family", [2, 10])
@pytest.mark.parametrize("flags", [0, 0o4000, 0o2000000, 0o2004000])
def test_internet_sockets_are_tcp_or_udp(machine: str, family: int, flags: int) -> None:
    for kind, protocol in ((1, 0), (1, 6), (2, 0), (2, 17)):
        assert judge(machine, "socket", family, kind | flags, protocol) == _ALLOW
    for protocol in (1, 33, 58, 115, 132, 136, 255, 256, 262):
        assert judge(machine, "socket", family, 1 | flags, protocol) == _ERRNO | 93
    for kind in (0, 3, 4, 5, 6, 10, 15):
        assert judge(machine, "socket", family, kind | flags, 0) == _ERRNO | 94


@machines
def test_pairs_of_sockets_are_unix(machine: str) -> None:
    assert judge(machine, "socketpair", 1, 1, 0) == _ALLOW
    for family in (0, 2, 10, 16, 21, 30, 40, 43):
        assert judge(machine, "socketpair", family, 1, 0) == _ERRNO | 97


@machines
def test_no_program_and_no_protocol_is_loaded_into_a_socket(machine: str) -> None:
    for option in (26, 50, 51, 52):
        assert judge(machine, "setsockopt", 3, 1, option) == _ERRNO | 1
    assert judge(machine, "setsockopt", 3, 6, 31) == _ERRNO | 92
    for level, option in ((1, 2), (1, 7), (1, 31), (6, 1), (6, 26), (41, 26), (0, 1)):
        assert judge(machine, "setsockopt", 3, level, option) == _ALLOW


@machines
def test_what_a_later_kernel_brings_is_absent(machine: str) -> None:
    assert {judge(machine, number) for number in range(syscalls.NEWEST + 1, 700)} == {_ERRNO | 38}


@machines
def test_huge_pages_are_not_to_be_had(machine: str) -> None:
    assert judge(machine, "mmap", 0, 4096, 3, 0x40022) == _ERRNO | 12
    for flags in (0x22, 0x21, 0x02, 0x01, 0x4022):
        assert judge(machine, "mmap", 0, 4096, 3, flags) == _ALLOW


_UNCOUNTED = (
    ("memfd_create", (), 38),
    ("shmget", (), 38),
    ("semget", (), 38),
    ("msgget", (), 38),
    ("vmsplice", (), 38),
    ("mmap", (0, 4096, 3, 0x21), 1),
    ("mmap", (0, 4096, 3, 0x23), 1),
    ("fcntl", (3, 1031, 1 << 20), 1),
    ("madvise", (0, 4096, 25), 22),
    ("setsockopt", (3, 1, 7), 0),
    ("setsockopt", (3, 1, 8), 0),
    ("setsockopt", (3, 1, 60), 92),
    ("clone", (0x10100,), 1),
    ("close_range", (3, 9, 2), 22),
)


@machines
@pytest.mark.parametrize(("call", "arguments", "fault"), _UNCOUNTED)
def test_what_a_watcher_cannot_count_is_refused_only_where_one_watches(
    machine: str, call: str, arguments: tuple[int, ...], fault: int
) -> None:
    assert judge(machine, call, *arguments, watched=True) == _ERRNO | fault
    assert judge(machine, call, *arguments) == _ALLOW


@machines
@pytest.mark.parametrize(
    ("call", "arguments"),
    [
        ("mmap", (0, 4096, 3, 0x22)),
        ("mmap", (0, 4096, 3, 0x01)),
        ("fcntl", (3, 1032)),
        ("madvise", (0, 4096, 4)),
        ("setsockopt", (3, 1, 2)),
        ("clone", (0x3D0F00,)),
        ("clone", (17,)),
        ("close_range", (3, 9, 4)),
    ],
)
def test_under_a_watcher_everyday_calls_are_allowed(
    machine: str, call: str, arguments: tuple[int, ...]
) -> None:
    assert judge(machine, call, *arguments, watched=True) == _ALLOW


@machines
def test_the_limit_of_core_dumps_stays_as_it_is(machine: str) -> None:
    new, old = 0x7FFF_0000_1000, 0x7FFF_0000_2000
    assert judge(machine, "setrlimit", 4, new) == _ERRNO | 0
    assert judge(machine, "setrlimit", 7, new) == _ALLOW
    for pointer in (new, 1 << 32, 1):
        assert judge(machine, "prlimit64", 0, 4, pointer, 0) == _ERRNO | 0
        assert judge(machine, "prlimit64", 0, 4, pointer, pointer) == _ERRNO | 1
        assert judge(machine, "prlimit64", 0, 7, pointer, pointer) == _ALLOW
    assert judge(machine, "prlimit64", 0, 4, 0, old) == _ALLOW


@machines
def test_the_disks_of_the_machine_are_not_written_out(machine: str) -> None:
    assert {judge(machine, call) for call in ("sync", "syncfs")} == {_ERRNO | 0}


@machines
@pytest.mark.parametrize("protocol", [2, 4, 6, 9, 12, 15, 16])
def test_netlink_other_than_route_does_not_exist(machine: str, protocol: int) -> None:
    assert judge(machine, _SOCKET[machine], 16, 3, protocol) == _ERRNO | 97


@machines
@pytest.mark.parametrize(
    "flag", [0x00020000, 0x02000000, 0x04000000, 0x08000000, 0x10000000, 0x20000000, 0x40000000]
)
def test_clone_makes_processes_and_threads_but_no_namespace(machine: str, flag: int) -> None:
    assert judge(machine, _CLONE[machine], flag | 17) == _ERRNO | 1
    assert judge(machine, _CLONE[machine], 17) == _ALLOW
    assert judge(machine, _CLONE[machine], 0x3D0F00) == _ALLOW


@machines
def test_clone3_looks_absent_so_that_libc_falls_back(machine: str) -> None:
    assert judge(machine, 435) == _ERRNO | 38


@machines
def test_io_uring_looks_absent(machine: str) -> None:
    assert {judge(machine, number) for number in (425, 426, 427)} == {_ERRNO | 38}


@machines
def test_typing_into_terminals_is_refused_whatever_the_upper_half_says(machine: str) -> None:
    for request in (0x5412, 0x541C, 0x5412 | 1 << 32):
        assert judge(machine, _IOCTL[machine], 0, request) == _ERRNO | 1
    assert judge(machine, _IOCTL[machine], 0, 0x5413) == _ALLOW


@pytest.mark.parametrize(
    ("machine", "numbers"),
    [("x86_64", (0, 1, 2, 9, 39, 57, 59, 60, 202, 257)), ("aarch64", (56, 63, 64, 93, 98, 172, 221, 222))],
)
def test_everyday_calls_are_allowed(machine: str, numbers: tuple[int, ...]) -> None:
    assert {judge(machine, number) for number in numbers} == {_ALLOW}


@pytest.mark.parametrize(
    ("machine", "numbers"),
    [
        ("x86_64", (101, 165, 166, 155, 161, 272, 308, 248, 249, 250, 321, 298, 310, 311, 304, 175, 246)),
        ("aarch64", (117, 40, 39, 41, 51, 97, 268, 217, 218, 219, 280, 241, 270, 271, 265, 105, 104)),
    ],
)
def test_calls_that_reach_beyond_are_refused(machine: str, numbers: tuple[int, ...]) -> None:
    assert {judge(machine, number) for number in numbers} == {_ERRNO | 1}


def test_an_unknown_architecture_has_no_filter() -> None:
    with pytest.raises(KeyError):
        seccomp.program("m68k")
