"""JSON as read with places."""

import json

import pytest

from astrolabe.errors import InputError
from astrolabe.planning.places.json_nodes import read_json
from astrolabe.planning.places.node import UnreadableError, plain
from astrolabe.planning.places.reading import Document, read_document


def read(text: str, name: str = "file.json") -> Document:
    return read_document(text, name)


def fault(text: str, name: str = "file.json") -> tuple[str, str]:
    with pytest.raises(InputError) as caught:
        read_document(text, name)
    (problem,) = caught.value.problems
    return problem.place, problem.text


@pytest.mark.parametrize(
    "text",
    [
        "{}",
        "[]",
        '[1, -2, 0.5, 1e3, -0, 1E+2, true, false, {"a": [{}, []]}]',
        '{\t"a"\t:\t"b",\r\n "c": "\\u00e9\\n\\t\\"\\\\\\/ \\ud83d\\ude00"}',
        ' "alone" ',
        '{"": "", "yes": "no", "<<": {"a": 1}, "*x": "&y"}',
        '["\u2028", "\x7f-free", "é 😀"]',
    ],
)
def test_json_is_read_as_json(text: str) -> None:
    text = text.replace("\x7f", "")
    assert read(text).value() == json.loads(text)


def test_values_know_their_line_and_column() -> None:
    document = read('{"a": 1,\r\n\t"b": ["x",\n   {"c": "\\u00e9"}]}')
    assert document.mark(["a"]) == (1, 7)
    assert document.mark(["b"]) == (2, 2)
    assert document.mark(["b", 0]) == (2, 8)
    assert document.mark(["b", 1]) == (3, 4)
    assert document.mark(["b", 1, "c"]) == (3, 10)
    assert document.key_mark(["b", 1, "c"]) == (3, 5)


@pytest.mark.parametrize(
    ("text", "place", "said"),
    [
        ("", "1:1", "empty"),
        ("  \n ", "1:1", "empty"),
        ('{"a": 1,}', "1:9", "expected a key, found `}`"),
        ("[1,]", "1:4", "expected a value, found `]`"),
        ("[1 2]", "1:4", "expected `,` or `]`, found `2`"),
        ('{"a" 1}', "1:6", "expected `:` after the key `a`"),
        ("{a: 1}", "1:2", "expected a key in double quotes, found `a`"),
        ("{'a': 1}", "1:2", "double quotes"),
        ("{\"a\": 'b'}", "1:7", "double quotes"),
        ('{"a": NaN}', "1:7", "NaN"),
        ('{"a": -Infinity}', "1:7", "infinity"),
        ('{"a": undefined}', "1:7", "`undefined` is no JSON value"),
        ('{"a": 01}', "1:7", "`01` is no JSON value"),
        ('{"a": .5}', "1:7", "`.5` is no JSON value"),
        ('{"a": True}', "1:7", "`True` is no JSON value"),
        ('{"a": 1} {"b": 2}', "1:10", "the document ends before this `{`"),
        ('{"a": "b\nc"}', "1:7", "not closed"),
        ('{"a": "b', "1:7", "not closed"),
        ('{"a": "\\q"}', "1:8", "unknown escape `\\q`"),
        ('{"a": "\\u12"}', "1:8", "unknown escape"),
        ('{"a": "x\ty"}', "1:9", "control character"),
        ('{"a": // no\n 1}', "1:7", "no comments"),
        ('{# no\n "a": 1}', "1:2", "no comments"),
        ('{"a": [1', "1:9", "the list of line 1, column 7 is not closed"),
        ('{"a": 1', "1:8", "the mapping of line 1, column 1 is not closed"),
        ('{"a":', "1:6", "the document ends"),
        ("{", "1:2", "the document ends"),
        ("\u00a0{}", "1:1", "is no JSON value"),
    ],
)
def test_what_is_no_json_is_refused_with_its_place(text: str, place: str, said: str) -> None:
    where, words = fault(text)
    assert said in words
    assert where == f"file.json:{place}"


@pytest.mark.parametrize(
    ("text", "mark", "said"),
    [
        ('{"a": 1,\n "a": 2}', (2, 2), "appears twice, first in line 1"),
        ('{"a": "\\ud800"}', (1, 7), "surrogate"),
        ('{"a": 1e999}', (1, 7), "size"),
        ('{"a": ' + "9" * 5000 + "}", (1, 7), "size"),
    ],
)
def test_what_can_be_read_but_not_kept_is_a_fault(text: str, mark: tuple[int, int], said: str) -> None:
    (found,) = read(text).faults
    assert found.mark == mark
    assert said in found.text


def test_depth_and_size_are_bounded() -> None:
    assert fault("[" * 100_000)[1] == "nested deeper than 100 levels"
    assert fault('{"a":' * 100_000)[1] == "nested deeper than 100 levels"
    assert plain(read_json("[1, 2, {}]", most_values=4)[0]) == [1, 2, {}]
    with pytest.raises(UnreadableError, match="more than 3 values"):
        read_json("[1, 2, {}]", most_values=3)
    assert read("[" * 100 + "]" * 100).faults == ()


def test_json_needs_no_name_to_be_known_as_json() -> None:
    assert read('{\n\t"a": "b:\\u0020\\/"}', "plan").value() == {"a": "b: /"}


def test_what_begins_like_json_may_still_be_yaml() -> None:
    assert read("{a: 1, b: [x, y]} # fine", "plan").value() == {"a": 1, "b": ["x", "y"]}
