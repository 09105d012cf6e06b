"""Reads what is said about the value of a field: `from 1 to 5`, `at most 80 characters`, `open, closed; default open`."""

import re
from collections.abc import Callable
from copy import deepcopy

from astrolabe.roles.webapp.model import FieldType
from astrolabe.roles.webapp.reading.kinds import FILES, NAMED, kind_of
from astrolabe.roles.webapp.reading.normal import number_of
from astrolabe.roles.webapp.reading.ranges import named_range
from astrolabe.roles.webapp.reading.sentences import split_list
from astrolabe.roles.webapp.reading.spec import Spec, is_noun, is_value

LONGEST_PROPERTY = 120
_MOST_CUTS = 6
UNITS = (
    r"euros?|eur|(?:us\s+)?dollars?|usd|pounds?|gbp|cents?|yen|francs?|chf|kr|minutes?|mins?|hours?|hrs?|seconds?|secs?|days?|weeks?|months?|years?"
    r"|kg|kilograms?|kilos?|g|grams?|grammes?|mg|lbs?|ounces?|oz|tonnes?|tons?|km/h|mph|km|kilomet(?:er|re)s?|miles?|m|met(?:er|re)s?|cm|centimet(?:er|re)s?"
    r"|mm|millimet(?:er|re)s?|inch(?:es)?|feet|foot|ft|m²|m³|ft²|acres?|hectares?|ha|percent|%|litres?|liters?|l|ml|millilit(?:er|re)s?|gallons?"
    r"|°C|°F|degrees|kcal|calories|kwh|kw|watts?|volts?|amps?|gb|mb|kb|bpm|pixels?|€|\$|£"
)
_N = r"(-?\d(?:[\d,]{0,14}\d)?(?:\.\d{1,9})?)"
_SIZE = (
    r"(?:\s*-?(?P<chars>characters?|chars?|letters|signs|symbols)(?:\s+(?:long|in\s+length))?|\s+(?:stars?|points?)"
    rf"|\s*(?P<unit>{UNITS})(?:\s+(?:long|old|high|wide))?)?"
)
_BE = (
    r"(?:(?:is|are|lies|ranges|goes|runs|must\s+be|should\s+be|can\s+be|may\s+be|be|being|must|should|can|may|has|have|must\s+have|should\s+have|with|of)\s+)?"
    r"(?:always\s+)?"
)
_LENGTH = (
    r"(?P<length>(?:an?\s+)?(?:(?:minimum|maximum|min|max)\s+)?length(?:\s+of)?\s*[:=]?\s*)?(?:between\s+)?"
)
_LEAST = r"(?:at\s+least|(?:an?\s+)?min(?:imum|imal|\.)?(?:\s+value)?(?P<min_length>\s+length)?(?:\s+of)?(?:\s+is)?|>=|≥|(?:no|not|never)\s+(?:less|fewer|lower|smaller|shorter)\s+than|(?:never|not)\s+(?:be\s+)?(?:below|under))"
_MOST = (
    r"(?:at\s+most|up\s+to|(?:no|not|never)\s+(?:more|longer|larger|higher|greater|bigger)\s+than|(?:never|not)\s+(?:be\s+)?(?:above|over|exceed(?:ing)?)"
    r"|(?:an?\s+)?max(?:imum|imal|\.)?(?:\s+value)?(?P<max_length>\s+length)?(?:\s+of)?(?:\s+is)?|<=|≤|limited\s+to|not\s+exceed|cannot\s+exceed)"
)
_TYPES = "|".join(sorted(map(re.escape, NAMED), key=len, reverse=True))

