"""Which type a field has, judged by the words of its name.

The tables are read from the most to the least particular: the whole phrase, its beginning, its last word. Every type
found here is an assumption and reported as one, unless the goal names the type itself.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

from astrolabe.roles.webapp.model import FieldType
from astrolabe.roles.webapp.reading.words import CACHED, parts_of, singular_word, word_set

FILES = word_set("image picture photo file upload attachment document")
"""Words for what is kept outside the application: a field holds its address."""

NAMED = {
    "string": FieldType.STRING,
    "short text": FieldType.STRING,
    "line": FieldType.STRING,
    "varchar": FieldType.STRING,
    "str": FieldType.STRING,
    "phone": FieldType.STRING,
    "phone number": FieldType.STRING,
    "telephone number": FieldType.STRING,
    "text": FieldType.TEXT,
    "long text": FieldType.TEXT,
    "free text": FieldType.TEXT,
    "multiline": FieldType.TEXT,
    "multi-line": FieldType.TEXT,
    "multiline text": FieldType.TEXT,
    "multi-line text": FieldType.TEXT,
    "textarea": FieldType.TEXT,
    "markdown": FieldType.TEXT,
    "paragraph": FieldType.TEXT,
    "integer": FieldType.INTEGER,
    "int": FieldType.INTEGER,
    "whole number": FieldType.INTEGER,
    "natural number": FieldType.INTEGER,
    "number": FieldType.INTEGER,
    "numeric": FieldType.DECIMAL,
    "decimal": FieldType.DECIMAL,
    "decimal number": FieldType.DECIMAL,
    "float": FieldType.DECIMAL,
    "double": FieldType.DECIMAL,
    "real": FieldType.DECIMAL,
    "money": FieldType.DECIMAL,
    "currency": FieldType.DECIMAL,
    "price": FieldType.DECIMAL,
    "amount": FieldType.DECIMAL,
    "boolean": FieldType.BOOLEAN,
    "bool": FieldType.BOOLEAN,
    "yes/no": FieldType.BOOLEAN,
    "yes or no": FieldType.BOOLEAN,
    "true/false": FieldType.BOOLEAN,
    "true or false": FieldType.BOOLEAN,
    "flag": FieldType.BOOLEAN,
    "checkbox": FieldType.BOOLEAN,
    "percentage": FieldType.DECIMAL,
    "tick box": FieldType.BOOLEAN,
    "toggle": FieldType.BOOLEAN,
    "y/n": FieldType.BOOLEAN,
    "date": FieldType.DATE,
    "day": FieldType.DATE,
    "calendar date": FieldType.DATE,
    "datetime": FieldType.DATETIME,
    "time": FieldType.DATETIME,
    "date and time": FieldType.DATETIME,
    "date-time": FieldType.DATETIME,
    "timestamp": FieldType.DATETIME,
    "email": FieldType.EMAIL,
    "e-mail": FieldType.EMAIL,
    "email address": FieldType.EMAIL,
    "e-mail address": FieldType.EMAIL,
    "url": FieldType.URL,
    "link": FieldType.URL,
    "web address": FieldType.URL,
    "web link": FieldType.URL,
    **dict.fromkeys(FILES, FieldType.URL),
    "enum": FieldType.ENUM,
    "choice": FieldType.ENUM,
    "select": FieldType.ENUM,
}
"""Types as people write them."""

_EMAIL = word_set("email mail")
_URL = word_set("url link website homepage webpage site uri hyperlink")
_IMAGE = word_set("photo image picture avatar logo cover poster thumbnail video screenshot icon photograph")
_FILE = word_set("file attachment document pdf cv upload scan")
_DECIMAL = word_set("""
    price amount cost fee salary budget total subtotal balance rate discount weight height width length depth distance
    temperature percentage percent latitude longitude tax revenue income expense volume area wage deposit rent fare
    value worth turnover profit tip mileage charge payment draught thickness diameter radius ph
""")
_INTEGER = word_set("""
    number count quantity qty year age rating stars stock capacity rank floor points calories minute hour duration score
    population inventory integer vintage
