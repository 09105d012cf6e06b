"""`astrolabe models get` as it is typed: the real entry of the catalogue, and places that do not have its file."""

import json
import os
import re
import signal
import subprocess
import sys
from mmap import mmap
from pathlib import Path

import pytest

from tests.file_server import file_server
from tests.person import Person

NAME = "qwen-coder-1.5b"


@pytest.fixture(autouse=True)
def cache(person: Person, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = person.folder / "cache"
    monkeypatch.setenv("ASTROLABE_CACHE", str(folder))
    return folder


def test_what_is_not_the_pinned_file_is_refused_with_what_to_do(person: Person) -> None:
    own = person.file("own.gguf", "not the weights")
    done = person.types("models", "get", NAME, "--from", own)
    assert done.code == 6
    assert "it has 15 bytes, the pinned file has 1117320768" in done.err
    assert "--from URL or --from FILE" in done.err
    with file_server(b"not the weights") as server:
        done = person.types("models", "get", NAME, "--from", server.url, "--json")
    assert done.code == 6
    assert done.document["error"]["code"] == "fetch-failed"
    assert done.err == ""


def test_unknown_weights_and_addresses_are_bad_input(person: Person) -> None:
    done = person.types("models", "get", "gpt")
    assert (done.code, NAME in done.err) == (2, True)
    done = person.types("models", "get", NAME, "--from", "s3://bucket/file")
    assert (done.code, "http://" in done.err) == (2, True)


def test_weights_that_nobody_knows_are_missed_where_they_are_in_use(
    person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ASTROLABE_MODELS__USE", "local/nobody")
    done = person.types("models", "check")
    assert (done.code, "no weights named 'nobody'" in done.out, NAME in done.out) == (6, True, True)
    monkeypatch.setenv("ASTROLABE_MODELS__USE", f"local/{NAME}")
    assert "no provider is in use" not in person.types("models", "check").out


def test_offline_nothing_is_fetched_and_the_refusal_says_so(
    person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ASTROLABE_OFFLINE", "true")
    done = person.types("models", "get", NAME, "--json")
    assert done.code == 3
    assert done.document["error"]["code"] == "offline"
    assert "huggingface.co" in done.document["error"]["message"]


def test_what_is_here_is_listed_and_removed(person: Person, cache: Path) -> None:
    part = cache / "models/qwen2.5-coder-1.5b-instruct-q4_k_m.gguf.part"
    part.parent.mkdir(parents=True)
    part.write_bytes(b"x" * 1000)
    assert "1.0 kB of it have arrived" in person.types("models", "weights").out
    (told,) = person.types("models", "weights", "--json").document["weights"]
    assert (told["name"], told["path"], told["arrived_bytes"]) == (NAME, None, 1000)
    assert person.types("models", "remove", NAME, "--json").document["freed_bytes"] == 1000
    assert not part.exists()
    assert "nothing was here" in person.types("models", "remove", NAME).out


def test_ctrl_c_keeps_what_arrived(person: Person, cache: Path) -> None:
    with mmap(-1, 1_117_320_768) as content, file_server(content) as server:
        server.faults = ["hang:2000000"]
        child = subprocess.Popen(
            [
                Path(sys.executable).with_name("astrolabe"),
                "models",
                "get",
                NAME,
                "--from",
                server.url,
                "--json",
            ],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "ASTROLABE_CACHE": str(cache)},
        )
        assert server.fell_silent.wait(30)
        part = cache / "models/qwen2.5-coder-1.5b-instruct-q4_k_m.gguf.part"
        while not part.exists() or part.stat().st_size < 1_900_000:
            assert child.poll() is None
        child.send_signal(signal.SIGINT)
        out, err = child.communicate(timeout=30)
    assert child.returncode == 4, err
    assert json.loads(out)["error"]["hint"].startswith("What has arrived is kept")
    assert part.stat().st_size >= 1_900_000
    assert not re.search("Traceback", err)
