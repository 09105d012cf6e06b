"""What may be named, what may be asked, and which addresses are anybody's."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from astrolabe.adapters.sandboxes.gate.addresses import is_public, reachable
from astrolabe.adapters.sandboxes.gate.asking import asked
from astrolabe.domain.egress import EgressOptions
from astrolabe.domain.policy import Policy

LOCAL = [
    "127.0.0.1",
    "127.8.8.8",
    "0.0.0.0",
    "10.1.2.3",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "169.254.169.254",
    "169.254.170.2",
    "100.64.0.1",
    "100.127.255.254",
    "100.100.100.200",
    "192.0.0.192",
    "192.0.2.1",
    "198.18.0.1",
    "203.0.113.80",
    "224.0.0.1",
    "239.1.1.1",
    "240.0.0.1",
    "255.255.255.255",
    "::1",
    "::",
    "fe80::1",
    "fe80::1%eth0",
    "fc00::1",
    "fd00:ec2::254",
    "ff02::1",
    "fec0::1",
    "2001:db8::1",
    "::ffff:127.0.0.1",
    "::ffff:8.8.8.8",
    "::ffff:a9fe:a9fe",
    "::127.0.0.1",
    "::8.8.8.8",
    "64:ff9b::7f00:1",
    "64:ff9b::8.8.8.8",
    "64:ff9b:1::1",
    "2002:7f00:1::",
    "2002:0808:0808::",
    "2001:0:1:2:3:4:5:6",
]


@pytest.mark.parametrize("address", LOCAL)
def test_what_is_not_anybodys_is_not_reached(address: str) -> None:
    assert not is_public(address)
    assert reachable([address, "8.8.8.8"], "10.9.9.9") == ("8.8.8.8",)


def test_an_operator_names_one_address_and_no_other_becomes_reachable() -> None:
    options = EgressOptions(private=("Registry.internal:443=10.1.2.3", "v6.internal:8443=fd00::5"))
    assert reachable(["10.1.2.3", "10.1.2.4"], options.private_address("registry.internal:443")) == (
        "10.1.2.3",
    )
    assert reachable(["fd00:0:0::5"], options.private_address("v6.internal:8443")) == ("fd00:0:0::5",)
    assert reachable(["10.1.2.3"], options.private_address("registry.internal:80")) == ()


@pytest.mark.parametrize(
    "wrong",
    [
        "registry:0",
        "registry:70000",
        "registry:0443",
        "registry:",
        ":443",
        "registry",
        "*.npmjs.org:443",
        "a..b:443",
        ".a:443",
        "-a.org:443",
        "a_b:443",
        "127.0.0.1:443",
        "[::1]:443",
        "::1:443",
        "2130706433:443",
        "0x7f.1:443",
        "127.1:443",
        "http://a.org:443",
        "a.org:443/x",
        "user@a.org:443",
        "a.org.:443",
    ],
)
def test_a_policy_names_hosts_exactly(wrong: str) -> None:
    with pytest.raises(ValidationError):
        Policy(network=(wrong,))
    assert Policy(network=("Registry.NPMjs.org:443",)).network == ("registry.npmjs.org:443",)


def request(line: str, *headers: str) -> bytes:
    return "\r\n".join((line, *headers, "", "")).encode("latin-1")


def test_a_connection_is_asked_for_by_name_and_port() -> None:
    found = asked(
        request("CONNECT Registry.Example:443 HTTP/1.1", "Host: other", "Proxy-Authorization: Basic eA==")
    )
    assert (found.destination, found.fault) == ("registry.example:443", "")


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (request("GET http://ada:pw@registry.example/path?token=x HTTP/1.1"), 405),
        (request("POST / HTTP/1.1"), 405),
        (request("CONNECT registry.example HTTP/1.1"), 400),
        (request("CONNECT registry.example:443 HTTP/2"), 400),
        (request("CONNECT  registry.example:443 HTTP/1.1"), 400),
        (request("CONNECT http://registry.example:443 HTTP/1.1"), 400),
        (request("CONNECT a@registry.example:443 HTTP/1.1"), 400),
        (request("CONNECT registry.example:443 HTTP/1.1", "Content-Length: 5"), 400),
        (request("CONNECT registry.example:443 HTTP/1.1", "Transfer-Encoding : chunked"), 400),
        (request("CONNECT registry.example:443 HTTP/1.1", "transfer-encoding: chunked"), 400),
        (request("CONNECT registry.example:443 HTTP/1.1", " folded"), 400),
        (request("CONNECT registry.example:443 HTTP/1.1\nCONNECT evil:443 HTTP/1.1"), 400),
        (request("CONNECT registry.example:443 HTTP/1.1", "X: a\nY: b"), 400),
        (request("CONNECT 169.254.169.254:80 HTTP/1.1"), 403),
        (request("CONNECT [::1]:443 HTTP/1.1"), 403),
        (request("CONNECT [::ffff:127.0.0.1]:443 HTTP/1.1"), 403),
        (request("CONNECT 2130706433:443 HTTP/1.1"), 403),
        (request("CONNECT 0x7f.1:443 HTTP/1.1"), 403),
        (request("CONNECT 127.1:443 HTTP/1.1"), 403),
        (b"\r\n\r\n", 400),
        (b"\x16\3\1\0\xff\r\n\r\n", 400),
    ],
)
def test_everything_else_is_refused(head: bytes, status: int) -> None:
    found = asked(head)
    assert found.fault
    assert found.status == status
    assert "token" not in found.host
    assert "pw" not in found.host


@given(st.binary())
def test_any_head_is_judged(noise: bytes) -> None:
    found = asked(b"CONNECT " + noise + b"\r\n\r\n")
    assert found.fault or 0 <= found.port <= 99_999
