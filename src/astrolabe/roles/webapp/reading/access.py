"""Rules for who may do what: `only librarians may delete books`, `members see only their own notes`."""

import re
from dataclasses import dataclass, replace

from astrolabe.roles.webapp.model import ANYONE, OWNER, SIGNED_IN, Action
from astrolabe.roles.webapp.reading import nouns
from astrolabe.roles.webapp.reading.draft import Draft, EntityDraft, Grant
from astrolabe.roles.webapp.reading.flaw import quoted
from astrolabe.roles.webapp.reading.sentences import Piece, split_list
from astrolabe.roles.webapp.reading.words import role_identifier, singular, singular_word, word_set
from astrolabe.sdk import Reading

_VERBS = {
    Action.CREATE: "create add write post publish submit make enter record register log new insert plan save open start place",
    Action.READ: "read see view browse look find list access check visit display search show get consult follow",
    Action.UPDATE: "update edit change modify correct alter revise fix mark rename close complete approve reject reopen finish",
    Action.DELETE: "delete remove destroy erase discard",
}
_ALL = tuple(Action)
VERBS: dict[str, tuple[Action, ...]] = {
    **{word: (action,) for action, words in _VERBS.items() for word in words.split()},
    **dict.fromkeys(
        ["manage", "administer", "maintain", "control", "handle", "do", "moderate", "govern", "own"], _ALL
    ),
    **dict.fromkeys(("keep", "collect"), (Action.CREATE, Action.READ)),
}
_MOST_WORDS = 3
_WORD = re.compile(r"[\w'/-]+")

