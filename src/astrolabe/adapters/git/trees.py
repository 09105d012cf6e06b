"""Trees and blobs: read with two processes, built in memory, written with one as a pack that git itself verifies."""

import asyncio
import hashlib
import struct
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from astrolabe.adapters.git.command import Git
from astrolabe.domain.paths import covered, is_holdable, is_plain
from astrolabe.errors import BugError, PolicyViolationError, StorageError
from astrolabe.ports.sandbox import FileEntry

FILE, EXECUTABLE, LINK, SUBMODULE, FOLDER = 0o100644, 0o100755, 0o120000, 0o160000, 0o040000

_RULE_FILES = {".gitmodules", ".gitattributes", ".gitignore", ".mailmap"}

# From this many objects on a pack is kept as it is; fewer become loose objects, so that packs do not pile up.
_PACK_FROM_OBJECTS = 100
_KEPT_LISTINGS = 4
_KINDS = {"commit": 1, "tree": 2, "blob": 3}
# HFS+ ignores these in file names, so that `.g<one of them>it` is `.git` there.
_UNSEEN = dict.fromkeys([*range(0x200C, 0x2010), *range(0x202A, 0x202F), *range(0x206A, 0x2070), 0xFEFF])


class Entry(NamedTuple):
    """What stands at a path of a tree."""

    mode: int
    oid: str


@dataclass
class Listing:
    """A whole tree in memory: files, links and submodules by path, and the ids of its folders' trees."""

    leaves: dict[str, Entry] = field(default_factory=dict[str, Entry])
    trees: set[str] = field(default_factory=set[str])

    def chosen(self, patterns: Sequence[str]) -> dict[str, Entry]:
        """Return the leaves the patterns cover, all when there are none, by path."""
        wanted = tuple(patterns)
        if wanted and all(path in self.leaves and is_plain(path) for path in wanted):
            return {path: self.leaves[path] for path in sorted(set(wanted))}
        paths = (path for path in self.leaves if not wanted or covered(wanted, path))
        return {path: self.leaves[path] for path in sorted(paths)}

    def files(self, patterns: Sequence[str]) -> dict[str, Entry]:
        """Return those that can be shown: a submodule has no content, and no sandbox can hold some names."""
        return {
            path: entry
            for path, entry in self.chosen(patterns).items()
            if entry.mode != SUBMODULE and is_holdable(path)
        }


class Stored(NamedTuple):
    """An object to be written."""

    kind: str
    content: bytes


def encoded(path: str) -> bytes:
    """Return a path as git stores it: UTF-8, or whatever bytes it came from."""
    return path.encode("utf-8", "surrogateescape")


