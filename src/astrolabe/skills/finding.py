"""Which skills there are for a project, which of two with one name is used, and which have to be trusted first."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from astrolabe.domain.skill import Scope, Skill
from astrolabe.errors import MissingError, Problem
from astrolabe.skills.folders import read_folder, skill_folders
from astrolabe.skills.reading import Unusable, read_skill

IN_PROJECTS = (".agents/skills", ".astrolabe/skills")
SHIPPED = Path(__file__).parent / "shipped"


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
    project: Path | None, user: Sequence[Path], trusted: Collection[str], shipped: Path = SHIPPED
) -> Catalogue:
    """Return the skills for work on the folder `project`; `user` are the folders of the person's own.

    `trusted` are digests of skills that a person has vouched for: a project's skill is used when its digest is among them.

    Raises:
        StorageError: a folder is there and cannot be read.
    """
    found = [
        *_all(Scope.PROJECT, [project.resolve() / name for name in IN_PROJECTS] if project else ()),
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
    links = scope is not Scope.PROJECT
    for root in roots:
        if not links and root.resolve() != root:
            hint = "put the skills themselves there"
            yield Unusable(
                str(root), (Problem(str(root), "is reached by a link, which could lead anywhere", hint),)
            )
            continue
        for folder in skill_folders(root, links=links):
            yield read_skill(read_folder(folder), scope)
