"""What is unusual about a repository, and what becomes of it: told to whoever plans, and to a person before anything is done."""

from collections.abc import Sequence

from astrolabe.agents.tools.guard import SECRETS
from astrolabe.domain.paths import covered, is_holdable
from astrolabe.planning.visible import visible
from astrolabe.ports.workspace import Workspace

_NAMED = 5
_POINTER = r"\Aversion https://git-lfs\.github\.com/spec/"
_LARGE = b"filter=lfs"


async def oddities_of(workspace: Workspace, head: str | None) -> tuple[str, ...]:
    """Return a sentence for each kind of thing that a commit has and that is handled otherwise than files are."""
    if head is None:
        return ()
    tree = await workspace.tree_of(head)
    left_out = await workspace.left_out(tree)
    secret = [path for path in await workspace.paths(tree) if covered(SECRETS, path)]
    kinds = (
        (
            "submodules stay as they are; their content is not part of the work, and nothing is fetched",
            [path for path in left_out if is_holdable(path)],
        ),
        (
            "files whose names are no UTF-8 or too long stay as they are; no agent and no command sees them",
            [path for path in left_out if not is_holdable(path)],
        ),
        (
            "files kept by Git LFS are only pointers here: they stay as they are, and nothing is fetched",
            await _pointers(workspace, tree),
        ),
        ("files that may hold secrets are shown to no model unless a task names them", secret),
    )
    return tuple(f"{what}: {_named(paths)}" for what, paths in kinds if paths)


async def _pointers(workspace: Workspace, tree: str) -> list[str]:
    rules = await workspace.files(tree, ("**/.gitattributes",))
    if not any(_LARGE in rule.content for rule in rules):
        return []
    return [found.path for found in await workspace.search(tree, _POINTER)]


def _named(paths: Sequence[str]) -> str:
    more = f" and {len(paths) - _NAMED:,} more" if len(paths) > _NAMED else ""
    return ", ".join(visible(path, 80) for path in paths[:_NAMED]) + more
