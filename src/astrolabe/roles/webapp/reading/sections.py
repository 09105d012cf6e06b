"""What a heading announces, and what a table's columns hold."""

import re
from enum import Enum

from astrolabe.roles.webapp.reading import nouns
from astrolabe.roles.webapp.reading.properties import take_properties
from astrolabe.roles.webapp.reading.spec import Spec
from astrolabe.roles.webapp.reading.specs import spec_of
from astrolabe.roles.webapp.reading.words import word_set


class Section(Enum):
    """Kinds of headings."""

    TITLE = "title"
    TEXT = "text"
    THINGS = "things"
    THING = "thing"
    ROLES = "roles"
    ACCESS = "access"
    PAGES = "pages"
    SEED = "seed"
    VALUES = "values"
    GLOSSARY = "glossary"
    OUT = "out"


_SECTIONS: tuple[tuple[Section, re.Pattern[str]], ...] = tuple(
    (section, re.compile(pattern, re.IGNORECASE))
    for section, pattern in (
        (Section.ROLES, r"(?:user\s+)?(?:roles?|actors|personas|user\s+types|people)(?:\s+and\s+(?:permissions|access|rights))?"),
        (Section.ACCESS, r"(?:permissions?|access(?:\s+(?:control|rights|rules))?|rights|who\s+(?:may|can)\s+do\s+what|security|authori[sz]ation|(?:business\s+)?rules|visibility|privacy)"),
        (Section.PAGES, r"(?:pages?|screens?|views?|ui|user\s+interface|navigation)"),
        (Section.SEED, r"(?:seed(?:\s+data)?|(?:sample|example|demo|test|initial|starter)\s+(?:data|rows|content|records)|examples?|fixtures?)"),
        (Section.VALUES, r"(?:enums?|enumerations?|choices|lists?\s+of\s+values|values|states|statuses)"),
        (Section.THINGS, r"(?:(?:the\s+)?(?:entities|things|data(?:\s*base)?|data\s+model|domain(?:\s+model)?|models?|objects?|schema|tables?|records|information\s+kept|what\s+(?:it|we|the\s+app)\s+(?:keeps?|stores?)))"),
        (Section.GLOSSARY, r"(?:glossary|terms|terminology|definitions|vocabulary|glossary\s+of\s+terms)"),
        (Section.OUT, r"(?:(?:out\s+of|not\s+in)\s+scope|non-?\s?goals?|not\s+(?:included|needed|wanted|required)|exclusions?|excluded|won'?t(?:\s+have)?|(?:maybe\s+)?later(?:\s+(?:maybe|perhaps|on))?|maybe|perhaps|some\s?day|ideas(?:\s+for\s+(?:later|the\s+future))?|backlog|roadmap|not\s+(?:now|yet)|next\s+(?:steps?|versions?)|open\s+questions|future(?:\s+(?:work|ideas|versions?))?)"),
        (Section.TEXT, r"(?:overview|about|goals?|intro(?:duction)?|summary|background|description|purpose|features?|requirements?|functional\s+requirements|non-?functional(?:\s+requirements)?|scope|in\s+scope|must\s+have|should\s+have|could\s+have|nice\s+to\s+have|scenarios?|notes?|technical.*|tech(?:nology)?(?:\s+stack)?|stack|constraints?|user\s+stories|use\s+cases?|validation(?:\s+rules)?|relations?(?:hips?)?|associations?|fields?|attributes?|details|misc(?:ellaneous)?|other|general|motivation|todo|acceptance\s+criteria|search|the\s+application|what.*|how.*|why.*)"),
    )
)  # fmt: skip
_NUMBERED = re.compile(r"\A(?:\d+(?:\.\d+)*[.)]?|[A-Z][.)])\s+")
_PREFIX = re.compile(
    r"\A(?:entity|model|table|object|thing|resource|class|collection)\s*[:\-\u2013]?\s+(?=\S)", re.IGNORECASE
)


def section_of(heading: str) -> Section | None:
    """Return the kind of a heading with a usual text; None when it may name a thing."""
    text = _NUMBERED.sub("", heading).strip(" :")
    for section, pattern in _SECTIONS:
        if pattern.fullmatch(text):
            return section
    return None


def thing_named(heading: str) -> str:
    """Return the thing a heading names, or nothing."""
    text = _PREFIX.sub("", _NUMBERED.sub("", heading).strip(" :"))
    text = re.sub(r"\s*[(\[][^()\[\]]*[)\]]\s*\Z", "", text)
    text = re.sub(r"\s+(?:fields|attributes|properties|page|section|data)\Z", "", text, flags=re.IGNORECASE)
    return nouns.thing(text)


