"""Properties of reading: models survive the way through a document, prose says what it was made from, noise says nothing."""

import string

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from astrolabe.roles.webapp.model import (
    AppModel,
    EntityModel,
    FieldModel,
    FieldType,
    RelationKind,
    RelationModel,
)
from astrolabe.roles.webapp.reading import dump, model_of, problems_in, read_goal
from astrolabe.sdk import Goal, GoalError

KEYS = st.from_regex(r"\A[a-z][A-Za-z0-9]{0,12}\Z").map(lambda key: "f" + key)
NAMES = st.from_regex(r"\A[A-Z][a-z]{2,10}\Z").map(lambda name: "E" + name)
LABELS = st.text(
    st.characters(exclude_categories=["Cs", "Cc", "Cn", "Co"], exclude_characters="\u2028\u2029\ufeff\x85"),
    min_size=1,
    max_size=30,
).filter(lambda text: text.strip() != "")
PLAIN = st.sampled_from(
    [FieldType.STRING, FieldType.TEXT, FieldType.DATE, FieldType.EMAIL, FieldType.BOOLEAN]
)


@st.composite
def fields(draw):
    kind = draw(PLAIN | st.just(FieldType.INTEGER))
    label = draw(st.none() | LABELS)
    common = {"label": label, "required": draw(st.booleans()), "description": draw(st.just("") | LABELS)}
    if kind is FieldType.INTEGER:
        low = draw(st.integers(-1000, 1000))
        high = draw(st.integers(low, 2000))
        return FieldModel(
            type=kind, min=low, max=high, default=draw(st.none() | st.integers(low, high)), **common
        )
    if kind is FieldType.STRING:
        return FieldModel(type=kind, default=draw(st.none() | LABELS), **common)
    return FieldModel(type=kind, **common)


@st.composite
def models(draw):
    keys = draw(st.lists(NAMES, min_size=1, max_size=4, unique_by=str.lower))
    entities = {}
    for index, key in enumerate(keys):
        relations = {}
        if index and draw(st.booleans()):
            kind = draw(st.sampled_from(RelationKind))
            relations = {"zz" + key.lower(): RelationModel(to=keys[index - 1], kind=kind)}
        entities[key] = EntityModel(
            label=draw(st.none() | LABELS),
            owned=draw(st.booleans()),
            fields=draw(st.dictionaries(KEYS, fields(), min_size=1, max_size=4)),
            relations=relations,
        )
    return AppModel(name=draw(LABELS), entities=entities)


@given(models())
@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow])
def test_a_model_survives_its_document(model):
    assume(not problems_in(model))
    document = dump(model)
    assert model_of(document) == model
    assert dump(model_of(document)) == document


@given(st.text(max_size=300))
@settings(max_examples=300)
def test_noise_is_never_taken_for_an_application(text):
    try:
        read = read_goal(Goal(text))
    except GoalError:
        return
    assert read is None


WORDS = st.sampled_from(
    [
        "a",
        "the",
        "each",
        "recipe",
        "book",
        "has",
        "title",
        ",",
        ".",
        ":",
        ";",
        "(",
        ")",
        "and",
        "or",
        "from",
        "1",
        "to",
        "5",
        "must",
        "be",
        "can",
        "only",
        "users",
        "delete",
        "their",
        "own",
        "which",
        "is",
        "not",
        "-",
        "|",
        "#",
        "\n",
        "todo",
    ]
)


@given(st.lists(WORDS, max_size=120))
@settings(max_examples=200)
def test_shuffled_words_never_break_the_reader(words):
    try:
        read = read_goal(Goal(" ".join(words)))
    except GoalError:
        return
    if read is not None:
        assert not problems_in(model_of(read.document))


THINGS = st.sampled_from(
    ["recipe", "film", "invoice", "plant", "ticket", "house", "city", "person", "class", "quiz"]
)
FIELDS = {
    "a title": ("title", "string"),
    "notes": ("notes", "text"),
    "a price": ("price", "decimal"),
    "a due date": ("dueDate", "date"),
    "an email": ("email", "email"),
    "a website": ("website", "url"),
    "a number of pages": ("numberOfPages", "integer"),
    "a rating from 1 to 5": ("rating", "integer"),
    "an optional description": ("description", "text"),
    "a colour (red, green or blue)": ("colour", "enum"),
}
FRAMES = st.sampled_from(
    [
        "A {} has {}.",
        "Each {} has {}.",
        "Every {} contains {}.",
        "For each {} we store {}.",
        "A {} consists of {}.",
    ]
)


@given(THINGS, st.lists(st.sampled_from(sorted(FIELDS)), min_size=2, max_size=6, unique=True), FRAMES)
def test_prose_says_what_it_was_made_from(thing, phrases, frame):
    listed = ", ".join(phrases[:-1]) + " and " + phrases[-1]
    read = read_goal(Goal(f"Build an app. {frame.format(thing, listed)}"))

    assert read is not None
    [entity] = model_of(read.document).entities.values()
    assert {key: item.type.value for key, item in entity.fields.items()} == dict(
        FIELDS[phrase] for phrase in phrases
    )


@given(st.text(string.ascii_letters + string.digits + " _-<>\"';$", min_size=1, max_size=60))
def test_any_name_of_a_field_is_mapped_or_refused(name):
    assume(any(letter.isalnum() for letter in name) and not set(name) & set("-;"))
    try:
        read = read_goal(
            Goal(f"# App\n\n## Thing\n\n| field | type |\n|---|---|\n| title | string |\n| {name} | text |\n")
        )
    except GoalError:
        return
    assert read is not None
    assert all(key.isidentifier() for key in model_of(read.document).entities["Thing"].fields)
