"""Today's code asks the recorded model the same words, and ends where it ended: else the recordings are to be made anew."""

from pathlib import Path

import pytest

from tests.acceptance.test_recorded_models import RECORDINGS
from tests.person import Person, person

__all__ = ["person"]


@pytest.mark.parametrize("file", RECORDINGS, ids=lambda file: file.stem)
def test_the_course_is_the_same_byte_for_byte(person: Person, file: Path) -> None:
    told = person.types("replay", file, "--json").document
    assert told["turns"] == []
    assert told["same"]
