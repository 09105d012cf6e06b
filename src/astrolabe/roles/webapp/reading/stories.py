"""User stories and scenarios: `As a nurse I want to see patients so that …`, `Given … When … Then …`."""

import re
from dataclasses import dataclass

from astrolabe.roles.webapp.reading import nouns
from astrolabe.roles.webapp.reading.blocks import Line
from astrolabe.roles.webapp.reading.words import is_plural, plural

SCENARIO_UNREAD = "scenarios are not read; say what they need in sentences of their own"

_STORY = re.compile(
    r"(?P<wish>as\s+(?:an?|the)\s+(?P<who>(?:[\w-]+(?:'s|s')\s+)?[\w-]+(?:\s+[\w-]+){0,2}?)\s*,?\s+(?:i|we)(?:'d|\s+would|\s+also)?\s+(?:want|need|like|wish|can|may|must|should|could|will)(?:\s+to)?(?:\s+be\s+able\s+to)?\s+(?P<deed>\S.*?))"
    r"(?:,?\s+(?P<reason>(?:so\s+that|so\s+(?:i|we)\b|in\s+order\s+to|because)\s*\S.*))?",
    re.IGNORECASE,
)
_STEP = re.compile(
    r"(?:given|when|then|and|but|scenario(?:\s+outline)?|feature|background|examples?)\b[:\s]", re.IGNORECASE
)
_FIRST_STEP = re.compile(r"(?:given|when|then|scenario)\b", re.IGNORECASE)
_IN_ONE_LINE = re.compile(r"(?:scenario:?\s.*?)?\b(?:given|when)\s+\S.*,?\s+then\s+\S.*", re.IGNORECASE)


@dataclass(frozen=True)
class Story:
    """`right` says what its people can do, `wish` the same as written, `reason` what for.

    `fields` says what the things have that are made, and `listed` the same as written.
    """

    right: str
    wish: str
    reason: str
    fields: str = ""
    listed: str = ""


def story_of(text: str) -> Story | None:
    """Return the story a sentence tells, or None."""
    found = _STORY.fullmatch(text.strip(" ."))
    if found is None:
        return None
    who = nouns.bare(re.sub(r"\A\S+(?:'s|s')\s+", "", found["who"]))
    deed = re.sub(r"\b(?:my|our)\b", "their", found["deed"], flags=re.IGNORECASE)
    deed = re.sub(r"\b(?:i|we)\s+(?=own|made|created|wrote|added)", "they ", deed, flags=re.IGNORECASE)
    deed = re.sub(r"\b(but|and)\s+(?:i|we)\s+(?=can|may|must)", r"\1 ", deed, flags=re.IGNORECASE)
    deed = re.sub(r"\bcan't\b", "cannot", deed, flags=re.IGNORECASE)
    many = who if is_plural(who) else plural(who)
    reason = found["reason"] or ""
    if alone := _ALONE.match(deed):
        return Story(f"only {many} can {deed[alone.end() :]}", found["wish"], reason)
    if made := _MADE.fullmatch(deed):
        wish = found["wish"][: found["wish"].rfind(made["with"])].strip(" ,")
        has = "have" if is_plural(made["thing"]) else "has"
        fields = f"{made['thing']} {has} {made['fields'] or made['inside']}"
        return Story(f"{many} can {made['right']}", wish, reason, fields, made["with"])
    return Story(f"{many} can {deed}", found["wish"], reason)


_ALONE = re.compile(
    r"be\s+the\s+only\s+(?:one|person|role)s?\s+(?:who|that)\s+(?:can|may|is\s+allowed\s+to)\s+|be\s+the\s+only\s+(?:one|person)\s+(?:allowed\s+)?to\s+",
    re.IGNORECASE,
)
_MADE = re.compile(
    r"(?P<right>(?:create|add|record|enter|write|register|log|save|keep|store|post|publish|note|submit|manage|maintain|upload)\b(?:\s*,?\s+(?:and\s+)?(?:edit|change|update|delete|manage|see|view))*"
    r"\s+(?:(?:their|an?|the|new)\s+(?:own\s+)?)?(?P<thing>[a-z-]+(?:\s+(?!with\b)[a-z-]+)?))\s+"
    r"(?P<with>(?:with|having|including)\s+(?P<fields>an?\s+\S.*|[a-z ]+,\s.*)|\((?P<inside>[^()]*,[^()]*)\))",
    re.IGNORECASE,
)
"""What is made together with what it has: `record lessons with a date and a pool`."""


def is_scenario(lines: tuple[Line, ...]) -> bool:
    """Whether the lines of a paragraph are the steps of a scenario."""
    steps = [line.text for line in lines if _STEP.match(line.text)]
    return len(steps) > 1 and len(steps) * 2 > len(lines) and any(map(_FIRST_STEP.match, steps))


def is_scenario_line(text: str) -> bool:
    """Whether a sentence is a scenario in one line."""
    return bool(_IN_ONE_LINE.match(text) and re.match(r"given|when|scenario", text, re.IGNORECASE))
