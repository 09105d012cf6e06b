"""What was said about one field or link, and what may be the name of one."""

import re
from dataclasses import dataclass, field
from itertools import pairwise

from astrolabe.roles.webapp.model import FieldType
from astrolabe.roles.webapp.reading.words import word_set

_MOST_WORDS = 5


@dataclass
class Spec:
    """What was said about one field or link.

    `noun` is its name as written, `many` that there are several, `mutual` on both sides, `limit` how many as far as it is said. `rest` are the
    words that were not understood, `notes` what had to be assumed.
    """

    noun: str
    many: bool = False
    counted: bool = False
    mutual: bool = False
    limit: str = ""
    type: FieldType | None = None
    required: bool | None = None
    unique: bool | None = None
    min: float | None = None
    max: float | None = None
    above: float | None = None
    below: float | None = None
    min_length: int | None = None
    max_length: int | None = None
    pattern: str | None = None
    default: str | None = None
    unit: str = ""
    target: str = ""
    exactly_one: bool = False
    values: tuple[str, ...] = ()
    description: str = ""
    determined: bool = False
    rest: list[str] = field(default_factory=list[str])
    notes: list[str] = field(default_factory=list[str])

    @property
    def counting(self) -> str:
        """How many there may be, as far as it is said: of things that are linked, not of a value."""
        given = self.min is not None and self.max is not None
        return self.limit or (f"from {self.min:g} to {self.max:g}" if given else "")

    @property
    def constrained(self) -> bool:
        """Whether a type or limit was given in words: a sign that data are meant."""
        numbers = (self.min, self.max, self.above, self.below, self.min_length, self.max_length)
        given = (self.type, self.unique, self.required, self.default, self.pattern, *numbers)
        return bool(self.values) or any(value is not None for value in given)


_NO_BEGINNING = word_set("""
    to be is are it they them this that these those there which who what when where how nothing everything
    something more so not no all etc and or of in on by if for with at as but because than then also only
    sends shows exports imports calculates prints uploads notifies displays allows lets gets takes goes makes gives
    see sees edit edits delete deletes manage manages works looks helps supports computes generates belong belongs relate relates refer refers depend depends
""")
_NOWHERE = word_set("""
    is are was were has have had can may must should will would be been do does did which who that because
    when with without either neither nor or if than shall never not always whose whom what where how why
    it's they're isn't aren't cannot can't its their his her our my your many several least most between each
    every any all some please unless otherwise
""")
_ARTICLES = frozenset({"a", "an", "the"})
_BEFORE_ARTICLES = word_set("of to in on at for by from per")
_AMOUNT = re.compile(r"(?:[\d.,/-]+|\d+(?:[.,]\d+)?%|one|two|three|four|five|six|seven|eight|nine|ten)\Z")


def is_noun(text: str) -> bool:
    """Whether a text is short and simple enough to be a name: no amount, no verb, no clause."""
    words = text.lower().split()
    if words[:1] == ["to"] and words[1:] in _ENDS:
        return True
    if not words or len(words) > _MOST_WORDS or (len(words) > 1 and words[0] in _NO_BEGINNING):
        return False
    if (
        words[0] in (_NO_BEGINNING | _PROPERTIES if len(words) == 1 else _NO_BEGINNING) - _ALONE
        or _AMOUNT.match(words[0])
        or _NOWHERE & set(words)
    ):
        return False
    return not any(word in _ARTICLES and before not in _BEFORE_ARTICLES for before, word in pairwise(words))


_ENDS = (["date"], ["time"], ["day"], ["month"], ["year"])
"""What `to` begins a name with: the other end of `from date`."""
_PROPERTIES = word_set("unique required optional mandatory")
_ALONE = word_set("from to prints exports imports displays uploads works")
"""Words that begin no longer name, but may be one."""


def is_value(text: str) -> bool:
    """Whether a text is short and simple enough to be one of the values of a field: `in progress`, `pass with remarks`."""
    words = text.lower().split()
    barred = (_NOWHERE | _ARTICLES if len(words) > 1 else _NOWHERE) - _IN_VALUES
    return 0 < len(words) < _MOST_WORDS and not barred & set(words)


_IN_VALUES = word_set("not with without several most all")
