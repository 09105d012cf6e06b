"""What can be asked of files. Paths are relative to the workspace, with `/` between parts, and stay inside it."""

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, Field

from astrolabe.sdk import path_fault


def _inside(path: str) -> str:
    if fault := path_fault(path):
        raise ValueError(fault)
    return path


Inside = Annotated[str, AfterValidator(_inside)]
"""A path that may be used in a workspace."""


class Read(BaseModel, extra="forbid"):
    """Share a text file's content; of a binary file its size and digest."""

    do: Literal["read"]
    path: Inside


class Write(BaseModel, extra="forbid"):
    """Write a whole file, over what is there."""

    do: Literal["write"]
    path: Inside
    content: str
    executable: bool = False


class Move(BaseModel, extra="forbid"):
    """Give a file or folder another path, where nothing may be yet; links and modes stay as they are."""

    do: Literal["move"]
    path: Inside
    to: Inside


class Copy(BaseModel, extra="forbid"):
    """The same, and the old one stays."""

    do: Literal["copy"]
    path: Inside
    to: Inside


class Remove(BaseModel, extra="forbid"):
    """Remove a file, or a folder with all in it."""

    do: Literal["remove"]
    path: Inside


class Search(BaseModel, extra="forbid"):
    """Share the lines that a Perl-compatible regular expression matches, in the files that the globs `within` cover."""

    do: Literal["search"]
    pattern: str = Field(min_length=1, max_length=1000)
    within: tuple[str, ...] = ()
    ignore_case: bool = False


class List(BaseModel, extra="forbid"):
    """Share the paths of the files that the globs `within` cover."""

    do: Literal["list"]
    within: tuple[str, ...] = ()


Operation = Annotated[Read | Write | Move | Copy | Remove | Search | List, Field(discriminator="do")]
