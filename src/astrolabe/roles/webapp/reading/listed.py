"""Items under a heading that announces roles, pages or permissions."""

import re
from collections.abc import Callable

from astrolabe.roles.webapp.model import Action, PageModel
from astrolabe.roles.webapp.reading import nouns
from astrolabe.roles.webapp.reading.assembly import Extras
from astrolabe.roles.webapp.reading.draft import Draft, EntityDraft
from astrolabe.roles.webapp.reading.grants import ADMIN, Grant, Scope, Who
from astrolabe.roles.webapp.reading.people import add_role, make_known, who_of
from astrolabe.roles.webapp.reading.sentences import MODALS, Piece, clauses_of, split_list
from astrolabe.roles.webapp.reading.units import PermissionUnit, Unit, is_sentence
from astrolabe.roles.webapp.reading.words import field_identifier, plural
from astrolabe.sdk import Reading


def read_role(draft: Draft, unit: Unit, read: Callable[[Unit], None]) -> bool:
    """Read `librarian: may add and delete books`; `read` is given what each clause after the name says."""
    text = unit.piece.text.strip(" .")
    if remark := _REMARK.match(text):
        text = f"{remark['name']}: {text[remark.end() :]}"
        if not _NO_LOGIN.search(remark["remark"]):
            draft.note(Piece(remark["remark"], unit.piece.line), Reading.UNREAD, "a remark on a role")
    found = re.fullmatch(
        r"(?P<name>[\w -]{1,40}?)(?:\s*(?:[:\u2013\u2014(]|\s-\s)\s*(?P<rest>.*?)\)?)?",
        text,
    )
    if not found or len(found["name"].split()) > 3 or is_sentence(found["name"]):  # noqa: PLR2004
        return False
    role = add_role(draft, found["name"], unit.piece)
    told = "people without an account" if role in {"guest", "visitor", "anonymous"} else f"role: {role}"
    draft.note(Piece(found["name"], unit.piece.line), Reading.UNDERSTOOD, told)
    rest = (found["rest"] or "").strip()
    if rest:
        whole = re.match(r"(?:everything|anything|all)\b", rest, re.IGNORECASE)
        modal = (
            "can do " if whole else "" if re.match(rf"(?:{MODALS}|is|are)\b", rest, re.IGNORECASE) else "can "
        )
        for clause in clauses_of(rest):
            who = found["name"]
            subject = "" if re.match(rf"\S+\s+(?:{MODALS})\b", clause, re.IGNORECASE) else f"{who} {modal}"
            said = Unit(Piece(subject + clause, unit.piece.line), account=unit.account)
            read(said)
    return True


_REMARK = re.compile(r"(?P<name>[\w -]{1,40}?)\s*\((?P<remark>[^()]*)\)\s*(?::|\s[-\u2013\u2014]\s)\s*(?=\S)")
_NO_LOGIN = re.compile(r"\b(?:no|not|without)\b.*\b(?:log|sign|accounts?|regist)|\bpublic\b", re.IGNORECASE)
"""What tells that a role needs no account."""


def read_page(draft: Draft, extras: Extras, unit: Unit) -> bool:
    """Read `Bookmarks: title, status` as the columns of a list."""
    text = unit.piece.text.strip(" .")
    found = re.fullmatch(
        r"(?P<name>[^:(]{1,60}?)\s*(?:[:(\u2013\u2014]|\s-\s|\bshowing\b|\bwith\b)\s*(?P<columns>.+?)\)?",
        text,
    )
    entity = _page_of(draft, found["name"] if found else text)
    if entity is None:
        return False
    listed = [item for _, item in split_list(found["columns"])] if found else []
    orders = [item for item in listed if _ORDER.match(item)]
    wanted = [nouns.bare(item) for item in listed if item not in orders]
    known = {field_identifier(item.noun): key for key, item in entity.fields.items()}
    known |= {field_identifier(link.noun): key for key, link in entity.links.items()}
    known |= {
        field_identifier(item.noun): field_identifier(item.noun)
        for item in draft.several
        if item.source == entity.key
    }
    columns = [known.get(field_identifier(item)) for item in wanted]
    if found and not all(columns):
        return False
    if columns:
        title = found["name"].strip() if found else ""
        extras.pages.append(
            PageModel(
                entity=entity.key,
                columns=tuple(column for column in columns if column),
                title=title[:80] or None,
            )
        )
    for order in orders:
        draft.note(Piece(order, unit.piece.line), Reading.UNREAD, "who looks at a list says how it is sorted")
    draft.note(
        unit.piece,
        Reading.UNDERSTOOD,
        f"list of {plural(entity.noun)}" + (f": {', '.join(wanted)}" if wanted else ""),
    )
    return True


_ORDER = re.compile(
    r"(?:sort(?:ed|able)?|order(?:ed)?)\b(?:\s+by\b)?|newest\s+first|latest\s+first", re.IGNORECASE
)


def _page_of(draft: Draft, name: str) -> EntityDraft | None:
    text = re.sub(
        r"\b(?:the|a|an|my|all|list|page|overview|of|table|screen|view|detail|details|form|every)\b",
        " ",
        name,
        flags=re.IGNORECASE,
    )
    return draft.find(" ".join(text.split())) if text.strip() else None


def read_permissions(draft: Draft, unit: PermissionUnit) -> None:
    """Take a row of a table of permissions: a thing, then who may do what with it."""
    entity = draft.find(nouns.thing(unit.cells[0])) if unit.cells else None
    cells = {action: unit.cells[at] for at, action in unit.actions.items() if at < len(unit.cells)}
    if entity is None or not all(_permit(draft, entity, *cell, unit.piece) for cell in cells.items()):
        draft.note(unit.piece, Reading.UNREAD, "it is not clear who may do what with which thing")
    else:
        told = "; ".join(f"{action}: {cell or 'administrators'}" for action, cell in cells.items())
        draft.note(unit.piece, Reading.UNDERSTOOD, f"{entity.noun}: {told}")


def _permit(draft: Draft, entity: EntityDraft, action: Action, cell: str, piece: Piece) -> bool:
    nobody = cell.strip().lower() in {"", "-", "\u2013", "\u2014", "none", "nobody", "no"}
    who = Who((ADMIN,)) if nobody else who_of(draft, cell)
    if who is None:
        return False
    make_known(draft, who, piece)
    draft.grant([entity], [action], Grant(who.principals, piece, scope=Scope.EVERY, only=nobody))
    return True


def read_term(draft: Draft, piece: Piece) -> None:
    """Take an entry of a glossary as the description of the thing it explains."""
    found = re.fullmatch(
        r"(?P<term>[^:(]{1,60}?)\s*(?::|\s[-\u2013\u2014]\s|\s(?:is|are|means)\s)\s*(?P<text>\S.*)",
        piece.text.strip(" ."),
        re.IGNORECASE,
    )
    entity = draft.find(nouns.thing(found["term"])) if found and nouns.thing(found["term"]) else None
    if found is None or entity is None:
        draft.note(piece, Reading.UNREAD, "nothing of that name is kept")
    else:
        entity.description = entity.description or found["text"]
        draft.note(piece, Reading.UNDERSTOOD, f"the description of {entity.noun}")
