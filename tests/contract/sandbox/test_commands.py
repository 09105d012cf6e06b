"""What every backend's `run` does."""

import asyncio
import os
import signal
from typing import Any

import pytest

from astrolabe.adapters.sandboxes import self_test
from astrolabe.domain.policy import MIB, Policy
from astrolabe.errors import InputError, SandboxLostError, SandboxUnavailableError
from astrolabe.ports.sandbox import Ending, Outcome, Setup

from .outside import has_process, holders, within


async def _gone(marker: str) -> bool:
    return not await has_process(marker)


@pytest.mark.parametrize(
    ("script", "code"),
    [
        ("exit 0", 0),
        ("exit 3", 3),
        ("exit 255", 255),
        ("kill -TERM $$", 143),
        ("kill -KILL $$", 137),
        ("kill -SEGV $$", 139),
    ],
)
def test_exit_codes_are_a_shells(run: Any, session: Any, script: str, code: int) -> None:
    async def scenario() -> Outcome:
        async with session() as box:
            return await box.run(["sh", "-c", script])

    outcome = run(scenario())
    assert (outcome.exit_code, outcome.ending) == (code, Ending.EXITED)


def test_a_program_that_is_missing_or_no_program_is_the_commands_fault(run: Any, session: Any) -> None:
    async def scenario() -> list[int]:
        async with session() as box:
            return [(await box.run(command)).exit_code for command in (["no-such-program"], ["/workspace"])]

    assert run(scenario()) == [127, 126]


def test_an_empty_command_is_refused(run: Any, session: Any) -> None:
    async def scenario() -> None:
        async with session() as box:
            await box.run([])

    with pytest.raises(InputError):
        run(scenario())


def test_arguments_and_outputs_are_bytes_as_they_are(run: Any, session: Any) -> None:
    async def scenario() -> Outcome:
        async with session() as box:
            script = r'printf "%s|" "$@"; printf "\377\000" ; printf err >&2'
            return await box.run(["sh", "-c", script, "sh", "a b", "", "-n", "new\nline", "$HOME", "ü'\""])

    outcome = run(scenario())
    assert outcome.stdout == "a b||-n|new\nline|$HOME|ü'\"|".encode() + b"\xff\x00"
    assert outcome.stderr == b"err"
    assert not outcome.output_cut