TAIL = re.compile(
    r"\s*:\s*|\s+[-\u2013\u2014=]\s+|\s*->\s*|\s*→\s*|,\s+|\s+(?="
    r"(?:(?:ranging\s+)?from|between)\s+-?\d|(?:from|between)\s+(?:(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*|(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*|[a-z])\s+(?:to|and|through)\s+[a-z]|at\s+(?:least|most)\b|up\s+to\b|(?:of\s+)?(?:no|not)\s+(?:more|less|longer|fewer|shorter)\b"
    r"|(?:more|less|greater|larger|smaller|higher|lower|longer|shorter|fewer)\s+than\b|(?:[<>]=?|[≤≥])\s*-?\d|(?:min|max)(?:imum|imal)?\b(?!\s+(?!of\b|length\b)[a-z])|(?:which|that)\s+\S|in\s+(?:"
    rf"{UNITS})(?=\s|\Z)"
    r"|with\s+(?:half\b|\S+\s+as\s+(?:the\s+|a\s+)?default\b|at|a|up|no|max|min|values?|the\s+values?|\d|exactly)|not\s|never\s|must\b|(?:is|are|can|may|should|has|have)\s|of\s+(?:\d|at\b|up\b|max|exactly\b|from\s+-?\d|between\s)"
    r"|out\s+of\s+\d|-?\d+\s*(?:-|\u2013|\.\.|to)\s*\d|\d+\s+(?:to|characters|chars|digits)\b|as\s+(?:an?\s+)?\w|by\s+default\b|default|defaulting\b|initially\b|starting\b|one\s+of\b|either\b"
    r"|limited\s|in\s+steps\s|(?:cm|mm|km|kg|ml|km/h|m²|€|°C|%|kWh|mg|EUR|USD)\Z|like\s|such\s+as\s|called\s|if\s+(?:known|any|available)|exactly\s+\d"
    r"|(?:optional|required|unique|mandatory|yes/no|true/false|yes\s+or\s+no)\Z)",
    re.IGNORECASE,
)
"""Where the name of a field ends and what is said about it begins."""

Taker = Callable[[Spec, re.Match[str]], None]


def _unit_of(spec: Spec, found: re.Match[str]) -> None:
    spec.unit = spec.unit or found.groupdict().get("unit") or ""


def _by_length(found: re.Match[str]) -> bool:
    groups = found.groupdict()
    return any(groups.get(name) for name in ("chars", "length", "min_length", "max_length"))


def _range(spec: Spec, found: re.Match[str]) -> None:
    low, high = number_of(found["low"]), number_of(found["high"])
    if _by_length(found):
        spec.min_length, spec.max_length = int(low), int(high)
    else:
        spec.min, spec.max = low, high
    _unit_of(spec, found)


def _least(spec: Spec, found: re.Match[str]) -> None:
    if _by_length(found):
        spec.min_length = int(number_of(found["n"]))
    else:
        spec.min = number_of(found["n"])
    _unit_of(spec, found)


def _most(spec: Spec, found: re.Match[str]) -> None:
    if _by_length(found):
        spec.max_length = int(number_of(found["n"]))
    else:
        spec.max = number_of(found["n"])
    _unit_of(spec, found)


def _size(spec: Spec, found: re.Match[str]) -> None:
    """A bare number of characters is the most there may be, unless it is said to be exact."""
    if found["exactly"]:
        spec.min_length = int(number_of(found["n"]))
    spec.max_length = int(number_of(found["n"]))


def _digits(spec: Spec, found: re.Match[str]) -> None:
    most = int(number_of(found["high"] or found["n"]))
    least = int(number_of(found["n"])) if found["high"] or not found["most"] else 1
    if not 1 <= least <= most <= _MOST_DIGITS:
        spec.rest.append(found[0])
    elif spec.noun and kind_of(spec.noun).type is FieldType.INTEGER:
        spec.min, spec.max = 10 ** (least - 1), 10**most - 1
    else:
        spec.min_length, spec.max_length = least, most
        spec.pattern = "^[0-9]+$"


_MOST_DIGITS = 15


def _year(spec: Spec, found: re.Match[str]) -> None:
    """A year is not before another; a date is not compared with one."""
    if spec.noun and kind_of(spec.noun).type is not FieldType.INTEGER:
        spec.rest.append(found[0])
    elif found["until"].lower().startswith(("before", "earlier")):
        spec.min = number_of(found["n"])
    else:
        spec.max = number_of(found["n"])


def _only_digits(spec: Spec, found: re.Match[str]) -> None:  # noqa: ARG001
    spec.pattern = "^[0-9]+$"


def _above(spec: Spec, found: re.Match[str]) -> None:
    if _by_length(found):
        spec.min_length = int(number_of(found["n"])) + 1
    else:
        spec.above = number_of(found["n"])
    _unit_of(spec, found)


def _below(spec: Spec, found: re.Match[str]) -> None:
    if _by_length(found):
        spec.max_length = max(1, int(number_of(found["n"])) - 1)
    else:
        spec.below = number_of(found["n"])
    _unit_of(spec, found)


