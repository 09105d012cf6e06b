"""Reads one field as people write it: `an optional rating from 1 to 5`, `status (todo, doing, done)`, `price in euros`."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from astrolabe.roles.webapp.model import FieldType
from astrolabe.roles.webapp.reading.kinds import NAMED
from astrolabe.roles.webapp.reading.sentences import normal, number_of, split_list
from astrolabe.roles.webapp.reading.words import word_set

_NUMBER = r"(-?\d[\d,]*(?:\.\d+)?)"
_UNITS = (
    r"euros?|eur|dollars?|usd|pounds?|gbp|cents?|yen|francs?|chf|minutes?|mins?|hours?|seconds?|days?|weeks?|months?|years?"
    r"|kg|kilograms?|kilos?|g|grams?|lbs?|ounces?|oz|km|kilomet(?:er|re)s?|miles?|m|met(?:er|re)s?|cm|centimet(?:er|re)s?|mm|inch(?:es)?"
    r"|feet|percent|%|litres?|liters?|ml|celsius|degrees|kcal|calories|€|\$|£"
)
_CHARACTERS = (
    r"(?:\s+(characters?|chars?|letters|digits|signs)(?:\s+long)?|\s+(?:stars?|points?)"
    rf"|\s*(?:{_UNITS}))?"
)
_MOST_WORDS = 5

ENUMERATED = r"status|state|type|kind|priority|category|level|size|colou?r|difficulty|genre|condition|stage|phase|mood|severity|urgency|format|frequency|visibility|species"
"""Words whose `of` introduces values: `a status of open or closed`."""


@dataclass
class Spec:
    """What was said about one field or link.

    `noun` is its name as written, `many` that there are several. `rest` are the words that were not understood, `notes`
    what had to be assumed.
    """

    noun: str
    many: bool = False
    counted: bool = False
    type: FieldType | None = None
    required: bool | None = None
    unique: bool | None = None
    min: float | None = None
    max: float | None = None
    above: float | None = None
    below: float | None = None
    min_length: int | None = None
    max_length: int | None = None
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
    def constrained(self) -> bool:
        """Whether a type or limit was given in words: a sign that data are meant."""
        numbers = (self.min, self.max, self.above, self.below, self.min_length, self.max_length)
        given = (self.type, self.unique, self.required, self.default, *numbers)
        return bool(self.values) or any(value is not None for value in given)


_DETERMINER = re.compile(
    r"(?:an?|the|its|their|his|her|our|my|your|some|any|each|every|also|optionally|possibly|maybe|perhaps|and|or|both"
    r"|other|own|at\s+least\s+a|of\s+course|then|additionally)\s+",
    re.IGNORECASE,
)
_ONE = re.compile(
    r"(exactly\s+(?:one|1)|only\s+(?:one|1)|(?:a|one|1)\s+single|single|one|1)\s+(?=[^\W\d])", re.IGNORECASE
)
_MANY = re.compile(
    r"(?:(?:at\s+least\s+(?:one|1)|one\s+or\s+(?:more|several|many)|1\s+or\s+more|(?:zero|0)\s+or\s+more|any\s+number\s+of"
    r"|as\s+many|many|several|multiple|various|numerous|a\s+few|a\s+couple\s+of|different|lots\s+of"
    r"|(?:an?\s+)?(?:list|lists|set|collection|series|bunch)\s+of)\s+)",
    re.IGNORECASE,
)
_FROM_TO = re.compile(r"from\s+(-?\d+)\s+to\s+(-?\d+)\s+(?=[^\W\d])")
_ADJECTIVE = re.compile(
    r"(optional|required|mandatory|compulsory|obligatory|unique|short|long|numeric|numerical|boolean|positive|non-negative"
    r"|free-text|multi-?line|decimal|integer|whole|yes/no|true/false)\s+(?=\S)",
    re.IGNORECASE,
)
_WHETHER = re.compile(
    r"(?:a\s+(?:flag|mark|checkbox|note)\s+(?:for|of|saying|telling|that\s+says)\s+)?(?:whether|if)\s+(?:or\s+not\s+)?"
    r"(?:it|they|he|she|(?:the|an?|this)\s+\S+|i|we)\s+(?:(?:is|was|are|were|has|have|had|can|should)\s+)?(?:been\s+|be\s+)?(\S.*)",
    re.IGNORECASE,
)
_WHEN = re.compile(
    r"(?:(?:the|a)\s+)?(?:(?:date|day|time)\s+)?(?:when|on\s+which|at\s+which)?\s*(?:it|they|he|she|(?:the|an?|this)\s+\S+|i|we)"
    r"\s+(?:is|was|are|were|has|have|had|will)\s+(?:been\s+|be\s+)?((?:last\s+|first\s+)?\w+)\Z",
    re.IGNORECASE,
)
_WHEN_DONE = re.compile(
    r"(?:the\s+|a\s+)?(?:date|day)\s+(?:when\s+|on\s+which\s+|that\s+)?(?:it|they|he|she|i|we|(?:the|an?)\s+\w+)\s+(\w+ed|bought|began|left|sent|came|met|got|went)",
    re.IGNORECASE,
)
_TAIL = re.compile(
    r"\s*:\s*|\s+[-\u2013\u2014=]\s+|\s*->\s*|\s*→\s*|,\s+|\s+(?="
    r"(?:(?:ranging\s+)?from|between)\s+-?\d|at\s+(?:least|most)\b|up\s+to\b|(?:of\s+)?no\s+(?:more|less|longer|fewer)\b"
    r"|(?:more|less|greater|larger|smaller|higher|lower)\s+than\b|(?:min|max)(?:imum)?\b|(?:which|that)\s+\S|in\s+(?:"
    rf"{_UNITS})(?=\s|\Z)"
    r"|with\s+(?:at|a|up|no|max|min|values?|the\s+values?|\d)|not\s|must\b|(?:is|are|can|may|should|has|have)\s|of\s+(?:\d|at\b|up\b|max|exactly\b)"
    r"|out\s+of\s+\d|-?\d+\s*(?:-|\u2013|\.\.|to)\s*\d|as\s+(?:an?\s+)?\w|by\s+default\b|default|initially\b|starting\b|one\s+of\b|either\b"
    r"|limited\s|like\s|such\s+as\s|called\s|max\s)",
    re.IGNORECASE,
)
_ENUM_OF = re.compile(rf"((?:\S+\s+)?(?:{ENUMERATED}))\s+of\s+(?!\d|at\b|up\b)(\S.*)", re.IGNORECASE)
_PARENTHESES = re.compile(r"[(\[]([^()\[\]]*)[)\]]")
_QUOTED = re.compile(r"\"([^\"]{1,400})\"|'([^']{1,400})'")


_RELATIVE = re.compile(
    r"\s+(?:that\s+|which\s+)?(?:i|we|they|you|it|he|she|one)\s+(?!is\b|are\b|can\b|must\b|may\b)(?:had\s+)?[a-z]+(?:\s+for\s+it)?\Z",
    re.IGNORECASE,
)


def spec_of(text: str, *, determined: bool = False) -> Spec | None:
    """Return what a piece of text says about a field, or None when it names none."""
    text = normal(" ".join(text.split())).strip(" .,;")
    inside = [found[1] for found in _PARENTHESES.finditer(text)]
    bare = _PARENTHESES.sub(" ", text).strip()
    asked = _WHETHER.fullmatch(bare)
    when = None if asked else _WHEN.fullmatch(bare) or _WHEN_DONE.fullmatch(bare)
    if asked:
        spec = Spec(_shortest(asked[1]), type=FieldType.BOOLEAN, determined=True)
    elif when:
        spec = Spec(f"{when[1]} on", type=FieldType.DATE, determined=True)
    else:
        spec = _plain_spec(bare, determined=determined)
    for part in inside:
        take_properties(spec, part, listed=True)
    return spec if is_noun(spec.noun) else None


def _plain_spec(text: str, *, determined: bool) -> Spec:
    spec = Spec("", determined=determined)
    text = _RELATIVE.sub("", _front(spec, text))
    if flag := re.fullmatch(r"(\S+)\s+flag", text, re.IGNORECASE):
        text, spec.type = flag[1], FieldType.BOOLEAN
    if enumerated := _ENUM_OF.fullmatch(text):
        spec.noun = enumerated[1]
        spec.values = _values(enumerated[2])
        return spec
    cut = _TAIL.search(text)
    spec.noun = (text[: cut.start()] if cut else text).strip(" ,")
    if quote := _QUOTED.fullmatch(spec.noun):
        spec.noun = quote[1] or quote[2]
    if cut:
        listed = ":" in cut[0] or cut[0].strip() in {"-", "\u2013", "\u2014", "="}
        take_properties(spec, text[cut.end() :], listed=listed)
    return spec


def _front(spec: Spec, text: str) -> str:
    """Take articles, counts and adjectives off the front."""
    while True:
        if found := _MANY.match(text):
            spec.many = spec.counted = spec.determined = True
        elif found := _ONE.match(text):
            spec.exactly_one = spec.exactly_one or found[1].lower() not in {"one", "1"}
            spec.determined = True
        elif found := _FROM_TO.match(text):
            spec.min, spec.max = number_of(found[1]), number_of(found[2])
        elif found := _DETERMINER.match(text):
            spec.determined = True
            if found[0].lower().startswith(("optionally", "possibly", "maybe", "perhaps")):
                spec.required = False
        elif found := _ADJECTIVE.match(text):
            spec.determined = True
            if not _take_part(spec, found[1]):
                return text
        else:
            return text
        text = text[found.end() :]


def is_noun(text: str) -> bool:
    """Whether a text is short and simple enough to be a name."""
    words = text.split()
    if not words or len(words) > _MOST_WORDS or words[0].lower() in _NO_NOUN:
        return False
    return not any(word.lower() in _VERBS for word in words)


_NO_NOUN = word_set("""
    to be is are it they them this that these those there which who what when where how nothing everything
    something more so not no all etc and or of in on by if for with
