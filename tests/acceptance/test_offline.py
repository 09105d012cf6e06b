"""`--offline`: whatever is typed, nobody but this machine and the servers that the settings name is contacted."""

import asyncio
import os
from pathlib import Path

import pytest

from astrolabe.adapters.images.cache import ImageCache
from astrolabe.adapters.images.options import ImageOptions
from astrolabe.bootstrap import open_installation, real_determinism
from astrolabe.domain.contacts import Contacts
from astrolabe.errors import OfflineError
from astrolabe.settings import load_settings
from astrolabe.testing.network import guarded_network
from tests.person import Person

LOCK = """\
{"name": "a", "version": "1.0.0", "lockfileVersion": 3, "packages": {"": {"name": "a", "version": "1.0.0",
"dependencies": {"left-pad": "1.3.0"}}, "node_modules/left-pad": {"version": "1.3.0",
"resolved": "https://registry.npmjs.org/left-pad/-/left-pad-1.3.0.tgz", "integrity":
"sha512-XI5MPzVNApjAyhQzphX8BkmKsKUxD4LdyK24iZeQGinBN9yTQT3bFlCBy/aVx2HrNcqQGsdot8ghrjyrvMCoEA=="}}}
"""
PACKAGE = '{"name": "a", "version": "1.0.0", "dependencies": {"left-pad": "1.3.0"}}'
WHEEL = "anyio==4.11.0 --hash=sha256:" + "0" * 64


@pytest.fixture(autouse=True)
def empty_cache(person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASTROLABE_CACHE", str(person.folder / "cache"))


@pytest.mark.parametrize("words", [("--offline", "models", "get"), ("models", "get", "--offline")])
def test_the_flag_stands_anywhere_and_ends_with_the_command(person: Person, words: tuple[str, ...]) -> None:
    with guarded_network():
        done = person.types(*words, "qwen-coder-1.5b")
    assert (done.code, "huggingface.co needs the network" in done.err) == (3, True)
    assert "ASTROLABE_OFFLINE" not in os.environ


def test_what_follows_two_dashes_belongs_to_another_command(person: Person) -> None:
    done = person.types("config", "show", "--json")
    assert done.document["settings"]["offline"] is False
    done = person.types("--offline", "config", "show", "--json")
    assert done.document["settings"]["offline"] is True


def test_no_client_of_a_registry_is_started_for_what_is_not_in_the_cache(tmp_path: Path) -> None:
    def unneeded() -> None:
        raise AssertionError("nothing is unpacked")

    images = ImageCache(
        tmp_path,
        unneeded,  # pyright: ignore[reportArgumentType]
        real_determinism(),
        dict(os.environ),
        options=ImageOptions(use_system_tools=False),
        contacts=Contacts(offline=True),
    )

    async def ask() -> None:
        with pytest.raises(OfflineError, match="fetching"):
            await images.toolchain("node")
        with pytest.raises(OfflineError, match="fetching"):
            await images.bubblewraps()
        with pytest.raises(OfflineError, match="fetching anyio"):
            await images.dependencies("requirements.txt", {"requirements.txt": WHEEL.encode()})
        files = {"package-lock.json": LOCK.encode(), "package.json": PACKAGE.encode()}
        with pytest.raises(OfflineError, match="fetching"):
            await images.dependencies("package-lock.json", files)

    with guarded_network() as guard:
        asyncio.run(ask())
    assert not [program for program in guard.programs if "pip" in program or "npm" in program]
    assert len(guard.programs) <= 1, guard.programs  # asks which C library this is


def test_an_installation_contacts_nobody_and_asks_no_provider(
    person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ASTROLABE_OFFLINE", "true")
    monkeypatch.setenv("ASTROLABE_MODELS__USE", "openai/gpt-5")
    monkeypatch.setenv("OPENAI_API_KEY", "a-key")

    async def use() -> None:
        async with open_installation(load_settings()):
            pass

    with guarded_network():
        asyncio.run(use())
        done = person.types("doctor")
    assert done.code in {0, 3}, done.err


def test_the_servers_that_settings_name_are_the_only_ones_away(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "OFFLINE": "true",
        "DATABASE_URL": "postgresql://u:p@db.example:5432/a",
        "REDIS_URL": "redis://cache.example:6379/0",
        "TEMPORAL_ADDRESS": "temporal.example:7233",
        "HUB": "git@hub.example:team/hub.git",
        "MODELS__PROVIDERS__OWN__BASE_URL": "https://models.example/v1",
    }.items():
        monkeypatch.setenv(f"ASTROLABE_{name}", value)
    contacts = load_settings().contacts
    for host in ("db", "cache", "temporal", "hub", "models"):
        assert contacts.allow(f"{host}.example")
    for host in ("127.0.0.1", "::1", "[::1]", "localhost", "LOCALHOST"):
        assert contacts.allow(host)
    for host in ("", "example", "other.example", "127.0.0.1.example", "192.0.2.1", "localhost.example"):
        assert not contacts.allow(host)
