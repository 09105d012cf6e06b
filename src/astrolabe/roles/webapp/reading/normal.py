"""Writes a clause in one form where English has many, so that rules need to know only one."""

import re
from functools import lru_cache

from astrolabe.roles.webapp.reading.words import CACHED

_NUMBERS = {
    "zero": 0, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9,
    "ten": 10, "eleven": 11, "twelve": 12, "thirteen": 13, "fifteen": 15, "twenty": 20, "thirty": 30, "forty": 40,
    "fifty": 50, "sixty": 60, "ninety": 90, "hundred": 100, "thousand": 1000,
}  # fmt: skip
_NUMBER = r"(?:-?\d(?:[\d,]{0,14}\d)?(?:\.\d{1,9})?|minus\s+\d{1,15}|" + "|".join(_NUMBERS) + ")"
_BETWEEN = re.compile(rf"\bbetween\s+({_NUMBER})\s+(?:and|to)\s+({_NUMBER})(?!\w)", re.IGNORECASE)
_RANGE = re.compile(
    rf"\b(?:from|form)\s+({_NUMBER})\s+(?:to|through|up to|until|till)\s+({_NUMBER})(?!\w)", re.IGNORECASE
)
_LIMIT = re.compile(
    rf"\b(at least|at most|up to|no more than|not more than|(?:no |not )?(?:less|more|fewer|greater|larger|higher|longer|smaller|lower|shorter|bigger) than|minimum(?: of)?|maximum(?: of)?|max\.?|min\.?"
    rf"|below|above|under|over|exactly|only)\s+({_NUMBER})(?!\w)",
    re.IGNORECASE,
)
_COUNTED_WORDS = r"stars?|characters?|digits?|letters|words|decimals?|decimal\s+places|minutes|hours|days|weeks|months|years|points?"
_SPELLED = re.compile(
    rf"\b({'|'.join(_NUMBERS)})\b(?=\s+(?:to|or\s+more|or\s+less|{_COUNTED_WORDS})\b)", re.IGNORECASE
)
_SEVERAL = re.compile(r"\b(?:zero|0)(?:,\s*one)?\s+or\s+(?:more|many)\s+(?=[a-z])", re.IGNORECASE)
_ONE_OR_MORE = re.compile(
    r"\b(?:at\s+least\s+(?:one|1)|(?:one|1)\s+or\s+(?:more|several|many)|(?:one|1)\s+to\s+many)\s+(?!(?:and|or|but|characters?|letters?|digits?|stars?|euros?)\b)(?=[a-z])",
    re.IGNORECASE,
)
_AT_MOST_ONE = re.compile(r"\b(?:zero|0|none|no)\s+or\s+(?:one|1)\s+(?=[a-z])", re.IGNORECASE)
_ALTERNATIVE = re.compile(
    r"\b((?:one|two|three|four|five|[1-9]))\s+or\s+((?:two|three|four|five|six|[2-9]))\s+(?=[a-z]+s\b|people\b|children\b)",
    re.IGNORECASE,
)
_CURRENCY = re.compile(r"([€$£])\s?(\d[\d,]*(?:\.\d+)?)|\b(EUR|USD|GBP|CHF)\s(\d[\d,]*(?:\.\d+)?)")
_CURRENCIES = {"€": "euros", "$": "dollars", "£": "pounds", "EUR": "euros", "USD": "dollars", "GBP": "pounds", "CHF": "CHF"}  # fmt: skip
_FORMS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), form)
    for pattern, form in (
        (r"\b(it|that|this|there|he|she|what)'s\b", r"\1 is"),
        (r"\b(they|we|you)'re\b", r"\1 are"),
        (r"\b(is|are|was|were|does|do|must|should)n't\b", r"\1 not"),
        (r"\bcan(?:'t|\s+not)\b", "cannot"),
        (r"\bwon't\b", "will not"),
        (r"\Aplease,?\s+(?:also\s+)?(?=keep|store|record|save|note)", ""),
        (r"\bshall\s+(?=(?:have|contain|include|consist|store|record)\b)", ""),
        (r"\bshall\b", "must"),
        (r"\b(?:ha(?:s|ve)|ought|needs?|(?:is|are)\s+(?:required|supposed|expected|meant))\s+to\s+(?=(?:be|have|belong|contain|include|refer|consist|start|default|lie)\b)", "must "),
        (r"\b(?:is|are)\s+to\s+(?=(?:be|have)\b)", "must "),
        (r"\b(?:square|sq\.?)\s+met(?:re|er)s?\b|\bm2\b|\bsqm\b", "m²"),
        (r"\bcubic\s+met(?:re|er)s?\b|\bm3\b", "m³"),
        (r"\b(?:square|sq\.?)\s+(?:feet|foot|ft)\b", "ft²"),
        (r"\bdegrees?\s+(?:celsius|centigrade|c\b)|°\s?c\b|(?<=\sin\s)celsius\b", "°C"),
        (r"\bdegrees?\s+fahrenheit\b|°\s?f\b", "°F"),
        (r"\b(?:kilomet(?:er|re)s|km)\s+(?:per|an)\s+hour\b|\bkph\b", "km/h"),
        (r"\bper\s+cent\b", "percent"),
        (r"(?:(?<=[,:;(]\s)|(?<=\band\s)|(?<=\bhas\s)|(?<=\bhave\s))(?!whether\b|if\b)([a-z-]+(?:\s[a-z-]+)?)\s+or\s+not(?=\s*(?:[,.;)]|\Z))", r"\1 (yes/no)"),
        (r"\bwhat\s+(?:it|they|he|she)(?:\s+is|\s+are)\s+called\b", "name"),
        (r"(?:\A|(?<=[,:;(]\s)|(?<=\band\s)|(?<=\bhas\s)|(?<=\bhave\s))how\s+many\s+([a-z]+s)(?=\s*(?:[,;.)]|\Z|\band\b))", r"number of \1"),
        (r"\b(has|have|contains?|includes?|stores?|consists?\s+of)\s*:\s+(?=\S)", r"\1 "),
    )
)  # fmt: skip


