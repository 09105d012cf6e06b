"""The shared context as an agent sees it: what it was answered once it is answered again when its attempt is resumed."""

from collections.abc import Awaitable, Callable
from typing import Any

from pydantic import JsonValue

from astrolabe.agents.recording import Recorder
from astrolabe.domain.budget import Usage
from astrolabe.domain.context import Shared, shared_text
from astrolabe.errors import ConflictError
from astrolabe.ports.context import Contexts

MOST_TRIES = 100
"""Of an update that others are always faster than."""
_NOTHING = Usage()
_Do = Callable[[], Awaitable[tuple[Any, Usage]]]


class BenchContext:
    """The context of the run an attempt belongs to."""

    def __init__(
        self, contexts: Contexts, recorder: Recorder, run: str, attempt: str, say: Callable[[str], None]
    ) -> None:
        self._contexts = contexts
        self._recorder = recorder
        self._run = run
        self._attempt = attempt
        self._say = say
        self._calls = 0

    async def get(self, key: str) -> Shared | None:
        async def do() -> tuple[Any, Usage]:
            found = await self._read(key)
            return None if found is None else _told(found), _NOTHING

        _, recorded = self._step()
        return _shared(key, await recorded(do))

    async def set(self, key: str, value: JsonValue, *, expected: int | None = None) -> Shared:
        text = shared_text(key, value)

        async def do() -> tuple[Any, Usage]:
            try:
                return _told(await self._write(key, text, step, expected)), _NOTHING
            except ConflictError as refused:
                return {"refused": refused.message, "hint": refused.hint}, _NOTHING

        step, recorded = self._step()
        reply = await recorded(do)
        if "refused" in reply:
            raise ConflictError(reply["refused"], hint=reply["hint"])
        return Shared(key, **reply)

    async def update(self, key: str, change: Callable[[JsonValue], JsonValue]) -> Shared:
        async def do() -> tuple[Any, Usage]:
            return _told(await self._updated(key, change, step)), _NOTHING

        step, recorded = self._step()
        return Shared(key, **await recorded(do))

    async def _updated(self, key: str, change: Callable[[JsonValue], JsonValue], step: str) -> Shared:
        tries = 0
        while True:
            found = await self._read(key)
            text = shared_text(key, change(None if found is None else found.value))
            try:
                return await self._write(key, text, step, 0 if found is None else found.version)
            except ConflictError:
                tries += 1
                if tries == MOST_TRIES:
                    raise

    async def _read(self, key: str) -> Shared | None:
        found = await self._contexts.get(self._run, key)
        if found is not None and found.damaged:
            versions = ", ".join(map(str, found.damaged))
            self._say(f"version {versions} of {key!r} is damaged and set aside; {found.version} is used")
        return found

    async def _write(self, key: str, text: str, step: str, expected: int | None) -> Shared:
        return await self._contexts.set(self._run, key, text, by=self._attempt, step=step, expected=expected)

    def _step(self) -> tuple[str, Callable[[_Do], Awaitable[Any]]]:
        """Return the name of the next call, under which it happens once, and what records it."""
        self._calls += 1
        number = str(self._calls)

        async def recorded(do: _Do) -> Any:
            reply, _ = await self._recorder.recorded("context", do, call_id=number)
            return reply

        return f"{self._attempt}/{number}", recorded


def _told(shared: Shared) -> dict[str, Any]:
    return {"version": shared.version, "value": shared.value, "by": shared.by, "at": shared.at}


def _shared(key: str, reply: Any) -> Shared | None:
    return None if reply is None else Shared(key, **reply)
