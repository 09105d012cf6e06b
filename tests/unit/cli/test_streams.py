"""What a terminal is shown of a command's output."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from astrolabe.cli.streams import Cleaning

_BYTES = st.lists(
    st.sampled_from(
        [b"\x1b", b"[", b"]", b"3", b"1;", b"m", b"K", b"J", b"\xc2", b"\x9b", b"\n", b"a", b"\x07"]
    ),
    max_size=14,
).map(b"".join)


def _cleaned(*pieces: bytes) -> bytes:
    cleaning = Cleaning()
    return b"".join([*map(cleaning.clean, pieces), cleaning.end()])


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        (b"plain\ttext\r\n", b"plain\ttext\r\n"),
        ("größe 日本".encode(), "größe 日本".encode()),
        (b"\x1b[31mred\x1b[0m", b"\x1b[31mred\x1b[0m\x1b[0m"),
        (b"\x1b]0;title\x07", "\N{REPLACEMENT CHARACTER}]0;title\x07".encode()),
        (b"\x1b[2J\x1b[H", "\N{REPLACEMENT CHARACTER}[2J\N{REPLACEMENT CHARACTER}[H".encode()),
        (b"\xc2\x9b2J", "\N{REPLACEMENT CHARACTER}2J".encode()),
        (b"\x05\x0e\x7f", "\N{REPLACEMENT CHARACTER}".encode() * 3),
        (b"end\x1b", "end\N{REPLACEMENT CHARACTER}".encode()),
    ],
)
def test_colours_pass_and_nothing_steers_the_terminal(raw: bytes, shown: bytes) -> None:
    assert _cleaned(raw) == shown


@given(_BYTES, st.integers(0, 30))
def test_it_is_the_same_in_whichever_pieces_it_comes(raw: bytes, place: int) -> None:
    shown = _cleaned(raw)
    assert _cleaned(raw[:place], raw[place:]) == shown
    assert not re.search(rb"\x1b(?!\[[0-9;:]*[mK])|\xc2[\x80-\x9f]", shown)