def number_of(text: str) -> float:
    """Return the number that digits or an English word stand for."""
    low = text.lower().replace(",", "")
    if low.startswith("minus"):
        low = "-" + low.split()[-1]
    value = float(_NUMBERS[low]) if low in _NUMBERS else float(low)
    return int(value) if value == int(value) else value


def _digits(word: str) -> str:
    value = number_of(word)
    return str(value) if isinstance(value, int) else f"{value:.12g}"


def _price(found: re.Match[str]) -> str:
    return f"{found[2] or found[4]} {_CURRENCIES[found[1] or found[3]]}"


_PAIRS = (
    "first last|given family|start end|start finish|begin end|minimum maximum|min max|opening closing|arrival departure|departure arrival"
    "|planned actual|expected actual|estimated actual|birth death|billing delivery|billing shipping|home away|upper lower|gross net|buying selling"
    "|purchase sale|purchase selling|check-in check-out|smallest largest|shortest longest|lowest highest|earliest latest|old new"
)
_PAIR = re.compile(
    r"\b(?P<article>an?\s+|the\s+|its\s+|their\s+)?(?P<both>"
    + "|".join(r"{}\s+(?:and|&)\s+(?:an?\s+|the\s+)?{}".format(*pair.split()) for pair in _PAIRS.split("|"))
    + r")\s+(?P<noun>(?!(?:is|are|was|of|in|on|at|to|for|and|or|with|must|can|cannot|may|should|will|has|have|as|by|from|that|which)\b)[a-z]+(?:\s+of\s+[a-z]+)?)\b",
    re.IGNORECASE,
)


def _pair(found: re.Match[str]) -> str:
    """Write `a first and last name` as `a first name and a last name`."""
    article, noun = found["article"] or "", found["noun"]
    one, *_, other = found["both"].split()
    return f"{article}{one} {noun} and {article}{other} {noun}"


def _neighbours(found: re.Match[str]) -> str:
    """Read `one or two authors` as a range; between `two or four` lies a number that is not meant."""
    low, high = _digits(found[1]), _digits(found[2])
    return f"from {low} to {high} " if int(high) == int(low) + 1 else found[0]


@lru_cache(maxsize=CACHED)
def normal(text: str) -> str:
    """Write numbers as digits, every range as `from A to B`, duties as `must`, units in short, contractions in full."""
    for pattern, form in _FORMS:
        text = pattern.sub(form, text)
    text = _CURRENCY.sub(_price, text)
    text = _PAIR.sub(_pair, text)
    text = _SEVERAL.sub("several ", text)
    text = _AT_MOST_ONE.sub("at most 1 ", text)
    text = _ONE_OR_MORE.sub("at-least-one ", text)
    text = _ALTERNATIVE.sub(_neighbours, text)
    text = _BETWEEN.sub(lambda found: f"from {_digits(found[1])} to {_digits(found[2])}", text)
    text = _RANGE.sub(lambda found: f"from {_digits(found[1])} to {_digits(found[2])}", text)
    text = _LIMIT.sub(lambda found: f"{found[1]} {_digits(found[2])}", text)
    return _SPELLED.sub(lambda found: _digits(found[1]), text)
