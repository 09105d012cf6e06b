"""Attempts to get past the gate, made from inside by a bare interpreter. Each returns None when it was held."""

import json
import socket
import sys
from typing import Any

Facts = dict[str, Any]
PROXY = ("127.0.0.1", 3128)


def talk(*pieces: bytes, wait: bool = True) -> bytes:
    """Say pieces to the proxy, each once it has answered the one before; return all it said."""
    heard = b""
    with socket.create_connection(PROXY, 5) as line:
        for piece in pieces:
            try:
                line.sendall(piece)
                heard += line.recv(65536) if wait else b""
            except ConnectionError:
                break
        try:
            while piece := line.recv(65536):
                heard += piece
        except (ConnectionError, TimeoutError):
            pass
    return heard


def connect(target: str, *headers: str) -> bytes:
    return "\r\n".join((f"CONNECT {target} HTTP/1.1", *headers, "", "")).encode()


def refused(*pieces: bytes) -> str | None:
    heard = talk(*pieces)
    return None if b" 200 " not in heard and b"far" not in heard else repr(heard[:200])


def cut_off(*pieces: bytes) -> str | None:
    """Tell whether nothing far away answered, though the connection stood."""
    heard = talk(*pieces)
    return None if b"far" not in heard else repr(heard[:200])


def another_host(facts: Facts) -> str | None:
    return refused(connect(f"evil.example:{facts['port']}"), bytes.fromhex(facts["hello"]))


def another_port(facts: Facts) -> str | None:
    return refused(connect(f"good.example:{facts['port'] + 1}"), bytes.fromhex(facts["hello"]))


def a_port_written_twice(facts: Facts) -> str | None:
    return refused(connect(f"good.example:{facts['port']}:{facts['port'] + 1}"))


def a_port_beyond_all(facts: Facts) -> str | None:
    return refused(connect(f"good.example:{facts['port'] + 65536}"))


def a_host_below(facts: Facts) -> str | None:
    return refused(connect(f"x.good.example:{facts['port']}"))


def a_host_with_a_dot(facts: Facts) -> str | None:
    return refused(connect(f"good.example.:{facts['port']}"))


def a_user_at_a_host(facts: Facts) -> str | None:
    return refused(connect(f"good.example@evil.example:{facts['port']}"))


def the_metadata_address(_: Facts) -> str | None:
    return refused(connect("169.254.169.254:80"))


def addresses(facts: Facts) -> str | None:
    spelt = (
        "127.0.0.1",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "2130706433",
        "0x7f000001",
        "0177.0.0.1",
        "127.1",
        "0",
    )
    found = [refused(connect(f"{one}:{facts['port']}"), bytes.fromhex(facts["hello"])) for one in spelt]
    return "; ".join(filter(None, found)) or None


def a_name_of_the_metadata_address(facts: Facts) -> str | None:
    return refused(connect(f"meta.example:{facts['port']}"))


def a_name_of_this_machine(facts: Facts) -> str | None:
    return refused(connect(f"inner.example:{facts['port']}"), bytes.fromhex(facts["inner_hello"]))


def a_mapped_address(facts: Facts) -> str | None:
    return refused(connect(f"mapped.example:{facts['port']}"))


def another_name_inside(facts: Facts) -> str | None:
    return cut_off(connect(f"good.example:{facts['port']}"), bytes.fromhex(facts["evil_hello"]))


def no_name_inside(facts: Facts) -> str | None:
    return cut_off(connect(f"good.example:{facts['port']}"), bytes.fromhex(facts["nameless_hello"]))


def a_hidden_name_inside(facts: Facts) -> str | None:
    return cut_off(connect(f"good.example:{facts['port']}"), bytes.fromhex(facts["hidden_hello"]))


def no_tls_inside(facts: Facts) -> str | None:
    return cut_off(connect(f"good.example:{facts['port']}"), b"GET / HTTP/1.1\r\nHost: good.example\r\n\r\n")


def a_second_request_inside(facts: Facts) -> str | None:
    line = connect(f"good.example:{facts['port']}")
    return cut_off(line, connect(f"evil.example:{facts['port']}"))


def a_second_request_at_once(facts: Facts) -> str | None:
    line = connect(f"good.example:{facts['port']}")
    return cut_off(line + connect(f"evil.example:{facts['port']}") + bytes.fromhex(facts["evil_hello"]))


def a_request_in_a_header(facts: Facts) -> str | None:
    return refused(connect(f"evil.example:{facts['port']}", f"Host: good.example:{facts['port']}"))


def a_line_in_a_header(facts: Facts) -> str | None:
    return refused(connect(f"good.example:{facts['port']}", "X: y\nCONNECT evil.example:1 HTTP/1.1"))


def content(facts: Facts) -> str | None:
    return refused(connect(f"good.example:{facts['port']}", "Content-Length: 9") + b"something")


def plain_http(facts: Facts) -> str | None:
    heard = talk(f"GET http://good.example:{facts['port']}/ HTTP/1.1\r\n\r\n".encode())
    return None if b" 405 " in heard and b"far" not in heard else repr(heard[:200])


def a_huge_head(facts: Facts) -> str | None:
    return refused(connect(f"good.example:{facts['port']}", f"X: {'x' * 200_000}"))


def directly(facts: Facts) -> str | None:
    for place in (
        ("127.0.0.1", facts["port"]),
        (facts["host_address"], facts["port"]),
        ("169.254.169.254", 80),
    ):
        try:
            socket.create_connection(place, 2).close()
        except OSError:
            continue
        return f"reached {place}"
    return None


def by_name(_: Facts) -> str | None:
    try:
        return str(socket.getaddrinfo("good.example", 443))
    except socket.gaierror:
        return None


def another_door(_: Facts) -> str | None:
    """The proxy is the only thing that listens, on one address, and no process here holds it."""
    with open("/proc/net/tcp") as file:
        listening = [line.split()[1] for line in file.readlines()[1:] if line.split()[3] == "0A"]
    with open("/proc/net/unix") as file:
        sockets = file.readlines()[1:]
    found = [*sockets] if listening == ["0100007F:0C38"] else [*listening, *sockets]
    return str(found) if found else None


def in_its_place(_: Facts) -> str | None:
    """What listens there in its stead could tell other programs of this command anything."""
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        try:
            other.bind(PROXY)
        except OSError:
            return None
    return "bound"


def attempts() -> list[Any]:
    tools = {"talk", "connect", "refused", "cut_off", "attempts"}
    return [
        value for name, value in globals().items() if callable(value) and name not in tools and name.islower()
    ]


if __name__ == "__main__":
    facts: Facts = json.loads(sys.argv[1])
    for attempt in attempts():
        try:
            detail = attempt(facts)
        except Exception as error:
            detail = f"{type(error).__name__}: {error}"
        sys.stdout.write(
            json.dumps({"name": attempt.__name__, "held": detail is None, "detail": detail}) + "\n"
        )
    heard = talk(connect(f"GOOD.example:{facts['port']}"), bytes.fromhex(facts["hello"]))
    sys.stdout.write(
        json.dumps({"name": "allowed", "held": b"far" in heard, "detail": repr(heard[:100])}) + "\n"
    )
