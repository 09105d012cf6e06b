"""Serve one session: fork a child for each request, reap it, report it; end everything when the adapter goes away."""

import os
import select
import signal
import socket
import sys
from types import FrameType

from astrolabe.adapters.sandboxes.holder import commands, files, kernel, network, spares
from astrolabe.adapters.sandboxes.holder.channel import frame, read_frame
from astrolabe.adapters.sandboxes.holder.jobs import PUT, RUN, TAKE, Job
from astrolabe.adapters.sandboxes.holder.memory import GroupMemory, WatchedMemory, children
from astrolabe.adapters.sandboxes.holder.root import RootRefusedError, enter
from astrolabe.adapters.sandboxes.holder.spec import SCRATCH, WORKSPACE, Spec

_WATCH_SECONDS = 0.1
_IDLE_SECONDS = 0.005
_MOST_DESCRIPTORS = 5
_FAILED = 125
_NAME_CHARACTERS = 64
"""Of a path, on average over all files a workspace has room for; those of real trees are shorter."""


class Holder:
    """The loop. `control` brings requests: one byte for the kind, and the descriptors that belong to it.

    The holder is in no control group of its own session, so that a command that runs out of memory cannot take it along.
    `joins` are the files by which its children enter them.
    """

    def __init__(
        self, spec: Spec, control: socket.socket, joins: list[int], group: GroupMemory | None
    ) -> None:
        self._spec = spec
        self._control = control
        self._joins = joins
        self._group = group
        self._memory = _watched(spec) if spec.watch_memory else None
        self._spare: spares.Spare | None = None
        self._jobs: dict[int, Job] = {}
        self._descriptors: dict[int, Job] = {}
        self._epoll = select.epoll()
        self._closing = False

    def serve(self) -> None:
        self._listen()
        while not self._closing or self._jobs:
            heard = self._epoll.poll(self._patience())
            for descriptor, _ in heard:
                self._handle(descriptor)
            if not heard and self._lacks_spare():
                self._spare = self._fork()
            self._watch_memory()
            for job in self._jobs.values():
                job.end_lingering()
            self._finish()

    def _patience(self) -> float | None:
        """How long to wait for a descriptor while something may come to pass, or is to be done, without one."""
        if self._lacks_spare():
            return _IDLE_SECONDS
        jobs = self._jobs.values()
        must_look = any(job.lingers for job in jobs) or (self._memory and jobs)
        return _WATCH_SECONDS if must_look else None

    def _lacks_spare(self) -> bool:
        return self._spare is None and not self._closing

    def _listen(self) -> None:
        self._woken, waking = os.pipe()
        os.set_blocking(self._woken, False)
        os.set_blocking(waking, False)
        signal.signal(signal.SIGCHLD, _on_child)
        signal.set_wakeup_fd(waking, warn_on_full_buffer=False)
        self._epoll.register(self._woken, select.EPOLLIN)
        self._epoll.register(self._control.fileno(), select.EPOLLIN)
        if self._group:
            self._epoll.register(self._group.wakes, self._group.wakes_on)

    def _handle(self, descriptor: int) -> None:
        if descriptor == self._control.fileno():
            self._accept()
        elif descriptor == self._woken:
            self._reap()
        elif self._group and descriptor == self._group.wakes:
            self._group.drain()
            self._check_group()
        elif job := self._descriptors.get(descriptor):
            self._attend(job, descriptor)

    def _attend(self, job: Job, descriptor: int) -> None:
        if descriptor == job.info:
            if not job.hear():
                self._forget(descriptor)
        elif descriptor == job.channel.fileno():
            self._forget(descriptor)
            job.kill()
        else:
            self._forget(descriptor)

    def _forget(self, descriptor: int) -> None:
        self._epoll.unregister(descriptor)
        del self._descriptors[descriptor]

    def _accept(self) -> None:
        kind, received = spares.receive(self._control, _MOST_DESCRIPTORS)
        if not kind:
            self._close()
            return
        hearing, speaking = os.pipe()
        child, self._spare = self._spare or self._fork(), None
        child.give(kind, [*received, speaking])
        channel, *others = [*received, speaking]
        for descriptor in others:
            os.close(descriptor)
        os.set_blocking(hearing, False)
        self._begin(Job(kind, child.pid, socket.socket(fileno=channel), hearing))

    def _fork(self) -> spares.Spare:
        return spares.fork(self._joins, lambda: commands.prepare(self._spec), self._serve_request)

    def _begin(self, job: Job) -> None:
        if self._memory and not any(other.kind == RUN for other in self._jobs.values()):
            self._memory.begin()
        self._jobs[job.pid] = job
        self._descriptors[job.info] = job
        self._descriptors[job.channel.fileno()] = job
        self._epoll.register(job.info, select.EPOLLIN)
        self._epoll.register(job.channel.fileno(), select.EPOLLRDHUP)

    def _serve_request(self, kind: bytes, received: list[int]) -> None:
        """Be the child that serves; a command replaces it."""
        with socket.socket(fileno=os.dup(received[0])) as channel:
            reader, writer = channel.makefile("rb"), channel.makefile("wb")
            if kind == RUN:
                _, stdin, stdout, stderr, *lending, speaking = received
                if self._spec.lends:
                    network.lend(lending[0])
                commands.become(self._spec, read_frame(reader), (stdin, stdout, stderr), speaking)
            elif kind == PUT:
                files.put(reader, writer)
            elif kind == TAKE:
                files.take(reader, writer, self._spec.workspace_inodes * _NAME_CHARACTERS)
            writer.flush()

    def _reap(self) -> None:
        os.read(self._woken, 512)
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            if job := self._jobs.get(pid):
                job.status = status
                self._await_first(job)
            elif self._spare and self._spare.pid == pid:
                self._spare.orders.close()
                self._spare = None

    def _await_first(self, job: Job) -> None:
        """The backend is gone; its sandbox's process 1 may take a moment longer, and may be one nobody heard of yet."""
        if job.first is None and job.info in self._descriptors:
            job.hear()
        if job.first is None and (orphan := self._orphan()):
            job.first = kernel.pidfd_open(orphan)
        if job.first is not None:
            kernel.pidfd_kill(job.first)
            self._descriptors[job.first] = job
            self._epoll.register(job.first, select.EPOLLIN)

    def _orphan(self) -> int | None:
        """A child this process has not started: left to it by a backend that was killed while it was setting up."""
        known = {*self._jobs, self._spare.pid if self._spare else 0}
        return next((pid for pid in children(os.getpid()) if pid not in known), None)

    def _finish(self) -> None:
        for job in [job for job in self._jobs.values() if job.status is not None]:
            if not job.over:
                continue
            self._check_group()
            for descriptor in (job.info, job.channel.fileno(), job.first):
                if descriptor in self._descriptors:
                    self._forget(descriptor)
            del self._jobs[job.pid]
            job.report()

    def _check_group(self) -> None:
        if self._group and self._group.killed():
            self._out_of_memory()

    def _watch_memory(self) -> None:
        running = [job.pid for job in self._jobs.values() if job.first is not None]
        if self._memory and running and self._memory.exceeded(running):
            self._out_of_memory()

    def _out_of_memory(self) -> None:
        for job in self._jobs.values():
            job.out_of_memory = True
            job.kill()

    def _close(self) -> None:
        self._closing = True
        self._epoll.unregister(self._control.fileno())
        if self._spare:
            self._spare.orders.close()
        for job in self._jobs.values():
            job.kill()


def _on_child(_number: int, _frame: FrameType | None) -> None:
    """A handler must exist for the wake-up to be written."""


def _watched(spec: Spec) -> WatchedMemory:
    return WatchedMemory(spec.memory_bytes, spec.reserve_bytes, WORKSPACE, SCRATCH)


def main(control: int) -> None:
    """Set up as the first request says, answer it, serve the others."""
    os.set_inheritable(control, False)
    requests = socket.socket(fileno=control)
    channel = socket.socket(fileno=spares.receive(requests, 1)[1][0])
    try:
        spec = Spec.from_json(read_frame(channel.makefile("rb")))
        group = GroupMemory(spec.oom) if spec.oom else None
        joins = [os.open(procs, os.O_WRONLY | os.O_CLOEXEC) for procs in spec.cgroups]
        uid = enter(spec)
    except (OSError, RootRefusedError) as error:
        channel.sendall(frame({"error": str(error)}))
        sys.exit(_FAILED)
    channel.sendall(frame({"uid": uid}))
    channel.close()
    Holder(spec, requests, joins, group).serve()
