"""The adapter's side of one session: it asks the holder, and judges what comes back."""

import asyncio
import os
import socket
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from astrolabe.adapters.sandboxes.channel import Channel, ClosedError, Intake
from astrolabe.adapters.sandboxes.feed import Feed
from astrolabe.adapters.sandboxes.gate.gate import Gate, Rules
from astrolabe.adapters.sandboxes.gate.lending import lent
from astrolabe.adapters.sandboxes.holder.jobs import PUT, RUN, TAKE
from astrolabe.adapters.sandboxes.patience import to_the_end, waited
from astrolabe.adapters.sandboxes.way_out import LINK, Listed, Selection, chosen, way_in
from astrolabe.domain.policy import ARGUMENT_BYTES, Policy
from astrolabe.errors import InputError, PolicyViolationError, SandboxLostError, SandboxUnavailableError
from astrolabe.ports.sandbox import WORKSPACE, Ending, FileEntry, Input, Outcome, Output

_KILLED = 137
T = TypeVar("T")


@dataclass
class _Command:
    """A command on its way: where its input comes from, where its outputs go, and why it was stopped, if it was."""

    stdin: Feed | None
    stdout: Intake
    stderr: Intake
    stopped: Ending | None = None

    async def close(self) -> None:
        self.stdout.close()
        self.stderr.close()
        if self.stdin:
            await self.stdin.close()

    def on_fault(self, stop: Callable[[], None]) -> None:
        for part in (self.stdin, self.stdout, self.stderr):
            if part:
                part.on_fault = stop
                if part.fault:
                    stop()

    def raise_fault(self) -> None:
        for part in (self.stdout, self.stderr, self.stdin):
            if part and part.fault:
                raise part.fault

    def outcome(self, status: dict[str, Any], seconds: float) -> Outcome:
        ending = Ending.MEMORY if status["memory"] else self.stopped or Ending.EXITED
        return Outcome(
            exit_code=status["exit"] if ending is Ending.EXITED else _KILLED,
            ending=ending,
            stdout=bytes(self.stdout.kept),
            stderr=bytes(self.stderr.kept),
            duration_seconds=seconds,
            output_cut=self.stdout.cut or self.stderr.cut,
        )


