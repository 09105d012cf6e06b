"""Reads one field as people write it: `an optional rating from 1 to 5`, `status (todo, doing, done)`, `price in euros`."""

import re

from astrolabe.roles.webapp.model import FieldType
from astrolabe.roles.webapp.reading.kinds import kind_of
from astrolabe.roles.webapp.reading.normal import normal, number_of
from astrolabe.roles.webapp.reading.properties import (
    TAIL,
    is_property,
    take_part,
    take_properties,
    values_of,
)
from astrolabe.roles.webapp.reading.sentences import split_list
from astrolabe.roles.webapp.reading.spec import Spec, is_noun
from astrolabe.roles.webapp.reading.words import is_plural, undecorated

ENUMERATED = r"status|state|type|kind|priority|category|level|size|colou?r|difficulty|genre|condition|stage|phase|mood|severity|urgency|format|frequency|visibility|species"
"""Words whose `of` introduces values: `a status of open or closed`."""

_DETERMINER = re.compile(
    r"(?:an?|the|its|their|his|her|our|my|your|some|any|each|every|also|optionally|possibly|maybe|perhaps|and|or|both"
    r"|other|own|at\s+least\s+a|of\s+course|then|additionally|finally|lastly)\s+",
    re.IGNORECASE,
)
_ONE = re.compile(
    r"(exactly\s+(?:one|1)|only\s+(?:one|1)|(?:a|one|1)\s+single|single|one|1)\s+(?=[^\W\d])", re.IGNORECASE
)
_AT_MOST_ONE = re.compile(
    r"(?:at\s+most|up\s+to|no\s+more\s+than|not\s+more\s+than|(?:zero|0|none|no)\s+or|maximum(?:\s+of)?)\s+(?:one|1)\s+(?=[^\W\d])",
    re.IGNORECASE,
)
_ONE_OR_MORE = re.compile(r"at-least-one\s+", re.IGNORECASE)
_MANY = re.compile(
    r"(?:(?:any\s+number\s+of|as\s+many|many|several|multiple|various|numerous|a\s+few|a\s+couple\s+of|different|lots\s+of|more\s+than\s+(?:one|1)"
    r"|(?:an?\s+)?(?:list|lists|set|collection|series|bunch)\s+of)\s+)",
    re.IGNORECASE,
)
_FROM_TO = re.compile(r"from\s+(-?\d{1,9})\s+to\s+(-?\d{1,9})\s+(?=[^\W\d])")
_LIMIT = re.compile(
    r"(?:at\s+most|up\s+to|no\s+more\s+than|not\s+more\s+than|a?\s*max(?:imum)?(?:\s+of)?|at\s+least|a?\s*min(?:imum)?(?:\s+of)?|exactly|fewer\s+than"
    r"|less\s+than|more\s+than)\s+\d{1,9}\s+(?=[^\W\d])|\d{1,9}\s+(?=[^\W\d])",
    re.IGNORECASE,
)
_COUNT_WORD = re.compile(
    r"(?:two|three|four|five|six|seven|eight|nine|ten|twelve|twenty)\s+(?=[^\W\d])", re.IGNORECASE
)
_ADJECTIVE = re.compile(
    r"(optional|required|mandatory|compulsory|obligatory|unique|short|long|numeric|numerical|boolean|positive|non-negative"
    r"|free-text|multi-?line|decimal|integer|whole|yes/no|true/false)\s+(?=\S)",
    re.IGNORECASE,
)
_WHETHER = re.compile(
    r"(?:(?:an?\s+)?(?:flag|mark|checkbox|note|indication|field|tick\s+box)\s+(?:for|of|saying|telling|showing|indicating|that\s+says)?\s*)?(?:whether|if)\s+(?:or\s+not\s+)?"
    r"(?:(?:it|they|he|she|(?:the|an?|this)\s+\S+|i|we)\s+(?:(?:is|was|are|were|has|have|had|can|should)\s+)?|(?P<others>[a-z]+s)\s+(?:is|are|were)\s+)(?:been\s+|be\s+)?(?P<what>\S.*)",
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
_MOMENT = re.compile(
    r"(?:the\s+)?(?:date\s+and\s+time|time|moment)\s+(?:when\s+|at\s+which\s+)?(?:it|they|he|she|(?:the|an?)\s+\w+)\s+(?:is|was|are|were|has|have|had)\s+(?:been\s+)?(?P<deed>\w+(?:\s+(?:in|out|up|off|back))?)",
    re.IGNORECASE,
)
_SPENT = re.compile(
    r"(?P<whole>minutes|days|weeks|months|years)|hours|kilomet(?:re|er)s|miles|litres|euros", re.IGNORECASE
)
_YEAR = re.compile(
    r"(?:the\s+)?year\s+(?:(?:when|in\s+which)\s+)?(?:it|they|he|she|(?:the|an?)\s+\w+)\s+(?:(?:is|was|are|were|has|have|had)\s+)(?:been\s+)?([a-z]+)",
    re.IGNORECASE,
)
_ENUM_OF = re.compile(rf"((?:\S+\s+)?(?:{ENUMERATED}))\s+of\s+(?!\d|at\b|up\b)(\S.*)", re.IGNORECASE)
_PARENTHESES = re.compile(r"[(\[]([^()\[\]]*)[)\]]")
_QUOTED = re.compile(r"\"([^\"]{1,400})\"|'([^']{1,400})'")
_RELATIVE = re.compile(
    r"\s+(?:that\s+|which\s+)?(?:i|we|they|you|it|he|she|one)\s+(?!is\b|are\b|can\b|must\b|may\b)(?:had\s+)?[a-z]+(?:\s+for\s+it)?\Z",
    re.IGNORECASE,
)


_CLAUSE = re.compile(r"(?:each|every|all)\s+\S+\s", re.IGNORECASE)


def spec_of(text: str, *, determined: bool = False) -> Spec | None:
    """Return what a piece of text says about a field, or None when it names none."""
    text = normal(" ".join(text.split())).strip(" .,;")
    if _CLAUSE.match(text):
        return None
    inside = [found[1] for found in _PARENTHESES.finditer(text)]
    bare = " ".join(_PARENTHESES.sub(" ", text).split())
    asked = _WHETHER.fullmatch(bare)
    when = None if asked else _WHEN.fullmatch(bare) or _WHEN_DONE.fullmatch(bare)
    if asked:
        spec = Spec(
            _shortest(" ".join(filter(None, (asked["others"], asked["what"])))),
            type=FieldType.BOOLEAN,
            determined=True,
        )
    elif year := _YEAR.fullmatch(bare):
        spec = Spec(f"year {year[1]}", type=FieldType.INTEGER, determined=True)
    elif moment := _MOMENT.fullmatch(bare):
        spec = Spec(f"{moment['deed']} at", type=FieldType.DATETIME, determined=True)
    elif when:
        spec = Spec(f"{when[1]} on", type=FieldType.DATE, determined=True)
    else:
        spec = _plain_spec(bare, determined=determined)
    spec.noun = undecorated(spec.noun)
    if spec.noun.endswith("?") and spec.type is None:
        spec.noun, spec.type = spec.noun.rstrip("? "), FieldType.BOOLEAN
    for part in inside:
        take_properties(spec, part, listed=True)
    return spec if is_noun(spec.noun) and not _ALTERNATIVE.search(spec.noun) else None


_TOGETHER = re.compile(
    r"(?P<names>[^,:()]+?\s+and\s+[^,:()]+?)\s*(?:(?:,\s*|\(|:\s+|\s[-\u2013\u2014]\s)(?P<both>(?:both|each|all)\s+)?(?P<rest>[^()]+)\)?)?",
    re.IGNORECASE,
)


def named_together(text: str) -> list[Spec]:
    """Return the fields of `first name and last name, both required`: where that is said, or each is one that data have."""
    found = _TOGETHER.fullmatch(text.strip(" ."))
    names = [name for _, name in split_list(normal(found["names"]))] if found else []
    if len(names) < 2 or not found or not (found["both"] or all(kind_of(name).known for name in names)):  # noqa: PLR2004
        return []
    specs = [spec_of(f"{name}: {found['rest']}" if found["rest"] else name) for name in names]
    known = [spec for spec in specs if spec]
    return known if len(known) == len(specs) else []


_ALTERNATIVE = re.compile(r"\sor\s", re.IGNORECASE)


def without_relative(text: str) -> str:
    """Return `minutes` of `minutes it took`."""
    return _RELATIVE.sub("", text)


def _plain_spec(text: str, *, determined: bool) -> Spec:
    spec = Spec("", determined=determined)
    front = _front(spec, text)
    text = without_relative(front)
    if text != front and (spent := _SPENT.fullmatch(text)):
        spec.type = FieldType.INTEGER if spent["whole"] else FieldType.DECIMAL
    if flag := re.fullmatch(r"(\S+)\s+(?:flag|checkbox|tick\s+box)", text, re.IGNORECASE):
        text, spec.type = flag[1], FieldType.BOOLEAN
    enumerated = _ENUM_OF.fullmatch(text)
    if enumerated and len(values := values_of(enumerated[2])) > 1:
        spec.noun, spec.values = enumerated[1], values
        return spec
    if typed := _TYPED.match(text):
        text = f"{typed[1]}: {text[typed.end(1) :].strip()}"
    cut = TAIL.search(text)
    spec.noun = (text[: cut.start()] if cut else text).strip(" ,")
    if quote := _QUOTED.fullmatch(spec.noun):
        spec.noun = quote[1] or quote[2]
    if cut:
        listed = ":" in cut[0] or cut[0].strip() in {"-", "\u2013", "\u2014", "=", "→", "->"}
        take_properties(spec, text[cut.end() :], listed=listed)
    return spec


_TYPED = re.compile(
    r"((?!an?\b|the\b)[a-z_]\w*)\s+(?:string|integer|int|boolean|bool|decimal|float|datetime|varchar|enum)\b(?=\s*(?:\Z|[,:;(<>≤≥=]|\d|(?:required|optional|unique|mandatory|default|min|max|at|up|between|from|not)\b))",
    re.IGNORECASE,
)
"""A name and one of the words that only programs have for types: `nights integer > 0`."""


def _front(spec: Spec, text: str) -> str:
    """Take articles, counts and adjectives off the front."""
    while found := _counted(spec, text) or _described(spec, text):
        text = text[found.end() :]
    return text


def _counted(spec: Spec, text: str) -> re.Match[str] | None:
    """Take a count off the front of a text and tell where it ends."""
    if found := _AT_MOST_ONE.match(text):
        spec.determined, spec.required = True, False
    elif found := _ONE_OR_MORE.match(text):
        spec.many = spec.counted = spec.determined = spec.required = True
    elif found := _MANY.match(text):
        spec.many = spec.counted = spec.determined = True
    elif found := _ONE.match(text):
        spec.exactly_one = spec.exactly_one or found[1].lower() not in {"one", "1"}
        spec.determined = True
    elif found := _FROM_TO.match(text):
        spec.min, spec.max = number_of(found[1]), number_of(found[2])
    elif (found := _LIMIT.match(text) or _COUNT_WORD.match(text)) and is_plural(
        _first_noun(text[found.end() :])
    ):
        spec.many = spec.counted = spec.determined = True
        spec.limit = found[0].strip()
    else:
        found = None
    return found


def _first_noun(text: str) -> str:
    """Return the words up to what is said about them: `participants` of `participants at most`."""
    cut = TAIL.search(text)
    return text[: cut.start()] if cut else text


def _described(spec: Spec, text: str) -> re.Match[str] | None:
    """Take an article or adjective off the front of a text and tell where it ends."""
    if found := _DETERMINER.match(text):
        spec.determined = True
        if found[0].lower().startswith(("optionally", "possibly", "maybe", "perhaps")):
            spec.required = False
        return found
    found = _ADJECTIVE.match(text)
    if found:
        spec.determined = True
    return found if found and take_part(spec, found[1]) else None


def _shortest(text: str) -> str:
    return " ".join(re.sub(r"\s+(?:it|them)\Z", "", text.strip()).split()[:3])


_OPENS = re.compile(
    rf":\s*\S|\bsuch\s+as\s+\S|\b(?:one\s+of|either|(?:can|may|must)\s+be|which\s+is|values?)\s+\S|\b(?:{ENUMERATED})\s+of\s+[a-z]",
    re.IGNORECASE,
)
_THAT_IS = re.compile(r"\b(?:that|which)\s+(?:is|are)\s+(\S.*)", re.IGNORECASE)
_APPOSITION = re.compile(
    r"(?:an?|always\s+an?)\s+(?:(?:positive|non-negative)\s+(?:(?:whole|decimal)\s+)?(?:number|integer|amount|value)|(?:whole|decimal)\s+number|integer|decimal)(?:\s+(?:from|of\s+at|between|up|at)\b.*)?",
    re.IGNORECASE,
)
"""What a field is, told after its name: `days to harvest, a positive whole number`."""
_RELATIVE_ITEM = re.compile(r"(?:that|which)\s+(?=(?:is|are|must|can|cannot)\b)", re.IGNORECASE)
_VALUE = re.compile(r"value\s*(?:[(<>≤≥=:]|\Z)", re.IGNORECASE)
"""A field that is called value, as in `date, value >= 0`."""
_SLASHED = re.compile(r":\s*[^\W\d][\w -]*(?:\s*[/|]\s*[^\W\d][\w -]*)+\Z")
"""Values that are all there, so that what follows a comma is another field: `kind: gas/water, floor`."""
_BEGINS_WITH_NUMBER = re.compile(r"\d[\d.,]*(?:\s|\Z)")


def items_of(text: str) -> list[str]:
    """Cut a list of fields into its items; the values of `a status: todo, doing or done` stay with their field."""
    items: list[str] = []
    is_open = False
    listed = split_list(text)
    for number, (joint, item) in enumerate(listed):
        determined = _is_determined(item)
        is_open = is_open or (bool(items) and not determined and _lists_values(items[-1], listed[number:]))
        if joint == "or" and items and item.lower() in {"none", "nothing"}:
            items[-1] += " (optional)"
            continue
        if joint == "or" and items and not is_open and _is_alternative(items[-1], item):
            items[-1] += f" or {item}"
            continue
        property_only = bool(items) and bool(_APPOSITION.fullmatch(item))
        property_only = property_only or (
            bool(items)
            and not determined
            and not _VALUE.match(item)
            and (is_property(_RELATIVE_ITEM.sub("", item)) or bool(_BEGINS_WITH_NUMBER.match(item)))
        )
        if items and ((is_open and not determined) or property_only):
            opening = ": " if is_open and _ENUMERATED_NOUN.fullmatch(items[-1]) else ", "
            items[-1] += f"{opening if joint == ',' else f' {joint} '}{item}"
            is_open = is_open and joint != "or"
        else:
            items.append(item)
            bare = _PARENTHESES.sub("", item)
            values = _THAT_IS.search(bare)
            is_open = bool(_OPENS.search(bare) or (values and not is_property(values[1])))
            is_open = is_open and not (_SLASHED.search(bare) or _VALUE.match(bare))
    return items


def _is_alternative(one: str, other: str) -> bool:
    """Whether two words that no field is usually called by stand for one that is not named: `alive or dead`."""
    plain = all(re.fullmatch(r"[a-z-]+", text, re.IGNORECASE) for text in (one, other))
    return plain and not (kind_of(one).known and kind_of(other).known)


def _is_determined(item: str) -> bool:
    """Whether a text begins as the name of a field does, with an article, a count or an adjective."""
    return any(pattern.match(item) for pattern in (_DETERMINER, _ONE, _MANY, _ADJECTIVE))


_ENUMERATED_NOUN = re.compile(rf"(?:an?|the|its|their)\s+(?:\S+\s+)?(?:{ENUMERATED})", re.IGNORECASE)


def _lists_values(before: str, following: list[tuple[str, str]]) -> bool:
    """Whether what follows `a water type` are its values, as in `a water type, fresh or salt`: the last comes after `or`."""
    values: list[tuple[str, str]] = []
    for joint, item in following:
        if _is_determined(item):
            break
        values.append((joint, item))
    last = next((number for number, (joint, _) in enumerate(values) if joint == "or"), 0)
    plain = all(joint == "," for joint, _ in values[:last])
    return last > 0 and plain and bool(_ENUMERATED_NOUN.fullmatch(before))
