"""Nothing that a file says can do more to the readers of skills and notes than be refused with a reason."""

import json

from hypothesis import given
from hypothesis import strategies as st

from astrolabe.domain.skill import Scope, Skill
from astrolabe.skills.instructions import block, instructions_for
from astrolabe.skills.reading import FILE, Content, read_skill, validate

WORDS = st.sampled_from(
    [
        "name",
        "description",
        "metadata",
        "allowed-tools",
        ":",
        ": ",
        "\n",
        "\n  ",
        "- ",
        "---",
        "---\n",
        "[",
        "]",
        "{",
        "}",
        "&a",
        "*a",
        "<<",
        "!!str ",
        "|",
        ">",
        "'",
        '"',
        "#",
        "?",
        ",",
        "%YAML 1.2",
        "...",
        "\t",
        "\0",
        "\x85",
        "\u2028",
        "é",
        "a",
    ]
)
HEADS = st.lists(WORDS, max_size=60).map(lambda words: f"---\n{''.join(words)}\n---\nbody".encode())


@given(st.one_of(st.binary(max_size=300), HEADS))
def test_a_skill_is_read_or_refused_with_reasons(data: bytes) -> None:
    content = Content("/skills/one", {FILE: data})
    problems = validate(content)
    assert all(problem.place and problem.text for problem in problems)
    found = read_skill(content, Scope.PROJECT)
    if isinstance(found, Skill):
        assert found.name
        assert found.description
        assert found.warnings == problems
    else:
        assert found.problems
        assert problems


@given(st.text(max_size=200), st.text(max_size=200))
def test_what_a_valid_skill_says_is_read_as_it_was_written(description: str, body: str) -> None:
    text = f"---\nname: one\ndescription: {json.dumps(description)}\n---\n{body}"
    found = read_skill(Content("/skills/one", {FILE: text.encode("utf-8", "surrogatepass")}), Scope.USER)
    if isinstance(found, Skill):
        assert found.description == " ".join(description.split())
        assert found.body == body.replace("\r\n", "\n").strip()


@given(
    st.dictionaries(st.sampled_from(["AGENTS.md", "a/AGENTS.md", "a/b/AGENTS.md"]), st.binary(max_size=200))
)
def test_notes_are_told_whatever_they_hold(files: dict[str, bytes]) -> None:
    told = instructions_for(files, ["a/b/c.py"])
    assert [one.path for one in told] == sorted((one.path for one in told), key=lambda path: path.count("/"))
    assert bool(block(told)) == bool(told)


def test_a_head_of_many_levels_exhausts_nothing() -> None:
    deep = b"---\nname: " + b"[" * 60_000 + b"\n---\n"
    assert validate(Content("/skills/one", {FILE: deep}))
