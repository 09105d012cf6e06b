"""What a model is told of skills fits its budget, whole, the best first."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from astrolabe.domain.skill import Scope, Skill
from astrolabe.errors import MissingError
from astrolabe.ports.sandbox import FileEntry
from astrolabe.skills.folders import read_folder
from astrolabe.skills.injection import MOST_BODIES, inject, loaded
from astrolabe.skills.matching import Match
from astrolabe.skills.trees import in_tree


def skill(name: str, body: str, **files: bytes) -> Skill:
    return Skill(name, f"about {name}", body, Scope.USER, f"/{name}", name, files)


def matches(*skills: Skill, related: bool = True) -> list[Match]:
    return [Match(one, 0.5, "", related) for one in skills]


SKILLS = [skill(name, f"body of {name} " * 5) for name in ("one", "two", "three", "four", "five")]


def test_the_best_come_with_their_instructions_and_the_rest_by_name() -> None:
    told = inject(matches(*SKILLS[3:1:-1]), SKILLS, 10_000, len)
    assert told.names == ("four", "three")
    assert told.listed == ("five", "one", "two")
    assert (
        told.text.index("<skill four>")
        < told.text.index("<skill three>")
        < told.text.index("- five: about five")
    )
    assert told.tokens == len(told.text)
    assert len(inject(matches(*SKILLS), SKILLS, 10_000, len).names) == MOST_BODIES


def test_what_has_nothing_to_do_with_the_task_is_only_listed() -> None:
    told = inject(matches(*SKILLS, related=False), SKILLS, 10_000, len)
    assert told.names == ()
    assert told.listed == tuple(one.name for one in SKILLS)
    assert inject([], [], 10_000, len).text == ""


def test_one_that_is_too_long_is_listed_and_makes_room_for_the_next() -> None:
    long = skill("long", "x" * 5_000)
    told = inject(matches(long, SKILLS[0]), [long, SKILLS[0]], 600, len)
    assert (told.names, told.listed) == (("one",), ("long",))


@given(st.lists(st.integers(0, 300), max_size=8), st.integers(0, 1_500), st.integers(0, 8))
def test_it_never_takes_more_than_it_may_and_never_cuts(lengths: list[int], most: int, matched: int) -> None:
    skills = [skill(f"skill-{number}", "b" * length) for number, length in enumerate(lengths)]
    told = inject(matches(*skills[:matched]), skills, most, len)
    assert told.tokens == len(told.text) <= most
    for name in told.names:
        body = next(one.body for one in skills if one.name == name)
        assert f"<skill {name}>\n{body}\n</skill {name}>" in told.text
    assert set(re.findall(r"^- (\S+): about \1$", told.text, re.MULTILINE)) == set(told.listed)
    assert not set(told.names) & set(told.listed)


def test_only_a_skills_own_files_can_be_loaded() -> None:
    one = skill("one", "body", **{"notes.md": b"more", "image.png": b"\xff\xfe"})
    assert "notes.md" in loaded(one, "")
    assert loaded(one, "notes.md") == loaded(one, "./notes.md") == "more"
    assert "no text" in loaded(one, "image.png")
    for path in ("../two/SKILL.md", "/etc/passwd", "SKILL.md/../x"):
        with pytest.raises(MissingError, match="has no file"):
            loaded(one, path)


def test_a_tree_and_a_folder_with_the_same_files_hold_the_same_skills(tmp_path) -> None:
    files = {
        ".agents/skills/one/SKILL.md": b"---\nname: one\ndescription: d\n---\n",
        ".agents/skills/one/a/b.md": b"x",
        ".agents/skills/one/inner/SKILL.md": b"no skill of its own",
        ".astrolabe/skills/group/two/SKILL.md": b"---\nname: two\ndescription: d\n---\n",
        ".agents/skills/SKILL.md": b"no skill",
        "src/skills/three/SKILL.md": b"no skill",
    }
    for path, data in files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(data)
    entries = [FileEntry(path, 0o100644, data) for path, data in files.items()]
    entries.append(FileEntry(".agents/skills/one/link", 0o120000, b"/etc/passwd"))
    (tmp_path / ".agents/skills/one/link").symlink_to("/etc/passwd")
    found = in_tree(entries)
    assert [one.place for one in found] == [".agents/skills/one", ".astrolabe/skills/group/two"]
    for one in found:
        assert read_folder(tmp_path / one.place).digest == one.digest