_MODAL = (
    r"(?:(?:can|may|must|should|will|shall)(?:\s+be\s+able\s+to)?|(?:is|are)\s+(?:allowed|able|permitted|entitled)\s+to|(?:has|have)\s+(?:the\s+)?(?:right|permission)s?\s+to"
    r"|(?:get|gets)\s+to)"
)
_NOT = r"(?:cannot|can't|can\s+not|may\s+not|must\s+not|mustn't|should\s+not|shouldn't|(?:is|are)\s+not\s+(?:allowed|able|permitted)\s+to|(?:do|does)\s+not|don't|doesn't|can\s+never|may\s+never|must\s+never)"
_PASSIVE = re.compile(
    r"(?P<what>\S(?:.{0,80}?\S)?)\s+(?:(?P<negative>cannot|can't|may\s+not|must\s+not|should\s+not)|can|may|must|should|is|are|will)\s+(?P<only1>only\s+)?(?:be\s+)?(?P<only2>only\s+)?"
    r"(?P<verbs>[a-z]+(?:(?:,\s*|\s+and\s+|\s+or\s+|,\s*and\s+|,\s*or\s+)[a-z]+){0,3})\s+(?P<only3>only\s+)?(?:by|to|for)\s+(?P<only4>only\s+)?(?P<who>\S.*)",
    re.IGNORECASE,
)
_PUBLIC = re.compile(
    r"(?P<what>\S(?:.{0,60}?\S)?)\s+(?:is|are|should\s+be|must\s+be)\s+(?:(?P<public>public|open\s+to\s+(?:everyone|anyone|all|the\s+public)|visible\s+to\s+(?:everyone|anyone|all|the\s+public)|publicly\s+\w+)"
    r"|(?P<private>private(?:\s+(?:to|for)\s+.*)?|personal|(?:only\s+)?visible\s+only\s+to\s+(?:the|their|its)\s+(?:owner|creator|author)s?|only\s+visible\s+to\s+(?:the|their|its)\s+(?:owner|creator|author)s?)"
    r"|(?P<shared>shared(?:\s+(?:by|between|among|with)\s+(?:all|every|the).*)?))",
    re.IGNORECASE,
)
_EACH_OWN = re.compile(
    r"(?:each|every|all|the)\s+(?:users?|members?|people|person|accounts?|one)\s+(?:has|have|keeps?|sees?|manages?|gets?)\s+(?:only\s+)?(?:his\s+or\s+her|his/her|his|her|their|its)\s+own\s+(?P<what>\S.*)",
    re.IGNORECASE,
)
_RESTRICTED = re.compile(
    r"(?P<verbs>creating|adding|editing|changing|deleting|removing|viewing|reading|updating)\s+(?P<what>.{1,50}?)\s+(?:is|are)\s+(?:restricted|limited|reserved|only\s+(?:possible|allowed|permitted))\s+(?:to|for)\s+(?P<who>\S.*)",
    re.IGNORECASE,
)
_ROLES = re.compile(
    r"(?:the\s+)?(?:roles?|user\s+(?:roles|types|groups))\s*(?:are|is|:|-|\u2013|include)\s*(?P<roles>\S.*)"
    r"|there\s+(?:are|is|should\s+be)\s+(?:\w+\s+)?(?:kinds?|types?|roles?|groups?)(?:\s+of\s+(?:users?|roles?|people|accounts?))?\s*[:,]?\s*(?P<roles2>\S.*)"
    r"|(?:an?\s+)?(?:users?|accounts?)\s+(?:can\s+be|are|is|may\s+be)\s+(?:either\s+)?(?P<roles3>\S.*\sor\s.*)"
    r"|there\s+(?:are|is)\s+(?:an?\s+)?(?P<roles4>\S.*?)\s+roles?",
    re.IGNORECASE,
)
_WITHOUT_ACCOUNT = word_set("""
    everyone everybody anyone anybody visitor guest public all people_without_an_account anonymous_user
    unregistered_user world
""")
_SIGNED = word_set("""
    user member people person account customer signed_in_user logged_in_user registered_user
    authenticated_user every_user each_user any_user signed_in_people logged_in_people signed_in_member
    registered_member somebody someone one i we you they logged_in_member authenticated_member
    registered_people signed_up_user login_user users_who_are_logged_in people_with_an_account
    everybody_with_an_account everyone_with_an_account anyone_with_an_account everyone_signed_in
""")
_OWN = re.compile(
    r"\b(?:only\s+)?(?:their|his|her|its|his\s+or\s+her|his/her|my|your|our)\s+own\b|\bonly\s+(?:their|his|her|its|my)\b|\bthat\s+(?:they|he|she)\s+(?:created|own|wrote|made|added)\b|\bthey\s+(?:created|own|wrote|made|added)\b",
    re.IGNORECASE,
)
_TRAIL = re.compile(
    r"\s+(?:without\s+(?:signing|logging)\s+in|without\s+(?:an\s+)?(?:account|login)|in\s+the\s+(?:app|system)|at\s+any\s+time|as\s+well|too|anymore|after\s+(?:logging|signing)\s+in)\Z",
    re.IGNORECASE,
)
_EVERYTHING = re.compile(
    r"(?:everything|anything|all|all\s+(?:data|content|records|entries|rows|items|entities|of\s+(?:it|them))|any\s+(?:data|content|records?))(?:\s+(?:else|in\s+the\s+\w+))?",
    re.IGNORECASE,
)
_NO_ROLES = word_set("""
    app application system site website it this that these there which what book
""")


@dataclass
class Who:
    """People a clause speaks of: principals, and roles among them that were not known before."""

    principals: tuple[str, ...]
    roles: tuple[str, ...] = ()
    assumed: str = ""


def who_of(draft: Draft, text: str) -> Who | None:
    """Return whom a phrase names, or None when it names no people."""
    text = re.sub(r"\s+(?:only|alone|themselves|themself)\Z", "", text.strip(" ,."), flags=re.IGNORECASE)
    principals: list[str] = []
    roles: list[str] = []
    assumed = ""
    for _, item in split_list(text):
        name, role, note = _principal(draft, item)
        if not name:
            return None
        principals.append(name)
        roles += [role] if role else []
        assumed = assumed or note
    return Who(tuple(dict.fromkeys(principals)), tuple(roles), assumed) if principals else None


