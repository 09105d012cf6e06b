"""`astrolabe sandbox exec` stands where a command would: its input, output, signals and exit code are the command's."""

import base64
import hashlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.contract.sandbox.outside import processes

_SIZE = 32 * 1024 * 1024
_MOST_RESIDENT_KIB = 200 * 1024
"""Of which the interpreter and its packages take some 70 MiB."""


@contextmanager
def start(home: Path, *words: str, **streams: object) -> Generator[subprocess.Popen[bytes]]:
    cache = Path(tempfile.gettempdir()) / f"astrolabe-test-cache-{os.geteuid()}"
    settings = os.environ | {"ASTROLABE_HOME": str(home), "ASTROLABE_CACHE": str(cache)}
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | streams
    command = [str(Path(sys.executable).parent / "astrolabe"), "sandbox", "exec", *words]
    process = subprocess.Popen(command, env=settings, **pipes)  # pyright: ignore[reportCallIssue, reportArgumentType]
    with process:
        yield process


@pytest.mark.parametrize(
    ("script", "given", "out", "code"),
    [
        ("cat", b"\x00\xff\nbytes", b"\x00\xff\nbytes", 0),
        ("cat; exit 7", b"", b"", 7),
        ("cat >&2", b"to the other", b"", 0),
        ("kill -INT $$", b"", b"", 130),
        ("kill -KILL $$", b"", b"", 137),
        ("exit 130", b"nobody reads this", b"", 130),
    ],
)
def test_input_output_and_exit_code_are_the_commands(
    tmp_path: Path, script: str, given: bytes, out: bytes, code: int
) -> None:
    with start(tmp_path, "--", "sh", "-c", script) as process:
        stdout, stderr = process.communicate(given, timeout=60)
        assert (stdout, process.returncode) == (out, code)
        assert stderr == (given if ">&2" in script else b"")


@pytest.mark.parametrize("way", ["pipe", "file", "closed"])
def test_input_of_any_size_goes_through_without_being_held(tmp_path: Path, way: str) -> None:
    data = os.urandom(1 << 20) * (0 if way == "closed" else _SIZE >> 20)
    (tmp_path / "data").write_bytes(data)
    with (tmp_path / "data").open("rb") as file:
        streams = {"pipe": {}, "file": {"stdin": file}, "closed": {"preexec_fn": lambda: os.close(0)}}[way]
        with start(tmp_path / "home", "--", "sh", "-c", "sha256sum; sleep 60", **streams) as process:
            if way == "pipe":
                assert process.stdin
                process.stdin.write(data)
                process.stdin.close()
            assert process.stdout
            said = process.stdout.readline()
            resident = most_resident_kib(process.pid)
            process.send_signal(signal.SIGINT)
    assert said.split()[0].decode() == hashlib.sha256(data).hexdigest()
    assert resident < _MOST_RESIDENT_KIB


def most_resident_kib(pid: int) -> int:
    """Of the program a process became; what `wait4` tells counts the one it was forked from too."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))


def test_output_comes_while_the_command_still_reads(tmp_path: Path) -> None:
    with start(tmp_path, "--", "sh", "-c", "while read line; do echo got $line; done") as process:
        assert process.stdin
        assert process.stdout
        for word in (b"one", b"two"):
            process.stdin.write(word + b"\n")
            process.stdin.flush()
            assert process.stdout.readline() == b"got " + word + b"\n"
        assert process.communicate(timeout=60)[0] == b""
        assert process.returncode == 0


def test_an_interrupt_ends_the_commands_whole_tree(tmp_path: Path, marker: str) -> None:
    script = f"trap '' INT TERM; (setsid sh -c 'sleep 60; : {marker}' &) ; echo up; sleep 60; : {marker}"
    with start(tmp_path, "--", "sh", "-c", script) as process:
        assert process.stdout
        assert process.stdout.readline() == b"up\n"
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
        assert process.returncode == 4
        assert [pid for pid in processes(marker) if pid != process.pid] == []


def test_when_nobody_reads_any_more_the_command_ends_as_in_a_shell(tmp_path: Path) -> None:
    with start(tmp_path, "--", "yes", stdin=subprocess.DEVNULL) as process:
        assert process.stdout
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr
        assert process.stderr.read() == b""
        assert process.wait(60) == 141


def test_a_reader_that_waits_does_not_keep_a_command_beyond_its_time(tmp_path: Path) -> None:
    with start(tmp_path, "--timeout", "2", "--", "yes", stdin=subprocess.DEVNULL) as process:
        assert process.stdout
        began = time.monotonic()
        first = process.stdout.readline()
        assert process.stderr
        said = process.stdout.read() + process.stderr.read()
        assert process.wait(60) == 124
        assert time.monotonic() - began < 60
        assert first == b"y\n"
        assert b"killed: timeout" in said
        assert b"cut after 4194304 bytes" in said


def test_as_json_every_byte_comes_out(tmp_path: Path) -> None:
    with start(tmp_path, "--json", "--", "sh", "-c", r"printf 'a\377\0'; printf text >&2; exit 3") as process:
        said = json.loads(process.communicate(b"", timeout=60)[0])
        assert process.returncode == said["exit_code"] == 3
        assert base64.b64decode(said["stdout"]) == b"a\xff\x00"
        assert said["stdout_encoding"] == "base64"
        assert (said["stderr"], said["stderr_encoding"]) == ("text", "utf-8")
        assert said["ending"] == "exited"
        assert said["output_cut"] is False
        assert said["output_limit_bytes"] > 0
