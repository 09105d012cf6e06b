"""A document held against a model: the place and the sentence of every kind of fault."""

from enum import StrEnum
from typing import Annotated, Literal

import pytest
from pydantic import AliasChoices, BaseModel, ConfigDict, Field, JsonValue, field_validator

from astrolabe.errors import GoalError, InputError
from astrolabe.planning.places.reading import read_document
from astrolabe.planning.places.validation import validate


class Colour(StrEnum):
    RED = "red"
    DARK_BLUE = "dark-blue"


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1, max_length=10)
    size: int = Field(default=1, ge=1, le=9)
    weight: float = Field(default=1, gt=0, lt=100.5)
    sold: bool = False
    colour: Colour = Colour.RED
    kind: Literal["new", "used"] = "new"
    code: str = Field(default="A1", pattern=r"^[A-Z]\d$")
    wait: float = Field(default=1, validation_alias=AliasChoices("wait", "wait_seconds"))
    anything: str | int | float | bool | None = None
    number: int | float | None = None
    raw: JsonValue = None
    even: int = Field(default=2, multiple_of=2)
    tags: tuple[str, ...] = Field(default=(), max_length=3)
    pair: tuple[str, ...] = Field(default=("a", "b"), min_length=2)
    more: "dict[Annotated[str, Field(pattern='^[a-z]+$')], Part]" = Field(default_factory=dict)

    @field_validator("name")
    @classmethod
    def _not_reserved(cls, name: str) -> str:
        if name == "class":
            raise ValueError("`class` is a reserved word")
        return name


class Whole(BaseModel):
    model_config = ConfigDict(extra="forbid")

    title: str
    parts: tuple[Part, ...] = Field(default=(), min_length=1)


def faults(part: str, forms: dict[str, str] | None = None) -> list[str]:
    """Return the problems of a part written at line 3, column 3, without the file's name."""
    text = f"title: x\nparts:\n- {part}\n"
    with pytest.raises(InputError) as caught:
        validate(read_document(text, "f"), Whole, forms=forms)
    return [str(problem).removeprefix("f:") for problem in caught.value.problems]


def test_a_good_document_becomes_the_model() -> None:
    text = "title: x\nparts:\n- {name: a, sold: yes, wait_seconds: 3, weight: 2, more: {b: {name: b}}}\n"
    whole = validate(read_document(text, "f"), Whole)
    assert whole.parts[0] == Part(name="a", sold=True, wait=3, weight=2, more={"b": Part(name="b")})


