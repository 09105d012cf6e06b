"""Changing the workspace: edit, write."""

from pydantic import Field

from astrolabe.agents.tools.matching import edited
from astrolabe.agents.tools.reading import text_in
from astrolabe.agents.tools.tool import SHELF, Arguments, Desk, Tool, Touch
from astrolabe.errors import InputError, MissingError


class Edit(Arguments):
    """What `edit` takes."""

    path: str = Field(description="The file.")
    old: str = Field(
        min_length=1, description="The text as it stands in the file, enough of it to be the only one."
    )
    new: str = Field(description="What is to stand there instead.")
    everywhere: bool = Field(default=False, description="Replace every occurrence.")


class Write(Arguments):
    """What `write` takes."""

    path: str = Field(description="The file; it is made, or replaced whole once you have read it.")
    content: str = Field(description="All that is to be in it.")


async def _edit(given: Edit, desk: Desk) -> str:
    _no_output(given.path)
    raw = await text_in(given.path, desk)
    desk.seen.must_not_have_changed(given.path, raw)
    content = raw.decode("utf-8", "surrogateescape")
    changed = edited(given.path, content, given.old, given.new, everywhere=given.everywhere)
    left = changed.encode("utf-8", "surrogateescape")
    await desk.bench.write({given.path: left})
    desk.seen.note(given.path, left)
    return f"{given.path} is changed."


async def _write(given: Write, desk: Desk) -> str:
    _no_output(given.path)
    try:
        before = await desk.bench.read(given.path)
    except MissingError:
        before = None
    if before is not None:
        desk.seen.must_be_known(given.path, before)
    left = given.content.encode("utf-8", "replace")
    await desk.bench.write({given.path: left})
    desk.seen.note(given.path, left)
    lines = len(given.content.splitlines())
    if before is None:
        return f"{given.path} is new, with {lines:,} lines."
    return f"{given.path} is replaced: {len(before.splitlines()):,} lines before, {lines:,} now."


def _no_output(path: str) -> None:
    if path.startswith(SHELF):
        raise InputError(
            f"{path!r} is the output of a tool", hint="Only files of the workspace can be changed."
        )


def _writes(given: Edit | Write) -> Touch:
    return Touch(writes=(given.path,))


EDIT = Tool(
    "edit",
    "Replace a text in a file by another one. `old` must be in the file exactly once.",
    Edit,
    _edit,
    _writes,
    foreign=False,
)
WRITE = Tool(
    "write", "Make a file, or replace one that you have read.", Write, _write, _writes, foreign=False
)