""")
_COUNTED = word_set("""
    room bedroom bathroom seat copy attempt portion serving vote point rep set goal page unit star calorie place lap
    child guest player bed storey
""")
"""Nouns whose plural is a count, as in `seats`, while one of them is a name."""
_BOOLEAN = word_set("""
    done completed complete finished active archived published paid favorite favourite available public private visible
    enabled verified approved urgent important closed confirmed cancelled canceled returned featured pinned starred
    vegetarian vegan flag resolved shipped delivered bookmarked watched sold reserved
""")
_BOOLEAN_STARTS = word_set("is has was can should")
_DATE = word_set("date day birthday deadline due born anniversary expiry expiration birthdate dob start end")
_DATETIME = word_set("time timestamp datetime moment arrival departure")
_SPAN = word_set(
    "cooking cook prep preparation baking travel running playing reading total spent duration brewing run finish waiting"
)
_TEXT = word_set("""
    description note body content ingredient instruction step direction summary comment bio biography text remark
    detail abstract review feedback transcript lyric excerpt story plot synopsis method requirement message explanation
    reason background observation answer question? agenda minutes objective
""") - {"question?"}
_STRING = word_set("""
    title name phone telephone mobile address city country street zip postcode isbn sku code subject topic brand model
    genre publisher location place color colour language currency username label category status type kind surname
    firstname lastname nickname company department barcode vin species breed manufacturer artist album reference slogan
    caption heading headline venue room? material ingredient? unit author director position role nationality gender
    difficulty priority cuisine tag