def _principal(draft: Draft, text: str) -> tuple[str, str, str]:
    text = re.sub(r"\A(?:only|just|also|the|an?)\s+", "", text.strip(), flags=re.IGNORECASE)
    key = "_".join(singular_word(word) for word in re.findall(r"[a-z]+", text.lower()))
    for article in ("all_", "any_", "every_", "each_", "an_", "a_", "the_"):
        key = key.removeprefix(article) or key
    if re.match(r"(?:every|any)(?:one|body)_(?:who|that|with).*(?:signed|logged|account)", key):
        return SIGNED_IN, "", ""
    if key in _WITHOUT_ACCOUNT:
        return (
            ANYONE,
            "",
            f"{quoted(text)} includes people without an account"
            if key.startswith(("every", "any", "all"))
            else "",
        )
    if _is_maker(draft, key):
        return OWNER, "", ""
    if key in {"admin", "administrator", "superuser", "administration"}:
        return "admin", "", ""
    role = role_identifier(singular(nouns.bare(text).lower()))
    if role in draft.roles:
        return role, "", ""
    if key in _SIGNED or nouns.is_account(text):
        known = draft.find(nouns.bare(text))
        note = (
            f"{quoted(text)} means everybody who is signed in"
            if known or key in {"member", "customer", "person"}
            else ""
        )
        return SIGNED_IN, "", note
    noun = nouns.thing(text)
    if (
        not noun
        or nouns.is_interface(noun)
        or nouns.head(noun) in _NO_ROLES
        or not role
        or re.search(r"[^\w\s-]", noun)
    ):
        return "", "", ""
    return role, role, ""


_MAKER = re.compile(
    r"(?:\A|_)(?:owner|creator)(?:\Z|_)|(?:whoever|who|that)_(?:ha_|has_)?(?:created|wrote|made|added|posted|own)"
)


def _is_maker(draft: Draft, key: str) -> bool:
    """Whether a phrase means the account that created a row; an author is one unless authors are a role or things."""
    own = key.removeprefix("their_").removeprefix("it_").removeprefix("its_")
    return bool(_MAKER.search(key)) or (
        own in {"author", "writer"} and (own != key or not (own in draft.roles or draft.find(own)))
    )


def read_roles(draft: Draft, piece: Piece) -> bool:
    """Read `there are two roles: editor and reviewer`."""
    found = _ROLES.fullmatch(piece.text.strip(" ."))
    listed = next((text for text in found.groups() if text), "") if found else ""
    listed = re.sub(r"\A(?:namely|called)\s+", "", listed)
    names = [nouns.bare(item) for _, item in split_list(listed)]
    names = [re.sub(r"\s+roles?\Z", "", name) for name in names]
    if not names or any(
        not name or len(name.split()) > _MOST_WORDS or not re.fullmatch(r"[\w -]+", name) for name in names
    ):
        return False
    for name in names:
        add_role(draft, name, piece)
    draft.note(piece, Reading.UNDERSTOOD, f"roles: {', '.join(names)}")
    draft.evidence += 1
    return True


def add_role(draft: Draft, name: str, piece: Piece) -> str:
    """Make a role known and return its identifier; user and admin, and their synonyms, are there already."""
    key = singular(nouns.bare(name).lower())
    role = role_identifier(key)
    if role in {"admin", "administrator", "superuser"}:
        return "admin"
    if role in {"user", "regular_user", "normal_user", "account", "registered_user", "signed_in"}:
        return "user"
    if role in {"guest", "visitor", "anyone", "anonymous", "owner"}:
        return role
    draft.roles.setdefault(role, piece)
    return role


_NOBODY = re.compile(r"(?:nobody|no[ -]one|none)\b", re.IGNORECASE)


def read_denial(draft: Draft, piece: Piece) -> bool:
    """Say that a right taken from everyone was not read; it is no role called nobody."""
    if not _NOBODY.match(piece.text):
        return False
    draft.note(piece, Reading.UNREAD, "a right that nobody has is not read; name those who have it")
    return True


def read_access(draft: Draft, piece: Piece) -> bool:
    """Read who may do what."""
    text = " ".join(piece.text.split()).rstrip(".! ")
    text = re.sub(
        r"\A(?:also|finally|additionally|of\s+course|however|then|in\s+addition),?\s+",
        "",
        text,
        flags=re.IGNORECASE,
    )
    return (
        _each_own(draft, piece, text)
        or _public(draft, piece, text)
        or _restricted(draft, piece, text)
        or _passive(draft, piece, text)
        or _active(draft, piece, text)
    )