""")
_VERBS = word_set("""
    is are was were has have had can may must should will would be been do does did which who that because
    when
""")


def _shortest(text: str) -> str:
    return " ".join(re.sub(r"\s+(?:it|them)\Z", "", text.strip()).split()[:3])


def take_properties(spec: Spec, text: str, *, listed: bool = False) -> None:
    """Add the properties in a text to a field; `listed` when bare words there are values or a description."""
    text = re.sub(r"\A(?:which|that)\s+", "", text.strip(" ."), flags=re.IGNORECASE)
    if _take_part(spec, text):
        return
    if found := _INTRODUCED.match(text):
        spec.values = _values(found[1])
        return
    if (states := _STATES.fullmatch(text)) and all(
        not _take_part(Spec(""), item) for _, item in split_list(states[1])
    ):
        spec.values = _values(states[1])
        return
    for separator in (" | ", "|", "/"):
        if listed and separator in text and "," not in text and not re.search(r"https?:|\d/", text):
            parts = [part.strip() for part in text.split(separator)]
            if all(is_noun(part) for part in parts):
                spec.values = tuple(parts)
                return
    _take_list(spec, text, listed=listed)


def _take_list(spec: Spec, text: str, *, listed: bool) -> None:
    left: list[tuple[str, str]] = []
    bare = [item for _, item in split_list(text)]
    named = [item for item in bare if item.lower() in NAMED or re.fullmatch(_UNITS, item, re.IGNORECASE)]
    if (
        listed
        and len(bare) > 1
        and named
        and not any(_take_part(Spec(""), item) for item in bare if item not in named)
    ):
        others = [item for item in bare if item not in named]
        if others and all(is_noun(item) for item in others):
            spec.values = tuple(bare)
            return
    pieces = [piece for part in _WHICH.split(text) for piece in split_list(part)]
    for joint, part in pieces:
        if found := _INTRODUCED.match(part):
            left.append((joint, found[1]))
        elif not _take_part(spec, part):
            left.append((joint, part))
    if not left:
        return
    parts = [part for _, part in left]
    choices = len(parts) > 1 and all(is_noun(part) for part in parts)
    if choices and (listed or left[-1][0] == "or"):
        spec.values = tuple(part.strip("\"'` ") for part in parts)
    elif spec.type is FieldType.ENUM and listed:
        spec.values = tuple(parts)
    elif listed:
        spec.description = text
    else:
        spec.rest += parts


_STATES = re.compile(
    r"(?:(?:can|may|must|should|will)\s+be|is|are)\s+(?:either\s+)?(\S.*\sor\s.*)", re.IGNORECASE
)
_WHICH = re.compile(r"\s+(?:which|that)\s+", re.IGNORECASE)


def _values(text: str) -> tuple[str, ...]:
    items = [item.strip("\"'` ") for _, item in split_list(text.replace("/", ", ").replace("|", ", "))]
    return tuple(re.sub(r"\A(?:an?|the|either)\s+", "", item, flags=re.IGNORECASE) for item in items if item)


_INTRODUCED = re.compile(
    r"(?:(?:is|are|must\s+be|can\s+be|may\s+be|should\s+be|has\s+to\s+be|being|with)\s+)?(?:an?\s+)?"
    r"(?:(?:enum|choice|selection|select)\b[\s:,]*(?:of\b|between\b|from\b)?|(?:any\s+|one\s+)of\b(?:\s+the\s+following)?|either\b|(?:the\s+)?(?:values?|options?|choices?)\b)"
    r"[\s:]*(\S.*)",
    re.IGNORECASE,
)

Taker = Callable[[Spec, re.Match[str]], None]


def _number(text: str) -> float:
    return number_of(text)


def _range(spec: Spec, found: re.Match[str]) -> None:
    low, high = _number(found[1]), _number(found[2])
    if found[3] and not found[3].startswith(("star", "point")):
        spec.min_length, spec.max_length = int(low), int(high)
    else:
        spec.min, spec.max = low, high


def _least(spec: Spec, found: re.Match[str]) -> None:
    if found[2]:
        spec.min_length = int(_number(found[1]))
    else:
        spec.min = _number(found[1])


def _most(spec: Spec, found: re.Match[str]) -> None:
    if found[2]:
        spec.max_length = int(_number(found[1]))
    else:
        spec.max = _number(found[1])


def _exact_length(spec: Spec, found: re.Match[str]) -> None:
    if found[1]:
        spec.min_length = int(_number(found[2]))
    spec.max_length = int(_number(found[2]))


def _above(spec: Spec, found: re.Match[str]) -> None:
    spec.above = _number(found[1])


def _below(spec: Spec, found: re.Match[str]) -> None:
    spec.below = _number(found[1])


def _positive(spec: Spec, found: re.Match[str]) -> None:  # noqa: ARG001
    spec.above = 0


def _not_negative(spec: Spec, found: re.Match[str]) -> None:  # noqa: ARG001
    spec.min = 0


def _out_of(spec: Spec, found: re.Match[str]) -> None:
    spec.min, spec.max = 1, _number(found[1])
    spec.notes.append("the least is 1")


def _required(spec: Spec, found: re.Match[str]) -> None:  # noqa: ARG001
    spec.required = True


def _optional(spec: Spec, found: re.Match[str]) -> None:  # noqa: ARG001
    spec.required = False


def _unique(spec: Spec, found: re.Match[str]) -> None:
    spec.unique = not found[1]


def _default(spec: Spec, found: re.Match[str]) -> None:
    spec.default = next(text for text in found.groups() if text).strip("\"'` ")


def _unit(spec: Spec, found: re.Match[str]) -> None:
    spec.unit = found[1]


def _type(spec: Spec, found: re.Match[str]) -> None:
    words = found[1].lower()
    spec.type = NAMED.get(words) or NAMED.get(
        {"short": "string", "long": "text", "free-text": "text", "whole": "integer"}.get(words, ""),
        FieldType.STRING,
    )
    if found[2]:
        spec.max_length = int(found[2])


def _target(spec: Spec, found: re.Match[str]) -> None:
    spec.target = found[2]
    spec.many = spec.many or bool(found[1])


def _several(spec: Spec, found: re.Match[str]) -> None:  # noqa: ARG001
    spec.many = spec.counted = True


def _nothing(spec: Spec, found: re.Match[str]) -> None:
    """Take words that add nothing to the model."""


_BE = r"(?:(?:is|are|must\s+be|should\s+be|has\s+to\s+be|have\s+to\s+be|needs?\s+to\s+be|can\s+be|may\s+be|be|being|must|should|can|may|has|have|with|of)\s+)?"
_TYPES = "|".join(sorted(map(re.escape, NAMED), key=len, reverse=True))
_AUX = r"(?:at\s+least|minimum(?:\s+of)?|min\.?(?:imum)?(?:\s+of)?|>=|≥|no\s+less\s+than|not\s+less\s+than|no\s+fewer\s+than)"
_MAX = (
    r"(?:at\s+most|up\s+to|no\s+(?:more|longer|larger|higher|greater)\s+than|not\s+(?:more|longer|larger|higher|greater)\s+than"
    r"|(?:a\s+)?max(?:imum)?\.?(?:\s+length)?(?:\s+of)?|<=|≤|limited\s+to|not\s+exceed|cannot\s+exceed)"
)

_PARTS: tuple[tuple[re.Pattern[str], Taker], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), take)
    for pattern, take in (
        (rf"{_BE}(?:(?:a\s+number|an?\s+integer|ranging|in\s+the\s+range|a\s+value)\s+)?(?:from\s+)?{_NUMBER}\s*(?:-|\u2013|\u2014|\.\.\.?|to)\s*{_NUMBER}{_CHARACTERS}", _range),
        (rf"{_BE}(?:a\s+number\s+)?{_AUX}\s*:?\s*{_NUMBER}{_CHARACTERS}", _least),
        (rf"{_BE}(?:a\s+number\s+)?{_MAX}\s*:?\s*{_NUMBER}{_CHARACTERS}", _most),
        (rf"{_BE}{_NUMBER}{_CHARACTERS}\s+or\s+(?:more|longer|higher|above)", _least),
        (rf"{_BE}{_NUMBER}{_CHARACTERS}\s+or\s+(?:less|fewer|shorter|lower|below)", _most),
        (rf"{_BE}(?:(exactly)\s+)?{_NUMBER}\s+(?:characters?|chars?|letters|digits)(?:\s+long)?", _exact_length),
        (rf"{_BE}(?:more\s+than|greater\s+than|larger\s+than|higher\s+than|over|above|>)\s*{_NUMBER}", _above),
        (rf"{_BE}(?:less\s+than|smaller\s+than|lower\s+than|under|below|<)\s*{_NUMBER}", _below),
        (rf"{_BE}(?:an?\s+)?positive(?:\s+(?:whole\s+)?(?:number|integer|value|amount))?", _positive),
        (rf"{_BE}(?:non-?negative|not\s+negative|never\s+negative|not\s+be\s+negative|zero\s+or\s+more|0\s+or\s+more)", _not_negative),
        (r"(?:cannot|can't|must\s+not|may\s+not|should\s+not|never)\s+be\s+negative", _not_negative),
        (rf"(?:out\s+of|/)\s*{_NUMBER}(?:\s+stars?)?", _out_of),
        (rf"{_BE}(?:always\s+)?(?:required|mandatory|compulsory|obligatory|not\s+optional|not\s+null|non-?empty|not\s+(?:be\s+)?(?:empty|blank|missing))", _required),
        (r"(?:must|has\s+to|should)\s+(?:always\s+)?be\s+(?:given|set|filled\s+in|present|provided|entered|specified|there|stated)|cannot\s+be\s+(?:empty|blank|missing|left\s+out|omitted)|(?:must|may)\s+not\s+be\s+(?:empty|blank|missing)", _required),
        (rf"{_BE}(?:optional|nullable|not\s+(?:required|mandatory|necessary)|not\s+have\s+to\s+be\s+(?:given|set|filled\s+in)|empty|blank|omitted|missing|left\s+(?:out|empty|blank)|if\s+(?:known|any|available|there\s+is\s+one))", _optional),
        (rf"{_BE}(not\s+)?(?:always\s+)?(?:unique|distinct)(?:\s+(?:per\s+\w+|for\s+(?:each|every)\s+\w+|among\s+\w+(?:\s+\w+)?))?", _unique),
        (r"(?:(?:the\s+)?default(?:s|ing)?(?:\s+value)?(?:\s+(?:to|is|of|as))?|initially|starts?\s+(?:as|at|with)|starting\s+(?:as|at|with)|set\s+to)\s*[:=]?\s*(\S+(?:\s+\S+){0,2})", _default),
        (r"(\S+(?:\s+\S+)?)\s+by\s+default|by\s+default\s+(\S+(?:\s+\S+)?)", _default),
        (rf"{_BE}(?:as\s+)?(?:an?\s+)?({_TYPES}|short|long|free-text|whole)(?:\s+(?:field|value))?(?:\s*[(:]?\s*(\d{{1,6}})\)?)?", _type),
        (rf"(?:{_BE}(?:measured|given|stored|kept|expressed)\s+)?(?:in\s+)?({_UNITS})", _unit),
        (r"(?:an?\s+)?(?:(many|several|multiple|list\s+of|links\s+to|references\s+to)\s+)?(?:link|reference|relation|relationship|foreign\s+key|points|refers|belongs|ref|fk)\s+(?:to|on|of)\s+(?:(?:an?|the|one|1)\s+)?(\w+(?:\s\w+)?)", _target),
        (r"(?:can\s+have\s+)?(?:multiple|many|several|a\s+list|list|any\s+number)", _several),
        (r"yes|no|-|\u2013|\u2014|n/a|none|searchable|sortable|filterable|indexed|field|value|stars?", _nothing),
    )
)  # fmt: skip


def _take_part(spec: Spec, text: str) -> bool:
    """Add one property; False when the text is none."""
    text = text.strip(" .,;")
    if len(text) > 120:  # noqa: PLR2004
        return False
    for pattern, take in _PARTS:
        if found := pattern.fullmatch(text):
            take(spec, found)
            return True
    return False


_OPENS = re.compile(
    rf":\s*\S|\b(?:one\s+of|either|(?:can|may|must)\s+be|which\s+is|values?)\s+\S|\b(?:{ENUMERATED})\s+of\s+[a-z]",
    re.IGNORECASE,
)


def _is_property(text: str) -> bool:
    """Whether a text only limits what stands before it; the name of a type or unit may as well be a field."""
    low = text.lower()
    if low in NAMED or re.fullmatch(_UNITS, low) or _PARTS[-1][0].fullmatch(low):
        return False
    return _take_part(Spec(""), text)


def items_of(text: str) -> list[str]:
    """Cut a list of fields into its items; the values of `a status: todo, doing or done` stay with their field."""
    items: list[str] = []
    is_open = False
    for joint, item in split_list(text):
        determined = bool(
            _DETERMINER.match(item) or _ONE.match(item) or _MANY.match(item) or _ADJECTIVE.match(item)
        )
        property_only = bool(items) and not determined and _is_property(item)
        if items and ((is_open and not determined) or property_only):
            items[-1] += f"{', ' if joint == ',' else f' {joint} '}{item}"
            is_open = is_open and joint != "or"
        else:
            items.append(item)
            is_open = bool(_OPENS.search(item))
    return items
