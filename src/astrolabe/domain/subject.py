"""The first line of a commit, written by whoever made the change: taken where it is one, else it is not taken at all."""

import re

LONGEST = 72
_BAD = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ufffd]"  # no line, or another
    r"|^[^\w\s\"'`(\[]"  # a comment, a list, an option
    r"|^[A-Za-z]+(?:-[A-Za-z]+)+:"  # a trailer
    r"|\[(?:skip|no)[ -]\w+\]|\[\w+[ -]skip\]"  # what keeps checks from running
    r"|\b(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?):?\s+#\d"  # what closes issues
    r"|(?<!\w)@\w",  # what calls people
    re.IGNORECASE,
)
_KIND = re.compile(r"[a-z]+(?:\([^()]*\))?!?:\s+")
_WORD = re.compile(r"[a-z]+(?:-[a-z]+)*")
_TOLD = re.compile(r"[A-Za-z]+(?:ed|ing|[^su'i]s)\b")
_ORDERS = frozenset(
    [
        "bring",
        "embed",
        "exceed",
        "feed",
        "need",
        "ping",
        "proceed",
        "seed",
        "shed",
        "speed",
        "spring",
        "string",
        "succeed",
        "swing",
    ]
)
"""Orders that end like what is told of the past or the present."""


def subject_in(said: str) -> str:
    """Return a commit's subject as it was said, an order in one line of at most 72 characters; nothing when it is none.

    Refused is what is no line, tells what was done instead of what to do, or means something to those who read commits
    by program: trailers, words that close issues, skip checks or call people.
    """
    line = said.strip().rstrip(".").rstrip()
    if not line or len(line) > LONGEST or _BAD.search(line):
        return ""
    kind = _KIND.match(line)
    order = line[kind.end() :] if kind else line
    first = order.split(" ", 1)[0].lower()
    if " " not in order or not _WORD.fullmatch(first):
        return ""
    if _TOLD.fullmatch(first) and first not in _ORDERS:
        return ""
    return line if kind else line[0].upper() + line[1:]