@pytest.mark.parametrize(
    ("part", "said"),
    [
        ("{size: 1}", "3:3 parts[0]: `name` is missing"),
        ("{name: 1}", '3:10 parts[0].name: is the number 1, but a text is expected (write "1" in quotes)'),
        ("{name: true}", '3:10 parts[0].name: is `true`, but a text is expected (write "true" in quotes)'),
        (
            "{name: }",
            "3:10 parts[0].name: is empty, but a text is expected (give a value, or remove the line)",
        ),
        ("{name: []}", "3:4 parts[0].name: is a list, but a text is expected"),
        ("{name: ''}", "3:10 parts[0].name: is empty (at least one character is needed)"),
        (
            "{name: abcdefghijk}",
            "3:10 parts[0].name: is too long: at most 10 characters allowed, this has 11",
        ),
        ("{name: class}", "3:10 parts[0].name: `class` is a reserved word"),
        ("{name: a, size: x}", '3:19 parts[0].size: is the text "x", but a whole number is expected'),
        ("{name: a, size: 1.5}", "3:19 parts[0].size: is the number 1.5, but a whole number is expected"),
        ("{name: a, size: true}", "3:19 parts[0].size: is `true`, but a whole number is expected"),
        ("{name: a, number: true}", "3:21 parts[0].number: is `true`, but a whole number is expected"),
        ("{name: a, weight: false}", "3:21 parts[0].weight: is `false`, but a number is expected"),
        ("{name: a, size: 0}", "3:19 parts[0].size: is 0, but must be at least 1"),
        ("{name: a, size: 10}", "3:19 parts[0].size: is 10, but must be at most 9"),
        ("{name: a, weight: 0}", "3:21 parts[0].weight: is 0, but must be more than 0"),
        ("{name: a, weight: 101}", "3:21 parts[0].weight: is 101, but must be less than 100.5"),
        ("{name: a, sold: 7}", "3:19 parts[0].sold: is the number 7, but true or false is expected"),
        (
            "{name: a, colour: dark_blue}",
            (
                '3:21 parts[0].colour: is the text "dark_blue", but must be one of: red, dark-blue'
                " (did you mean `dark-blue`?)"
            ),
        ),
        (
            "{name: a, kind: nwe}",
            '3:19 parts[0].kind: is the text "nwe", but must be one of: new, used (did you mean `new`?)',
        ),
        (
            "{name: a, code: zz}",
            r'3:19 parts[0].code: is the text "zz", which does not have the form ^[A-Z]\d$',
        ),
        (
            "{name: a, anything: [1]}",
            "3:13 parts[0].anything: is a list, but a text or a whole number or a number or true or false is expected",
        ),
        ("{name: a, tags: x}", '3:19 parts[0].tags: is the text "x", but a list is expected (write [x])'),
        ("{name: a, tags: {}}", "3:13 parts[0].tags: is a mapping, but a list is expected"),
        (
            "{name: a, tags: [a, 2]}",
            '3:23 parts[0].tags[1]: is the number 2, but a text is expected (write "2" in quotes)',
        ),
        (
            "{name: a, tags: [a, b, c, d]}",
            "3:13 parts[0].tags: is too long: at most 3 entries allowed, this has 4",
        ),
        ("{name: a, pair: [a]}", "3:13 parts[0].pair: is too short: at least 2 entries are needed"),
        (
            "{name: a, more: 3}",
            "3:19 parts[0].more: is the number 3, but a mapping (`key: value`) is expected",
        ),
        (
            "{name: a, more: {b: 3}}",
            "3:23 parts[0].more.b: is the number 3, but a mapping (`key: value`) is expected",
        ),
        (
            "{name: a, more: {B: {name: b}}}",
            '3:20 parts[0].more.B: the key is the text "B", which does not have the form ^[a-z]+$',
        ),
        ("{name: a, nmae: b}", "3:13 parts[0].nmae: unknown field `nmae` (did you mean `name`?)"),
        (
            "{name: a, more: {b: {name: b, siez: 1}}}",
            "3:33 parts[0].more.b.siez: unknown field `siez` (did you mean `size`?)",
        ),
        (
            "{name: a, wait: 1, wait_seconds: 2}",
            "3:22 parts[0].wait_seconds: `wait_seconds` and `wait` are the same field (keep one)",
        ),
        (
            "{name: a, wait_seconds: x}",
            '3:27 parts[0].wait_seconds: is the text "x", but a number is expected',
        ),
        ("{name: a, size: 'two'}", '3:19 parts[0].size: is the text "two", but a whole number is expected'),
        ("{name: a, even: 3}", "3:19 parts[0].even: should be a multiple of 2"),
        ("{name: a, sold: 2.5}", "3:19 parts[0].sold: is the number 2.5, but true or false is expected"),
        ("7", "3:3 parts[0]: is the number 7, but a mapping (`key: value`) is expected"),
    ],
)
def test_a_fault_has_its_place_and_a_sentence(part: str, said: str) -> None:
    assert faults(part) == [said]


def test_a_name_that_is_like_none_gets_the_list_of_those_there_are() -> None:
    (said,) = faults("{name: a, qqqqqqqqq: 1}")
    assert "known: anything, code, colour, even, kind, more, name" in said


def test_all_faults_come_at_once_in_the_order_of_the_document() -> None:
    found = faults("{size: 0, size: 1, weight: .nan, colour: 3, more: {b: {}}}")
    assert [line.split(" ")[0].rstrip(":") for line in found] == [
        "3:3",
        "3:10",
        "3:13",
        "3:30",
        "3:44",
        "3:54",
    ]


def test_the_author_of_a_model_may_describe_a_form() -> None:
    said = faults("{name: a, code: zz}", {r"^[A-Z]\d$": "a letter and a digit"})
    assert said == ['3:19 parts[0].code: is the text "zz", but a letter and a digit is expected']
    said = faults("{name: a, more: {B: {name: b}}}", {"^[a-z]+$": "a name in small letters"})
    assert said == ['3:20 parts[0].more.B: the key is the text "B", but a name in small letters is expected']


def test_reading_faults_alone_make_a_document_invalid() -> None:
    with pytest.raises(GoalError, match="appears twice"):
        validate(read_document("title: x\ntitle: y\nparts: [{name: a}]", "f"), Whole, error=GoalError)


def test_flags_are_free_where_anything_or_a_flag_is_allowed() -> None:
    text = "title: x\nparts: [{name: a, sold: true, anything: false, raw: [true, {a: true}]}]"
    part = validate(read_document(text, "f"), Whole).parts[0]
    assert (part.sold, part.anything, part.raw) == (True, False, [True, {"a": True}])


def test_foreign_text_in_a_sentence_cannot_command_the_terminal() -> None:
    (said,) = faults('{name: a, colour: "\\e[31m\\u202e"}')
    assert "\\x1b[31m\\u202e" in said
    assert said.isprintable()


def test_a_list_or_a_text_instead_of_the_whole_document_is_one_fault() -> None:
    for text, what in (("- 1", "a list"), ("just prose", 'the text "just prose"')):
        with pytest.raises(InputError) as caught:
            validate(read_document(text, "f"), Whole)
        assert [str(problem) for problem in caught.value.problems] == [
            f"f:1:1: is {what}, but a mapping (`key: value`) is expected"
        ]
