"""What a difference, as git writes it, says of each file: git-scm.com/docs/diff-format."""

import re
from typing import Literal

from pydantic import BaseModel

_FILE = re.compile(r"diff --git (?P<both>.+)\Z")
_HUNK = re.compile(r"@@ -\d+(?:,(?P<old>\d+))? \+\d+(?:,(?P<new>\d+))? @@")
_ESCAPED = re.compile(r'\\([0-7]{3}|[abtnvfr"\\])')
_LETTERS = {"a": 7, "b": 8, "t": 9, "n": 10, "v": 11, "f": 12, "r": 13, '"': 34, "\\": 92}


class Changed(BaseModel):
    """One file; `added` and `removed` count lines, none of a binary file's."""

    path: str
    kind: Literal["added", "changed", "removed"] = "changed"
    added: int = 0
    removed: int = 0
    binary: bool = False


def changed_in(patch: str) -> tuple[Changed, ...]:
    """Return the files of a difference, in its order; one that was cut off counts as far as it goes."""
    files: list[Changed] = []
    old = new = 0
    for line in patch.split("\n"):
        if old > 0 or new > 0:  # inside a hunk nothing else can be meant, whatever a line looks like
            old -= line[:1] in {" ", "-", ""}
            new -= line[:1] in {" ", "+", ""}
            files[-1].added += line[:1] == "+"
            files[-1].removed += line[:1] == "-"
        elif found := _FILE.match(line):
            files.append(Changed(path=_path(found["both"])))
        elif files:
            found = _HUNK.match(line)
            old, new = (int(found["old"] or 1), int(found["new"] or 1)) if found else (0, 0)
            _heed(files[-1], line)
    return tuple(files)


def _heed(file: Changed, line: str) -> None:
    """Take in a line that stands above the first hunk."""
    if line.startswith("new file mode "):
        file.kind = "added"
    elif line.startswith("deleted file mode "):
        file.kind = "removed"
    elif line.startswith("Binary files "):
        file.binary = True


def _path(both: str) -> str:
    """Return the one path that stands there twice, as `a/path b/path`, each in quotation marks where it is unusual."""
    half = both[: len(both) // 2]
    if half.startswith('"'):
        raw = half.strip('"').encode("utf-8", "surrogateescape").decode("latin-1")
        text = _ESCAPED.sub(lambda found: chr(_LETTERS.get(found[1]) or int(found[1], 8) & 255), raw)
        return text.encode("latin-1", "replace").decode("utf-8", "replace").removeprefix("a/")
    return half.removeprefix("a/")
