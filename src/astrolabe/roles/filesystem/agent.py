"""Does what a task declares with files. A task that fails leaves nothing, so its operations are done all or none."""

import hashlib
from shlex import quote

from pydantic import BaseModel, Field, JsonValue

from astrolabe.roles.filesystem.operations import Copy, List, Move, Operation, Read, Remove, Search, Write
from astrolabe.sdk import AgentFailedError, ConflictError, MissingError, Task, Workbench

MOST_SHARED = 800_000
"""Characters of all that is shared of one task."""
_MOST_PATHS = 5000


class FilesystemInputs(BaseModel, extra="forbid"):
    """What a task of this agent is given."""

    operations: tuple[Operation, ...] = Field(
        min_length=1,
        max_length=1000,
        description="what to do, in this order, all or none: {do: read|write|move|copy|remove|search|list, path, to, content, "
        "pattern, within}; results are shared under `files/<task>`",
    )


class FilesystemAgent:
    """Reads, writes, moves, copies, removes, lists and searches files inside the workspace."""

    name = "filesystem"
    version = "1"
    purpose = (
        "Reads, writes, moves, copies, removes, lists and searches files as its task declares, all or none; no shell and "
        "no model."
    )
    inputs = FilesystemInputs
    passes_on = True

    async def work(self, task: Task, bench: Workbench) -> None:
        """Do every operation; what was read, found and listed is shared under `files/<task>`."""
        results: list[JsonValue] = []
        room = MOST_SHARED
        for operation in FilesystemInputs.model_validate(task.inputs).operations:
            result = await _done(bench, operation, room)
            room -= len(str(result))
            results.append(result)
        if any(results):
            await bench.context.set(f"files/{task.id}", results)


async def _done(bench: Workbench, operation: Operation, room: int) -> JsonValue:
    """Do one operation; return what is to be shared of it, None when nothing is."""
    match operation:
        case Read(path=path):
            return _content(path, await bench.read(path), room)
        case Write(path=path, content=content, executable=executable):
            await _clear_way(bench, path)
            await bench.write({path: content}, executable=[path] if executable else [])
        case Move(path=path, to=to):
            await _transfer(bench, "mv -T --", path, to)
        case Copy(path=path, to=to):
            await _transfer(bench, "cp -RPT --preserve=mode,links --", path, to)
        case Remove(path=path):
            await bench.remove(await _existing(bench, path))
        case Search(pattern=pattern, within=within, ignore_case=ignore_case):
            found = await bench.search(pattern, *within, ignore_case=ignore_case)
            return {
                "do": "search",
                "pattern": pattern,
                "found": [[one.path, one.line, one.text] for one in found],
            }
        case List(within=within):
            paths = await bench.paths(*within)
            return {"do": "list", "paths": list(paths[:_MOST_PATHS]), "total": len(paths)}
    return None


def _content(path: str, content: bytes, room: int) -> JsonValue:
    told: dict[str, JsonValue] = {"do": "read", "path": path, "size_bytes": len(content)}
    text = content.decode("utf-8", "replace")
    if b"\0" in content or "\ufffd" in text:
        return told | {"binary": True, "sha256": hashlib.sha256(content).hexdigest()}
    return told | {"text": text[: max(0, room)], "cut": len(text) > room}


async def _existing(bench: Workbench, path: str) -> tuple[str, ...]:
    """Return the file at a path, or all files below it; MissingError when there is none."""
    folder = path.rstrip("/")
    found = tuple(one for one in await bench.paths() if one == folder or one.startswith(f"{folder}/"))
    if not found:
        raise MissingError(f"{path!r} is not in the workspace")
    return found


async def _clear_way(bench: Workbench, path: str) -> None:
    """Refuse a path that leads through a file or a link, or names a folder."""
    there = set(await bench.paths())
    parts = path.split("/")
    above = ["/".join(parts[:count]) for count in range(1, len(parts))]
    if through := next((one for one in above if one in there), None):
        raise ConflictError(f"{path!r} leads through {through!r}, which is a file or a link and no folder")
    if any(one.startswith(f"{path.rstrip('/')}/") for one in there):
        raise ConflictError(f"{path!r} is a folder")


async def _transfer(bench: Workbench, command: str, path: str, to: str) -> None:
    """Move or copy inside the sandbox, which keeps links and modes and holds every path inside the workspace."""
    await _existing(bench, path)
    await _clear_way(bench, to)
    if to.rstrip("/") in await bench.paths():
        raise ConflictError(f"{to!r} is there already", hint="Remove it first, or choose another path.")
    folder = to.rstrip("/").rpartition("/")[0]
    make = f"mkdir -p -- {quote(folder)} && " if folder else ""
    done = await bench.run(f"{make}{command} {quote(path.rstrip('/'))} {quote(to.rstrip('/'))}")
    if done.exit_code != 0:
        raise AgentFailedError(f"{path!r} could not become {to!r}: {done.stderr.strip()[-300:]}")