def _positive(spec: Spec, found: re.Match[str]) -> None:  # noqa: ARG001
    spec.above = 0


def _not_negative(spec: Spec, found: re.Match[str]) -> None:  # noqa: ARG001
    spec.min = 0


def _out_of(spec: Spec, found: re.Match[str]) -> None:
    spec.min, spec.max = 1, number_of(found["n"])
    spec.notes.append("the least is 1")


def _decimals(spec: Spec, found: re.Match[str]) -> None:
    spec.type = FieldType.DECIMAL
    spec.rest.append(found[0])


def _required(spec: Spec, found: re.Match[str]) -> None:  # noqa: ARG001
    spec.required = True


def _optional(spec: Spec, found: re.Match[str]) -> None:  # noqa: ARG001
    spec.required = False


def _unique(spec: Spec, found: re.Match[str]) -> None:
    spec.unique = not found["not"]
    if found["scope"]:
        spec.unique = None
        spec.rest.append(found[0])


def _once(spec: Spec, found: re.Match[str]) -> None:  # noqa: ARG001
    spec.unique = True


def _default(spec: Spec, found: re.Match[str]) -> None:
    said = next(text for text in found.groups() if text).strip("\"'` ")
    said = re.sub(r"\A(?:is|are|being|of|with)\s+", "", said, flags=re.IGNORECASE)
    amount = _AMOUNT.fullmatch(said)
    spec.default = amount["n"] if amount else said
    spec.unit = spec.unit or (amount["unit"] if amount else "")


_AMOUNT = re.compile(rf"(?P<n>-?\d+(?:\.\d+)?)\s*(?P<unit>{UNITS})", re.IGNORECASE)


def _unit(spec: Spec, found: re.Match[str]) -> None:
    _unit_of(spec, found)


def _type(spec: Spec, found: re.Match[str]) -> None:
    words = " ".join(found["type"].lower().split())
    spec.type = NAMED.get(words) or NAMED.get(
        {"short": "string", "long": "text", "free-text": "text", "whole": "integer"}.get(words, ""),
        FieldType.STRING,
    )
    if words in FILES:
        spec.notes.append("the address of a file; files are not uploaded")
    if found["n"]:
        spec.max_length = int(found["n"])


def _target(spec: Spec, found: re.Match[str]) -> None:
    spec.target = found["target"]
    spec.many = spec.many or bool(found["many"])
    if found.groupdict().get("mutual"):
        spec.many = spec.counted = spec.mutual = True


def _several(spec: Spec, found: re.Match[str]) -> None:  # noqa: ARG001
    spec.many = spec.counted = True


def _example(spec: Spec, found: re.Match[str]) -> None:
    spec.description = found[0]


def _nothing(spec: Spec, found: re.Match[str]) -> None:
    """Take words that add nothing to the model."""


