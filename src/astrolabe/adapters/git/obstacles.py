"""What keeps a person's branch from being moved, and the commands with which they take the work over nevertheless."""

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

_LISTED_PATHS = 20


@dataclass(frozen=True)
class Obstacle:
    """Why the branch stays. `before` are git commands that clear the way for a merge.

    `beside` tells that only another work tree can take the work now; `bare` names the branch of a repository without one.
    """

    reason: str
    before: tuple[tuple[str, ...], ...] = ()
    beside: bool = False
    bare: str | None = None

    def commands(self, target: Path, branch: str) -> tuple[str, ...]:
        """Return what to type in a shell, in this order; none of it loses anything of the person's."""
        if self.bare:
            lines: list[tuple[str, ...]] = [("fetch", ".", f"{branch}:{self.bare}")]
        elif self.beside:
            lines = [("worktree", "add", f"{target}-{branch.rpartition('/')[2]}", branch)]
        else:
            lines = [*self.before, ("merge", "--no-edit", branch)]
        return tuple(shlex.join(["git", "-C", str(target), *line]) for line in lines)


def uncommitted(reason: str, paths: Sequence[str]) -> Obstacle:
    """Return the obstacle that files of the person's are, uncommitted; `paths` are those of them that exist.

    Committing them first is what loses nothing: the merge then sets both sides beside each other.
    """
    which = ("--force", "--", *paths) if len(paths) <= _LISTED_PATHS else ("--all",)
    add = [("add", *which)] if paths else []
    return Obstacle(reason, (*add, ("commit", "--all", "--allow-empty", "--message", "My changes")))