@pytest.mark.parametrize("size", [0, 1, 65_536, 3_000_001])
def test_input_arrives_whole(run: Any, session: Any, size: int) -> None:
    data = (b"0123456789abcdef" * (size // 16 + 1))[:size]

    async def scenario() -> Outcome:
        async with session() as box:
            return await box.run(["cat"], stdin=data)

    assert run(scenario()).stdout == data


def test_a_command_need_not_read_its_input(run: Any, session: Any) -> None:
    async def scenario() -> Outcome:
        async with session() as box:
            return await box.run(["true"], stdin=b"x" * 3_000_000)

    assert run(scenario()).exit_code == 0


def test_the_environment_is_what_was_asked_for_and_nothing_else(
    run: Any, session: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ASTROLABE_TEST_SECRET", "leaks")

    async def scenario() -> bytes:
        async with session(
            Setup(environment={"LANG": "de_DE.UTF-8", "X": "a=b\nc"}, path=("/opt/tool/bin",))
        ) as box:
            return (await box.run(["env", "-0"])).stdout

    pairs = dict(line.split("=", 1) for line in run(scenario()).decode().split("\0") if line)
    assert pairs == {
        "PATH": "/opt/tool/bin:/usr/local/bin:/usr/bin:/bin",
        "HOME": "/tmp/home",
        "TMPDIR": "/tmp",
        "LANG": "de_DE.UTF-8",
        "X": "a=b\nc",
        "PWD": "/workspace",
    }


def test_the_workspace_stays_and_scratch_space_goes(run: Any, session: Any) -> None:
    async def scenario() -> Outcome:
        async with session() as box:
            first = "test -d $HOME && touch kept $HOME/gone /tmp/gone /dev/shm/gone"
            assert (await box.run(["sh", "-c", first])).exit_code == 0
            return await box.run(["sh", "-c", "pwd; ls; ls -A $HOME /tmp /dev/shm | grep gone"])

    assert run(scenario()).stdout == b"/workspace\nkept\n"


def test_commands_of_one_session_run_side_by_side_and_cannot_see_each_other(run: Any, session: Any) -> None:
    """Each waits for a file the other makes, so neither ends if they run one after the other."""

    async def scenario() -> list[Outcome]:
        async with session() as box:
            wait = 'touch "$1"; while ! test -e "$2"; do sleep 0.02; done; ls -d /proc/[0-9]* | wc -l'
            one = box.run(["sh", "-c", wait, "sh", "a", "b"], wall_seconds=20)
            two = box.run(["sh", "-c", wait, "sh", "b", "a"], wall_seconds=20)
            return list(await asyncio.gather(one, two))

    for outcome in run(scenario()):
        assert outcome.ending is Ending.EXITED
        assert int(outcome.stdout) <= 5


def test_a_server_on_loopback_is_reached_in_the_same_command_only(run: Any, session: Any) -> None:
    serve = (
        "use strict; use IO::Socket::INET; my $s = IO::Socket::INET->new(LocalAddr => '127.0.0.1:8123', Listen => 1)"
        " or die; if (!fork) { my $c = $s->accept; print $c 'hello'; exit }"
        " my $c = IO::Socket::INET->new('127.0.0.1:8123') or die; print <$c>;"
    )
    connect = "use IO::Socket::INET; exit(IO::Socket::INET->new('127.0.0.1:8123') ? 0 : 7)"

    async def scenario() -> tuple[Outcome, Outcome]:
        async with session() as box:
            return await box.run(["perl", "-e", serve]), await box.run(["perl", "-e", connect])

    served, refused = run(scenario())
    assert served.stdout == b"hello"
    assert refused.exit_code == 7


def test_time_is_up_for_everything_a_command_started(run: Any, session: Any, marker: str) -> None:
    script = f"(trap '' TERM HUP INT; setsid sh -c 'sleep 60; : {marker}' &) & sleep 60"

    async def scenario() -> Outcome:
        async with session() as box:
            outcome = await box.run(["sh", "-c", script], wall_seconds=0.4)
            assert not await has_process(marker)
            return outcome

    outcome = run(scenario())
    assert (outcome.ending, outcome.exit_code) == (Ending.TIMEOUT, 137)
    assert 0.3 < outcome.duration_seconds < 10


def test_a_commands_own_limit_cannot_exceed_the_policys(run: Any, session: Any) -> None:
    async def scenario() -> Outcome:
        async with session(Setup(policy=Policy(wall_seconds=0.3))) as box:
            return await box.run(["sleep", "60"], wall_seconds=3600)

    assert run(scenario()).ending is Ending.TIMEOUT


@pytest.mark.parametrize(
    "leave",
    [
        "setsid sh -c 'sleep 60; : {}' &",
        "(setsid sh -c '(sleep 60; : {}) &' &) &",
        "trap '' TERM HUP; nohup sh -c 'trap \"\" TERM; sleep 60; : {}' &",
    ],
)
def test_no_daemon_outlives_its_command(run: Any, session: Any, marker: str, leave: str) -> None:
    async def scenario() -> Outcome:
        async with session() as box:
            outcome = await box.run(["sh", "-c", leave.format(marker) + " exit 4"], wall_seconds=30)
            assert not await has_process(marker)
            return outcome

    assert run(scenario()).exit_code == 4


def test_cancelling_the_caller_kills_the_command_before_it_returns(
    run: Any, session: Any, marker: str
) -> None:
    async def scenario() -> Outcome:
        async with session() as box:
            calling = asyncio.create_task(box.run(["sh", "-c", f"trap '' TERM; sleep 60; : {marker}"]))
            await within(lambda: has_process(marker))
            calling.cancel()
            with pytest.raises(asyncio.CancelledError):
                await calling
            assert not await has_process(marker)
            return await box.run(["true"])

    assert run(scenario()).exit_code == 0


def test_closing_a_session_kills_what_runs_in_it(run: Any, session: Any, marker: str) -> None:
    async def scenario() -> Outcome:
        async with session() as box:
            calling = asyncio.create_task(box.run(["sh", "-c", f"sleep 60; : {marker}"]))
            await within(lambda: has_process(marker))
        assert not await has_process(marker)
        return await calling

    assert run(scenario()).ending is Ending.CANCELLED


def test_a_closed_session_runs_nothing(run: Any, session: Any) -> None:
    async def scenario() -> None:
        async with session() as box:
            pass
        await box.run(["true"])

    with pytest.raises(SandboxUnavailableError):
        run(scenario())


def test_output_is_cut_while_the_command_goes_on(run: Any, session: Any) -> None:
    script = "head -c 500000 /dev/zero; head -c 500000 /dev/zero >&2; exit 5"

    async def scenario() -> Outcome:
        async with session(Setup(policy=Policy(output_bytes=1000))) as box:
            return await box.run(["sh", "-c", script])

    outcome = run(scenario())
    assert (len(outcome.stdout), len(outcome.stderr)) == (1000, 1000)
    assert outcome.output_cut
    assert outcome.exit_code == 5


def test_endless_output_ends_with_the_time(run: Any, session: Any) -> None:
    async def scenario() -> Outcome:
        async with session(Setup(policy=Policy(output_bytes=5000))) as box:
            return await box.run(["yes"], wall_seconds=0.5)

    outcome = run(scenario())
    assert (outcome.ending, outcome.stdout) == (Ending.TIMEOUT, b"y\n" * 2500)


def test_output_is_told_as_it_comes(run: Any, session: Any) -> None:
    told: dict[str, bytes] = {"stdout": b"", "stderr": b""}
    first = asyncio.Event()

    def listen(name: str, piece: bytes) -> None:
        told[name] += piece
        first.set()

    async def scenario() -> Outcome:
        async with session() as box:
            await box.run(["mkfifo", "pipe"])
            script = "echo one; read go < pipe; echo two >&2"
            calling = asyncio.create_task(box.run(["sh", "-c", script], on_output=listen, wall_seconds=30))
            await asyncio.wait_for(first.wait(), 20)
            await box.run(["sh", "-c", "echo go > pipe"], wall_seconds=20)
            return await calling

    outcome = run(scenario())
    assert (
        told
        == {"stdout": outcome.stdout, "stderr": outcome.stderr}
        == {"stdout": b"one\n", "stderr": b"two\n"}
    )


def test_what_a_listener_raises_ends_the_command_and_reaches_the_caller(
    run: Any, session: Any, marker: str
) -> None:
    def listen(_: str, piece: bytes) -> None:
        raise ZeroDivisionError

    async def scenario() -> None:
        async with session() as box:
            try:
                await box.run(["sh", "-c", f"echo; sleep 60; : {marker}"], on_output=listen)
            finally:
                assert not await has_process(marker)

    with pytest.raises(ZeroDivisionError):
        run(scenario())


def test_a_holder_killed_from_outside_leaves_nothing_and_says_so(run: Any, session: Any, marker: str) -> None:
    async def scenario() -> None:
        async with session() as box:
            calling = asyncio.create_task(box.run(["sh", "-c", f"sleep 60; : {marker}"]))
            await within(lambda: has_process(marker))
            for pid in await asyncio.to_thread(holders):
                os.kill(pid, signal.SIGKILL)
            try:
                await calling
            finally:
                await within(lambda: _gone(marker))

    with pytest.raises(SandboxLostError):
        run(scenario())


def test_memory_is_limited_for_all_processes_together(run: Any, session: Any) -> None:
    script = "import os, time; [os.fork() for _ in range(3)]; x = b'x' * (20 << 20); time.sleep(9)"

    async def scenario() -> Outcome:
        async with session(
            Setup(policy=Policy(memory_bytes=96 * MIB), mounts=self_test.interpreter())
        ) as box:
            return await box.run([self_test.PYTHON, "-I", "-S", "-c", script])

    outcome = run(scenario())
    assert (outcome.ending, outcome.exit_code) == (Ending.MEMORY, 137)
    assert outcome.duration_seconds < 8


@pytest.mark.parametrize(
    ("policy", "script", "fault"),
    [
        (Policy(file_bytes=1000), "head -c 2000 /dev/zero > big; stat -c %s big", b"1000\n"),
        (Policy(workspace_bytes=1 * MIB), "head -c 4M /dev/zero > big 2>/dev/null || echo full", b"full\n"),
        (
            Policy(temporary_bytes=1 * MIB),
            "head -c 4M /dev/zero > /tmp/big 2>/dev/null || echo full",
            b"full\n",
        ),
        (
            Policy(temporary_bytes=1 * MIB),
            "head -c 4M /dev/zero > /dev/shm/big 2>/dev/null || echo full",
            b"full\n",
        ),
        (Policy(open_files=64), "ulimit -n; ulimit -Hn", b"64\n64\n"),
        (Policy(cpu_seconds=1), "(while :; do :; done); kill -l $?", b"KILL\n"),
        (
            Policy(files=10),
            "seq 20000 | xargs touch 2>/dev/null; test $(ls | wc -l) -lt 20000 && echo few",
            b"few\n",
        ),
    ],
)
def test_each_limit_holds_by_its_effect(
    run: Any, session: Any, policy: Policy, script: str, fault: bytes
) -> None:
    async def scenario() -> Outcome:
        async with session(Setup(policy=policy)) as box:
            return await box.run(["sh", "-c", script], wall_seconds=60)

    assert run(scenario()).stdout == fault


def test_a_fork_bomb_meets_its_limit(run: Any, session: Any) -> None:
    async def scenario() -> tuple[Outcome, Outcome]:
        async with session(Setup(policy=Policy(processes=32))) as box:
            bomb = await box.run(["sh", "-c", "f() { f | f & }; f; sleep 60"], wall_seconds=1)
            return bomb, await box.run(["echo", "alive"])

    bomb, after = run(scenario())
    assert b"ork" in bomb.stderr
    assert after.stdout == b"alive\n"
