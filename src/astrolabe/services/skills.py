"""What edges do with skills: list, judge and match them, and vouch for a project's own."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from astrolabe.domain.skill import Scope, Skill
from astrolabe.errors import InputError, MissingError, Problem
from astrolabe.ports.skills import Trusted
from astrolabe.services.installation import Installation
from astrolabe.skills.finding import IN_PROJECTS, Catalogue, in_folder
from astrolabe.skills.folders import read_folder
from astrolabe.skills.matching import Match
from astrolabe.skills.reading import FILE, validate


@dataclass(frozen=True)
class Listing:
    """The skills there are for a project, and how often each was put before a model, by name."""

    catalogue: Catalogue
    uses: dict[str, int]


@dataclass(frozen=True)
class Matching:
    """The skills for a task, the best first. `how` says what they were ranked by."""

    matches: tuple[Match, ...]
    how: str


async def catalogue_of(installation: Installation, project: Path | None) -> Catalogue:
    """Return the skills for work on a folder; without one, a person's own and those that are shipped.

    Raises:
        MissingError: there is no such folder.
        StorageError: a folder with skills cannot be read.
    """
    found = await asyncio.to_thread(in_folder, project) if project else ()
    return await installation.skills.catalogue(found)


async def list_skills(installation: Installation, project: Path | None) -> Listing:
    """Return the skills for work on a folder, with how often each was used; raises as `catalogue_of` does."""
    uses = await installation.store.skills.uses()
    return Listing(await catalogue_of(installation, project), {use.name: use.count for use in uses})


def named_skill(catalogue: Catalogue, name: str) -> Skill:
    """Return a skill to be looked at, one of the project's that is not trusted yet too; MissingError if there is none."""
    untrusted = next((skill for skill in catalogue.untrusted if skill.name == name), None)
    known = any(skill.name == name for skill in catalogue.skills)
    return untrusted if untrusted is not None and not known else catalogue.named(name)


def judge(folder: Path) -> tuple[Problem, ...]:
    """Hold the skill in a folder against the specification; its file may be named too.

    Raises:
        MissingError: there is no such folder.
    """
    chosen = folder.parent if folder.name == FILE else folder
    return validate(read_folder(chosen.absolute(), str(chosen.absolute())))


async def match_task(installation: Installation, project: Path | None, task: str, most: int) -> Matching:
    """Rank the skills for a task; raises as `catalogue_of` does, and UnavailableError without the embedder that is set."""
    if not task.strip():
        raise InputError("there is no task to match", [Problem("TASK", "is empty", "say what is to be done")])
    matcher = await installation.skills.matcher(await catalogue_of(installation, project))
    return Matching(await installation.skills.ranked(matcher, task, most), matcher.how)


async def to_be_trusted(installation: Installation, project: Path) -> Sequence[Skill]:
    """Return a project's skills that nobody has vouched for as they are now.

    Raises:
        MissingError: there is no such folder, or no skills are in it.
    """
    catalogue = await catalogue_of(installation, project)
    own = [skill for skill in (*catalogue.skills, *catalogue.shadowed) if skill.scope is Scope.PROJECT]
    if not own and not catalogue.untrusted:
        hint = f"They are looked for in {' and '.join(IN_PROJECTS)} of that folder."
        raise MissingError(f"no skills are in {project}", hint=hint)
    return catalogue.untrusted


async def trust(installation: Installation, skills: Sequence[Skill]) -> None:
    """Keep that a person vouches for these skills, exactly as they are now."""
    now = installation.determinism.now()
    told = [Trusted(skill.digest, skill.name, skill.place, now) for skill in skills]
    await installation.store.skills.trust(told)
