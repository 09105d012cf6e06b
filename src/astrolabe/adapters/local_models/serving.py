"""Models that run on this machine: one server a model, shared by all its processes, started when it is first needed."""

import asyncio
import importlib.util
import os
import secrets
import sys
from collections.abc import AsyncGenerator, Sequence
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from astrolabe.adapters.local_models import llama
from astrolabe.adapters.local_models.fetching import storage_faults
from astrolabe.adapters.local_models.keeping import Order
from astrolabe.adapters.local_models.options import LocalModelOptions
from astrolabe.adapters.local_models.seat import Facts, Seat
from astrolabe.adapters.local_models.shelf import WeightsShelf
from astrolabe.errors import ConflictError, UnavailableError, without_extra
from astrolabe.ports.weights import Weights

_LOOK_SECONDS = 0.02
_LAST_LINES = 3
_ENVIRONMENT = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8"}
"""A server needs nothing of ours, and least of all our keys."""


@dataclass(frozen=True)
class Program:
    """What is started: a Python module that becomes a server, and the library it needs."""

    command: Sequence[str] = (sys.executable, "-m", llama.__name__)
    library: str = llama.LIBRARY


@dataclass(frozen=True)
class Endpoint:
    """Where a model answers in OpenAI's protocol; `key` is what it wants to see as a bearer token."""

    url: str
    key: str
    context_tokens: int
    parallel: int


class LocalServers:
    """The servers of this machine, whose seats lie in `folder`."""

    def __init__(
        self,
        folder: Path,
        shelf: WeightsShelf,
        options: LocalModelOptions | None = None,
        program: Program | None = None,
    ) -> None:
        self.folder = folder
        self._shelf = shelf
        self._options = options or LocalModelOptions()
        self._program = program or Program()

    @asynccontextmanager
    async def using(self, name: str, *, exactly: bool = False) -> AsyncGenerator[Endpoint]:
        """Have a model answer while the context lasts; it is started if it does not run, and stays for a while after.

        One that runs already may have been set up otherwise; `exactly` takes none but one of these options.

        Raises:
            MissingError: its weights are not here.
            UnavailableError: it cannot be started, its last words say why; or the extra is not installed.
            ConflictError: it runs already, set up otherwise.
        """
        seat = Seat(self.folder / name)
        model = self._shelf.path(name)
        with storage_faults(self.folder):
            seat.prepare()
        with ExitStack() as use:
            async with _starting(seat):
                facts = await self._running(seat, name) or await self._started(seat, name, model)
                if exactly:
                    _must_be(facts, self._options, name)
                use.enter_context(seat.used())
            yield Endpoint(f"{facts.url}/v1", facts.key, facts.context_tokens, facts.parallel)

    @property
    def options(self) -> LocalModelOptions:
        """How a model is set up when it is started."""
        return self._options

    def weights(self, name: str) -> Weights:
        """Return what is known of weights; MissingError when there are none of that name."""
        return self._shelf.place(name).weights

    def runs(self, name: str) -> bool:
        """Tell whether a server of that model lives."""
        seat = Seat(self.folder / name)
        return seat.folder.exists() and seat.is_held("server")

    async def _running(self, seat: Seat, name: str) -> Facts | None:
        """Return what a server that lives tells, once it does: its starter may have died meanwhile."""
        give_up_at = asyncio.get_running_loop().time() + self._options.start_seconds
        while seat.is_held("server"):
            if facts := seat.facts():
                return facts
            if asyncio.get_running_loop().time() > give_up_at:
                raise UnavailableError(
                    f"the model {name} is still not loaded after {self._options.start_seconds:g} s",
                    hint="Try again later; `local_models: {start_seconds}` says how long is waited.",
                )
            await asyncio.sleep(_LOOK_SECONDS)
        return None

    async def _started(self, seat: Seat, name: str, model: Path) -> Facts:
        if importlib.util.find_spec(self._program.library) is None:
            raise UnavailableError(
                f"{self._program.library}, which runs models on this machine, is not installed",
                hint=without_extra("local") + ".",
            )
        await self._start(seat, self._order(seat, name, model))
        facts = await self._running(seat, name)
        if facts is None:
            raise UnavailableError(
                f"the model {name} could not be started: {_last_words(seat)}",
                hint=f"All it said is in {seat.log}; it takes about twice the memory its weights take on the disk.",
            )
        return facts

    def _order(self, seat: Seat, name: str, model: Path) -> Order:
        return Order(
            folder=str(seat.folder),
            name=name,
            model=str(model),
            key=secrets.token_urlsafe(24),
            context_tokens=self._options.context_tokens,
            parallel=self._options.parallel,
            threads=self._options.threads,
            idle_seconds=self._options.idle_seconds,
        )

    async def _start(self, seat: Seat, order: Order) -> None:
        """Start the program and wait until it has gone into the background, or has failed."""
        with seat.log.open("wb") as log:
            process = await asyncio.create_subprocess_exec(
                *self._program.command,
                env=_ENVIRONMENT,
                cwd="/",
                stdin=asyncio.subprocess.PIPE,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C is for whoever asked, not for all who use it
            )
        try:
            await process.communicate(order.model_dump_json().encode())
        finally:
            if process.returncode is None:  # cancelled: what has not gone into the background goes
                process.kill()
                await process.wait()


@asynccontextmanager
async def _starting(seat: Seat) -> AsyncGenerator[None]:
    """Hold `start`; whoever else does lets go of it as soon as the server listens."""
    while (held := seat.try_lock("start")) is None:  # noqa: ASYNC110 - the kernel tells nobody that a lock is free
        await asyncio.sleep(_LOOK_SECONDS)
    try:
        yield
    finally:
        os.close(held)


def _must_be(facts: Facts, options: LocalModelOptions, name: str) -> None:
    found = (facts.context_tokens, facts.parallel, facts.threads)
    if found != (options.context_tokens, options.parallel, options.threads):
        raise ConflictError(
            f"{name} is being served already, with {facts.context_tokens} tokens of context, "
            f"{facts.parallel} at once and {facts.threads} threads",
            hint="Use it as it is, or wait until nobody does: it ends by itself.",
        )


def _last_words(seat: Seat) -> str:
    lines = seat.log.read_text("utf-8", "replace").split("\n")
    return " / ".join([line.strip() for line in lines if line.strip()][-_LAST_LINES:]) or "it said nothing"