def title_of(heading: str) -> str:
    """Return the name of an application from its title."""
    text = re.sub(
        r"\A(?:goal|app|application|project|brief|title|name|product)\s*[:\-\u2013]\s*",
        "",
        heading.strip(),
        flags=re.IGNORECASE,
    )
    text = re.sub(
        r"\s*[-\u2013:]?\s*(?:a\s+)?(?:product\s+)?(?:brief|specification|spec|requirements|prd)\Z",
        "",
        text,
        flags=re.IGNORECASE,
    )
    return text.strip(" .:") or heading


_COLUMNS: tuple[tuple[str, str], ...] = (
    ("name", r"fields?(?:\s+name)?|names?|attributes?|columns?|propert(?:y|ies)|key"),
    ("type", r"(?:data\s*)?types?|kind|format"),
    ("required", r"required\??|mandatory\??|req\.?|not\s+null"),
    ("optional", r"optional\??|nullable\??|null\??"),
    ("unique", r"unique\??"),
    ("default", r"defaults?(?:\s+value)?"),
    (
        "rules",
        r"constraints?|validations?|rules?|limits?|restrictions?|options?|values?|allowed(?:\s+values)?|choices|enum|range|length",
    ),
    ("min", r"min(?:imum)?"),
    ("max", r"max(?:imum)?"),
    ("notes", r"notes?|descriptions?|comments?|remarks?|meaning|purpose|details|explanation"),
)
_YES = word_set("""
    yes y x ✓ ✔ true required unique optional 1 ✅ ☑ mandatory always
""")


def columns_of(header: tuple[str, ...]) -> list[str]:
    """Return what each column of a table of fields holds; `notes` when it is not said."""
    return [
        next(
            (name for name, pattern in _COLUMNS if re.fullmatch(pattern, cell.strip(), re.IGNORECASE)),
            "other",
        )
        for cell in header
    ]


def is_field_table(header: tuple[str, ...]) -> bool:
    """Whether a table lists fields."""
    columns = columns_of(header)
    return columns[:1] == ["name"] and len(columns) > 1 and bool(set(columns[1:]) - {"other", "name"})


def spec_of_row(columns: list[str], cells: tuple[str, ...]) -> Spec | None:
    """Return the field that a row of a table describes."""
    parts = dict(zip(columns, cells, strict=False))
    name = parts.get("name", "").strip()
    spec = spec_of(name) or (Spec(name) if _NAME.fullmatch(name) else None)
    if spec is None:
        return None
    for column in ("type", "rules"):
        if parts.get(column):
            take_properties(spec, parts[column], listed=True)
    if spec.description and parts.get("type") == spec.description:
        spec.description = ""
        spec.rest.append(parts["type"])
    for column in ("required", "optional", "unique"):
        cell = parts.get(column, "").strip().lower()
        if column in parts and cell in _YES | {"no", "n", "-", "\u2013", "", "false", "✗", "❌"}:
            _flag(spec, column, on=cell in _YES)
    if parts.get("default", "").strip(" -\u2013"):
        spec.default = parts["default"].strip("\"'` ")
    for column in ("min", "max"):
        if re.fullmatch(r"-?\d+(?:\.\d+)?", parts.get(column, "").strip()):
            setattr(spec, column, float(parts[column]) if "." in parts[column] else int(parts[column]))
    if parts.get("notes"):
        noted = Spec(spec.noun, type=spec.type)
        take_properties(noted, parts["notes"], listed=True)
        _merge(spec, noted, parts["notes"])
    return spec


_NAME = re.compile(r"[a-z]\w*(?: \w+){0,3}", re.IGNORECASE)
"""What the first cell of a row may be, as it can be nothing but a name: `for swap`."""


def _flag(spec: Spec, column: str, *, on: bool) -> None:
    if column == "required":
        spec.required = on
    elif column == "optional":
        spec.required = not on
    elif on:
        spec.unique = True


def _merge(spec: Spec, noted: Spec, text: str) -> None:
    """Take the properties found in a remark, and the remark itself as description when it holds none."""
    if noted.description or noted.rest:
        spec.description = text
        return
    for name in (
        "required",
        "unique",
        "min",
        "max",
        "above",
        "below",
        "min_length",
        "max_length",
        "default",
        "unit",
        "target",
    ):
        if getattr(noted, name) not in {None, ""} and getattr(spec, name) in {None, ""}:
            setattr(spec, name, getattr(noted, name))
    if noted.values and spec.type in {None, noted.type}:
        spec.values = noted.values
