"""Setting refs in the person's repository. A git that is killed there leaves its lock files; a note says that they are ours."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from astrolabe.adapters.git.command import GitFailedError
from astrolabe.adapters.git.target import Theirs
from astrolabe.adapters.git.trees import decoded, encoded
from astrolabe.errors import ConflictError

_NOTE = "astrolabe-refs"
_END = "whole"
_PLACES = ("refs/heads/", "refs/astrolabe/")


def write_anew(file: Path, content: bytes) -> None:
    """Write a file of our own in the person's repository; what lies there already, a link perhaps, is not written through."""
    file.unlink(missing_ok=True)
    with file.open("xb") as stream:
        stream.write(content)


class References:
    """The refs of one repository, under a lock on its folder that the caller holds."""

    def __init__(self, theirs: Theirs) -> None:
        self._theirs = theirs
        self._note = theirs.repository.folder / _NOTE

    async def recover(self) -> None:
        """Remove the locks of a killed update: its git is dead, because it would hold the caller's lock."""
        await asyncio.to_thread(self._unlock)

    async def advance_head(self, new: str, old: str | None, why: str) -> None:
        """Move HEAD, and with it the branch that is checked out, from one commit to another."""
        branch = await self._theirs.branch()
        names = ["HEAD", *([f"refs/heads/{branch}"] if branch else [])]
        before = old or "0" * len(new)
        await self._noted(names, "update-ref", "--create-reflog", "-m", why, "HEAD", new, before)

    async def point(self, ref: str, commit: str) -> None:
        """Point a ref of our own, `refs/astrolabe/…`, at a commit."""
        await self._noted([ref], "update-ref", ref, commit)

    async def set_branches(self, wanted: Mapping[str, str], tips: Mapping[str, str]) -> None:
        """Set all branches or none; each must still be where `tips` says.

        Raises:
            ConflictError: one of them is checked out.
        """
        if not wanted:
            return
        await self._refuse_checked_out({name for name in wanted if name in tips})
        lines = [
            f"update refs/heads/{name}\0{oid}\0{tips.get(name, '0' * len(oid))}\0"
            for name, oid in wanted.items()
        ]
        await self._transaction(wanted, lines, "-m", "astrolabe: hand over")

    async def delete_branches(self, gone: Mapping[str, str]) -> None:
        """Delete branches that are still where `gone` says.

        Raises:
            ConflictError: one of them is checked out.
        """
        await self._refuse_checked_out(set(gone))
        await self._transaction(gone, [f"delete refs/heads/{name}\0{oid}\0" for name, oid in gone.items()])

    async def _refuse_checked_out(self, branches: set[str]) -> None:
        if not branches:
            return
        reply = await self._theirs.run("worktree", "list", "--porcelain", "-z")
        fields = decoded(reply.output).split("\0")
        checked_out = {
            text.removeprefix("branch refs/heads/") for text in fields if text.startswith("branch ")
        }
        for name in sorted(branches & checked_out):
            raise ConflictError(
                f"the branch {name} is checked out", hint="Check out another one, then do it again."
            )

    async def _transaction(self, names: Iterable[str], lines: Sequence[str], *options: str) -> None:
        refs = [f"refs/heads/{name}" for name in names]
        await self._noted(refs, "update-ref", *options, "-z", "--stdin", stdin=encoded("".join(lines)))

    async def _noted(self, refs: Sequence[str], *command: str, stdin: bytes = b"") -> None:
        await asyncio.to_thread(write_anew, self._note, encoded("\0".join([*refs, _END])))
        try:
            await self._theirs.run(*command, stdin=stdin)
        except GitFailedError as error:
            if error.exit_code < 0:
                await asyncio.to_thread(self._unlock)
            raise
        finally:
            await asyncio.to_thread(self._note.unlink, missing_ok=True)

    def _unlock(self) -> None:
        try:
            *refs, end = decoded(self._note.read_bytes()).split("\0")
        except FileNotFoundError:
            return
        if end == _END:  # else it was killed while it wrote the note, and had locked nothing yet
            for lock in self._locks(refs):
                lock.unlink(missing_ok=True)
        self._note.unlink()

    def _locks(self, refs: Sequence[str]) -> list[Path]:
        folder, common = self._theirs.repository.folder, self._theirs.repository.common
        # whoever wrote the note, only locks of refs are taken away
        known = [ref for ref in refs if ref == "HEAD" or (ref.startswith(_PLACES) and "/.." not in ref)]
        found = [(folder if ref == "HEAD" else common) / f"{ref}.lock" for ref in [*known, "packed-refs"]]
        return [lock for lock in found if lock.parent.is_dir()]
