"""YAML as read with places: what words mean, what is refused, and where."""

import pytest
import yaml

from astrolabe.errors import GoalError, InputError
from astrolabe.planning.places.node import UnreadableError, plain
from astrolabe.planning.places.reading import Document, read_document
from astrolabe.planning.places.yaml_nodes import LOADER, read_yaml


def read(text: str | bytes, name: str = "file.yaml") -> Document:
    return read_document(text, name)


def fault(text: str | bytes, name: str = "file.yaml") -> tuple[str, str]:
    """Return place and text of the one problem that keeps a document from being read."""
    with pytest.raises(InputError) as caught:
        read_document(text, name)
    (problem,) = caught.value.problems
    return problem.place, problem.text


def faults(text: str) -> list[tuple[tuple[int, int], str]]:
    return [(fault.mark, fault.text) for fault in read(text).faults]


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("yes", "yes"),
        ("on", "on"),
        ("No", "No"),
        ("true", True),
        ("FALSE", False),
        ("~", None),
        ("null", None),
        ("", None),
        ("12", 12),
        ("-12", -12),
        ("+1.5", 1.5),
        (".5", 0.5),
        ("1e3", 1000.0),
        ("0x1F", 31),
        ("0o17", 15),
        ("007", "007"),
        ("-", None),
        ("1_000", "1_000"),
        ("12:30", "12:30"),
        ("2026-01-02", "2026-01-02"),
        ("1.2.3", "1.2.3"),
        ("'12'", "12"),
        ('"true"', "true"),
        ("!!str 12", "12"),
        ("! 12", "12"),
        ("!!int '12'", 12),
        ("|\n  a\n  b\n", "a\nb\n"),
        (">\n  a\n  b\n", "a b\n"),
    ],
)
def test_a_word_means_what_yaml_1_2_says(written: str, value: object) -> None:
    if written == "-":
        assert read("k:\n  -\n").value() == {"k": [None]}
    else:
        found = read(f"k: {written}\n").value()
        assert found == {"k": value}
        assert type(found["k"]) is type(value)


def test_keys_are_the_text_they_are_written_as() -> None:
    assert read("on: 1\n2: 2\ntrue: 3\n'4': 4\n").value() == {"on": 1, "2": 2, "true": 3, "4": 4}


def test_values_know_their_line_and_column() -> None:
    document = read("a: 1\nb:\n  - x\n  - c: {d: 'e'}\n")
    assert document.mark(["a"]) == (1, 4)
    assert document.mark(["b"]) == (2, 1)
    assert document.mark(["b", 0]) == (3, 5)
    assert document.mark(["b", 1, "c"]) == (4, 5)
    assert document.mark(["b", 1, "c", "d"]) == (4, 12)
    assert document.key_mark(["b", 1, "c", "d"]) == (4, 9)
    assert document.place(["b", 1, "c", "d"]) == "file.yaml:4:12 b[1].c.d"


def test_a_path_to_nothing_is_placed_at_what_is_above_it() -> None:
    document = read("a:\n  - b: 1\n")
    assert document.mark(["a", 0, "c", 7]) == (2, 5)
    assert document.key_mark(["a", 0, "c"]) == (2, 5)
    assert document.at(["a", 0, "c"]) is None
    assert document.at(["a", 1]) is None
    assert document.at(["a", 0, "b", "c"]) is None
    assert document.at(["a", 0]) == {"b": 1}
    assert document.place(["a", 0, "odd key."]) == 'file.yaml:2:5 a[0]["odd key."]'


def test_columns_count_characters_not_bytes() -> None:
    assert read("é: {ü: x}\n").mark(["é", "ü"]) == (1, 8)


def test_carriage_returns_do_not_shift_lines() -> None:
    assert read("a: 1\r\nb: 2\r\n").mark(["b"]) == (2, 4)


def test_a_byte_order_mark_is_no_content() -> None:
    assert read(b"\xef\xbb\xbfa: 1\n").value() == {"a": 1}


def test_an_alias_stands_for_its_anchor_and_a_merge_for_its_fields() -> None:
    text = "- &base {a: 1, b: 2}\n- {<<: *base, b: 3}\n- *base\n- {<<: [*base, {a: 9, c: 4}]}\n"
    assert read(text).value() == [
        {"a": 1, "b": 2},
        {"a": 1, "b": 3},
        {"a": 1, "b": 2},
        {"a": 1, "b": 2, "c": 4},
    ]


