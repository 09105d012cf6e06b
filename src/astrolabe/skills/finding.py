"""Which skills there are for a project, which of two with one name is used, and which have to be trusted first."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from astrolabe.domain.skill import Scope, Skill
from astrolabe.errors import MissingError, Problem
from astrolabe.skills.folders import read_folder, skill_folders
from astrolabe.skills.reading import Content, Unusable, read_skill

IN_PROJECTS = (".agents/skills", ".astrolabe/skills")
SHIPPED = Path(__file__).parent / "shipped"
FoundInProject: TypeAlias = "Sequence[Content | Unusable]"


@dataclass(frozen=True)
class Catalogue:
    """The skills of a project and its user. Only those of `skills` may be put before a model.

    `untrusted` are a project's own that no person has vouched for as they are now; `shadowed` those that another one of
    the same name stands before; `unusable` the folders that hold none.
    """

    skills: tuple[Skill, ...] = ()
    untrusted: tuple[Skill, ...] = ()
    shadowed: tuple[Skill, ...] = ()
    unusable: tuple[Unusable, ...] = field(default=())

    def named(self, name: str) -> Skill:
        """Return the skill of a name.

        Raises:
            MissingError: there is none that may be used; the hint says whether one is there and why it may not.
        """
        found = next((skill for skill in self.skills if skill.name == name), None)
        if found is not None:
            return found
        if any(skill.name == name for skill in self.untrusted):
            hint = "Read it, then vouch for it with: astrolabe skills trust FOLDER"
            raise MissingError(f"the project's skill {name!r} is not trusted", hint=hint)
        known = ", ".join(sorted(skill.name for skill in self.skills)[:20]) or "none"
        raise MissingError(f"there is no skill {name!r}", hint=f"There are: {known}.")


def find_skills(
    project: FoundInProject, user: Sequence[Path], trusted: Collection[str], shipped: Path = SHIPPED
) -> Catalogue:
    """Return the skills there are. `project` is what was found in one, `user` are the folders of the person's own.

    `trusted` are digests of skills that a person has vouched for: a project's skill is used when its digest is among them.

    Raises:
        StorageError: a folder is there and cannot be read.
    """
    found = [
        *(one if isinstance(one, Unusable) else read_skill(one, Scope.PROJECT) for one in project),
        *_all(Scope.USER, user),
        *_all(Scope.SHIPPED, [shipped]),
    ]
    skills = [skill for skill in found if isinstance(skill, Skill)]
    unusable = tuple(one for one in found if isinstance(one, Unusable))
    vouched, untrusted = _sorted_by_trust(skills, trusted)
    used: dict[str, Skill] = {}
    for skill in vouched:
        used.setdefault(skill.name, skill)
    shadowed = tuple(skill for skill in vouched if used[skill.name] is not skill)
    return Catalogue(tuple(used.values()), untrusted, shadowed, unusable)


def in_folder(project: Path) -> FoundInProject:
    """Return what lies where a project's folder has skills. No link is followed: in a project, one could lead anywhere.

    Raises:
        MissingError: there is no such project.
        StorageError: a folder is there and cannot be read.
    """
    if not project.is_dir():
        raise MissingError(f"there is no folder {project}", hint="Name the folder of a project.")
    found: list[Content | Unusable] = []
    for root in (project.resolve() / name for name in IN_PROJECTS):
        if root.resolve() == root:
            found.extend(read_folder(folder) for folder in skill_folders(root, links=False))
        else:
            problem = Problem(
                str(root), "is reached by a link, which could lead anywhere", "put the skills there"
            )
            found.append(Unusable(str(root), (problem,)))
    return tuple(found)


def _sorted_by_trust(
    skills: Iterable[Skill], trusted: Collection[str]
) -> tuple[list[Skill], tuple[Skill, ...]]:
    vouched: list[Skill] = []
    untrusted: list[Skill] = []
    for skill in skills:
        own = skill.scope is Scope.PROJECT and skill.digest not in trusted
        (untrusted if own else vouched).append(skill)
    return vouched, tuple(untrusted)


def _all(scope: Scope, roots: Iterable[Path]) -> Iterable[Skill | Unusable]:
    """Return a person's or our own skills; their folders may be links, as people make them."""
    for root in roots:
        for folder in skill_folders(root, links=True):
            yield read_skill(read_folder(folder), scope)