def _each_own(draft: Draft, piece: Piece, text: str) -> bool:
    found = _EACH_OWN.fullmatch(text)
    entities = _things(draft, found["what"]) if found else None
    if not entities:
        return False
    for entity in entities:
        entity.private = entity.private or piece
    _tell(draft, piece, entities, "are seen and changed only by the account that creates them")
    return True


def _public(draft: Draft, piece: Piece, text: str) -> bool:
    found = _PUBLIC.fullmatch(text)
    entities = _things(draft, found["what"]) if found else None
    if not found or not entities:
        return False
    if found["public"]:
        draft.grant(
            entities, [Action.READ], Grant((ANYONE,), own=False, only=False, allowed=True, said=piece)
        )
        _tell(draft, piece, entities, "can be read without an account")
    elif found["private"]:
        for entity in entities:
            entity.private = entity.private or piece
        draft.grant(entities, [Action.READ], Grant((OWNER,), own=False, only=True, allowed=True, said=piece))
        _tell(draft, piece, entities, "are seen and changed only by the account that creates them")
    else:
        for entity in entities:
            entity.shared = entity.shared or piece
        _tell(draft, piece, entities, "are shared by everybody who is signed in")
    return True


def _tell(draft: Draft, piece: Piece, entities: list[EntityDraft], what: str) -> None:
    draft.evidence += 1
    draft.note(piece, Reading.UNDERSTOOD, f"{', '.join(entity.noun for entity in entities)}: {what}")


_GERUNDS = {"creating": "create", "adding": "add", "editing": "edit", "changing": "change", "deleting": "delete", "removing": "remove", "viewing": "view", "reading": "read", "updating": "update"}  # fmt: skip


def _restricted(draft: Draft, piece: Piece, text: str) -> bool:
    found = _RESTRICTED.fullmatch(text)
    if not found:
        return False
    who, entities = who_of(draft, found["who"]), _things(draft, found["what"])
    if not who or not entities:
        return False
    return _permit(draft, piece, who, VERBS[_GERUNDS[found["verbs"].lower()]], entities, only=True)


def _passive(draft: Draft, piece: Piece, text: str) -> bool:
    found = _PASSIVE.fullmatch(text)
    if not found:
        return False
    actions = _actions(
        [_stem(word) for word in re.findall(r"[a-z]+", found["verbs"].lower()) if word not in {"and", "or"}]
    )
    entities = _things(draft, re.sub(r"\Aonly\s+", "", found["what"], flags=re.IGNORECASE))
    who = who_of(draft, _TRAIL.sub("", found["who"])) if actions and entities else None
    if not who or not actions or not entities:
        return False
    only = any(found[f"only{number}"] for number in (1, 2, 3, 4))
    return _permit(draft, piece, who, actions, entities, only=only, allowed=not found["negative"])


_STEMS = {
    "seen": "see",
    "written": "write",
    "made": "make",
    "found": "find",
    "read": "read",
    "shown": "show",
    "visible": "see",
    "published": "publish",
    "editable": "edit",
}


def _stem(word: str) -> str:
    if word in _STEMS:
        return _STEMS[word]
    for ending, new in (("ied", "y"), ("ed", "e"), ("ed", ""), ("d", ""), ("tted", "t")):
        if word.endswith(ending) and word[: -len(ending)] + new in VERBS:
            return word[: -len(ending)] + new
    return word


def _actions(words: list[str]) -> tuple[Action, ...] | None:
    """Return what verbs stand for; None when one is not known."""
    out: list[Action] = []
    for word in words:
        found = (
            VERBS.get(word)
            or VERBS.get(singular_word(word))
            or VERBS.get(word.removesuffix("s"))
            or VERBS.get(word.removesuffix("es"))
        )
        if not found:
            return None
        out += found
    return tuple(dict.fromkeys(out)) or None


