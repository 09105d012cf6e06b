"""Turns the blocks of a goal into units, each with the kind of section it stands in."""

import re
from dataclasses import dataclass, field

from astrolabe.roles.webapp.model import Action
from astrolabe.roles.webapp.reading import nouns
from astrolabe.roles.webapp.reading.access import rights_of_people, told_of, without_account
from astrolabe.roles.webapp.reading.asking import (
    Kind,
    Part,
    as_right,
    deeds_of_people,
    does_of,
    is_thing,
    parts_of,
    things_in,
)
from astrolabe.roles.webapp.reading.blocks import (
    Block,
    Code,
    Heading,
    Item,
    Line,
    Paragraph,
    Table,
)
from astrolabe.roles.webapp.reading.draft import Draft
from astrolabe.roles.webapp.reading.fields import subject_of
from astrolabe.roles.webapp.reading.following import (
    actions_of,
    begin_of_tail,
    begins_with_field,
    first_of_fields,
    holds_fields,
)
from astrolabe.roles.webapp.reading.intent import Ask, Request, request_of
from astrolabe.roles.webapp.reading.matrices import is_matrix
from astrolabe.roles.webapp.reading.sections import (
    Section,
    columns_of,
    is_field_table,
    section_of,
    spec_of_row,
    thing_named,
)
from astrolabe.roles.webapp.reading.seeding import SeedNotes
from astrolabe.roles.webapp.reading.sentences import MODALS, Piece, clauses_of, sentences_of, split_list
from astrolabe.roles.webapp.reading.stories import (
    SCENARIO_UNREAD,
    Story,
    is_scenario,
    is_scenario_line,
    story_of,
)
from astrolabe.roles.webapp.reading.units import (
    LONGEST_SENTENCE,
    MatrixUnit,
    PermissionUnit,
    Unit,
    is_sentence,
)
from astrolabe.roles.webapp.reading.words import is_plural
from astrolabe.sdk import Reading, Sentence

LONGEST_LEAD = 60


@dataclass
class Cut:
    """What cutting yields: the units and requests in order, the first heading, how many headings name things."""

    units: list[Unit] = field(default_factory=list[Unit])
    requests: list[Request] = field(default_factory=list[Request])
    title: str = ""
    headed: int = 0


@dataclass(frozen=True)
class Intro:
    """A line that announces a list: of the fields of `noun`, or of ends to the sentence that `lead` begins."""

    noun: str = ""
    lead: str = ""


_LEAD = re.compile(
    r"(?:(?:the\s+)?(?:fields|attributes|properties)\s+(?:of|for)\s+(?P<of>.+?)(?:\s+are)?"
    r"|(?P<has>\S.{0,60}?)\s+(?:(?:should|must|shall|will|can|also)\s+)*(?:has|have|contains?|includes?|with|stores?|records?|consists?\s+of|needs?))",
    re.IGNORECASE,
)
_NAMED = re.compile(
    r"(?:app|application|project|product|website|system)(?:\s+name)?\s*[:=\u2013-]\s*\"?(?P<name>[A-Z][^\":]{0,59}?)\"?\s*\.?",
    re.IGNORECASE,
)
_OPENING = 3
"""So many units are the beginning of a goal, which tells what is wanted."""
_GOAL = re.compile(r"(?:goal|task|aim|idea|request)\s*:\s+(?=an?\s|build\b|create\b)", re.IGNORECASE)
_NEEDS = re.compile(
    r"(?:i|we)\s+(?:(?:need|want|have|would\s+like)\s+to\s+)(?:know|record|track|store|keep|see|manage|save|collect)(?:\s+(?:the\s+following|these(?:\s+things)?|track\s+of|about))?",
    re.IGNORECASE,
)
_WE_NEED = re.compile(
    r"(?:(?:i|we|it|the\s+app)\s+)?(?:needs?|wants?|should\s+have|must\s+have|have|has)\s+(?:to\s+(?:keep|store|track|record)\s+)?(?=[a-z-]+s(?:\s[a-z-]+)?\s?\()",
    re.IGNORECASE,
)
_ANNOUNCES = re.compile(
    r"\b(?:following|as\s+follows|below|here\s+(?:is|are)|these|such\s+as|namely|for\s+example)\b|\A\W*(?:\w+\W*){1,3}\Z",
    re.IGNORECASE,
)


