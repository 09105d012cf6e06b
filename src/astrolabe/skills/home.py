"""Where one installation has its skills from, put together once a process."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from astrolabe.ports.embedding import Embedder
from astrolabe.ports.skills import SkillRecords
from astrolabe.skills.finding import Catalogue, FoundInProject, find_skills
from astrolabe.skills.matching import Match, Matcher


async def no_embedder() -> Embedder | None:
    """Stand in where nothing ranks by meaning."""
    return None


@dataclass(frozen=True)
class SkillHome:
    """`user` are the folders of a person's own skills. `embedder` returns what ranks by meaning, None for nothing."""

    records: SkillRecords
    user: Sequence[Path] = ()
    embedder: Callable[[], Awaitable[Embedder | None]] = no_embedder
    enabled: bool = True

    async def catalogue(self, project: FoundInProject = ()) -> Catalogue:
        """Return the skills there are for a project, given what was found in it.

        Raises:
            StorageError: a folder cannot be read.
        """
        trusted = await self.records.trusted()
        return await asyncio.to_thread(find_skills, project, self.user, trusted)

    async def ranked(self, matcher: Matcher, task: str, most: int) -> tuple[Match, ...]:
        """Rank skills for a task, in a thread: models of meaning compute."""
        return await asyncio.to_thread(matcher.match, task, most)

    async def matcher(self, catalogue: Catalogue) -> Matcher:
        """Return what ranks the skills of a catalogue."""
        return Matcher(catalogue.skills, await self.embedder())
