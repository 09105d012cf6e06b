"""Weights over real connections: whatever breaks, what arrived is kept, and nothing but the pinned bytes is taken."""

import hashlib
import os
import random
import signal
import subprocess
import sys
import textwrap
from collections.abc import Generator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from astrolabe.adapters.local_models.fetching import Place, fetch
from astrolabe.adapters.local_models.shelf import WeightsShelf, shipped_catalogue
from astrolabe.adapters.local_models.sources import FileSource, Source, WebSource
from astrolabe.domain.contacts import Contacts
from astrolabe.errors import (
    AstrolabeError,
    ConflictError,
    FetchError,
    InputError,
    MissingError,
    OfflineError,
    StorageError,
)
from astrolabe.ports.weights import Weights
from tests.file_server import FileServer, file_server

CONTENT = random.Random(7).randbytes(3_000_000)
OTHER = random.Random(8).randbytes(3_000_000)
WEIGHTS = Weights(
    name="tiny",
    summary="for tests",
    file="tiny.gguf",
    url="",
    sha256=hashlib.sha256(CONTENT).hexdigest(),
    size_bytes=len(CONTENT),
    licence="none",
    context_tokens=1,
)


def unheard(_done: int, _total: int) -> None:
    pass


@dataclass
class Fetching:
    """Fetches into one folder, without waiting before it asks again."""

    place: Place
    told: list[tuple[int, int]] = field(default_factory=list[tuple[int, int]])
    stall_seconds: float = 20
    contacts: Contacts = field(default_factory=Contacts)

    def __call__(self, source: str | Path) -> Path:
        chosen: Source = FileSource(source) if isinstance(source, Path) else self._web(source)
        return fetch(
            self.place,
            chosen,
            lambda done, total: self.told.append((done, total)),
            pauses=(0, 0),
            sleep=lambda _: None,
        )

    def _web(self, url: str) -> WebSource:
        return WebSource(url, self.contacts, self.stall_seconds)


@pytest.fixture
def get(tmp_path: Path) -> Fetching:
    return Fetching(Place(tmp_path / "models", WEIGHTS))


@pytest.fixture
def server() -> Generator[FileServer]:
    with file_server(CONTENT) as served:
        yield served


def files(get: Fetching) -> list[str]:
    return sorted(path.name for path in get.place.folder.glob("*") if path.suffix != ".lock")


def test_weights_are_fetched_once_and_how_far_is_told(get: Fetching, server: FileServer) -> None:
    path = get(server.url)
    assert path.read_bytes() == CONTENT
    assert files(get) == ["tiny.gguf"]
    assert get.told[0] == (0, len(CONTENT))
    assert get.told[-1] == (len(CONTENT), len(CONTENT))
    assert get(server.url) == path
    assert len(server.ranges) == 1


@pytest.mark.parametrize(
    "faults",
    [
        ["cut:1500000", "cut:700000"],
        ["status:503", "cut:1", "status:429"],
        ["cut:1500000", "whole"],
        ["cut:2000000", "whole", "cut:100", "whole"],
    ],
)
def test_whatever_breaks_off_goes_on_where_it_was(
    get: Fetching, server: FileServer, faults: list[str]
) -> None:
    server.faults = list(faults)
    assert get(server.url).read_bytes() == CONTENT
    arrived = [done for done, _ in get.told]
    assert arrived == sorted(arrived), "what had arrived was thrown away"
    if "whole" not in faults:
        assert server.sent_bytes == len(CONTENT), "some bytes were sent twice"


def test_a_server_that_never_comes_back_is_given_up_and_what_arrived_is_kept(
    get: Fetching, server: FileServer
) -> None:
    server.faults = ["cut:1000000", *["status:503"] * 10]
    with pytest.raises(FetchError, match="1000000 of 3000000 bytes have arrived"):
        get(server.url)
    assert get.place.part.stat().st_size == 1_000_000
    server.faults = []
    assert get(server.url).read_bytes() == CONTENT
    assert server.ranges[-1] == "bytes=1000000-"


