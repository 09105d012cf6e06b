"""Finish what must not be left half done, whoever is cancelled meanwhile."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


async def to_the_end(work: Coroutine[Any, Any, T]) -> T:
    """Await `work` until it is done even if the caller is cancelled; the cancellation then goes on.

    What `work` raises goes before the cancellation.
    """
    task = asyncio.create_task(work)
    cancelled = await waited(task)
    result = task.result()
    if cancelled:
        raise asyncio.CancelledError
    return result


async def waited(task: asyncio.Future[Any]) -> bool:
    """Wait for a task whatever it comes to; return whether the one waiting was cancelled meanwhile."""
    cancelled = False
    while not task.done():
        try:
            await asyncio.wait([task])
        except asyncio.CancelledError:
            cancelled = True
    if not task.cancelled():
        task.exception()  # asked for, so that nobody complains that it was not
    return cancelled
