"""What comes from the network and from inside the sandbox: the gate's requests, the web's pages and answers."""

import asyncio
import json
import socket
import ssl
import threading
from contextlib import suppress
from functools import cache

from target import JSON_WORDS, Target, files, text

from astrolabe.adapters.sandboxes.gate.asking import asked as gate_asked
from astrolabe.adapters.sandboxes.gate.hello import NoHelloError, server_name
from astrolabe.adapters.search.addresses import Place, is_public, place_of
from astrolabe.adapters.search.http import Answer, Request, asked
from astrolabe.adapters.search.options import SearchOptions
from astrolabe.adapters.search.providers import PROVIDERS
from astrolabe.adapters.search.web import GuardedWeb
from astrolabe.domain.contacts import Contacts
from astrolabe.errors import FetchError, InputError, UnavailableError
from astrolabe.roles.research.extraction import MOST_CHARACTERS, words_of


def gate_requests(data: bytes) -> None:
    told = gate_asked(data)
    assert told.fault or (told.host and 0 <= told.port <= 99_999)
    assert told.destination.encode()


def client_hellos(data: bytes) -> None:
    name = server_name(data)
    assert name is None or name == name.lower()
    for cut in (len(data) // 2, len(data) - 1):
        with suppress(NoHelloError):
            server_name(data[: max(0, cut)])


def search_answers(data: bytes) -> None:
    answer = Answer(200, {}, data)
    for provider in PROVIDERS.values():
        for hit in provider.hits(answer.json()):
            assert json.dumps([hit.url, hit.title, hit.snippet]).encode()


def web_pages(data: bytes) -> None:
    title, words = words_of(text(data), "text/html")
    assert len(title) <= 300
    assert len(words) <= MOST_CHARACTERS


def web_addresses(data: bytes) -> None:
    url = text(data)
    is_public(url)
    place = place_of(url)
    assert place_of(place.url) == place, "an address is read back as it is written"


class _Server:
    """Answers every connection with the same bytes, which the next input changes."""

    def __init__(self) -> None:
        self.answer = b""
        self.listening = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self.listening.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            connection, _ = self.listening.accept()
            with connection, suppress(OSError):
                connection.recv(65_536)
                connection.sendall(self.answer)
                connection.shutdown(socket.SHUT_WR)


@cache
def _server() -> tuple[_Server, asyncio.AbstractEventLoop, GuardedWeb]:
    server = _Server()

    async def resolve(_host: str, _port: int) -> list[str]:
        return ["127.0.0.1"]

    options = SearchOptions(private_hosts=(f"a.test:{server.port}",), timeout_seconds=20, page_bytes=100_000)
    return server, asyncio.new_event_loop(), GuardedWeb(options, Contacts(), resolve)


def http_answers(data: bytes) -> None:
    server, loop, web = _server()
    server.answer = data
    loop.run_until_complete(
        asked(Request(Place("http", "a.test", server.port, "/"), "127.0.0.1"), most_bytes=100_000, seconds=20)
    )
    page = loop.run_until_complete(web.fetch(f"http://a.test:{server.port}/"))
    words_of(page.content.decode("utf-8", "replace"), page.media_type)


def _hello() -> bytes:
    context = ssl.create_default_context()
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = context.wrap_bio(incoming, outgoing, server_hostname="pypi.org")
    with suppress(ssl.SSLWantReadError):
        client.do_handshake()
    return outgoing.read()


PAGE = b"<html><head><title>T</title><style>x</style></head><body><nav>n</nav><h1>H</h1><p hidden>a<p>b &amp; c<script>var a='</p>'</script><table><tr><td>d</td></tr></table><!-- c --></body></html>"
HTML = (
    b"<p>",
    b"</p>",
    b"<div hidden>",
    b"</div>",
    b"<script>",
    b"</script>",
    b"<style>",
    b"<!--",
    b"-->",
    b"<![CDATA[",
    b"<!DOCTYPE",
    b"<?",
    b"&amp",
    b"&#x110000;",
    b"&#",
    b"<title>",
    b"</",
    b"<a href='",
    b"<",
    b">",
    b"=",
    b'"',
    b"<nav>",
    b"<textarea>",
    b"<plaintext>",
    b"<!",
    b"<![",
)
HTTP = (
    b"HTTP/1.1 200 OK\r\n",
    b"HTTP/1.0 302 x\r\n",
    b"Location: ",
    b"Content-Length: ",
    b"Transfer-Encoding: chunked\r\n",
    b"Content-Type: text/html; charset=",
    b"\r\n\r\n",
    b"\r\n",
    b"5\r\nhello\r\n",
    b"0\r\n\r\n",
    b"ffffffffff\r\n",
    b"-1",
    b"Content-Encoding: gzip\r\n",
    b"HTTP/1.1 100 Continue\r\n\r\n",
    b"http://a.test/",
    b"text/\xff",
)
ADDRESS = (
    b"http://",
    b"https://",
    b"@",
    b":",
    b"/",
    b"?",
    b"#",
    b"[::1]",
    b"127.0.0.1",
    b"%",
    b"xn--",
    b"..",
    b"\xe3\x80\x82",
    b"0x7f.1",
    b"64:ff9b::",
    b"\\",
    b":443",
    b":99999",
)

TARGETS = {
    "gate-requests": Target(gate_requests, (), (b"CONNECT ", b"GET ", b"http://", b"https://u:p@", b":443", b" HTTP/1.1\r\n", b"\r\n", b"Host: a\r\n", b"Content-Length: 1\r\n", b"[::1]:1", b"127.0.0.1:1", b"a.b", b"0x7f.1:1", b":99999"), lambda: [b"CONNECT pypi.org:443 HTTP/1.1\r\nHost: pypi.org:443\r\n\r\n", b"GET http://a.b:80/ HTTP/1.0\r\n\r\n"], most=16_384),
    "client-hellos": Target(client_hellos, (NoHelloError,), (b"\x16\x03\x01", b"\x01\x00", b"\x00\x00", b"\xfe\x0d", b"\x03\x03", b"\xff\xff"), lambda: [_hello()], most=40_000),
    "search-answers": Target(search_answers, (FetchError,), (*JSON_WORDS, b'"results"', b'"web"', b'"url"', b'"title"', b'"content"', b'"description"'), lambda: [b'{"results":[{"url":"https://a","title":"t","content":"c"}],"web":{"results":[{"url":"u","title":"t","description":"d"}]}}']),
    "web-pages": Target(web_pages, (), HTML, lambda: [PAGE, *files("src/astrolabe/**/*.html"), *files("src/astrolabe/**/*.html.j2")]),
    "web-addresses": Target(web_addresses, (InputError,), ADDRESS, lambda: [b"https://a.b/c?d=e#f", b"http://[2001:db8::1]:8080/", b"https://b\xc3\xbccher.example/", b"64:ff9b::7f00:1", b"::ffff:10.0.0.1%eth0"], most=4096),
    "http-answers": Target(http_answers, (FetchError, InputError, UnavailableError), HTTP, lambda: [b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 5\r\n\r\nhello", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", b"HTTP/1.1 302 Found\r\nLocation: http://b.test/\r\n\r\n"], most=8192),
}  # fmt: skip
