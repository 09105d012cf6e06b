"""What is shown while it comes shows no secret either, however it is cut into pieces."""

import itertools

from hypothesis import given, settings
from hypothesis import strategies as st

from astrolabe.domain.secrets.redaction import Redactor
from astrolabe.domain.secrets.stream import RedactedStream

KNOWN = "correct horse battery"
BODY = ["MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQ", "C7VJTUt9Us8cKjMzEfYyjiWA4R4ypbHqGC0H0"]
KEY = "\n".join(("-----BEGIN PRIVATE KEY-----", *BODY, "-----END PRIVATE KEY-----", ""))
lines = st.lists(st.sampled_from(["é one\n", f"it is {KNOWN}.\n", KEY, "two\r\n", "\n"]), min_size=1)


@settings(deadline=None)
@given(lines, st.lists(st.integers(0, 400)))
def test_pieces_show_what_the_whole_shows(lines: list[str], cuts: list[int]) -> None:
    whole, shown = "".join(lines), list[bytes]()
    stream = RedactedStream(Redactor([KNOWN]), shown.append)
    data = whole.encode()
    places = sorted({0, *(cut for cut in cuts if cut < len(data)), len(data)})
    for start, end in itertools.pairwise(places):
        stream.put(data[start:end])
    assert b"".join(shown).decode() == Redactor([KNOWN]).redacted(whole)


def test_what_never_ends_a_line_is_shown_all_the_same() -> None:
    shown = list[bytes]()
    RedactedStream(Redactor(), shown.append).put(b"." * 30_000)
    assert len(b"".join(shown)) == 30_000
