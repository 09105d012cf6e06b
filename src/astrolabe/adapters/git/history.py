"""Looking into the history of the person's repository, from the clone, so that none of its configuration is read."""

import asyncio
from pathlib import Path

from astrolabe.adapters.git.clone import quoted
from astrolabe.adapters.git.command import Git


class History:
    """The commits behind one of the person's; `common` is their repository's git folder."""

    def __init__(self, git: Git, clone: Path, common: Path) -> None:
        self._git = git
        self._clone = clone
        self._common = common

    async def last_naming(self, commit: str, trailer: str) -> tuple[str, str] | None:
        """Return the newest commit with that trailer, and the trailer's last word."""
        shape = f"--format=%H %(trailers:key={trailer},valueonly,separator=%x20)"
        told = await self._read("log", "-1", shape, f"--grep=^{trailer}: ", commit)
        words = told.split()
        return (words[0], words[-1]) if len(words) > 1 else None

    async def tree_of(self, commit: str) -> str:
        """Return a commit's tree."""
        return await self._read("rev-parse", "--verify", "--quiet", f"{commit}^{{tree}}")

    async def has_tree(self, tree: str) -> bool:
        """Tell whether a tree's object is there."""
        return await self._read("rev-parse", "--verify", "--quiet", f"{tree}^{{tree}}") == tree

    async def _read(self, *arguments: str) -> str:
        """Ask git; nothing when it finds nothing. The clone's own cut-off history is looked past, the person's is not."""
        shallow = self._common / "shallow"
        cut = str(shallow) if await asyncio.to_thread(shallow.exists) else ""
        reply = await self._git.run(
            self._clone,
            *arguments,
            variables={
                "GIT_ALTERNATE_OBJECT_DIRECTORIES": quoted(self._common / "objects"),
                "GIT_SHALLOW_FILE": cut,
            },
            accept=(0, 1, 128),
        )
        return reply.output.decode("utf-8", "surrogateescape").strip() if reply.code == 0 else ""
