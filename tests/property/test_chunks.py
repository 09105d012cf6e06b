"""Texts in pieces: nothing that is written is lost, no piece is too large, and each says truly where it stands."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from astrolabe.retrieval.chunks import MOST_CHARACTERS, OVERLAP_CHARACTERS, chunked

PATHS = st.sampled_from(["a.md", "a.py", "a.ts", "a.go", "a.txt", "Makefile"])
LINES = st.one_of(
    st.text(st.characters(exclude_characters="\n", exclude_categories=["Cs"]), max_size=80),
    st.sampled_from(
        [
            "",
            "# One",
            "## Two",
            "```",
            "~~~~",
            "def one():",
            "class Two:",
            "    async def x(self):",
            "func (r R) Go() {",
        ]
    ),
    st.builds(str.__mul__, st.sampled_from(["x", "word ", "é"]), st.integers(0, 2500)),
)
TEXTS = st.lists(LINES, max_size=120).map("\n".join)


@given(PATHS, TEXTS)
def test_every_line_that_says_something_lies_in_a_piece_that_tells_its_lines(path: str, text: str) -> None:
    lines = text.split("\n")
    pieces = chunked(path, text)
    covered = set[int]()
    for piece in pieces:
        assert 0 < len(piece.text) <= MOST_CHARACTERS
        assert piece.text.strip()
        if piece.first == piece.last:
            assert piece.text in lines[piece.first - 1]
        else:
            assert piece.text == "\n".join(lines[piece.first - 1 : piece.last])
        covered |= set(range(piece.first, piece.last + 1))
    assert covered >= {number for number, line in enumerate(lines, 1) if line.strip()}
    assert [piece.first for piece in pieces] == sorted(piece.first for piece in pieces)


@given(PATHS, TEXTS, st.data())
def test_a_sentence_of_a_line_lies_whole_in_a_piece(path: str, text: str, data: st.DataObject) -> None:
    line = data.draw(st.sampled_from(text.split("\n")))
    begin = data.draw(st.integers(0, len(line)))
    sentence = line[begin : begin + data.draw(st.integers(0, OVERLAP_CHARACTERS))]
    if sentence.strip():
        assert any(sentence in piece.text for piece in chunked(path, text))


@given(PATHS, TEXTS)
def test_cutting_goes_forward(path: str, text: str) -> None:
    """A piece is never the beginning or the end of its neighbour."""
    pieces = chunked(path, text)
    for one, other in pairwise(pieces):
        assert other.last > one.last or other.first == other.last == one.last


def test_headings_and_definitions_begin_pieces_and_name_them() -> None:
    body = "words " * 60
    markdown = f"# Guide\n\n{body}\n\n## Install\n\n{body}\n\n```\n# no heading\n```\n\n## Use\n\n{body}\n"
    assert [piece.heading for piece in chunked("a.md", markdown)] == [
        "Guide",
        "Guide > Install",
        "Guide > Use",
    ]
    line = "    value = compute(value)\n" * 12
    code = (
        f"import os\n\n\ndef one():\n{line}\n\n@decorated\n# why\ndef two():\n{line}\n\nclass Three:\n{line}"
    )
    told = [(piece.heading, piece.text.split("\n")[0]) for piece in chunked("a.py", code)]
    assert told == [("", "import os"), ("two", "@decorated"), ("Three", "class Three:")]