def _active(draft: Draft, piece: Piece, text: str) -> bool:
    for found in _readings(text):
        who = who_of(draft, re.sub(r"\s+only\Z", "", found["who"], flags=re.IGNORECASE))
        if found["only"] and found["who"].lower() in {"i", "me", "we"}:
            who = Who((OWNER,))
        bare = not (found["modal"] or found["negative"])
        if who is None or (bare and any(draft.find(role.replace("_", " ")) for role in who.roles)):
            continue
        rest = _TRAIL.sub("", found["rest"])
        only = bool(found["only"]) or found["who"].lower().endswith(" only") or rest.lower().endswith(" only")
        if (
            piece.text.rstrip(".! ")
            .lower()
            .endswith(("without signing in", "without logging in", "without an account", "without login"))
        ):
            who = Who((ANYONE,), ())
        if _do(
            draft,
            piece,
            who,
            rest,
            only=only,
            allowed=not found["negative"],
            bare=not (found["modal"] or found["negative"]),
        ):
            return True
    return False


def _readings(text: str) -> list[re.Match[str]]:
    """Return the ways to cut a clause into people, modal and deed: with a modal, else before a verb that is known."""
    found = _ACTIVE_MODAL.fullmatch(text)
    if found:
        return [found]
    out: list[re.Match[str]] = []
    for word in list(_WORD.finditer(text))[1:9]:
        if _actions([word[0].lower()]):
            cut = _BARE.fullmatch(text[: word.start()].rstrip() + "\0" + text[word.start() :])
            out += [cut] if cut else []
    return out


_ONLY = r"(?P<only>(?:only|just|nobody\s+(?:but|except)|no\s+one\s+(?:but|except|other\s+than)|none\s+but|nobody\s+other\s+than)\s+)?"
_ACTIVE_MODAL = re.compile(
    rf"{_ONLY}(?P<who>\S(?:.{{0,80}}?\S)?)\s+(?:(?P<negative>{_NOT})|(?P<modal>{_MODAL}))\s+(?P<rest>\S.*)",
    re.IGNORECASE,
)
_BARE = re.compile(
    rf"{_ONLY}(?P<who>[^\0]{{1,82}}?)(?P<negative>(?!))?(?P<modal>(?!))?\0(?P<rest>\S.*)", re.IGNORECASE
)


def _do(draft: Draft, piece: Piece, who: Who, rest: str, *, only: bool, allowed: bool, bare: bool) -> bool:
    """Read the deeds and their objects: `create, edit and delete their own books`."""
    rest = re.sub(r"\Ado\s+(?:everything|anything)\s+(?:with|to)\s+", "manage ", rest, flags=re.IGNORECASE)
    rest = re.sub(r"\A(?:only|also|always|then|freely|be\s+able\s+to)\s+", "", rest, flags=re.IGNORECASE)
    rest = re.sub(r"\b(?:look\s+(?:up|at|through)|search\s+for|set\s+up)\b", "see", rest, flags=re.IGNORECASE)
    if re.fullmatch(
        r"(?:do\s+)?(?:everything|anything|all)(?:\s+else)?|have\s+full\s+(?:access|control|rights)(?:\s+to\s+everything)?",
        rest,
        re.IGNORECASE,
    ):
        return _everything(draft, piece, who, allowed=allowed)
    verbs, target = _cut_verbs(rest)
    actions = _actions(verbs)
    if not actions or not target:
        return False
    own = bool(_OWN.search(target))
    entities = _things(
        draft, _OWN.sub("", target), create=Action.CREATE in actions and not bare and allowed, piece=piece
    )
    if not entities or any(entity.key in _as_entities(who) for entity in entities):
        return False
    if who.principals == (OWNER,) and Action.CREATE in actions:
        who = Who(("author",), () if "author" in draft.roles else ("author",))
    return _permit(draft, piece, who, actions, entities, only=only and not own, allowed=allowed, own=own)


def _cut_verbs(text: str) -> tuple[list[str], str]:
    """Cut `create, edit and delete books` into its verbs and the rest; a second verb needs a comma or `and` before it."""
    words = text.split()
    verbs: list[str] = []
    joined = True
    while words:
        word = words[0].strip(",/").lower()
        if word in {"and", "or", "also"} and verbs:
            joined = True
        elif joined and _actions(word.split("/")):
            verbs += word.split("/")
            joined = words[0].endswith(",")
        else:
            break
        words.pop(0)
    return verbs, " ".join(words)


