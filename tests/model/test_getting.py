"""The real file over a real connection: a gigabyte that breaks off twice."""

from mmap import ACCESS_READ, mmap
from pathlib import Path

import pytest

from tests.file_server import file_server
from tests.model.conftest import NAME
from tests.person import Person, person

__all__ = ["person"]


def test_a_gigabyte_that_breaks_off_arrives_whole(
    person: Person, weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = person.folder / "cache"
    monkeypatch.setenv("ASTROLABE_CACHE", str(cache))
    with (
        weights.open("rb") as file,
        mmap(file.fileno(), 0, access=ACCESS_READ) as content,
        file_server(content) as server,
    ):
        server.faults = ["cut:400000000", "cut:300000000"]
        done = person.types("models", "get", NAME, "--from", server.url, "--json")
        assert done.code == 0, done.out
        assert server.sent_bytes == len(content)
        assert server.ranges == ["", "bytes=400000000-", "bytes=700000000-"]
    assert Path(done.document["file"]).is_relative_to(cache)
    assert person.types("models", "remove", NAME, "--json").document["freed_bytes"] == 1_117_320_768
