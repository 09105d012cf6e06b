"""What is fuzzed: a public door of the product that reads what others wrote."""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
DATA = ROOT / "tests" / "data"
JSON_WORDS = (
    b'{"',
    b'":',
    b"[",
    b"]",
    b"{",
    b"}",
    b",",
    b'"',
    b"\\",
    b"\\ud800",
    b"null",
    b"true",
    b"NaN",
    b"1e999",
    b"-1",
    b"9" * 40,
)
YAML_WORDS = (b": ", b":\n  ", b"\n- ", b"\n  - ", b"&a ", b"*a", b"<<: ", b"!!binary ", b"!!python/name:os.system ", b"|\n  ", b">-\n", b"? ", b"---\n", b"...\n", b"%YAML 1.1\n", b"{", b"}", b"[", b"]", b"#", b"'", b'"', b"\t", b"0x1", b"1_0", b"~", b".inf", b"2026-01-01")  # fmt: skip


@dataclass(frozen=True)
class Target:
    """`read` gives bytes to a door; `errors` are those it documents, whatever else comes out is a fault.

    `words` are pieces that its inputs are made of, `seeds` whole ones. `most` is how long an input becomes, in bytes. One that
    is `slow` to one input gets fewer of them.
    """

    read: Callable[[bytes], object]
    errors: tuple[type[BaseException], ...] = ()
    words: Sequence[bytes] = ()
    seeds: Callable[[], Iterable[bytes]] = field(default=lambda: ())
    most: int = 65_536


def text(data: bytes) -> str:
    return data.decode("utf-8", "replace")


def files(pattern: str, most: int = 64) -> list[bytes]:
    """Return what is in files of the repository, the smallest first, of at most 64 kB."""
    found = sorted((path.stat().st_size, str(path)) for path in ROOT.glob(pattern) if path.is_file())
    return [Path(path).read_bytes() for size, path in found if size < 65_536][:most]


def replies() -> list[bytes]:
    """Return what models once answered: the words, tool calls and events of the recorded exchanges."""
    told = json.loads((DATA / "replies" / "transcripts.json").read_text(encoding="utf-8"))
    found: list[bytes] = []

    def gather(value: object) -> None:
        if isinstance(value, str) and len(value) > 20:
            found.append(value.encode("utf-8", "surrogatepass"))
        for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
            gather(inner)

    gather(told)
    return sorted(set(found), key=len)[:80]