def _as_entities(who: Who) -> set[str]:
    return {role.title().replace("_", "") for role in who.roles}


def _things(
    draft: Draft, text: str, *, create: bool = False, piece: Piece | None = None
) -> list[EntityDraft]:
    """Return the entities a phrase names, nothing when one is unknown."""
    text = re.sub(
        r"\s+(?:of\s+(?:other|others).*|in\s+the\s+(?:app|system|catalogue|catalog|library|database|list))\Z",
        "",
        text.strip(" .,"),
        flags=re.IGNORECASE,
    )
    text = re.sub(
        r"\b(?:other\s+(?:people|users|members)(?:'s|')?|others'|each\s+other's|everyone(?:'s|\s+else's)|existing|new|any|all|the|list\s+of|lists\s+of|other)\s+",
        "",
        text,
        flags=re.IGNORECASE,
    )
    if _EVERYTHING.fullmatch(text) or re.fullmatch(r"(?:data|content|records|entries)", text, re.IGNORECASE):
        return list(draft.entities.values())
    if re.fullmatch(r"(?:them|they|it|these|those|one|this)", text, re.IGNORECASE):
        return draft.mentioned or ([draft.context] if draft.context else [])
    out: list[EntityDraft] = []
    for _, item in split_list(text):
        noun = nouns.thing(
            re.sub(r"\A(?:their|its|his|her|my|our|your|own)\s+", "", item, flags=re.IGNORECASE)
        )
        found = draft.find(noun) if noun else None
        if found is None and create and piece and noun and _can_be_made(noun):
            found = draft.entity(noun, piece)
        if found is None:
            return []
        out.append(found)
    return out


def _can_be_made(noun: str) -> bool:
    return nouns.head(noun) not in nouns.APPLICATION | nouns.PEOPLE | {
        "profile", "password", "login", "report", "chart", "file", "photo", "image", "email", "notification", "message", "comment",
        "invoice", "payment", "theme", "language", "setting", "thing", "item", "data", "export", "pdf", "statistic", "filter", "search",
    } and len(noun.split()) <= 2  # fmt: skip  # noqa: PLR2004


def _everything(draft: Draft, piece: Piece, who: Who, *, allowed: bool) -> bool:
    if who.principals == ("admin",):
        draft.note(piece, Reading.UNDERSTOOD, "administrators may do everything in every application")
        return True
    if not draft.entities or not allowed:
        return False
    return _permit(draft, piece, who, tuple(Action), list(draft.entities.values()), only=False)


def _permit(
    draft: Draft,
    piece: Piece,
    who: Who,
    actions: tuple[Action, ...],
    entities: list[EntityDraft],
    *,
    only: bool,
    allowed: bool = True,
    own: bool = False,
) -> bool:
    for role in who.roles:
        draft.roles.setdefault(role, piece)
    grant = Grant(who.principals, own=own, only=only, allowed=allowed, said=piece)
    whole = len(actions) == len(Action)
    draft.grant(entities, [action for action in actions if not (whole and action is Action.READ)], grant)
    if whole:
        draft.grant(entities, [Action.READ], replace(grant, only=False))
    draft.mentioned = entities
    if len(entities) == 1:
        draft.context = entities[0]
    people = ", ".join(name.replace("_", " ") for name in who.principals)
    verb = ("only " if only else "") + people + (" may " if allowed else " may not ")
    things = ", ".join(entity.noun for entity in entities)
    _note_roles(draft, piece, who)
    draft.evidence += 1
    meaning = f"{verb}{', '.join(actions)} {'their own ' if own else ''}{things}"
    draft.note(piece, Reading.UNDERSTOOD, meaning)
    return True


def _note_roles(draft: Draft, piece: Piece, who: Who) -> None:
    for role in who.roles:
        known = any(role_identifier(entity.noun.lower()) == role for entity in draft.entities.values())
        more = "; the rows of that name are no accounts" if known else ""
        draft.note(piece, Reading.ASSUMED, f"{quoted(role)} is a role that accounts can have{more}")
    if who.assumed:
        draft.note(piece, Reading.ASSUMED, who.assumed)
