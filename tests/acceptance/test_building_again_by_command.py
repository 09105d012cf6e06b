"""A second build tells what became of a person's files, and every line it tells them to type works."""

from typing import Any

import pytest

from astrolabe.cli.exits import Exit
from tests.person import Person

FIRST = "toy\nfruit: apple, pear, plum, fig, quince\nnuts: hazel, wal, pea\nroots: beet, yam"


class Builder:
    """A person with the toy recipe, who has built once."""

    def __init__(self, person: Person) -> None:
        self.person = person
        person.installs("tests.acceptance.toy:PLUGIN")

    def build(self, goal: str, code: Exit = Exit.DONE) -> dict[str, Any]:
        words = ("build", self.person.file("goal.txt", goal), "--into", self.person.folder / "target")
        done = self.person.types(*words, "--json")
        assert done.code == code, done.out + done.err
        return done.document

    def edit(self, name: str, old: str, new: str) -> None:
        path = self.person.folder / "target" / name
        path.write_text(path.read_text().replace(old, new))

    def commit(self) -> None:
        self.person.shell("git -C target commit -qam mine")

    def told(self) -> str:
        return self.person.types("runs", "show", "last").out

    def read(self, name: str) -> str:
        return (self.person.folder / "target" / name).read_text()


@pytest.fixture
def builder(person: Person) -> Builder:
    made = Builder(person)
    assert made.build(FIRST)["run"]["edits"] is None
    return made


def test_the_report_tells_what_came_changed_went_and_stayed(builder: Builder) -> None:
    builder.edit("fruit.txt", "apple", "my own apple")
    builder.edit("nuts.txt", "hazel", "my own hazel")
    builder.commit()
    goal = "toy\nfruit: apple, pear, plum, fig, medlar\nnuts: \nroots: \nberries: sloe\nmigrations/0002: add berries"

    edits = builder.build(goal)["run"]["edits"]

    assert (edits["added"], edits["changed"]) == (["berries.txt", "migrations/0002.txt"], ["fruit.txt"])
    assert (edits["removed"], edits["kept"], edits["edited"]) == (["roots.txt"], ["nuts.txt"], ["fruit.txt"])
    assert edits["conflicts"] == []
    said = builder.told()
    assert "files 2 added, 1 changed, 1 removed" in said
    paragraphs = {line: said.splitlines()[n + 1].strip() for n, line in enumerate(said.splitlines()[:-1])}
    assert paragraphs["a new migration of the database:"] == "migrations/0002.txt"
    assert paragraphs["removed, because it is no longer generated:"] == "roots.txt"
    assert paragraphs["kept as you edited it:"] == "fruit.txt"
    assert paragraphs["kept, because you edited it, though it is no longer generated:"] == "nuts.txt"


def test_nothing_new_is_told_so(builder: Builder) -> None:
    builder.build(FIRST)
    assert "nothing had to change" in builder.told()


def test_contradictions_are_resolved_by_typing_what_is_told(builder: Builder) -> None:
    builder.edit("fruit.txt", "plum", "damson")
    builder.commit()
    goal = FIRST.replace("plum", "greengage")

    document = builder.build(goal, Exit.CHECKS_FAILED)

    assert "conflict" in builder.told()
    find, decide = (step["commands"] for step in document["next"][:2])
    assert "fruit.txt" in [builder.person.shell(line) for line in find][-1]
    (builder.person.folder / "target/fruit.txt").write_text("apple\npear\ndamson\nfig\nquince\n")
    for line in decide:
        builder.person.shell(line)
    assert builder.build(goal)["run"]["published"]["moved"]
    assert "damson" in builder.read("fruit.txt")


def test_uncommitted_edits_are_passed_by_typing_what_is_told(builder: Builder) -> None:
    builder.edit("fruit.txt", "apple", "my own apple")

    document = builder.build(FIRST.replace("quince", "medlar"))

    assert not document["run"]["published"]["moved"]
    (take_over,) = [step["commands"] for step in document["next"]]
    assert all(f"  {line}\n" in builder.told() for line in take_over)
    for line in take_over:
        builder.person.shell(line)
    assert builder.read("fruit.txt") == "my own apple\npear\nplum\nfig\nmedlar\n"


def test_a_damaged_clone_that_is_set_aside_is_told(builder: Builder) -> None:
    (clone,) = (builder.person.folder / "home/state/workspaces").glob("*.git")
    for ref in (clone / "refs/astrolabe").rglob("*"):
        if ref.is_file():
            ref.write_text("0" * 39 + "1\n")
    done = builder.person.types(
        "build", builder.person.file("goal.txt", FIRST), "--into", builder.person.folder / "target"
    )
    assert done.code == Exit.DONE, done.err
    assert "damaged" in done.err
    assert str(clone) in done.err
