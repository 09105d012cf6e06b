"""What the system itself has installed below /usr, which every sandbox shows anyway."""

import asyncio
import contextlib
import hashlib
import json
import re
from collections.abc import Callable, Coroutine, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_ENVIRONMENT = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": "/nonexistent", "LANG": "C.UTF-8"}
_ANSWER_SECONDS = 20
_USR = Path("/usr")
_NODE_FOLDERS = ("/usr/local/bin", "/usr/bin")
_CHROMIUM_PLACES = (
    "/usr/lib/chromium/chromium",
    "/usr/lib/chromium-browser/chromium-browser",
    "/usr/lib64/chromium-browser/chromium-browser",
    "/usr/lib64/chromium-browser/headless_shell",
)
_OLDEST_CHROMIUM = 120
_OLDEST_NPM = (10, 8)


@dataclass(frozen=True)
class SystemTool:
    """A program of the system: `folders` go before others on PATH, `digest` names its content."""

    version: str
    digest: str
    executable: Path
    folders: tuple[str, ...] = ()
    npm_cli: Path | None = None


class SystemTools:
    """Finds each tool once; `enabled` false finds only bubblewrap, which is nothing that evidence depends on."""

    def __init__(self, *, enabled: bool = True) -> None:
        self._enabled = enabled
        self._searches: dict[str, asyncio.Task[SystemTool | None]] = {}

    async def find(self, toolchain: str) -> SystemTool | None:
        """Return what stands in for a toolchain of the lock, or None."""
        if not self._enabled:
            return None
        match toolchain:
            case "node":
                return await self._once("node", system_node)
            case "chromium":
                return await self._once("chromium", system_chromium)
            case "bubblewrap":
                tool = await self.bubblewrap()
                return tool if tool and has_overlay(tool.version) else None
            case _:
                return None

    async def bubblewrap(self) -> SystemTool | None:
        """Return the system's bwrap, whatever its version."""
        return await self._once("bubblewrap", system_bubblewrap)

    async def _once(
        self, name: str, search: Callable[[], Coroutine[Any, Any, SystemTool | None]]
    ) -> SystemTool | None:
        if name not in self._searches or self._searches[name].cancelled():
            self._searches[name] = asyncio.ensure_future(search())
        return await asyncio.shield(self._searches[name])


def node_is_new_enough(version: str) -> bool:
    """Tell whether a generated application's tools run on that Node: 20.19 or later of 20, or 22.12 and later."""
    numbers = _numbers(version)
    return (20, 19) <= numbers < (21,) or numbers >= (22, 12)


async def system_node() -> SystemTool | None:
    """Find a Node with npm that are new enough and lie whole below /usr."""
    node, npm, npm_cli = await asyncio.to_thread(_node_programs)
    if node is None or npm is None or npm_cli is None:
        return None
    said = await _answer(str(node), "-p", "JSON.stringify(process.versions)")
    npm_version = await _answer(str(node), str(npm_cli), "--version")
    if said is None or npm_version is None or _numbers(npm_version) < _OLDEST_NPM:
        return None
    version = str(json.loads(said)["node"])
    if not node_is_new_enough(version):
        return None
    digest = await _digest(node, said, npm_version)
    folders = tuple(dict.fromkeys([str(node.parent), str(npm.parent)]))
    return SystemTool(version, digest, node, folders, npm_cli)


async def system_chromium() -> SystemTool | None:
    """Find a Chromium that is new enough, the program itself and not a script around it."""
    for path in map(Path, _CHROMIUM_PLACES):
        said = await _answer(str(path), "--version") if await asyncio.to_thread(_is_program, path) else None
        if said and (numbers := _numbers(said)) and numbers[0] >= _OLDEST_CHROMIUM:
            return SystemTool(".".join(map(str, numbers)), await _digest(path, said), path)
    return None


async def system_bubblewrap() -> SystemTool | None:
    """Find the system's bwrap, whatever its version."""
    path = await asyncio.to_thread(_first_program, "bwrap")
    said = await _answer(str(path), "--version") if path else None
    if path is None or said is None:
        return None
    return SystemTool(said.split()[-1], await _digest(path, said), path)


def has_overlay(version: str) -> bool:
    """Tell whether a bubblewrap of that version can mount overlays."""
    return _numbers(version) >= (0, 11)


def _numbers(text: str) -> tuple[int, ...]:
    found = re.search(r"\d+(?:\.\d+)*", text)
    return tuple(map(int, found.group().split("."))) if found else ()


def _first_program(name: str) -> Path | None:
    return next((path for path in (Path(folder, name) for folder in _NODE_FOLDERS) if _usable(path)), None)


def _node_programs() -> tuple[Path | None, Path | None, Path | None]:
    node, npm = _first_program("node"), _first_program("npm")
    npm_cli = npm.resolve() if npm else None
    return node, npm, npm_cli if npm_cli and npm_cli.name == "npm-cli.js" else None


def _usable(path: Path) -> bool:
    return path.is_file() and path.resolve().is_relative_to(_USR) and bool(path.stat().st_mode & 0o001)


def _is_program(path: Path) -> bool:
    if not _usable(path):
        return False
    with path.open("rb") as file:
        return file.read(4) == b"\x7fELF"


async def _answer(*command: str) -> str | None:
    """Return what a program of the system says, or None when it does not work."""
    process = await asyncio.create_subprocess_exec(
        *command,
        env=_ENVIRONMENT,
        cwd="/",
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        async with asyncio.timeout(_ANSWER_SECONDS):
            said, _ = await process.communicate()
    except TimeoutError:
        return None
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
    return said.decode("utf-8", "replace").strip() if process.returncode == 0 else None


async def _digest(path: Path, *said: str) -> str:
    content = await asyncio.to_thread(_file_digest, path)
    return _joined([content, *said])


def _file_digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _joined(parts: Iterable[str]) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()
