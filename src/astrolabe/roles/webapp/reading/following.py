"""What follows a heading, a request or the first row of a table, judged before it is read."""

import re
from collections.abc import Sequence

from astrolabe.roles.webapp.model import Action
from astrolabe.roles.webapp.reading.asking import Part
from astrolabe.roles.webapp.reading.blocks import Block, Item, Paragraph, Table
from astrolabe.roles.webapp.reading.kinds import kind_of
from astrolabe.roles.webapp.reading.sections import is_field_table
from astrolabe.roles.webapp.reading.sentences import MODALS, split_list
from astrolabe.roles.webapp.reading.specs import spec_of
from astrolabe.roles.webapp.reading.words import is_plural, plural, singular


def begin_of_tail(sentence: str, tail: str) -> int:
    """Return where what follows the noun of a request begins in its sentence, its end when nothing follows."""
    text = sentence.strip().rstrip(".!?")
    found = next((form for form in (tail, tail.removeprefix("to ")) if form and text.endswith(form)), "")
    return len(text) - len(found)


def begins_with_field(part: Part) -> bool:
    """Whether what follows `with` begins with the name of a field rather than of a kind of thing."""
    first = split_list(part.body)[0][1]
    spec = spec_of(first)
    return spec is not None and (not is_plural(spec.noun) or kind_of(spec.noun).known)


def holds_fields(block: Block | None) -> bool:
    """Whether what follows a heading looks like the fields of a thing."""
    if isinstance(block, Table):
        return is_field_table(block.header)
    if isinstance(block, Item):
        spec = spec_of(block.text)
        return spec is not None and not re.search(
            rf"\b(?:{MODALS})\b", re.split(r"[:(\u2013\u2014]", block.text)[0]
        )
    return isinstance(block, Paragraph) and (
        bool(re.match(r"(?:fields|attributes|it\s+has|has)\b", block.text, re.IGNORECASE))
        or block.text.endswith(":")
    )


def first_of_fields(heading: str, blocks: Sequence[Block]) -> Block | None:
    """Return what follows a heading, past the items that are sentences about the thing it names."""
    noun = singular(heading.strip().lower())
    said = re.compile(
        rf"(?:each|every|an?|the|it|they|{re.escape(plural(noun))})\s+(?:{re.escape(noun)}\s+)?(?:is|are|has|have|belongs?)\b",
        re.IGNORECASE,
    )
    for block in blocks:
        if not (isinstance(block, Item) and said.match(block.text)):
            return block
    return blocks[0] if blocks else None


_ACTION_WORDS = {
    "create": Action.CREATE, "add": Action.CREATE, "read": Action.READ, "view": Action.READ, "see": Action.READ, "list": Action.READ,
    "update": Action.UPDATE, "edit": Action.UPDATE, "change": Action.UPDATE, "delete": Action.DELETE, "remove": Action.DELETE,
}  # fmt: skip


def actions_of(header: tuple[str, ...]) -> dict[int, Action]:
    """Return the columns of a table that are named after what can be done, when there are several."""
    found = {
        number: _ACTION_WORDS[cell.strip().lower()]
        for number, cell in enumerate(header)
        if cell.strip().lower() in _ACTION_WORDS
    }
    return found if len(found) > 1 else {}
