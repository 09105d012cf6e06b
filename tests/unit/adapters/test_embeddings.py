"""What remembers directions, and the directions of words."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from astrolabe.adapters.embeddings.remembered import Remembered
from astrolabe.adapters.embeddings.static import StaticWords
from astrolabe.errors import StorageError
from astrolabe.retrieval.directions import Directions


class Counting:
    name, dimensions, related = "counting", 4, 0.5

    def __init__(self) -> None:
        self.asked: list[str] = []

    def embed(self, texts: Sequence[str]) -> list[bytes]:
        self.asked += texts
        return [bytes([len(text), 1, 2, 3]) for text in texts]


def test_no_text_is_embedded_twice_by_any_process(tmp_path: Path) -> None:
    first, second = Counting(), Counting()
    one, other = Remembered(first, tmp_path), Remembered(second, tmp_path)
    assert one.embed(["a", "bb", "a"]) == [b"\1\1\2\3", b"\2\1\2\3", b"\1\1\2\3"]
    assert other.embed(["bb", "ccc"]) == [b"\2\1\2\3", b"\3\1\2\3"]
    assert one.embed(["ccc", "bb"]) == [b"\3\1\2\3", b"\2\1\2\3"]
    assert (first.asked, second.asked) == (["a", "bb"], ["ccc"])


@pytest.mark.parametrize("cut", range(1, 24))
def test_a_file_that_was_cut_or_damaged_anywhere_costs_time_and_nothing_else(
    tmp_path: Path, cut: int
) -> None:
    Remembered(Counting(), tmp_path).embed(["a", "bb"])
    (file,) = tmp_path.iterdir()
    whole = file.read_bytes()
    file.write_bytes(whole[:-cut])
    again = Counting()
    assert Remembered(again, tmp_path).embed(["bb", "a"]) == [b"\2\1\2\3", b"\1\1\2\3"]
    assert again.asked == ["bb"]
    assert file.read_bytes() == whole
    file.write_bytes(whole[: len(whole) - cut] + b"\xff" + whole[len(whole) - cut + 1 :])
    assert Remembered(Counting(), tmp_path).embed(["bb", "a"]) == [b"\2\1\2\3", b"\1\1\2\3"]


def test_a_file_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    (tmp_path / "counting.directions").mkdir()
    with pytest.raises(StorageError, match=r"counting\.directions"):
        Remembered(Counting(), tmp_path).embed(["a"])


def test_texts_that_mean_the_same_are_nearer_than_others() -> None:
    words = StaticWords()
    told = words.embed(
        ["the database is slow", "queries take long on our SQL server", "a cake with apples", ""]
    )
    assert {len(row) for row in told} == {words.dimensions}
    near = dict(Directions(told[1:]).nearest(told[0], 3))
    assert near[0] > words.related > near[1]
    assert words.embed([]) == []
