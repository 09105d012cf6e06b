"""What can be asked of a repository. A revision is one that git knows; empty it is what the run began with."""

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, Field

from astrolabe.sdk import path_fault


def _inside(path: str) -> str:
    if fault := path_fault(path):
        raise ValueError(fault)
    return path


Inside = Annotated[str, AfterValidator(_inside)]
"""A path of the workspace."""


class Log(BaseModel, extra="forbid"):
    """Tell the newest commits, the newest first."""

    do: Literal["log"]
    revision: str = ""
    paths: tuple[Inside, ...] = ()
    most: int = Field(default=20, ge=1, le=200)


class Blame(BaseModel, extra="forbid"):
    """Tell which line came with which commit; without a revision of the file as it is now."""

    do: Literal["blame"]
    path: Inside
    revision: str = ""
    first: int = Field(default=1, ge=1)
    lines: int = Field(default=200, ge=1, le=5000)


class Show(BaseModel, extra="forbid"):
    """Show a commit's message and what it changed."""

    do: Literal["show"]
    revision: str = Field(min_length=1)
    paths: tuple[Inside, ...] = ()


class Branches(BaseModel, extra="forbid"):
    """Tell the branches."""

    do: Literal["branches"]


class Worktrees(BaseModel, extra="forbid"):
    """Tell the work trees."""

    do: Literal["worktrees"]


class Branch(BaseModel, extra="forbid"):
    """Make a branch in the person's repository; none that exists is moved."""

    do: Literal["branch"]
    name: str = Field(min_length=1, max_length=200)
    revision: str = ""


class Commit(BaseModel, extra="forbid"):
    """Commit all that the run has made so far as one commit, on a new branch of the person's repository."""

    do: Literal["commit"]
    branch: str = Field(min_length=1, max_length=200)
    message: str = Field(min_length=1, max_length=20_000)


class Merge(BaseModel, extra="forbid"):
    """Merge a revision into the files; a conflict is told, and fails the task unless it is only to be `told`."""

    do: Literal["merge"]
    revision: str = Field(min_length=1)
    conflicts: Literal["fail", "told"] = "fail"


class Snapshot(BaseModel, extra="forbid"):
    """Keep the person's uncommitted work under a ref, and tell the command that brings it back."""

    do: Literal["snapshot"]


Operation = Annotated[
    Log | Blame | Show | Branches | Worktrees | Branch | Commit | Merge | Snapshot, Field(discriminator="do")
]
