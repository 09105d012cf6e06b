"""Skills as an agent gets them: which it was given is recorded, so that a resumed attempt is given the same."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any

from astrolabe.agents.recording import Recorder
from astrolabe.agents.tokens import tokens_of
from astrolabe.domain.budget import Usage
from astrolabe.errors import MissingError, UnavailableError
from astrolabe.ports.sandbox import FileEntry
from astrolabe.skills.finding import IN_PROJECTS, Catalogue
from astrolabe.skills.home import SkillHome
from astrolabe.skills.injection import Injected, inject, loaded
from astrolabe.skills.trees import in_tree

_NOTHING = Usage()
_RANKED = 50
"""Matches that are looked at: enough to list those a task may call for before the others."""
Files = Callable[[tuple[str, ...]], Awaitable[tuple[FileEntry, ...]]]


@dataclass(frozen=True)
class Attempt:
    """Whom a use counts for."""

    run: str
    task: str
    number: int


class BenchSkills:
    """The skills for one attempt; without a home there are none. `files` returns what the attempt began with."""

    def __init__(
        self,
        home: SkillHome | None,
        recorder: Recorder,
        files: Files,
        attempt: Attempt,
        say: Callable[[str], None],
    ) -> None:
        self._home = home if home is not None and home.enabled else None
        self._recorder = recorder
        self._files = files
        self._attempt = attempt
        self._say = say
        self._catalogue: Catalogue | None = None

    async def choose(self, task: str, most_tokens: int) -> Injected:
        home = self._home
        if home is None:
            return Injected()

        async def do() -> tuple[Any, Usage]:
            try:
                injected = await self._chosen(home, task, most_tokens)
            except UnavailableError as fault:  # work without skills is better than none
                self._say(f"works without skills: {fault.message}")
                return _told(Injected()), _NOTHING
            await self._count(home, injected.names)
            return _told(injected), _NOTHING

        reply, _ = await self._recorder.recorded("skills", do, call_id="chosen")
        injected = Injected(tuple(reply["names"]), tuple(reply["listed"]), reply["text"])
        if injected.names:
            self._say(f"skills: {', '.join(injected.names)}")
        return replace(injected, tokens=tokens_of(injected.text))

    async def load(self, name: str, path: str = "") -> str:
        home = self._home
        if home is None:
            raise MissingError("there are no skills", hint="They are turned off for this run.")

        async def do() -> tuple[Any, Usage]:
            try:
                text = loaded((await self._all(home)).named(name), path)
            except MissingError as fault:
                return {"fault": fault.message, "hint": fault.hint}, _NOTHING
            await self._count(home, (name,))
            return {"name": name, "text": text}, _NOTHING

        reply, _ = await self._recorder.recorded("skill", do)
        if "fault" in reply:
            raise MissingError(reply["fault"], hint=reply["hint"])
        return reply["text"]

    async def _chosen(self, home: SkillHome, task: str, most_tokens: int) -> Injected:
        catalogue = await self._all(home)
        if not catalogue.skills:
            return Injected()
        matches = await home.ranked(await home.matcher(catalogue), task, _RANKED)
        return inject(matches, catalogue.skills, most_tokens, tokens_of)

    async def _all(self, home: SkillHome) -> Catalogue:
        if self._catalogue is None:
            self._catalogue = await home.catalogue(in_tree(await self._files(IN_PROJECTS)))
        return self._catalogue

    async def _count(self, home: SkillHome, names: tuple[str, ...]) -> None:
        one = self._attempt
        if names:
            await home.records.used(names, run=one.run, task=one.task, attempt=one.number)


def _told(injected: Injected) -> dict[str, Any]:
    return {"names": list(injected.names), "listed": list(injected.listed), "text": injected.text}