def test_a_server_that_falls_silent_is_asked_again(get: Fetching, server: FileServer) -> None:
    get.stall_seconds = 0.3
    server.faults = ["hang:1000000"]
    assert get(server.url).read_bytes() == CONTENT
    assert server.ranges[1] == "bytes=1000000-"


def test_wrong_bytes_are_refused_and_go(get: Fetching) -> None:
    with (
        file_server(OTHER) as wrong,
        pytest.raises(FetchError, match="not the file that is pinned: its sha256"),
    ):
        get(wrong.url)
    assert files(get) == []


def test_a_part_of_another_file_is_found_out_and_the_next_fetch_starts_anew(
    get: Fetching, server: FileServer
) -> None:
    get.place.folder.mkdir()
    get.place.part.write_bytes(OTHER[:1_000_000])
    with pytest.raises(FetchError, match="sha256"):
        get(server.url)
    assert get(server.url).read_bytes() == CONTENT


@pytest.mark.parametrize("content", [CONTENT[:-1], CONTENT + b"x"])
def test_a_file_of_another_size_is_refused_before_it_is_fetched(get: Fetching, content: bytes) -> None:
    with file_server(content) as wrong, pytest.raises(FetchError, match=f"it has {len(content)} bytes"):
        get(wrong.url)
    assert get.place.arrived_bytes == 0


def test_a_part_that_is_too_long_is_thrown_away(get: Fetching, server: FileServer) -> None:
    get.place.folder.mkdir()
    get.place.part.write_bytes(CONTENT + b"and more")
    assert get(server.url).read_bytes() == CONTENT


@pytest.mark.parametrize("status", [401, 403, 404, 410])
def test_a_server_that_does_not_have_it_is_not_asked_again(
    get: Fetching, server: FileServer, status: int
) -> None:
    server.faults = [f"status:{status}"]
    with pytest.raises(FetchError, match=str(status)):
        get(server.url)
    assert len(server.ranges) == 1


def test_a_server_may_send_elsewhere_also_in_the_middle(get: Fetching, server: FileServer) -> None:
    with file_server(b"") as first:
        first.faults = [f"to:{server.url}"] * 2
        server.faults = ["cut:1000000"]
        assert get(first.url).read_bytes() == CONTENT
    assert server.ranges == ["", "bytes=1000000-"]


def test_nothing_listens_there(get: Fetching) -> None:
    with file_server(b"") as gone:
        url = gone.url
    with pytest.raises(FetchError, match="0 of 3000000 bytes have arrived"):
        get(url)


def test_a_file_of_this_machine_is_copied_and_checked(get: Fetching, tmp_path: Path) -> None:
    own = tmp_path / "own.gguf"
    own.write_bytes(OTHER)
    with pytest.raises(FetchError, match="sha256"):
        get(own)
    own.write_bytes(CONTENT)
    assert get(own).read_bytes() == CONTENT
    assert own.exists()


@pytest.mark.parametrize("missing", ["gone.gguf", "."])
def test_a_file_that_cannot_be_read_is_named(get: Fetching, tmp_path: Path, missing: str) -> None:
    with pytest.raises(FetchError, match="cannot be read"):
        get(tmp_path / missing)


def test_a_full_disk_keeps_what_arrived(get: Fetching, server: FileServer) -> None:
    get.place.folder.mkdir()
    get.place.part.symlink_to("/dev/full")
    with pytest.raises(StorageError, match="too little room") as caught:
        get(server.url)
    assert "ASTROLABE_CACHE" in caught.value.hint


def test_a_file_larger_than_the_disk_is_refused_before_it_is_fetched(tmp_path: Path) -> None:
    huge = WEIGHTS.model_copy(update={"size_bytes": 1 << 60})
    with file_server(CONTENT) as server, pytest.raises(StorageError, match="too little room"):
        Fetching(Place(tmp_path, huge))(server.url)
    assert server.ranges == []


