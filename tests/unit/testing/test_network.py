"""The guard sees every way out of a process, and lets through what stays on the machine."""

import asyncio
import contextlib
import socket
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Callable

import httpx2
import pytest

from astrolabe.testing.network import ContactError, guarded_network

AWAY = "192.0.2.1"
"""An address for documentation (RFC 5737): nobody has it."""


def by_datagram() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.sendto(b"x", (AWAY, 53))


def by_connect() -> None:
    with socket.socket() as sock:
        sock.setblocking(False)
        sock.connect_ex((AWAY, 443))


async def asynchronously() -> None:
    await asyncio.open_connection(AWAY, 443)


async def by_httpx() -> None:
    async with httpx2.AsyncClient() as client:
        await client.get("http://models.example/")


WAYS: dict[str, Callable[[], object]] = {
    "connect": by_connect,
    "datagram": by_datagram,
    "name": lambda: socket.getaddrinfo("models.example", 443),
    "old name": lambda: socket.gethostbyname("models.example"),
    "urllib": lambda: urllib.request.urlopen(f"http://{AWAY}/", timeout=1),
    "asyncio": lambda: asyncio.run(asynchronously()),
    "httpx": lambda: asyncio.run(by_httpx()),
}


def refused(action: Callable[[], object]) -> list[str]:
    """Return what is told to be refused while an action goes on, whatever it makes of that."""
    with guarded_network() as guard:
        action()
    return guard.refused


@pytest.mark.parametrize("way", WAYS)
def test_every_way_out_is_refused_and_told(way: str) -> None:
    with pytest.raises(ContactError, match=r"^(connect|sendto|get\w+) (192\.0\.2\.1|models\.example)"):
        refused(WAYS[way])


def test_a_contact_whose_refusal_was_swallowed_on_another_thread_fails_at_the_end() -> None:
    def swallow() -> None:
        with contextlib.suppress(BaseException):
            by_connect()

    def in_thread() -> None:
        thread = threading.Thread(target=swallow)
        thread.start()
        thread.join()

    with pytest.raises(ContactError, match=r"contacted meanwhile: connect 192\.0\.2\.1:443"):
        refused(in_thread)


def test_this_machine_and_named_hosts_are_free_and_programs_are_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, guarded_network(AWAY) as guard:
        socket.create_connection(server.getsockname()).close()
        socket.getaddrinfo("localhost", 80)
        left, right = socket.socketpair()
        left.close()
        right.close()
        by_datagram_allowed = socket.getaddrinfo(AWAY, 80)
        assert by_datagram_allowed
        subprocess.run([sys.executable, "-c", ""], check=True)
    assert guard.programs == [sys.executable]
    assert guard.refused == []


def test_afterwards_the_network_is_as_it_was() -> None:
    with guarded_network() as guard:
        pass
    by_datagram_or_unreachable()
    assert guard.refused == []


def by_datagram_or_unreachable() -> None:
    with contextlib.suppress(OSError):
        by_datagram()
