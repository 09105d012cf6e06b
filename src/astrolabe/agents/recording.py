"""How what an agent does to the world is made durable."""

from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from astrolabe.domain.budget import Usage


class Recorder(Protocol):
    """The engine gives one that never repeats a recorded step."""

    async def recorded(
        self,
        kind: str,
        do: Callable[[], Awaitable[tuple[Any, Usage]]],
        *,
        reserve: Usage = ...,
        call_id: str | None = None,
        about: str = ...,
    ) -> tuple[Any, Usage]:
        """Return what `do` returned with what that used, from the log if the step is in it; reserve before it begins.

        `about` names what is asked: equal names are equal questions.
        """
        ...
