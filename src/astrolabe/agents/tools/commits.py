"""Looking at a repository's past: log, blame, show."""

from datetime import UTC, datetime

from pydantic import Field

from astrolabe.agents.tools.tool import Arguments, Desk, Tool, Touch, bounded

_MOST = 50
_BYTES = 60_000
_SHORT = 10


class Log(Arguments):
    """What `log` takes."""

    path: str = Field(default="", description="Only commits that touch this file or folder.")
    revision: str = Field(default="", description="A branch, tag or id; what the work began with when empty.")
    most: int = Field(default=10, ge=1, le=_MOST, description="How many commits.")


class Blame(Arguments):
    """What `blame` takes."""

    path: str = Field(description="The file.")
    first: int = Field(default=1, ge=1, description="The first line, from 1.")
    lines: int = Field(default=40, ge=1, le=200, description="How many lines.")


class Show(Arguments):
    """What `show` takes."""

    revision: str = Field(min_length=1, description="A commit: its id, a branch or a tag.")
    path: str = Field(default="", description="Only what it changed in this file or folder.")


async def _log(given: Log, desk: Desk) -> str:
    found = await desk.bench.commits.log(given.revision, _only(given.path), given.most)
    if not found:
        return "There are no such commits."
    told = (f"{one.id[:_SHORT]} {_day(one.at)} {one.author}\n{_indented(one.message)}" for one in found)
    return bounded("\n".join(told), desk.shelf)


async def _blame(given: Blame, desk: Desk) -> str:
    found = await desk.bench.commits.blame(given.path, "", given.first, given.lines)
    lines = (
        f"{one.line:>5}  {one.commit[:_SHORT] or '-':<{_SHORT}} {_day(one.at)} {one.author[:20]:<20}  {one.text}"
        for one in found
    )
    return bounded("\n".join(lines) or f"{given.path} is empty.", desk.shelf)


async def _show(given: Show, desk: Desk) -> str:
    shown = await desk.bench.commits.show(given.revision, _only(given.path), _BYTES)
    return bounded(shown or "It changed nothing there.", desk.shelf)


def _only(path: str) -> tuple[str, ...]:
    return (path,) if path else ()


def _reads(given: Blame | Show) -> Touch:
    return Touch(reads=_only(given.path))


def _day(at: int) -> str:
    return datetime.fromtimestamp(at, UTC).date().isoformat()


def _indented(message: str) -> str:
    return "\n".join(f"    {line}".rstrip() for line in message.splitlines()[:_SHORT])


LOG = Tool("log", "Tell the newest commits of the repository, or of a file.", Log, _log)
BLAME = Tool(
    "blame", "Tell in which commit each line of a file came, and who wrote it.", Blame, _blame, _reads
)
SHOW = Tool("show", "Show a commit: its message, and what it changed.", Show, _show, _reads)
