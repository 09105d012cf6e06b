"""Where skills are found, which of two is used, and that nothing outside their folders is read."""

import os
from pathlib import Path

import pytest

from astrolabe.domain.skill import Scope
from astrolabe.errors import MissingError
from astrolabe.skills.finding import Catalogue, find_skills, in_folder
from astrolabe.skills.folders import DEEPEST, MOST_BYTES, MOST_FILES, read_folder
from astrolabe.skills.reading import validate


def skill(folder: Path, description: str = "does something", **files: str) -> Path:
    folder.mkdir(parents=True)
    (folder / "SKILL.md").write_text(
        f"---\nname: {folder.name}\ndescription: {description}\n---\nbody of {description}\n"
    )
    for name, text in files.items():
        (folder / name).write_text(text)
    return folder


class World:
    def __init__(self, folder: Path) -> None:
        self.project, self.user, self.shipped = folder / "project", folder / "user", folder / "shipped"
        self.project.mkdir()

    def found(self, trusted: frozenset[str] = frozenset()) -> Catalogue:
        return find_skills(in_folder(self.project), [self.user], trusted, self.shipped)


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def all_trusted(world: World) -> frozenset[str]:
    return frozenset(one.digest for one in world.found().untrusted)


def test_the_projects_skill_stands_before_the_persons_and_that_before_the_shipped(world: World) -> None:
    for root in (
        world.project / ".agents/skills",
        world.project / ".astrolabe/skills",
        world.user,
        world.shipped,
    ):
        skill(root / "one", str(root.relative_to(root.parents[1])))
    skill(world.user / "two", "user")
    skill(world.shipped / "two", "shipped")
    skill(world.shipped / "three", "shipped")
    found = world.found(all_trusted(world))
    assert [(one.name, one.scope) for one in found.skills] == [
        ("one", Scope.PROJECT),
        ("two", Scope.USER),
        ("three", Scope.SHIPPED),
    ]
    assert found.skills[0].place.endswith(".agents/skills/one")
    assert [(one.name, one.scope) for one in found.shadowed] == [
        ("one", Scope.PROJECT),
        ("one", Scope.USER),
        ("one", Scope.SHIPPED),
        ("two", Scope.SHIPPED),
    ]


def test_a_projects_skill_is_used_only_as_it_was_when_it_was_trusted(world: World) -> None:
    folder = skill(world.project / ".agents/skills/own", "innocent", helper="print(1)")
    skill(world.user / "own", "mine")
    assert [one.scope for one in world.found().skills] == [Scope.USER]
    assert [one.name for one in world.found().untrusted] == ["own"]
    trusted = all_trusted(world)
    assert [one.scope for one in world.found(trusted).skills] == [Scope.PROJECT]
    (folder / "helper").write_text("print(2)")
    assert [one.scope for one in world.found(trusted).skills] == [Scope.USER]


def test_a_skill_that_is_not_trusted_is_named_with_what_to_do(world: World) -> None:
    skill(world.project / ".agents/skills/own")
    with pytest.raises(MissingError, match="not trusted") as told:
        world.found().named("own")
    assert "astrolabe skills trust" in told.value.hint
    with pytest.raises(MissingError, match="no skill 'other'"):
        world.found().named("other")


def test_skills_may_lie_in_groups_but_not_in_each_other_nor_in_what_is_installed(world: World) -> None:
    outer = skill(world.user / "group/outer")
    skill(outer / "inner")
    skill(world.user / "node_modules/bought")
    skill(world.user.joinpath(*"abcd", "far"))
    assert [one.name for one in world.found().skills] == ["outer"]


def test_a_link_in_a_project_leads_nowhere_and_a_persons_own_may(world: World, tmp_path: Path) -> None:
    elsewhere = skill(tmp_path / "elsewhere/linked")
    (world.project / ".agents/skills").mkdir(parents=True)
    (world.project / ".agents/skills/linked").symlink_to(elsewhere)
    (world.project / ".astrolabe").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "elsewhere/skills").mkdir()
    skill(tmp_path / "elsewhere/skills/more")
    found = world.found()
    assert found.skills == found.untrusted == ()
    assert "is reached by a link" in str(found.unusable[0].problems[0])
    world.user.mkdir()
    (world.user / "linked").symlink_to(elsewhere)
    assert [one.name for one in world.found().skills] == ["linked"]


def test_links_pipes_and_what_lies_too_deep_are_left_out_and_told(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("s3cret")
    folder = skill(tmp_path / "one", reference="kept")
    (folder / "link").symlink_to(secret)
    (folder / "folder").symlink_to(tmp_path)
    os.mkfifo(folder / "pipe")
    deep = folder.joinpath(*["deep"] * (DEEPEST + 1))
    deep.mkdir(parents=True)
    (deep / "file").write_text("x")
    content = read_folder(folder)
    assert set(content.files) == {"SKILL.md", "reference"}
    assert {fault.place.removeprefix(f"{folder}/") for fault in content.faults} == {
        "link",
        "folder",
        "pipe",
        "/".join(["deep"] * (DEEPEST + 1)),
    }


@pytest.mark.parametrize(("count", "size"), [(1, MOST_BYTES), (MOST_FILES, 0)])
def test_a_skill_that_nobody_could_look_through_is_not_used(world: World, count: int, size: int) -> None:
    folder = skill(world.user / "one")
    for number in range(count):
        (folder / f"file-{number}").write_bytes(b"x" * size)
    found = world.found()
    assert not found.skills
    assert "more than" in str(found.unusable[0].problems)
    assert "more than" in str(validate(read_folder(folder)))


def test_the_shipped_skills_are_valid_and_there(tmp_path: Path) -> None:
    found = find_skills((), [], [])
    assert all(one.scope is Scope.SHIPPED and not one.warnings for one in found.skills)
    assert not found.unusable
