"""Where the secrets of a text are."""

import re
from collections.abc import Generator, Iterable, Sequence
from dataclasses import dataclass

from astrolabe.domain.secrets.rules import RULES, Rule

_SIGNS = re.compile(
    "|".join(
        re.escape(sign) for sign in sorted({"-----begin ", *(s.lower() for r in RULES for s in r.signs)})
    ),
    re.IGNORECASE,
)
_SHORT_CHARACTERS = 500
"""Up to here, looking for all signs at once is faster than for one after the other."""
_BEGIN = re.compile(r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----")
_BODY = re.compile(r"[A-Za-z0-9+/=]{20,}+")
_FEWEST_BODY_CHARACTERS = 40
_MOST_KEY_CHARACTERS = 20_000


@dataclass(frozen=True)
class Finding:
    """A secret in a text: which kind, and between which characters (`text[start:end]`)."""

    rule: str
    start: int
    end: int


def found_in(text: str, known: Sequence[str] = ()) -> tuple[Finding, ...]:
    """Return the secrets of a text in their order, none within another; `known` are values that are secrets as they stand.

    It takes time in proportion to the length of `text`, whatever is in it.
    """
    found = list(_known(text, known))
    if len(text) > _SHORT_CHARACTERS or _SIGNS.search(text):
        lowered = _lowered(text)
        found += _private_keys(text)
        for rule in RULES:
            found += _by_rule(rule, text, text if rule.exact else lowered)
    return tuple(_apart(found))


def line_of(text: str, finding: Finding) -> int:
    """Return the number of the line a finding begins in, counted from 1."""
    return text.count("\n", 0, finding.start) + 1


def _lowered(text: str) -> str:
    """Return a text of the same length with the letters of ASCII small; those of others can change their number."""
    if text.isascii():
        return text.lower()
    return text.encode("utf-8", "surrogatepass").lower().decode("utf-8", "surrogatepass")


def _places(text: str, sign: str) -> Generator[int]:
    place = text.find(sign)
    while place >= 0:
        yield place
        place = text.find(sign, place + len(sign))


def _by_rule(rule: Rule, text: str, where: str) -> Generator[Finding]:
    over = 0
    for place in sorted(place for sign in rule.signs for place in _places(where, sign)):
        if place >= over and (match := rule.pattern.match(text, place)) and rule.judge(match):
            over = match.end()
            yield Finding(rule.name, match.start("value"), match.end("value"))


def _known(text: str, known: Sequence[str]) -> Generator[Finding]:
    for value in known:
        for place in _places(text, value):
            yield Finding("configured value", place, place + len(value))


def _private_keys(text: str) -> Generator[Finding]:
    """Find keys in PEM; one whose end was cut off reaches as far as its lines do."""
    begins = [match for place in _places(text, "-----BEGIN ") if (match := _BEGIN.match(text, place))]
    for begin, after in zip(begins, (*(match.start() for match in begins[1:]), len(text)), strict=False):
        until = min(after, begin.end() + _MOST_KEY_CHARACTERS)
        end = text.find("-----END ", begin.end(), until)
        bodies = list(_BODY.finditer(text, begin.end(), until if end < 0 else end))
        if sum(len(body[0]) for body in bodies) >= _FEWEST_BODY_CHARACTERS:
            yield Finding("private key", begin.start(), bodies[-1].end())


def _apart(found: Iterable[Finding]) -> Generator[Finding]:
    """Yield findings in order; of those that overlap the first stays, and reaches as far as any."""
    last: Finding | None = None
    for finding in sorted(found, key=lambda one: one.start):
        if last is None or finding.start >= last.end:
            if last is not None:
                yield last
            last = finding
        elif finding.end > last.end:
            last = Finding(last.rule, last.start, finding.end)
    if last is not None:
        yield last
