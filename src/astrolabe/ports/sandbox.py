"""Where foreign code runs: isolated, limited, with no more of a network than its policy names, and never anywhere else."""

from collections.abc import AsyncIterable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from astrolabe.domain.egress import Request
from astrolabe.domain.policy import Policy

WORKSPACE = "/workspace"


class MountKind(StrEnum):
    """READ_ONLY cannot be written; OVERLAY looks writable, but what is written is gone with the command."""

    READ_ONLY = "read-only"
    OVERLAY = "overlay"


@dataclass(frozen=True)
class Mount:
    """An immutable folder of the host, shown at the absolute path `target` inside."""

    source: Path
    target: str
    kind: MountKind = MountKind.READ_ONLY


@dataclass(frozen=True)
class Setup:
    """What a sandbox is made from. `environment` is all its commands see; nothing is inherited.

    `path` are folders inside the sandbox put before the system's on PATH. `output` is a host folder that the sandbox
    fills at `/output`; only the image cache may give one, to install into it.
    """

    policy: Policy = field(default_factory=Policy)
    mounts: tuple[Mount, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict[str, str])
    path: tuple[str, ...] = ()
    output: Path | None = None


class Ending(StrEnum):
    """Why a command is over. Everything but EXITED means that it was killed, with all it had started."""

    EXITED = "exited"
    TIMEOUT = "timeout"
    MEMORY = "memory"
    CANCELLED = "cancelled"


@dataclass(frozen=True)
class Outcome:
    """What a command did. `exit_code` is 128 + n after signal n, as in a shell; outputs are cut at the policy's size.

    `requests` are all that it asked the network for, refused ones too.
    """

    exit_code: int
    ending: Ending
    stdout: bytes
    stderr: bytes
    duration_seconds: float
    output_cut: bool = False
    requests: tuple[Request, ...] = ()

    @property
    def cut(self) -> str:
        """What is to stand below its output where the end of that is missing."""
        return (
            "\n[the rest of this output was cut: see `output_bytes` of the policy]\n"
            if self.output_cut
            else ""
        )


@dataclass(frozen=True)
class FileEntry:
    """A file to put in or taken out: path below the workspace; `content` is a link's target when `mode` is 0o120000.

    Modes are git's: 0o100644, 0o100755, 0o120000.
    """

    path: str
    mode: int
    content: bytes


Input = bytes | AsyncIterable[bytes]
"""What a command reads: whole, or in pieces that are asked for as it reads them."""

Output = Callable[[str, bytes], None]
"""Called with `stdout` or `stderr` and a piece of it, as it comes."""


class Session(Protocol):
    """One sandbox with its own workspace, empty at first; its files live until it is closed."""

    async def put(self, files: Sequence[FileEntry]) -> None:
        """Write files into the workspace, over what is there; missing folders are made."""
        ...

    async def run(
        self,
        command: Sequence[str],
        *,
        stdin: Input = b"",
        wall_seconds: float | None = None,
        on_output: Output | None = None,
    ) -> Outcome:
        """Run one command at the workspace's root, in process and network namespaces of its own.

        It never raises for what the command does; what `stdin` or `on_output` raise ends the command and is raised
        here. No process of it is left when this returns, however it ends;
        cancelling the calling task kills it too. `wall_seconds` may lower the policy's limit, not raise it.

        Raises:
            SandboxUnavailableError: the command was not started; nothing of it ran.
            SandboxLostError: the sandbox was killed meanwhile, with all that ran in it.
        """
        ...

    async def take(
        self, patterns: Sequence[str] = (), *, leave_out: Sequence[str] = ()
    ) -> tuple[FileEntry, ...]:
        """Return the workspace's regular files, the relative links that stay inside it, and links left as they were put in.

        Only paths covered by `patterns` (all when empty) and not by `leave_out`; mounts are not part of it.

        Raises:
            PolicyViolationError: a link that leaves the workspace, a device, or more or larger files than allowed.
        """
        ...


@dataclass(frozen=True)
class Probe:
    """One attempt to get out, made from inside. `held` means that the sandbox withstood it."""

    name: str
    held: bool
    detail: str = ""


@dataclass(frozen=True)
class SelfTest:
    """What the start-up test found; `limits` says how each limit is enforced (`memory: cgroup`, `memory: watched`).

    `passed_over` names what would have been better, each with the reason why it is not what runs here.
    """

    backend: str
    version: str
    probes: tuple[Probe, ...]
    limits: Mapping[str, str]
    from_cache: bool = False
    passed_over: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        return bool(self.probes) and all(probe.held for probe in self.probes)


class Sandbox(Protocol):
    """A backend. It opens no session before its self-test has passed."""

    name: str

    async def self_test(self, *, fresh: bool = False) -> SelfTest:
        """Try to escape, and try every limit by effect; cached by kernel, backend, policy and user unless `fresh`."""
        ...

    def open(self, setup: Setup) -> AbstractAsyncContextManager[Session]:
        """Make a sandbox; it is gone, with its processes and mounts, when the context ends or this process dies.

        Raises:
            SandboxUnavailableError: no backend here passes its self-test; says how to get one.
        """
        ...