_KEY = r"fk|foreign\s+key|ref|reference|relation|m2o|n:1|many[- ]to[- ]one|belongs[- ]to"
_KEYS = r"m2m|n:m|m:n|n:n|many2many|many[- ]to[- ]many"
_ENTERED = r"(?:given|set|filled\s+in|present|provided|entered|specified|there|stated)"
_PARTS: tuple[tuple[re.Pattern[str], Taker], ...] = tuple(
    (re.compile(pattern.replace("{N}", _N.replace("(", "(?P<n>", 1)), re.IGNORECASE), take)
    for pattern, take in (
        (rf"{_BE}(?:(?:a\s+number|an?\s+(?:integer|value)|ranging|in\s+the\s+range(?:\s+of)?|range)\s*:?\s+)?{_LENGTH}(?:from\s+)?(?P<low>{_N[1:-1]})\s*(?:{UNITS})?\s*(?:-|\u2013|\u2014|\.\.\.?|…|to)\s*(?P<high>{_N[1:-1]}){_SIZE}", _range),
        (rf"{_BE}(?:a\s+number\s+)?{_LEAST}\s*:?\s*{{N}}{_SIZE}", _least),
        (rf"{_BE}(?:a\s+number\s+)?{_MOST}\s*:?\s*{{N}}{_SIZE}", _most),
        (rf"{_BE}{{N}}{_SIZE}\s+(?:or\s+(?:more|longer|higher|above|greater)|min(?:imum|\.)?)", _least),
        (rf"{_BE}{{N}}{_SIZE}\s+(?:or\s+(?:less|fewer|shorter|lower|below)|max(?:imum|\.)?|at\s+(?:the\s+)?most)", _most),
        (rf"{_BE}(?P<most>{_MOST}\s+)?(?:exactly\s+)?{{N}}(?:\s*(?:-|\u2013|to)\s*(?P<high>{_N[1:-1]}))?[\s-]+(?:digits?|numerals)(?:\s+long)?", _digits),
        (rf"{_BE}(?:not|never)\s+(?:be\s+)?(?P<until>before|earlier\s+than|after|later\s+than)\s+(?P<n>[12]\d{{3}})", _year),
        (rf"{_BE}(?:(?:only|just)\s+(?:digits|numbers)|(?:digits|numbers)\s+only)", _only_digits),
        (rf"{_BE}(?:(?P<exactly>exactly)\s+)?{{N}}[\s-]+(?:characters?|chars?|letters)(?:\s+long)?", _size),
        (rf"{_BE}(?:more\s+than|greater\s+than|larger\s+than|bigger\s+than|higher\s+than|longer\s+than|over|above|>)\s*{{N}}{_SIZE}", _above),
        (rf"{_BE}(?:less\s+than|fewer\s+than|smaller\s+than|lower\s+than|shorter\s+than|under|below|<)\s*{{N}}{_SIZE}", _below),
        (rf"{_BE}(?:an?\s+)?positive(?:\s+(?:whole\s+)?(?:number|integer|value|amount))?", _positive),
        (rf"{_BE}(?:non-?negative|not\s+negative|never\s+negative|not\s+be\s+negative|zero\s+or\s+more|0\s+or\s+more)", _not_negative),
        (r"(?:cannot|can't|must\s+not|may\s+not|should\s+not|never)\s+(?:be\s+negative|(?:be|go|fall)\s+below\s+(?:0|zero))", _not_negative),
        (r"(?:out\s+of|/)\s*{N}(?:\s+stars?)?", _out_of),
        (r"(?:with|to|has|have|of)\s+(?:up\s+to\s+)?\d+\s+(?:decimals?|decimal\s+places|digits\s+after\s+the\s+(?:point|comma))", _decimals),
        (rf"{_BE}(?:required|mandatory|compulsory|obligatory|necessary|needed|not\s+optional|not\s+null|non-?empty|not\s+(?:be\s+)?(?:empty|blank|missing|left\s+(?:out|empty|blank)))", _required),
        (rf"(?:must|has\s+to|should)\s+(?:always\s+)?be\s+{_ENTERED}|cannot\s+be\s+(?:empty|blank|missing|left\s+(?:out|empty|blank)|omitted|null)|(?:must|may)\s+not\s+be\s+(?:empty|blank|missing|omitted)|is\s+always\s+{_ENTERED}", _required),
        (rf"{_BE}(?:optional|nullable|not\s+(?:always\s+)?(?:required|mandatory|necessary|needed|compulsory)|not\s+have\s+to\s+be\s+{_ENTERED}|empty|blank|omitted|missing|left\s+(?:out|empty|blank)|(?:if|when|where)\s+(?:known|any|available|needed|applicable|there\s+is\s+one))", _optional),
        (rf"(?:need\s+not|do(?:es)?\s+not\s+(?:have|need)\s+to)\s+be\s+{_ENTERED}", _optional),
        (rf"{_BE}(?P<not>not\s+)?(?:unique|distinct|different\s+for\s+(?:each|every)\s+\w+)(?:\s+(?:per\s+(?:user|owner|account)|for\s+(?:each|every)\s+(?:user|owner|account)|among\s+all\s+\w+)|(?P<scope>\s+(?:per|within|inside|in|for|among)\s+\S.*))?", _unique),
        (r"(?:(?:must|may|can|should)\s+not|cannot)\s+(?:be\s+(?:used|given|taken|assigned)|exist|occur|appear)\s+(?:twice|more\s+than\s+once)|(?:must|may|can|should)\s+(?:only\s+)?(?:be\s+(?:used|given|taken|assigned)|exist|occur|appear)\s+(?:only\s+)?once", _once),
        (r"(?:(?:that|which)\s+)?(?:nobody|no\s*-?\s*one)\s+else\s+(?:has|uses|have)", _once),
        (r"(?:with\s+)?(?:an?\s+|the\s+)?default(?:s|ing)?(?:\s+value)?(?:\s+(?:to|is|of|as))?\s*[:=]?\s*(?:an?\s+|the\s+)?(\S+(?:\s+\S+){0,2})", _default),
        (r"(?:(?:is|are)\s+)?(?:initially|at\s+first|in\s+the\s+beginning|set\s+to|starts?\s+(?:as|at|with|out\s+as)|starting\s+(?:as|at|with))\s*[:=]?\s*(\S+(?:\s+\S+){0,2})", _default),
        (r"(?:(?:is|are|being|of|with)\s+)?([^\s,]+(?:\s+[^\s,]+)?)\s+by\s+default|by\s+default\s+(\S+(?:\s+\S+)?)|(?:with\s+)?(\S+)\s+(?:is|being|as)\s+(?:the\s+|a\s+)?default|(\S+)\s+\(default\)|(?:(?:is|are|being|of)\s+)?([^\s,]+(?:\s+[^\s,]+)?),?\s+(?:unless\s+(?:\w+\s+)?otherwise|unless\s+otherwise\s+\w+|otherwise)", _default),
        (rf"{_BE}(?:as\s+)?(?:an?\s+)?(?:valid\s+|plain\s+|simple\s+)?(?:(?:marked|answered|ticked)\s+(?:as\s+|with\s+)?)?(?P<type>{_TYPES}|short|long|free-text|whole)(?:\s+(?:field|value))?(?:\s*[(:]?\s*(?P<n>\d{{1,5}})\)?)?", _type),
        (rf"(?:{_BE}(?:measured|given|stored|kept|expressed|counted)\s+)?(?:in\s+)?(?P<unit>{UNITS})", _unit),
        (r"(?:an?\s+)?(?:(?P<many>many|several|multiple|list\s+of|links\s+to|references\s+to)\s+)?(?:link|reference|relation|relationship|foreign\s+key|points|refers|belongs|ref|fk)\s+(?:to|on|of)\s+(?:(?:an?|the|one|1)\s+)?(?P<target>\w+(?:\s\w+)?)", _target),
        (rf"(?:{_KEY}|(?P<mutual>(?P<many>{_KEYS})))\s*(?:->|→|=>|:|\bto\b)\s*(?P<target>[a-z]\w*)(?:\.\w+)?", _target),
        (r"(?:can\s+have\s+)?(?:multiple|many|several|a\s+list|list|any\s+number)", _several),
        (r"(?:e\.?\s?g\.?|for\s+example|for\s+instance|such\s+as|like|example:)[:,]?\s+\S.*", _example),
        (r"yes|no|-|\u2013|\u2014|n/a|none|searchable|sortable|filterable|indexed|field|value|stars?", _nothing),
    )
)  # fmt: skip
_NOTHING = _PARTS[-1][0]


