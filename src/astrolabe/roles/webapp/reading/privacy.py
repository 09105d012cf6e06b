"""What is said of things as a whole: each account has its own, all are public, private or shared; and who inherits rights."""

import re

from astrolabe.roles.webapp.model import ANYONE, OWNER, SIGNED_IN, Action
from astrolabe.roles.webapp.reading.draft import Draft, EntityDraft
from astrolabe.roles.webapp.reading.grants import ADMIN, GUESTS, Grant, Heir, Scope
from astrolabe.roles.webapp.reading.people import make_known, people, who_of
from astrolabe.roles.webapp.reading.permits import deeds_in, permit
from astrolabe.roles.webapp.reading.sentences import Piece
from astrolabe.roles.webapp.reading.targets import targets_of
from astrolabe.roles.webapp.reading.words import plural
from astrolabe.sdk import Reading

_EACH_OWN = re.compile(
    r"(?:each|every|all|any)\s+(?:users?|members?|people|person|accounts?|one|customers?)\s+(?:has|have|keeps?|gets?|maintains?)\s+(?:only\s+)?(?:his\s+or\s+her|his/her|his|her|their|its)\s+own\s+(?P<what>\S.*)",
    re.IGNORECASE,
)
_IS = r"(?:is|are|should\s+be|must\s+be|will\s+be|stays?|remains?)"
_OWNERS = r"(?:(?:the|their|its)\s+)?(?:owner|creator|author)s?|(?:the\s+)?(?:user|person|account|member)s?\s+(?:who|that)\s+(?:created|made|wrote|added|owns?)\s+(?:it|them)|each\s+user|every\s+user"
_PUBLIC = re.compile(
    rf"(?P<what>\S(?:.{{0,80}}?\S)??)\s+{_IS}\s+(?:(?P<not>not\s+)?(?P<public>(?:publicly\s+(?:visible|readable|available|accessible)|public(?:\s+(?:for|to)\s+(?:everyone|all|everybody|anyone))?|open\s+to\s+(?:everyone|anyone|everybody|all|the\s+public)))"
    rf"|(?P<private>(?:strictly\s+|kept\s+)?(?:private|personal)(?:\s+(?:to|for)\s+(?:{_OWNERS}))?(?:\s+by\s+default)?)"
    r"|(?P<with>shared\s+with\s+(?:everyone|everybody|anyone|all(?:\s+(?:users|members|people))?|every\s+(?:user|member)))"
    r"|(?P<shared>shared(?:\s+(?:by|between|among|across)\s+(?:all|every|the|everyone|everybody)(?:\s+(?:users?|members?|team|people|accounts?|whole\s+team))?)?|common\s+to\s+all(?:\s+users)?))",
    re.IGNORECASE,
)
_INHERITS = re.compile(
    r"(?P<who>\S.{0,60}?)\s+(?:(?:can|may|are\s+allowed\s+to|is\s+allowed\s+to|will\s+be\s+able\s+to)\s+(?:also\s+)?(?:do\s+)?(?:everything|anything|all|whatever|what)(?:\s+(?:that|which))?\s+(?P<of>\S.{0,60}?)\s+(?:can|may|do|does|are\s+allowed\s+to|is\s+allowed\s+to)(?:\s+do)?"
    r"|(?:(?:has|have|gets?|inherits?)\s+)(?:also\s+)?(?:all\s+)?(?:of\s+)?(?:the\s+)?(?:same\s+)?(?:rights?|permissions?|privileges?|access)\s+(?:as|of|from)\s+(?P<of2>\S.{0,60}?)(?:\s+(?:has|have|do|does))?|inherits?\s+from\s+(?P<of3>\S.{0,60}?))"
    r"(?:,?\s+(?:and|plus|but\s+also|as\s+well\s+as)\s+(?:(?:can|may)\s+)?(?:also\s+|additionally\s+|in\s+addition\s+)?(?P<plus>\S.*))?",
    re.IGNORECASE,
)


def read_inheritance(draft: Draft, piece: Piece, text: str) -> bool:
    """Read `admins can do everything editors can`, with what they may do beyond that."""
    found = _INHERITS.fullmatch(text)
    if not found:
        return False
    who, of = who_of(draft, found["who"]), who_of(draft, found["of"] or found["of2"] or found["of3"])
    heirs = {ANYONE, GUESTS, SIGNED_IN, OWNER}
    if who is None or of is None or set(who.principals) & heirs or OWNER in of.principals:
        return False
    more = deeds_in(found["plus"], searching=True) if found["plus"] else []
    if found["plus"] and not permit(draft, piece, who, more):
        return False
    make_known(draft, of, piece)
    make_known(draft, who, piece)
    draft.heirs += [Heir(role, of.principals, piece) for role in who.principals if role != ADMIN]
    draft.evidence += 1
    told = f"{people(who.principals)} may do everything that {people(of.principals)} may"
    draft.note(piece, Reading.UNDERSTOOD, told)
    return True


def read_privacy(draft: Draft, piece: Piece, text: str) -> bool:
    """Read `each user has their own notes`, `notes are private`, `recipes are public`, `tasks are shared by the team`."""
    return _each_own(draft, piece, text) or _public(draft, piece, text)


def _each_own(draft: Draft, piece: Piece, text: str) -> bool:
    found = _EACH_OWN.fullmatch(text)
    targets = targets_of(draft, found["what"]) if found else []
    for target in targets:
        target.entity.owned = target.entity.owned or piece
    if targets:
        entities = [target.entity for target in targets]
        _told(draft, piece, entities, "each belongs to the account that adds it")
    return bool(targets)


def _public(draft: Draft, piece: Piece, text: str) -> bool:
    found = _PUBLIC.fullmatch(text)
    targets = targets_of(draft, found["what"]) if found else []
    if not found or not targets or any(target.scope is Scope.OTHERS for target in targets):
        return False
    entities = [target.entity for target in targets]
    if found["public"]:
        grant = Grant((GUESTS,), piece, scope=Scope.EVERY, allowed=not found["not"])
        draft.grant(entities, [Action.READ], grant)
        _told(draft, piece, entities, f"{'not ' if found['not'] else ''}seen without an account")
    elif found["private"]:
        for entity in entities:
            entity.private = entity.private or piece
        _told(draft, piece, entities, "seen and changed only by the account that adds one")
    elif found["with"]:
        draft.grant(entities, [Action.READ], Grant((SIGNED_IN,), piece, scope=Scope.EVERY))
        _told(draft, piece, entities, "seen by everybody signed in")
    else:
        for entity in entities:
            entity.shared = entity.shared or piece
        _told(draft, piece, entities, "everybody signed in may see, add, change and delete them")
    return True


def _told(draft: Draft, piece: Piece, entities: list[EntityDraft], what: str) -> None:
    draft.evidence += 1
    draft.mentioned = entities
    draft.note(piece, Reading.UNDERSTOOD, f"{', '.join(plural(entity.noun) for entity in entities)}: {what}")
