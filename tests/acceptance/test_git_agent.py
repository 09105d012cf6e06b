"""The `git` agent tells what a run has changed, and a person's own work stays exactly as it was."""

from hypothesis import given
from hypothesis import strategies as st

from astrolabe.roles.git.patch import changed_in
from tests.acceptance.test_test_agent import repository
from tests.person import Person

PLAN = """
goal: change things
tasks:
  - {id: work, agent: command, inputs: {run: "echo new > ü.txt; echo -- two >> a.txt; rm gone.txt; printf '\\\\0' > blob"}, writes: ["**"]}
  - {id: g, agent: git, inputs: {patch: changes.patch}, writes: [changes.patch], depends_on: [work]}
"""


def test_what_the_run_has_changed_is_told_and_nothing_of_a_persons_is_touched(person: Person) -> None:
    target = repository(person, {"a.txt": "one\n", "gone.txt": "x\n", "mine.txt": "committed\n"})
    (target / "mine.txt").write_text("not committed\n")
    person.shell("cd project && echo staged > staged.txt && git add staged.txt")
    before = person.shell("cd project && git status --porcelain")
    plan = person.file("plan.yaml", PLAN)
    assert person.types("run", plan, "--workspace", target).code == 0
    shown = person.types("runs", "context", "last", "git/g", "--json").document["values"][-1]["value"]
    files = {
        one["path"]: (one["kind"], one["added"], one["removed"], one["binary"]) for one in shown["files"]
    }
    assert files == {
        "a.txt": ("changed", 1, 0, False),
        "blob": ("added", 0, 0, True),
        "gone.txt": ("removed", 0, 1, False),
        "ü.txt": ("added", 1, 0, False),
    }
    assert (target / "mine.txt").read_text() == "not committed\n"
    assert (target / "staged.txt").read_text() == "staged\n"
    after = person.shell("cd project && git status --porcelain")
    assert set(before.splitlines()) <= set(after.splitlines())


PIECES = st.sampled_from(
    [
        "diff --git a/x b/x",
        "@@ -1,9 +1 @@",
        "@@ -1 +1,999999999999 @@",
        "new file mode 1",
        "-a",
        "+b",
        " c",
        "",
        'diff --git "a/\\303" "b/\\303"',
        "Binary files a",
    ]
)


@given(st.lists(st.one_of(PIECES, st.text(max_size=10))).map("\n".join))
def test_any_text_is_read_as_a_difference(patch: str) -> None:
    assert all(one.added >= 0 and one.removed >= 0 for one in changed_in(patch))
