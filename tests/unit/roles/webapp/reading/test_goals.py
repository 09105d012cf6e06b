"""What becomes of a goal as a whole."""

from pathlib import Path

import pytest
import yaml

from astrolabe.roles.webapp.reading import RECIPE, dump, model_of, read_goal
from astrolabe.sdk import Goal, GoalError, Reading

EXAMPLES = Path(__file__).parents[5] / "examples"


def problems(text: str, path: str | None = None):
    with pytest.raises(GoalError) as raised:
        read_goal(Goal(text, path))
    return raised.value.problems


@pytest.mark.parametrize("text", ["", " \n\t", "\ufeff"])
def test_an_empty_goal_is_refused(text):
    assert "nothing is written" in problems(text)[0].text


def test_a_binary_goal_is_refused_with_the_place_of_the_first_odd_byte():
    assert problems("ab\n\0c", "x.bin")[0].place == "x.bin:2:1"


@pytest.mark.parametrize(
    "name", ["bookmarks.md", "library.txt", "bookmarks.yaml", "library.yaml", "shop.yaml"]
)
def test_every_example_is_understood_and_can_be_given_again(name):
    goal = Goal((EXAMPLES / name).read_text(), f"examples/{name}")

    read = read_goal(goal)

    assert read is not None
    assert read.recipe == RECIPE
    assert read.canonical == name.endswith(".yaml")
    again = read_goal(Goal(read.document, read.document_name))
    assert again is not None
    assert again.canonical
    assert model_of(again.document) == model_of(read.document)


def test_a_canonical_goal_keeps_the_persons_comments():
    text = (EXAMPLES / "shop.yaml").read_text()
    read = read_goal(Goal(text, "shop.yaml"))
    assert read is not None
    assert read.document == text


def test_the_dump_says_how_to_go_on_and_is_plain_yaml():
    model = model_of((EXAMPLES / "shop.yaml").read_text())
    assert "astrolabe build astrolabe.yaml" in dump(model)
    assert next(iter(yaml.safe_load(dump(model)))) == "astrolabe"


def test_a_model_without_its_mark_is_pointed_out():
    assert "astrolabe: webapp/1" in problems("entities:\n  Book: {}\n", "a.yaml")[0].hint


BOOK = "entities: {Book: {fields: {title: {}}}}\n"
LATE = {
    "a.yaml": f"# mine\nname: Books\n{BOOK}astrolabe: webapp/1\n",
    "b.yml": f"? astrolabe\n: webapp/1\nname: Books\n{BOOK}",
    "c.json": '{"name": "Books", "entities": {"Book": {"fields": {"title": {}}}},\n "astrolabe": "webapp/1"}',
}


@pytest.mark.parametrize("name", LATE)
def test_what_marks_a_model_may_stand_anywhere_in_it(name):
    understood = read_goal(Goal(LATE[name], name))
    assert understood
    assert understood.canonical


@pytest.mark.parametrize(
    ("name", "text", "place"),
    [
        ("a.yaml", "name: Books\nentities:\n\tBook: {}\nastrolabe: webapp/1\n", "a.yaml:3:1"),
        ("a.yaml", "name: 'Books\nentities: {Book: {}}\n", "a.yaml:1:7"),
        ("a.json", '{"name": "Books",\n "entities": {},}', "a.json:2:17"),
        ("a.yaml", "astrolabe: webapp/1\nname: a: b\n", "a.yaml:2:8"),
    ],
)
def test_a_model_that_breaks_the_rules_of_its_format_says_where(name, text, place):
    assert [problem.place for problem in problems(text, name)] == [place]


def test_a_file_that_breaks_the_rules_and_has_nothing_of_a_model_is_left_to_others():
    assert read_goal(Goal("goal: 'x\ntasks: []\n", "plan.yaml")) is None


def test_a_document_of_another_recipe_is_left_alone():
    assert read_goal(Goal("astrolabe: pipeline/1\n", "a.yaml")) is None
    assert read_goal(Goal("goal: x\ntasks: []\n", "plan.yaml")) is None