def test_a_folder_that_cannot_be_is_told(tmp_path: Path) -> None:
    (tmp_path / "models").write_text("a file")
    with pytest.raises(StorageError, match="cannot be written"):
        Fetching(Place(tmp_path / "models", WEIGHTS))("http://127.0.0.1:1/")


CHILD = """
    import sys
    from pathlib import Path
    from astrolabe.adapters.local_models.fetching import Place, fetch
    from astrolabe.adapters.local_models.sources import WebSource
    from astrolabe.domain.contacts import Contacts
    from astrolabe.ports.weights import Weights

    place = Place(Path(sys.argv[1]), Weights.model_validate_json(sys.argv[2]))
    fetch(place, WebSource(sys.argv[3], Contacts(), 60), lambda done, total: print(done, flush=True))
"""


def test_killed_in_the_middle_it_goes_on_from_there(get: Fetching, server: FileServer) -> None:
    server.faults = ["hang:1500000"]
    child = subprocess.Popen(
        [
            *(sys.executable, "-c", textwrap.dedent(CHILD)),
            *(str(get.place.folder), WEIGHTS.model_dump_json(), server.url),
        ],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdout
    told = iter(child.stdout)
    assert next(int(done) for done in told if int(done) >= 1_400_000) < len(CONTENT)
    with pytest.raises(ConflictError, match="another process"):
        get(server.url)
    os.kill(child.pid, signal.SIGKILL)
    child.wait()
    child.stdout.close()

    kept = get.place.arrived_bytes
    assert kept >= 1_300_000
    assert get(server.url).read_bytes() == CONTENT
    assert server.ranges == ["", f"bytes={kept}-"]


def test_offline_only_this_machine_is_asked_even_when_it_sends_elsewhere(
    get: Fetching, server: FileServer
) -> None:
    get.contacts = Contacts(offline=True)
    for url in ("http://mirror.example/tiny.gguf", "https://192.0.2.1/tiny.gguf"):
        with pytest.raises(
            OfflineError, match=r"fetching from (mirror\.example|192\.0\.2\.1) needs the network"
        ):
            get(url)
    server.faults = ["to:http://mirror.example/tiny.gguf"]
    with pytest.raises(OfflineError, match=r"mirror\.example"):
        get(server.url)
    assert get(server.url).read_bytes() == CONTENT


@pytest.mark.parametrize(
    ("name", "source", "error"),
    [
        ("other", None, MissingError),
        ("tiny", "ftp://mirror.example/tiny.gguf", InputError),
        ("tiny", "http:///tiny.gguf", InputError),
    ],
)
def test_what_cannot_be_asked_for_is_told(
    tmp_path: Path, name: str, source: str | None, error: type[AstrolabeError]
) -> None:
    shelf = WeightsShelf(tmp_path, Contacts(), {"tiny": WEIGHTS})
    with pytest.raises(error) as caught:
        shelf.get(name, source, unheard)
    assert caught.value.hint
    assert list(tmp_path.iterdir()) == []


def test_a_shelf_knows_what_is_here(tmp_path: Path, server: FileServer) -> None:
    shelf = WeightsShelf(
        tmp_path / "models", Contacts(), {"tiny": WEIGHTS.model_copy(update={"url": server.url})}
    )
    with pytest.raises(MissingError, match="are not here"):
        shelf.path("tiny")
    assert shelf.remove("tiny") == 0
    server.faults = ["cut:10", "status:404"]
    with pytest.raises(FetchError):
        shelf.get("tiny", None, unheard)
    (partly,) = shelf.status()
    assert (partly.path, partly.arrived_bytes) == (None, 10)
    whole = shelf.get("tiny", None, unheard)
    assert shelf.path("tiny") == whole
    assert shelf.status()[0].path == whole
    assert shelf.remove("tiny") == len(CONTENT)
    assert shelf.status()[0].path is None


def test_what_is_shipped_is_pinned_to_a_revision() -> None:
    for weights in shipped_catalogue().values():
        revision = weights.url.split("/resolve/")[1].split("/")[0]
        assert len(revision) == 40
        assert weights.url.endswith(weights.file)
        assert len(weights.sha256) == 64
