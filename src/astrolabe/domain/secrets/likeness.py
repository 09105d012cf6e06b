"""Telling a random value from one that somebody typed: a name, a placeholder, a digest."""

import itertools
import re
from collections import Counter
from math import log2

_PLACEHOLDER = re.compile(
    r"example|dummy|placeholder|change[-_]?me|redacted|x{4}|\*{3}|0123456789|1234567890|abcdefgh"
    r"|(?<![a-z0-9])(?:your|my|fake|test|tests|testing|sample|mock|foo|bar|todo|insert|replace)(?![a-z0-9])"
)
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_SNAKE = re.compile(r"[A-Z0-9]+(?:_[A-Z0-9]+)+|[a-z0-9]+(?:_[a-z0-9]+)+")
_HEX = re.compile(r"[0-9a-f]+|[0-9A-F]+")
_HEX_CHARACTERS = 32
_MIXED_CHARACTERS = 20
_MIXED_BITS = 3.3
"""Of entropy for each character: 20 random ones have about 4, a phrase of words about 3."""
_HEX_BITS = 2.8
_CHANGES = 0.25
"""How often the kind of character changes: at nearly every second place of a random value, seldom in camelCase."""
_FEW_DISTINCT = 6


def says_placeholder(value: str) -> bool:
    """Tell whether a value says of itself that it is none."""
    return _PLACEHOLDER.search(value.lower()) is not None


def is_placeholder(value: str) -> bool:
    """Tell whether a key only stands where one would."""
    return says_placeholder(value) or len(set(value)) < _FEW_DISTINCT


def is_random(value: str) -> bool:
    """Tell whether nobody typed this: no name, path, phrase or UUID, but what a generator of keys makes."""
    if _UUID.fullmatch(value.lower()) or _SNAKE.fullmatch(value) or is_placeholder(value):
        return False
    digits = sum(character.isdigit() for character in value)
    if digits in {0, len(value)}:
        return False
    if _HEX.fullmatch(value):
        return len(value) >= _HEX_CHARACTERS and bits(value) >= _HEX_BITS
    return len(value) >= _MIXED_CHARACTERS and bits(value) >= _MIXED_BITS and _changes(value) >= _CHANGES


def bits(value: str) -> float:
    """Return Shannon's entropy of a value that is not empty, in bits for each character."""
    size = len(value)
    return -sum(count / size * log2(count / size) for count in Counter(value).values())


def _changes(value: str) -> float:
    """Return the share of places where the kind of character changes; a capital before small letters begins a word."""
    kinds = [_kind(character) for character in value]
    pairs = itertools.pairwise(kinds)
    return sum(one != other and (one, other) != ("A", "a") for one, other in pairs) / (len(value) - 1)


def _kind(character: str) -> str:
    if character.isdigit():
        return "0"
    if character.isalpha():
        return "A" if character.isupper() else "a"
    return "-"