class NamespaceSession:
    """A session of the namespaces backend; `astrolabe.ports.sandbox.Session` says what its methods promise."""

    def __init__(
        self,
        control: socket.socket,
        policy: Policy,
        mount_points: Sequence[str],
        monotonic: Callable[[], float],
        rules: Rules,
        now: Callable[[], float],
    ) -> None:
        self._control = control
        self._policy = policy
        self._mounts = tuple(mount_points)
        self._monotonic = monotonic
        self._rules = rules
        self._now = now
        self._closing = False
        self._running: set[asyncio.Task[Any]] = set()
        self._links: dict[str, bytes] = {}
        self._came_in: set[str] = set()

    async def put(self, files: Sequence[FileEntry]) -> None:
        header = way_in(files)
        with self._channel(PUT) as channel:
            await self._whole(channel, _put(channel, header, [file.content for file in files]))
        self._links |= {file.path: file.content for file in files if file.mode == LINK}
        self._came_in.update(file.path for file in files)

    async def run(
        self,
        command: Sequence[str],
        *,
        stdin: Input = b"",
        wall_seconds: float | None = None,
        on_output: Output | None = None,
    ) -> Outcome:
        if not command:
            raise InputError("there is no command to run", hint="Name a program, then its arguments.")
        if any("\0" in word or len(os.fsencode(word)) > ARGUMENT_BYTES for word in command):
            raise InputError(
                f"a word of the command has the character U+0000 or more than {ARGUMENT_BYTES} bytes",
                hint="Hand it over as input or in a file.",
            )
        most = self._policy.output_bytes
        gate = Gate(self._rules, self._now, self._monotonic) if self._rules.allowed else None
        parts = _Command(
            Feed(stdin) if stdin else None,
            Intake("stdout", most, on_output),
            Intake("stderr", most, on_output),
        )
        try:
            async with lent(gate) as lending:
                with self._start(parts, lending) as channel:
                    most_seconds = self._policy.wall_seconds
                    limit = most_seconds if wall_seconds is None else min(most_seconds, wall_seconds)
                    outcome = await self._whole(channel, self._run(channel, parts, command, limit))
            return outcome if gate is None else replace(outcome, requests=gate.requests)
        finally:
            await parts.close()

    def _start(self, parts: _Command, lending: Sequence[socket.socket]) -> Channel:
        source = parts.stdin.reading if parts.stdin else os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)
        inner = [source, parts.stdout.writing, parts.stderr.writing]
        try:
            return self._channel(RUN, [*inner, *(lender.fileno() for lender in lending)])
        finally:
            for lender in lending:
                lender.close()
            for descriptor in inner:
                os.close(descriptor)

    async def _run(self, channel: Channel, parts: _Command, command: Sequence[str], limit: float) -> Outcome:
        def stop(why: Ending) -> None:
            parts.stopped = parts.stopped or why
            channel.stop()

        parts.on_fault(lambda: stop(Ending.CANCELLED))
        started = self._monotonic()
        timer = asyncio.get_running_loop().call_later(limit, stop, Ending.TIMEOUT)
        try:
            await channel.send(list(command))
            status = await channel.receive()
        finally:
            timer.cancel()
        if self._closing:
            parts.stopped = parts.stopped or Ending.CANCELLED
        await parts.stdout.ended()
        await parts.stderr.ended()
        parts.raise_fault()
        _refuse_unstarted(status, parts)
        return parts.outcome(status, self._monotonic() - started)

    async def take(
        self, patterns: Sequence[str] = (), *, leave_out: Sequence[str] = ()
    ) -> tuple[FileEntry, ...]:
        selection = Selection(tuple(patterns), tuple(leave_out), self._mounts, self._links, self._came_in)
        with self._channel(TAKE) as channel:
            return await self._whole(channel, _take(channel, selection, self._policy))

    async def close(self) -> None:
        """End every command and wait until nothing of them is left; the holder goes too."""
        self._closing = True
        self._control.close()
        await to_the_end(_all_over(tuple(self._running)))

    def _channel(self, kind: bytes, descriptors: Sequence[int] = ()) -> Channel:
        if self._closing:
            raise SandboxUnavailableError("the sandbox is closed", hint="Open another one.")
        try:
            return Channel(self._control, kind, descriptors)
        except (BrokenPipeError, ConnectionResetError) as error:
            raise _ended_early() from error

    async def _whole(self, channel: Channel, work: Coroutine[Any, Any, T]) -> T:
        """Do the work to its end even if the caller is cancelled: then it is stopped, and waited for."""
        task = asyncio.create_task(work)
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            channel.stop()
            await waited(task)
            raise
        except ClosedError as error:
            raise _ended_early() from error


async def _all_over(tasks: Sequence[asyncio.Task[Any]]) -> None:
    for task in tasks:
        await waited(task)


def _ended_early() -> SandboxLostError:
    return SandboxLostError(
        "the sandbox ended before its work was done",
        hint="Its processes were killed from outside or memory ran out; open another one.",
    )


def _refuse_unstarted(status: dict[str, Any], parts: _Command) -> None:
    if "error" in status:
        raise SandboxUnavailableError(f"the command was not started: {status['text']}", hint=_SELF_TEST)
    if not status["started"] and not status["memory"] and parts.stopped is None:
        said = bytes(parts.stderr.kept).decode(errors="replace").strip()
        raise SandboxUnavailableError(f"the command was not started: {said}", hint=_SELF_TEST)


_SELF_TEST = "`astrolabe sandbox selftest` shows what this machine allows."


async def _put(channel: Channel, header: object, contents: Sequence[bytes]) -> None:
    await channel.send(header, contents)
    _raise_fault(await channel.receive())


async def _take(channel: Channel, selection: Selection, policy: Policy) -> tuple[FileEntry, ...]:
    listed = await channel.receive()
    _raise_fault(listed)
    entries = [Listed.read(place, raw) for place, raw in enumerate(listed["entries"])]
    wanted = chosen(entries, selection, policy)
    contents = [entry for entry in wanted if entry.kind == "file"]
    await channel.send([entry.place for entry in contents])
    content = {entry.place: await channel.read(entry.size) for entry in contents}
    _raise_fault(await channel.receive())
    return tuple(entry.entry(content.get(entry.place, os.fsencode(entry.target))) for entry in wanted)


def _raise_fault(answer: dict[str, Any]) -> None:
    if "error" in answer:
        raise PolicyViolationError(
            f"files could not be moved: {answer['text']}",
            hint=f"{WORKSPACE} may be full (`workspace_bytes`); a command can remove what is too much there.",
        )