def take_part(spec: Spec, text: str) -> bool:
    """Add one property; False when the text is none."""
    text = text.strip(" .,;")
    if len(text) > LONGEST_PROPERTY:
        return False
    for pattern, take in _PARTS:
        if found := pattern.fullmatch(text):
            take(spec, found)
            return True
    return False


def is_property(text: str) -> bool:
    """Whether a text only limits what stands before it; the name of a type or unit may as well be a field."""
    low = text.lower()
    if low in NAMED or re.fullmatch(UNITS, text, re.IGNORECASE) or _NOTHING.fullmatch(low):
        return False
    return _take_all(Spec(""), text)


def _take_all(spec: Spec, text: str, cuts: int = 0) -> bool:
    """Add the properties that stand one after the other without a comma; False, and nothing added, when one is none."""
    trial = deepcopy(spec)
    if take_part(trial, text):
        vars(spec).update(vars(trial))
        return True
    for cut in TAIL.finditer(text, 1) if cuts < _MOST_CUTS else ():
        trial = deepcopy(spec)
        if take_part(trial, text[: cut.start()]) and _take_all(trial, text[cut.end() :], cuts + 1):
            vars(spec).update(vars(trial))
            return True
    return False


def _take_some(spec: Spec, text: str) -> bool:
    """Add what a text begins with, and keep what follows as not understood."""
    for cut in TAIL.finditer(text, 1):
        trial = deepcopy(spec)
        if take_part(trial, text[: cut.start()]) and trial != spec:
            vars(spec).update(vars(trial))
            spec.rest.append(text[cut.end() :])
            return True
    return False


