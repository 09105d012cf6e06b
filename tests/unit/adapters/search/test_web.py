"""Pages are read from public addresses only, bounded in every way, and each provider is spoken to as it wants."""

import asyncio
import hashlib
import json
import socket
from collections.abc import Generator, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr
from tests.web import LocalWeb, local_web

from astrolabe.adapters.search.addresses import is_public, place_of
from astrolabe.adapters.search.options import SearchOptions
from astrolabe.adapters.search.web import GuardedWeb
from astrolabe.domain.contacts import Contacts
from astrolabe.errors import AstrolabeError, FetchError, InputError, OfflineError, UnavailableError


@pytest.fixture
def web() -> Generator[LocalWeb]:
    with local_web() as found:
        yield found


def guarded(web: LocalWeb, *, trusted: bool = True, **options: Any) -> GuardedWeb:
    private = (web.authority,) if trusted else ()
    return GuardedWeb(SearchOptions.model_validate({"private_hosts": private, **options}), Contacts())


def test_a_page_is_read_with_its_digest(web: LocalWeb) -> None:
    url = web.page("/a", "<p>Grüße</p>", content_type="text/html; charset=latin-1")
    page = asyncio.run(guarded(web).fetch(f"{url}#part"))
    assert (page.media_type, page.charset) == ("text/html", "latin-1")
    assert page.digest == hashlib.sha256(page.content).hexdigest()
    [(_, path, headers, _)] = web.asked
    assert (path, headers["accept-encoding"], "cookie" in headers) == ("/a", "identity", False)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "0.0.0.0",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "224.0.0.1",
        "255.255.255.255",
        "::1",
        "::",
        "fe80::1",
        "fd00::1",
        "ff02::1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "64:ff9b::7f00:1",
        "2002:7f00:1::",
        "2001:0:0:0:0:0:80ff:fffe",
        "fe80::1%eth0",
        "x",
        "fec0::1",
        "192.88.99.1",
        "192.0.0.192",
        "3fff::1",
    ],
)
def test_what_is_not_public_is_known(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["93.184.215.14", "2606:4700::1111", "::ffff:93.184.215.14"])
def test_what_is_public_is_known(address: str) -> None:
    assert is_public(address)


@given(st.ip_addresses(v=4))
def test_an_address_in_disguise_is_judged_as_itself(address: object) -> None:
    assert is_public(f"::ffff:{address}") == is_public(str(address))


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "ftp://example.org/",
        "//example.org/",
        "http:///x",
        "http://user:pw@example.org/",
        "http://example.org:22/",
        "http://example.org:99999/",
        "http://exa mple.org/",
        "http://example.org/\r\nX: y",
        "http://[::1/",
        "https://" + "a" * 3000,
        "gopher://example.org",
        "",
    ],
)
def test_what_is_no_address_of_a_page_is_refused(url: str) -> None:
    with pytest.raises(InputError):
        place_of(url)


@given(st.text())
def test_any_text_is_taken_apart_or_refused(url: str) -> None:
    try:
        place = place_of(url)
    except InputError:
        return
    assert place.scheme in {"http", "https"}
    assert place.host
    assert not set(place.target) & set("\r\n ")


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "2130706433", "0x7f.1", "127.1"])
def test_this_machine_is_not_reached_however_it_is_written(web: LocalWeb, host: str) -> None:
    web.page("/", "inside")
    reading = GuardedWeb(
        SearchOptions(private_hosts=(f"other:{web.port}", f"{host}x:{web.port}")), Contacts()
    )
    with pytest.raises((InputError, FetchError)):
        asyncio.run(reading.fetch(f"http://{host}:8080/"))
    with pytest.raises((InputError, FetchError)):
        asyncio.run(reading.fetch(f"http://{host}:{web.port}/"))
    assert web.asked == []


def test_a_redirect_is_judged_like_any_address(web: LocalWeb) -> None:
    inside = web.page("/inside", "secret")
    url = web.page("/", "", status=302, location=inside.replace("127.0.0.1", "localhost"))
    with pytest.raises(InputError):
        asyncio.run(guarded(web).fetch(url))
    url = web.page("/", "", status=302, location="file:///etc/passwd")
    with pytest.raises(InputError):
        asyncio.run(guarded(web).fetch(url))
    assert [path for _, path, *_ in web.asked] == ["/", "/"]
    web.page("/", "", status=307, location="/inside")
    assert asyncio.run(guarded(web).fetch(url)).url == inside
    web.page("/", "", status=301, location="/")
    with pytest.raises(FetchError, match="redirects"):
        asyncio.run(guarded(web).fetch(url))


def test_a_name_is_resolved_once_and_all_of_its_addresses_count(web: LocalWeb) -> None:
    asked: list[str] = []

    async def rebinding(host: str, _port: int) -> Sequence[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) > 1 else ["93.184.215.14", "10.0.0.1"]

    reading = GuardedWeb(SearchOptions(timeout_seconds=5), Contacts(), rebinding)
    with pytest.raises(InputError, match=r"10\.0\.0\.1"):
        asyncio.run(reading.fetch("http://example.org/"))
    assert asked == ["example.org"]


