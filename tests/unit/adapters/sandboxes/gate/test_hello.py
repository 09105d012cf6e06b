"""The host a client asks for, read off real hellos, and never misread off any bytes."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.client_hello import hello, in_records_of, with_extension

from astrolabe.adapters.sandboxes.gate.hello import MOST_BYTES, NoHelloError, server_name

REAL = hello("Registry.Example.org")


def test_a_real_hello_names_its_host_once_it_is_whole() -> None:
    assert server_name(REAL) == "registry.example.org"
    assert {server_name(REAL[:end]) for end in range(len(REAL))} == {None}
    assert server_name(in_records_of(REAL, 50)) == "registry.example.org"


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (hello(None), "names no host"),
        (with_extension(REAL, 0xFE0D), "hides the host"),
        (with_extension(REAL, 0, b"\0\x08\0\0\5other"), "twice"),
        (b"GET / HTTP/1.1\r\n\r\n", "does not speak TLS"),
        (b"CONNECT evil.example:443 HTTP/1.1\r\n\r\n", "does not speak TLS"),
        (REAL[:5] + b"\2" + REAL[6:], "does not begin with a hello"),
        (b"\x16\3\1\0\0" * 10, "does not speak TLS"),
        (in_records_of(REAL[:5] + b"\1\0\x7f\xff" + bytes(MOST_BYTES - 10), 8192) + REAL[:5], "too long"),
        (in_records_of(REAL, 10), "too many pieces"),
    ],
)
def test_what_names_no_host_is_refused(data: bytes, why: str) -> None:
    with pytest.raises(NoHelloError, match=why):
        server_name(data)


@settings(deadline=None, max_examples=300)
@given(st.binary(max_size=400), st.integers(0, len(REAL)), st.integers(0, len(REAL)))
def test_any_bytes_are_judged(noise: bytes, start: int, end: int) -> None:
    for data in (noise, b"\x16\3\1" + noise, REAL[:start] + noise + REAL[end:]):
        try:
            name = server_name(data)
        except NoHelloError:
            continue
        assert name is None or name.isascii()