def test_contradictions_name_both_places():
    text = "Build an app for books.\nA book has a title.\nThe title is required.\n\nThe title is optional.\n"
    [problem] = problems(text, "b.txt")
    assert problem.place == "b.txt:5:1"
    assert "`The title is optional.`" in problem.text
    assert "line 3, column 1" in problem.text
    assert "`The title is required.`" in problem.text


def test_what_cannot_be_built_is_said_and_the_rest_understood():
    read = read_goal(
        Goal("An app. A loan has a due date and a title. Send an e-mail when a loan is overdue.")
    )
    assert read is not None
    [unread] = [sentence for sentence in read.sentences if sentence.reading is Reading.UNREAD]
    assert "messages" in unread.meaning


def test_every_sentence_is_accounted_for():
    text = (EXAMPLES / "library.txt").read_text()
    read = read_goal(Goal(text))
    assert read is not None
    told = {sentence.line for sentence in read.sentences}
    begun = {number for number, line in enumerate(text.splitlines(), 1) if line[:1].isupper()}
    assert begun <= told


def test_assumptions_are_recorded():
    read = read_goal(Goal("An app. A recipe has a title and a cooking time."))
    assert read is not None
    assumed = " ".join(s.meaning for s in read.sentences if s.reading is Reading.ASSUMED)
    assert "in minutes" in assumed
    assert "`title` names each recipe" in assumed


@pytest.mark.parametrize(
    "name",
    [
        '"; drop',
        "__proto__",
        "<script>",
        "class",
        "select",
        "model",
        "constructor",
        "🎉",
        "überschrift",
        "日本",
    ],
)
def test_a_hostile_name_becomes_an_identifier_and_stays_the_label(name):
    read = read_goal(Goal(f"# App\n\n## Thing\n\n- title (required)\n- {name} (optional, text)\n"))
    assert read is not None
    fields = model_of(read.document).entities["Thing"].fields
    assert len(fields) == 2
    assert all(key.isidentifier() and key.isascii() for key in fields)


def test_choices_are_read_as_they_were_written():
    read = read_goal(
        Goal("Build an app. A hive has a name, a kind (Warré or top-bar) and a file (PDF, EPUB, other).")
    )

    assert read is not None
    model = model_of(read.document)
    assert model.enums == {"HiveKind": ("warre", "top_bar"), "HiveFile": ("pdf", "epub", "other")}
    assert model.enum_labels == {
        "HiveKind": {"warre": "Warré", "top_bar": "Top-bar"},
        "HiveFile": {"pdf": "PDF", "epub": "EPUB"},
    }


def test_a_name_of_300_characters_is_refused_at_its_place():
    found = problems(f"# App\n\n## Thing\n\n- title\n- {'x' * 300}\n", "a.md")
    assert found[0].place == "a.md:6:3"
    assert "300 characters" in found[0].text


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("An app. A book has a title.\n  It has **a status**: open or closed,\nand a price. Price is a date. The price is a number.", "3:31"),
        ("# App\n\n## Book\n\n- title\n- state: open, closed, open\n", "6:10"),
        ("An app. A book has a title and a rating\nfrom 5 to 1.", "1:9"),
        ("# App\n\n## Book\n\n- title (required)\n\n## Seed\n\n### Books\n\n| title | pages |\n|--|--|\n| A | 5 |\n", "13:7"),
        ("# App\n\n## Book\n\n- title\n\n## Seed\n\n### Users\n\n- Ada <ada@example.org>, pilot\n", "11:8"),
        ("An app for books. A book has a title and a status: open\nor closed. The status defaults to done.", "2:35"),
        ("Hello!\nPlease build an app for books.", "2:1"),
    ],
)  # fmt: skip
def test_a_problem_names_the_line_and_column_of_what_it_is_about(text, place):
    assert problems(text, "a.md")[0].place == f"a.md:{place}"


@pytest.mark.parametrize(
    "right",
    [
        "Only librarians may delete books.",
        "Librarians manage books.",
        "Anyone can read a book.",
        "Nobody but me deletes a book.",
        "Books are public.",
    ],
)
def test_an_application_is_not_named_after_a_right(right):
    for text in (f"{right} A book has a title and an author.", f"A book has a title and an author. {right}"):
        read = read_goal(Goal(text))
        assert read is not None
        assert read.title == "Books"
