"""An answer that goes round in a circle is known for one, whatever it says; what people and tools write is not."""

from pathlib import Path

from hypothesis import example, given
from hypothesis import strategies as st

from astrolabe.domain.repetition import LEAST, LONGEST, TIMES, Listener, circle, without_circle

PIECES = st.text(min_size=1, max_size=LONGEST)
WRITTEN = [path.read_text() for path in sorted(Path(__file__).parents[1].rglob("*.py"))[:60]]


def _circling(piece: str) -> str:
    return piece * -(-max(LEAST, TIMES * len(piece)) // len(piece))


@given(before=st.text(max_size=300), piece=PIECES, cut=st.integers(0, LONGEST))
@example(before='"checks": [', piece='"shell lines that fail", ', cut=7)
def test_what_repeats_is_found_wherever_it_is_cut_off_and_is_kept_once(
    before: str, piece: str, cut: int
) -> None:
    text = before + _circling(piece) + piece[: cut % len(piece)]
    found = circle(text)
    assert 0 < found <= len(piece)
    short = without_circle(text)
    assert len(short) <= len(before) + 2 * len(piece) + 10
    assert text.startswith(short.removesuffix(" […]"))
    assert not circle(short)


@given(before=st.text(max_size=300), piece=PIECES)
def test_once_too_few_is_none(before: str, piece: str) -> None:
    assert not circle(f"{before}\0{piece * 7}"[: LEAST - 1])


def test_files_that_people_wrote_go_round_in_no_circle_at_any_place() -> None:
    for text in WRITTEN:
        listener = Listener()
        assert not any(listener.hears(text[at : at + 40]) for at in range(0, len(text), 40))


@given(piece=PIECES, step=st.integers(1, 60))
def test_a_listener_stops_soon_after_it_could_know(piece: str, step: int) -> None:
    text, listener = _circling(piece) * 3, Listener()
    stopped = next(at for at in range(0, len(text), step) if listener.hears(text[at : at + step]))
    assert stopped <= len(_circling(piece)) + 4 * LEAST
