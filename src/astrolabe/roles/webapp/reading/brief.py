"""Walks through a goal in prose or Markdown and puts everything said into a draft.

Three passes, since a sentence may speak of what a later one introduces: names are made known, then fields and links are
read, then everything else. Each piece keeps its own account, so that the result is told in the order of the goal.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from astrolabe.roles.webapp.model import Action, PageModel
from astrolabe.roles.webapp.reading import nouns
from astrolabe.roles.webapp.reading.access import Who, add_role, read_access, read_denial, read_roles, who_of
from astrolabe.roles.webapp.reading.assembly import Extras
from astrolabe.roles.webapp.reading.blocks import (
    Block,
    Code,
    Heading,
    Item,
    Paragraph,
    Table,
    blocks_of,
)
from astrolabe.roles.webapp.reading.deeds import read_deed
from astrolabe.roles.webapp.reading.draft import Draft, EntityDraft, Grant
from astrolabe.roles.webapp.reading.intent import (
    Ask,
    Request,
    cannot,
    feature_of,
    is_chat,
    is_english,
    request_of,
)
from astrolabe.roles.webapp.reading.sections import (
    Section,
    columns_of,
    is_field_table,
    section_of,
    spec_of_row,
    thing_named,
)
from astrolabe.roles.webapp.reading.seeding import SeedNotes
from astrolabe.roles.webapp.reading.sentences import (
    MODALS,
    Piece,
    clauses_of,
    sentences_of,
    split_list,
)
from astrolabe.roles.webapp.reading.specs import Spec, spec_of
from astrolabe.roles.webapp.reading.statements import (
    declare,
    fields_named,
    read_belonging,
    read_fields,
    read_named_list,
    read_rule,
    subject_of,
    take_fields,
)
from astrolabe.roles.webapp.reading.words import field_identifier, plural
from astrolabe.sdk import Reading, Sentence

LONGEST_SENTENCE = 1000
LONGEST_LEAD = 60


@dataclass
class Unit:
    """A piece of the goal that is read by itself. `within` is the noun of the thing whose section it stands in."""

    piece: Piece
    section: Section = Section.TEXT
    within: str = ""
    field_item: bool = False
    specs: list[Spec] = field(default_factory=list[Spec])
    account: list[Sentence] = field(default_factory=list[Sentence])
    request: Request | None = None
    context: EntityDraft | None = None
    done: bool = False


class Brief:
    """Reads one goal. `asks` are its requests in order, `title` its first heading."""

    def __init__(self, text: str, file: str) -> None:
        self.text = text
        self.draft = Draft(file)
        self.extras = Extras()
        self.seeds = SeedNotes()
        self.units: list[Unit] = []
        self.requests: list[Request] = []
        self.title = ""
        self.headed = 0
        self._blocks = blocks_of(text)

    def read(self) -> None:
        """Read everything; what was made of it is in the draft."""
        _Cutter(self).cut(self._blocks)
        for unit in self.units:
            self._with(unit, self._declare)
        self.draft.context = None
        for unit in self.units:
            self._with(unit, self._structure)
            unit.context = self.draft.context
        self.draft.context = None
        for unit in self.units:
            self._with(unit, self._rest)

    def account(self) -> list[Sentence]:
        """Return what became of each piece, in order."""
        return [sentence for unit in self.units for sentence in unit.account]

    def _with(self, unit: Unit, read: Callable[[Unit], None]) -> None:
        self.draft.account = unit.account
        if unit.within and (entity := self.draft.find(unit.within)):
            self.draft.context = entity
        elif unit.context:
            self.draft.context = unit.context
        read(unit)

    def _declare(self, unit: Unit) -> None:
        if _asks(unit) or len(unit.piece.text) > LONGEST_SENTENCE:
            return
        if (
            unit.section in {Section.TEXT, Section.ACCESS, Section.THINGS, Section.THING}
            and not unit.field_item
        ):
            declare(self.draft, unit.piece)

    def _structure(self, unit: Unit) -> None:
        draft, piece = self.draft, unit.piece
        if unit.done or unit.section in {Section.SEED, Section.PAGES} or _asks(unit):
            return
        if len(piece.text) > LONGEST_SENTENCE:
            return
        if unit.specs:
            unit.done = take_fields(draft, draft.entity(unit.within, piece, declared=True), unit.specs, piece)
        elif unit.field_item:
            unit.done = self._field_item(unit)
        elif (unit.section in {Section.THINGS, Section.VALUES} and self._named_values(unit)) or (
            unit.section is Section.THINGS and read_named_list(draft, piece, trusted=True)
        ):
            unit.done = True
        elif not _capability(piece.text):
            unit.done = self._structured(unit)

    def _structured(self, unit: Unit) -> bool:
        draft, piece = self.draft, unit.piece
        if read_fields(draft, piece) or read_belonging(draft, piece):
            return True
        return bool(unit.within) and self._prefixed(unit, read_fields, read_belonging)

    def _prefixed(self, unit: Unit, *rules: Callable[[Draft, Piece], bool]) -> bool:
        """Read `has many tags` below a heading as `a bookmark has many tags`."""
        if not re.match(
            rf"(?:has|have|belongs?|contains?|includes?|needs?|is|{MODALS})\b", unit.piece.text, re.IGNORECASE
        ):
            return False
        entity = self.draft.find(unit.within)
        whole = Piece(f"Each {entity.noun if entity else unit.within} {unit.piece.text}", unit.piece.line)
        return any(rule(self.draft, whole) for rule in rules)

    def _field_item(self, unit: Unit) -> bool:
        draft, piece = self.draft, unit.piece
        entity = draft.entity(unit.within, piece, declared=True)
        if _is_sentence(piece.text):
            return self._structured(unit)
        if re.match(r"[^:(]*,", piece.text) and not re.match(
            r"[^,]*\b(?:optional|required|unique)\b", piece.text.split(",")[1]
        ):
            listed = Piece(f"{unit.within} has {piece.text}", piece.line)
            return read_fields(draft, listed)
        spec = spec_of(piece.text)
        return spec is not None and take_fields(draft, entity, [spec], piece)

    def _named_values(self, unit: Unit) -> bool:
        """Read `Status: todo, doing, done` where status is a field."""
        found = re.fullmatch(
            r"(?P<name>[^:]{1,60}?)\s*(?::|\s[-\u2013\u2014]\s)\s*(?P<values>\S.*)",
            unit.piece.text.strip(" ."),
        )
        choices = fields_named(self.draft, nouns.bare(found["name"])) if found else []
        if not found or not choices or self.draft.find(found["name"]):
            return False
        spec = spec_of(f"{choices[0][1].noun}: {found['values']}")
        if spec is None or not spec.constrained or spec.rest:
            return False
        for _, item in choices:
            self.draft.constrain(item, replace(spec, required=spec.required), unit.piece)
        self.draft.note(unit.piece, Reading.UNDERSTOOD, f"{choices[0][1].noun}: {found['values']}")
        return True

    def _rest(self, unit: Unit) -> None:
        if unit.done:
            self.draft.mentioned = []
            return
        draft, piece = self.draft, unit.piece
        if isinstance(unit, _PermissionUnit):
            self._permissions(unit)
        elif unit.section is Section.SEED:
            self.seeds.take(draft, piece, unit.within)
        elif (unit.section is Section.PAGES and self._page(unit)) or (
            unit.section is Section.ROLES and self._role(unit)
        ):
            return
        elif not self._said(unit):
            self._give_up(unit)

    def _said(self, unit: Unit) -> bool:
        draft, piece = self.draft, unit.piece
        if len(piece.text) > LONGEST_SENTENCE:
            draft.note(
                Piece(piece.text[:200] + "…", piece.line),
                Reading.UNREAD,
                "too long to be read as one sentence",
            )
            return True
        if (
            unit.request
            and unit.request.ask in {Ask.APPLICATION, Ask.PERHAPS}
            and not _capability(piece.text)
        ):
            return self._asked(unit, unit.request)
        if is_chat(piece.text):
            draft.note(piece, Reading.IGNORED, "has no bearing on the application")
            return True
        if not is_english(piece.text):
            draft.note(piece, Reading.UNREAD, "only English is read")
            return True
        if _capability(piece.text):
            return False
        if read_denial(draft, piece):
            return True
        if wish := _WISH.match(piece.text):
            piece = Piece(f"Users can {piece.text[wish.end() :]}", piece.line)
        if (
            read_roles(draft, piece)
            or read_access(draft, piece)
            or read_rule(draft, piece)
            or read_deed(draft, piece)
        ):
            return True
        if unit.within and self._prefixed(unit, read_rule, read_access):
            return True
        return self._named_values(unit) or read_named_list(draft, piece) or self._unit_feature(unit)

    def _unit_feature(self, unit: Unit) -> bool:
        feature = feature_of(unit.piece.text)
        if feature:
            self.draft.note(unit.piece, Reading.UNDERSTOOD, feature)
        return bool(feature)

    def _asked(self, unit: Unit, request: Request) -> bool:
        draft, piece = self.draft, unit.piece
        if read_denial(draft, piece):
            return True
        if _RIGHT.match(piece.text) and (read_access(draft, piece) or read_rule(draft, piece)):
            return True
        if not (read_deed(draft, piece) or read_roles(draft, piece)):
            draft.description.append(piece.text)
            draft.note(piece, Reading.UNDERSTOOD, "a web application")
        missing = [noun for noun in request.things if not draft.find(noun)]
        if missing and len(missing) < len(request.things):
            draft.note(piece, Reading.UNREAD, f"nothing is said about what {' and '.join(missing)} are")
        return True

    def _give_up(self, unit: Unit) -> None:
        text = unit.piece.text
        if reason := cannot(text):
            self.draft.note(unit.piece, Reading.UNREAD, f"this cannot be built: {reason}")
        else:
            self.draft.note(unit.piece, Reading.UNREAD, "not understood; nothing was done about it")

    def _role(self, unit: Unit) -> bool:
        """Read `librarian: may add and delete books`."""
        found = re.fullmatch(
            r"(?P<name>[\w -]{1,40}?)(?:\s*(?:[:\u2013\u2014(]|\s-\s)\s*(?P<rest>.*?)\)?)?",
            unit.piece.text.strip(" ."),
        )
        if not found or len(found["name"].split()) > 3 or _is_sentence(found["name"]):  # noqa: PLR2004
            return False
        role = add_role(self.draft, found["name"], unit.piece)
        self.draft.note(Piece(found["name"], unit.piece.line), Reading.UNDERSTOOD, f"role: {role}")
        rest = (found["rest"] or "").strip()
        if rest:
            modal = "" if re.match(rf"(?:{MODALS}|is|are)\b", rest, re.IGNORECASE) else "can "
            for clause in clauses_of(rest):
                who = plural(found["name"].lower())
                subject = (
                    "" if re.match(rf"\S+\s+(?:{MODALS})\b", clause, re.IGNORECASE) else f"{who} {modal}"
                )
                said = Unit(Piece(subject + clause, unit.piece.line), account=unit.account)
                if not self._said(said):
                    self._give_up(said)
        return True

    def _page(self, unit: Unit) -> bool:
        """Read `Bookmarks: title, status` as the columns of a list."""
        text = unit.piece.text.strip(" .")
        found = re.fullmatch(
            r"(?P<name>[^:(]{1,60}?)\s*(?:[:(\u2013\u2014]|\s-\s|\bshowing\b|\bwith\b)\s*(?P<columns>.+?)\)?",
            text,
        )
        entity = self._page_of(found["name"] if found else text)
        if entity is None:
            return False
        wanted = [nouns.bare(item) for _, item in split_list(found["columns"])] if found else []
        known = {field_identifier(item.noun): key for key, item in entity.fields.items()}
        known |= {field_identifier(link.noun): key for key, link in entity.links.items()}
        known |= {
            field_identifier(item.noun): field_identifier(item.noun)
            for item in self.draft.several
            if item.source == entity.key
        }
        columns = [known.get(field_identifier(item)) for item in wanted]
        if found and not all(columns):
            return False
        if columns:
            title = found["name"].strip() if found else ""
            self.extras.pages.append(
                PageModel(
                    entity=entity.key,
                    columns=tuple(column for column in columns if column),
                    title=title[:80] or None,
                )
            )
        self.draft.note(
            unit.piece,
            Reading.UNDERSTOOD,
            f"list of {plural(entity.noun)}" + (f": {', '.join(wanted)}" if wanted else ""),
        )
        return True

    def _page_of(self, name: str) -> EntityDraft | None:
        text = re.sub(
            r"\b(?:the|a|an|my|all|list|page|overview|of|table|screen|view|detail|details|form|every)\b",
            " ",
            name,
            flags=re.IGNORECASE,
        )
        return self.draft.find(" ".join(text.split())) if text.strip() else None

    def _permissions(self, unit: "_PermissionUnit") -> None:
        """Take a row of a table of permissions: a thing, then who may do what with it."""
        entity = self.draft.find(nouns.thing(unit.cells[0])) if unit.cells else None
        cells = {action: unit.cells[at] for at, action in unit.actions.items() if at < len(unit.cells)}
        if entity is None or not all(self._permit(entity, *cell, unit.piece) for cell in cells.items()):
            self.draft.note(unit.piece, Reading.UNREAD, "it is not clear who may do what with which thing")
        else:
            told = "; ".join(f"{action}: {cell or 'administrators'}" for action, cell in cells.items())
            self.draft.note(unit.piece, Reading.UNDERSTOOD, f"{entity.noun}: {told}")

    def _permit(self, entity: EntityDraft, action: Action, cell: str, piece: Piece) -> bool:
        nobody = cell.strip().lower() in {"", "-", "\u2013", "\u2014", "none", "nobody", "no"}
        who = Who(("admin",)) if nobody else who_of(self.draft, cell)
        if who is None:
            return False
        for role in who.roles:
            self.draft.roles.setdefault(role, piece)
        self.draft.grant(
            [entity], [action], Grant(who.principals, own=False, only=False, allowed=True, said=piece)
        )
        return True


_RIGHT = re.compile(
    r"(?:only|nobody|no one|[\w-]+(?: [\w-]+)?)\s+(?:may|can|cannot|must)\b|only\b", re.IGNORECASE
)
_WISH = re.compile(
    r"(?:(?:i|we)(?:'d|\s+would|\s+also)?(?:\s+also)?\s+(?:like|want|need|wish|should\s+be\s+able|have|must\s+be\s+able)\s+to\s+(?:be\s+able\s+to\s+)?"
    r"|(?:i|we|you|one)\s+(?:can|should|may|must)\s+(?:also\s+)?(?:be\s+able\s+to\s+)?"
    r"|it\s+(?:should|must|has\s+to)\s+be\s+possible\s+to\s+|(?:the|this|my|our)\s+(?:app|application|website|site|system|tool|platform)"
    r"\s+(?:should\s+|must\s+|will\s+)?(?:lets?|allows?|enables?)\s+(?:users|people|me|us|you|everyone|members)\s+(?:to\s+)?)",
    re.IGNORECASE,
)


def _asks(unit: Unit) -> bool:
    """Whether a unit asks for an application, so that it says nothing of things."""
    return unit.request is not None and unit.request.ask in {Ask.APPLICATION, Ask.PERHAPS}


def _capability(text: str) -> bool:
    """Whether a sentence asks for something that cannot be delivered, whatever else it seems to say."""
    return bool(cannot(text)) and not re.match(
        r"(?:an?|each|every)\s+\S+(?:\s\S+)?\s+(?:has|have)\b", text, re.IGNORECASE
    )


_SENTENCE = re.compile(
    rf"\b(?:{MODALS}|is|are|belongs?|has|have|only)\b(?!\s*\))|\A(?:it|they|only|every|each|no)\s|[.!]\Z",
    re.IGNORECASE,
)


def _is_sentence(text: str) -> bool:
    """Whether an item of a list is a sentence rather than the name of a field with its properties."""
    bare = re.sub(r"\([^()]*\)", "", text)
    before = re.split(r"[:\u2013\u2014]|\s-\s", bare)[0]
    return (
        bool(_SENTENCE.search(before))
        and not re.match(r"(?:is|has|was)\w", text, re.IGNORECASE)
        and len(before.split()) > 1
    )


class _Cutter:
    """Turns blocks into units, knowing under which heading each stands."""

    def __init__(self, brief: Brief) -> None:
        self.brief = brief
        self.section = Section.TEXT
        self.level = 0
        self.within = ""
        self.intro: Piece | None = None
        self.parent: tuple[int, str] | None = None

    def cut(self, blocks: list[Block]) -> None:
        for number, block in enumerate(blocks):
            following = blocks[number + 1] if number + 1 < len(blocks) else None
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
                    unit = self._unit(Piece(block.text[:200], block.line))
                    unit.done = True
                    unit.account.append(
                        Sentence(block.text[:200], Reading.UNREAD, "blocks of code are not read", block.line)
                    )

    def _unit(self, piece: Piece, **more: object) -> Unit:
        unit = Unit(piece, section=self.section, within=self.within)
        for name, value in more.items():
            setattr(unit, name, value)
        self.brief.units.append(unit)
        return unit

    def _heading(self, block: Heading, following: Block | None) -> None:
        brief = self.brief
        section = section_of(block.text)
        if block.level == 1 and not brief.title and section is None:
            brief.title = block.text
            self.section, self.within, self.level = Section.TEXT, "", 1
            self._unit(Piece(block.text, block.line), done=True).account.append(
                Sentence(block.text, Reading.UNDERSTOOD, "the name of the application", block.line)
            )
            return
        inside = self.section in {Section.SEED, Section.THINGS} and block.level > self.level
        if inside and section in {None, Section.TEXT, Section.ROLES}:
            self.within = block.text if self.section is Section.SEED else thing_named(block.text)
            noun = self.within if self.section is Section.THINGS else ""
        elif section:
            self.section, self.within, self.level, noun = section, "", block.level, ""
        else:
            noun = thing_named(block.text) if _holds_fields(following) else ""
            self.section = Section.THING if noun else Section.TEXT
            self.within, self.level = noun, block.level
        if noun:
            brief.headed += 1
            brief.draft.entity(noun, Piece(block.text, block.line), declared=True)

    def _paragraph(self, block: Paragraph, following: Block | None) -> None:
        pieces = sentences_of(block.lines)
        listed = isinstance(following, Item | Table) and pieces[-1:] and pieces[-1].text.endswith(":")
        for number, piece in enumerate(pieces):
            if listed and number == len(pieces) - 1:
                self.intro = piece
            else:
                self._sentence(piece)

    def _sentence(self, piece: Piece) -> None:
        request = self._request(piece)
        colon = piece.text.find(": ")
        if (
            request is None
            and 0 < colon <= LONGEST_LEAD
            and subject_of(piece.text[colon + 2 :])
            and not subject_of(piece.text[:colon] + " x")
        ):
            request = self._request(Piece(piece.text[:colon], piece.line)) or Request(Ask.PERHAPS)
        if request is None and not self.brief.requests and 0 < colon <= LONGEST_LEAD:
            request = self._request(Piece(piece.text[:colon], piece.line))
        if request and request.ask in {Ask.APPLICATION, Ask.PERHAPS} and 0 < colon < len(piece.text) - 2:
            self._unit(Piece(piece.text[:colon], piece.line)).request = request
            self._rest_of(piece.text[colon + 2 :], piece.line)
            return
        clauses = clauses_of(piece.text) if len(piece.text) <= LONGEST_SENTENCE else (piece.text,)
        for number, clause in enumerate(clauses or (piece.text,)):
            unit = self._unit(Piece(clause, piece.line))
            unit.request = request if number == 0 else None
            self._trailing_list(unit, request)

    def _rest_of(self, text: str, line: int) -> None:
        """Read what follows `an invoice app:`: named lists, or clauses."""
        parts = [part for _, part in split_list(text)]
        if all(re.fullmatch(r"[\w -]{1,40}\([^()]*\)[.]?", part) for part in parts):
            for part in parts:
                self._unit(Piece(part, line), section=Section.THINGS)
        else:
            for clause in clauses_of(text):
                self._unit(Piece(clause, line))

    def _trailing_list(self, unit: Unit, request: Request | None) -> None:
        """Let `an app to manage books with title and author` give books their fields."""
        found = re.search(
            r"\b(?:track(?:\s+of)?|manage|managing|organi[sz]e|store|collect|catalogu?e|record|keep|save|for|of|about)\s+(?:(?:my|our|the|their|your|all)\s+)*"
            r"(?P<noun>[\w-]+(?:\s+[\w-]+)?)\s*(?:,?\s+(?:each\s+)?(?:with|including)\s+(?:(?:its|their|a|an|the)\s+)?|\s*[:(]\s*)(?P<rest>\S.*?)\)?\s*\Z",
            unit.piece.text.rstrip("."),
            re.IGNORECASE,
        )
        if request and request.ask in {Ask.APPLICATION, Ask.PERHAPS} and found:
            noun = nouns.thing(found["noun"])
            if noun and not nouns.is_account(noun) and not nouns.is_interface(noun):
                unit.done = unit.request is None
                self._unit(Piece(f"{noun} have {found['rest'].rstrip('.) ')}", unit.piece.line))

    def _request(self, piece: Piece) -> Request | None:
        if len(piece.text) > LONGEST_SENTENCE:
            return None
        asked = request_of(piece.text, first=not self.brief.requests)
        if asked.ask is Ask.NOTHING:
            return None
        self.brief.requests.append(asked)
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
            self.brief.draft.entity(noun, piece, declared=True)
            self.brief.headed += 1
            self._unit(piece, done=True).account.append(
                Sentence(piece.text, Reading.UNDERSTOOD, f"a kind of thing: {noun}", piece.line)
            )
        elif self.parent:
            self._unit(piece, within=self.parent[1], field_item=True, section=Section.THING)
        elif self.intro:
            self._introduced(piece, self.intro)
        elif self.section is Section.THING or (self.section is Section.THINGS and self.within):
            self._in_thing(block, piece)
        else:
            self._free_item(block, piece)

    @staticmethod
    def _parent_noun(text: str) -> str:
        noun = nouns.thing(text.rstrip(": "))
        return noun if noun and section_of(noun) is None and not _is_sentence(text) else ""

    def _in_thing(self, block: Item, piece: Piece) -> None:
        pieces = sentences_of(block.lines)
        if len(pieces) > 1 or _is_sentence(piece.text):
            for one in pieces:
                self._sentence(one)
        else:
            self._unit(piece, field_item=True)

    def _free_item(self, block: Item, piece: Piece) -> None:
        if self.section in {Section.SEED, Section.PAGES, Section.ROLES, Section.VALUES}:
            self._unit(piece)
        else:
            for one in sentences_of(block.lines):
                self._sentence(one)

    def _introduced(self, piece: Piece, intro: Piece) -> None:
        """Read an item together with the line that announces the list: `A recipe has:` and `a title`."""
        text = re.sub(
            r"\s+the\s+following(?:\s+\w+)?\Z|\s+these\s+\w+\Z",
            "",
            intro.text.rstrip(": "),
            flags=re.IGNORECASE,
        )
        found = re.fullmatch(
            r"(?:(?:the\s+)?(?:fields|attributes|properties)\s+(?:of|for)\s+(?P<of>.+?)(?:\s+are)?"
            r"|(?P<has>\S.{0,60}?)\s+(?:(?:should|must|will|can|also)\s+)*(?:has|have|contains?|includes?|with|stores?|records?|consists?\s+of|needs?))",
            text,
            re.IGNORECASE,
        )
        noun = nouns.thing(found["of"] or found["has"]) if found else ""
        if (
            noun
            and not nouns.is_interface(noun)
            and not nouns.is_account(noun)
            and not _is_sentence(piece.text)
        ):
            self.brief.draft.entity(noun, intro, declared=True)
            self._unit(piece, within=noun, field_item=True, section=Section.THING)
        elif re.search(rf"\b(?:{MODALS}|be\s+able\s+to|to|has|have)\Z", text, re.IGNORECASE):
            self._sentence(Piece(f"{text} {piece.text}", piece.line))
        else:
            plain = re.match(r"[A-Z][\w-]*(?:\s+[\w-]+){0,2}\s*[:(\u2013\u2014-]", piece.text)
            if plain and self.section is Section.TEXT:
                self._unit(piece, section=Section.THINGS)
            else:
                self._sentence(piece)

    def _table(self, block: Table) -> None:
        if self.section is Section.SEED:
            self.brief.seeds.table(block, self.within)
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
        elif actions := _actions_of(block.header):
            for line, cells in block.rows:
                self._permissions(actions, cells, line)
        else:
            self._named_rows(block)

    def _permissions(self, actions: dict[int, Action], cells: tuple[str, ...], line: int) -> None:
        text = " | ".join(cell for cell in cells if cell)
        self.brief.units.append(
            _PermissionUnit(Piece(text, line), section=Section.ACCESS, actions=actions, cells=cells)
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


def _holds_fields(block: Block | None) -> bool:
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


_ACTION_WORDS = {
    "create": Action.CREATE, "add": Action.CREATE, "read": Action.READ, "view": Action.READ, "see": Action.READ, "list": Action.READ,
    "update": Action.UPDATE, "edit": Action.UPDATE, "change": Action.UPDATE, "delete": Action.DELETE, "remove": Action.DELETE,
}  # fmt: skip


def _actions_of(header: tuple[str, ...]) -> dict[int, Action]:
    found = {
        number: _ACTION_WORDS[cell.strip().lower()]
        for number, cell in enumerate(header)
        if cell.strip().lower() in _ACTION_WORDS
    }
    return found if len(found) > 1 else {}


@dataclass
class _PermissionUnit(Unit):
    """A row of a table of permissions."""

    actions: dict[int, Action] = field(default_factory=dict[int, Action])
    cells: tuple[str, ...] = ()