def take_properties(spec: Spec, text: str, *, listed: bool = False) -> None:
    """Add the properties in a text to a field; `listed` when bare words there are values or a description."""
    text = re.sub(r"\A(?:which|that)\s+", "", text.strip(" ."), flags=re.IGNORECASE)
    if _examples(spec, text) or _answers(spec, text) or take_part(spec, text):
        return
    if values := named_range(text):
        spec.values = values
        return
    if found := _INTRODUCED.match(text):
        spec.values = _without_default(spec, found[1])
        return
    if (states := _STATES.fullmatch(text)) and all(
        not take_part(Spec(""), item) and is_value(item) for _, item in split_list(states[1])
    ):
        spec.values = _without_default(spec, states[1])
        return
    if not (listed and _separated(spec, text)):
        _take_list(spec, text, listed=listed)


def _without_default(spec: Spec, text: str) -> tuple[str, ...]:
    """Return the values a list names, less the default said after them: `idea, drafted or done, starting as idea`."""
    bare = text.strip()
    if inside := _IN_BRACKETS.fullmatch(bare):
        bare = f"{inside[1]}{inside[2]}"
    found = _AND_DEFAULT.fullmatch(bare)
    if found and take_part(spec, found["default"]):
        return values_of(found["values"])
    return values_of(bare)


_IN_BRACKETS = re.compile(r"[(\[{]([^()\[\]{}]*)[)\]}](.*)")
_AND_DEFAULT = re.compile(
    r"(?P<values>.+?)\s*[,;]?\s+(?:with\s+|and\s+)?(?P<default>(?:(?:the\s+)?default|initially|at\s+first|in\s+the\s+beginning|starting|starts)\b.*|by\s+default\s+.*|\S+(?:\s+\S+)?\s+(?:by\s+default|(?:is|being|as)\s+the\s+default))",
    re.IGNORECASE,
)


def _examples(spec: Spec, text: str) -> bool:
    """Examples limit nothing: they are kept as a description."""
    found = _PARTS[-2][0].fullmatch(text)
    if found:
        spec.description = text
    return bool(found)


def _answers(spec: Spec, text: str) -> bool:
    """Read `yes, no or maybe` as three values, though `yes or no` alone is a type."""
    items = [item.lower() for _, item in split_list(text)]
    said = set(items)
    opposite = any(pair <= said for pair in _OPPOSITES) or {"yes", "no"} < said
    if not opposite or not all(map(is_noun, said - {"yes", "no"})):
        return False
    spec.values = values_of(text)
    return True


_OPPOSITES = ({"positive", "negative"}, {"short", "long"}, {"required", "optional"})
"""Words that limit a value each by itself, and are values when they stand side by side."""


def _separated(spec: Spec, text: str) -> bool:
    """Read `easy / medium / hard` and `new → done` as values."""
    for separator in (" | ", "|", "/", "→", "->"):
        if separator not in text or "," in text or re.search(r"https?:|\d/", text):
            continue
        parts = [part.strip() for part in text.split(separator)]
        if all(map(is_value, parts)):
            spec.values = tuple(parts)
            return True
    return False


def _take_list(spec: Spec, text: str, *, listed: bool) -> None:
    bare = [item for _, item in split_list(text)]
    if listed and _mixed_values(bare):
        spec.values = tuple(bare)
        return
    left: list[tuple[str, str]] = []
    pieces = [piece for part in _WHICH.split(text) for piece in split_list(part)]
    for joint, part in pieces:
        if found := _INTRODUCED.match(part):
            left.append((joint, found[1]))
        elif not _take_all(spec, part) and not _take_some(spec, part):
            left.append((joint, part))
    if left:
        _take_left(spec, text, left, listed=listed)


def _take_left(spec: Spec, text: str, left: list[tuple[str, str]], *, listed: bool) -> None:
    """Take what is no property: values, else a description, else it is not understood."""
    parts = [part for _, part in left]
    parts[0] = _BEING.sub("", parts[0])
    parts = _without_unit(spec, parts)
    choices = len(parts) > 1 and all(map(is_value, parts))
    if choices and (listed or left[-1][0] == "or"):
        spec.values = tuple(part.strip("\"'` ") for part in parts)
    elif spec.type is FieldType.ENUM and listed:
        spec.values = tuple(parts)
    elif listed and not _LIMITS.search(text):
        spec.description = text
    else:
        spec.rest += parts


