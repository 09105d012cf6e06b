import pytest

from astrolabe.roles.webapp.reading.kinds import kind_of
from astrolabe.roles.webapp.reading.words import (
    entity_identifier,
    enum_identifier,
    field_identifier,
    plural,
    plural_word,
    role_identifier,
    singular,
    singular_word,
)

NOUNS = [
    "address",
    "agenda",
    "alias",
    "allergy",
    "analysis",
    "archive",
    "area",
    "atlas",
    "author",
    "badge",
    "base",
    "bias",
    "bonus",
    "book",
    "boss",
    "box",
    "boy",
    "branch",
    "bridge",
    "brush",
    "bus",
    "business",
    "buzz",
    "cache",
    "campus",
    "canvas",
    "case",
    "category",
    "cause",
    "census",
    "century",
    "child",
    "church",
    "circus",
    "city",
    "class",
    "clause",
    "company",
    "country",
    "course",
    "criterion",
    "curve",
    "customer",
    "database",
    "day",
    "degree",
    "delivery",
    "diagnosis",
    "diary",
    "dish",
    "dose",
    "edge",
    "employee",
    "entry",
    "exercise",
    "expense",
    "fax",
    "fee",
    "film",
    "focus",
    "foot",
    "gallery",
    "gas",
    "genre",
    "genius",
    "glass",
    "guru",
    "half",
    "hero",
    "horse",
    "house",
    "human",
    "idea",
    "image",
    "index",
    "invoice",
    "journey",
    "key",
    "knee",
    "knife",
    "language",
    "leaf",
    "lens",
    "license",
    "loaf",
    "man",
    "match",
    "maze",
    "medium",
    "memory",
    "menu",
    "message",
    "mouse",
    "movie",
    "note",
    "nurse",
    "office",
    "page",
    "party",
    "patch",
    "person",
    "phase",
    "photo",
    "phrase",
    "pie",
    "place",
    "potato",
    "price",
    "prize",
    "process",
    "purchase",
    "query",
    "quiz",
    "quota",
    "race",
    "recipe",
    "release",
    "response",
    "rose",
    "salesman",
    "schema",
    "search",
    "service",
    "shelf",
    "shoe",
    "size",
    "slice",
    "status",
    "story",
    "survey",
    "tax",
    "taxi",
    "tie",
    "tooth",
    "tree",
    "tube",
    "universe",
    "use",
    "valve",
    "video",
    "virus",
    "visa",
    "warehouse",
    "watch",
    "wave",
    "wife",
    "wiki",
    "wolf",
    "woman",
    "zebra",
]


@pytest.mark.parametrize("noun", NOUNS)
def test_singular_undoes_plural_and_leaves_singulars(noun):
    assert singular_word(plural_word(noun)) == noun
    assert singular_word(noun) == noun


@pytest.mark.parametrize("noun", ["news", "series", "information", "sheep", "equipment"])
def test_uncounted_nouns_stay(noun):
    assert plural_word(noun) == singular_word(noun) == noun


def test_phrases_change_in_their_head():
    assert singular("due dates") == "due date"
    assert plural("date of birth") == "dates of birth"
    assert singular("Shopping Lists") == "Shopping List"


@pytest.mark.parametrize(
    ("text", "field", "entity"),
    [
        ("due date", "dueDate", "DueDate"),
        ("Größe (cm)", "grosseCm", "GrosseCm"),
        ("__proto__", "proto", "Proto"),
        ("2fa", "field2Fa", "The2Fa"),
        ("", "", ""),
        ("!?", "", ""),
    ],
)
def test_identifiers(text, field, entity):
    assert (field_identifier(text), entity_identifier(text)) == (field, entity)


def test_long_names_stay_apart():
    first, second = "x" * 79 + "a", "x" * 79 + "b"
    assert field_identifier(first) != field_identifier(second)
    assert len(field_identifier(first)) <= 40


def test_roles_and_values():
    assert role_identifier("Book keeper") == "book_keeper"
    assert enum_identifier("in progress") == "in_progress"
    assert enum_identifier("3D") == "v3_d"


@pytest.mark.parametrize(
    ("phrase", "kind"),
    [
        ("email", "email"), ("e-mail address", "email"), ("website", "url"), ("profile picture", "url"), ("price", "decimal"),
        ("total amount", "decimal"), ("number of pages", "integer"), ("phone number", "string"), ("release year", "integer"),
        ("is archived", "boolean"), ("done", "boolean"), ("due date", "date"), ("born", "date"), ("published on", "date"),
        ("starts at", "datetime"), ("time", "datetime"), ("cooking time", "integer"), ("notes", "text"),
        ("ingredients", "text"), ("title", "string"), ("flavour", "string"), ("date of birth", "date"),
    ],
)  # fmt: skip
def test_types_are_judged_by_words(phrase, kind):
    assert kind_of(phrase).type == kind