def test_a_quoted_merge_key_is_an_ordinary_key() -> None:
    assert read("'<<': {a: 1}\n").value() == {"<<": {"a": 1}}


@pytest.mark.parametrize(
    ("text", "place", "said"),
    [
        ("", "file.yaml:1:1", "empty"),
        ("# only a comment\n", "file.yaml:1:1", "empty"),
        ("null", "file.yaml:1:1", "empty"),
        ("---\n", "file.yaml:1:1", "empty"),
        ("a: b: c", "file.yaml:1:5", "cannot stand here"),
        ("a:\n\t- 1", "file.yaml:2:1", "tab"),
        ("a:\n  b: 1\n\tc: 2\n", "file.yaml:3:1", "tab"),
        ("a: [1, 2", "file.yaml:1:1", ""),
        ("a: @x", "file.yaml:1:4", "cannot begin with `@`"),
        ("a: `x`", "file.yaml:1:4", "cannot begin with ```"),
        ("x: 1\na: 'it", "file.yaml:2:4", "not closed"),
        ('a: "\\q"', "file.yaml:1:5", "escape"),
        ("- a\nb: 1", "file.yaml:2:1", "- "),
        ("a: *.py", "file.yaml:1:5", "name"),
        ("a: 'it's'", "file.yaml:1:8", "expected here"),
        ("a: }", "file.yaml:1:4", "value was expected"),
        ("!foo!bar x", "file.yaml:1:1", "tag"),
        ("a: \x07", "file.yaml:1:4", "\\x07"),
        ("a: 1\nb: \x00", "file.yaml:2:4", "\\x00"),
        (b"a: 1\nb: \xe9\n", "file.yaml:2:4", "0xe9"),
        (b"\xff\xfea\x00", "file.yaml:1:1", "UTF-16"),
        (b"\x7fELF\x02\x80\x00", "file.yaml:1:6", "0x80"),
        ("%YAML 3.0\n---\na", "file.yaml:1:1", ""),
    ],
)
def test_what_is_no_yaml_is_refused_with_its_place(text: str | bytes, place: str, said: str) -> None:
    where, words = fault(text)
    assert said in words
    assert where.startswith(place.rsplit(":", 2)[0])
    if said:
        assert where == place


def test_the_caller_chooses_the_error() -> None:
    with pytest.raises(GoalError):
        read_document("a: b: c", "goal.yaml", GoalError)


def test_a_hostile_file_name_cannot_command_the_terminal() -> None:
    assert fault("", "a\x1b[31m.yaml")[0] == "a\\x1b[31m.yaml:1:1"


@pytest.mark.parametrize(
    ("text", "mark", "said"),
    [
        ("a: 1\nb: 2\na: 3\n", (3, 1), "appears twice, first in line 1"),
        ("a: .nan", (1, 4), "NaN"),
        ("a: -.inf", (1, 4), "NaN and infinity"),
        ("a: 1e999", (1, 4), "size"),
        ("a: " + "9" * 301, (1, 4), "size"),
        ("a: !!python/object:os.system x", (1, 4), "`!!python/object:os.system`"),
        ("a: !Ref x", (1, 4), "`!Ref`"),
        ("a: !!binary aGk=", (1, 4), "`!!binary`"),
        ("a: !!set {b}", (1, 4), "`!!set`"),
        ("a: *b", (1, 4), "`*b` stands for nothing"),
        ("a: &b [*b]", (1, 8), "itself a part"),
        ("[a, b]: 1", (1, 1), "a key must be a text"),
        ("{a: b}: 1", (1, 1), "a key must be a text"),
        ("<<: 3", (1, 5), "takes a mapping"),
        ("a: 1\n---\nb: 2\n", (2, 1), "second document"),
    ],
)
def test_what_can_be_read_but_means_nothing_is_a_fault(text: str, mark: tuple[int, int], said: str) -> None:
    ((where, words),) = faults(text)
    assert where == mark
    assert said in words


