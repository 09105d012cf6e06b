"""Faults in what a model means: each is found, at its place."""

import pytest

from astrolabe.roles.webapp.reading import model_of
from astrolabe.sdk import GoalError

SOUND = """\
astrolabe: webapp/1
name: Shop
roles: [clerk]
enums:
  Unit: [piece, gram]
enum_labels:
  Unit: {gram: g}
entities:
  Item:
    owned: true
    fields:
      name: {type: string, required: true, unique: true, min_length: 1, max_length: 20}
      price: {type: decimal, min: 0, max: 9}
      unit: {type: enum, enum: Unit, default: piece}
      code: {type: string, pattern: '^[a-z]+$'}
    relations:
      shelf: {to: Shelf, required: true, on_delete: restrict, inverse: items}
    permissions:
      read: [anyone]
      delete: [owner, clerk]
  Shelf:
    owned: false
    display: label
    fields:
      label: {type: string, required: true}
pages:
  - {entity: Item, columns: [name, price]}
seed:
  users:
    - {email: a@example.org, name: A, role: clerk}
  rows:
    Shelf:
      - {label: Top}
    Item:
      - {name: Nail, price: 1, unit: gram, shelf: Top}
"""

FAULTS = [
    ("type: enum, enum: Unit", "type: enum, enum: Uint", "there is no enum `Uint`", "did you mean `Unit`?"),
    ("type: enum, enum: Unit, default: piece", "type: enum", "a field of type enum names its enum", ""),
    ("Unit: {gram: g}", "Uint: {gram: g}", "there is no enum `Uint`", "did you mean `Unit`?"),
    ("Unit: {gram: g}", "Unit: {gran: g}", "there is no value `gran`", "did you mean `gram`?"),
    ("default: piece", "default: kilo", "the default `kilo` is not one of piece, gram", ""),
    (
        "type: decimal, min",
        "was: code, type: decimal, min",
        "`code` is still there, so `price` was not called so",
        "",
    ),
    (
        "label: {type: string",
        r'label: {label: "a\0b", type: string',
        "has the control character U+0000",
        "leave it",
    ),
    ("{label: Top}", r'{label: "To\ep"}', "has the control character U+001B", "leave it out"),
    ("owned: false", "was: Item\n    owned: false", "`Item` is still there, so `Shelf` was not", ""),
    (
        "{to: Shelf, required: true, on",
        "{to: Shelf, was: name, required: true, on",
        "`name` is still there",
        "",
    ),
    (
        "max: 9}\n      unit: {",
        "max: 9, was: old}\n      unit: {was: old, ",
        "`old` became `price` already",
        "",
    ),
    ("min: 0, max: 9", "min: 10, max: 9", "the least value 10 is more than the greatest, 9", ""),
    ("min: 0, max: 9", "min: 0, max: .inf", "infinity", ""),
    ("min_length: 1, max_length: 20", "min_length: 30, max_length: 20", "the shortest length 30 is more", ""),
    ("type: decimal, min: 0", "type: boolean, min: 0", "`min` is for numbers", ""),
    ("type: decimal, min: 0", "type: integer, min: 0.5", "0.5 is not whole", ""),
    ("'^[a-z]+$'", "'^[a-z+$'", "the pattern is no regular expression", ""),
    ("'^[a-z]+$'", "'^(a+)+$'", "the pattern can take for ever", ""),
    ("'^[a-z]+$'", "'(?P<x>a)'", "the pattern is not portable", ""),
    ("delete: [owner, clerk]", "delete: [owner, clark]", "there is no role `clark`", "did you mean `clerk`?"),
    ("owned: true", "owned: false", "rows that are not owned have no owner", ""),
    ("read: [anyone]", "create: [owner]", "a row that does not exist yet has no owner", ""),
    ("on_delete: restrict", "on_delete: set-null", "a required relation cannot be emptied", ""),
    (
        "to: Shelf, required: true, on",
        "to: Shefl, required: true, on",
        "there is no entity `Shefl`",
        "did you mean `Shelf`?",
    ),
    (
        "to: Shelf, required: true, on",
        "to: Item, required: true, on",
        "none of these could be created first: Item",
        "",
    ),
    ("to: Shelf, required: true, on", "to: User, required: true, on", "accounts cannot be the target", ""),
    ("display: label", "display: lable", "there is no field `lable`", "did you mean `label`?"),
    ("entity: Item, columns", "entity: Itme, columns", "there is no entity `Itme`", "did you mean `Item`?"),
    (
        "columns: [name, price]",
        "columns: [name, prise]",
        "there is no field or relation `prise`",
        "did you mean `price`?",
    ),
    ("name: A, role: clerk", "name: A, role: chief", "there is no role `chief`", ""),
    ("shelf: Top}", "shelf: Tpo}", "there is no row of Shelf called `Tpo`", "did you mean `Top`?"),
    (", shelf: Top}", "}", "the row has no `shelf`, which is required", ""),
    ("name: Nail, price: 1", "name: Nail, price: dear", "`dear` is not a number", ""),
    ("name: Nail, price: 1", "name: Nail, price: 11", "`11` is more than 9", ""),
    ("unit: gram, shelf", "unit: ton, shelf", "`ton` is not one of piece, gram", ""),
    ("{name: Nail,", "{nam: Nail,", "there is no field or relation `nam`", "did you mean `name`?"),
    (
        "      - {label: Top}",
        "      - {label: Top}\n      - {label: Top}",
        "2 rows of Shelf are called `Top`",
        "",
    ),
    ("roles: [clerk]", "roles: [clerk, owner]", "`owner` has a meaning of its own", ""),
    ("Unit: [piece, gram]", "Unit: [piece, gram, Piece]", "`Piece` is listed twice", ""),
    ("      code:", "      createdAt:", "every row has `createdAt` already", ""),
    ("      code:", "      constructor:", "`constructor` is a property of every JavaScript object", ""),
    ("      code:", "      shelfId:", "the relation `shelf` is kept in `shelfId`", ""),
    ("      code:", "      NAME:", "the key", ""),
    ("inverse: items", "inverse: label", "`Shelf` has something called `label` already", ""),
    ("  Shelf:\n    owned", "  User:\n    owned", "`User` is an entity of every application already", ""),
]