_LABELLED = re.compile(
    r"(?P<thing>[A-Z][\w-]*(?:\s[\w-]+)?)\s*(?::|\s[-\u2013\u2014]\s)\s*(?P<said>(?:each|every|an?|the)\s+(?P=thing)\s+(?:is|has|belongs|can|may|must|should|records|needs|contains|consists|comes|refers)\b.*)",
    re.IGNORECASE | re.DOTALL,
)
"""An item that says of the thing in its label, in a sentence, what it is."""
_PARTS = re.compile(
    r"(?:its\s+|the\s+)?(?:fields?|attributes?|properties|columns?|data|values|relations?(?:hips?)?|links?|associations?|references)",
    re.IGNORECASE,
)
"""What announces the fields or links of a thing below its heading."""


class Cutter:
    """Makes the things that headings name known to the draft, and keeps the rows of the seed, on the way."""

    def __init__(self, draft: Draft, seeds: SeedNotes) -> None:
        self.draft, self.seeds = draft, seeds
        self.out = Cut()
        self.section = Section.TEXT
        self.level = 0
        self.within = ""
        self.actor = ""
        self.intro: Intro | None = None
        self.plain = False
        self.parent: tuple[int, str] | None = None

    def cut(self, blocks: list[Block]) -> Cut:
        """Return the units of these blocks."""
        for number, block in enumerate(blocks):
            following = blocks[number + 1] if number + 1 < len(blocks) else None
            if isinstance(block, Heading):
                following = first_of_fields(block.text, blocks[number + 1 :])
            if not isinstance(block, Item | Table):
                self.intro = None
            match block:
                case Heading():
                    self._heading(block, following)
                case Paragraph():
                    self._paragraph(block, following)
                case Item():
                    self._item(block, following)
                case Table():
                    self._table(block)
                case Code():
                    self._told(
                        Piece(block.text[:200], block.line), Reading.UNREAD, "blocks of code are not read"
                    )
        return self.out

    def _unit(self, piece: Piece, **more: object) -> Unit:
        unit = Unit(piece, section=self.section, within=self.within)
        for name, value in more.items():
            setattr(unit, name, value)
        self.out.units.append(unit)
        return unit

    def _told(self, piece: Piece, reading: Reading, meaning: str) -> None:
        """Keep what is known of a piece without reading it."""
        account = [Sentence(piece.text, reading, meaning, piece.line)]
        self._unit(piece, done=True, account=account)

    def _heading(self, block: Heading, following: Block | None) -> None:
        section = section_of(block.text)
        if block.level == 1 and not self.out.title and section is None:
            self.out.title = block.text
            self.section, self.within, self.level = Section.TEXT, "", 1
            self._told(Piece(block.text, block.line), Reading.UNDERSTOOD, "the name of the application")
            return
        self.actor = ""
        inside = self.section in {Section.SEED, Section.THINGS} and block.level > self.level
        if self._of_rights(block, section):
            return
        if (
            self.section is Section.THING
            and block.level > self.level
            and _PARTS.fullmatch(block.text.strip(" :"))
        ):
            self._told(Piece(block.text, block.line), Reading.UNDERSTOOD, "announces the list below")
            return
        single = section is Section.THINGS and not is_plural(block.text)
        if inside and (single or section in {None, Section.TEXT, Section.ROLES}):
            self.within = block.text if self.section is Section.SEED else thing_named(block.text)
            noun = self.within if self.section is Section.THINGS else ""
        elif section:
            self.section, self.within, self.level, noun = section, "", block.level, ""
        else:
            noun = thing_named(block.text) if holds_fields(following) else ""
            self.section = Section.THING if noun else Section.TEXT
            self.within, self.level = noun, block.level
        if noun:
            self.out.headed += 1
            self.draft.entity(noun, Piece(block.text, block.line), declared=True)

    def _of_rights(self, block: Heading, section: Section | None) -> bool:
        """Take a heading below one of rights, which names people or a thing, and one of rights below a thing's."""
        if section is Section.ACCESS and self.section is Section.THING and block.level > self.level:
            self.section, self.level = Section.ACCESS, block.level
            return True
        inside = self.section in {Section.ACCESS, Section.ROLES} and block.level > self.level
        if not inside or section is not None:
            return False
        thing = self.draft.find(thing_named(block.text))
        if thing is None:
            self.actor, self.within = block.text, ""
            self._unit(Piece(block.text, block.line), section=Section.ROLES)
        else:
            self.within = thing.noun
        return True

    def _paragraph(self, block: Paragraph, following: Block | None) -> None:
        if self.plain:
            self.section, self.within, self.plain = Section.TEXT, "", False
        if self.section is Section.SEED and isinstance(following, Item | Table) and self._names_rows(block):
            return
        if isinstance(following, Item) and section_of(block.text) is Section.ACCESS:
            self.section, self.within, self.plain = Section.ACCESS, "", True
            self._told(Piece(block.text, block.line), Reading.UNDERSTOOD, "announces the list below")
        elif is_scenario(block.lines):
            self._told(Piece(block.text[:200], block.line), Reading.UNREAD, SCENARIO_UNREAD)
        elif noun := self._plain_heading(block, following):
            self.section, self.within, self.plain = Section.THING, noun, True
            self.out.headed += 1
            self.draft.entity(noun, Piece(block.text, block.line), declared=True)
            self._told(Piece(block.text, block.line), Reading.UNDERSTOOD, f"a kind of thing: {noun}")
        else:
            self._sentences(block, following)

    def _names_rows(self, block: Paragraph) -> bool:
        """Take `Tools:` above rows of the seed as a heading below that of the seed."""
        entity = self.draft.find(thing_named(block.text)) if block.text.endswith(":") else None
        if entity:
            self.within = entity.noun
            self._told(Piece(block.text, block.line), Reading.UNDERSTOOD, f"rows of the seed: {entity.noun}")
        return bool(entity)

    def _sentences(self, block: Paragraph, following: Block | None) -> None:
        pieces = sentences_of(block.lines)
        listed = isinstance(following, Item | Table) and pieces[-1:] and pieces[-1].text.endswith(":")
        for number, piece in enumerate(pieces):
            if listed and number == len(pieces) - 1:
                self._introduce(piece)
            else:
                self._sentence(piece)

    def _plain_heading(self, block: Paragraph, following: Block | None) -> str:
        """Return the noun of a line that stands above a list of fields without being marked as a heading."""
        text = block.text.rstrip(":")
        plain = len(block.lines) == 1 and isinstance(following, Item) and not re.search(r"[.!?,;]", text)
        noun = thing_named(text) if plain and self.section is Section.TEXT else ""
        asked = (
            noun
            and (self.out.requests or self.out.title)
            and not re.search(rf"\b(?:{MODALS}|has|have)\b", text)
        )
        return noun if asked and section_of(text) is None and holds_fields(following) else ""

    def _sentence(self, piece: Piece) -> None:
        if self.section is Section.ACCESS and (people := rights_of_people(piece.text)):
            for said in people:
                self._unit(Piece(said, piece.line, shown=piece.text))
            return
        if self.actor:
            piece = Piece(told_of(self.actor, piece.text), piece.line, shown=piece.text)
        if is_scenario_line(piece.text):
            self._told(piece, Reading.UNREAD, SCENARIO_UNREAD)
            return
        head, _, more = piece.text.partition("; ")
        if story := story_of(head):
            self._story(story, Piece(head, piece.line))
            if more:
                self._sentence(Piece(more, piece.line))
            return
        if said := without_account(piece.text):
            self._unit(Piece(said, piece.line, shown=piece.text))
            return
        if named := _NAMED.fullmatch(piece.text):
            self.out.title = self.out.title or named["name"]
            self._told(piece, Reading.UNDERSTOOD, "the name of the application")
            return
        if labelled := _GOAL.match(piece.text):
            piece = Piece(piece.text[labelled.end() :], piece.line, shown=piece.text)
        request = self._request(piece)
        colon = piece.text.find(": ")
        if request is None and colon > 0 and _NEEDS.fullmatch(piece.text[:colon]):
            request = Request(Ask.PERHAPS)
            self.out.requests.append(request)
        if (
            request is None
            and 0 < colon <= LONGEST_LEAD
            and subject_of(piece.text[colon + 2 :])
            and not subject_of(piece.text[:colon] + " x")
        ):
            request = self._request(Piece(piece.text[:colon], piece.line)) or Request(Ask.PERHAPS)
        if request is None and not self.out.requests and 0 < colon <= LONGEST_LEAD:
            request = self._request(Piece(piece.text[:colon], piece.line))
        if request and request.ask in {Ask.APPLICATION, Ask.PERHAPS} and 0 < colon < len(piece.text) - 2:
            self._asked(Piece(piece.text[:colon], piece.line), request, piece.text)
            self._rest_of(piece.text[colon + 2 :], piece.line)
            return
        if (
            request is None
            and len(piece.text) <= LONGEST_SENTENCE
            and self._named_lists(piece.text, piece.line)
        ):
            return
        clauses = clauses_of(piece.text) if len(piece.text) <= LONGEST_SENTENCE else (piece.text,)
        for number, clause in enumerate(clauses or (piece.text,)):
            if request and request.ask in {Ask.APPLICATION, Ask.PERHAPS}:
                if number == 0:
                    self._asked(Piece(clause, piece.line), request, piece.text)
                else:
                    self._deeds(Piece(clause, piece.line))
            else:
                self._unit(Piece(clause, piece.line)).request = request if number == 0 else None

    def _story(self, story: Story, piece: Piece) -> None:
        """Read `as a nurse, I want to see patients so that …` as what nurses can do, and the reason by itself."""
        part = deeds_of_people(story.right)
        self._unit(Piece(story.right, piece.line, shown=story.wish), part=part)
        if story.fields:
            self._unit(Piece(story.fields, piece.line, shown=story.listed))
        if story.reason:
            reason = Part(Kind.REASON, story.reason, story.reason)
            self._unit(Piece(story.reason, piece.line), part=reason)
        if not self.out.requests:
            self.out.requests.append(Request(Ask.PERHAPS, things=part.things if part else ()))

    def _deeds(self, piece: Piece) -> None:
        """Read `where I can save films with a title and a year`: what is kept, and what it has."""
        part = deeds_of_people(piece.text)
        parts = parts_of(f"to {part.body}") if part else []
        if len(parts) > 1 and any(one.kind is Kind.WITH for one in parts):
            self._parts(parts, "", piece.line)
        else:
            self._unit(piece, part=part)

    def _asked(self, piece: Piece, request: Request, whole: str) -> None:
        """Cut a request into its head and the parts that follow the noun of the application."""
        begin = begin_of_tail(whole, request.tail)
        said = piece.text[begin:].rstrip(".!? ")
        tail = f"to {said}" if request.tail.startswith("to ") and not said.startswith("to ") else said
        begin -= len(tail) - len(said)
        parts = parts_of(tail) or ([part] if (part := does_of(piece.text)) else [])
        head: list[Part] = []
        while parts and parts[0].kind in {Kind.ABOUT, Kind.NAMED}:
            head.append(parts.pop(0))
        deed = parts.pop(0) if request.ask is Ask.PERHAPS and parts and parts[0].kind is Kind.DEED else None
        last = deed or next(reversed(head), None)
        end = begin + (last.end if last else len(tail) - len(said)) if parts else len(piece.text)
        unit = self._unit(Piece(piece.text[:end].strip(" ,") or piece.text, piece.line))
        unit.request, unit.part, unit.whole = request, deed, whole
        about = next((part.body for part in head if part.kind is Kind.ABOUT), "")
        self._parts(parts, next(iter(deed.things), "") if deed else about, piece.line)

    def _parts(self, parts: list[Part], about: str, line: int) -> None:
        owner = about if is_thing(nouns.bare(about)) else ""
        for part in parts:
            if part.kind is Kind.WITH and owner and begins_with_field(part):
                self._unit(Piece(f"{nouns.bare(owner)} have {part.body}", line))
                owner = ""
            elif part.kind is Kind.OTHER and re.match(r"where|\w+\s+which", part.text, re.IGNORECASE):
                self._deeds(Piece(part.body, line))
            elif part.kind is Kind.OTHER:
                self._unit(Piece(as_right(part.text), line), part=deeds_of_people(part.text))
            else:
                self._unit(Piece(part.text, line), part=part)
            owner = part.things[-1] if part.kind is Kind.DEED and part.things else owner

    def _rest_of(self, text: str, line: int) -> None:
        """Read what follows `an invoice app:`: named lists, or clauses."""
        if self._named_lists(text, line):
            return
        if listed := things_in(text):
            self._unit(Piece(text, line), part=listed)
        else:
            for clause in clauses_of(text):
                self._unit(Piece(clause, line))

    def _named_lists(self, text: str, line: int) -> bool:
        """Read `students (name, email), cars (plate, model)` as a list for each thing."""
        lead = _WE_NEED.match(text)
        parts = [part.rstrip(".") for _, part in split_list(text[lead.end() :] if lead else text)]
        listed = [
            bool(re.fullmatch(r"[\w -]{1,40}\([^()]*\)", part)) and not is_sentence(part) for part in parts
        ]
        bare = [things_in(part) for part, one in zip(parts, listed, strict=True) if not one]
        if not any(listed) or not all(bare) or (bare and not lead):
            return False
        for part, one in zip(parts, listed, strict=True):
            if one:
                self._unit(Piece(part, line), section=Section.THINGS)
            else:
                self._unit(Piece(part, line), part=things_in(part))
        return True

    def _request(self, piece: Piece) -> Request | None:
        if len(piece.text) > LONGEST_SENTENCE:
            return None
        asked = request_of(piece.text, first=not self.out.requests)
        # `Send me an email when it is done.` after all that was said of things asks for a feature, not for an email.
        late = asked.ask is Ask.DEED and len(self.out.units) > _OPENING
        if asked.ask is Ask.NOTHING or late:
            return None
        self.out.requests.append(asked)
        return asked

    def _item(self, block: Item, following: Block | None) -> None:
        nested = isinstance(following, Item) and following.depth > block.depth
        if self.parent and block.depth <= self.parent[0]:
            self.parent = None
        piece = Piece(block.text.strip(), block.line)
        if (
            nested
            and self.section in {Section.TEXT, Section.THINGS, Section.THING}
            and (noun := self._parent_noun(piece.text))
        ):
            self.parent = (block.depth, noun)
            self.draft.entity(noun, piece, declared=True)
            self.out.headed += 1
            self._told(piece, Reading.UNDERSTOOD, f"a kind of thing: {noun}")
        elif self.parent:
            self._unit(piece, within=self.parent[1], field_item=True, section=Section.THING)
        elif self.actor:
            self._sentence(piece)
        elif self.intro:
            self._introduced(piece, self.intro)
        elif self.section is Section.THING or (self.section is Section.THINGS and self.within):
            self._in_thing(block, piece)
        else:
            self._free_item(block, piece)

    @staticmethod
    def _parent_noun(text: str) -> str:
        noun = nouns.thing(text.rstrip(": "))
        return noun if noun and section_of(noun) is None and not is_sentence(text) else ""

    def _in_thing(self, block: Item, piece: Piece) -> None:
        pieces = sentences_of(block.lines)
        if len(pieces) > 1 or is_sentence(piece.text):
            for one in pieces:
                self._sentence(one)
        else:
            self._unit(piece, field_item=True)

    def _free_item(self, block: Item, piece: Piece) -> None:
        if self.section in _BY_ITEM:
            self._unit(piece)
        elif labelled := _LABELLED.match(block.text):
            self._labelled(labelled["thing"], Piece(labelled["said"], block.line))
        else:
            for one in sentences_of(block.lines):
                self._sentence(one)

    def _labelled(self, noun: str, said: Piece) -> None:
        """Read `Loan: each loan is for one copy. It has a date.` as sentences about the thing the label names."""
        before, self.within = self.within, noun
        self.draft.entity(noun, said, declared=True)
        for one in sentences_of((Line(said.line, said.text),)):
            self._sentence(one)
        self.within = before

    def _introduce(self, piece: Piece) -> None:
        """Judge a line that announces a list: `A recipe has:`, `Build a blog with:`, `Users can:`."""
        if self.section is Section.THING and self.within and _PARTS.fullmatch(piece.text.strip(" :")):
            self._told(piece, Reading.UNDERSTOOD, "announces the list below")
            self.intro = None
            return
        text = re.sub(
            r"\s+the\s+following(?:\s+\w+)?\Z|\s+these\s+\w+\Z",
            "",
            piece.text.rstrip(": "),
            flags=re.IGNORECASE,
        )
        found = _LEAD.fullmatch(text)
        noun = nouns.thing(found["of"] or found["has"]) if found else ""
        request = self._request(Piece(text, piece.line))
        if request and request.ask in {Ask.APPLICATION, Ask.PERHAPS}:
            bare = re.sub(r"\s+(?:with|including|having|for|has|have)\Z", "", text, flags=re.IGNORECASE)
            self._asked(Piece(bare, piece.line), request, bare)
            self.intro = Intro()
        elif noun and not nouns.is_interface(noun) and not nouns.is_account(noun):
            self.draft.entity(noun, piece, declared=True)
            self._told(piece, Reading.UNDERSTOOD, f"a kind of thing: {noun}")
            self.intro = Intro(noun=noun)
        elif re.search(rf"\b(?:{MODALS}|be\s+able\s+to|to|has|have)\Z", text, re.IGNORECASE):
            self.intro = Intro(lead=text)
        else:
            self._announced(piece)
            self.intro = Intro()

    def _announced(self, piece: Piece) -> None:
        if _ANNOUNCES.search(piece.text):
            self._told(piece, Reading.UNDERSTOOD, "announces the list below")
        else:
            self._sentence(Piece(piece.text.rstrip(": "), piece.line))

    def _introduced(self, piece: Piece, intro: Intro) -> None:
        """Read an item together with the line that announces the list."""
        if intro.noun and not is_sentence(piece.text):
            self._unit(piece, within=intro.noun, field_item=True, section=Section.THING)
        elif intro.lead:
            self._sentence(Piece(f"{intro.lead} {piece.text}", piece.line))
        elif (
            re.match(r"[A-Z][\w-]*(?:\s+[\w-]+){0,2}\s*[:(\u2013\u2014-]", piece.text)
            and self.section is Section.TEXT
        ):
            self._unit(piece, section=Section.THINGS)
        elif listed := things_in(piece.text):
            self._unit(piece, part=listed)
        else:
            for one in sentences_of((Line(piece.line, piece.text),)):
                self._sentence(one)

    def _table(self, block: Table) -> None:
        if self.section is Section.SEED:
            self.seeds.table(block, self.within, kept=self.draft.find(self.within) is not None)
            self._unit(Piece(f"table of {self.within or 'rows'}", block.line), done=True).account.append(
                Sentence(
                    f"table of {self.within or 'rows'}",
                    Reading.UNDERSTOOD,
                    f"{len(block.rows)} rows of the seed",
                    block.line,
                )
            )
        elif self.within and is_field_table(block.header):
            columns = columns_of(block.header)
            for line, cells in block.rows:
                spec = spec_of_row(columns, cells)
                piece = Piece(" | ".join(cell for cell in cells if cell), line)
                self._unit(piece, specs=[spec] if spec else [])
        elif actions := actions_of(block.header):
            for line, cells in block.rows:
                self._permissions(actions, cells, line)
        elif is_matrix(block.header, tuple(cells for _, cells in block.rows)):
            for line, cells in block.rows:
                text = " | ".join(cell for cell in cells if cell)
                unit = MatrixUnit(Piece(text, line), section=Section.ACCESS, header=block.header, cells=cells)
                self.out.units.append(unit)
        else:
            self._named_rows(block)

    def _permissions(self, actions: dict[int, Action], cells: tuple[str, ...], line: int) -> None:
        text = " | ".join(cell for cell in cells if cell)
        self.out.units.append(
            PermissionUnit(Piece(text, line), section=Section.ACCESS, actions=actions, cells=cells)
        )

    def _named_rows(self, block: Table) -> None:
        """Read a table of things and their fields, or of roles and what they may do; others are not read."""
        kind = block.header[0].strip().lower()
        for line, cells in block.rows:
            text = " | ".join(cell for cell in cells if cell)
            if len(cells) > 1 and kind in {"entity", "thing", "model", "table", "object", "name"}:
                self._unit(Piece(f"{cells[0]}: {cells[1]}", line), section=Section.THINGS)
            elif len(cells) > 1 and kind in {"role", "who", "actor", "user"}:
                self._unit(Piece(f"{cells[0]}: {cells[1]}", line), section=Section.ROLES)
            else:
                self._unit(Piece(text, line), done=True).account.append(
                    Sentence(text, Reading.UNREAD, "the columns of this table are not known", line)
                )


_BY_ITEM = frozenset(
    {Section.SEED, Section.PAGES, Section.ROLES, Section.VALUES, Section.GLOSSARY, Section.OUT}
)
"""Sections whose items are read whole, whatever sentences they hold."""