""") - {"room?", "ingredient?"}
_MANY_TEXT = word_set("photo image picture file link url website video attachment")


_DONE = ("ed", "en", "un", "wn", "ent", "old")
_MEASURES = word_set(
    "kilometre kilometer km mile hour litre liter kilo kilogram gram metre meter acre hectare"
)
"""Nouns whose plural is an amount where a deed follows: `hours worked`, `kilometres driven`."""
_YEAR_AND_DEED = 2
_PREPOSITIONS = word_set("of per for in from with to until")
_EXTREME = "minimum|maximum|min|max|total|current|expected|allowed|least|greatest|required|exact"


@dataclass(frozen=True)
class Kind:
    """A type and how it was found: `known` tells that the words are in a table, `note` what was assumed with it."""

    type: FieldType
    known: bool
    note: str = ""
    min: float | None = None


@lru_cache(maxsize=CACHED)
def kind_of(phrase: str) -> Kind:
    """Return the type that the name of a field suggests."""
    parts = parts_of(phrase)
    if not parts:
        return Kind(FieldType.STRING, known=False)
    return _by_phrase(" ".join(parts), parts) or _by_last_word(parts)


def _by_phrase(text: str, parts: tuple[str, ...]) -> Kind | None:
    if text.startswith(("e mail", "email")) or text.endswith(
        ("e mail", "email", "mail address", "email address")
    ):
        return Kind(FieldType.EMAIL, known=True)
    if re.search(
        rf"\A(?:(?:{_EXTREME}) )?(?:number|count|quantity) of (?!the\b|an?\b)|\Aamount of (?!money)|\Ahow many\b",
        text,
    ):
        return Kind(FieldType.INTEGER, known=True, min=0)
    if (
        re.match(r"whether\b|flag(?:\Z| (?:for|of|if|that|to|whether)\b)", text)
        or parts[0] in _BOOLEAN_STARTS
    ):
        return Kind(FieldType.BOOLEAN, known=True)
    if text.endswith(("date and time", "date time")):
        return Kind(FieldType.DATETIME, known=True)
    if re.match(r"(?:date|day) (?:of|when|on|it)\b|(?:last|next) (?:\w+ )?\w\w+[^e]ed\Z", text) or text in {
        "born",
        "due",
    }:
        return Kind(FieldType.DATE, known=True)
    if re.match(r"time (?:of|when|it)\b", text):
        return Kind(FieldType.DATETIME, known=True)
    if re.match(r"(?:days|weeks|months|years|hours) (?:to|until|since|before|after|per|of)\b", text):
        return Kind(FieldType.INTEGER, known=True)
    if text.endswith("web address"):
        return Kind(FieldType.URL, known=True)
    if (
        parts[-1] in {"on", "until", "by", "from", "since"}
        and len(parts) > 1
        and (parts[-1] == "since" or parts[-2].endswith(("ed", "t", "n", "ought", "id", "made")))
    ):
        return Kind(FieldType.DATE, known=True)
    if parts[-1:] == ("at",) and len(parts) > 1:
        return Kind(FieldType.DATETIME, known=True)
    return None


def _by_deed(parts: tuple[str, ...]) -> Kind | None:
    """Judge `kilometres driven`, `date received` and `year built` by what stands before the deed."""
    if len(parts) == _YEAR_AND_DEED and parts[0] == "year" and parts[1].endswith(("d", "n", "t")):
        return Kind(FieldType.INTEGER, known=True)
    if len(parts) <= 1 or not parts[-1].endswith(_DONE):
        return None
    if singular_word(parts[-2]) in _MEASURES:
        return Kind(FieldType.DECIMAL, known=True)
    kinds = {"date": FieldType.DATE, "time": FieldType.DATETIME, "year": FieldType.INTEGER}
    return Kind(kinds[parts[0]], known=True) if parts[0] in kinds else None


def _by_last_word(parts: tuple[str, ...]) -> Kind:
    cut = next(
        (at for at, part in enumerate(parts) if at and part in _PREPOSITIONS and at + 1 < len(parts)),
        len(parts),
    )
    if parts[-1] not in _DATE | _DATETIME:
        parts = parts[:cut]
    if found := _by_deed(parts):
        return found
    head = parts[-1]
    word, before = singular_word(head), set(parts[:-1])
    if {head, word} & _SPAN | ({"spent"} & set(parts)) and "time" in parts:
        return Kind(FieldType.INTEGER, known=True, note="in minutes", min=0)
    if head == "time" and before & _SPAN:
        return Kind(FieldType.INTEGER, known=True, note="in minutes", min=0)
    if head in {"number", "no", "nr"} and before:
        return Kind(FieldType.STRING, known=True)
    if head != word and word in _COUNTED:
        return Kind(FieldType.INTEGER, known=True)
    for words, kind in _LAST_WORDS:
        if head in words or word in words:
            return kind
    return Kind(FieldType.STRING, known=bool({head, word} & _STRING))


_LAST_WORDS: tuple[tuple[frozenset[str], Kind], ...] = (
    (_EMAIL, Kind(FieldType.EMAIL, known=True)),
    (_URL, Kind(FieldType.URL, known=True)),
    (_IMAGE, Kind(FieldType.URL, known=True, note="the address of a picture; files are not uploaded")),
    (_FILE, Kind(FieldType.URL, known=True, note="the address of a file; files are not uploaded")),
    (_DATE, Kind(FieldType.DATE, known=True)),
    (_DATETIME, Kind(FieldType.DATETIME, known=True)),
    (_BOOLEAN, Kind(FieldType.BOOLEAN, known=True)),
    (_TEXT, Kind(FieldType.TEXT, known=True)),
    (_DECIMAL, Kind(FieldType.DECIMAL, known=True)),
    (_INTEGER, Kind(FieldType.INTEGER, known=True)),
)

SHARED = word_set("""
    tag author category label genre topic skill keyword actor participant attendee theme hashtag collaborator speaker
    artist instructor teacher
""")
"""Things of which one belongs to many, so that `a bookmark has tags` means many to many."""


def is_list_text(phrase: str) -> bool:
    """Whether several of these are kept as one text: `ingredients`, `notes`."""
    parts = parts_of(phrase)
    return bool(parts) and (singular_word(parts[-1]) in _TEXT | _MANY_TEXT)


def suggests(phrase: str) -> bool:
    """Whether the name of a field is one that data usually have."""
    return kind_of(phrase).known
