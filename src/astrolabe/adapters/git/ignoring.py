"""Which new files a tree's own .gitignore files name. git decides itself: no imitation of its rules agrees in every corner."""

import asyncio
import shutil
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from astrolabe.adapters.git.command import Git, storage_error
from astrolabe.adapters.git.trees import check_path, decoded, encoded, zero_separated

NAME = ".gitignore"


def is_rule_file(path: str) -> bool:
    return path == NAME or path.endswith("/" + NAME)


async def ignored(git: Git, clone: Path, rules: Mapping[str, bytes], paths: Iterable[str]) -> frozenset[str]:
    """Return those of `paths` that the rule files (content by path) leave out; no rules or paths start no process."""
    # `check-ignore` knows no literal pathspecs; behind `./` a leading colon means nothing
    asked = b"".join(b"./" + encoded(path) + b"\0" for path in paths)
    if not asked or not rules:
        return frozenset()
    try:
        folder = await asyncio.to_thread(_laid_out, clone / "scratch", rules)
    except OSError as error:
        raise storage_error("lay out the rules of what is ignored", error) from error
    try:
        reply = await git.run(
            folder,
            "check-ignore",
            "--no-index",
            "--stdin",
            "-z",
            stdin=asked,
            variables={"GIT_DIR": str(clone), "GIT_WORK_TREE": str(folder), "GIT_LITERAL_PATHSPECS": "0"},
            accept=(0, 1),
        )
    finally:
        await asyncio.to_thread(shutil.rmtree, folder)
    return frozenset(decoded(path).removeprefix("./") for path in zero_separated(reply.output))


def _laid_out(scratch: Path, rules: Mapping[str, bytes]) -> Path:
    """Write the rule files into a folder of their own, which is swept should this process die."""
    scratch.mkdir(exist_ok=True)
    folder = Path(tempfile.mkdtemp(dir=scratch))
    for path, content in rules.items():
        check_path(path)
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    return folder