def _without_unit(spec: Spec, parts: list[str]) -> list[str]:
    """Read the unit of `of 3, 6 or 12 months` as that of each number."""
    first, last = parts[0].removeprefix("of "), _MEASURED.fullmatch(parts[-1])
    numbers = [first, *parts[1:-1]]
    if len(parts) < _SEVERAL_PARTS or last is None or not all(map(_NUMERAL.fullmatch, numbers)):
        return parts
    spec.unit = spec.unit or last["unit"]
    return [*numbers, last["n"]]


_SEVERAL_PARTS = 2
_NUMERAL = re.compile(r"\d{1,9}(?:\.\d{1,9})?")
_MEASURED = re.compile(rf"(?P<n>\d{{1,9}}(?:\.\d{{1,9}})?)\s*(?P<unit>{UNITS})", re.IGNORECASE)
_BEING = re.compile(r"\A(?:is|are|can\s+be|may\s+be|must\s+be)\s+(?:either\s+)?", re.IGNORECASE)
_LIMITS = re.compile(
    r"\b(?:must|should|cannot|only|never|not|no|format|pattern|regex|at\s+(?:least|most)|max|min|maximum|minimum|unique|if|when|unless|calculated|computed|automatic(?:ally)?|encrypted|hidden|read-?only|sorted|steps?)\b",
    re.IGNORECASE,
)
"""Words that limit a value, so that a text with them is no mere description."""


def _mixed_values(items: list[str]) -> bool:
    """Whether a list names values of which some are words for types or units, or look like ranges: `S, M, L`, `1-0, 0-1`."""
    if len(items) < 2:  # noqa: PLR2004
        return False
    scores = [item for item in items if re.fullmatch(r"[\d/]{1,5}\s*[-:]\s*[\d/]{1,5}", item)]
    if len(scores) == len(items):
        return True
    named = [
        item for item in items if item.lower() in _ALSO_NAMED or re.fullmatch(UNITS, item, re.IGNORECASE)
    ]
    others = [item for item in items if item not in named]
    short = [item for item in others if re.fullmatch(r"\d{1,4}|[A-Za-z]{1,3}", item)]
    numbered = bool(short) and len(short) == len(others) and any(not item.isdigit() for item in items)
    if not named:
        return numbered and any(item.isdigit() for item in items)
    if len(named) > 1 and not others:
        return not any(item.lower() in _TECHNICAL for item in named)
    return (
        bool(others) and all(map(is_noun, others)) and not any(take_part(Spec(""), item) for item in others)
    )


_ALSO_NAMED = frozenset({*NAMED, "short", "long", "whole", "free-text"})
"""Words that say what is kept when they stand alone, and are values among others: `short, documentary or feature`."""
_TECHNICAL = frozenset(
    {
        "string",
        "integer",
        "int",
        "decimal",
        "float",
        "double",
        "boolean",
        "bool",
        "datetime",
        "varchar",
        "enum",
    }
)
"""Names of types that nobody means as values."""
_STATES = re.compile(
    r"(?:(?:can|may|must|should|will)\s+be|is|are)\s+(?:either\s+)?(\S.*\sor\s.*)", re.IGNORECASE
)
_WHICH = re.compile(r"\s+(?:which|that)\s+", re.IGNORECASE)


def values_of(text: str) -> tuple[str, ...]:
    """Return the values a list names."""
    items = [item.strip("\"'`. ") for _, item in split_list(text.replace("/", ", ").replace("|", ", "))]
    return tuple(re.sub(r"\A(?:an?|the|either)\s+", "", item, flags=re.IGNORECASE) for item in items if item)


_INTRODUCED = re.compile(
    r"(?:(?:is|are|must\s+be|can\s+be|may\s+be|should\s+be|has\s+to\s+be|being|with)\s+)?(?:an?\s+)?"
    r"(?:(?:enum|choice|selection|select)\b[\s:,]*(?:of\b|between\b|from\b)?|(?:any\s+|one\s+)of\b(?:\s+the\s+following)?(?:\s+values)?|either\b|(?:the\s+)?(?:possible\s+|allowed\s+)?(?:values?|options?|choices?)\b(?:\s+(?:are|is))?)"
    r"[\s:]*(\S.*)",
    re.IGNORECASE,
)
