"""Looking into trees: lines that match, and how two of them differ. Only so much is read, and git is killed in time."""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from astrolabe.adapters.git.command import NOTHING, Git, GitFailedError, Reply
from astrolabe.adapters.git.trees import decoded
from astrolabe.domain.paths import covered
from astrolabe.errors import InputError, Problem
from astrolabe.ports.workspace import Found

SEARCH_BYTES = 4_000_000
SECONDS = 30.0
_LINE = 400
"""Characters of a found line: where one is longer, the file was made by a program."""
_NO_MATCH = 1


async def search(
    git: Git, folder: Path, tree: str, pattern: str, patterns: Sequence[str], *, ignore_case: bool
) -> tuple[Found, ...]:
    """Return the lines that match; see the port."""
    options = ["-I", "-n", "-z", "--full-name", "--no-color", "-P", *(("-i",) if ignore_case else ())]
    reply, _ = await in_time(git, folder, "grep", *options, "-e", pattern, tree, most_bytes=SEARCH_BYTES)
    if reply.code > _NO_MATCH:
        raise InputError(
            "that cannot be searched for",
            [Problem("pattern", reply.complaint.strip()[-300:])],
            hint="Write a Perl-compatible regular expression; put \\ before ( ) [ ] { } . * + ? that are meant as such.",
        )
    wanted = tuple(patterns)
    found = _found(reply.output, f"{tree}:".encode())
    return tuple(one for one in found if not wanted or covered(wanted, one.path))


async def patch(git: Git, folder: Path, old: str, new: str, most_bytes: int) -> str:
    """Return the difference of two trees; see the port."""
    options = ["-r", "-p", "--no-color", "--no-ext-diff", "--no-textconv", "--no-renames"]
    reply, more = await in_time(git, folder, "diff-tree", *options, old, new, most_bytes=most_bytes)
    if reply.code != 0 and not more:
        raise GitFailedError("diff-tree", reply)
    text = reply.output.decode("utf-8", "replace")
    return (
        f"{text}\n[the difference goes on: only its first {most_bytes:,} bytes are shown]\n" if more else text
    )


async def in_time(
    git: Git, folder: Path, *arguments: str, most_bytes: int, variables: Mapping[str, str] = NOTHING
) -> tuple[Reply, bool]:
    """Run git and return what it says, and whether there was more; InputError when it takes too long."""
    try:
        return await git.begun(
            folder, *arguments, most_bytes=most_bytes, seconds=SECONDS, variables=variables
        )
    except TimeoutError as error:
        raise InputError(
            f"that took longer than {SECONDS:g} s", hint="Use a simpler expression, or fewer files."
        ) from error


def _found(raw: bytes, prefix: bytes) -> Iterator[Found]:
    """Read what `git grep -z -n` wrote; a path may have line breaks, and a last line that was cut off is left out."""
    record = re.compile(rb"(?:\A|\n)" + re.escape(prefix) + rb"([^\0]*)\0(\d+)\0([^\n]*)(?=\n)")
    for found in record.finditer(raw):
        yield Found(decoded(found[1]), int(found[2]), found[3].decode("utf-8", "replace")[:_LINE])
