"""The Linux namespaces backend: bubblewrap, started by a holder that lives as long as a session.

    sandbox = NamespaceSandbox(candidates, cache=Path("/var/cache/astrolabe/sandbox"), determinism=determinism)
    async with sandbox.open(Setup(policy=Policy(memory_bytes=512 * MIB))) as session:
        await session.put([FileEntry("main.sh", 0o100755, b"echo hello > out.txt")])
        outcome = await session.run(["sh", "main.sh"], wall_seconds=30)
        files = await session.take(["out.txt"])

`candidates` is asked for bubblewrap binaries, best first: `async def candidates() -> Sequence[Path]`.
"""

import asyncio
import contextlib
import functools
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from dataclasses import replace
from pathlib import Path

from astrolabe.adapters.sandboxes import enforcement, machine, self_test
from astrolabe.adapters.sandboxes.choice import Choice, Choices
from astrolabe.adapters.sandboxes.command_line import specification
from astrolabe.adapters.sandboxes.enforcement import Means
from astrolabe.adapters.sandboxes.gate.addresses import Resolve, resolved
from astrolabe.adapters.sandboxes.gate.gate import Rules
from astrolabe.adapters.sandboxes.session import NamespaceSession
from astrolabe.adapters.sandboxes.starting import started
from astrolabe.domain.egress import EgressOptions
from astrolabe.errors import SandboxUnavailableError
from astrolabe.ports.determinism import Determinism
from astrolabe.ports.sandbox import SelfTest, Session, Setup

Candidates = Callable[[], Awaitable[Sequence[Path]]]
_GET_ONE = (
    "Install bubblewrap 0.8 or newer (`apt install bubblewrap`), or let Astrolabe fetch it: `astrolabe doctor` says "
    "what this machine lacks."
)


class NamespaceSandbox:
    """One backend on one machine. Its choice of bubblewrap and of means is made once, by the self-test."""

    name = "namespaces"

    def __init__(
        self,
        candidates: Candidates,
        cache: Path,
        determinism: Determinism,
        egress: EgressOptions | None = None,
        contact: Callable[[str], bool] = lambda _host: True,
        resolve: Resolve = resolved,
    ) -> None:
        self._candidates = candidates
        self._choices = Choices(cache)
        self._determinism = determinism
        self._egress = egress or EgressOptions()
        self._contact = contact
        self._resolve = resolve
        self._choosing = asyncio.Lock()
        self._choice: Choice | None = None

    async def self_test(self, *, fresh: bool = False) -> SelfTest:
        """See the port; the result of a machine that holds nothing says why in its probes."""
        async with self._choosing:
            if fresh or self._choice is None:
                self._choice = await self._choose(fresh)
            lacking = await asyncio.to_thread(enforcement.lacking)
            return replace(self._choice.result, passed_over=(*lacking, *self._choice.result.passed_over))

    @contextlib.asynccontextmanager
    async def open(self, setup: Setup) -> AsyncGenerator[Session]:
        choice = await self._chosen()
        async with self._opened(choice.backend, choice.means, setup) as session:
            yield session

    async def _chosen(self) -> Choice:
        async with self._choosing:
            self._choice = self._choice or await self._choose(fresh=False)
        if not self._choice.result.passed:
            failed = [
                f"{probe.name} ({probe.detail})" for probe in self._choice.result.probes if not probe.held
            ]
            raise SandboxUnavailableError(
                f"no sandbox on this machine passed its self-test: {'; '.join(failed)}",
                hint=await asyncio.to_thread(machine.advice) or _GET_ONE,
            )
        return self._choice

    async def _choose(self, fresh: bool) -> Choice:
        machine.refuse_unsuitable()
        named = await self._candidates()
        backends = await asyncio.to_thread(lambda: [path for path in named if path.is_file()])
        if not backends:
            raise SandboxUnavailableError("there is no bubblewrap on this machine", hint=_GET_ONE)
        means = await asyncio.to_thread(enforcement.available)
        return await self._choices.get(backends, means, self._try, fresh=fresh)

    async def _try(self, backend: Path, means: Means) -> SelfTest:
        probes = await self_test.probe(functools.partial(self._opened, backend, means))
        limits = enforcement.limits(means)
        return SelfTest(self.name, await machine.version(backend), probes, limits)

    @contextlib.asynccontextmanager
    async def _opened(self, backend: Path, means: Means, setup: Setup) -> AsyncGenerator[NamespaceSession]:
        async with enforcement.enforced(means, setup.policy) as enforced:
            spec = await asyncio.to_thread(specification, setup, backend, enforced)
            async with started(spec, enforced) as control:
                session = NamespaceSession(
                    control,
                    setup.policy,
                    spec.mount_points,
                    self._determinism.monotonic,
                    Rules(frozenset(setup.policy.network), self._egress, self._contact, self._resolve),
                    self._determinism.now,
                )
                try:
                    yield session
                finally:
                    await session.close()