def test_a_fault_names_the_value_it_is_about() -> None:
    document = read("a: &x [1, {b: .nan}]\nc: *x\n")
    assert [str(document.problem_from(fault)) for fault in document.faults] == [
        "file.yaml:1:15 a[1].b: NaN and infinity are no values to work with (put it in quotes if it is meant as text)"
    ]
    assert str(document.problem(["a", 0], "is odd", "even it")) == "file.yaml:1:8 a[0]: is odd (even it)"


def test_the_first_of_two_equal_keys_counts() -> None:
    assert read("a: 1\na: {b: [2]}\n").value() == {"a": 1}


def test_a_number_of_three_hundred_digits_is_kept() -> None:
    assert read("a: " + "9" * 300).value() == {"a": int("9" * 300)}


def test_a_bomb_of_aliases_is_refused() -> None:
    levels = "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 20))
    _, said = fault(f"a0: &a0 [x]\n{levels}")
    assert "once its aliases are filled in" in said


@pytest.mark.parametrize("opening", ["[", "- ", "{a: ", "? "])
def test_depth_is_bounded(opening: str) -> None:
    assert fault(opening * 50_000)[1] == "nested deeper than 100 levels"


def test_a_hundred_levels_are_read() -> None:
    value = read("[" * 100 + "]" * 100).value()
    depth = 0
    while value:
        value, depth = value[0], depth + 1
    assert depth == 99


def test_size_is_bounded() -> None:
    assert "10.0 MB" in fault("#" * 10_000_001)[1]
    assert read("#" * 9_999_990 + "\na: 1").value() == {"a": 1}


def test_the_number_of_values_is_bounded() -> None:
    assert read_yaml("[a, b, [c]]", most_values=5)[0]
    with pytest.raises(UnreadableError, match="more than 4 values"):
        read_yaml("[a, b, [c]]", most_values=4)
    with pytest.raises(UnreadableError, match="more than 4 values once its aliases"):
        read_yaml("[&a [b], *a]", most_values=4)
    assert read_yaml("[&a [b], *a]", most_values=5)[0]


@pytest.mark.parametrize("loader", [LOADER, yaml.SafeLoader])
def test_libyaml_is_only_faster(loader: object) -> None:
    text = "a: &x {b: [1, 'two', \"t\\u00e9\"], c: é}\n"
    text += "d: [*x, !y z, .nan]\n? e\n: |\n  f\n  g\nd: again\n"
    root, faults = read_yaml(text, loader=loader)
    assert root
    assert plain(root) == {
        "a": {"b": [1, "two", "té"], "c": "é"},
        "d": [{"b": [1, "two", "té"], "c": "é"}, "z", 0],
        "e": "f\ng\n",
    }
    assert [fault.mark for fault in faults] == [(2, 9), (2, 15), (7, 1)]
    root, faults = read_yaml('"\\ud800": 1', loader=yaml.SafeLoader)
    assert [fault.text for fault in faults] == ["half of a surrogate pair is no character"]


@pytest.mark.parametrize("loader", [LOADER, yaml.SafeLoader])
@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: b: c", "`: ` cannot stand here"),
        ("a:\n\t- 1", "a tab is used"),
        ("a: @x", "cannot begin with `@`"),
        ("a: 'it", "not closed"),
        ('a: "\\q"', "unknown escape"),
        ("- a\nb: 1", ""),
        ("a: *.py", "put a text that begins with `*`"),
        ("a: [1, 2", "`,` or the closing bracket was expected here, for the list that begins in line 1"),
        (
            "{a: 1 b: 2}",
            "`,` or the closing bracket was expected here, for the mapping that begins in line 1",
        ),
        ("a: }", "a value was expected here"),
        ("!foo!bar x", "a tag that stands for nothing"),
        ("a: 'it's'", "check the indentation, and quotes within quotes"),
        ("a: |x\n b", ""),
        ('a: "x\n---\n"', "stands inside a text"),
        ("a:\n  - b\n c: 1", ""),
    ],
)
def test_both_parsers_complaints_become_the_same_words(text: str, said: str, loader: object) -> None:
    with pytest.raises(UnreadableError) as caught:
        read_yaml(text, loader=loader)
    fault = caught.value.fault
    assert said in f"{fault.text} {fault.hint}"
    assert fault.text.isprintable()