def decoded(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogateescape")


def zero_separated(raw: bytes) -> list[bytes]:
    """Cut what a command wrote with `-z`."""
    return raw.split(b"\0")[:-1]


class Objects:
    """The object database of one repository. Ids are hex."""

    def __init__(self, git: Git, folder: Path) -> None:
        self._git = git
        self.folder = folder
        self._listings: dict[str, Listing] = {}

    async def listing(self, tree: str) -> Listing:
        """Return a tree with all its folders, which nobody may change: those asked for last are not read again."""
        known = self._listings.pop(tree, None)
        if known is None:
            reply = await self._git.run(self.folder, "ls-tree", "-r", "-t", "-z", "--full-tree", tree)
            known = await asyncio.to_thread(_parsed_listing, tree, reply.output)
        self._listings[tree] = known
        for oldest in list(self._listings)[:-_KEPT_LISTINGS]:
            del self._listings[oldest]
        return known

    async def blobs(self, oids: Iterable[str]) -> dict[str, bytes]:
        """Read blobs; asking for none starts no process."""
        wanted = sorted(set(oids))
        if not wanted:
            return {}
        asked = "".join(f"{oid}\n" for oid in wanted).encode()
        reply = await self._git.run(self.folder, "cat-file", "--batch", stdin=asked)
        return await asyncio.to_thread(_parsed_batch, reply.output)

    async def entries(self, leaves: Mapping[str, Entry]) -> tuple[FileEntry, ...]:
        """Read the files of a listing."""
        blobs = await self.blobs(entry.oid for entry in leaves.values())
        return tuple(FileEntry(path, entry.mode, blobs[entry.oid]) for path, entry in leaves.items())

    async def write(self, objects: Mapping[str, Stored]) -> None:
        """Make objects durable; those that exist already are passed over."""
        if not objects:
            return
        pack = await asyncio.to_thread(_packed, objects, _hash_name(next(iter(objects))))
        if len(objects) < _PACK_FROM_OBJECTS:
            await self._git.run(self.folder, "unpack-objects", "-q", stdin=pack)
        else:
            await self._git.run(self.folder, "index-pack", "--stdin", stdin=pack)

    async def written_tree(
        self, leaves: Mapping[str, Entry], base: Listing, new: Mapping[str, Stored]
    ) -> str:
        """Write a tree made of `leaves` together with the `new` blobs it needs; `base` tells which trees exist."""
        any_oid = next(iter(base.trees))
        root, trees = await asyncio.to_thread(_folded, leaves, _hash_name(any_oid))
        fresh = {oid: Stored("tree", raw) for oid, raw in trees.items() if oid not in base.trees}
        await self.write({**new, **fresh})
        return root


def object_id(kind: str, content: bytes, hash_name: str) -> str:
    """Name an object as git does."""
    return hashlib.new(hash_name, b"%s %d\0" % (kind.encode(), len(content)) + content).hexdigest()


def hash_of(listing: Listing) -> str:
    """Tell which hash names the objects of a repository, from any tree of it."""
    return _hash_name(next(iter(listing.trees)))


def _hash_name(oid: str) -> str:
    return "sha1" if len(oid) == len("0" * 40) else "sha256"


def _parsed_listing(tree: str, raw: bytes) -> Listing:
    listing = Listing(trees={tree})
    for record in zero_separated(raw):
        meta, _, path = record.partition(b"\t")
        mode, kind, oid = meta.decode().split(" ")
        if kind == "tree":
            listing.trees.add(oid)
        else:
            listing.leaves[decoded(path)] = Entry(int(mode, 8), oid)
    return listing


def _parsed_batch(raw: bytes) -> dict[str, bytes]:
    out: dict[str, bytes] = {}
    at = 0
    while at < len(raw):
        end = raw.index(b"\n", at)
        words = raw[at:end].decode("utf-8", "replace").split(" ")
        if len(words) != len(("oid", "type", "size")):
            raise StorageError(
                f"the workspace's clone is damaged: {' '.join(words)}",
                hint="Run the same command again to mend it.",
            )
        size = int(words[2])
        out[words[0]] = raw[end + 1 : end + 1 + size]
        at = end + 1 + size + 1
    return out


def _packed(objects: Mapping[str, Stored], hash_name: str) -> bytes:
    """Write a pack: https://git-scm.com/docs/pack-format."""
    parts = [b"PACK", struct.pack(">II", 2, len(objects))]
    for stored in objects.values():
        parts += [_pack_header(_KINDS[stored.kind], len(stored.content)), zlib.compress(stored.content, 1)]
    body = b"".join(parts)
    return body + hashlib.new(hash_name, body).digest()


def _pack_header(kind: int, size: int) -> bytes:
    byte, size = kind << 4 | size & 0x0F, size >> 4
    out = bytearray()
    while size:
        out.append(byte | 0x80)
        byte, size = size & 0x7F, size >> 7
    out.append(byte)
    return bytes(out)


@dataclass
class _Folder:
    leaves: dict[bytes, Entry] = field(default_factory=dict[bytes, Entry])
    folders: "dict[bytes, _Folder]" = field(default_factory=dict[bytes, "_Folder"])

    def below(self, parts: Sequence[bytes]) -> "_Folder":
        folder = self
        for part in parts:
            folder = folder.folders.setdefault(part, _Folder())
        return folder


def _folded(leaves: Mapping[str, Entry], hash_name: str) -> tuple[str, dict[str, bytes]]:
    """Return the root's id and every tree object by id."""
    root = _Folder()
    for path, entry in leaves.items():
        *parts, name = encoded(path).split(b"/")
        root.below(parts).leaves[name] = entry
    trees: dict[str, bytes] = {}
    return _fold(root, hash_name, trees), trees


def _fold(folder: _Folder, hash_name: str, trees: dict[str, bytes]) -> str:
    entries = [(name, b"%o" % entry.mode, entry.oid) for name, entry in folder.leaves.items()]
    # git sorts a folder as if its name ended in a slash
    below = [
        (name + b"/", b"%o" % FOLDER, _fold(sub, hash_name, trees)) for name, sub in folder.folders.items()
    ]
    raw = b"".join(
        mode + b" " + name.removesuffix(b"/") + b"\0" + bytes.fromhex(oid)
        for name, mode, oid in sorted(entries + below)
    )
    oid = object_id("tree", raw, hash_name)
    trees[oid] = raw
    return oid


def check_path(path: str) -> None:
    """Refuse a path that git could not check out, or that would reach into a repository's own files.

    Raises:
        PolicyViolationError: it is empty, absolute, has an empty part, `.`, `..`, NUL or `.git` in any spelling.
    """
    for part in path.split("/"):
        if part in {"", ".", ".."} or "\0" in part or _names_git(part):
            raise PolicyViolationError(
                f"{path!r} is no path a workspace can hold",
                hint="Use a relative path without '..' and '.git'.",
            )


def _check_rule_file(entry: FileEntry) -> None:
    """Refuse a link where git reads its own rules: git follows none there, and checks out no tree with some of them."""
    name = entry.path.rpartition("/")[2].translate(_UNSEEN).rstrip(". ").lower()
    if entry.mode == LINK and name in _RULE_FILES:
        raise PolicyViolationError(
            f"{entry.path!r} is a link", hint=f"git reads {name} only where it is a file; make it one."
        )


def _names_git(part: str) -> bool:
    bare = part.translate(_UNSEEN).lower()
    return bare == ".git" or part.rstrip(". ").lower() in {".git", "git~1"}


def checked_mode(entry: FileEntry) -> int:
    if entry.mode not in (FILE, EXECUTABLE, LINK):
        raise BugError(f"{entry.path!r} has mode {entry.mode:o}; a workspace holds files and links only")
    return entry.mode


class Draft:
    """A tree being changed: leaves to put in and take out, with the blobs that are new."""

    def __init__(self, base: Listing) -> None:
        self.base = base
        self.leaves = dict(base.leaves)
        self.new: dict[str, Stored] = {}
        self._hash_name = hash_of(base)
        self._known = {entry.oid for entry in base.leaves.values()}
        self._folders = _folders_of(self.leaves)

    def put(self, entry: FileEntry) -> None:
        """Put a file in, in place of whatever stands in its way."""
        oid = object_id("blob", entry.content, self._hash_name)
        if self.leaves.get(entry.path) == Entry(entry.mode, oid):
            return  # of a large tree, most of it
        check_path(entry.path)
        if self.base.leaves.get(entry.path) != Entry(entry.mode, oid):
            _check_rule_file(entry)
        if oid not in self._known:
            self.new[oid] = Stored("blob", entry.content)
        self.set(entry.path, Entry(checked_mode(entry), oid))

    def set(self, path: str, entry: Entry) -> None:
        self.remove_below(path)
        for folder in _parents(path):
            self.leaves.pop(folder, None)
            self._folders.add(folder)
        self.leaves[path] = entry

    def remove(self, path: str) -> None:
        """Take out a file, or a folder with all below it."""
        self.leaves.pop(path, None)
        self.remove_below(path)

    def remove_below(self, path: str) -> None:
        if path in self._folders:
            for below in [leaf for leaf in self.leaves if leaf.startswith(path + "/")]:
                del self.leaves[below]
            self._folders = {
                folder for folder in self._folders if folder != path and not folder.startswith(path + "/")
            }


def _parents(path: str) -> list[str]:
    parts = path.split("/")
    return ["/".join(parts[:count]) for count in range(1, len(parts))]


def _folders_of(paths: Iterable[str]) -> set[str]:
    return {folder for path in paths for folder in _parents(path)}