SEEN_ELSEWHERE = {
    "`old` became `price` already",
    "the relation `shelf` is kept in `shelfId`",
    "2 rows of Shelf are called `Top`",
    "rows that are not owned have no owner",
    "`User` is an entity of every application already",
}
"""Faults told where they show, not where the change was made."""


def test_the_sound_model_has_no_fault():
    assert model_of(SOUND).name == "Shop"


@pytest.mark.parametrize(
    ("sound", "faulty", "text", "hint"), FAULTS, ids=[fault[1].strip()[:40] for fault in FAULTS]
)
def test_a_fault_is_found_at_its_line(sound, faulty, text, hint):
    assert SOUND.count(sound) == 1
    document = SOUND.replace(sound, faulty)
    line = SOUND[: SOUND.index(sound)].count("\n") + 1

    with pytest.raises(GoalError) as raised:
        model_of(document, "shop.yaml")

    found = [problem for problem in raised.value.problems if text in problem.text]
    assert found, str(raised.value)
    assert hint in found[0].hint
    if text not in SEEN_ELSEWHERE:
        assert line in {int(problem.place.split(":")[1]) for problem in found}


def test_all_faults_are_told_at_once():
    document = SOUND
    for sound, faulty in [
        ("to: Shelf, req", "to: Shefl, req"),
        ("role: clerk", "role: chief"),
        ("min: 0, max: 9", "min: 10, max: 9"),
    ]:
        document = document.replace(sound, faulty)

    with pytest.raises(GoalError) as raised:
        model_of(document)

    assert len(raised.value.problems) >= 3


# sound, ill-formed, and how many of FAULTS hang on what is ill-formed and wait until it is mended
FORMS = [
    ("name: Shop", "nmae: Shop", 0),
    ("roles: [clerk]", "roles: [Clerk!]", 0),
    ("enums:\n  Unit", "enum:\n  Unit", 3),
    ("Unit: [piece, gram]", "Unit: [piece, 3]", 3),
    ("owned: true", "owend: true", 0),
    ("type: decimal", "type: decimel", 2),
    ("type: enum, enum", "type: enun, enum", 2),
    ("max_length: 20", "max_length: many", 0),
    ("    relations:\n", "    relation:\n", 6),
    ("{to: Shelf,", "{too: Shelf,", 6),
    ("on_delete: restrict", "on_delete: keep", 5),
    ("read: [anyone]", "see: [anyone]", 0),
    ("display: label", "dislay: label", 2),
    ("    fields:\n      label", "    field:\n      label", 7),
    ("{entity: Item,", "{entity: item!,", 0),
    ("email: a@example.org", "email: nobody", 1),
    ("- {label: Top}", "- {label: Top}\n      - just words", 0),
    ("seed:\n  users", "seed:\n  user", 1),
]


def told(document: str) -> set[str]:
    with pytest.raises(GoalError) as raised:
        model_of(document)
    return {problem.text for problem in raised.value.problems}


@pytest.mark.parametrize(
    ("sound", "ill_formed", "waiting"), FORMS, ids=[form[1].strip()[:20] for form in FORMS]
)
def test_faults_of_form_neither_hide_nor_make_faults_of_meaning(sound, ill_formed, waiting):
    """Both are told at once; those about one part, or about what a part defines, may wait until that is well-formed."""
    document = SOUND.replace(sound, ill_formed, 1)
    form = told(document)
    lines = {SOUND[: SOUND.index(sound)].count("\n"), SOUND[: SOUND.index(sound) + len(sound)].count("\n")}
    hidden = 0
    for right, wrong, *_ in FAULTS:
        line = SOUND[: SOUND.index(right)].count("\n")
        if line in lines or right not in document:
            continue
        meaning, both = told(SOUND.replace(right, wrong)), told(document.replace(right, wrong))
        assert form <= both <= form | meaning, wrong
        hidden += not meaning <= both
    assert hidden == waiting


def test_a_definition_that_is_itself_faulty_is_not_also_reported_missing():
    document = SOUND.replace("Unit: [piece, gram]", "Unit: [piece, 'two words']")

    with pytest.raises(GoalError) as raised:
        model_of(document)

    assert len(raised.value.problems) == 1
