"""What the watcher says when it is not the commands but the machine that has little left."""

from pathlib import Path

import pytest

from astrolabe.adapters.sandboxes.holder.memory import WatchedMemory


@pytest.mark.parametrize(
    ("at_first", "now", "ends"),
    [
        (1000, 900, False),
        (1000, 256, False),
        (1000, 255, True),
        (400, 210, False),
        (400, 190, True),
        (0, 0, False),
    ],
)
def test_foreign_code_ends_when_less_than_the_reserve_is_left(
    tmp_path: Path, at_first: int, now: int, ends: bool
) -> None:
    """A machine that had little from the start keeps half of that."""
    answers = iter([at_first, now])
    memory = WatchedMemory(1 << 60, 256, str(tmp_path), "/nowhere", lambda: next(answers))
    assert memory.exceeded([]) is ends


def test_files_in_memory_count(tmp_path: Path) -> None:
    """The folder's file system is some disk here; what counts is that its use is asked for."""
    assert WatchedMemory(0, 0, str(tmp_path), "/nowhere", lambda: 1).exceeded([])
