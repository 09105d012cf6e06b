"""The life of a server's process: it holds its seat, tells where it listens, and goes when nobody needs it any longer."""

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

from astrolabe.adapters.local_models.seat import Facts, Seat
from astrolabe.domain.value import Value

_LOOK_SECONDS = 1.0
_TRIES, _TRY_SECONDS = 100, 0.02


class Order(Value):
    """What a server is to do; it comes over stdin, where no other user of the machine sees the key."""

    folder: str
    name: str
    model: str
    key: str
    context_tokens: int
    parallel: int
    threads: int
    idle_seconds: float


def become_server(listen: Callable[[Order], str]) -> None:
    """Take the seat, go into the background, listen, and stay until nobody has used it for a while.

    `listen` gets the order and returns the address, once requests are answered. Whoever started this process may go on
    when it ends: from then on the seat is held by the process that listens.
    """
    order = Order.model_validate_json(sys.stdin.read())
    seat = Seat(Path(order.folder))
    _take(seat)
    seat.forget()
    if os.fork():
        os._exit(0)
    url = listen(order)
    seat.tell(
        Facts(url, order.key, os.getpid(), order.context_tokens, order.parallel, order.threads),
    )
    _stay(seat, order.idle_seconds)
    os._exit(0)  # its threads answer nobody any longer


def _take(seat: Seat) -> None:
    """Hold the seat for as long as this process, or what it forks, lives."""
    for _ in range(_TRIES):  # somebody who only looks whether it is held holds it for an instant
        if seat.try_lock("server") is not None:
            return
        time.sleep(_TRY_SECONDS)
    raise SystemExit("another server has the seat")


def _stay(seat: Seat, idle_seconds: float) -> None:
    """Return when nobody has used the server for so long; `start` is held then, so that nobody comes any more."""
    while True:
        time.sleep(min(_LOOK_SECONDS, idle_seconds / 4))
        try:
            if not _is_idle(seat, idle_seconds) or (start := seat.try_lock("start")) is None:
                continue
            if _is_idle(seat, idle_seconds):
                seat.forget()
                return
        except FileNotFoundError:  # the folder was removed
            return
        os.close(start)


def _is_idle(seat: Seat, idle_seconds: float) -> bool:
    unused = time.time() - (seat.folder / "users.lock").stat().st_mtime
    return unused > idle_seconds and not seat.is_held("users")