def test_the_connection_goes_to_the_address_that_was_judged(web: LocalWeb) -> None:
    async def resolve(_host: str, _port: int) -> Sequence[str]:
        return ["127.0.0.1"]

    web.page("/", "here")
    options = SearchOptions(private_hosts=(f"docs.test:{web.port}",))
    page = asyncio.run(GuardedWeb(options, Contacts(), resolve).fetch(f"http://docs.test:{web.port}/"))
    assert page.content == b"here"
    assert web.asked[0][2]["host"] == f"docs.test:{web.port}"


def test_pages_are_bounded_in_size_type_and_time(web: LocalWeb) -> None:
    def fault(path: str, **options: Any) -> str:
        with pytest.raises(FetchError) as caught:
            asyncio.run(guarded(web, **options).fetch(web.url + path))
        return str(caught.value)

    web.page("/large", "x" * 5000)
    web.page("/image", b"\x89PNG", content_type="image/png")
    web.page("/packed", b"\x1f\x8b", content_encoding="gzip")
    assert "more than 4,000 bytes" in fault("/large", page_bytes=4000)
    assert "image/png" in fault("/image")
    assert "compressed" in fault("/packed")
    assert "404" in fault("/absent")


def test_a_server_that_says_nothing_is_given_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        authority = f"127.0.0.1:{silent.getsockname()[1]}"
        reading = GuardedWeb(SearchOptions(private_hosts=(authority,), timeout_seconds=0.3), Contacts())
        with pytest.raises(FetchError, match=r"0\.3 s"):
            asyncio.run(reading.fetch(f"http://{authority}/"))


def test_offline_nothing_but_what_is_named_is_asked(web: LocalWeb) -> None:
    reading = GuardedWeb(SearchOptions(provider="brave", key=SecretStr("k")), Contacts(offline=True))
    with pytest.raises(OfflineError):
        asyncio.run(reading.fetch("https://example.org/"))
    with pytest.raises(OfflineError):
        asyncio.run(reading.search("x", 3))


def test_without_a_provider_it_says_what_to_set(web: LocalWeb) -> None:
    with pytest.raises(UnavailableError) as caught:
        asyncio.run(guarded(web).search("x", 3))
    assert "search" in caught.value.hint


ROWS = [
    {"title": "A", "url": "https://a.example/", "content": "aa", "description": "aa"},
    {"url": 3},
    "x",
    {"url": "file:///x"},
]


@pytest.mark.parametrize(
    ("provider", "path", "document"),
    [
        ("searxng", "/search", {"results": ROWS}),
        ("brave", "/res/v1/web/search", {"web": {"results": ROWS}}),
        ("tavily", "/search", {"results": ROWS}),
    ],
)
def test_each_provider_is_asked_and_read_as_its_api_says(
    web: LocalWeb, provider: str, path: str, document: object
) -> None:
    web.answers(path, document)
    reading = guarded(web, trusted=False, provider=provider, base_url=web.url, key="hunter2hunter2")
    [hit] = asyncio.run(reading.search("what is ä?", 3))
    assert (hit.url, hit.title, hit.snippet) == ("https://a.example/", "A", "aa")
    [(method, asked, headers, body)] = web.asked
    if provider == "tavily":
        assert (method, json.loads(body)) == ("POST", {"query": "what is ä?", "max_results": 3})
    else:
        assert (method, "q=what+is+%C3%A4%3F" in asked) == ("GET", True)
    assert "hunter2hunter2" in headers["x-subscription-token" if provider == "brave" else "authorization"]
    assert "hunter2hunter2" not in asked


@pytest.mark.parametrize(("status", "told"), [(401, "key"), (429, "no more requests"), (500, "500")])
def test_a_provider_that_refuses_is_told(web: LocalWeb, status: int, told: str) -> None:
    web.answers("/search", {}, status)
    reading = guarded(web, provider="searxng", base_url=web.url)
    with pytest.raises(UnavailableError, match=told):
        asyncio.run(reading.search("x", 3))


@pytest.mark.parametrize("document", [[], {"results": 3}, {"results": [None]}, "x", None])
def test_an_answer_of_another_shape_has_no_hits(web: LocalWeb, document: object) -> None:
    web.answers("/search", document)
    assert asyncio.run(guarded(web, provider="searxng", base_url=web.url).search("x", 3)) == ()


def test_an_answer_that_is_no_json_is_told(web: LocalWeb) -> None:
    web.page("/search", "<html>")
    with pytest.raises(AstrolabeError, match="no JSON"):
        asyncio.run(guarded(web, provider="searxng", base_url=web.url).search("x", 3))
